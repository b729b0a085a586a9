"""Faults in the signed layer: a decided reply in, the bytes of a spoilt one out.

Add one: a function from what is `Told` to bytes, and a row in `SIGNED`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock import canonical, signing
from huifu_mock.codes import Reason
from huifu_mock.faults.kind import Kind, Setting, Settings

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A reply as it was decided, and the keys that are at hand."""

    fields: Fields
    key: RSAPrivateKey
    foreign: RSAPrivateKey
    merchant: RSAPrivateKey | None

    @property
    def data(self) -> bytes:
        """The bytes that an honest reply carries and signs."""
        return canonical.dump(self.fields)

    def signed(self, data: bytes) -> bytes:
        """An envelope around any bytes of `data`, truly signed over exactly these."""
        return enveloped(data, signing.sign(self.key, data))

    def changed(self, **fields: Any) -> bytes:
        """A truly signed reply with other values."""
        return self.signed(canonical.dump({**self.fields, **fields}))


SignedAct = Callable[[Told, Settings], bytes]


def enveloped(data: bytes, sign: str | None) -> bytes:
    """`{"data":…,"sign":…}`; without `sign` for `None`."""
    return b'{"data":' + data + (b"}" if sign is None else b',"sign":' + _json(sign) + b"}")


def _json(value: Any, **style: Any) -> bytes:
    return json.dumps(value, **{"ensure_ascii": False, "separators": (",", ":"), **style}).encode()


def _lie(fields: Fields, name: str) -> str:
    """Another value for a field: the opposite result for `trans_stat`, elsewhere one character changed."""
    value = fields.get(name)
    if name == "trans_stat":
        return "S" if value != "S" else "F"
    text = value if isinstance(value, str) else ""
    last = text[-1:]
    return text[:-1] + (str((int(last) + 1) % 10) if last.isascii() and last.isdigit() else "1" if not last else "X")


def _wanted(told: Told, settings: Settings) -> Any:
    """The setting `value`, or a lie about the setting `field`."""
    return _lie(told.fields, settings["field"]) if settings["value"] is None else settings["value"]


def sign_missing(told: Told, _: Settings) -> bytes:
    return enveloped(told.data, None)


def sign_empty(told: Told, _: Settings) -> bytes:
    return enveloped(told.data, "")


def sign_garbage(told: Told, _: Settings) -> bytes:
    return enveloped(told.data, "this is not Base64!")


def sign_foreign(told: Told, settings: Settings) -> bytes:
    key = told.merchant if settings["key"] == "merchant" and told.merchant is not None else told.foreign
    return enveloped(told.data, signing.sign(key, told.data))


def sign_replayed(told: Told, _: Settings) -> bytes:
    other = canonical.dump({**told.fields, **_elsewhere(told.fields)})
    return enveloped(told.data, signing.sign(told.key, other))


def tampered(told: Told, settings: Settings) -> bytes:
    spoilt = {**told.fields, settings["field"]: _wanted(told, settings)}
    return enveloped(canonical.dump(spoilt), signing.sign(told.key, told.data))


def _elsewhere(fields: Fields) -> Fields:
    """What another call for another order would have in place of these values."""
    names = ("req_seq_id", "org_req_seq_id", "org_hf_seq_id", "hf_seq_id")
    return {name: _lie(fields, name) for name in names if name in fields}


def foreign_reply(told: Told, settings: Settings) -> bytes:
    stat = settings["trans_stat"] or _lie(told.fields, "trans_stat")
    says = {"S": Reason.CLOSED, "P": Reason.PROCESSING, "F": Reason.ORDER_FINISHED}[stat]
    other = {name: _lie(told.fields, name) for name in [settings["field"]]} if settings["field"] else None
    return told.changed(
        **(other or _elsewhere(told.fields)), resp_code=says.resp_code, resp_desc=says.resp_desc, trans_stat=stat
    )


def unsorted(told: Told, _: Settings) -> bytes:
    return told.signed(_json(dict(sorted(told.fields.items(), reverse=True))))


def pretty(told: Told, _: Settings) -> bytes:
    return told.signed(_json(told.fields, sort_keys=True, indent=2, separators=(",", ": ")))


def escaped(told: Told, _: Settings) -> bytes:
    return told.signed(_json(told.fields, sort_keys=True, ensure_ascii=True))


def data_as_string(told: Told, _: Settings) -> bytes:
    return enveloped(_json(told.data.decode()), signing.sign(told.key, told.data))


def duplicate_key(told: Told, settings: Settings) -> bytes:
    name = settings["field"]
    pairs = sorted([*told.fields.items(), (name, _wanted(told, settings))], key=lambda pair: pair[0])
    return told.signed(b"{" + b",".join(_json(key) + b":" + _json(value) for key, value in pairs) + b"}")


def extra_field(told: Told, settings: Settings) -> bytes:
    return told.changed(**{settings["field"]: settings["value"]})


def numbers(told: Told, settings: Settings) -> bytes:
    named = [settings["field"]] if settings["field"] else list(told.fields)
    digits = {name: text for name in named if isinstance(text := told.fields.get(name), str)}
    return told.changed(**{name: int(text) for name, text in digits.items() if text.isascii() and text.isdigit()})


def nulls(told: Told, settings: Settings) -> bytes:
    named = [settings["field"]] if settings["field"] else ["org_hf_seq_id", "org_req_seq_id", "org_trans_stat"]
    return told.changed(**dict.fromkeys(named))


def stat_missing(told: Told, _: Settings) -> bytes:
    return _without(told, "trans_stat")


def stat_unknown(told: Told, settings: Settings) -> bytes:
    return told.changed(trans_stat=settings["value"])


def field_missing(told: Told, settings: Settings) -> bytes:
    return _without(told, settings["field"])


def _without(told: Told, gone: str) -> bytes:
    return told.signed(canonical.dump({name: value for name, value in told.fields.items() if name != gone}))


# fmt: off
SIGNED: Final[tuple[Kind[SignedAct], ...]] = (
    Kind("sign-missing", "signed", sign_missing,
         "no `sign`", "没有 `sign`"),
    Kind("sign-empty", "signed", sign_empty,
         "`sign` is empty", "`sign` 为空"),
    Kind("sign-garbage", "signed", sign_garbage,
         "`sign` is not Base64", "`sign` 不是 Base64"),
    Kind("sign-foreign", "signed", sign_foreign,
         "`sign` is of another key", "`sign` 由其他密钥签出",
         (Setting("key", "foreign", "foreign, or merchant: the client's own (foreign where that is not known)",
                  "foreign 或 merchant（客户端自己的私钥；未知时用 foreign）"),)),
    Kind("sign-replayed", "signed", sign_replayed,
         "`sign` is a true signature of another reply", "`sign` 是另一应答的真实签名"),
    Kind("tampered", "signed", tampered,
         "a field was changed after signing", "签名后字段被篡改",
         (Setting("field", "trans_stat", "which", "哪个字段"),
          Setting("value", None, "to what; by default S for a `trans_stat` that is not S, else F; one character "
                  "changed elsewhere", "改成什么；默认 `trans_stat` 非 S 改 S、S 改 F，其他字段改一个字符"))),
    Kind("foreign-reply", "signed", foreign_reply,
         "a genuine reply to another request", "另一请求的真实应答",
         (Setting("field", "", "the only field that differs; by default the numbers of the call and of the order",
                  "唯一不同的字段；默认本次流水号与原订单流水号都不同"),
          Setting("trans_stat", "", "what it tells; by default the opposite of the truth",
                  "其结果；默认与事实相反"))),
    Kind("unsorted", "signed", unsorted,
         "members in reverse order, truly signed as sent", "成员倒序，按所发内容真实签名"),
    Kind("pretty", "signed", pretty,
         "indented over several lines, truly signed as sent", "多行缩进，按所发内容真实签名"),
    Kind("escaped", "signed", escaped,
         "Chinese as `\\uXXXX`, truly signed as sent", "中文写作 `\\uXXXX`，按所发内容真实签名"),
    Kind("data-as-string", "signed", data_as_string,
         "`data` is a string that holds JSON", "`data` 是包含 JSON 的字符串"),
    Kind("duplicate-key", "signed", duplicate_key,
         "a member stands twice, the true value first, truly signed", "成员重复，真值在前，真实签名",
         (Setting("field", "trans_stat", "which", "哪个字段"),
          Setting("value", None, "the second value; by default as in `tampered`", "第二个值；默认同 `tampered`"))),
    Kind("extra-field", "signed", extra_field,
         "a member that nobody knows, truly signed", "多出未知成员，真实签名",
         (Setting("field", "mock_extra", "its name", "名称"),
          Setting("value", "extra", "any JSON value", "任意 JSON 值"))),
    Kind("numbers", "signed", numbers,
         "numbers in place of strings of digits, truly signed", "数字串写成数字，真实签名",
         (Setting("field", "", "which; by default all that are digits", "哪个字段；默认所有纯数字字段"),)),
    Kind("nulls", "signed", nulls,
         "members that are null, truly signed", "成员为 null，真实签名",
         (Setting("field", "", "which; by default org_hf_seq_id, org_req_seq_id and org_trans_stat",
                  "哪个字段；默认 org_hf_seq_id、org_req_seq_id、org_trans_stat"),)),
    Kind("stat-missing", "signed", stat_missing,
         "no `trans_stat`, truly signed", "没有 `trans_stat`，真实签名"),
    Kind("stat-unknown", "signed", stat_unknown,
         "a `trans_stat` that is not P, S or F, truly signed", "`trans_stat` 不是 P、S、F，真实签名",
         (Setting("value", "X", "any JSON value, the empty string too", "任意 JSON 值，可为空串"),)),
    Kind("field-missing", "signed", field_missing,
         "a mandatory member is missing, truly signed", "缺少必填成员，真实签名",
         (Setting("field", "req_seq_id", "which", "哪个字段"),)),
)
# fmt: on
