"""The console in a browser, for tests and for the pictures: opened as a user has it, with what it complains of."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from browser import Browser
from playwright.sync_api import Locator, Page, expect
from wired import post

import huifu_mock
from huifu_mock import signing

AXE = Path(__file__).parent / "console" / "axe.min.js"
VIEWS = ("calls", "orders", "deliveries", "faults", "connect")
expect.set_options(timeout=20_000)  # what is awaited comes at once; a busy machine may still take its time

STORE = "(await import(new URL('store.js', document.querySelector('script[type=module]').src)))"
"""What the page knows, for JavaScript that may `await`."""
UNTIL = """new Promise((done, fail) => {
  const end = performance.now() + 30000;
  const look = async () => {
    if (CONDITION) done();
    else if (performance.now() > end) fail(new Error("it never became true"));
    else setTimeout(look, 20);
  };
  look().catch(fail);
})"""
MESSAGES = """window.messages = [];
new MutationObserver((changes) => {
  for (const node of changes.flatMap((one) => [...one.addedNodes])) {
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    const found = node.matches(".toasts p") ? [node] : node.querySelectorAll(".toasts p");
    for (const one of found) if (one.checkVisibility()) messages.push(one.textContent);
  }
}).observe(document, {childList: true, subtree: true});"""
"""Keeps what the page says: it goes away by itself after seconds, which a busy machine may take before it looks."""
SAID = """(() => {
  const at = messages.findIndex((one) => one.includes(TEXT));
  if (at >= 0) messages.splice(0, at + 1);
  return at >= 0;
})()"""
VIOLATIONS = """axe.run(document, {
  resultTypes: ["violations"], preload: false, rules: {"label-content-name-mismatch": {enabled: true}},
}).then(({violations}) =>
  violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`))"""


class Console:
    """The page of one tenant."""

    def __init__(self, browser: Browser, tenant: huifu_mock.Tenant) -> None:
        self.browser, self.tenant = browser, tenant
        browser.prepare(MESSAGES)

    @property
    def page(self) -> Page:
        return self.browser.page

    def open(
        self,
        view: str = "calls",
        mark: str = "",
        *,
        lang: str = "en",
        theme: str = "light",
        width: int = 1280,
        height: int = 900,
        scale: float = 1,
    ) -> None:
        """The page with its first answers, and all of itself there."""
        given = {"tenant": self.tenant.sys_id, "lang": lang, "theme": theme, "view": view}
        address = f"{self.tenant.base_url}/_mock/?{urlencode(given)}{'#' + quote(mark) if mark else ''}"
        self.browser.open(address, width=width, height=height, scale=scale)
        self.page.set_default_timeout(20_000)
        expect(self.page.locator(".connection.live, .connection.paused")).to_be_attached()
        self.until(f"{STORE}.rest() !== null")
        expect(self.page.locator(".loading")).to_have_count(0)

    def button(self, name: str, inside: Locator | None = None) -> Locator:
        return (inside or self.page).get_by_role("button", name=name, exact=True)

    def row(self, text: str) -> Locator:
        return self.page.locator("a.row", has_text=text)

    @property
    def detail(self) -> Locator:
        return self.page.locator("aside.drawer")

    def until(self, condition: str) -> None:
        """Returns when a JavaScript condition, in which `await` is allowed, has become true."""
        self.browser.eval(UNTIL.replace("CONDITION", condition))

    def says(self, text: str) -> None:
        """Returns when the page has shown a message with that text, later than the one that was asked for before."""
        self.until(SAID.replace("TEXT", json.dumps(text)))

    def copied(self, copy: Callable[[], None]) -> str:
        """What stands in the clipboard once that has copied something."""
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.browser.eval("navigator.clipboard.writeText('')")
        copy()
        self.until("(await navigator.clipboard.readText()) !== ''")
        return str(self.browser.eval("navigator.clipboard.readText()"))

    def violations(self) -> list[str]:
        """What axe finds wrong with what is shown now."""
        if not self.browser.eval("'axe' in window"):
            self.browser.eval(AXE.read_text("utf-8") + ";0")
        return list(self.browser.eval(VIOLATIONS))

    def complaints(self) -> list[str]:
        """What the page complains of. That the control API refused something is for the page to say, and no fault."""
        refusal = re.compile(r"Failed to load resource: .* status of (401|404|409|422) ")
        return [one for one in self.browser.complaints() if not refusal.match(one)]

    def scrolls_sideways(self) -> bool:
        return bool(self.browser.eval("document.documentElement.scrollWidth > innerWidth"))


def wrongly_signed(tenant: huifu_mock.Tenant, order: huifu_mock.Order, **more: str) -> None:
    """A close whose members were signed as they stand, with spaces and escapes."""
    data = {**order.close_params("close-wrong"), **more}
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    sign = signing.sign(key, json.dumps(data).encode())
    body = {"sys_id": tenant.sys_id, "product_id": tenant.product_id, "data": data, "sign": sign}
    post(tenant.base_url, json.dumps(body, ensure_ascii=False).encode())


def order_mark(order: huifu_mock.Order) -> str:
    return f"order/{order.huifu_id}/{order.req_date}/{order.req_seq_id}"
