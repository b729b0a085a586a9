"""10000000 in the words that the vendor documents for the neighbours of close, such as `trans_amt不符合金额格式`."""

from collections.abc import Callable
from typing import Any, Final

from huifu_mock.codes import Reason
from huifu_mock.schemas import schema
from huifu_mock.wire import Call

NO_BODY: Final = "请求内容体不能为空"
GENERIC: Final = Reason.BAD_PARAMETERS.resp_desc
CLOSE_FAMILY: Final = frozenset({"close/request", "closequery/request"})
"""Their page lists one generic text and no others."""

FORMATS: Final = (("date", "yyyyMMdd"), ("expire", "yyyyMMddHHmmss"), ("amt", "金额"))
"""What a member is called, by a part of its name (assumed: the texts leave the format's name open)."""


def documented(call: Call) -> str:
    """The text for what is wrong with a call; the generic one where none is documented."""
    if call.endpoint.request in CLOSE_FAMILY or not call.problem:
        return GENERIC
    if not call.sent.body.strip() or (call.problem.field == "data" and not call.data):
        return NO_BODY
    if not call.problem.field.startswith("data."):
        return GENERIC
    name, keyword, value = next(schema(call.endpoint.request).complaints(call.data), ("", "", None))
    given = call.data.get(name)
    if not name or len(name) > 64:
        return GENERIC
    return next((text(name, value, given) for applies, text in _TEXTS if applies(keyword, value, given)), GENERIC)


_TEXTS: Final[tuple[tuple[Callable[[str, Any, Any], bool], Callable[[str, Any, Any], str]], ...]] = (
    (lambda keyword, _, given: keyword == "required" or given in ("", None), lambda name, *_: f"{name}不能为空"),
    (lambda keyword, value, given: keyword in ("minLength", "maxLength") and _fixed(value, given),
     lambda name, value, _: f"{name}长度固定{value}位"),
    (lambda keyword, *_: keyword == "maxLength", lambda name, value, _: f"{name}最大长度为{value}位"),
    (lambda keyword, _, given: keyword == "enum" and _plain(given),
     lambda name, _, given: f"{name}的传入枚举[{given}]不存在"),
    (lambda keyword, *_: keyword in ("pattern", "type", "not"), lambda name, *_: f"{name}不符合{_format(name)}格式"),
)  # fmt: skip


def _fixed(value: Any, given: Any) -> bool:
    """Dates have 8 characters and times 14; nothing else has a fixed length."""
    return value in (8, 14) and isinstance(given, str)


def _plain(given: Any) -> bool:
    """A value that may stand in a reply."""
    return isinstance(given, str) and len(given) <= 32 and given.isprintable()


def _format(name: str) -> str:
    return next((called for part, called in FORMATS if part in name), "String")
