"""The matrix: what goes into it, and how it behaves in a real browser."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import picture
import pytest
from console_page import AXE, VIOLATIONS
from made_results import HOSTILE, L1, L5, LOST, MIXED, SAMPLE, five, run
from rich.console import Console

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.catalogue.translations import FILE, in_chinese, sentences
from huifu_contract.cli.main import main
from huifu_contract.grading.exchanges import sequence
from huifu_contract.grading.results import Exit, RunResult, Verdict
from huifu_contract.reports import html, junit, quotes, terminal
from huifu_contract.reports.not_asked import not_asked
from huifu_contract.server import registry as servers

# -- the document ---------------------------------------------------------------------------------------------------


def test_cases_come_in_the_order_of_the_catalogue() -> None:
    assert [case["id"] for case in html.document(five())["cases"]] == list(catalogue())


def test_runs_of_one_client_stand_side_by_side_and_have_names_of_their_own() -> None:
    runs = [run("a"), run("b"), run("a", version="2.0.0"), run("a")]
    titles = [each["title"] for each in html.document(runs)["runs"]]
    assert titles == ["a 1.0.0", "a 2.0.0", "a 1.0.0 #2", "b 1.0.0"]


def test_two_clients_of_one_name_are_told_apart_by_what_was_graded() -> None:
    one = run("shop")
    other = replace(one, client={**one.client, "spec": "cmd:php other.php"})
    shown = html.document([one, other])["runs"]
    assert [each["title"] for each in shown] == [
        "shop 1.0.0 (cmd:shop --adapter)",
        "shop 1.0.0 (cmd:php other.php)",
    ]
    assert [each["version"] for each in shown] == ["1.0.0 (cmd:shop --adapter)", "1.0.0 (cmd:php other.php)"]


def test_a_difference_is_shown_with_both_byte_strings() -> None:
    made = run(broken={"request/text-survives": "L3: req_seq_id was changed"})
    differs = ({"field": "req_seq_id", "expected": '"a " (bytes 61 20)', "observed": '"a" (bytes 61)'},)
    cases = tuple(replace(c, differs=differs) if c.id == "request/text-survives" else c for c in made.cases)
    made = replace(made, cases=cases)
    (shown,) = html.document([made])["runs"]
    assert shown["cells"]["request/text-survives"]["differs"] == list(differs)
    assert "req_seq_id: expected &quot;a &quot; (bytes 61 20), observed" in junit.render([made]).replace('"', "&quot;")
    out = io.StringIO()
    terminal.show(Console(file=out, width=100), made)
    assert '"a " (bytes 61 20)' in out.getvalue()
    assert made.document()["cases"][list(catalogue()).index("request/text-survives")]["differs"] == differs


def test_a_run_of_some_cases_leaves_the_others_empty() -> None:
    part = replace(run("part"), cases=run().cases[:5])
    document = html.document([part, run()])
    assert len(document["cases"]) == len(catalogue())
    assert len(document["runs"][0]["cells"]) == 5


def without_webhooks(grades: tuple[str, ...] = ("decision", "wire"), **client: object) -> RunResult:
    """A run of a client that lists no `hook`, or of one whose `hook` was left out."""
    made, records = run("php"), catalogue()
    cases = tuple(case for case in made.cases if records[case.id].grades & set(grades))
    return replace(made, cases=cases, grades=grades, client={**made.client, "profiles": ["decision", "wire"], **client})


def test_cases_that_were_not_asked_are_counted_with_the_reason() -> None:
    count = sum(record.group == "webhook" for record in catalogue().values())
    assert [kind.words("en") for kind in not_asked(without_webhooks())] == [
        f"{count} cases were not asked ({count} webhook): the client lists no hook in its `profiles`"
    ]
    left_out = without_webhooks(profiles=["decision", "hook", "wire"])
    assert [kind.words("en") for kind in not_asked(left_out)] == [
        f"{count} cases were not asked ({count} webhook): --grade leaves out hook"
    ]
    wire = without_webhooks(("wire",))
    assert sum(kind.cases for kind in not_asked(wire)) + len(wire.cases) == len(catalogue())


def test_nothing_is_said_of_what_was_not_asked_where_all_was_or_where_cases_were_chosen() -> None:
    assert not_asked(run("php")) == []
    made = without_webhooks()
    assert not_asked(replace(made, cases=made.cases[:5])) == []
    assert not_asked(without_webhooks(spec="passive:shop")) == []


def test_every_sentence_that_a_case_stands_on_is_there_in_chinese() -> None:
    shown = {quotes.in_chinese(record.quote) for record in catalogue().values()}
    assert not [quote for quote in shown if re.search("[a-z]{3,} [a-z]{2,} [a-z]+", quote)]
    said = "".join(record.quote for record in catalogue().values())
    assert not [sentence for sentence in quotes.sentences() if sentence not in said], "no case stands on it any more"


def test_the_words_of_a_case_are_those_of_its_newest_revision() -> None:
    old, new = run("old"), run("new")
    first = replace(new.cases[0], rev=2, says="the newer words")
    document = html.document([old, replace(new, cases=(first, *new.cases[1:]))])
    assert document["cases"][0]["says"] == "the newer words"
    assert document["runs"][0]["cells"][first.id]["rev"] == 1


def test_every_line_of_the_traffic_is_understood_but_the_last_which_is_said_elsewhere() -> None:
    steps = [html.step(line) for line in sequence(LOST)]
    assert [step.get("op") for step in steps] == ["close", "closequery", "close", None]
    assert [step["heard"] for step in steps[:-1]] == ["no reply", "00000000 P", "00000000 S"]
    assert [step["authentic"] for step in steps[:-1]] == [True, True, False]


def test_a_line_of_another_kind_is_kept_as_it_is() -> None:
    assert html.step("  … 3 more requests") == {"text": "… 3 more requests"}


def test_the_command_to_run_a_case_again_is_quoted_for_the_shell() -> None:
    broken = run("x", {"security/sign-missing": L5})
    odd = replace(broken, client={**broken.client, "spec": "cmd:php 'my client.php' $(reboot)"})
    again = html.document([odd])["runs"][0]["cells"]["security/sign-missing"]["again"]
    assert """--client 'cmd:php '"'"'my client.php'"'"' $(reboot)'""" in again


def test_invisible_characters_become_visible() -> None:
    assert html.clean("a\u202eb\x00c\ud800\nd") == "a\\u202eb\\u0000c\\ud800\nd"


# -- the file -------------------------------------------------------------------------------------------------------


def test_data_cannot_end_its_element() -> None:
    text = html.embedded({"x": HOSTILE, "y": "\ud800"})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"x": HOSTILE, "y": "\ud800"}


def test_a_hostile_client_adds_no_markup() -> None:
    plain, hostile = html.render([run("x")]), html.render([run(HOSTILE, version=HOSTILE)])
    assert hostile.count("<script") == plain.count("<script") == 2
    assert hostile.count("<img") == 0
    hostile.encode("utf-8")


def test_the_page_may_load_nothing() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html.render([run()]))
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy[1]


def test_no_script_turns_text_into_markup() -> None:
    for name in html.SCRIPTS:
        text = (html.PARTS / name).read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), name


def test_all_parts_are_used() -> None:
    assert {path.name for path in html.PARTS.iterdir()} == {*html.SCRIPTS, "page.html", "style.css"}


def test_without_scripts_the_verdicts_can_still_be_read() -> None:
    page = html.render([run(HOSTILE, {"security/sign-missing": L5})])
    plain = page[page.index("<noscript>") : page.index("</noscript>")]
    assert "<tr><th>security/sign-missing</th><td>fail</td></tr>" in plain
    assert "&lt;/script&gt;&lt;img" in plain


def test_the_command_merges_result_files(tmp_path: Path) -> None:
    for number, made in enumerate(five()):
        made.write(tmp_path / f"{number}.json")
    place = tmp_path / "out" / "matrix.html"
    files = [str(path) for path in sorted(tmp_path.glob("*.json"))]
    assert main(["report", *files, "--html", str(place)]) == Exit.OK
    assert place.read_text(encoding="utf-8") == html.render(five())


# -- the browser ----------------------------------------------------------------------------------------------------

SHOWN = "[...document.querySelectorAll('[data-case][role=row]')].map((row) => row.dataset.case)"
FOCUS = "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent)"
OPEN = "document.querySelector('#detail').open"
TITLE = "document.querySelector('#detail-title').textContent"
ENGLISH = "?lang=en&theme=light"
WIDE = "document.documentElement.scrollWidth > innerWidth"

pytestmark = [pytest.mark.xdist_group("chromium")]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("matrix"), five())


def written(folder: Path, runs: list[RunResult]) -> Path:
    place = folder / "matrix.html"
    place.write_text(html.render(runs), encoding="utf-8")
    return place


def click(chromium: browser.Browser, selector: str) -> None:
    chromium.eval(f"document.querySelector({json.dumps(selector)}).click()")


def text(chromium: browser.Browser, selector: str) -> str:
    return str(chromium.eval(f"document.querySelector({json.dumps(selector)}).innerText"))


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_opens_from_a_file_without_an_error_or_a_request(
    chromium: browser.Browser, page: Path, lang: str, width: int
) -> None:
    chromium.show(page, f"?lang={lang}", width=width)
    assert chromium.eval(SHOWN) == list(catalogue())
    assert chromium.complaints() == []


@pytest.mark.parametrize("width", [1280, 768, 390, 320])
def test_the_page_never_scrolls_sideways(chromium: browser.Browser, page: Path, width: int) -> None:
    chromium.show(page, ENGLISH, width=width)
    assert not chromium.eval(WIDE)
    click(chromium, ".cell .fail")
    assert not chromium.eval(WIDE)


def test_every_verdict_has_a_mark_of_its_own(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    marks = chromium.eval(
        "[...document.querySelectorAll('#verdicts .mark use')].map((use) => "
        "document.querySelector(use.getAttribute('href')).innerHTML)"
    )
    assert len(set(marks)) == len(Verdict)


def test_a_cell_opens_with_what_was_expected_and_what_was_seen(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    click(chromium, '[aria-label^="dg-sdk + sample 2.0.28: fail, security/foreign-reply"]')
    shown = text(chromium, "#detail")
    record = catalogue()["security/foreign-reply"]
    for part in (
        "security/foreign-reply",
        " ".join(record.says.split()),
        "an outcome that the client reports as certain is true",
        "nothing is concluded from a reply that is not authentic",
        "claims closed from a reply that is not authentic",
        "not closed, a close is in flight",
        "closequery",
        "no reply",
        "not authentic",
        "huifu-contract client --client",
        "<img src=x onerror=alert(1)>",
    ):
        assert part in " ".join(shown.split()), part
    assert "\\u202e" in shown


def test_the_keyboard_alone_is_enough(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    chromium.press("/")
    assert chromium.eval("document.activeElement.id") == "search"
    chromium.press(*"sign-missing")
    assert chromium.eval(SHOWN) == ["security/sign-missing"]
    chromium.press("ArrowDown")
    assert "sign-missing" in chromium.eval(FOCUS)
    chromium.press("ArrowRight")
    assert chromium.eval(FOCUS) == "dg-sdk + sample 2.0.28: fail, security/sign-missing"
    chromium.press("Enter")
    assert chromium.eval(OPEN)
    assert chromium.eval(FOCUS) == "dg-sdk + sample 2.0.28: fail"
    chromium.press("ArrowRight")
    assert chromium.eval(FOCUS) == "dg-sdk + correct 2.0.28: fail"
    chromium.press("Escape")
    assert not chromium.eval(OPEN)
    assert chromium.eval(FOCUS) == "dg-sdk + correct 2.0.28: fail, security/sign-missing"


def test_arrows_home_and_end_stay_inside_the_grid(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    chromium.eval("document.querySelector('[data-row][tabindex=\"0\"]').focus()")
    chromium.press("ArrowUp", "ArrowLeft", "End", "ArrowRight")
    assert chromium.eval(FOCUS) == "php 1.0.0: pass, control/accepts-honest-success"
    chromium.press(*["ArrowDown"] * len(catalogue()), "Home")
    assert list(catalogue())[-1].removeprefix("webhook/") in chromium.eval(FOCUS)
    assert chromium.eval("document.querySelectorAll('[data-row][tabindex=\"0\"]').length") == 1


def test_in_a_case_j_and_k_walk_through_the_cases(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    click(chromium, ".name")
    chromium.press("j")
    assert chromium.eval(TITLE) == "control/reports-honest-failure"
    chromium.press("k", "k")
    assert chromium.eval(TITLE) == "control/accepts-honest-success"


def test_the_focus_can_be_seen(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    chromium.press("Tab")
    for _ in range(3):
        chromium.press("Tab")
        assert chromium.eval("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_filters_by_verdict_level_difference_and_text(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    click(chromium, '[data-key="wrong"]')
    wrong = set(chromium.eval(SHOWN))
    assert {"security/sign-missing", "transport/slow-drip", "transport/status-codes"} <= wrong
    assert "response/code-table" not in wrong
    click(chromium, '[data-key="l-SHOULD"]')
    assert {catalogue()[case].level.value for case in chromium.eval(SHOWN)} == {"SHOULD"}
    assert re.fullmatch(rf"\d+ of {len(catalogue())} cases", text(chromium, "#shown"))
    click(chromium, "#clear button")
    assert len(chromium.eval(SHOWN)) == len(catalogue())
    click(chromium, '[data-key="differs"]')
    assert "control/second-call" not in chromium.eval(SHOWN)
    click(chromium, "#clear button")
    chromium.press(*"in doubt")
    assert chromium.eval(SHOWN) == ["transport/retry-same-or-query", "transport/doubt-remains"]


def test_filters_that_nothing_passes_say_so(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    chromium.press("/", *"zzz")
    assert "No case matches" in text(chromium, "#matrix")
    chromium.press("Escape")
    assert len(chromium.eval(SHOWN)) == len(catalogue())


def test_a_case_has_an_address(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    click(chromium, '[aria-label^="php 1.0.0: fail, request/sign-key-order"]')
    address = chromium.eval("location.hash")
    chromium.show(page, ENGLISH + address)
    assert chromium.eval(TITLE) == "request/sign-key-order"
    assert chromium.eval("document.querySelector('[aria-selected=true]').innerText").startswith("php")


def test_a_group_folds(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    click(chromium, '[data-group="request"] .fold')
    assert not any(case.startswith("request/") for case in chromium.eval(SHOWN))
    assert chromium.eval("document.activeElement.getAttribute('aria-expanded')") == "false"


def test_chinese_is_chinese_all_over(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    click(chromium, "#language")
    assert chromium.eval("document.documentElement.lang") == "zh-CN"
    assert "未通过" in text(chromium, "#verdicts")
    keys = chromium.eval("document.activeElement.id")
    assert keys == "language"
    click(chromium, ".cell .fail")
    assert "真实情况" in text(chromium, "#detail")


@pytest.mark.parametrize("width", [1280, 390])
def test_in_chinese_a_finding_is_chinese_above_its_english_sentence(
    chromium: browser.Browser, tmp_path: Path, width: int
) -> None:
    graded = run("php", {"response/stat-p-pending": L1})
    explained = {"detail": "The signature is wrong: slash-escaped.", "detail_zh": "签名有误：slash-escaped。"}
    cases = [replace(case, **explained) if case.verdict is Verdict.FAIL else case for case in graded.cases]
    place = written(tmp_path, [replace(graded, cases=tuple(cases))])
    shown = {}
    for language in ("zh", "en"):
        chromium.show(place, f"?lang={language}", width=width)
        click(chromium, ".cell .fail")
        assert not chromium.eval(WIDE)
        shown[language] = tuple(text(chromium, f"#detail {where}") for where in (".finding", ".versus", "pre"))
    assert shown["zh"][0].split() == ["L1", "结论为", "closed，但订单并未关单", *L1.split()]
    assert "未关单，有一笔关单处理中" in shown["zh"][1]
    assert "not closed, a close is in flight" in shown["en"][1]
    assert shown["en"][0].split() == ["L1", *L1.partition(": ")[2].split()]
    assert (shown["zh"][2], shown["en"][2]) == (explained["detail_zh"], explained["detail"])


@pytest.mark.parametrize(
    ("lang", "told"), [("en", "cases were not asked (9 webhook)"), ("zh", "9 个用例未评测（webhook 9 个）")]
)
def test_the_page_says_what_was_not_asked(chromium: browser.Browser, tmp_path: Path, lang: str, told: str) -> None:
    chromium.show(written(tmp_path, [without_webhooks()]), f"?lang={lang}")
    assert told in text(chromium, "header.top")
    click(chromium, '[data-case="response/extra-fields"] .name')
    basis = {"en": "Safety\nA definite claim must be true.", "zh": "依据：安全\n确定的结论必须为真。"}
    assert text(chromium, "#detail figure") == basis[lang]


def test_what_was_not_asked_of_two_clients_alike_is_said_once(chromium: browser.Browser, tmp_path: Path) -> None:
    one = without_webhooks()
    other = replace(one, client={**one.client, "name": "other"})
    chromium.show(written(tmp_path, [one, run("third"), other]), ENGLISH)
    said = [line for line in text(chromium, "header.top").splitlines() if "not asked" in line]
    titles = f"{one.client['name']} {one.client['version']}, other {one.client['version']}"
    assert len(said) == 1
    assert said[0].startswith(f"{titles}: 9 cases were not asked")


@pytest.mark.parametrize("width", [1280, 390])
def test_in_chinese_the_cases_speak_chinese_on_a_phone_too(chromium: browser.Browser, page: Path, width: int) -> None:
    chromium.show(page, "?lang=zh", width=width)
    case = catalogue()["request/sign-key-order"]
    [shown] = chromium.eval(
        f"[...document.querySelectorAll('[data-case=\"{case.id}\"] :is(.says span, .under)')]"
        ".filter((one) => one.checkVisibility()).map((one) => one.innerText)"
    )
    assert shown == in_chinese(case.says) == "无论应用以什么顺序给出参数，签名都验证通过。"
    assert not chromium.eval(WIDE)
    click(chromium, f'[data-case="{case.id}"] .name')
    assert shown in text(chromium, "#detail")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_score_of_each_client_has_its_total(chromium: browser.Browser, page: Path, width: int) -> None:
    chromium.show(page, ENGLISH, width=width)
    every = "[...document.querySelectorAll('.score')]"
    scores = chromium.eval(f"{every}.map((one) => one.innerText.replace(/\\s/g, ''))")
    assert len(scores) == len(five())
    assert all(re.fullmatch("[0-9]+/[0-9]+", score) for score in scores)
    assert chromium.eval(f"{every}.every((one) => parseFloat(getComputedStyle(one).fontSize) >= 9)")


def test_every_case_has_its_sentence_in_chinese() -> None:
    cases = [*catalogue().values(), *servers.catalogue().values()]
    assert {case.id for case in cases if not in_chinese(case.says)} == set(), FILE
    arguments = {case.argument for case in catalogue().values()}
    assert {argument for argument in arguments if not in_chinese(argument)} == set(), FILE
    assert len(sentences()) == len(cases) + len(arguments), f"{FILE} has sentences that no case says any more"


@pytest.mark.parametrize(("query", "width"), [("?lang=en&theme=light", 1280), ("?lang=zh&theme=dark", 390)])
def test_axe_finds_nothing_wrong(chromium: browser.Browser, tmp_path: Path, query: str, width: int) -> None:
    """The rule that a label holds the words that are seen is among them, though axe calls it experimental.

    A case of each group and all cases with something to tell: the other rows are made alike, and axe looks at each.
    """
    shown = {case.group: case.id for case in run().cases}.values() | SAMPLE.keys() | MIXED.keys()
    few = [replace(one, cases=tuple(case for case in one.cases if case.id in shown)) for one in five()]
    chromium.show(written(tmp_path, few), query, width=width)
    chromium.eval(AXE.read_text(encoding="utf-8") + ";0")
    assert chromium.eval(VIOLATIONS) == []
    click(chromium, ".cell .fail")
    chromium.eval("Promise.all(document.getAnimations().map((one) => one.finished))")
    assert chromium.eval(VIOLATIONS) == []


def test_both_languages_have_the_same_words(chromium: browser.Browser, page: Path) -> None:
    source = (html.PARTS / "words.js").read_text(encoding="utf-8")
    chromium.show(page)
    keys = "(x, p = '') => Object.entries(x).flatMap(([k, v]) => typeof v === 'object' ? f(v, p + k + '.') : [p + k])"
    found: dict[str, list[str]] = chromium.eval(
        f"(() => {{ {source}; const f = {keys}; return {{en: f(WORDS.en), zh: f(WORDS.zh)}}; }})()"
    )
    named = "group."  # in English the data says them
    assert sorted(found["en"]) == sorted(key for key in found["zh"] if not key.startswith(named))


@pytest.mark.parametrize("dark", [False, True])
def test_it_follows_the_system_until_told_otherwise(chromium: browser.Browser, page: Path, dark: bool) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    chromium.dark(dark)
    chromium.show(page, "?lang=en&theme=auto")
    white = "rgb(255, 255, 255)"
    assert (chromium.eval(ground) != white) is dark
    chromium.show(page, f"?lang=en&theme={'light' if dark else 'dark'}")
    assert (chromium.eval(ground) != white) is not dark
    chromium.dark(False)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_marks_stand_out_from_their_ground(chromium: browser.Browser, page: Path, theme: str) -> None:
    """WCAG AA: 4.5 for words, 3 for marks."""
    chromium.show(page, f"?lang=en&theme={theme}")
    found: list[dict[str, Any]] = chromium.eval(Path(__file__).with_name("contrast.js").read_text(encoding="utf-8"))
    assert {each["what"] for each in found if each["ratio"] < each["least"]} == set()
    assert len(found) > len(Verdict)


def test_the_grid_has_its_roles_and_names(chromium: browser.Browser, page: Path) -> None:
    chromium.show(page, ENGLISH)
    roles: dict[str, int] = {}
    nameless = []
    for node in chromium.tree():
        if node.get("ignored"):
            continue
        role = node["role"]["value"]
        roles[role] = roles.get(role, 0) + 1
        if role in ("button", "searchbox", "grid", "columnheader") and not node.get("name", {}).get("value"):
            nameless.append((role, node.get("properties")))
    assert roles["grid"] == 1
    assert roles["rowheader"] == len(catalogue()) + 10
    assert roles["columnheader"] == 7
    assert nameless == []
    assert roles["gridcell"] >= len(catalogue()) * 5


def test_it_is_quick_with_sixty_rows_and_six_columns(chromium: browser.Browser, tmp_path: Path) -> None:
    """What is counted is work, not time: the number of elements stays small and a filter redraws once."""
    chromium.show(written(tmp_path, [*five(), run("go", SAMPLE)]), ENGLISH)
    assert chromium.eval("document.querySelectorAll('*').length") < 6000
    assert not chromium.eval(WIDE)


def test_many_columns_scroll_in_a_frame_of_their_own(chromium: browser.Browser, tmp_path: Path) -> None:
    place = written(tmp_path, [run(f"client-{number}") for number in range(16)])
    chromium.show(place, ENGLISH, width=390)
    assert not chromium.eval(WIDE)
    assert chromium.eval("document.querySelector('#matrix').scrollWidth > 390")


def test_one_run_is_enough(chromium: browser.Browser, tmp_path: Path) -> None:
    chromium.show(written(tmp_path, [run()]), ENGLISH)
    assert f"{len(catalogue())} cases × 1 client" in text(chromium, ".sub").replace("\n", "")
    assert chromium.eval("document.querySelector('[data-key=differs]')") is None


def test_hostile_names_are_only_text(chromium: browser.Browser, tmp_path: Path) -> None:
    chromium.show(written(tmp_path, [run(HOSTILE, SAMPLE)]), ENGLISH)
    click(chromium, ".cell .fail")
    assert chromium.eval("document.querySelectorAll('img').length") == 0
    assert chromium.complaints() == []
    assert "</script>" in text(chromium, ".client")


def test_it_prints_with_the_findings_in_words(chromium: browser.Browser, page: Path, tmp_path: Path) -> None:
    chromium.show(page, ENGLISH)
    chromium.pdf(tmp_path / "matrix.pdf")
    assert (tmp_path / "matrix.pdf").read_bytes().startswith(b"%PDF")
    assert "claims closed from a reply" in str(chromium.eval("document.querySelector('#findings').textContent"))


def test_the_picture_for_a_readme_is_small_and_shows_everything(
    chromium: browser.Browser, page: Path, tmp_path: Path
) -> None:
    chromium.show(page, "?lang=en&theme=light&picture", width=picture.WIDTH, height=200)
    assert len(chromium.eval(SHOWN)) == len(catalogue())
    assert not chromium.eval("document.querySelector('#matrix').classList.contains('framed')")
    place = tmp_path / "matrix.png"
    chromium.picture(place)  # a part of it: the whole is the same work many times
    before = place.read_bytes()
    after = picture.smaller(before)
    assert after[16:24] == before[16:24]  # width and height
    assert len(after) < len(before) / 2


def test_the_picture_in_the_repository_is_below_150_kilobytes() -> None:
    assert picture.PLACE.stat().st_size < 150_000
