"""Explanations of journal entries: a short finding when a call is refused, the whole when one reads it."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from huifu_mock.codes import Reason
from huifu_mock.explain.advice import language
from huifu_mock.explain.budget import Budget, untried
from huifu_mock.explain.content_type import doubtful_type, given_type
from huifu_mock.explain.days import own_date
from huifu_mock.explain.lexer import Received, receive
from huifu_mock.explain.refusal import TenantFacts, hint, refusal, remedy, sentence
from huifu_mock.explain.report import Explanation, Warned, Words, add_finding, add_warnings, escaped, fixes, warnings
from huifu_mock.explain.sign_field import Key
from huifu_mock.explain.signature import Earlier, examine, find, known_keys, verified_text
from huifu_mock.request import Call
from huifu_mock.state.journal import Entry, Finding

LONGEST: Final = 256 * 1024
"""A longer body is not looked into: real ones have less than 10 KB, and reading it anew would hold up everybody."""
OTHERS: Final = 64
"""The signature is tried with the keys of so many other tenants."""

__all__ = ["earlier", "examined", "explained", "hint"]


def examined(
    call: Call,
    own: RSAPublicKey,
    huifu: RSAPublicKey,
    others: Iterable[RSAPublicKey],
    earlier: Iterable[Earlier],
    *,
    known: bool = True,
    budget: Budget | None = None,
) -> Finding | None:
    """What is wrong with the signature of a call that was just received; `None` if there is nothing to look into.

    `known` is false where `own` is not the key of the call's `sys_id`, because no tenant has that: then it is no
    mistake that another key was used.
    """
    body = call.sent.body
    if len(body) > LONGEST:
        return untried(call, "too-long")
    received = receive(body)
    if received is None:
        return None
    ring = known_keys(own, huifu, islice(others, OTHERS))
    headers = call.sent.headers.decode("latin-1")
    found = examine(received, ring, headers, call.endpoint, earlier, budget=budget)
    if not known:
        found = replace(found, mistakes=tuple(id_ for id_ in found.mistakes if id_ not in ("foreign-key", "unknown")))
    return found


def earlier(entries: Iterable[Entry]) -> list[Earlier]:
    """Calls before, to be compared with."""
    return [Earlier(entry.id, entry.sent.body) for entry in entries]


def explained(entry: Entry, call: Call, tenant_facts: TenantFacts, own: RSAPublicKey | None = None) -> Explanation:
    """The explanation of a call that reached an endpoint."""
    words = Words()
    _tell_answer(words, entry, call, tenant_facts)
    typed = (*_typed(words, entry), *_dated(words, entry, call))
    if entry.signature_ok and _is_plain(entry, call):
        return Explanation(
            _name(entry), (), call.text, call.text, words.text(), (), typed, refusal(entry, call, tenant_facts)
        )
    received = receive(entry.sent.body) if len(entry.sent.body) <= LONGEST else None
    finding = entry.finding
    if finding is None and received is not None and own is not None:
        finding = _found_later(entry, received, own)
    expected = received.expected if received is not None else None
    doubtful: tuple[Warned, ...] = ()
    if received is not None and entry.signature_ok:
        doubtful = (*escaped(finding.signed_text if finding else None), *warnings(received.data))
    if finding is not None and finding.mistakes:
        add_finding(words, finding, expected, language(entry.sent.headers.decode("latin-1")))
    add_warnings(words, doubtful)
    return Explanation(
        _name(entry),
        finding.mistakes if finding else (),
        finding.signed_text if finding else None,
        expected,
        words.text(),
        fixes(finding) if finding else (),
        (*typed, *doubtful),
        refusal(entry, call, tenant_facts),
    )


def _typed(words: Words, entry: Entry) -> tuple[Warned, ...]:
    """The warning about a Content-Type that other gateways would refuse."""
    given = given_type(entry.sent.headers)
    if not given:
        return ()
    warned = (Warned("content-type", "Content-Type", *doubtful_type(given)),)
    add_warnings(words, warned)
    return warned


def _dated(words: Words, entry: Entry, call: Call) -> tuple[Warned, ...]:
    """The warning about the call's own date; a repeat may well be sent on the day after."""
    warning = None if entry.replay else own_date(entry.endpoint, call.value("req_date"), entry.at)
    if warning is None:
        return ()
    warned = (Warned("req-date", "req_date", *warning),)
    add_warnings(words, warned)
    return warned


def _name(entry: Entry) -> str | None:
    return entry.reason.name if entry.reason else None


def _is_plain(entry: Entry, call: Call) -> bool:
    """Whether there is one way only to write and sign the request: texts without escapes or control characters."""
    values = call.data.values()
    return b"\\" not in entry.sent.body and all(isinstance(value, str) and value.isprintable() for value in values)


def _found_later(entry: Entry, received: Received, own: RSAPublicKey) -> Finding | None:
    """For a call that nobody looked into when it came: one that was carried out, or that a fault cut off."""
    keys = [Key("own", own)]
    if entry.signature_ok:
        return Finding((), verified_text(received, keys))
    return find(received, keys)


def _tell_answer(words: Words, entry: Entry, call: Call, tenant_facts: TenantFacts) -> None:
    facts = entry.facts
    if entry.faults:
        applied = ", ".join(entry.faults)
        words.add(f"Fault applied: {applied}.", f"预置的故障已生效：{applied}。")
    if not entry.resp_code:
        words.add("The call was not carried out.", "请求未执行。")
    elif facts is None:
        line = hint(entry, call, tenant_facts) if entry.reason is Reason.SYSTEM_ERROR else ""
        words.add(line or "The call was carried out.", line or "请求已执行。")
    if entry.reply is None and entry.response is None:
        words.add("It was not answered.", "没有应答。")
    if facts is None:
        return
    en, zh = facts.rule.when, facts.rule.when_zh
    if facts.rule.row == "scripted":
        words.add("A test prepared this answer.", "该应答由测试预置。")
    else:
        words.add(f"Refused by rule {facts.rule.row}: {en}.", f"被规则 {facts.rule.row} 拒绝：{zh}。")
    en, zh = sentence(facts)
    words.add(f"The specification: {en}.", f"接口文档：{zh}。")
    en, zh = remedy(entry, call, tenant_facts)
    words.add(f"To succeed: {en}.", f"怎样才会成功：{zh}。")
