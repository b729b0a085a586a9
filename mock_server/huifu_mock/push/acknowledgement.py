"""Whether a receiver acknowledged a push, by the rule of its channel; if not, why, and what would be right: in English
and in Chinese."""

from collections.abc import Callable
from typing import Final

from huifu_mock.push import evidence, retry_schedule
from huifu_mock.push.message import Bilingual, Channel, Message, ReceiverResponse, Trouble

_NO_ANSWER: Final[dict[Trouble, Bilingual]] = {
    "refused": ("not sent: {detail}", "未发送：{detail}"),
    "queue": ("not sent: {detail}", "未发送：{detail}"),
    "url": (
        "not sent: {url} is not a URL that can be called ({detail}); http://127.0.0.1:9000/webhook is one",
        "未发送：{url} 不是可调用的 URL（{detail}）；正确写法如 http://127.0.0.1:9000/webhook",
    ),
    "timeout": (
        "timeout: no complete answer within {detail} s; answer first and do the work afterwards",
        "超时：{detail} 秒内没有完整应答；请先应答，再处理业务",
    ),
    "unknown-host": (
        "the host name of {url} cannot be resolved ({detail})",
        "无法解析 {url} 的主机名（{detail}）",
    ),
    "unreachable": (
        "connection refused: nothing listens at {url} ({detail})",
        "连接被拒绝：{url} 没有程序在监听（{detail}）",
    ),
    "disconnected": (
        "the receiver closed the connection without an answer ({detail})",
        "接收端未应答就关闭了连接（{detail}）",
    ),
    "tls": ("TLS failed: {detail}; is it an http:// URL?", "TLS 失败：{detail}；是否应为 http:// 地址？"),
    "http": ("what came back is not HTTP: {detail}", "返回的不是 HTTP：{detail}"),
}


def webhook(message: Message, answered: ReceiverResponse) -> Bilingual | None:
    """A webhook is acknowledged by any 2xx; the body does not matter."""
    if answered.status is not None and 200 <= answered.status < 300:
        return None
    return _no_answer(message, answered) or _status(message, answered, ("any 2xx", "任意 2xx"))


def notify(message: Message, answered: ReceiverResponse) -> Bilingual | None:
    """A notify is acknowledged by HTTP 200 and nothing but `RECV_ORD_ID_` with the `req_seq_id` in `resp_data`."""
    if answered.status != 200:
        return _no_answer(message, answered) or _status(message, answered, ("HTTP 200", "HTTP 200"))
    got, want = answered.text or "", message.expected
    if got == want:
        return None
    why = next((said for applies, said in _WRONG_BODY if applies(got, want)), None)
    said = (
        f'HTTP 200, but the body is "{_short(got)}" and must be exactly "{want}"',
        f"HTTP 200，但内容为“{_short(got)}”，必须恰好是“{want}”",
    )
    return _because(said, why)


_WRONG_BODY: Final[tuple[tuple[Callable[[str, str], bool], Bilingual], ...]] = (
    (lambda got, _: not got, ("it is empty", "内容为空")),
    (lambda got, want: got.strip() == want,
     ("there is white space around it, perhaps a line feed at its end", "前后有空白字符，也许末尾多了换行")),
    (lambda got, want: got.strip("\ufeff") == want, ("it begins with a byte order mark", "开头有 BOM")),
    (lambda got, want: got.strip().strip("\"'") == want,
     ("it is in quotes; send plain text, not JSON", "带了引号；请返回纯文本，而不是 JSON")),
    (lambda got, want: got.lower() == want.lower(), ("upper and lower case matter", "须区分大小写")),
    (lambda got, _: got == "RECV_ORD_ID_",
     ("the number is missing: take req_seq_id out of resp_data", "缺少流水号：取 resp_data 中的 req_seq_id")),
    (lambda got, _: got.startswith("RECV_ORD_ID_"),
     ("that is another number: take req_seq_id out of resp_data", "流水号不对：取 resp_data 中的 req_seq_id")),
    (lambda got, want: want in got, ("there is more than that in it", "还有多余的内容")),
    (lambda got, _: got.strip().lower() in ("success", "ok", "true"),
     ("that is how other gateways are acknowledged", "那是其他支付网关的应答方式")),
    (lambda got, _: got.lstrip()[:1] == "<", ("it is a web page", "返回的是网页")),
    (lambda got, _: got.lstrip()[:1] in ("{", "["), ("it is JSON; send plain text", "返回的是 JSON；请返回纯文本")),
)  # fmt: skip


def _no_answer(message: Message, answered: ReceiverResponse) -> Bilingual | None:
    if not answered.trouble:
        return None
    en, zh = _NO_ANSWER[answered.trouble]
    return (
        en.format(url=message.receiver, detail=answered.detail),
        zh.format(url=message.receiver, detail=answered.detail_zh or answered.detail),
    )


def _status(message: Message, answered: ReceiverResponse, wanted: Bilingual) -> Bilingual:
    said = (
        f"HTTP {answered.status} is no acknowledgement, {wanted[0]} is",
        f"HTTP {answered.status} 不算确认，{wanted[1]} 才算",
    )
    if answered.evidence is not None:
        return _because(said, answered.evidence)
    en, zh = next((why for applies, why in _WRONG_STATUS if applies(message, answered)), ("", ""))
    return _because(said, (en.format(location=answered.location), zh.format(location=answered.location)))


def _because(said: Bilingual, why: Bilingual | None) -> Bilingual:
    """A finding with its reason, where there is one."""
    if why is None or not why[0]:
        return said
    return f"{said[0]}: {why[0]}", f"{said[1]}：{why[1]}"


def _is_form(message: Message) -> bool:
    return message.channel.content_type.startswith("application/x-www-form")


def _wants_json(answered: ReceiverResponse) -> bool:
    said = (answered.text or "").lower()
    return answered.status in (400, 415, 422) and ("json" in said or answered.status == 415)


_WRONG_STATUS: Final[tuple[tuple[Callable[[Message, ReceiverResponse], bool], Bilingual], ...]] = (
    (lambda _, a: 300 <= (a.status or 0) < 400,
     ("redirects are not followed (Location: {location})", "不跟随重定向（Location：{location}）")),
    (lambda m, a: _is_form(m) and _wants_json(a),
     ("the receiver wants JSON, but a notify is a form (application/x-www-form-urlencoded)",
      "接收端要求 JSON，而异步通知是表单（application/x-www-form-urlencoded）")),
    (lambda m, a: not _is_form(m) and a.status == 415,
     ("the receiver does not take application/json, which is what a webhook is",
      "接收端不接受 application/json，而 webhook 正是这种格式")),
    (lambda _, a: a.status == 404, ("nothing is served at this path", "该路径没有服务")),
    (lambda _, a: a.status == 405, ("the receiver does not take POST here", "接收端在此路径不接受 POST")),
    (lambda m, a: not _is_form(m) and evidence.is_about_the_sign(a),
     ("the receiver refused the signature; let it answer the MD5 that it computed, and its mistake is named here",
      "接收端验签失败；让它返回自己算出的 MD5，这里就会指出错在哪里")),
    (lambda _, a: a.status in (401, 403),
     ("the receiver refused it: the signature, or missing credentials", "接收端拒绝：签名不对，或缺少认证信息")),
    (lambda m, a: _is_form(m) and 200 < (a.status or 0) < 300,
     ("a notify wants exactly 200", "异步通知必须恰好是 200")),
    (lambda _, a: (a.status or 0) >= 500, ("the receiver failed", "接收端内部出错")),
)  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}…"


WEBHOOK: Final = Channel("application/json;charset=UTF-8", webhook, retry_schedule.webhook)
NOTIFY: Final = Channel("application/x-www-form-urlencoded", notify, retry_schedule.notify)
