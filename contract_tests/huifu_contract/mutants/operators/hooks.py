"""Operators on how a webhook is received: how a body is read, what is acknowledged, and what a refusal tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from huifu_contract.mutants.operators.mutant import Mutant, made
from huifu_contract.mutants.operators.webhooks import right
from huifu_contract.reference.app import STATS, App

FRAMING, FORGED, SECRETS = "webhook/framing", "webhook/bad-or-missing-sign", "security/no-key-leak"


def handled(handle: Callable[[App, Any, str], bool]) -> type[App]:
    """Answers by itself where `handle(app, handler, sign)` says so."""

    def handler(self: App) -> type[Any]:
        usual: Any = App._handler(self)

        def do_POST(one: Any) -> None:  # noqa: N802  # http.server's name
            if not handle(self, one, parse_qs(urlsplit(one.path).query).get("sign", [""])[0]):
                usual.do_POST(one)

        return made(usual, do_POST=do_POST)

    return made(App, _handler=handler)


def reads_once() -> type[App]:
    """As one `recv` or one `data` event: what has come by now."""

    def received(one: Any) -> bytes:
        length = int(one.headers.get("Content-Length") or 0)
        return one.rfile.read1(length) if length else b""

    return made(App, _handler=lambda self: made(App._handler(self), received=received))


def strict_media_type(_app: App, one: Any, _sign: str) -> bool:
    if one.headers.get("Content-Type") == "application/json":
        return False
    one.received()
    one.answer(415)
    return True


def refuses_unread(_app: App, one: Any, sign: str) -> bool:
    """Leaves the body of what it refuses on the connection."""
    if not sign:
        one.answer(403)
    return not sign


def takes_a_list(app: App, one: Any, _sign: str) -> bool:
    """As PHP's strcasecmp, which of a list makes null, and null equals 0."""
    if not parse_qs(urlsplit(one.path).query).get("sign[]"):
        return False
    raw = one.received()
    one.answer(app.webhook(raw, right(app, raw)))
    return True


def tells_what_it_hashed(app: App, one: Any, sign: str) -> bool:
    """A refusal tells more than that the signature is wrong."""
    raw = one.received()
    status = app.webhook(raw, sign)
    key = app.config.webhook_key if app.config else ""
    one.answer(status, f"the signature is not the MD5 of {raw.decode()}{key}" if status == 403 else "")
    return True


class LosesWhatLacksAMember(App):
    """Looks at a member that it does not need, and acknowledges an event whatever becomes of it."""

    def webhook(self, raw: bytes, sign: str) -> int:
        return super().webhook(raw, sign) if "org_trans_stat" in json.loads(raw) else 200


class EndsWithWhatItCannotRead(App):
    """What takes events from the queue ends with the first whose trans_stat it does not know."""

    def webhook(self, raw: bytes, sign: str) -> int:
        over = self.__dict__.setdefault("over", False)
        self.__dict__["over"] = over or json.loads(raw).get("trans_stat") not in STATS
        return 200 if over else super().webhook(raw, sign)


ROWS: tuple[tuple[str, str, type[App], str], ...] = (
    ("read-once", "a body in parts", reads_once(), FRAMING),
    ("matched-whole", "Content-Type", handled(strict_media_type), FRAMING),
    ("left-unread", "a refused body", handled(refuses_unread), FRAMING),
    ("list-equals-every-text", "sign", handled(takes_a_list), FORGED),
    ("acknowledged-and-lost", "an event without org_trans_stat", LosesWhatLacksAMember, "webhook/valid-acknowledged"),
    ("acknowledged-and-lost", "all after one it cannot read", EndsWithWhatItCannotRead, "webhook/stat-decides"),
    ("given-away", "webhook_key", handled(tells_what_it_hashed), SECRETS),
)
"""Operator, target, the application, and the case that is about it."""


def mutants() -> Iterator[Mutant]:
    for operator, target, app, case in ROWS:
        yield Mutant(operator, target, "webhook", app, (case,))
