"""What a test asserts about received calls; a failed assertion shows the nearest calls and what differs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from huifu_mock.client.assertions import say
from huifu_mock.client.records import Call
from huifu_mock.request import CLOSE

SHOWN: Final = 5
"""How many calls a message shows."""


class Dropped(RuntimeError):
    """The journal dropped calls, so that nothing can be said about all of them."""

    def __init__(self, dropped: int) -> None:
        super().__init__(
            say(
                f"the journal dropped {dropped} calls because it was full, so it does not show every call that was "
                "received: call journal.clear() before the part of the test that matters, or use a tenant for each test"
            )
        )


_IN_THE_CALL: Final = frozenset({"session", "reason", "resp_code", "signature_ok", "status", "replay", "unmatched"})


def differs(call: Call, filters: Mapping[str, Any]) -> list[str]:
    """What keeps a call from matching, in words."""
    found = []
    for name, wanted in filters.items():
        if wanted is None:
            continue
        if name == "endpoint":
            is_it = str(wanted) in (call.endpoint, call.path) or call.path.endswith("/" + str(wanted).lstrip("/"))
            have: Any = call.endpoint
        else:
            have = getattr(call, name) if name in _IN_THE_CALL else call.value(name)
            if name == "unmatched" and isinstance(wanted, bool):
                have = have is not None
            is_it = str(have).lower() == str(wanted).lower()
        if not is_it:
            found.append(say(f"{name} is {_quoted(have)}, not {_quoted(wanted)}"))
    return found


def line(call: Call) -> str:
    """A call on one line."""
    parts = [call.id, call.at.strftime("%H:%M:%S.%f")[:-3], call.endpoint or call.path]
    numbers = ((name, call.value(name)) for name in ("req_seq_id", "org_req_seq_id", "org_hf_seq_id"))
    parts += [f"{name}={value}" for name, value in numbers if value]
    if call.unmatched:
        return " ".join([*parts, f"-> HTTP {call.status}: {call.hint}" if call.status else f"-> {call.hint}"])
    parts.append(f"-> {call.resp_code or say('no answer')}" + (f" {call.reason}" if call.reason else ""))
    if call.signature_ok is False:
        parts.append(say(f"signature wrong: {', '.join(call.explanation.get('mistakes', ()))}"))
    if call.faults:
        parts.append(say(f"faults: {', '.join(call.faults)}"))
    return " ".join(parts)


def wanted(filters: Mapping[str, Any]) -> str:
    """The filters in words."""
    given = {name: value for name, value in filters.items() if value is not None and name != "endpoint"}
    kind = str(filters.get("endpoint") or "call")
    if not given:
        return say(kind)
    return say(f"{kind} with {', '.join(f'{name}={_quoted(value)}' for name, value in given.items())}")


def none_matched(filters: Mapping[str, Any], calls: Sequence[Call]) -> str:
    """The message for a call that was expected and did not come."""
    head = say(f"no {wanted(filters)} was received")
    if not calls:
        empty = say("the journal is empty: nothing reached this tenant (is the client's base URL right?)")
        return f"{head}; {empty}"
    ranked = sorted(calls, key=lambda call: len(differs(call, filters)))[:SHOWN]
    rows = [f"  {line(call)}\n    {'; '.join(differs(call, filters))}" for call in ranked]
    return "\n".join([f"{head}; {say(f'the nearest of {len(calls)} calls:')}", *rows])


def too_many(filters: Mapping[str, Any], calls: Sequence[Call], allowed: int) -> str:
    """The message for calls that should not have come, or not more than once."""
    head = say(f"{len(calls)} times {wanted(filters)} instead of {'once' if allowed else 'never'}:")
    rows = [f"  {line(call)}" for call in calls[:SHOWN]]
    if len(calls) > 1 and allowed:
        rows.append(f"  {say(f'they differ in: {_between(calls[0], calls[1])}')}")
    if len(calls) > SHOWN:
        rows.append(f"  {say(f'… and {len(calls) - SHOWN} more')}")
    return "\n".join([head, *rows])


def _between(one: Call, other: Call) -> str:
    """In what two calls differ."""
    names = sorted({*(one.data or {}), *(other.data or {})})
    found = [
        say(f"{name} ({_quoted(one.value(name))}, then {_quoted(other.value(name))})")
        for name in names
        if one.value(name) != other.value(name)
    ]
    if found:
        return ", ".join(found)
    return say("nothing: the same data was sent again" if one.body == other.body else "the bytes, not the data")


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else "missing" if value is None else str(value)


# --- a retry under a new number ---------------------------------------------------------------------------------------

_DELIVERED: Final = frozenset(
    {"delay", "drip", "gzip", "stale-keep-alive", "chunked", "content-type", "interim", "lower-case-headers"}
)
"""Faults after which the client still has the answer."""
_ENDED_WELL: Final = frozenset({"CLOSED", "PROCESSING", "SYSTEM_ERROR", "SYSTEM_BUSY"})
"""Answers after which the order is closed, or may be."""


def is_refused(call: Call) -> bool:
    """Whether the client knows that this close did nothing, so that a new one may have a new number."""
    lost = [name for name in call.faults if not _is_harmless(name)]
    if lost or call.response is None:
        return False
    if call.reason is not None:
        return call.reason not in _ENDED_WELL
    return '"trans_stat":"F"' in call.response


def _is_harmless(fault: str) -> bool:
    return fault[:1].isdigit() or "@" in fault or fault in _DELIVERED or fault.startswith("push-")


def retried(closes: Iterable[Call]) -> list[tuple[Call, Call]]:
    """Pairs of closes of one order where the second has a new number though the first may have closed it."""
    open_ones: dict[str, Call] = {}
    found = []
    for call in closes:
        names = [call.value(name) for name in ("org_hf_seq_id", "org_req_seq_id")]
        keys = [f"{call.value('huifu_id')} {call.value('org_req_date')} {name}" for name in names if name]
        before = next((open_ones[key] for key in keys if key in open_ones), None)
        if before is not None and _number(before) != _number(call):
            found.append((before, call))
        elif not is_refused(call):
            open_ones.update(dict.fromkeys(keys, call))
    return found


def _number(call: Call) -> tuple[Any, Any]:
    return call.value("req_date"), call.value("req_seq_id")


def retried_anew(pairs: Sequence[tuple[Call, Call]]) -> str:
    """The message for retries under a new number."""
    rows = [f"  {line(first)}\n  {line(second)}" for first, second in pairs[:SHOWN]]
    advice = say("after an unknown outcome send the same req_seq_id and the same data again, or ask closequery:")
    times = "once" if len(pairs) == 1 else f"{len(pairs)} times"
    return "\n".join([f"{say(f'a close was retried with a new req_seq_id, {times}')}; {advice}", *rows])


CLOSES: Final = CLOSE.name
