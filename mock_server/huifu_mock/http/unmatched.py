"""Calls that reach no endpoint: what they are told, and how the journal keeps them."""

import re
from dataclasses import dataclass, field
from typing import Final

from huifu_mock import _nearest, explain
from huifu_mock.gateway.gateway import PATHS, Gateway
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import NO_ENDPOINT, ReceivedBytes, named
from huifu_mock.schemas import Problem
from huifu_mock.state.journal import Entry

KINDS: Final[dict[str, str]] = {
    "path": "no endpoint has that path",
    "method": "the endpoint takes POST",
    "size": "the body is too large",
    "length": "the body is longer than its Content-Length",
    "body": "the chunks of the body cannot be read",
    "slow": "the headers or the body took too long to arrive",
    "gone": "the client left before its body was complete",
    "http": "what was sent is no HTTP",
    "tls": "a TLS hello came, and the port speaks plain HTTP",
    "host": "the control API was called by a host name that is not this server's",
    "connections": "too many connections are open",
    "elsewhere": "a host that is not Huifu's was called through the intercepting listener",
    "opening": "what came to the intercepting listener is no opening of HTTP, SOCKS5 or TLS",
    "certificate": "the client did not accept the intercepting listener's TLS",
}
"""Why a call reached no endpoint, by the id that the journal gives."""

_ZH: Final[dict[str, str]] = {
    "path": "{path} 没有接口；{wanted}",
    "method": "请求方法是 {method}；汇付的接口只接受 POST",
    "size": "请求体超过 10 MiB；汇付的上限是 10 MB，一笔关单约 600 字节",
    "length": "请求体比 Content-Length 所说的长；Content-Length 要写 UTF-8 的字节数，不是字符数",
    "body": "请求体的分块无法读取；请带 Content-Length 发送，或使用格式正确的分块",
    "slow": "请求没有及时到齐；请按 Content-Length 一次发完",
    "gone": "请求体未到齐，客户端就断开了；请发送 Content-Length 所说的字节数",
    "http": "收到的不是 HTTP；请发送 HTTP/1.1 请求",
    "tls": "连接以 TLS 握手开头；此端口只用 http，不用 https",
    "host": "控制接口被以其他主机名调用；请用 127.0.0.1 或 localhost",
    "connections": "打开的连接过多，不再接受新连接；请关闭一些，或用 serve --max-connections 调高上限",
    "elsewhere": "调用的不是汇付的主机（{path}）；在环境变量 NO_PROXY 中写上该主机可直连，"
    "或用 --intercept-others tunnel 放行全部",
    "opening": "连接的开头既不是 HTTP、SOCKS5，也不是 TLS；请改用其中一种（HTTP 须为 1.1）",
    "certificate": "TLS 没有建立：请让客户端信任 CA（`huifu-mock ca` 可输出，`huifu-mock exec --intercept` 会设好），"
    "并使用 TLS 1.2 或 1.3；写死汇付证书的客户端须先改配置",
}
"""What is wrong and what would be right, in Chinese: by kind, as the journal keeps the English hint alone."""

LIKE: Final = 0.6
"""How much a path must resemble an endpoint's for that to be named; 1 is equal."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A call that reached no endpoint."""

    kind: str
    status: int | None
    """`None` where nothing was answered."""
    problem: Problem
    sent: ReceivedBytes = field(default_factory=lambda: ReceivedBytes(b""))
    method: str = ""
    path: str = ""


def keep(gateway: Gateway, call: Unmatched, response: bytes | None = None) -> tuple[Tenant, Entry]:
    """Put it into the journal of the tenant that its body names, else into that of the default tenant."""
    tenant = gateway.of(named(call.sent.body))
    with tenant.work():
        tenant.clock.tick()
        entry = Entry(
            number=tenant.journal.next_number(),
            at=tenant.clock.now(),
            endpoint=NO_ENDPOINT,
            sent=call.sent.cut(),
            response=response,
            status=call.status,
            hint=explain.ascii_line(str(call.problem)),
            unmatched=call.kind,
            method=call.method,
            target=call.path,
        )
        tenant.journal.add(entry)
    return tenant, entry


def said(entry: Entry) -> dict[str, str]:
    """Why a call reached no endpoint, in both languages; a list asks for a thousand at once, so nothing is searched."""
    like = next((path for path in PATHS if f"{_MEANT} {path}?" in entry.hint), "")
    if like:
        wanted = f"是不是想用 {like}？"
    elif _CONTROL in entry.hint:
        wanted = "控制接口在 /_mock 下（有下划线）；GET /_mock 列出其路径"
    else:
        wanted = f"这里的接口：{'、'.join(PATHS)}"
    zh = _ZH[entry.unmatched].format(path=entry.target or "?", method=entry.method or "?", wanted=wanted)
    return {"en": entry.hint, "zh": zh}


def explanation(entry: Entry) -> "explain.Explanation":
    """The same for who reads the whole entry."""
    return explain.Explanation(None, (), None, None, said(entry))


_MEANT: Final = "did you mean"


def no_such_path(path: str) -> Problem:
    """What to tell a client that asked for a path which is not served."""
    like = nearest(path)
    if like:
        wanted = f"{_MEANT} {like}?"
    elif _is_control(path):
        wanted = _CONTROL
    else:
        wanted = f"Huifu's paths here: {', '.join(PATHS)}"
    return Problem("the path", f"there is nothing at {path}", wanted)


_CONTROL: Final = "the control API is below /_mock, with an underscore; GET /_mock lists its paths"


def _is_control(path: str) -> bool:
    """Whether the control API was meant: a path below `mock`, in whatever spelling."""
    first = path[: _nearest.COMPARED].partition("?")[0].removeprefix("/").partition("/")[0]
    return first.strip("_-").lower() == "mock"


def nearest(path: str) -> str:
    """The endpoint's path that was probably meant; empty if none is like it."""
    bare = re.sub("^/s/[^/]*", "", path[: _nearest.COMPARED].partition("?")[0].lower()).rstrip("/")
    ends = [known for known in PATHS if bare.endswith(known)]
    if ends:
        return max(ends, key=len)
    return _nearest.nearest(bare, PATHS, LIKE)
