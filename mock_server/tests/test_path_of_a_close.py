"""The path of a close, as `mock_server/README.md` writes it down, is the path that a close really takes."""

import asyncio
import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import huifu_mock
from huifu_mock import signing

ROOT = Path(__file__).parents[2]
PACKAGE = Path(huifu_mock.__file__).parent
STEP = re.compile(r"^\d+\. `(?P<file>[\w/]+\.py)` `(?P<function>\w+)`", re.MULTILINE)
Step = tuple[str, str]


def written(document: str) -> list[Step]:
    """The steps in the section about the path: file and function, in order."""
    text = (ROOT / document).read_text("utf-8")
    start = text.index('<a id="path-of-a-close"></a>')
    section = text[start : text.index("\n## ", text.index("\n## ", start) + 1)]
    return [(step["file"], step["function"]) for step in STEP.finditer(section)]


class Client:
    """One connection to a server."""

    async def connect(self, base_url: str) -> "Client":
        self.host, port = base_url.removeprefix("http://").split(":")
        self.reader, self.writer = await asyncio.open_connection(self.host, int(port))
        return self

    async def post(self, body: bytes) -> bytes:
        head = "POST /v2/trade/payment/scanpay/close HTTP/1.1\r\n"
        self.writer.write(f"{head}Host: {self.host}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        received = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", received.lower())
        assert length is not None
        return await self.reader.readexactly(int(length[1]))

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


async def taken(*, known: bool) -> tuple[list[Step], bytes]:
    """Each function of the package that a close over a socket calls, in order, and what came back.

    `known`: another close with the same head came before.
    """
    steps: list[Step] = []

    def follow(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(PACKAGE):
                steps.append((file.relative_to(PACKAGE).as_posix(), frame.f_code.co_name))

    async with huifu_mock.Server(port=0) as server:
        tenant = server.tenant()
        key = signing.load_private_key(tenant.merchant_private_key)
        first, second = (
            signing.envelope(tenant.sys_id, tenant.product_id, tenant.orders.add().close_params(number), key)
            for number in ("close-1", "close-2")
        )
        client = await Client().connect(server.base_url)
        if known:
            await client.post(first)
        before = sys.getprofile()
        sys.setprofile(follow)
        try:
            answer = await client.post(second)
        finally:
            sys.setprofile(before)
        await client.close()
    return steps, answer


@pytest.mark.parametrize("document", ["mock_server/README.md", "mock_server/README.zh-CN.md"])
async def test_a_close_takes_the_path_that_is_written_down(document: str) -> None:
    path = written(document)
    assert len(path) >= 7
    steps, answer = await taken(known=False)
    assert b"00000000" in answer
    seen = [step for step in steps if step in set(path)]
    assert list(dict.fromkeys(seen)) == path, "the functions are called in this order"
    assert len(seen) == len(path), "each is called once"


async def test_a_close_whose_head_came_before_takes_the_same_path_from_the_gateway_on() -> None:
    path = [("http/server.py", "answer_known"), *written("mock_server/README.md")[1:]]
    steps, answer = await taken(known=True)
    assert b"00000000" in answer
    seen = [step for step in steps if step in {*path, ("http/server.py", "_huifu")}]
    assert sorted(seen) == sorted(path), "each is called once, and nothing of aiohttp's way"
