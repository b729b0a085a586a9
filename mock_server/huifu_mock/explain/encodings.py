"""What was sent as `sign`: Base64 in all the forms that clients write by mistake, hexadecimal, SM2, or mere text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from huifu_mock.signing import unbase64

SIZES: Final = (128, 256, 384, 512)
"""Bytes of an RSA signature: keys of 1024 to 4096 bits."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A signature's bytes, `None` if there are none, and the mistakes of how it was written."""

    raw: bytes | None
    mistakes: tuple[str, ...] = ()
    note: str = ""
    """The id of a remark in `advice.NOTES`, for what has no id of its own."""


def decode(sign: Any, header_sign_type: str = "") -> Decoded:
    """The signature in what was sent; `header_sign_type` is the header `signType`."""
    if sign is None or (isinstance(sign, str) and not sign.strip()):
        return Decoded(None, ("sign-empty",))
    if not isinstance(sign, str):
        return Decoded(None, ("sign-is-text",))
    if header_sign_type.strip().upper() == "SM2" and not _is_rsa(sign):
        return Decoded(None, ("sm2",))
    if (hexadecimal := _unhex(sign)) is not None:
        return _is_hex(hexadecimal)
    raw = unbase64(sign)
    if raw is None:
        return _repaired(sign)
    return _strict(raw)


def _is_rsa(sign: str) -> bool:
    raw = unbase64(sign)
    return raw is not None and len(raw) in SIZES


_HEX: Final = re.compile(r"[0-9a-fA-F]+")


def _unhex(sign: str) -> bytes | None:
    """Tested before Base64: every hexadecimal text of 512 digits is Base64 too."""
    digits = re.sub(r"[\s:]", "", sign)
    if len(digits) % 2 or len(digits) < 64 or not _HEX.fullmatch(digits):
        return None
    return bytes.fromhex(digits)


def _is_hex(raw: bytes) -> Decoded:
    if len(raw) in SIZES:
        return Decoded(raw, ("base64-hex",))
    if _is_ec_der(raw) or len(raw) == 64:
        return Decoded(None, ("sm2",))
    return Decoded(None, ("unknown",), "hex-length")


def _is_ec_der(raw: bytes) -> bool:
    """SEQUENCE { INTEGER r, INTEGER s } of a 256-bit curve."""
    if not 64 <= len(raw) <= 72 or raw[0] != 0x30 or raw[1] != len(raw) - 2 or raw[2] != 0x02:
        return False
    second = 4 + raw[3]
    return second + 1 < len(raw) and raw[second] == 0x02 and second + 2 + raw[second + 1] == len(raw)


def _strict(raw: bytes) -> Decoded:
    if len(raw) in SIZES:
        return Decoded(raw)
    if _is_ec_der(raw):
        return Decoded(None, ("sm2",))
    if len(raw) < 64:
        return Decoded(None, ("sign-is-text",))
    once_more = unbase64(raw.decode("latin-1"))
    if once_more is not None and len(once_more) in SIZES:
        return Decoded(once_more, ("unknown",), "base64-twice")
    return Decoded(raw, (), "sign-length")


def _padded(sign: str) -> str:
    bare = sign.rstrip("=")
    return bare + "=" * (-len(bare) % 4)


def _standard(sign: str) -> str:
    return _padded(sign.replace("-", "+").replace("_", "/")) if "-" in sign or "_" in sign else sign


_Repair = tuple[str, str, Callable[[str], str]]
_REPAIRS: Final[tuple[_Repair, ...]] = (
    # one that has no id of its own carries a note
    ("unknown", "percent-encoded", lambda sign: unquote(sign) if "%" in sign else sign),
    ("base64-wrapped", "", lambda sign: re.sub(r"[\r\n\t]+|^ +| +$|\\r|\\n", "", sign)),
    ("base64-plus-lost", "", lambda sign: sign.replace(" ", "+")),
    ("base64-urlsafe", "", _standard),
    ("unknown", "padding-lost", _padded),
)


def _repaired(sign: str) -> Decoded:
    """Undo one mistake after the other until it is Base64."""
    text, mistakes, note = sign, [], ""
    for id_, remark, repair in _REPAIRS:
        changed = repair(text)
        if changed == text:
            continue
        text, note = changed, note or remark
        mistakes.append(id_)
        raw = unbase64(text)
        if raw is not None and len(raw) in SIZES:
            return Decoded(raw, tuple(mistakes), note)
    return Decoded(None, ("sign-is-text",))
