"""The laws of the source tree: layers, one clock, a fixed top level, no loose ends; each check proves that it bites."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mock_server" / "huifu_mock"

# Lowest first. A module imports from the rows above its own; the modules of one row do not know each other.
# A folder is one module here.
LAYERS = (
    # pure: texts, codes, rules, shapes, signatures
    ("_columns", "_frozen", "_language", "_nearest"),
    ("_chinese",),
    ("_said",),
    ("_commands", "_data", "_install", "_version", "canonical", "codes", "hosts"),
    ("json_limits", "rules", "schemas", "signing"),
    ("keys", "request"),
    ("state",),  # what is kept: clock, orders, journal
    ("explain", "faults"),
    ("push",),
    ("gateway",),  # the way of a call, the life of an order
    ("store",),  # tenants as records: capsules and databases
    ("http",),  # what speaks to the outside: server and control API …
    ("client",),  # … what tests in Python hold …
    ("huifu_mock",),  # … the public names …
    ("cli",),  # … the command line …
    ("testing",),  # … and what the pytest plugin is made of
)
HEIGHT = {name: height for height, row in enumerate(LAYERS) for name in row}
HIGHER_UP = {"huifu_contract", "pytest_huifu"}
MAY_LOOK_UP = {("testing", "huifu_contract")}  # the reference client, lent to tests

TOP_LEVEL = {
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "README.zh-CN.md",
    "contract_tests",
    "fixtures",
    "mock_server",
    "pyproject.toml",
    "schemas",
}

WALL_CLOCK = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "time.ctime",
    "time.gmtime",
    "time.localtime",
    "time.strftime",
    "time.time",
    "time.time_ns",
}

LOOSE_END = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
PROSE = {".cfg", ".ini", ".js", ".mjs", ".md", ".php", ".py", ".sh", ".toml", ".yaml", ".yml", ""}
FETCHED = "mock_server/huifu_mock/console/assets/"  # the work of other projects, kept as it is

SILENCER = re.compile(r"#\s*(?:type:\s*ignore|(?:ruff:\s*|flake8[:=]\s*)?noqa)", re.IGNORECASE)
ARGUED = re.compile(
    r"#\s*(?:type: ignore\[[a-z-]+(?:, ?[a-z-]+)*\]|(?:ruff: )?noqa: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*)"
    r"\s*(?:#|-|–|—|:)?\s*\w+\W+\w+"
)


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def tracked() -> list[str]:
    """What git keeps; an unpacked archive has no git and nothing to check."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# --- layers


def layer_of(file: Path) -> str:
    """The name under which `LAYERS` lists a file of the package."""
    first = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if first in ("__init__", "__main__"):
        return "huifu_mock" if first == "__init__" else "cli"
    return first


def imports(code: str) -> Iterator[tuple[int, str]]:
    """Each imported module of ours, by line and by its name in `LAYERS`; imports inside functions count too."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for parts in (name.split(".") for name in names):
            if parts[0] in HIGHER_UP:
                yield node.lineno, parts[0]
            elif parts[0] == "huifu_mock":
                inner = parts[1] if len(parts) > 1 else ""
                is_module = (PACKAGE / inner).is_dir() or (PACKAGE / f"{inner}.py").is_file()
                yield node.lineno, layer_of(PACKAGE / f"{inner}.py") if inner and is_module else "huifu_mock"


def layer_complaints(layer: str, code: str) -> list[str]:
    if layer not in HEIGHT:
        return [f"{layer} is in no row of LAYERS: add it to the lowest row in which it may import what it needs"]
    return [
        f"line {line}: {layer} imports {other}, which is not below it"
        for line, other in imports(code)
        if other != layer and (layer, other) not in MAY_LOOK_UP and HEIGHT.get(other, len(LAYERS)) >= HEIGHT[layer]
    ]


def complained_of(files: list[Path], complaints: Callable[[Path], list[str]]) -> dict[str, list[str]]:
    """What is wrong, by file, of those with which something is."""
    found = {str(file.relative_to(ROOT)): complaints(file) for file in files}
    return {name: wrong for name, wrong in found.items() if wrong}


def test_a_module_imports_only_from_the_layers_below_it() -> None:
    files = sources(PACKAGE)
    assert complained_of(files, lambda file: layer_complaints(layer_of(file), file.read_text("utf-8"))) == {}


def test_the_layer_table_names_only_modules_that_exist() -> None:
    assert set(HEIGHT) - {layer_of(file) for file in sources(PACKAGE)} == set()


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        ("rules", "from huifu_mock import gateway"),
        ("rules", "from huifu_mock.gateway.gateway import Gateway"),
        ("rules", "import huifu_mock.http.server"),
        ("rules", "def f():\n    from huifu_mock import Server"),
        ("rules", "from huifu_mock import signing"),
        ("gateway", "from huifu_mock.http.control import router"),
        ("gateway", "import huifu_contract.grading.results"),
        ("gateway", "from huifu_mock.cli import serve"),
        ("a_new_module", "import json"),
    ],
)
def test_the_layer_check_bites(layer: str, code: str) -> None:
    assert layer_complaints(layer, code) != []


def test_the_layer_check_lets_a_lower_layer_pass() -> None:
    assert layer_complaints("gateway", "from huifu_mock import canonical\nfrom huifu_mock.rules import decide") == []


# --- the contract kit's folders, import circles, size

KIT = ROOT / "contract_tests" / "huifu_contract"

# Lowest first, as above: a folder, or a module beside the folders, imports from the rows above its own.
KIT_LAYERS = (
    ("failures", "outcome", "strategies"),
    ("schemas", "settings_file"),
    ("drivers",),
    ("reference",),  # the reference client
    ("vectors",),
    ("harness",),  # what one run of a client is judged with: evidence, laws, prepared answers
    ("catalogue",),  # the cases
    ("grading",),
    ("mutants", "reports"),
    ("passive", "server"),
    ("specification",),  # what stands for each sentence: rules, cases of both directions, mutants
    ("cli",),
    ("pytest_stash", "pytest_words"),
    ("pytest_cases",),
    ("pytest_plugin",),
)
KIT_HEIGHT = {name: height for height, row in enumerate(KIT_LAYERS) for name in row}
MOST_LINES = 400


def module_names(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name."""
    found = {}
    for file in sources(package):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported(code: str, known: set[str]) -> set[str]:
    """The modules of `known` that a module imports when it runs; imports for the type checker alone do not count."""
    tree = ast.parse(code)
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in typing_only:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
    return found & known


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules that import each other, by whatever way round."""
    reached = {name: set(targets) for name, targets in graph.items()}
    for middle in graph:
        for targets in reached.values():
            if middle in targets:
                targets |= reached[middle]
    return [
        circle for name in graph if (circle := {o for o in reached[name] if name in reached[o]}) and min(circle) == name
    ]


@pytest.mark.parametrize("package", [PACKAGE, KIT], ids=lambda package: package.name)
def test_no_modules_import_each_other_in_a_circle(package: Path) -> None:
    files = module_names(package)
    graph = {name: imported(file.read_text("utf-8"), set(files)) - {name} for name, file in files.items()}
    assert circles(graph) == []


def test_the_search_for_circles_bites() -> None:
    code = {"p.a": "from p import b", "p.b": "def f():\n    from p.c import x", "p.c": "from p.a import y", "p.d": ""}
    graph = {name: imported(text, set(code)) for name, text in code.items()}
    assert circles(graph) == [{"p.a", "p.b", "p.c"}]


def kit_complaints(file: Path, known: set[str]) -> list[str]:
    """The other folders of the kit that a file imports from, and that are not below its own."""
    layer = file.relative_to(KIT).parts[0].removesuffix(".py")
    if layer in ("__init__", "__main__", "adapters"):
        return []
    others = {name.split(".")[1] for name in imported(file.read_text("utf-8"), known) if "." in name} - {layer}
    return sorted(other for other in others if KIT_HEIGHT[other] >= KIT_HEIGHT[layer])


def test_a_module_of_the_kit_imports_only_from_the_layers_below_it() -> None:
    known = set(module_names(KIT))
    assert complained_of(sources(KIT), lambda file: kit_complaints(file, known)) == {}


@pytest.mark.parametrize("package", [PACKAGE, KIT], ids=lambda package: package.name)
def test_no_module_is_too_long_to_read_in_one_go(package: Path) -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines()) for file in sources(package)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


# --- one clock


def wall_clock_readings(code: str) -> list[str]:
    """Where a module names a way to read the wall clock, by whatever alias it was imported."""
    tree = ast.parse(code)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}

    def full_name(node: ast.expr) -> str:
        if isinstance(node, ast.Attribute):
            return f"{full_name(node.value)}.{node.attr}"
        return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"

    return [
        f"line {node.lineno}: {full_name(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name) and full_name(node) in WALL_CLOCK
    ]


def test_only_the_clock_reads_the_wall_clock() -> None:
    others = [file for file in sources(PACKAGE) if file != PACKAGE / "state" / "clock.py"]
    assert complained_of(others, lambda file: wall_clock_readings(file.read_text("utf-8"))) == {}


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.time()",
        "from time import time as t\nt()",
        "import datetime as dt\ndt.datetime.now(tz=None)",
        "from datetime import datetime\nfield(default_factory=datetime.now)",
        "from datetime import date\ndate.today()",
    ],
)
def test_the_wall_clock_check_bites(code: str) -> None:
    assert len(wall_clock_readings(code)) == 1


def test_the_wall_clock_check_lets_a_stop_watch_pass() -> None:
    assert wall_clock_readings("import time\ntime.monotonic()\ntenant.clock.now()") == []


# --- the top level


def unexpected(names: list[str]) -> set[str]:
    return {top for name in names if not (top := name.split("/")[0]).startswith(".") and top not in TOP_LEVEL}


def test_the_top_level_is_fixed() -> None:
    assert unexpected(tracked()) == set()


def test_the_top_level_check_bites() -> None:
    assert unexpected(["docs/index.md", "conftest.py", ".ci/run", "schemas/README.md"]) == {"docs", "conftest.py"}


# --- loose ends


def loose_ends(text: str) -> list[str]:
    return [
        f"line {number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if LOOSE_END.search(line)
    ]


def test_no_file_keeps_a_note_for_later() -> None:
    ours = [name for name in tracked() if Path(name).suffix in PROSE and not name.startswith(FETCHED)]
    found = {name: loose_ends((ROOT / name).read_text("utf-8")) for name in ours}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
def test_the_search_for_notes_bites(word: str) -> None:
    assert loose_ends(f"x = 1  # {word}: later") != []


# --- silenced checkers


def unargued(code: str) -> list[str]:
    if not SILENCER.search(code):  # most files: taking them apart into tokens is what takes time
        return []
    comments = (
        token for token in tokenize.generate_tokens(io.StringIO(code).readline) if token.type == tokenize.COMMENT
    )
    return [
        f"line {comment.start[0]}: {comment.string}"
        for comment in comments
        if len(SILENCER.findall(comment.string)) != len(ARGUED.findall(comment.string))
    ]


def test_whoever_silences_a_checker_names_its_code_and_a_reason() -> None:
    found = {name: unargued((ROOT / name).read_text("utf-8")) for name in tracked() if name.endswith(".py")}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore",
        "# type: ignore[arg-type]",
        "# type: ignore  # because of the library",
        "# noqa",
        "# noqa: E501",
        "# NOQA because it is long",
        "# ruff: noqa",
        "# type: ignore[misc]  # noqa: E501 the line is long",
    ],
)
def test_the_check_of_silencers_bites(comment: str) -> None:
    assert unargued(f"x = 1  {comment}\n") != []


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore[arg-type]  # the library's stub is wrong",
        "# type: ignore[arg-type, misc]  # the library's stub is wrong",
        "# noqa: TID251 - a delay on the wire is real time",
        "# noqa: ARG001, N802 the framework calls it by this name",
        "# an ordinary remark",
    ],
)
def test_an_argued_silencer_passes(comment: str) -> None:
    assert unargued(f"x = 1  {comment}\n") == []
