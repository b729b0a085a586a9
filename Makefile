# Everything a person types in a checkout. Python 3.11 or newer and make are all that is needed.

PYTHON ?= python3
PORT ?= 8080
ARGS ?=
WORKERS ?= 3

VENV := .venv
BIN := $(VENV)/bin
# -qq hides progress and advice of pip, never its errors.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --retries 2
PIP_FAILED = { echo "huifu-mock was not installed: pip could not get what it needs, see its lines above."; \
  echo "$(1) come from a package index. Behind a proxy or with an index of your own, set PIP_PROXY or PIP_INDEX_URL;"; \
  echo "without network, set PIP_NO_INDEX=1 and PIP_FIND_LINKS=/path/to/a/folder/of/wheels."; exit 1; } >&2
WHICH := 'import os, sys; print("Python %d.%d.%d in" % sys.version_info[:3], os.path.realpath(sys.base_prefix))'

# The server, the kit and hundreds of checks are Python processes: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test lint bench soak fuzz mutate dist binary pyz screenshots clean same-python

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: same-python $(VENV)/.ready-to-run ## start the fake gateway on 127.0.0.1:8080 (PORT=9090 for another port, ARGS="…" for other options)
	@exec $(BIN)/huifu-mock serve --port $(PORT) $(ARGS)

lint: same-python $(VENV)/.ready-to-test ## check format, style and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: lint ## run every check: format, style, types, tests, README blocks, the wheel in a clean environment (ARGS='-m ""' for the extended tests too)
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

bench: $(VENV)/.ready-to-test ## measure speed and memory against a signature and a bare server
	@$(BIN)/python mock_server/bench/run.py $(ARGS)

soak: $(VENV)/.ready-to-test ## keep everything busy for 5 minutes; memory must stay flat (ARGS="--seconds 30")
	@$(BIN)/python mock_server/bench/soak.py $(ARGS)

fuzz: $(VENV)/.ready-to-test ## send bytes to every endpoint, guided by the code that they cover (pip install atheris; ARGS="--seconds 300")
	@$(BIN)/python mock_server/bench/fuzz.py $(ARGS)

mutate: $(VENV)/.ready-to-test ## change the reference client's source and grade each change, for an hour (pip install cosmic-ray; ARGS="--seconds 300")
	@$(BIN)/python contract_tests/tests/source_mutants.py $(ARGS)

dist: same-python $(VENV)/.ready-to-test ## build the wheel and the source distribution into dist/
	@rm -rf dist && $(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@for wheel in dist/*.whl; do echo "built $$wheel and $$(ls dist/*.tar.gz); to install it:"; \
	  echo "  pip install \"huifu-mock @ file://$(CURDIR)/$$wheel\""; \
	  echo "  pip install \"huifu-mock[contract] @ file://$(CURDIR)/$$wheel\""; done

binary: same-python $(VENV)/.ready-to-run ## build dist/huifu-mock, one executable that needs no Python
	@$(BIN)/python mock_server/binary/build.py binary $(ARGS)

pyz: same-python $(VENV)/.ready-to-run ## build dist/huifu-mock.pyz, one file that needs Python and nothing else
	@$(BIN)/python mock_server/binary/build.py pyz $(ARGS)

screenshots: $(VENV)/.ready-to-test ## make the pictures of the console that the READMEs show, from a running server
	@PYTHONPATH=mock_server/tests:contract_tests/tests $(BIN)/python mock_server/tests/screenshots.py $(ARGS)

# A PYTHON that was asked for and is not the one in .venv is said, not ignored.
same-python:
ifneq ($(filter command environment,$(origin PYTHON)),)
	@[ ! -x $(BIN)/python ] || [ "$$($(PYTHON) -c $(WHICH))" = "$$($(BIN)/python -c $(WHICH))" ] || { \
	  echo "$(VENV) was made with $$($(BIN)/python -c $(WHICH)), and PYTHON is $$($(PYTHON) -c $(WHICH))."; \
	  echo "Run 'make clean' first to make $(VENV) anew with it, or leave PYTHON out to use $(VENV) as it is."; exit 1; } >&2
endif

clean: ## remove .venv and everything else that was made here
	@rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find mock_server contract_tests fixtures -name __pycache__ -prune -exec rm -rf {} +

# Each stamp is touched last, so an interrupted installation starts again.
$(VENV)/.ready-to-run: pyproject.toml | $(VENV)/.made
	@echo "installing huifu-mock into $(VENV) (once)"
	@$(PIP) -e . || $(call PIP_FAILED,The packages in pyproject.toml under dependencies)
	@touch $@

$(VENV)/.ready-to-test: pyproject.toml | $(VENV)/.made
	@echo "installing what the checks need into $(VENV) (once; a minute or two)"
	@$(PIP) -e '.[dev]' || $(call PIP_FAILED,The packages in pyproject.toml under dependencies and dev)
	@touch $@ $(VENV)/.ready-to-run

# A .venv that works is kept, whoever made it; a broken or too old one is made anew.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "there is no command '$(PYTHON)': install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "huifu-mock needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1); name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian and Ubuntu: the package python3-venv)" >&2; exit 1; }
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@touch $@
