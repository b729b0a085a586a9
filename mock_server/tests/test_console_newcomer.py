"""What somebody does who has never seen huifu-mock: from the first close to a resent webhook, by the page alone."""

from collections.abc import Iterator

import browser
import pytest
from console_page import Console
from playwright.sync_api import expect
from postbox import Mailbox

import huifu_mock

pytestmark = [pytest.mark.xdist_group("chromium")]


@pytest.fixture
def console(chromium: browser.Browser) -> Iterator[Console]:
    with huifu_mock.Server() as server:
        yield (made := Console(chromium, server.default))
        assert made.complaints() == []


def test_a_newcomer_sees_all_of_it_without_reading_a_document(console: Console) -> None:
    tenant = console.tenant
    console.browser.open(f"{tenant.base_url}/")  # the address that `make run` prints
    page, button = console.page, console.button

    # the first close with one click, and there it is
    button("Send the first close").click()
    expect(console.detail.get_by_role("heading", name="call-1")).to_be_visible()
    expect(console.row("order-open")).to_contain_text("00000000")
    button("Close", console.detail).click()

    # a signature broken on purpose, and which character differs
    page.get_by_role("navigation").get_by_role("link", name="Connect").click()
    expect(page.get_by_text("Connected. Calls so far: 1")).to_be_visible()
    button("Send it wrongly signed").click()
    page.get_by_role("link", name="call-2: 10000000").click()
    expect(console.detail.locator(".diff mark").nth(0)).to_have_text("\\")
    expect(console.detail.locator(".diff mark").nth(1)).to_have_text("中")
    button("PHP", console.detail).click()
    expect(console.detail.locator(".fix")).to_contain_text("JSON_UNESCAPED_UNICODE")
    button("Close", console.detail).click()

    # the clock over the one-minute limit
    button("Close a young order").click()
    expect(page.get_by_role("link", name="call-3: 20000001")).to_be_visible()
    button("Advance 61 s and send again").click()
    expect(page.get_by_role("link", name="call-4: 00000000")).to_be_visible()

    # the customer pays during a close
    button("Start the close").click()
    expect(page.get_by_role("link", name="call-5: 00000100")).to_be_visible()
    button("Let the customer pay").click()
    page.get_by_role("link", name="Show slow-").click()
    timeline = console.detail.locator(".timeline")
    expect(timeline).to_contain_text("close → 00000100 in progress")
    expect(timeline).to_contain_text("paid")
    expect(timeline).to_contain_text("failed")
    button("Close", console.detail).click()

    # a webhook fails, says why, and is resent
    with Mailbox() as mailbox:
        mailbox.refuse(3)
        page.get_by_role("navigation").get_by_role("link", name="Connect").click()
        page.get_by_label("Address of the receiver").fill(f"{mailbox.address}/webhook")
        button("Close and push").click()
        page.get_by_role("link", name="delivery-1").click()
        attempts = console.detail.locator(".timeline li")
        expect(attempts.first).to_contain_text("HTTP 500")
        expect(console.detail).to_contain_text("Next try")
        expect(attempts).to_have_count(3)
        button("Resend (r)", console.detail).click()
        expect(attempts).to_have_count(4)
        expect(attempts.last).to_contain_text("acknowledged")
        expect(console.detail.locator(".order-head")).to_contain_text("delivered")
