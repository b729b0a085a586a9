"""A merchant that talks to a running server: signs by the documents' rules, reads only what verifies."""

import json
from itertools import count
from typing import Any
from urllib.request import Request, urlopen

from huifu_mock import Order, Tenant, signing

CLOSE, CLOSEQUERY = "/v2/trade/payment/scanpay/close", "/v2/trade/payment/scanpay/closequery"


class Merchant:
    """A client of one tenant; its clock stands still unless it is moved."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
        self._huifu = signing.load_public_key(tenant.huifu_public_key)
        self._numbers = count(1)

    def post(self, path: str, data: dict[str, Any]) -> dict[str, str]:
        """The verified `data` of the reply."""
        body = signing.envelope(self.tenant.sys_id, self.tenant.product_id, data, self._key)
        with urlopen(Request(self.tenant.base_url + path, body), timeout=30) as response:
            raw: bytes = response.read()
        text, _, sign = raw.removeprefix(b'{"data":').rpartition(b',"sign":"')
        assert signing.verify(self._huifu, text, sign[:-2].decode())
        answered: dict[str, str] = json.loads(text)
        return answered

    def close(self, order: Order) -> dict[str, str]:
        """Close an order under a fresh number."""
        return self.post(CLOSE, order.close_params(f"close-{next(self._numbers)}"))

    def closequery(self, order: Order) -> dict[str, str]:
        """Ask how the close of an order went."""
        return self.post(CLOSEQUERY, order.close_params(f"query-{next(self._numbers)}"))
