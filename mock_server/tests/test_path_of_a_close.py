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


async def post(base_url: str, body: bytes) -> bytes:
    host, port = base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v2/trade/payment/scanpay/close HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def taken() -> tuple[list[Step], bytes]:
    """Each function of the package that a close over a socket calls, in order, and what came back."""
    steps: list[Step] = []

    def follow(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(PACKAGE):
                steps.append((file.relative_to(PACKAGE).as_posix(), frame.f_code.co_name))

    async with huifu_mock.Server(port=0) as server:
        tenant = server.tenant()
        key = signing.load_private_key(tenant.merchant_private_key)
        data = tenant.orders.add().close_params("close-1")
        body = signing.envelope(tenant.sys_id, tenant.product_id, data, key)
        before = sys.getprofile()
        sys.setprofile(follow)
        try:
            answer = await post(server.base_url, body)
        finally:
            sys.setprofile(before)
    return steps, answer


@pytest.mark.parametrize("document", ["mock_server/README.md", "mock_server/README.zh-CN.md"])
async def test_a_close_takes_the_path_that_is_written_down(document: str) -> None:
    path = written(document)
    steps, answer = await taken()
    assert b"00000000" in answer
    assert len(path) >= 7
    seen = [step for step in steps if step in set(path)]
    assert list(dict.fromkeys(seen)) == path, "the functions are called in this order"
    assert len(seen) == len(path), "each is called once"
