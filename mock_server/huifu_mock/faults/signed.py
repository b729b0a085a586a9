"""Faults in signed replies: a decided reply in, the bytes of a changed one out.

Add one: a function from what is `DecidedReply` to bytes, and a row in `SIGNED`.
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
class DecidedReply:
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
        """An envelope around any bytes of `data`, correctly signed over exactly these."""
        return enveloped(data, signing.sign(self.key, data))

    def changed(self, **fields: Any) -> bytes:
        """A correctly signed reply with other values, of any JSON type."""
        return self.signed(canonical.dump({**self.fields, **fields}))


SignedAct = Callable[[DecidedReply, Settings], bytes]


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


def _wanted(decided: DecidedReply, settings: Settings) -> Any:
    """The setting `value`, or a lie about the setting `field`."""
    return _lie(decided.fields, settings["field"]) if settings["value"] is None else settings["value"]


def sign_missing(decided: DecidedReply, _: Settings) -> bytes:
    return enveloped(decided.data, None)


def sign_empty(decided: DecidedReply, _: Settings) -> bytes:
    return enveloped(decided.data, "")


def sign_garbage(decided: DecidedReply, settings: Settings) -> bytes:
    sign: str = settings["text"]
    return b'{"data":' + decided.data + b',"sign":' + sign.encode() + b"}"


def sign_foreign(decided: DecidedReply, settings: Settings) -> bytes:
    key = decided.merchant if settings["key"] == "merchant" and decided.merchant is not None else decided.foreign
    return enveloped(decided.data, signing.sign(key, decided.data))


def sign_replayed(decided: DecidedReply, _: Settings) -> bytes:
    other = canonical.dump({**decided.fields, **_elsewhere(decided.fields)})
    return enveloped(decided.data, signing.sign(decided.key, other))


def tampered(decided: DecidedReply, settings: Settings) -> bytes:
    text = settings["text"]
    value = _json(_wanted(decided, settings)) if text is None else text.encode()
    return enveloped(_with(decided, settings["field"], value), signing.sign(decided.key, decided.data))


def _with(decided: DecidedReply, name: str, value: bytes) -> bytes:
    """What an honest reply carries, with JSON text as a member."""
    members = {**{name: _json(value) for name, value in decided.fields.items()}, name: value}
    return b"{" + b",".join(_json(name) + b":" + members[name] for name in sorted(members)) + b"}"


def _elsewhere(fields: Fields) -> Fields:
    """What another call for another order would have in place of these values."""
    names = ("req_seq_id", "org_req_seq_id", "org_hf_seq_id", "hf_seq_id")
    return {name: _lie(fields, name) for name in names if name in fields}


def foreign_reply(decided: DecidedReply, settings: Settings) -> bytes:
    stat = settings["trans_stat"] or _lie(decided.fields, "trans_stat")
    says = {"S": Reason.CLOSED, "P": Reason.PROCESSING, "F": Reason.ORDER_FINISHED}[stat]
    other = {name: _lie(decided.fields, name) for name in [settings["field"]]} if settings["field"] else None
    return decided.changed(
        **(other or _elsewhere(decided.fields)), resp_code=says.resp_code, resp_desc=says.resp_desc, trans_stat=stat
    )


WAYS: Final[dict[str, Callable[[str], str]]] = {
    "last": lambda text: text[:-1] + _other(text[-1:]),
    "first": lambda text: _other(text[:1]) + text[1:],
    "longer": lambda text: text + "0",
    "shorter": lambda text: text[:-1],
    "padded": lambda text: "0" + text,
    "blank": lambda text: text + " ",
    "case": str.swapcase,
    "wide": lambda text: text[:-1] + _wide(text[-1:]),
    "empty": lambda _: "",
}
"""In which ways a value can differ from the one that was sent."""


WIDER: Final = ord("\uff01") - ord("!")


def _other(character: str) -> str:
    return "2" if character != "2" else "3"


def _wide(character: str) -> str:
    """Its full-width form, which compatibility normal forms take for the same character."""
    return chr(ord(character) + WIDER) if "!" <= character <= "~" else character + "\u3000"


def echo_changed(decided: DecidedReply, settings: Settings) -> bytes:
    name = settings["field"]
    return decided.changed(**{name: WAYS[settings["how"]](str(decided.fields.get(name, "")))})


def unsorted(decided: DecidedReply, _: Settings) -> bytes:
    return decided.signed(_json(dict(sorted(decided.fields.items(), reverse=True))))


def pretty(decided: DecidedReply, _: Settings) -> bytes:
    return decided.signed(_json(decided.fields, sort_keys=True, indent=2, separators=(",", ": ")))


def escaped(decided: DecidedReply, _: Settings) -> bytes:
    return decided.signed(_json(decided.fields, sort_keys=True, ensure_ascii=True))


def data_as_string(decided: DecidedReply, _: Settings) -> bytes:
    return enveloped(_json(decided.data.decode()), signing.sign(decided.key, decided.data))


def duplicate_key(decided: DecidedReply, settings: Settings) -> bytes:
    name = settings["field"]
    pairs = sorted([*decided.fields.items(), (name, _wanted(decided, settings))], key=lambda pair: pair[0])
    return decided.signed(b"{" + b",".join(_json(key) + b":" + _json(value) for key, value in pairs) + b"}")


def extra_field(decided: DecidedReply, settings: Settings) -> bytes:
    if settings["text"] is None:
        return decided.changed(**{settings["field"]: settings["value"]})
    return decided.signed(_with(decided, settings["field"], settings["text"].encode()))


def sign_first(decided: DecidedReply, _: Settings) -> bytes:
    return b'{"sign":' + _json(signing.sign(decided.key, decided.data)) + b',"data":' + decided.data + b"}"


def beside_data(decided: DecidedReply, settings: Settings) -> bytes:
    honest = _without(decided, settings["field"]) if settings["moved"] else decided.signed(decided.data)
    return honest[:-1] + b"," + _json(settings["field"]) + b":" + _json(_wanted(decided, settings)) + b"}"


def second_data(decided: DecidedReply, settings: Settings) -> bytes:
    lie = (
        _json(settings["called"])
        + b":"
        + canonical.dump({**decided.fields, "trans_stat": _lie(decided.fields, "trans_stat")})
    )
    sign = b',"sign":' + _json(signing.sign(decided.key, decided.data)) + b"}"
    return SECOND[settings["place"]](decided.data, lie) + sign


SECOND: Final[dict[str, Callable[[bytes, bytes], bytes]]] = {
    "inside": lambda signed, lie: b'{"before":{"data":' + signed + b"}," + lie,
    "text": lambda signed, lie: b'{"resp_data":' + _json(signed.decode()) + b"," + lie,
    "before": lambda signed, lie: b'{"data":' + signed + b"," + lie,
    "after": lambda signed, lie: b"{" + lie + b',"data":' + signed,
}
"""Where the `data` that was signed stands, seen from the one that says the contrary."""


def numbers(decided: DecidedReply, settings: Settings) -> bytes:
    named = [settings["field"]] if settings["field"] else list(decided.fields)
    digits = {name: text for name in named if isinstance(text := decided.fields.get(name), str)}
    return decided.changed(**{name: int(text) for name, text in digits.items() if text.isascii() and text.isdigit()})


def nulls(decided: DecidedReply, settings: Settings) -> bytes:
    named = [settings["field"]] if settings["field"] else ["org_hf_seq_id", "org_req_seq_id", "org_trans_stat"]
    return decided.changed(**dict.fromkeys(named))


def stat_missing(decided: DecidedReply, _: Settings) -> bytes:
    return _without(decided, "trans_stat")


def stat_unknown(decided: DecidedReply, settings: Settings) -> bytes:
    return decided.changed(trans_stat=settings["value"])


def field_missing(decided: DecidedReply, settings: Settings) -> bytes:
    return _without(decided, settings["field"])


def _without(decided: DecidedReply, gone: str) -> bytes:
    return decided.signed(canonical.dump({name: value for name, value in decided.fields.items() if name != gone}))


# fmt: off
SIGNED: Final[tuple[Kind[SignedAct], ...]] = (
    Kind("sign-missing", "signed", sign_missing,
         "no `sign`", "没有 `sign`"),
    Kind("sign-empty", "signed", sign_empty,
         "`sign` is empty", "`sign` 为空"),
    Kind("sign-garbage", "signed", sign_garbage,
         "`sign` is no signature: not Base64, or what is given", "`sign` 不是签名：不是 Base64，或为给定内容",
         (Setting("text", '"this is not Base64!"', "the sign as JSON text, written as given: true",
                  "以 JSON 文本给出的 sign，原样写出：true"),)),
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
                  "changed elsewhere", "改成什么；默认 `trans_stat` 非 S 改 S、S 改 F，其他字段改一个字符"),
          Setting("text", None, "the same as JSON text, written as given", "同上，以 JSON 文本给出，原样写出"))),
    Kind("foreign-reply", "signed", foreign_reply,
         "a genuine reply to another request", "另一请求的真实应答",
         (Setting("field", "", "the only field that differs; by default the numbers of the call and of the order",
                  "唯一不同的字段；默认本次流水号与原订单流水号都不同"),
          Setting("trans_stat", "", "which outcome it reports; by default the opposite of the real one",
                  "其结果；默认与事实相反"))),
    Kind("echo-changed", "signed", echo_changed,
         "one member that echoes the request differs in one way, correctly signed; the outcome stays as it is",
         "回显字段中有一个以某种方式不同，真实签名；结果不变",
         (Setting("field", "req_seq_id", "which", "哪个字段"),
          Setting("how", "last", f"in which way: {', '.join(WAYS)} (the character that differs, a 0 after or before, "
                  "the end cut off, a blank added, the case, the last character in full width, nothing at all)",
                  f"以何种方式：{'、'.join(WAYS)}（末位或首位不同、末尾或开头多一个 0、"
                  "少末位、末尾多空格、大小写、末位全角、空串）"))),
    Kind("unsorted", "signed", unsorted,
         "members in reverse order, correctly signed as sent", "成员倒序，按所发内容真实签名"),
    Kind("pretty", "signed", pretty,
         "indented over several lines, correctly signed as sent", "多行缩进，按所发内容真实签名"),
    Kind("escaped", "signed", escaped,
         "Chinese as `\\uXXXX`, correctly signed as sent", "中文写作 `\\uXXXX`，按所发内容真实签名"),
    Kind("sign-first", "signed", sign_first,
         "`sign` stands before `data`, correctly signed", "`sign` 在 `data` 之前，真实签名"),
    Kind("data-as-string", "signed", data_as_string,
         "`data` is a string that holds JSON", "`data` 是包含 JSON 的字符串"),
    Kind("duplicate-key", "signed", duplicate_key,
         "a member is repeated, the real value first, correctly signed", "成员重复，真值在前，真实签名",
         (Setting("field", "trans_stat", "which", "哪个字段"),
          Setting("value", None, "the second value; by default as in `tampered`", "第二个值；默认同 `tampered`"))),
    Kind("extra-field", "signed", extra_field,
         "an unknown member, correctly signed", "多出未知成员，真实签名",
         (Setting("field", "mock_extra", "its name", "名称"),
          Setting("value", "extra", "any JSON value", "任意 JSON 值"),
          Setting("text", None, "its value as JSON text, written as given: 1.10 stays 1.10",
                  "以 JSON 文本给出的值，原样写出：1.10 仍为 1.10"))),
    Kind("beside-data", "signed", beside_data,
         "a member stands beside `data`, where no signature covers it; `data` stays as it is, unless it is moved",
         "`data` 之外多一个成员，不在签名范围内；除非移动，`data` 不变",
         (Setting("field", "trans_stat", "its name", "名称"),
          Setting("value", None, "its value; by default as in `tampered`", "其值；默认同 `tampered`"),
          Setting("moved", False, "true: it is missing in `data`, which is signed without it",
                  "true：`data` 中没有该成员，并按此签名"))),
    Kind("second-data", "signed", second_data,
         "`data` stands twice: the one that was signed, and one with the contrary `trans_stat`",
         "`data` 出现两次：一个是被签名的，另一个 `trans_stat` 相反",
         (Setting("place", "inside", f"where the signed one stands: {', '.join(SECOND)} (in a member before the other, "
                  "as the text resp_data before it, or before it or after it under the same name)",
                  f"被签名者的位置：{'、'.join(SECOND)}（在前面的成员之内、在前面的文本 resp_data 中，"
                  "或同名在其前、其后）"),
          Setting("called", "data", "what the other is called; Data is data to who reads names in any case",
                  "另一个的名称；不分大小写读取者视 Data 为 data"))),
    Kind("numbers", "signed", numbers,
         "numbers in place of strings of digits, correctly signed", "数字串写成数字，真实签名",
         (Setting("field", "", "which; by default all that are digits", "哪个字段；默认所有纯数字字段"),)),
    Kind("nulls", "signed", nulls,
         "members that are null, correctly signed", "成员为 null，真实签名",
         (Setting("field", "", "which; by default org_hf_seq_id, org_req_seq_id and org_trans_stat",
                  "哪个字段；默认 org_hf_seq_id、org_req_seq_id、org_trans_stat"),)),
    Kind("stat-missing", "signed", stat_missing,
         "no `trans_stat`, correctly signed", "没有 `trans_stat`，真实签名"),
    Kind("stat-unknown", "signed", stat_unknown,
         "a `trans_stat` that is not P, S or F, correctly signed", "`trans_stat` 不是 P、S、F，真实签名",
         (Setting("value", "X", "any JSON value, the empty string too", "任意 JSON 值，可为空串"),)),
    Kind("field-missing", "signed", field_missing,
         "a mandatory member is missing, correctly signed", "缺少必填成员，真实签名",
         (Setting("field", "req_seq_id", "which", "哪个字段"),)),
)
# fmt: on
