"""What a failed TLS connection means, in words: a client says with an alert why it does not accept a certificate."""

import ssl
from typing import Final

from huifu_mock.schemas import Problem

_TRUST: Final = (
    "give it the CA: `huifu-mock ca` prints it, and `huifu-mock exec --intercept` sets the variables for it; a client "
    "that pins Huifu's own certificate cannot be intercepted unless the pin is part of its configuration"
)
_WHY: Final = {
    "TLSV1_ALERT_UNKNOWN_CA": ("the client does not trust the CA (alert unknown_ca)", _TRUST),
    "SSLV3_ALERT_BAD_CERTIFICATE": ("the client rejects the certificate (alert bad_certificate)", _TRUST),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": ("the client rejects the certificate (alert certificate_unknown)", _TRUST),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": ("the certificate is expired for the client", "set its clock right"),
    "TLSV1_ALERT_DECRYPT_ERROR": ("the client trusts another CA of the same name", _TRUST),
    "HTTP_REQUEST": ("the client sent plain HTTP", "use an address that begins with https://"),
    "UNSUPPORTED_PROTOCOL": ("the client speaks a version of TLS before 1.2", "let it speak TLS 1.2 or 1.3"),
    "TLSV1_ALERT_PROTOCOL_VERSION": ("the client speaks another version of TLS", "let it speak TLS 1.2 or 1.3"),
    "NO_SHARED_CIPHER": ("the client shares no cipher with this server", "let it accept ECDSA certificates (P-256)"),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": ("the client finds no common cipher", "let it accept ECDSA certificates (P-256)"),
}
_NO_MATTER: Final = {"APPLICATION_DATA_AFTER_CLOSE_NOTIFY", "UNEXPECTED_EOF_WHILE_READING"}

SILENT: Final = Problem(
    "TLS", "the client opened a connection and closed it without a request",
    "it may pin Huifu's own certificate, and then it cannot be intercepted unless the pin is part of its configuration",
)  # fmt: skip
HTTP2: Final = Problem(
    "the connection",
    "a client speaks HTTP/2 only",
    "here, as ALPN tells, HTTP/1.1 is spoken: let the client negotiate",
)


def explained(error: BaseException) -> Problem | None:
    """Why a client's TLS failed; `None` where the error tells nothing, such as a connection that was cut."""
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    if reason is None or reason in _NO_MATTER:
        return None
    plain = f"the connection failed: {reason.lower().replace('_', ' ')}"
    said, wanted = _WHY.get(reason, (plain, "speak TLS 1.2 or 1.3"))
    return Problem("TLS", said, wanted)


_WORDS: Final = str(HTTP2).encode()
GO_AWAY: Final = (
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"  # SETTINGS, empty
    + (8 + len(_WORDS)).to_bytes(3)
    + b"\x07\x00\x00\x00\x00\x00"  # GOAWAY of connection 0 …
    + bytes(4)  # … no stream was processed …
    + (0x0D).to_bytes(4)  # … HTTP_1_1_REQUIRED
    + _WORDS
)
"""What RFC 9113 has for a server that wants HTTP/1.1."""
PREFACE: Final = b"PRI * HTTP/2.0\r\n"
