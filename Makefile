# Everything a person types in a checkout. Python 3.11 or newer and make are all that is needed.

PYTHON ?= python3
ARGS ?=
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
# -qq hides progress and advice of pip, never its errors.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test lint bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.ready-to-run ## start the fake gateway on 127.0.0.1:8080 (ARGS="--port 9090" for other options)
	@exec $(BIN)/huifu-mock serve $(ARGS)

lint: $(VENV)/.ready-to-test ## check format, style and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: lint ## run every check: format, style, types, tests, README blocks, the wheel in a clean environment
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

bench: $(VENV)/.ready-to-test ## measure speed and memory against `openssl speed`
	@$(BIN)/python mock_server/bench/run.py $(ARGS)

clean: ## remove .venv and everything else that was made here
	@rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find mock_server contract_tests fixtures -name __pycache__ -prune -exec rm -rf {} +

# Each stamp is touched last, so an interrupted installation starts again.
$(VENV)/.ready-to-run: pyproject.toml | $(VENV)/.made
	@echo "installing huifu-mock into $(VENV) (once)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.ready-to-test: pyproject.toml | $(VENV)/.made
	@echo "installing what the checks need into $(VENV) (once; a minute or two)"
	@$(PIP) -e '.[dev]'
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
