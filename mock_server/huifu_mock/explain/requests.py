"""The library's doors for signed bodies: `explain_request` and `explain_reply`."""

from collections.abc import Iterable, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from huifu_mock import keys, wire
from huifu_mock.explain.advice import language
from huifu_mock.explain.explanation import Explanation, Words, fixes, tell_finding, tell_warnings
from huifu_mock.explain.finding import Earlier, find, verified_text
from huifu_mock.explain.received import Received, receive
from huifu_mock.explain.recovered import Key
from huifu_mock.explain.warnings import warnings
from huifu_mock.journal import Finding
from huifu_mock.schemas import schema

Headers = Mapping[str, str] | Iterable[tuple[str, str]] | bytes | str


def explain_request(
    body: bytes,
    headers: Headers = (),
    public_key: RSAPublicKey | None = None,
    *,
    huifu_key: RSAPublicKey | None = None,
    others: Iterable[RSAPublicKey] = (),
    earlier: Iterable[Earlier] = (),
    endpoint: wire.Endpoint = wire.CLOSE,
) -> Explanation:
    """Why a captured request does not verify: what its client really signed. Never raises, whatever the bytes are.

    `public_key` is the merchant's (the published test key if it is not given), `huifu_key` Huifu's, `others` are
    public keys of other merchants, `earlier` are requests that came before this one.
    """
    lines = header_lines(headers)
    received = receive(body)
    call = wire.read(endpoint, wire.Sent(body))
    owned = public_key or keys.published("merchant").public_key()
    ring = known_keys(owned, huifu_key, others)
    finding = None if received is None else examine(received, ring, lines, endpoint, earlier)
    return _explained(received, finding, str(call.problem or ""), lines)


def explain_reply(body: bytes, huifu_key: RSAPublicKey | None = None) -> Explanation:
    """Why a captured reply of Huifu does not verify. `huifu_key` is Huifu's public key (the test key if not given)."""
    received = receive(body)
    owned = huifu_key or keys.published("huifu").public_key()
    ring = [Key("own", owned), *(Key("foreign", keys.published(name).public_key()) for name in ("merchant", "foreign"))]
    finding = None
    if received is not None:
        right = verified_text(received, ring)
        finding = Finding((), right) if right is not None else find(received, ring)
    problem = "" if received is not None else "the body is no JSON object that has a member `data`"
    return _explained(received, finding, problem, "")


def known_keys(own: RSAPublicKey, huifu: RSAPublicKey | None, others: Iterable[RSAPublicKey] = ()) -> list[Key]:
    """The keys that may have made a request's signature, the likeliest first."""
    return [
        Key("own", own),
        Key("huifu", huifu or keys.published("huifu").public_key()),
        *(Key("other", other) for other in others),
        Key("foreign", keys.published("foreign").public_key()),
        Key("foreign", keys.published("merchant").public_key()),
    ]


def examine(
    received: Received,
    ring: Sequence[Key],
    headers: str,
    endpoint: wire.Endpoint,
    earlier: Iterable[Earlier] = (),
) -> Finding:
    """What is wrong with a request's signature; no mistakes if nothing is."""
    right = verified_text(received, ring)
    if right is not None:
        return Finding(received.wrong, right)
    contents = schema(endpoint.request).contents
    names = list(contents.get("properties", {}))
    required = set(contents.get("required", ()))
    return find(
        received,
        ring,
        sign_type=_header(headers, "signtype"),
        names=names,
        optional=[name for name in names if name not in required],
        earlier=earlier,
    )


def _explained(received: Received | None, finding: Finding | None, problem: str, headers: str) -> Explanation:
    words = Words()
    if problem:
        words.add(f"The request cannot be taken: {problem}.", f"请求不符合接口要求：{problem}。")
    if finding is None or received is None:
        words.add("There is no signature to look into.", "没有可检查的签名。")
        return Explanation("BAD_PARAMETERS", (), None, None, words.text())
    expected = received.expected
    doubtful = () if finding.mistakes else tuple(warnings(received.data))
    if finding.mistakes:
        tell_finding(words, finding, expected, language(headers))
    else:
        words.add("The signature is right.", "签名正确。")
    tell_warnings(words, doubtful)
    reason = "BAD_PARAMETERS" if problem or finding.mistakes else None
    return Explanation(reason, finding.mistakes, finding.signed_text, expected, words.text(), fixes(finding), doubtful)


def header_lines(headers: Headers) -> str:
    """Header lines `Name: value` from whatever form they come in."""
    if isinstance(headers, bytes):
        return headers.decode("latin-1")
    if isinstance(headers, str):
        return headers
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return "\r\n".join(f"{name}: {value}" for name, value in pairs)


def _header(lines: str, name: str) -> str:
    for line in lines.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""
