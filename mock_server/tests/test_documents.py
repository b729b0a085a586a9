"""The documents as a reader meets them: small first pages, links that lead somewhere, both languages alike."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

from huifu_mock.http.control.router import ROUTES

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for pattern in (
        "README*.md",
        "contract_tests/README*.md",
        "fixtures/README*.md",
        "fixtures/helpers/README*.md",
        "mock_server/README*.md",
        "mock_server/docs/*.md",
    )
    for path in sorted(ROOT.glob(pattern))
]
LINKING = [
    *PAGES,
    *sorted(ROOT.glob("contract_tests/**/*.md")),
    *sorted(ROOT.glob("schemas/*.md")),
    ROOT / "CHANGELOG.md",
]
ENGLISH = [page for page in PAGES if not page.name.endswith(".zh-CN.md")]
SHORT = [ROOT / "contract_tests/ci/README.md", ROOT / "fixtures/keys/README.md"]
"""In both languages too, without a table of contents."""
LANGUAGES = ("java", "php", "python", "go", "csharp", "node")
MOST_BYTES = 10_240
EXTRAS = ("contract", "intercept", "store", "postgresql")
"""What a user may install; the rest is for those who work on the project."""

FENCED = re.compile(r"^(```+).*?^\1$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")
ANCHOR = re.compile(r'<a id="([^"]+)">')


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """A document without its blocks of code, where `#` and brackets mean something else."""
    return FENCED.sub("", path.read_text("utf-8"))


def slug(heading: str) -> str:
    """The anchor that a heading gets when it is rendered."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    text = prose(path)
    return {slug(heading) for _, heading in HEADING.findall(text)} | set(ANCHOR.findall(text))


def twin(page: Path) -> Path:
    return page.with_name(page.name.removesuffix(".md") + ".zh-CN.md")


def dead_links(page: Path) -> list[str]:
    dead = []
    for match in LINK.finditer(prose(page)):
        target = match["target"]
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            dead.append(target)
    return dead


@pytest.mark.parametrize("page", LINKING, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page) == []


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n[b](b.md) [c](#c) [a](#a) [out](https://example.com)\n", "utf-8")
    assert dead_links(tmp_path / "a.md") == ["b.md", "#c"]


@pytest.mark.parametrize("page", [twin(page) for page in [*ENGLISH, *SHORT]], ids=named)
def test_a_chinese_page_leads_to_chinese_pages_and_says_which_are_english(page: Path) -> None:
    unmarked = []
    for line in prose(page).splitlines():
        english = [match for match in LINK.finditer(line) if re.search(r"(?<!\.zh-CN)\.md(#|$)", match["target"])]
        if english and not line.startswith("English:"):
            assert not any(twin(page.parent / match["target"].partition("#")[0]).exists() for match in english), line
            unmarked += [] if "（英文" in line[english[-1].end() :] else [line]
    assert unmarked == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_first_page_is_short(name: str) -> None:
    assert (ROOT / name).stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("page", [*ENGLISH, *SHORT], ids=named)
def test_both_languages_have_the_same_sections_and_code(page: Path) -> None:
    pair = [page, twin(page)]
    levels = [[marks for marks, _ in HEADING.findall(prose(one))] for one in pair]
    assert levels[0] == levels[1]
    kinds = [re.findall(r"^```(\w+)", one.read_text("utf-8"), re.MULTILINE) for one in pair]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent != ROOT], ids=named)
def test_the_table_of_contents_names_every_section(page: Path) -> None:
    text = prose(page)
    sections = [heading for marks, heading in HEADING.findall(text) if marks == "##"]
    contents = re.findall(r"^- \[(.+)\]\(#", text.partition("\n## ")[0], re.MULTILINE)
    assert contents == sections


@pytest.mark.parametrize("suffix", [".md", ".zh-CN.md"])
def test_the_first_page_leads_to_every_language(suffix: str) -> None:
    table = (ROOT / f"README{suffix}").read_text("utf-8")
    assert [name for name in LANGUAGES if f"](mock_server/docs/{name}{suffix})" not in table] == []


def test_the_node_page_closes_an_order(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no node here")
    page = (ROOT / "mock_server" / "docs" / "node.md").read_text("utf-8")
    script = next(block for block in re.findall(r"```js\n(.*?)```", page, re.DOTALL) if "fetch(" in block)
    nested = script.replace(
        'req_date: "20260102",', 'req_date: "20260102", extra: { z: "/<é>", a: [1.5, { y: null }] },', 1
    )
    assert nested != script
    for name, text in (("plain.mjs", script), ("nested.mjs", nested)):
        (tmp_path / name).write_text(text, "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "huifu_mock", "exec", "--", "node", name],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.stdout.strip(), done.returncode) == ("true 00000000 S", 0), done.stderr


@pytest.mark.parametrize("page", ["mock_server/README.md", "mock_server/README.zh-CN.md"])
def test_the_cheat_sheet_shows_every_call_that_changes_something(page: str) -> None:
    sheet = (ROOT / page).read_text("utf-8").split("\n## ")[1]
    wanted = {
        f"{route.method} {route.template.replace('/_mock/tenants/{sys_id}', 'T')}"
        for route in ROUTES
        if route.method != "GET"
    }
    shown = set(re.findall(r"`((?:POST|PUT|PATCH|DELETE) [^ `]+)`", sheet))
    assert {
        one for one in wanted if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", one), call) for call in shown)
    } == set()


# --- the glossary

TERM = re.compile(r"^\| (?P<term>[^|]+) \| `(?P<code>\w+)` \| ", re.MULTILINE)
MOST_TERMS = 28

CHINESE = [
    *(page for page in PAGES if page.name.endswith(".zh-CN.md")),
    *map(twin, SHORT),
    ROOT / "mock_server/huifu_mock/console/words.js",
    ROOT / "contract_tests/huifu_contract/reports/matrix/words.js",
    *sorted((ROOT / "contract_tests/huifu_contract").rglob("*.zh.toml")),
    *sorted((ROOT / "mock_server/huifu_mock").rglob("*.zh.toml")),
]
SAID = {
    "控制面": "控制接口",
    "控制 API": "控制接口",
    "接收方": "接收端",
    "顾客": "客户",
    "录入": "预置",
    "造订单": "预置订单",
    "胶囊": "capsule",
    "明确的结论": "确定的结论",
}
"""What each of these is called instead."""


@pytest.mark.parametrize("page", CHINESE, ids=named)
def test_in_chinese_one_thing_has_one_name(page: Path) -> None:
    text = page.read_text("utf-8")
    assert {word: better for word, better in SAID.items() if word in text} == {}


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "mock_server"], ids=named)
def test_each_term_of_the_glossary_occurs_in_the_code(page: Path) -> None:
    terms = TERM.findall(page.read_text("utf-8").rpartition("\n## ")[2])
    code = "\n".join(
        file.read_text("utf-8")
        for folder in ("mock_server/huifu_mock", "contract_tests/huifu_contract")
        for file in (ROOT / folder).rglob("*.py")
    )
    assert 10 <= len(terms) <= MOST_TERMS
    assert [word for _, word in terms if not re.search(rf"\b{word}\b", code)] == []


@pytest.mark.parametrize("page", ["disk.md", "disk.zh-CN.md"])
def test_the_licences_are_those_of_what_is_in_the_wheel_and_of_what_it_needs(page: str) -> None:
    section = (ROOT / "mock_server/docs" / page).read_text("utf-8").split("\n## ")[2]
    told = dict(re.findall(r"^\| ([a-z-]+) \| ([^|]+) \|.*\n(?!\|---)", section, re.MULTILINE))
    assets = json.loads((ROOT / "mock_server/huifu_mock/console/assets/assets.json").read_text("utf-8"))["packages"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [*project["dependencies"], *(one for name in EXTRAS for one in project["optional-dependencies"][name])]
    licences = {one["package"]: one["license"] for one in assets if "folder" not in one}
    for name in {re.split(r"[^a-z-]", one)[0] for one in needed} - {"huifu-mock"}:
        said = metadata(name)
        licences[name] = said["License-Expression"] or said["License"]
    assert told == licences
