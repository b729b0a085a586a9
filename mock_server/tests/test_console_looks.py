"""How the console looks and reads: both languages complete, both themes readable, from 320 pixels up; judged by axe."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import browser
import pytest
from console_page import STORE, Console, order_mark, wrongly_signed
from merchant import CLOSE, Merchant
from playwright.sync_api import expect

import huifu_mock
from huifu_mock.codes import Reason
from huifu_mock.faults import catalogue
from huifu_mock.http import page as served
from huifu_mock.http import unmatched
from huifu_mock.rules import SETTLES
from huifu_mock.schemas import schema

pytestmark = [pytest.mark.xdist_group("chromium")]

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def busy(server: huifu_mock.Server) -> Iterator[huifu_mock.Tenant]:
    """A tenant with something of everything."""
    with server.tenant() as tenant:
        tenant.clock.freeze()
        merchant = Merchant(tenant)
        tenant.webhooks.add("http://127.0.0.1:9/hook")
        good, young, slow = (
            tenant.orders.add(req_seq_id="good"),
            tenant.orders.add(req_seq_id="young", age_seconds=9),
            tenant.orders.add(req_seq_id="slow", settle="processing"),
        )
        merchant.close(good)
        merchant.close(young)
        wrongly_signed(tenant, good, remark="中文/测试")
        tenant.faults.add(answer="98888888")
        merchant.post("/s/blue" + CLOSE, good.close_params("with-a-fault"))
        tenant.faults.add(fault="delay", times=3)
        merchant.close(slow)
        merchant.post(CLOSE, good.close_params("close-1"))
        tenant.orders.pay("slow")
        tenant.deliveries.wait_for(attempts=1)
        yield tenant


def nothing(_: Console) -> None:
    """The screen as it opens."""


def clicking(selector: str) -> Callable[[Console], None]:
    return lambda console: console.page.locator(selector).first.click()


# Each screen: its view, the detail that is open, and what is done before one looks.
SCREENS: dict[str, tuple[str, str, Callable[[Console], None]]] = {
    "calls": ("calls", "", nothing),
    "a close": ("calls", "call-1", nothing),
    "a refusal": ("calls", "call-2", clicking("summary")),
    "a wrong signature": ("calls", "call-3", nothing),
    "reply": ("calls", "call-4", clicking("#tab-reply")),
    "headers": ("calls", "call-4", clicking("#tab-headers")),
    "its order": ("calls", "call-1", clicking("#tab-order")),
    "no such call": ("calls", "call-99", nothing),
    "orders": ("orders", "", nothing),
    "an order": ("orders", "good", nothing),
    "seeding": ("orders", "", clicking(".toolbar .primary")),
    "deliveries": ("deliveries", "", nothing),
    "a delivery": ("deliveries", "delivery-1", nothing),
    "a receiver": ("deliveries", "", clicking(".toolbar .button")),
    "faults": ("faults", "", clicking(".card-head button")),
    "connect": ("connect", "", nothing),
    "help": ("calls", "", lambda console: console.browser.press("?")),
}


def show(console: Console, name: str, **how: object) -> None:
    view, mark, before = SCREENS[name]
    if mark == "good":
        mark = order_mark(console.tenant.orders.get("good"))
    console.open(view, mark, **how)  # type: ignore[arg-type] # language, theme, width
    before(console)
    expect(console.page.locator(".loading")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_pleases_axe_and_fits_320_pixels(
    name: str, chromium: browser.Browser, busy: huifu_mock.Tenant
) -> None:
    console = Console(chromium, busy)
    show(console, name)
    for dress in ("", DRESSED_ANEW):
        chromium.eval(f"(async () => {{ {dress} }})()")
        for width in (1280, 320):
            console.page.set_viewport_size({"width": width, "height": 640})
            chromium.eval(browser.SETTLED)
            assert not console.scrolls_sideways()
            assert chromium.eval(OUTSIDE) == []
        console.page.set_viewport_size({"width": 1280, "height": 900})
        chromium.eval(browser.SETTLED)
        assert console.violations() == []
    assert bool(CHINESE.search(console.page.locator("main").inner_text()))
    assert console.complaints() == []


DRESSED_ANEW = f"""const store = {STORE};
store.setLanguage('zh'); store.setTheme('dark'); await new Promise(requestAnimationFrame);"""
"""The same screen in Chinese and dark."""


OUTSIDE = """[...document.querySelectorAll("button, a, input, select, h2, h3, p")].filter((one) => {
  const box = one.getBoundingClientRect();
  return !one.closest(".nav nav, .chips, [role=tablist], pre, .unseen, .words") && box.width > 1 &&
    (box.right > innerWidth + 1 || box.left < -1);
}).map((one) => one.outerHTML.slice(0, 120))"""
"""What one would have to scroll sideways for, outside of the rows that are made for it."""


def test_the_tab_of_the_view_is_seen_on_a_phone(chromium: browser.Browser, tenant: huifu_mock.Tenant) -> None:
    console = Console(chromium, tenant)
    for view in ("connect", "calls"):
        console.open(view, width=320)
        expect(console.page.locator(".nav [aria-current]")).to_be_in_viewport(ratio=0.9)  # a part of a pixel may be cut


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_empty_tenant_teaches_what_to_do(lang: str, chromium: browser.Browser, tenant: huifu_mock.Tenant) -> None:
    console = Console(chromium, tenant)
    console.open(lang=lang)
    for letter, view in (("c", "calls"), ("o", "orders"), ("d", "deliveries"), ("n", "connect")):
        chromium.page.keyboard.type(f"g{letter}")  # at one go: the page waits 1.5 s for the second one
        expect(console.page.locator(f"nav a[href='?view={view}']")).to_have_attribute("aria-current", "page")
        expect(console.page.locator("main button.primary").first).to_be_visible()
        if lang == "zh":
            assert console.violations() == []


def test_language_and_theme_are_changed_with_one_click_and_remembered(
    chromium: browser.Browser, busy: huifu_mock.Tenant
) -> None:
    console = Console(chromium, busy)
    console.open()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert chromium.eval(ground) == "rgb(255, 255, 255)"
    console.button("中文：切换到中文").click()
    console.button("主题：浅色").click()
    expect(console.button("主题：深色")).to_be_visible()
    assert chromium.eval(ground) == "rgb(14, 17, 22)"
    console.page.goto(f"{busy.base_url}/_mock/?tenant={busy.sys_id}")
    expect(console.page.locator("nav a[href='?view=orders']")).to_contain_text("订单")
    assert chromium.eval(ground) == "rgb(14, 17, 22)"
    assert chromium.eval("document.documentElement.lang") == "zh-CN"


@pytest.mark.parametrize("dark", [False, True])
def test_it_follows_the_system_until_told_otherwise(
    dark: bool, chromium: browser.Browser, busy: huifu_mock.Tenant
) -> None:
    chromium.dark(dark)
    Console(chromium, busy).open(theme="system")
    ground = chromium.eval("getComputedStyle(document.documentElement).backgroundColor")
    chromium.dark(False)
    assert ground == ("rgb(14, 17, 22)" if dark else "rgb(255, 255, 255)")


def test_nothing_moves_for_who_asks_for_little_motion(chromium: browser.Browser, tenant: huifu_mock.Tenant) -> None:
    moving = "document.getAnimations().length"
    Console(chromium, tenant).open("connect")  # waiting for a first call
    assert chromium.eval(moving) > 0
    chromium.calm(True)
    Console(chromium, tenant).open("connect")
    chromium.calm(False)
    assert chromium.eval(moving) == 0


# --- the words

MODULES = sorted(served.FOLDER.glob("*.js"))


def words() -> dict[str, tuple[str, str]]:
    """The texts by name, as the module has them."""
    text = (served.FOLDER / "words.js").read_text("utf-8")
    pair = re.compile(r'^  (\w+): \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', re.MULTILINE)
    found = {name: (en, zh) for name, en, zh in pair.findall(text)}
    assert len(found) == len(re.findall(r"^  \w+: \[", text, re.MULTILINE))
    return found


SAME = {"dataReadable", "forExplain", "notifyUrl", "tlCall"}
"""Names of fields and commands, and what holds no words: the same in both languages."""


def test_every_text_is_there_in_both_languages() -> None:
    for name, (en, zh) in words().items():
        assert en, name
        assert bool(CHINESE.search(zh)) != (name in SAME) or name == "languageName", name
        assert set(re.findall(r"\{\w+\}", en)) == set(re.findall(r"\{\w+\}", zh)), name
        assert name == "languageName" or not CHINESE.search(en), name


def test_every_text_that_is_used_exists_and_every_one_that_exists_is_used() -> None:
    code = "\n".join(module.read_text("utf-8") for module in MODULES if module.name != "words.js")
    used = set(re.findall(r'\bt\("(\w+)"', code)) | set(re.findall(r'"(\w+)"', code))
    made = re.compile("|".join(f"{prefix}\\w+" for prefix in re.findall(r"\bt\(`(\w+)\$\{", code)))
    missing = set(re.findall(r'\bt\("(\w+)"', code)) - set(words())
    assert missing == set()
    unused = {
        name for name in words() if name not in used and not made.fullmatch(name) and not re.fullmatch("[A-Z_]+", name)
    }
    assert unused - {"payHow", "failHow", "expireHow"} == set()


def test_every_reason_has_words_in_both_languages() -> None:
    reasons = {name for name in words() if re.fullmatch("[A-Z_]+", name)}
    assert reasons == {reason.name for reason in Reason}


@pytest.mark.parametrize(
    ("prefix", "ids"),
    [
        ("un_", {*unmatched.KINDS}),
        ("settle_", {*SETTLES}),
        ("layer_", {*(kind.layer for kind in catalogue.KINDS.values()), "race", "answer"}),
        ("st_", {*schema("control/delivery").contents["properties"]["status"]["enum"]}),
    ],
)
def test_whatever_the_server_may_name_has_words_in_both_languages(prefix: str, ids: set[str]) -> None:
    assert {name.removeprefix(prefix) for name in words() if name.startswith(prefix)} == ids


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_of_the_page_is_short_and_writes_no_markup_past_the_template_engine(module: Path) -> None:
    code = module.read_text("utf-8")
    assert len(code.splitlines()) <= 400
    assert code.startswith("// "), "a module begins with what is in it"
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "dangerouslySetInnerHTML", "eval("):
        assert way not in code
