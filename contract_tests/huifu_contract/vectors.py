"""Vectors: texts, signatures and messages that are valid, invalid or disputed, for unit tests in any language.

RSA PKCS#1 v1.5 is deterministic and the keys are the published ones, so every run makes the same document.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from huifu_contract.failures import SetupTrouble
from huifu_contract.reference import wire
from huifu_contract.reference.wire import canonical
from huifu_mock import _data

SHIPPED: Final = "fixtures/vectors/close.json"
WEBHOOK_KEY: Final = "mockWebhookKey0123456789abcdefgh"
NUMBERS: Final = {
    "req_date": "20240425",
    "req_seq_id": "20240425105638838efkflqyi00ond6",
    "huifu_id": "6666000000000001",
    "org_req_date": "20240405",
    "org_req_seq_id": "O20240405001",
}
REPLY: Final = {
    **NUMBERS,
    "resp_code": "00000000",
    "resp_desc": "交易成功",
    "org_trans_stat": "F",
    "trans_stat": "S",
}
EVENT: Final = {
    "org_req_date": "20240405",
    "org_req_seq_id": "O20240405001",
    "trans_stat": "S",
    "namespace": "opps-webhook",
    "huifu_id": "6666000000000001",
    "event_define_no": "trans.close",
    "org_mer_ord_id": "O20240405001",
    "trans_type": "T_NATIVE",
    "org_trans_stat": "F",
}
Check = dict[str, Any]


def compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def signed(owner: str, text: str) -> str:
    return wire.sign(wire.private(_data.read_text(f"fixtures/keys/{owner}_private_key.txt").strip()), text.encode())


def md5(body: str, key: str) -> str:
    return wire.webhook_sign(body.encode(), key)


def document() -> dict[str, Any]:
    """The whole file: whole exchanges and texts as they were published, and the checks as they are made now."""
    shipped = _data.read_json(SHIPPED)
    kept = {name: value for name, value in shipped.items() if name not in ("webhook_key", "checks")}
    made = [*_canonical(), *_requests(), *_replies(), *_webhooks()]
    checks = [{"id": f"{check['kind']}-{number:02}", **check} for number, check in enumerate(made, 1)]
    return {**kept, "webhook_key": WEBHOOK_KEY, "checks": checks}


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


WRITTEN_TO = {"../keys/": "keys/", "../../schemas/vectors.json": "vectors.schema.json", " (paths from `fixtures/`)": ""}
"""How the README names what lies elsewhere in the folder that is written."""


def write(folder: Path) -> list[Path]:
    """The vectors with all that they need: keys, schema and the README. Raises SetupTrouble."""
    try:
        (folder / "keys").mkdir(parents=True, exist_ok=True)
        made = [folder / "close.json", folder / "vectors.schema.json", folder / "README.md"]
        made[0].write_text(text(), encoding="utf-8")
        shutil.copyfile(_data.path("schemas/vectors.json"), made[1])
        about = _data.read_text("fixtures/vectors/README.md")
        for there, here in WRITTEN_TO.items():
            about = about.replace(there, here)
        made[2].write_text(about, encoding="utf-8")
        for key in sorted(_data.path("fixtures/keys").glob("*_key.*")):
            made.append(folder / "keys" / key.name)
            shutil.copyfile(key, made[-1])
    except OSError as error:
        raise SetupTrouble(f"cannot write {error.filename}: {error.strerror}") from None
    return made


# -- what is signed


def _canonical() -> Iterator[Check]:
    """`text` is right, wrong or disputed as what is signed for `data`."""

    def check(result: str, note: str, data: str, wanted: str) -> Check:
        return {"kind": "canonical", "result": result, "note": note, "data": data, "text": wanted}

    plain = compact(NUMBERS)
    special = {**NUMBERS, "req_seq_id": 'a/b<&>"\\'}
    chinese = {**NUMBERS, "req_seq_id": "关单é😀"}
    breaks = {**NUMBERS, "req_seq_id": "a\u2028b"}
    delete = {**NUMBERS, "req_seq_id": "a\u007fb"}
    empty = {**NUMBERS, "org_hf_seq_id": ""}
    yield check("valid", "names in ASCII order, nothing between", plain, canonical(NUMBERS))
    yield check("invalid", "in the order of the fields, not of their names", plain, plain)
    yield check("invalid", "with spaces after comma and colon", plain, json.dumps(NUMBERS, sort_keys=True))
    yield check("invalid", "a line feed at the end, as encoders that write lines add", plain, canonical(NUMBERS) + "\n")
    yield check(
        "valid", "slash, < > & as they are; only quotes and backslash escaped", compact(special), canonical(special)
    )
    escaped = canonical(special)
    yield check(
        "invalid", "slash escaped (PHP without UNESCAPED_SLASHES)", compact(special), escaped.replace("/", "\\/")
    )
    html = escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    yield check("invalid", "< > & escaped (Go's json.Marshal)", compact(special), html)
    yield check("valid", "Chinese, accents and emoji as UTF-8", compact(chinese), canonical(chinese))
    ascii_only = json.dumps(chinese, sort_keys=True, separators=(",", ":"))
    yield check("invalid", "everything beyond ASCII escaped", compact(chinese), ascii_only)
    yield check("valid", "escapes of the sent text are not what is signed", ascii_only, canonical(chinese))
    note = "line separators: Python signs them raw, PHP, Go, Java and C# escape them; keep them out"
    yield check("disputed", note, compact(breaks), canonical(breaks))
    yield check("disputed", note, compact(breaks), canonical(breaks).replace("\u2028", "\\u2028"))
    note = "U+007F: Java escapes it in capitals, the others do not; keep it out"
    yield check("disputed", note, compact(delete), canonical(delete))
    yield check("disputed", note, compact(delete), canonical(delete).replace("\u007f", "\\u007F"))
    note = "an empty value: sent, it is signed; dropped, it is neither; both are in use, never mix them"
    yield check("disputed", note, compact(empty), canonical(empty))
    yield check("disputed", note, compact(empty), canonical(NUMBERS))
    nested = '{"b":{"z":"1","a":"2"},"a":"x"}'
    yield check("valid", "only the first level is sorted", nested, '{"a":"x","b":{"z":"1","a":"2"}}')
    yield check("invalid", "inner levels sorted too", nested, '{"a":"x","b":{"a":"2","z":"1"}}')


# -- who signed


def _requests() -> Iterator[Check]:
    """`sign` is right or wrong for `text` under the merchant's public key."""

    def check(result: str, note: str, sent: str, sign: str) -> Check:
        return {"kind": "request-sign", "result": result, "note": note, "text": sent, "sign": sign}

    sent = canonical(NUMBERS)
    other = canonical({**NUMBERS, "req_seq_id": "another"})
    good = signed("merchant", sent)
    yield check("valid", "SHA-256 with RSA PKCS#1 v1.5, Base64 on one line", sent, good)
    yield check("valid", "the same over Chinese: the signature covers UTF-8 bytes", _cn(), signed("merchant", _cn()))
    yield check("invalid", "the signature of another text", sent, signed("merchant", other))
    yield check("invalid", "signed with a key that is not the merchant's", sent, signed("foreign", sent))
    yield check("invalid", "of the right form, of nobody", sent, "A" * (len(good) - 2) + "==")
    yield check("invalid", "cut short", sent, good[:-8])
    yield check("invalid", "empty: the private key did not load", sent, "")
    yield check("invalid", "the text of an exception in place of a signature", sent, "RSA key format is not supported")


def _cn() -> str:
    return canonical({**NUMBERS, "req_seq_id": "关单"})


def _replies() -> Iterator[Check]:
    """`body` is or is not a genuine reply to the request `sent`, under Huifu's public key."""

    def check(result: str, note: str, body: str) -> Check:
        return {"kind": "reply-sign", "result": result, "note": note, "sent": dict(NUMBERS), "body": body}

    def body(data: str, sign: str | None) -> str:
        return f'{{"data":{data}}}' if sign is None else f'{{"data":{data},"sign":"{sign}"}}'

    def genuine(data: Mapping[str, Any]) -> str:
        return body(canonical(data), signed("huifu", canonical(data)))

    good, sign = canonical(REPLY), signed("huifu", canonical(REPLY))
    failed = {**REPLY, "resp_code": "23000004", "resp_desc": "该交易不支持关单", "trans_stat": "F"}
    yield check("valid", "genuine", genuine(REPLY))
    yield check("valid", "a genuine failure", genuine(failed))
    yield check("valid", "a field that nobody documented, signed", genuine({**REPLY, "x_new": "1"}))
    yield check(
        "valid", "sign before data: the order of the envelope means nothing", f'{{"sign":"{sign}","data":{good}}}'
    )
    yield check("invalid", "no sign", body(good, None))
    yield check("invalid", "an empty sign", body(good, ""))
    yield check("invalid", "sign is null", f'{{"data":{good},"sign":null}}')
    yield check("invalid", "signed with another key", body(good, signed("foreign", good)))
    yield check("invalid", "signed with the merchant's own key", body(good, signed("merchant", good)))
    yield check("invalid", "a genuine signature of another reply", body(good, signed("huifu", canonical(failed))))
    forged = canonical({**failed, "trans_stat": "S"})
    yield check("invalid", "F made S after signing", body(forged, signed("huifu", canonical(failed))))
    yield check("invalid", "a field added after signing", body(good[:-1] + ',"x_new":"1"}', sign))
    yield check("invalid", "genuine, about another req_seq_id", genuine({**REPLY, "req_seq_id": "another"}))
    yield check("invalid", "genuine, about another order", genuine({**REPLY, "org_req_seq_id": "another"}))
    yield check("invalid", "genuine, for another merchant", genuine({**REPLY, "huifu_id": "6666000000000002"}))
    twice = good.replace('"trans_stat":"S"', '"trans_stat":"S","trans_stat":"F"')
    yield check("invalid", "trans_stat twice, signed as sent", body(twice, signed("huifu", twice)))
    quoted = json.dumps(good, ensure_ascii=False)
    yield check("invalid", "data is a string that holds JSON", body(quoted, sign))
    unsorted = compact(dict(reversed(REPLY.items())))
    note = "names not in order, signed as sent: who sorts before verifying refuses it, who takes the bytes accepts it"
    yield check("disputed", note, body(unsorted, signed("huifu", unsorted)))
    indented = json.dumps(REPLY, ensure_ascii=False, indent=1, sort_keys=True)
    yield check("disputed", "indented, signed as sent: the same question", body(indented, signed("huifu", indented)))
    yield check("disputed", "indented after signing: the same question from the other side", body(indented, sign))


def _webhooks() -> Iterator[Check]:
    """`sign` is right or wrong for the raw `body` of a webhook under `webhook_key`."""

    def check(result: str, note: str, body: str, sign: str) -> Check:
        return {"kind": "webhook-sign", "result": result, "note": note, "body": body, "sign": sign}

    raw = compact(EVENT)
    odd = json.dumps({**EVENT, "remark": "关单 a/b <&>"}, indent=2)
    yield check("valid", "MD5 of the body and the key after it, in capitals", raw, md5(raw, WEBHOOK_KEY))
    yield check("valid", "other spacing, escapes and order: the bytes as they came", odd, md5(odd, WEBHOOK_KEY))
    yield check("valid", "Chinese in UTF-8", (cn := compact({**EVENT, "remark": "关单"})), md5(cn, WEBHOOK_KEY))
    yield check("disputed", "in small letters: compare without regard to case", raw, md5(raw, WEBHOOK_KEY).lower())
    yield check("invalid", "of the body written anew", odd, md5(compact(json.loads(odd)), WEBHOOK_KEY))
    yield check("invalid", "without the key", raw, md5(raw, ""))
    yield check("invalid", "with another key", raw, md5(raw, WEBHOOK_KEY[::-1]))
    yield check("invalid", "the key before the body", raw, md5(WEBHOOK_KEY, raw))
    yield check("invalid", "of another body", raw.replace('"S"', '"P"'), md5(raw, WEBHOOK_KEY))
    yield check("invalid", "empty", raw, "")
