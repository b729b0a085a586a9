"""Operators on webhooks: each check skipped, inverted or weakened, each state and event taken for another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import md5
from http.server import BaseHTTPRequestHandler
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from huifu_contract.catalogue.cases.webhook import MEMBERS
from huifu_contract.mutants.operators.mutant import Mutant, made
from huifu_contract.outcome import Outcome
from huifu_contract.reference.app import STATS, App, Named
from huifu_contract.reference.client import Config

CASES = (
    "webhook/bad-or-missing-sign",
    "webhook/raw-bytes",
    "webhook/stat-decides",
    "webhook/other-news",
    "webhook/valid-acknowledged",
    "webhook/duplicate-and-reordered",
)


def right(app: App, raw: bytes) -> str:
    key = app.config.webhook_key if app.config else ""
    return md5(raw + key.encode(), usedforsecurity=False).hexdigest()


def signed(accepts: Callable[[str, str, bytes], bool]) -> type[App]:
    """Accepts what `accepts(given, right, raw)` says."""

    def webhook(self: App, raw: bytes, sign: str) -> int:
        genuine = right(self, raw)
        return App.webhook(self, raw, genuine) if accepts(sign.lower(), genuine, raw) else 403

    return made(App, webhook=webhook)


def _hex(data: bytes) -> str:
    return md5(data, usedforsecurity=False).hexdigest()


def _anew(raw: bytes) -> bytes:
    return json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":")).encode()


SIGNS: dict[str, Callable[[str, str, bytes], bool]] = {
    "skipped": lambda _given, _right, _raw: True,
    "inverted": lambda given, right, _raw: given != right,
    "missing-allowed": lambda given, right, _raw: given in ("", right),
    "by-its-beginning": lambda given, right, _raw: given[:8] == right[:8],
    "by-all-but-its-end": lambda given, right, _raw: len(given) == len(right) and given[:-1] == right[:-1],
    "by-its-length": lambda given, right, _raw: len(given) == len(right),
    "shortened-allowed": lambda given, right, _raw: bool(given) and right.startswith(given),
    "lengthened-allowed": lambda given, right, _raw: given.startswith(right),
    "without-the-key": lambda given, right, raw: given in (right, _hex(raw)),
}


def read(change: Callable[[dict[str, Any]], dict[str, Any]]) -> type[App]:
    """Checks the signature, and reads another event than was signed."""

    def webhook(self: App, raw: bytes, sign: str) -> int:
        if sign.lower() != right(self, raw):
            return 403
        try:
            event = json.dumps(change(json.loads(raw))).encode()
        except (ValueError, KeyError):
            return 400
        return App.webhook(self, event, right(self, event))

    return made(App, webhook=webhook)


def _stat(table: dict[Any, str], other: str = "") -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(event: dict[str, Any]) -> dict[str, Any]:
        now = event.get("trans_stat")
        return {**event, "trans_stat": table.get(now, other if other and now not in ("S", "F", "P") else now)}

    return change


READ: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("taken-for-closed", "F"): _stat({"F": "S"}),
    ("taken-for-closed", "P"): _stat({"P": "S"}),
    ("taken-for-not-closed", "P"): _stat({"P": "F"}),
    ("taken-for-closed", "an unlisted state"): _stat({}, "S"),
    ("taken-for-not-closed", "an unlisted state"): _stat({}, "F"),
    ("read-in-any-case", "trans_stat"): _stat({"s": "S"}),
    ("missing-is-success", "trans_stat"): _stat({None: "S"}),
    ("by-code", "trans_stat"): lambda event: {
        **event, **({"trans_stat": "S"} if event.get("resp_code") == "00000000" else {})
    },
    ("by-the-payment", "trans_stat"): lambda event: {
        **event, **({"trans_stat": "S"} if event.get("org_trans_stat") == "F" else {})
    },
    ("skipped", "event_define_no"): lambda event: {**event, "event_define_no": "trans.close"},
    ("by-its-beginning", "event_define_no"): lambda event: {
        **event, "event_define_no": str(event["event_define_no"])[:11]
    },
    ("inverted", "event_define_no"): lambda event: {
        **event, "event_define_no": "" if event["event_define_no"] == "trans.close" else "trans.close"
    },
    ("dropped", "org_req_seq_id"): lambda event: {**event, "org_req_seq_id": ""},
}  # fmt: skip


def anew() -> type[App]:
    def webhook(self: App, raw: bytes, sign: str) -> int:
        return App.webhook(self, raw, right(self, raw)) if right(self, _anew(raw)) == sign.lower() else 403

    return made(App, webhook=webhook)


def everybody() -> type[App]:
    """One success is a success of every order."""

    def order(self: App, refs: Any) -> Any:
        outcome = App.order(self, refs)
        return type(outcome)("closed") if "closed" in self.beliefs.values() else outcome

    return made(App, order=order)


def knowing(change: Callable[[dict[str, Any]], dict[str, Any]]) -> type[App]:
    """Finds an order by less than names it."""
    return made(App, named=lambda self, refs: App.named(self, change(dict(refs))))


def _number(change: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda refs: {**refs, "org_req_seq_id": change(str(refs.get("org_req_seq_id", "")))}


KNOWN_BY: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("found-without", "org_req_date"): lambda refs: {**refs, "org_req_date": ""},
    ("found-without", "huifu_id"): lambda refs: {**refs, "huifu_id": ""},
    ("found-by-its-beginning", "org_req_seq_id"): _number(lambda text: text[:20]),
    ("found-without-case", "org_req_seq_id"): _number(str.casefold),
    ("found-without-blanks", "org_req_seq_id"): _number(str.strip),
    ("found-without-accents", "org_req_seq_id"): _number(lambda text: text.replace("\u00e9", "e")),
    ("found-as-a-number", "org_req_seq_id"): _number(lambda text: text.lstrip("0")),
    ("found-by-64-characters", "org_req_seq_id"): _number(lambda text: text[:64]),
    ("found-by", "org_mer_ord_id"): lambda refs: {
        **refs,
        "org_req_seq_id": refs.get("org_mer_ord_id", refs["org_req_seq_id"]),
    },
}


class FindsKnownOrders(App):
    """As LIKE 'number%': an event is about every order that is known and whose number begins so."""

    def believe(self, refs: Mapping[str, Any], claim: str) -> None:
        merchant, day, number = self.named(refs)
        for known in [name for name in self.beliefs if name[:2] == (merchant, day) and name[2].startswith(number)]:
            super().believe({**refs, "org_req_seq_id": known[2]}, claim)
        super().believe(refs, claim)


def latest() -> type[App]:
    """The last news counts, not the best."""

    def believe(self: App, refs: Any, claim: str) -> None:
        self.beliefs[self.named(refs)] = claim

    return made(App, believe=believe)


def failure_counts() -> type[App]:
    """A failure takes back what was closed."""

    def believe(self: App, refs: Any, claim: str) -> None:
        App.believe(self, refs, claim)
        if claim == "not_closed":
            self.beliefs[self.named(refs)] = claim

    return made(App, believe=believe)


def answer_counts() -> type[App]:
    """What the close ended in counts, whatever a webhook said before."""

    def close(self: App, config: Any, base_url: str, params: Any) -> Any:
        outcome = App.close(self, config, base_url, params)
        self.beliefs[self.named(params)] = outcome.verdict
        return outcome

    return made(App, close=close)


def body(change: Callable[[bytes], bytes]) -> type[App]:
    """Verifies the signature over a body that was converted first."""
    return made(App, webhook=lambda self, raw, sign: App.webhook(self, change(raw), sign))


def refusing() -> type[App]:
    def webhook(self: App, raw: bytes, sign: str) -> int:
        before = dict(self.beliefs)
        status = App.webhook(self, raw, sign)
        return 409 if status == 200 and before == self.beliefs else status

    return made(App, webhook=webhook)


class ReadsTheAddress(App):
    """As PHP's $_REQUEST: a parameter of the address goes before a member of the body."""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        usual: Any = super()._handler()
        app = self

        class Handler(usual):  # type: ignore[misc]  # made by the reference
            def do_POST(self) -> None:  # noqa: N802  # http.server's name
                app.address = dict(parse_qsl(urlsplit(self.path).query))
                usual.do_POST(self)

        return Handler

    address: Mapping[str, str] = MappingProxyType({})

    def believe(self, refs: Mapping[str, Any], claim: str) -> None:
        super().believe(refs, STATS.get(self.address.get("trans_stat", ""), claim))


class FailsOnOtherEvents(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        status = super().webhook(raw, sign)
        other = status == 200 and json.loads(raw).get("event_define_no") != "trans.close"
        return 500 if other else status


class FirstNewsCounts(App):
    def believe(self, refs: Mapping[str, Any], claim: str) -> None:
        self.beliefs.setdefault(self.named(refs), claim)


class EndsAreEnds(App):
    """What was not_closed once is not_closed for ever."""

    def believe(self, refs: Mapping[str, Any], claim: str) -> None:
        if self.beliefs.get(self.named(refs)) != "not_closed":
            super().believe(refs, claim)


class KnowsABodyByItsBeginning(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        seen: set[bytes] = self.__dict__.setdefault("seen", set())
        if raw[:60] in seen:
            return 200
        status = super().webhook(raw, sign)
        if status == 200:
            seen.add(raw[:60])
        return status


class TakesASignInTheBody(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        event = json.loads(raw)
        if sign or "sign" not in event:
            return super().webhook(raw, sign)
        self.believe(event, STATS.get(event.get("trans_stat"), "unknown"))
        return 200


class VerifiesSuccessAlone(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        failed = json.loads(raw).get("trans_stat") == "F"
        return super().webhook(raw, right(self, raw) if failed else sign)


class RemembersBeforeItVerifies(App):
    """Takes the genuine one for a repeat of a forged one."""

    def webhook(self, raw: bytes, sign: str) -> int:
        seen: set[bytes] = self.__dict__.setdefault("seen", set())
        if raw in seen:
            return 200
        seen.add(raw)
        return super().webhook(raw, sign)


class DropsWhatOvertakes(App):
    """Does not look at news of an order while a close of it is under way."""

    def close(self, config: Any, base_url: str, params: Any) -> Any:
        closing: set[Named] = self.__dict__.setdefault("closing", set())
        client = self.client(base_url, Config.of(config), timeout_s=self.timeout_s, attempt_s=self.attempt_s)
        closing.add(self.named(params))
        try:
            outcome = client.close(**params)
        finally:
            closing.discard(self.named(params))
        self.believe(params, outcome.verdict)
        return outcome

    def believe(self, refs: Mapping[str, Any], claim: str) -> None:
        if self.named(refs) not in self.__dict__.get("closing", ()):
            super().believe(refs, claim)


class AnswersByWhatAFailureTold(App):
    """Does not close an order any more of which a webhook told that a close failed."""

    def webhook(self, raw: bytes, sign: str) -> int:
        status = super().webhook(raw, sign)
        if status == 200 and json.loads(raw).get("trans_stat") == "F":
            self.__dict__.setdefault("failed", set()).add(self.named(json.loads(raw)))
        return status

    def close(self, config: Any, base_url: str, params: Any) -> Any:
        if self.named(params) in self.__dict__.get("failed", ()):
            return Outcome("not_closed", attempts=0)
        return super().close(config, base_url, params)


class SettlesWhatIsOpen(App):
    """Enters a close whose outcome nobody knows as one that failed."""

    def close(self, config: Any, base_url: str, params: Any) -> Any:
        outcome = super().close(config, base_url, params)
        if outcome.verdict == "unknown":
            self.believe(params, "not_closed")
        return outcome


class HoldsUnknownOrdersForOpen(App):
    """Says not_closed of an order that it heard nothing of."""

    def order(self, refs: Mapping[str, str]) -> Outcome:
        outcome = super().order(refs)
        return Outcome("not_closed") if outcome.verdict == "unknown" else outcome


class WaitsForAnyNews(App):
    """Takes any event about an order whose close is in progress for that which it waits for."""

    def webhook(self, raw: bytes, sign: str) -> int:
        if sign.lower() != right(self, raw):
            return 403
        event = json.loads(raw)
        if self.beliefs.get(self.named(event)) == "pending":
            self.believe(event, STATS.get(event.get("trans_stat"), "unknown"))
        return super().webhook(raw, sign)


class KnowsItsMembersAlone(App):
    """Reads the event into a class that refuses a member which it does not know."""

    known = frozenset((*MEMBERS, "remark", "resp_code", "resp_desc"))

    def webhook(self, raw: bytes, sign: str) -> int:
        return super().webhook(raw, sign) if json.loads(raw).keys() <= self.known else 400


HOOK = "webhook/duplicate-and-reordered"
HABITS: tuple[tuple[str, str, str, type[App], str], ...] = (
    ("fails-on", "another event", "webhook", FailsOnOtherEvents, "webhook/other-event-acknowledged"),
    ("read-in-the-address", "trans_stat", "webhook", ReadsTheAddress, "webhook/stat-decides"),
    ("first-counts", "trans_stat", "webhook", FirstNewsCounts, HOOK),
    ("first-end-counts", "trans_stat", "webhook", EndsAreEnds, HOOK),
    ("found-among-known-orders", "org_req_seq_id", "webhook", FindsKnownOrders, "webhook/other-news"),
    ("known-by-its-beginning", "the event", "webhook", KnowsABodyByItsBeginning, HOOK),
    ("signature-not-needed", "F", "webhook", VerifiesSuccessAlone, "webhook/bad-or-missing-sign"),
    ("known-before-verified", "the event", "webhook", RemembersBeforeItVerifies, HOOK),
    ("dropped-while-closing", "the event", "webhook", DropsWhatOvertakes, HOOK),
    ("failure-told-again", "every close", "webhook", AnswersByWhatAFailureTold, HOOK),
    ("held-for-settled", "a close left open", "webhook", SettlesWhatIsOpen, "webhook/other-news"),
    ("held-for-open", "an order not heard of", "webhook", HoldsUnknownOrdersForOpen, "webhook/valid-acknowledged"),
    ("skipped-while-pending", "event_define_no", "webhook", WaitsForAnyNews, "webhook/other-news"),
    ("refused-for-its-members", "the event", "webhook", KnowsItsMembersAlone, "webhook/raw-bytes"),
    ("signature-in-the-body", "sign", "webhook", TakesASignInTheBody, "webhook/bad-or-missing-sign"),
)
"""Operator, target, place, the application, and the case that is about it."""


def mutants() -> Iterator[Mutant]:
    for operator, accepts in SIGNS.items():
        yield Mutant(f"signature-{operator}", "sign", "webhook", signed(accepts), CASES)
    for (operator, target), change in READ.items():
        yield Mutant(operator, target, "webhook", read(change), CASES)
    for (operator, target), change in KNOWN_BY.items():
        yield Mutant(operator, target, "webhook", knowing(change), ("webhook/similar-order", "webhook/other-news"))
    yield Mutant("signature-over-values-written-anew", "sign", "webhook", anew(), CASES)
    yield Mutant("answer-of-another-call", "org_req_seq_id", "webhook", everybody(), CASES)
    yield Mutant("latest-counts", "trans_stat", "webhook", latest(), CASES)
    yield Mutant("latest-failure-counts", "trans_stat", "webhook", failure_counts(), CASES)
    yield Mutant("answer-counts", "trans_stat", "webhook", answer_counts(), CASES)
    yield Mutant("signature-over-values-trimmed", "sign", "webhook", body(bytes.strip), CASES)
    ascii_only = body(lambda raw: raw.decode("ascii", "ignore").encode())
    yield Mutant("signature-over-values-ascii-only", "sign", "webhook", ascii_only, CASES)
    yield Mutant("repeat-refused", "the event", "webhook", refusing(), CASES)
    for operator, target, place, app, case in HABITS:
        yield Mutant(operator, target, place, app, (case,))
