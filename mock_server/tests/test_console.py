"""The console in a browser: what it shows as it happens, and that each of its buttons does what it says."""

import http.client
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import browser
import pytest
from console_page import STORE, Console, order_mark, wrongly_signed
from merchant import CLOSE, Merchant
from playwright.sync_api import expect
from postbox import Mailbox, Said
from wired import post

import huifu_mock
from huifu_mock import signing

pytestmark = [pytest.mark.xdist_group("chromium")]

CALLS = f"{STORE}.state.calls"


@pytest.fixture
def console(chromium: browser.Browser, tenant: huifu_mock.Tenant) -> Iterator[Console]:
    """The page of a fresh tenant; at the end it must not have complained, nor asked another host for anything."""
    yield (made := Console(chromium, tenant))
    assert made.complaints() == []


def shell(command: str, **environment: str) -> str:
    """What a command that the page shows prints, run as a reader runs it."""
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin", **environment},
    )  # fmt: skip
    return done.stdout + done.stderr


# --- calls


def test_a_call_appears_as_it_comes_with_its_answer_and_what_would_have_succeeded(
    console: Console, merchant: Merchant
) -> None:
    console.open()
    expect(console.page.get_by_text("No call has arrived yet")).to_be_visible()
    order = merchant.tenant.orders.add(req_seq_id="order-1", age_seconds=23)
    merchant.close(order)
    expect(console.row("order-1")).to_contain_text("20000001")
    console.row("order-1").click()
    expect(console.detail).to_contain_text("wait 37 s: the order was 23 s old, 60 s are needed")
    expect(console.detail).to_contain_text("orders of less than one minute may not be closed")
    console.button("Advance the clock by 37 s", console.detail).click()
    console.says("The clock is 37 s later")
    console.detail.locator(".remedy").get_by_role("button", name="Send again").click()
    expect(console.detail).to_contain_text("00000000")
    assert merchant.tenant.orders.get("order-1").close_stat == "S"


def test_the_command_that_an_empty_tenant_shows_makes_its_first_call(
    console: Console, tenant: huifu_mock.Tenant
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    console.open()
    assert "00000000" in shell(console.page.locator("main pre code").inner_text())
    expect(console.row("order-")).to_contain_text("00000000")
    assert [call.reason for call in tenant.journal.closes()] == ["CLOSED"]


def test_a_repeat_and_a_fault_are_marked_in_the_list(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    order = tenant.orders.add(req_seq_id="order-1")
    console.open()
    for _ in range(2):
        merchant.post(CLOSE, order.close_params("the-same"))
    tenant.faults.add(answer="98888888")
    merchant.close(order)
    for id_, badge in (("call-1", None), ("call-2", "replay"), ("call-3", "98888888")):
        badges = console.page.locator(f"[data-id={id_}] .badge")
        expect(badges).to_have_text([badge] if badge else [])


def test_a_detail_tells_the_trans_stat_that_decides_whatever_the_code_and_that_a_test_prepared_it(
    console: Console, merchant: Merchant
) -> None:
    merchant.tenant.faults.add(answer="00000000", trans_stat="F")
    merchant.close(merchant.tenant.orders.add())
    console.open(mark="call-1")
    expect(console.detail.locator(".verdict-answer")).to_have_text("00000000 failed · trans_stat F")
    expect(console.detail).to_contain_text("A test prepared this answer.")
    expect(console.detail).to_contain_text("from 127.0.0.1:")
    expect(console.page.locator("[data-id=call-1] .mark")).to_have_class("mark refused")


def test_in_chinese_a_call_without_an_endpoint_and_a_failed_push_are_explained_in_chinese(
    console: Console, tenant: huifu_mock.Tenant
) -> None:
    order = tenant.orders.add()
    body = json.dumps({"sys_id": tenant.sys_id, "data": {}}).encode()
    post(tenant.base_url, body, None, f"{CLOSE}x")
    with Mailbox(lambda _: Said(404)) as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.deliveries.send(order.req_seq_id)
        tenant.deliveries.wait_for(20, attempts=1)
        console.open(lang="zh")
        expect(console.row(f"是不是想用 {CLOSE}？")).to_be_visible()
        console.open(view="deliveries", mark="delivery-1", lang="zh")
        expect(console.detail).to_contain_text("HTTP 404 不算确认，任意 2xx 才算：该路径没有服务")
        expect(console.row("该路径没有服务")).to_be_visible()


def test_hundreds_of_calls_at_once_are_all_shown_in_place(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    order = tenant.orders.add(req_seq_id="order-1", age_seconds=5)
    console.open()
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    bodies = [signing.envelope(tenant.sys_id, "MCS", order.close_params(f"c-{n}"), key) for n in range(300)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda body: post(tenant.base_url, body), bodies))
    expect(console.row("order-1").first).to_be_visible()
    module = STORE.replace("store.js", "calls.js")
    rows = f"{module}.withGaps({module}.shownCalls())"
    console.until(f"{rows}.reduce((n, one) => n + (one.gap ?? 1), 0) === 300")
    # the row of a gap may be drawn late, or go by itself because its calls are told late: each is asked for once
    console.until(f"""await (async () => {{
      const rows = {rows}, at = rows.findIndex((one) => one.gap);
      if (at < 0) return {CALLS}.length === 300;
      document.querySelector(".scroller").scrollTop = at * 40;
      const gap = document.querySelector(`[data-id="${{rows[at].id}}"] .gap-words`);
      if (gap && window.asked !== rows[at].id) {{ window.asked = rows[at].id; gap.click(); }}
      return false;
    }})()""")
    assert console.browser.eval("document.querySelectorAll('a.row').length") < 80, "only what is in sight is drawn"


def test_scrolling_pauses_the_list_and_tells_how_many_are_new(console: Console, merchant: Merchant) -> None:
    order = merchant.tenant.orders.add(req_seq_id="order-1", age_seconds=5)
    for _ in range(40):
        merchant.close(order)
    console.open()
    expect(console.row("order-1").nth(20)).to_be_attached()
    console.browser.eval("document.querySelector('.scroller').scrollTop = 400")
    expect(console.page.locator(".connection")).to_have_text("paused")
    seen = console.browser.eval("document.querySelector('a.row:nth-child(1)').dataset.id")
    for _ in range(3):
        merchant.close(order)
    news = console.page.get_by_role("button", name="3 new: show them")
    expect(news).to_be_visible()
    assert console.browser.eval("document.querySelector('a.row:nth-child(1)').dataset.id") == seen, "nothing moved"
    news.click()
    expect(console.page.locator(".connection")).to_have_text("live")
    expect(console.page.locator("[data-id=call-43]")).to_be_visible()
    console.browser.press(".")
    merchant.close(order)
    expect(console.page.get_by_role("button", name="1 new: show them")).to_be_visible()
    console.browser.press(".")
    expect(console.page.locator("[data-id=call-44]")).to_be_visible()


def test_filters_stand_in_the_address_and_a_call_has_one_of_its_own(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    good, young = tenant.orders.add(req_seq_id="good"), tenant.orders.add(req_seq_id="young", age_seconds=1)
    merchant.close(good)
    merchant.close(young)
    wrongly_signed(tenant, young)
    merchant.post("/s/blue" + CLOSE, young.close_params("in-session"))
    console.open()
    rows = console.page.locator("a.row")
    expect(rows).to_have_count(4)
    console.button("Bad signature").click()
    expect(rows).to_have_count(1)
    console.button("Refused").click()
    expect(rows).to_have_count(3)
    console.page.get_by_role("combobox", name="Session").select_option("blue")
    expect(rows).to_have_count(1)
    console.button("Clear filters").click()
    console.page.get_by_role("searchbox").fill("young too_young")
    expect(rows).to_have_count(2)
    rows.first.click()
    expect(console.page).to_have_url(re.compile(r"q=young\+too_young.*#call-4$"))
    console.browser.open(console.page.url)  # in another browser
    expect(console.detail.get_by_role("heading", name="call-4")).to_be_visible()
    expect(console.page.locator("a.row")).to_have_count(2)
    console.page.get_by_role("searchbox").fill("nothing like it")
    expect(console.page.get_by_text("No call matches")).to_be_visible()


def test_a_wrong_signature_shows_the_first_character_that_differs_and_the_fix_in_ones_language(
    console: Console, merchant: Merchant
) -> None:
    tenant = merchant.tenant
    order = tenant.orders.add(req_seq_id="order-1")
    data = dict(sorted({**order.close_params("close-1"), "remark": "a\u200bb"}.items()))
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for signed in (plain + "\n", json.dumps(data, ensure_ascii=False), plain.replace("a\u200bb", "ab")):
        body = {"sys_id": tenant.sys_id, "product_id": "MCS", "data": data, "sign": signing.sign(key, signed.encode())}
        post(tenant.base_url, json.dumps(body, ensure_ascii=False).encode())
    console.open(mark="call-1")
    marks = console.detail.locator(".diff mark")
    expect(marks.nth(0)).to_have_text("␊")
    expect(marks.nth(1)).to_have_text("end of the text")
    console.page.get_by_role("link", name="Newer call (k)").click()
    expect(marks.nth(0)).to_have_text("␣")
    expect(console.detail.locator(".diff-words")).to_contain_text('Signed: ␣. Expected: "')
    console.button("Go", console.detail).click()
    expect(console.detail.locator(".fix")).to_contain_text("SetEscapeHTML(false)")
    console.page.reload()
    expect(console.detail.locator(".fix")).to_contain_text("SetEscapeHTML(false)")  # remembered


def test_what_is_taken_along_from_a_call_works_elsewhere(console: Console, merchant: Merchant, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    tenant = merchant.tenant
    order = tenant.orders.add(req_seq_id="it's order-1", age_seconds=30)
    wrongly_signed(tenant, order, remark="中文 'quoted' $HOME")
    merchant.close(order)
    console.open(mark="call-1")

    def copied(name: str) -> str:
        return console.copied(console.button(name, console.detail).click)

    assert "10000000" in shell(copied("curl, as sent"))
    assert "20000001" in shell(copied("curl, correctly signed"))
    explained = shell(copied("huifu-mock explain"))
    assert "unicode-escaped" in explained
    assert "spaces" in explained
    console.page.get_by_role("link", name="Newer call (k)").click()
    expect(console.detail.get_by_role("heading", name="call-2")).to_be_visible()
    saved_pytest_passes(console, tmp_path)
    with console.page.expect_download() as saved:
        console.button("Save as JSON", console.detail).click()
    kept = json.loads(Path(saved.value.path()).read_text("utf-8"))
    assert (kept["id"], kept["reason"], kept["data"]["org_req_seq_id"]) == ("call-2", "TOO_YOUNG", "it's order-1")


def saved_pytest_passes(console: Console, folder: Path) -> str:
    """The text of the test that the page saves of the call that is open."""
    with console.page.expect_download() as saved:
        console.button("Save as pytest", console.detail).click()
    test = folder / saved.value.suggested_filename
    saved.value.save_as(test)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", str(test)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, test.read_text("utf-8") + ran.stdout + ran.stderr
    return test.read_text("utf-8")


def test_a_test_saved_of_a_call_refused_for_its_signature_asks_for_a_right_one(
    console: Console, merchant: Merchant, tmp_path: Path
) -> None:
    wrongly_signed(merchant.tenant, merchant.tenant.orders.add(req_seq_id="o-1"), remark="中文")
    console.open(mark="call-1")
    assert saved_pytest_passes(console, tmp_path).endswith(
        "[call] = huifu.journal.closes()\n    assert call.signature_ok\n"
    )


def test_the_list_is_cleared_and_counts_anew(console: Console, merchant: Merchant) -> None:
    order = merchant.tenant.orders.add(age_seconds=1)
    for _ in range(3):
        merchant.close(order)
    console.open()
    count = console.page.locator("nav a[href='?view=calls'] .count")
    expect(count).to_have_text("3")
    merchant.close(order)
    expect(count).to_have_text("4")
    console.button("Clear").click()
    dialog = console.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"The 4 calls of tenant {merchant.tenant.sys_id} are forgotten, for everybody")
    console.button("Cancel", dialog).click()
    expect(dialog).to_have_count(0)
    expect(count).to_have_text("4")
    assert len(merchant.tenant.journal.calls()) == 4
    console.button("Clear").click()
    console.button("Clear", dialog).click()
    expect(console.page.get_by_text("No call has arrived yet")).to_be_visible()
    assert merchant.tenant.journal.calls() == []
    merchant.close(order)
    expect(count).to_have_text("1")


# --- orders

WAYS = {
    "Pay": ({}, ("S", "")),
    "Fail": ({}, ("F", "")),
    "Expire": ({}, ("F", "")),
    "Close now": ({}, ("F", "S")),
    "Settle": ({"settle": "processing"}, ("F", "S")),
}


@pytest.mark.parametrize("name", WAYS)
def test_each_button_of_an_order_does_what_the_curl_beside_it_does(
    name: str, console: Console, merchant: Merchant
) -> None:
    seeded, end = WAYS[name]
    tenant = merchant.tenant
    orders = [tenant.orders.add(req_seq_id=number, **seeded) for number in ("pressed", "by-curl")]
    if name == "Settle":
        for order in orders:
            merchant.close(order)
    console.open("orders", order_mark(orders[0]))
    console.button(name, console.detail).click()
    expect(console.detail.locator(".timeline")).to_contain_text(
        {"S": "paid", "F": "closed" if end[1] else "failed"}[end[0]]
    )
    console.row("by-curl").click()
    expect(console.detail.get_by_role("heading", name="by-curl")).to_be_visible()
    console.button(name, console.detail).hover()
    expect(console.detail.locator(".same p")).to_contain_text(name)
    shown = console.detail.locator(".same code")
    expect(shown).to_contain_text("by-curl")
    if shutil.which("curl") is not None:
        shell(shown.inner_text())
        expect(console.row("by-curl")).to_contain_text({"S": "paid", "F": "closed" if end[1] else "failed"}[end[0]])
    for order in orders if shutil.which("curl") else orders[:1]:
        now = tenant.orders.get(order.req_seq_id)
        assert (now.trans_stat, now.close_stat) == end


PUSH = "Push trans.close (p)"


def test_trans_close_of_an_order_is_pushed_by_the_button_by_its_key_and_by_the_curl_beside_it(
    console: Console, merchant: Merchant
) -> None:
    tenant = merchant.tenant
    order = tenant.orders.add(req_seq_id="order-1")
    console.open("orders", order_mark(order))
    console.button(PUSH, console.detail).click()
    console.says(f"no endpoint of {tenant.sys_id} is registered for trans.close")
    with Mailbox() as mailbox:
        tenant.webhooks.add(f"{mailbox.address}/hook")
        merchant.close(order)
        tenant.deliveries.wait_for(order="order-1", status="delivered")
        pushed = console.detail.locator(".timeline li").filter(has_text="acknowledged")
        expect(pushed).to_have_count(1)
        console.button(PUSH, console.detail).click()
        console.says("trans.close of order-1 is pushed, receivers: 1")
        expect(pushed).to_have_count(2)
        console.browser.press("p")
        expect(pushed).to_have_count(3)
        console.button(PUSH, console.detail).hover()
        shown = console.detail.locator(".same code")
        expect(shown).to_contain_text("/events/trans.close")
        if shutil.which("curl") is not None:
            shell(shown.inner_text())
            expect(pushed).to_have_count(4)
        sent = [json.loads(push.body) for push in tenant.deliveries.list()]
    assert {(one["org_req_seq_id"], one["trans_stat"]) for one in sent} == {("order-1", "S")}


def test_the_timeline_tells_what_happened_to_an_order(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        mailbox.refuse(99)
        tenant.webhooks.add(f"{mailbox.address}/hook")
        order = tenant.orders.add(req_seq_id="order-1", age_seconds=30)
        console.open("orders", order_mark(order))
        merchant.close(order)
        console.page.get_by_role("button", name="Advance by 61 s").click()
        console.says("The clock is 1 min 1 s later")
        merchant.close(order)
        tenant.deliveries.wait_for(attempts=1)
        timeline = console.detail.locator(".timeline li")
        for awaited in ("close → 00000000", "closed: the close", "HTTP 500"):
            expect(timeline.filter(has_text=awaited).first).to_be_visible()
        told = [re.sub(r"^[\d:. -]+", "", text.replace("\n", " ")) for text in timeline.all_inner_texts()]
        console.page.reload()
        expect(timeline.filter(has_text="clock advanced by 1 min 1 s")).to_be_visible()
    assert told[0].startswith("created: 0.01 yuan")
    assert told[1] == "close → 20000001 younger than 60 s"
    assert told[2] == "clock advanced by 1 min 1 s"
    assert any(line == "close → 00000000 closed" for line in told[3:])
    assert any(line.startswith("closed: the close") for line in told[3:])
    assert any("HTTP 500" in line for line in told[4:])


def test_a_push_that_failed_is_tried_again_by_a_jump_to_its_next_try(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        mailbox.refuse(1)
        tenant.webhooks.add(mailbox.hook)
        merchant.close(tenant.orders.add())
        failed = tenant.deliveries.wait_for(attempts=1)
        console.open(mark=failed.id)
        before = tenant.clock.now()
        console.button("Jump to it", console.detail).click()
        console.says("The clock is 1 s later")
        expect(console.detail.locator(".order-head")).to_contain_text("delivered")
        assert (tenant.clock.now() - before).total_seconds() == 1
        if shutil.which("curl") is not None:
            console.button("Resend (r)", console.detail).hover()
            shell(console.detail.locator(".same code").inner_text())
            expect(console.detail.locator(".timeline li")).to_have_count(3)


def test_a_receiver_is_added_and_removed_and_a_wrong_one_is_refused(
    console: Console, tenant: huifu_mock.Tenant
) -> None:
    right = "http://127.0.0.1:9000/hook"
    console.open("deliveries")
    console.button("Add a receiver").first.click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("Address of the receiver").fill("ftp://127.0.0.1/hook")
    console.button("Add a receiver", dialog).click()
    expect(dialog.get_by_role("alert")).to_contain_text("http")
    dialog.get_by_label("Address of the receiver").fill(right)
    console.button("Add a receiver", dialog).click()
    receivers = console.page.get_by_role("list", name="Webhook receivers")
    expect(receivers).to_contain_text(right)
    assert [one.url for one in tenant.webhooks.list()] == [right]
    console.button(f"Remove {right}").click()
    expect(receivers).to_have_count(0)
    assert list(tenant.webhooks.list()) == []


def test_an_order_is_seeded_and_a_wrong_one_is_refused_with_what_would_be_right(
    console: Console, merchant: Merchant
) -> None:
    console.open("orders")
    console.button("Seed an order").first.click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("Number").fill("from-the-page")
    dialog.get_by_label("Age, seconds").fill("12")
    dialog.get_by_label("Amount").fill("a lot")
    dialog.get_by_label("A close of it").select_option("processing")
    console.button("Seed", dialog).click()
    expect(dialog.get_by_role("alert")).to_contain_text("trans_amt")
    dialog.get_by_label("Amount").fill("12.30")
    console.button("Seed", dialog).click()
    expect(console.detail.get_by_role("heading", name="from-the-page")).to_be_visible()
    made = merchant.tenant.orders.get("from-the-page")
    assert (made.trans_amt, made.settle, made.age_seconds) == ("12.30", "processing", 12)


def test_what_is_refused_is_told_in_the_language_of_the_page_whatever_the_browser_speaks(console: Console) -> None:
    console.open("orders", lang="zh")
    console.button("预置订单").first.click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("金额").fill("a lot")
    console.button("预置", dialog).click()
    expect(dialog.get_by_role("alert")).to_contain_text("trans_amt：")


# --- clock, faults, tenants


def test_the_clock_is_stopped_moved_and_let_run(console: Console, tenant: huifu_mock.Tenant) -> None:
    before = tenant.clock.now()
    console.open()
    for name, told, seconds in (
        ("+1s Advance by 1 s", "1 s", 1),
        ("+61s Advance by 61 s", "1 min 1 s", 62),
        ("+1h Advance by 1 h", "1 h", 3662),
    ):
        console.button(name).click()
        console.says(f"The clock is {told} later")
        assert (tenant.clock.now() - before).total_seconds() == seconds
    console.button("Let the clock run").click()
    expect(console.button("Stop the clock")).to_be_visible()
    assert tenant.clock.mode == "running"
    console.button("Stop the clock").click()
    expect(console.button("Let the clock run")).to_be_visible()
    assert tenant.clock.mode == "frozen"


def test_a_fault_is_armed_for_an_order_used_and_disarmed(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    order, other = tenant.orders.add(req_seq_id="order-1"), tenant.orders.add(req_seq_id="order-2")
    console.open("faults")
    card = console.page.locator("li.card", has=console.page.get_by_role("heading", name="98888888.SYSTEM_ERROR"))
    card.get_by_role("button", name="Arm").click()
    card.get_by_label("For order").fill("order-1")
    card.get_by_label("How often").fill("2")
    card.get_by_label("Close is carried out").select_option("after")
    expect(card.locator("pre code")).to_contain_text('"when":"after"')
    card.locator("form").get_by_role("button", name="Arm").click()
    armed = console.page.locator(".armed-list li")
    expect(armed).to_contain_text("used 0, left 2")
    expect(console.page.get_by_text("1 armed")).to_be_visible()
    assert merchant.close(other)["resp_code"] == "00000000"
    assert merchant.close(order)["resp_code"] == "98888888"
    expect(armed).to_contain_text("used 1, left 1")
    console.button("Disarm 98888888", console.page.locator(".armed-list")).click()
    expect(console.page.get_by_text("No fault is armed")).to_be_visible()
    assert list(tenant.faults.list()) == []


def test_every_card_arms_as_it_stands(console: Console, tenant: huifu_mock.Tenant) -> None:
    console.open("faults")
    cards = console.page.locator("li.card")
    expect(cards).not_to_have_count(0)
    count = cards.count()
    console.browser.eval("document.querySelectorAll('.card-head button').forEach((one) => one.click())")
    expect(cards.locator("form")).to_have_count(count)
    console.browser.eval("document.querySelectorAll('.card form').forEach((one) => one.requestSubmit())")
    expect(cards.locator("form")).to_have_count(0)
    assert len(list(tenant.faults.list())) == count
    expect(console.page.locator(".armed-list li")).to_have_count(count)
    console.button("Disarm all").click()
    expect(console.page.get_by_text("No fault is armed")).to_be_visible()


def test_tenants_are_switched_made_reset_and_dropped(
    console: Console, merchant: Merchant, server: huifu_mock.Server
) -> None:
    merchant.close(merchant.tenant.orders.add(req_seq_id="of-the-first"))
    console.open()
    expect(console.row("of-the-first")).to_be_visible()
    choice = console.page.get_by_role("combobox", name="Tenant")
    choice.select_option("+")
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("orders team")
    console.button("Make it", dialog).click()
    expect(console.page.get_by_text("No call has arrived yet")).to_be_visible()
    made = choice.input_value()
    expect(console.page).to_have_url(re.compile(f"tenant={made}"))
    expect(choice.locator("option:checked")).to_have_text(f"orders team · {made}")
    huifu_mock.connect(server.base_url).find(made).patch(name="refunds team")
    expect(choice.locator("option:checked")).to_have_text(f"refunds team · {made}")
    choice.select_option(merchant.tenant.sys_id)
    expect(console.row("of-the-first")).to_be_visible()
    choice.select_option("!")
    console.button("Reset tenant", console.page.get_by_role("dialog")).click()
    expect(console.page.get_by_text("No call has arrived yet")).to_be_visible()
    assert list(merchant.tenant.orders.list()) == []
    console.page.go_back()
    expect(choice).to_have_value(made)
    choice.select_option("-")
    expect(dialog).to_contain_text(f"Tenant refunds team · {made} is dropped for good, for everybody who uses it")
    console.button("Cancel", dialog).click()
    expect(dialog).to_have_count(0)
    assert made in server.about()["tenants"]
    choice.select_option("-")
    console.button("Drop tenant", dialog).click()
    console.says(f"Tenant refunds team · {made} is dropped")
    assert made not in server.about()["tenants"]
    expect(choice).to_have_value(server.default.sys_id)
    expect(choice.locator("option[value='-']")).to_have_count(0)  # what every example uses stays


def test_the_last_tenant_is_not_dropped_from_the_page(chromium: browser.Browser) -> None:
    with huifu_mock.Server() as server:
        tenant = server.tenant()
        server.default.drop()
        console = Console(chromium, tenant)
        console.open()
        choice = console.page.get_by_role("combobox", name="Tenant")
        expect(choice.locator("option[value='!']")).to_have_count(1)
        expect(choice.locator("option[value='-']")).to_have_count(0)


def test_a_tenant_is_saved_as_the_capsule_that_the_control_api_gives(console: Console, merchant: Merchant) -> None:
    merchant.close(merchant.tenant.orders.add(req_seq_id="order-1"))
    merchant.tenant.clock.freeze()
    console.open()
    with console.page.expect_download() as begun:
        console.page.get_by_role("combobox", name="Tenant").select_option("file")
    assert begun.value.suggested_filename == f"capsule-{merchant.tenant.sys_id}.json"
    assert json.loads(begun.value.path().read_text()) == merchant.tenant.capsule()


def test_a_tenant_that_is_not_there_is_said_and_the_default_one_is_shown(console: Console) -> None:
    console.browser.open(f"{console.tenant.base_url}/_mock/?tenant=nobody")
    console.says("There is no tenant nobody")
    expect(console.page.get_by_role("combobox", name="Tenant")).to_have_value("6666000108854952")


def test_with_a_control_token_the_page_asks_for_it_once_for_the_tab(chromium: browser.Browser) -> None:
    with huifu_mock.Server(control_token="secret") as guarded:
        console = Console(chromium, guarded.tenant())
        chromium.open(f"{guarded.base_url}/_mock/")
        field = console.page.get_by_label("Control token")
        field.fill("wrong")
        console.button("Sign in").click()
        expect(console.page.get_by_role("alert")).to_have_text("That is not the token")
        field.fill("secret")
        console.button("Sign in").click()
        expect(console.page.locator(".connection.live")).to_be_visible()
        assert chromium.eval("Object.values(localStorage).includes('secret')") is False
        console.page.reload()
        expect(console.page.locator(".connection.live")).to_be_visible()


def test_a_page_says_that_the_server_is_gone_and_goes_on_with_the_next_one(chromium: browser.Browser) -> None:
    with huifu_mock.Server() as first:
        console, old = Console(chromium, first.default), first.base_url
        console.open()
    live = console.page.locator(".connection")
    expect(live).to_have_text("not connected, trying again")
    console.page.get_by_title("Advance by 61 s").click()
    console.says("That did not work: huifu-mock cannot be reached")
    console.page.evaluate("location.hash = 'call-1'")
    expect(console.detail).to_contain_text("huifu-mock cannot be reached")
    with huifu_mock.Server() as second:
        Merchant(second.default).close(second.default.orders.add())
        console.page.route(
            f"{old}/**", lambda asked: asked.continue_(url=asked.request.url.replace(old, second.base_url))
        )
        expect(live).to_have_text("live")
        expect(console.detail).to_contain_text("00000000 closed")
        console.page.unroute_all(behavior="ignoreErrors")


# --- what people and strangers write

HOSTILE = "<img src=x onerror=hacked()>\"'`${1}&amp;\u202e中"


def test_whatever_stands_in_a_field_is_shown_as_text(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        mailbox.refuse(99)
        tenant.webhooks.add(f"{mailbox.address}/{quote('<b>hook</b>')}")
        order = tenant.orders.add(req_seq_id=HOSTILE)
        merchant.post(f"/s/{quote('<i>s', safe='')}{CLOSE}", {**order.close_params(HOSTILE), "remark": HOSTILE})
        wrongly_signed(tenant, order, remark=HOSTILE)
        tenant.faults.add(answer="98888888", match={"org_req_seq_id": HOSTILE})
        delivery = tenant.deliveries.wait_for(attempts=1)
        for mark in ("call-1", "call-2", delivery.id, order_mark(order)):
            console.open(mark=mark)
            expect(console.detail.locator(".code, .timeline").first).to_be_visible()
            for tab in console.detail.get_by_role("tab").all():
                tab.click()
                expect(console.detail.get_by_role("tabpanel")).to_be_visible()
            found = console.browser.eval(
                "document.querySelectorAll('#app img[src=x], #app b b, #app i').length + ('hacked' in window ? 100 : 0)"
            )
            assert found == 0
        for view in ("calls", "orders", "deliveries", "faults"):
            console.open(view)
            expect(console.page.locator("main")).to_contain_text("<img src=x onerror=hacked()>")


# --- the keyboard, and a page that stays open


def has_focus(console: Console, id_: str) -> None:
    """Returns when that is focused."""
    console.until(f"(document.activeElement.dataset.id ?? document.activeElement.id) === '{id_}'")


TWO_ESCAPES = """for (const _ of [1, 2]) document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", {key: "Escape", bubbles: true, cancelable: true}))"""


def test_escape_twice_leaves_the_filter_however_soon_the_second_comes(console: Console) -> None:
    console.open()
    console.browser.press("/", "n", "o")
    console.browser.eval(TWO_ESCAPES)
    assert (
        console.browser.eval("document.activeElement === document.body && document.getElementById('filter').value")
        == ""
    )


def test_the_keyboard_alone_is_enough(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    young = tenant.orders.add(req_seq_id="young", age_seconds=1)
    for _ in range(3):
        merchant.close(young)
    console.open()
    expect(console.page.locator("a.row")).to_have_count(3)
    press = console.browser.press
    press("j")
    has_focus(console, "call-3")
    press("j", "k", "j")
    has_focus(console, "call-2")
    press("Enter")
    expect(console.detail.get_by_role("heading", name="call-2")).to_be_visible()
    press("j")
    expect(console.detail.get_by_role("heading", name="call-1")).to_be_visible()
    assert console.copied(lambda: press("y")).startswith("curl ")
    console.says("Copied")
    press("+")
    console.says("The clock is 1 min 1 s later")
    press("r")
    expect(console.detail).to_contain_text("00000000")
    press("Escape")
    expect(console.detail).to_have_count(0)
    press("/", "n", "o")
    has_focus(console, "filter")
    expect(console.page.get_by_text("No call matches")).to_be_visible()
    press("Escape", "Escape")
    expect(console.page.locator("a.row").first).to_be_visible()
    for letter, view in (("o", "orders"), ("d", "deliveries"), ("f", "faults"), ("n", "connect"), ("c", "calls")):
        console.page.keyboard.type(f"g{letter}")  # at one go: the page waits 1.5 s for the second one
        expect(console.page.locator(f"nav a[href='?view={view}']")).to_have_attribute("aria-current", "page")
    press("?")
    dialog = console.page.get_by_role("dialog")
    expect(dialog).to_contain_text("advance the clock by 61 s")
    press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.slow
def test_a_page_left_open_for_thousands_of_calls_keeps_its_memory(console: Console, merchant: Merchant) -> None:
    tenant = merchant.tenant
    order = tenant.orders.add(age_seconds=1)
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    bodies = [signing.envelope(tenant.sys_id, "MCS", order.close_params(f"c-{n}"), key) for n in range(250)]
    console.open()

    def many(_: int) -> None:
        connection = http.client.HTTPConnection(tenant.base_url.removeprefix("http://"))
        for body in bodies:
            connection.request("POST", CLOSE, body)
            connection.getresponse().read()
        connection.close()

    def heap_after_a_thousand_calls() -> int:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(many, range(4)))
        newest = tenant.journal.calls(req_seq_id="c-249")[-1].id
        console.until(f"{CALLS}[0].id === '{newest}'")
        console.browser.devtools.send("HeapProfiler.collectGarbage")
        return int(console.browser.devtools.send("Runtime.getHeapUsage")["usedSize"])

    used = [heap_after_a_thousand_calls() for _ in range(4)]
    while used[-1] - used[-2] > 1_000_000 and len(used) < 8:  # what is kept of calls grows each time
        used.append(heap_after_a_thousand_calls())
    assert used[-1] - used[-2] < 1_000_000, used
    assert console.browser.eval(f"(async () => {CALLS}.length)()") <= 2000
    assert console.browser.eval("document.querySelectorAll('a.row').length") < 80
