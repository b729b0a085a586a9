"""A client that writes one signed close onto a socket and looks at everything that comes back, byte by byte."""

import json
import select
import socket
from collections.abc import Callable
from itertools import count
from typing import Any

from wired import connected, head

import huifu_mock
from huifu_mock import signing

_NUMBERS = count(1)


def body(tenant: huifu_mock.Tenant, order: huifu_mock.Order | None = None, **changes: Any) -> bytes:
    """A signed close of the order, under a number of its own."""
    data = {
        "req_date": "20260101",
        "req_seq_id": f"close-{next(_NUMBERS)}",
        "huifu_id": order.huifu_id if order else tenant.huifu_id,
        "org_req_date": order.req_date if order else "20260101",
        "org_req_seq_id": order.req_seq_id if order else "no-such-order",
        **changes,
    }
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    return signing.envelope(tenant.sys_id, tenant.product_id, data, key)


class Client:
    """One connection."""

    def __init__(self, tenant: huifu_mock.Tenant, session: str = "") -> None:
        self.tenant, self._prefix = tenant, f"/s/{session}" if session else ""
        self.socket: socket.socket = connected(tenant.base_url)
        self.received = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(
        self, sent: bytes, *headers: tuple[str, str], path: str = "/v2/trade/payment/scanpay/close",
        version: str = "HTTP/1.1",
    ) -> "Client":  # fmt: skip
        """Send a request; it asks for `Connection: keep-alive` as HTTP/1.1 does by saying nothing."""
        lines = [("Content-Type", "application/json"), ("Content-Length", str(len(sent))), *headers]
        written = head(self.tenant.base_url, lines, self._prefix + path).replace(b"HTTP/1.1", version.encode(), 1)
        self.socket.sendall(written + sent)
        return self

    def until(self, enough: Callable[[bytes], bool]) -> str:
        """Read until `enough`, or until the server hangs up; tells how it ended: enough, closed or reset."""
        while not enough(self.received):
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                return "reset"
            if not part:
                return "closed"
            self.received += part
        return "enough"

    def whole(self) -> str:
        """Read a whole reply."""
        return self.until(complete)

    def to_the_end(self) -> str:
        """Read until the server hangs up."""
        return self.until(lambda _: False)

    @property
    def silent(self) -> bool:
        """Whether nothing has come, not even the end."""
        return not select.select([self.socket], [], [], 0)[0]

    @property
    def status(self) -> int:
        return int(self.received.split(b" ", 2)[1])

    def header(self, name: str) -> str:
        """A header of the reply, empty if it is not there."""
        return headers_of(self.received).get(name.lower(), "")

    @property
    def body(self) -> bytes:
        return self.received.partition(b"\r\n\r\n")[2]

    @property
    def envelope(self) -> dict[str, Any]:
        """The reply as JSON."""
        told: dict[str, Any] = json.loads(self.body)
        return told

    @property
    def data_bytes(self) -> bytes:
        """`data` as it was sent, which is what a signature covers."""
        return self.body.partition(b'{"data":')[2].rpartition(b',"sign":')[0]

    @property
    def signature_holds(self) -> bool:
        """Whether Huifu's key signed exactly the bytes of `data`."""
        key = signing.load_public_key(self.tenant.huifu_public_key)
        return signing.verify(key, self.data_bytes, self.envelope["sign"])


def headers_of(received: bytes) -> dict[str, str]:
    """The headers of a response."""
    lines = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def complete(received: bytes) -> bool:
    """Whether a whole response is there, by its Content-Length."""
    if b"\r\n\r\n" not in received:
        return False
    return len(received.partition(b"\r\n\r\n")[2]) >= int(headers_of(received)["content-length"])


def told(tenant: huifu_mock.Tenant, order: huifu_mock.Order | None = None, *headers: tuple[str, str],
         **changes: Any) -> Client:  # fmt: skip
    """A client that has sent one close and read the whole reply."""
    with Client(tenant) as client:
        assert client.send(body(tenant, order, **changes), *headers).whole() == "enough"
        return client
