"""Installing as the documents say: from a wheel, a checkout or a Git repository; what `make` says when it cannot."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from huifu_mock import _install

pytestmark = pytest.mark.xdist_group("packaging")

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"pip install [^\n`]*huifu-mock[^\n`]*")
DOCUMENTS = [
    path
    for pattern in ("*.md", "*/*.md", "*/*/*.md", "contract_tests/ci/*.yml")
    for path in sorted(ROOT.glob(pattern))
    if not path.relative_to(ROOT).parts[0].startswith(".") and "CHANGELOG" not in path.name
]


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MAKE", "MFLAGS"))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=kept | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git keeps of this checkout, as a repository of its own."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    folder = tmp_path_factory.mktemp("checkout")
    listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).stdout.split("\n")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for command in ("init -q", "add -A", "-c user.name=t -c user.email=t@example.com commit -qm all"):
        assert run("git", *command.split(), cwd=folder).returncode == 0
    return folder


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """The requests of git are no news."""


@pytest.fixture(scope="module")
def sources(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """`HUIFU_MOCK` for each place that the package can come from."""
    built = tmp_path_factory.mktemp("built")
    done = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", built, checkout, cwd=built)
    assert done.returncode == 0, done.stderr
    (wheel,) = built.glob("*.whl")
    assert run("git", "update-server-info", cwd=checkout).returncode == 0
    handler = partial(QuietHandler, directory=str(checkout))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        repository = f"git+http://127.0.0.1:{server.server_port}/.git"
        yield {"wheel": wheel.as_uri(), "checkout": checkout.as_uri(), "git": repository}
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["wheel", "checkout", "git"])
def test_the_documented_command_installs_without_an_index(place: str, sources: dict[str, str], tmp_path: Path) -> None:
    """Everything but our own package is here already, so the index is switched off altogether."""
    command = f'{sys.executable} -m pip install "huifu-mock[contract] @ $HUIFU_MOCK" --no-deps'
    options = "--no-index --no-build-isolation --no-warn-script-location --no-compile -qq --target installed"
    done = run("bash", "-c", f"{command} {options}", cwd=tmp_path, HUIFU_MOCK=sources[place])
    assert done.returncode == 0, done.stderr
    for module in ("huifu_mock", "huifu_contract"):
        said = run(sys.executable, "-m", module, "--version", cwd=tmp_path, PYTHONPATH=str(tmp_path / "installed"))
        assert re.search(r"\d+\.\d+", said.stdout), said.stderr
    (written,) = (tmp_path / "installed").glob("huifu_mock-*.dist-info/direct_url.json")
    assert json.loads(written.read_text("utf-8"))["url"] == sources[place].removeprefix("git+")


def wrong(text: str) -> list[str]:
    """The commands in a document that would ask an index for our package."""
    return [found for found in COMMAND.findall(text) if not re.search(r'huifu-mock(\[\w+\])? @ \$HUIFU_MOCK"', found)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_asks_an_index_for_our_package(document: Path) -> None:
    assert wrong(document.read_text("utf-8")) == []


def test_the_documents_do_show_the_command() -> None:
    assert sum("$HUIFU_MOCK" in document.read_text("utf-8") for document in DOCUMENTS) > 10
    assert wrong("pip install huifu-mock") == ["pip install huifu-mock"]


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ({"url": "file:///w/huifu_mock-1-py3-none-any.whl"}, "file:///w/huifu_mock-1-py3-none-any.whl"),
        (
            {"url": "https://g.test/h.git", "vcs_info": {"vcs": "git", "commit_id": "0a1"}},
            "git+https://g.test/h.git@0a1",
        ),
        (None, "$HUIFU_MOCK"),
    ],
)
def test_a_message_names_the_command_that_fits_this_installation(
    written: dict[str, object] | None, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = SimpleNamespace(read_text=lambda _: json.dumps(written) if written else None)
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: found)
    assert _install.command("contract") == f'pip install "huifu-mock[contract] @ {command}"'


def test_a_message_names_the_variable_where_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", missing)
    assert _install.source() == "$HUIFU_MOCK"


# --- make

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout with nothing but what `make` reads."""
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


def environment_with_pip(folder: Path) -> None:
    """As `python3 -m venv` makes it, with the pip of these tests: unpacking another takes seconds."""
    import pip

    venv.create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "pip").symlink_to(Path(pip.__file__).parent)


@needs_make
def test_a_python_that_did_not_make_the_environment_is_said(copy: Path) -> None:
    other = copy / ".venv" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.write_text("#!/bin/sh\necho Python 3.99.0 in /elsewhere\n", "utf-8")
    other.chmod(0o755)
    done = run("make", "run", f"PYTHON={sys.executable}", cwd=copy)
    assert done.returncode != 0
    assert ".venv was made with Python 3.99.0 in /elsewhere, and PYTHON is Python 3." in done.stderr
    assert "make clean" in done.stderr


@needs_make
def test_without_a_network_make_says_what_is_missing(copy: Path) -> None:
    environment_with_pip(copy / ".venv")
    done = run("make", "run", f"PYTHON={sys.executable}", cwd=copy, PIP_NO_INDEX="1")
    assert done.returncode != 0
    assert "pip could not get what it needs" in done.stderr
    assert "PIP_FIND_LINKS" in done.stderr
    assert not (copy / ".venv" / ".ready-to-run").exists()


@needs_make
def test_make_run_takes_a_port(copy: Path) -> None:
    done = run("make", "--dry-run", "run", "PORT=9090", cwd=copy)
    assert "huifu-mock serve --port 9090" in done.stdout
