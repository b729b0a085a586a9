"""Makes the pictures of the console that the READMEs show, from a running server: `make screenshots`.

It needs a Chromium, and for the Chinese picture a font with Chinese characters.
"""

import argparse
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from browser import Browser, installed
from console_page import Console, wrongly_signed
from merchant import CLOSE, Merchant
from picture import smaller

import huifu_mock

PLACE = Path(__file__).parents[1]
PICTURES = {"en": "console.png", "zh": "console.zh-CN.png"}
WIDTH, HEIGHT = 1200, 720


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=PLACE, help="the folder (default: mock_server)")
    parser.add_argument("--scale", type=float, default=1.5, help="pixels for each CSS pixel")
    options = parser.parse_args()
    program = installed()
    if program is None:
        print("screenshots.py: there is no Chromium here (Debian and Ubuntu: the package chromium)", file=sys.stderr)
        return 4
    with huifu_mock.Server() as server, Browser(program) as browser:
        opened = story(server.default)
        for lang, name in PICTURES.items():
            take(Console(browser, server.default), opened, lang, options.into / name, options.scale)
    return 0


def story(tenant: huifu_mock.Tenant) -> str:
    """Calls of every kind; the id of the one that is open in the picture."""
    merchant, clock, orders = Merchant(tenant), tenant.clock, tenant.orders
    clock.freeze(at="2030-06-05T21:03:00")
    tenant.webhooks.add("http://127.0.0.1:9/webhook")
    shop = [orders.add(req_seq_id=f"shop-{1001 + number}", trans_amt="28.80") for number in range(4)]
    slow = orders.add(req_seq_id="shop-1005", settle="processing", settle_seconds=60)
    young = orders.add(req_seq_id="shop-1006", age_seconds=23)
    merchant.close(shop[0])
    clock.advance(4.2)
    merchant.close(slow)
    clock.advance(9.137)
    orders.pay("shop-1005")
    merchant.close(young)
    clock.advance(3.408)
    merchant.close(orders.get("order-unionpay", req_date="20260101"))
    clock.advance(6.1)
    tenant.faults.add(answer="98888888")
    merchant.close(shop[1])
    clock.advance(12.9)
    for _ in range(2):
        merchant.post(CLOSE, shop[2].close_params("close-again"))
        clock.advance(1.311)
    tenant.faults.add(fault="reset-after-commit", match={"org_req_seq_id": "shop-1007"}, times=2)
    try:
        urlopen(Request(tenant.base_url + "/v2/v2" + CLOSE[3:], b"{}"), timeout=10).close()
    except HTTPError as error:
        error.close()
    clock.advance(7.77)
    wrongly_signed(tenant, shop[3], remark="中文/测试")
    opened = tenant.journal.calls(signature_ok="false")[-1].id
    clock.advance(42)
    merchant.close(young)
    tenant.deliveries.wait_for(attempts=1)
    return opened


def take(console: Console, opened: str, lang: str, place: Path, scale: float) -> None:
    console.open(mark=opened, lang=lang, width=WIDTH, height=HEIGHT, scale=scale)
    console.detail.locator(".diff").wait_for()
    console.browser.eval("document.querySelector('.drawer-scroll').scrollTop = 0")
    console.browser.picture(place)
    place.write_bytes(smaller(place.read_bytes()))
    print(f"wrote {place}: {place.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    sys.exit(main())
