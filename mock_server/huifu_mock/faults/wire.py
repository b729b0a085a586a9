"""Faults on the wire: how a reply that was decided and signed reaches the client, or does not.

Add one: a function that handles the `ClientConnection`, and a row in `WIRE`.
"""

import gzip as _gzip
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, Protocol

from huifu_mock.faults.kind import Kind, Setting, Settings
from huifu_mock.request import Call

JSON: Final = "application/json;charset=UTF-8"
HTML: Final = "text/html; charset=UTF-8"


class ClientConnection(Protocol):
    """The connection that a call came in on. What is written is kept as the journal's evidence."""

    async def interim(self, status: int) -> None:
        """Send a response that only tells that the reply will come."""

    async def head(
        self,
        length: int | None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        named: Callable[[str], str] = str,
    ) -> None:
        """Send status and headers; what is not given is as it would be without a fault. No length: in chunks.

        `named` makes of each header's name how it is written.
        """

    async def write(self, part: bytes, shown: bytes | None = None) -> None:
        """Send a part of the body; `shown` is what the journal shows instead of it."""

    async def wait(self, seconds: float) -> None:
        """Let real time pass."""

    async def hang(self) -> None:
        """Do nothing until the client hangs up or the server stops."""

    def close(self) -> None:
        """Hang up in the orderly way."""

    def reset(self) -> None:
        """Hang up with a TCP reset."""


WireAct = Callable[[ClientConnection, bytes, Settings], Awaitable[None]]


async def delay(connection: ClientConnection, _body: bytes, settings: Settings) -> None:
    await connection.wait(settings["seconds"])


async def hang(connection: ClientConnection, _body: bytes, _settings: Settings) -> None:
    await connection.hang()


async def drip(connection: ClientConnection, body: bytes, settings: Settings) -> None:
    step = settings["bytes"]
    await connection.head(len(body))
    for start in range(0, len(body), step):
        if start:
            await connection.wait(settings["seconds"])
        await connection.write(body[start : start + step])


async def reset(connection: ClientConnection, _body: bytes, _settings: Settings) -> None:
    connection.reset()


async def close_silently(connection: ClientConnection, _body: bytes, _settings: Settings) -> None:
    connection.close()


async def empty_body(connection: ClientConnection, _body: bytes, _settings: Settings) -> None:
    await connection.head(0)


async def truncated(connection: ClientConnection, body: bytes, settings: Settings) -> None:
    await connection.head(len(body))
    await connection.write(body[: min(settings["bytes"], len(body) - 1)])
    connection.close()


def page(status: int) -> bytes:
    """An HTML page as gateways and proxies show it."""
    title = f"{status} {phrase(status)}".strip()
    return f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n".encode()


def phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


async def html(connection: ClientConnection, _body: bytes, _settings: Settings) -> None:
    await _page(connection, 200, page(200), {"Content-Type": HTML})


async def other_body(connection: ClientConnection, _body: bytes, settings: Settings) -> None:
    content = settings["content"].encode(settings["charset"], "replace")
    await connection.head(len(content))
    await connection.write(content)


async def interim(connection: ClientConnection, body: bytes, settings: Settings) -> None:
    await connection.interim(settings["interim_status"])
    await connection.head(len(body))
    await connection.write(body)


async def lower_case_headers(connection: ClientConnection, body: bytes, _settings: Settings) -> None:
    await connection.head(len(body), named=str.lower)
    await connection.write(body)


async def chunked(connection: ClientConnection, body: bytes, settings: Settings) -> None:
    step = settings["bytes"]
    await connection.head(None)
    for start in range(0, len(body), step):
        await connection.write(body[start : start + step])


async def content_type(connection: ClientConnection, body: bytes, settings: Settings) -> None:
    await _page(connection, 200, body, {"Content-Type": settings["content_type"]})


async def _page(connection: ClientConnection, status: int, body: bytes, headers: dict[str, str]) -> None:
    await connection.head(len(body), status, headers)
    if body:
        await connection.write(body)


BODIES: Final[dict[str, tuple[str, Callable[[int], bytes]]]] = {
    "html": (HTML, page),
    # 922 is the documented status of a gateway that cannot verify, and this is its body; the other is assumed
    "json": (
        JSON,
        lambda status: (
            '{"resp_code":"40002","resp_desc":"验签失败"}'
            if status == 922
            else '{"resp_code":"99999999","resp_desc":"系统异常,请稍后重试"}'
        ).encode(),
    ),
    "nothing": (JSON, lambda _: b""),
}
SIGNED: Final = "signed"
"""The `body` of a status that is the signed reply itself."""
NO_BODY: Final = frozenset({204, 205, 304})


async def status(connection: ClientConnection, body: bytes, settings: Settings) -> None:
    code = settings["status"]
    kind, write = (JSON, lambda _: body) if settings["body"] == SIGNED else BODIES[settings["body"]]
    headers = {"Content-Type": kind}
    if 300 <= code < 400:
        headers["Location"] = settings["location"]
    await _page(connection, code, b"" if code in NO_BODY else write(code), headers)


async def stale_keep_alive(connection: ClientConnection, body: bytes, settings: Settings) -> None:
    await connection.head(len(body), headers={"Connection": "keep-alive", "Keep-Alive": "timeout=60"})
    await connection.write(body)
    await connection.wait(settings["seconds"])
    connection.close()


async def gzip(connection: ClientConnection, body: bytes, _: Settings) -> None:
    packed = _gzip.compress(body, mtime=0)
    await connection.head(len(packed), headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    await connection.write(packed, shown=body)


def asks_for_gzip(call: Call) -> bool:
    """Whether the request names gzip in `Accept-Encoding`, and not with the weight 0."""
    for part in call.sent.header("Accept-Encoding").lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";")
        if coding in ("gzip", "*"):
            return weight.removeprefix("q=").strip("0.") != "" or not weight
    return False


def speaks_http_1_1(call: Call) -> bool:
    """Whether the client knows chunks and interim responses, which a server must not send it otherwise."""
    return not call.sent.http_1_0


# fmt: off
WIRE: Final[tuple[Kind[WireAct], ...]] = (
    Kind("delay", "pace", delay,
         "the reply comes late: the close is carried out at once, and the answer waits",
         "应答延迟：关单立即执行，应答稍后返回",
         (Setting("seconds", 1.0, "how long, in real time", "延迟秒数（真实时间）"),)),
    Kind("hang", "wire", hang,
         "no answer at all until the client hangs up; nothing is carried out (`when: after`: the close is)",
         "一直不应答，直到客户端断开；不执行关单（`when: after` 时先执行）",
         (Setting("when", "before", "before or after the close is carried out", "执行关单之前或之后"),), stops=True),
    Kind("drip", "wire", drip,
         "the body comes in small pieces, slowly: byte by byte 130 s for a reply of 650 bytes, with `bytes: 65` 2 s",
         "应答体分小段缓慢返回：逐字节时，650 字节的应答需 130 秒；`bytes` 为 65 时需 2 秒",
         (Setting("bytes", 1, "how many at once", "每段字节数", least=1),
          Setting("seconds", 0.2, "between two pieces, in real time", "每段间隔秒数（真实时间）"))),
    Kind("reset-before-read", "wire", reset,
         "TCP reset before the request is looked at; nothing is carried out",
         "读取请求前 TCP 重置；不执行关单", stops=True, unread=True),
    Kind("reset-before-commit", "wire", reset,
         "TCP reset before processing; nothing is carried out",
         "处理前 TCP 重置；不执行关单", stops=True),
    Kind("reset-after-commit", "wire", reset,
         "TCP reset after processing: the close is carried out, its answer is lost",
         "处理后 TCP 重置：关单已执行，应答丢失"),
    Kind("close-silently", "wire", close_silently,
         "the connection is closed in the orderly way, without an answer",
         "正常断开连接，没有应答"),
    Kind("empty-body", "wire", empty_body,
         "HTTP 200 with an empty body",
         "HTTP 200，应答体为空"),
    Kind("truncated", "wire", truncated,
         "the body breaks off: Content-Length promises more than is sent",
         "应答体不完整：Content-Length 大于实际长度",
         (Setting("bytes", 20, "how many are sent", "实际发送的字节数"),)),
    Kind("html", "wire", html,
         "an HTML page with HTTP 200",
         "HTTP 200，但内容是 HTML 页面"),
    Kind("other-body", "wire", other_body,
         "HTTP 200 with a body that the test gives, in place of the reply",
         "HTTP 200，应答体换成测试给定的内容",
         (Setting("content", "null", "the body, as text", "应答体文本"),
          Setting("charset", "utf-8", "how it is encoded: utf-8 or gbk", "编码：utf-8 或 gbk"))),
    Kind("chunked", "wire", chunked,
         "the reply comes in chunks and without a Content-Length; not to HTTP/1.0, which knows no chunks",
         "应答分块传输，没有 Content-Length；不用于 HTTP/1.0（该版本没有分块）",
         (Setting("bytes", 64, "how many bytes a chunk has", "每块字节数", least=1),), fits=speaks_http_1_1),
    Kind("interim", "wire", interim,
         "an interim response comes before the reply; not to HTTP/1.0, which knows none",
         "应答之前先有一个临时响应（1xx）；不用于 HTTP/1.0（该版本没有临时响应）",
         (Setting("interim_status", 100, "its status: 100, 102 or 103", "其状态码：100、102 或 103"),),
         fits=speaks_http_1_1),
    Kind("lower-case-headers", "wire", lower_case_headers,
         "the names of the reply's headers are in lower case", "应答头的名称全部小写"),
    Kind("content-type", "wire", content_type,
         "the reply comes with another Content-Type", "应答的 Content-Type 不同",
         (Setting("content_type", "application/json", "which", "取值"),)),
    Kind("status", "wire", status,
         "another HTTP status, unsigned unless `body` says so",
         "其他 HTTP 状态码；除 `body` 为 signed 外无签名",
         (Setting("status", 502, "the status: 5xx, 4xx, 3xx, 922 …", "状态码：5xx、4xx、3xx、922 等"),
          Setting("body", "html", "html, json, nothing, or signed: the reply itself",
                  "html、json、nothing（空）或 signed（应答本身）"),
          Setting("location", "/", "where a 3xx leads", "3xx 的跳转地址"))),
    Kind("stale-keep-alive", "wire", stale_keep_alive,
         "a good reply that announces keep-alive, then the idle connection is closed",
         "正常应答并声明 keep-alive，随后服务端关闭空闲连接",
         (Setting("seconds", 0.0, "how long after the reply, in real time", "应答后多少秒关闭（真实时间）"),)),
    Kind("gzip", "wire", gzip,
         "the body is compressed, if the client asked for it",
         "若客户端声明支持，则压缩应答体", fits=asks_for_gzip),
)
# fmt: on
