"""What the first view costs, as counted work: requests, bytes and rows, with many calls in the journal."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone

import browser
import pytest
from console_page import Console
from playwright.sync_api import expect
from test_page import get

import huifu_mock
from huifu_mock import signing
from huifu_mock.http import joined, page
from huifu_mock.request import CLOSE, ReceivedBytes

pytestmark = [pytest.mark.xdist_group("chromium")]

CALLS = 2_000
LIBRARY = "assets/htm-preact.js"
MODULES = {path.name for path in page.FOLDER.glob("*.js") if path.name != "docs.js"}
FIRST = joined.needed(page.FOLDER, joined.MODULE)
"""The modules that come as one file."""
LATER = MODULES - set(FIRST)


@pytest.fixture(scope="module")
def busy() -> Iterator[huifu_mock.Tenant]:
    """The default tenant with many calls in its journal, all of one refused close."""
    with huifu_mock.Server() as server:
        tenant = server.default
        order = tenant.orders.add(age_seconds=1)
        key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
        body = signing.envelope(tenant.sys_id, "MCS", order.close_params("c"), key)
        for _ in range(CALLS):
            server.mock.gateway.receive(CLOSE, ReceivedBytes(body, b"Host: 127.0.0.1"))
        yield tenant


FROM_THE_SERVER = """performance.getEntriesByType("resource").filter((one) => one.transferSize > 0)
  .map((one) => new URL(one.name).pathname)"""
"""What was not in the browser's cache; the event stream, which has not ended, is not among it."""


def view(console: Console) -> list[str]:
    """Shows the page; the paths of what it got from the server."""
    console.page.goto(f"{console.tenant.base_url}/_mock/")
    expect(console.row("20000001").first).to_be_visible()
    console.until("(await import(document.querySelector('script[type=module]').src)).rest() !== null")
    return list(console.browser.eval(FROM_THE_SERVER))


def test_a_view_asks_for_each_file_once_and_a_later_one_for_none_and_the_page_brings_the_first_answers(
    chromium: browser.Browser, busy: huifu_mock.Tenant
) -> None:
    console = Console(chromium, busy)
    chromium.open("about:blank")
    chromium.devtools.send("Network.clearBrowserCache")
    first, later = view(console), view(console)
    assert later == []
    files = [path.rpartition("/")[2] for path in first if path.startswith(page.FILES)]
    assert sorted(files) == sorted({"app.js", "style.css", *LATER} | ({"icon.svg"} & set(files)))
    assert len(first) == len(files)


def test_a_view_of_many_calls_draws_and_loads_what_a_window_shows(
    chromium: browser.Browser, busy: huifu_mock.Tenant
) -> None:
    console = Console(chromium, busy)
    chromium.open("about:blank")
    view(console)
    expect(console.page.locator("nav a[href='?view=calls'] .count")).to_have_text("2k")
    assert chromium.eval("document.querySelectorAll('a.row').length") < 60
    assert chromium.eval("performance.getEntriesByType('navigation')[0].encodedBodySize") < 100_000


FORMAT = "(await import(document.querySelector('script[type=module]').src))"


def test_times_are_those_of_beijing(chromium: browser.Browser, busy: huifu_mock.Tenant) -> None:
    Console(chromium, busy).open()
    utc = ["1999-12-31T15:59:59.999999Z", "2026-01-31T16:00:00Z", "2028-02-29T23:59:59.120000Z"]
    told = "((one) => `${day(one)} ${clockTime(one, true)}`)"
    shown = chromium.eval(f"(async () => {{ const {{day, clockTime}} = {FORMAT}; return {utc}.map({told}) }})()")
    beijing = [datetime.fromisoformat(one).astimezone(timezone(timedelta(hours=8))) for one in utc]
    assert shown == [f"{one:%Y-%m-%d %H:%M:%S}.{one.microsecond // 1000:03}" for one in beijing]


def test_a_page_names_its_files_under_a_version_that_browsers_keep(server: huifu_mock.Server) -> None:
    shown = get(server.base_url, "/_mock/").body.decode().partition("</head>")[0]
    place = f"{page.FILES}{page.version()}/"
    assert shown.count(f'"{page.FILES}') == shown.count(f'"{place}') == 3
    kept = get(server.base_url, f"{place}app.js")
    assert (kept.status, kept.headers["cache-control"]) == (200, "max-age=31536000, immutable")
    assert get(server.base_url, f"{page.FILES}app.js").headers["cache-control"] == "no-cache"
    assert get(server.base_url, f"{page.FILES}0123456789abcdef/app.js").status == 404
    assert get(server.base_url, "/_mock/docs").headers["cache-control"] == "no-cache"
    assert get(server.base_url, "/_mock/").headers["cache-control"] == "no-store"


IMPORTED = re.compile(r'^(?:import|export)[^"]*from "\./([^"]+)"', re.MULTILINE)
NAMED = re.compile(
    r"^(?:export )?(?:async )?(?:const|let|class|function\*?) (?:(\w+)|[{\[]([^}\]]*)[}\]])", re.MULTILINE
)


def source(name: str) -> str:
    return (page.FOLDER / name).read_text("utf-8")


def imported(modules: Iterable[str]) -> set[str]:
    return {other for module in modules for other in IMPORTED.findall(source(module))}


def test_the_page_names_the_files_of_its_first_view_which_holds_no_module_that_can_wait() -> None:
    assert re.findall(r'"/_mock/console/([^"]+\.js)"', source("index.html")) == [joined.MODULE]
    assert set(FIRST) == {joined.MODULE} | imported(FIRST) - {LIBRARY}
    assert {"commands.js", "connect.js", "deliveries.js", "detail.js", "faults.js", "orders.js"} <= LATER
    assert {"rest.js"} | imported(LATER) - set(FIRST) == LATER


def test_each_module_of_the_first_view_runs_after_those_that_it_imports() -> None:
    for at, module in enumerate(FIRST):
        assert imported([module]) - {LIBRARY} <= set(FIRST[:at]), module


def test_no_two_modules_of_the_first_view_have_a_name_in_common() -> None:
    where: dict[str, str] = {}
    for module in FIRST:
        for one, many in NAMED.findall(source(module)):
            for name in [one] if one else [part.strip() for part in many.split(",")]:
                assert where.setdefault(name, module) == module, f"{name} is in {where[name]} and in {module}"
    assert {"WORDS", "state", "stream", "Calls", "App"} <= where.keys()


def test_a_module_of_the_first_view_is_the_same_one_whoever_imports_it(server: huifu_mock.Server) -> None:
    place = f"{page.FILES}{page.version()}/"
    whole = get(server.base_url, f"{place}app.js").body.decode()
    assert re.findall(r"^// --- (\S+\.js)$", whole, re.MULTILINE) == FIRST
    assert IMPORTED.findall(whole) == []
    assert get(server.base_url, f"{place}store.js").body == b'export * from "./app.js";\n'
    for module in LATER:
        served = IMPORTED.findall(get(server.base_url, f"{place}{module}").body.decode())
        assert set(served) & set(FIRST) <= {joined.MODULE}
        assert get(server.base_url, f"{page.FILES}{module}").body.decode() == source(module)


def test_a_style_comes_with_the_one_that_it_imports(server: huifu_mock.Server) -> None:
    style = get(server.base_url, f"{page.FILES}{page.version()}/style.css").body.decode()
    assert style.startswith(source("base.css"))
    assert style.endswith(source("style.css").partition("\n")[2])
    assert "@import" not in style


def test_a_key_that_is_pressed_before_its_module_is_there_takes_effect_when_it_comes(
    chromium: browser.Browser, busy: huifu_mock.Tenant
) -> None:
    console, held = Console(chromium, busy), []
    chromium.open("about:blank")
    console.page.route("**/rest.js", lambda route: held.append(route))
    console.page.goto(f"{busy.base_url}/_mock/")
    expect(console.row("20000001").first).to_be_visible()
    console.browser.press("?")
    held[0].continue_()
    expect(console.page.get_by_role("dialog", name="Keys")).to_be_visible()
    console.page.unroute("**/rest.js")


def test_what_could_not_be_loaded_is_said_and_loaded_later(chromium: browser.Browser, busy: huifu_mock.Tenant) -> None:
    console = Console(chromium, busy)
    chromium.open("about:blank")
    console.page.route("**/rest.js", lambda route: route.abort(), times=1)
    console.page.goto(f"{busy.base_url}/_mock/?view=orders")
    console.says("huifu-mock cannot be reached")
    expect(console.page.locator("a.row").first).to_be_visible()
