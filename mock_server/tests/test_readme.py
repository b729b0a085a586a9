"""What the READMEs promise, tried: every block of Python and every command of theirs runs as it stands.

A comment on the line above a block says what is special about it; readers of the rendered page do not see it:

    <!-- test: name -->       blocks of one name run one after another, with the same server and the same variables
    <!-- no-test: reason --> the block is not run; the reason is shown in the report

Python blocks that define tests are run by pytest, inside this process. Commands that begin with a word of `RUN` are
run, `make` targets must exist. What stands below a command must be in its output, where … stands for anything. The
address 127.0.0.1:8080 becomes that of a server made for the block.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import inner_run  # noqa: F401  # loads what must not be loaded twice
import pytest

import huifu_mock

ROOT = Path(__file__).parents[2]
READMES = tuple(
    str(path.relative_to(ROOT))
    for folder in ("", "fixtures", "fixtures/helpers", "mock_server", "mock_server/docs")
    for path in sorted((ROOT / folder).glob("*.md" if folder == "mock_server/docs" else "README*.md"))
)
ADDRESS = "127.0.0.1:8080"
SCOPE = "asyncio_default_fixture_loop_scope=function"  # pytest-asyncio warns without it, and a warning fails here
PYTEST = ("-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-c", os.devnull, "-o", SCOPE)
SHELLS = {"bash", "console", "sh", "shell"}
RUN = {"cat", "curl", "echo", "huifu-contract", "huifu-mock", "printf", "python"}  # `make` is looked up

MARK = re.compile(r"<!--\s*(?P<kind>test|no-test):\s*(?P<text>.*?)\s*-->")
FENCE = re.compile(r"(?P<ticks>```+)(?P<language>[\w-]*)")


@dataclass(frozen=True)
class Block:
    """One fenced block of a document."""

    document: str
    line: int  # of its first line of code
    language: str
    code: str
    group: str = ""
    skipped: str = ""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(document: str, text: str) -> Iterator[Block]:
    """The blocks of a document that can be run, in order."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        number += 1
        if fence is None:
            continue
        end = next(i for i in range(number, len(lines)) if lines[i].rstrip() == fence["ticks"])
        if fence["language"] in SHELLS | {"python"}:
            above = next((line for line in reversed(lines[: number - 1]) if line.strip()), "")
            mark = MARK.fullmatch(above.strip())
            said = {mark["kind"]: mark["text"] or "no reason given"} if mark else {}
            code = "\n".join(lines[number:end]) + "\n"
            yield Block(document, number + 1, fence["language"], code, said.get("test", ""), said.get("no-test", ""))
        number = end + 1


def groups(found: list[Block]) -> list[list[Block]]:
    """Blocks of one name together, every other block alone."""
    keyed = sorted(found, key=lambda block: block.group or str(block))
    return [list(group) for _, group in groupby(keyed, key=lambda block: block.group or str(block))]


def of_readmes() -> list[list[Block]]:
    texts = {name: (ROOT / name).read_text("utf-8") for name in READMES if (ROOT / name).is_file()}
    return [group for name, text in texts.items() for group in groups(list(blocks(name, text)))]


def is_whole(command: str) -> bool:
    """Whether a command ends with its last line: no open quote, no backslash."""
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return not command.endswith("\\")


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a block with what is printed below it; without a `$ ` at all, every line is a command."""
    prompted = re.search(r"^\$ ", block.code, re.MULTILINE)
    lines = [line for line in block.code.splitlines() if line.strip() and not line.startswith("#")]
    while lines:
        command = lines.pop(0).removeprefix("$ ")
        while lines and not is_whole(command):
            command += "\n" + lines.pop(0)
        output = []
        while prompted and lines and not lines[0].startswith("$ "):
            output.append(lines.pop(0))
        yield command, "\n".join(output)


class Stage:
    """Where the blocks of one group are run: a folder, the variables of Python, a server once one is needed."""

    def __init__(self, pytester: pytest.Pytester, keep: contextlib.ExitStack) -> None:
        self.pytester = pytester
        self.folder = pytester.path
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self._keep = keep

    @cached_property
    def address(self) -> str:
        return self._keep.enter_context(huifu_mock.Server(port=0)).base_url.removeprefix("http://")

    def placed(self, code: str) -> str:
        """The code with the real address; the server starts only if the code speaks of it."""
        code = code.replace("localhost:8080", ADDRESS)
        return code.replace(ADDRESS, self.address) if ADDRESS in code else code

    def run(self, block: Block) -> None:
        if block.language == "python":
            self.python(block)
        else:
            for command, output in commands(block):
                self.command(block, command, output)

    def python(self, block: Block) -> None:
        code = self.placed(block.code)
        if re.search(r"^(async )?def test_|^class Test", code, re.MULTILINE):
            (self.folder / "test_block.py").write_text(code, "utf-8")
            done = self.pytester.runpytest_inprocess(*PYTEST)
            assert done.ret == 0, f"{block}: pytest ended with {done.ret}\n{done.stdout}{done.stderr}"
        else:
            # Empty lines above it make a traceback point into the document.
            exec(compile("\n" * (block.line - 1) + code, block.document, "exec"), self.names)

    def command(self, block: Block, command: str, output: str) -> None:
        name, *arguments = shlex.split(command, comments=True) or ["nothing"]
        if name == "make":
            targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
            asked = {argument for argument in arguments if "=" not in argument and not argument.startswith("-")}
            assert asked <= targets, f"{block}: the Makefile has no target {', '.join(asked - targets)}"
        elif name == "huifu-mock" and arguments[:1] == ["serve"]:
            self.serve(block, command)
        elif name in RUN:
            if name == "curl" and not shutil.which("curl"):
                pytest.skip(f"{block}: there is no curl here")
            printed = self.shell(block, self.placed(command))
            for line in filter(str.strip, self.placed(output).splitlines()):
                wanted = ".*".join(re.escape(part) for part in re.split(r"…|\.\.\.", line.strip()))
                assert re.search(wanted, printed), f"{block}: {line!r} is not in what {name} printed:\n{printed}"
        else:
            pytest.skip(f"{block}: {name} is not run")

    def shell(self, block: Block, command: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=self.folder, env=self.environment, capture_output=True,
            text=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}: {command}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def serve(self, block: Block, command: str) -> None:
        """A command that runs until Ctrl-C: it must become ready, on a free port, and end cleanly."""
        command = f"exec {command} --port 0 --ready-json"
        with subprocess.Popen(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            try:
                first = server.stdout.readline()
                assert "base_url" in json.loads(first or "{}"), f"{block}: {command} printed {first!r}"
            finally:
                server.send_signal(signal.SIGINT)
        assert server.returncode == 0, f"{block}: {command} ended with {server.returncode}"

    @property
    def environment(self) -> dict[str, str]:
        """With the commands of this Python first, and no proxy between us and the server."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return os.environ | {"PATH": path, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def play(group: list[Block], pytester: pytest.Pytester) -> None:
    with contextlib.ExitStack() as keep:
        stage = Stage(pytester, keep)
        for block in group:
            if block.skipped:
                pytest.skip(f"{block}: {block.skipped}")
            stage.run(block)


@pytest.mark.parametrize("group", of_readmes(), ids=lambda group: str(group[0]))
def test_a_block_of_the_readme_works(group: list[Block], pytester: pytest.Pytester) -> None:
    play(group, pytester)


@pytest.mark.parametrize("name", READMES)
def test_every_page_shows_how_to_do_it(name: str) -> None:
    assert "```" in (ROOT / name).read_text("utf-8")


# --- that a broken block would be noticed

SAMPLE = """
<!-- test: shared -->
```python
orders = [1]
```

<!-- test: shared -->

```python
assert orders == [1]
```

```console
$ curl -s http://127.0.0.1:8080/_mock/health
$ huifu-mock --version
huifu-mock …
```

```bash
# anything may answer
curl -s \\
  http://localhost:8080/_mock/health
curl -s -d '{
  "seconds": 1
}' http://localhost:8080/_mock/tenants/6666000108854952/clock/advance
make test ARGS="-k close"
```

```json
{"not": "run"}
```

<!-- no-test: needs a payment -->
```bash
rm -rf /
```
"""


def test_blocks_are_found_with_their_marks() -> None:
    found = [(block.line, block.language, block.group, block.skipped) for block in blocks("README.md", SAMPLE)]
    assert found == [
        (4, "python", "shared", ""),
        (10, "python", "shared", ""),
        (14, "console", "", ""),
        (20, "bash", "", ""),
        (35, "bash", "", "needs a payment"),
    ]


def test_a_sample_that_is_right_passes(pytester: pytest.Pytester) -> None:
    for group in groups([block for block in blocks("README.md", SAMPLE) if not block.skipped]):
        play(group, pytester)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "assert orders == []"),
        ("python", "def test_it():\n    assert not 'true'"),
        ("console", "$ huifu-mock --no-such-option"),
        ("console", "$ huifu-mock --version\nhuifu-mock 99"),
        ("console", "$ curl -sf http://127.0.0.1:8080/_mock/no-such-path"),
        ("bash", "curl -sf http://127.0.0.1:8080/_mock/no-such-path | cat"),
        ("console", "$ huifu-mock serve --no-such-option"),
        ("console", "$ make coffee"),
    ],
)
def test_a_sample_that_is_wrong_fails(language: str, code: str, pytester: pytest.Pytester) -> None:
    with pytest.raises((AssertionError, NameError)):
        play([Block("README.md", 1, language, code + "\n")], pytester)


@pytest.mark.parametrize(
    ("code", "skipped"), [("pip install huifu-mock", ""), ("curl http://127.0.0.1:8080", "needs a payment")]
)
def test_what_is_not_run_is_reported(code: str, skipped: str, pytester: pytest.Pytester) -> None:
    with pytest.raises(pytest.skip.Exception, match="README"):
        play([Block("README.md", 1, "bash", code + "\n", skipped=skipped)], pytester)
