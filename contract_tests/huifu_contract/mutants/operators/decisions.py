"""Operators on decisions: each row of what a reply means, wrong, or hanging on its text, code or state alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from huifu_contract.mutants.operators.mutant import Mutant, Placed, first, made
from huifu_contract.mutants.registry import Reply
from huifu_contract.reference import decide

CLOSE_CASES = (
    "response/code-table",
    "response/p-beats-code",
    "response/stat-s-beats-code",
    "response/system-errors-indefinite",
    "response/desc-is-text",
    "response/unlisted-stat",
    "response/unlisted-codes",
    "response/no-trans-stat",
    "response/23000000-is-not-closed",
    "response/23000000-after-own-close",
    "response/p-then-query",
    "control/reports-honest-failure",
    "time/one-minute-backs-off",
    "concurrency/conflict-retried",
    "transport/lost-after-close",
)
QUERY_CASES = (
    "query/stat-decides",
    "query/desc-is-text",
    "response/p-then-query",
    "query/lost-or-broken",
    "query/own-number",
    "response/23000000-after-own-close",
    "response/stat-p-pending",
)
ABOUT = {
    "P": ("response/p-then-query", "response/p-beats-code"),
    "F with 20000001": ("concurrency/conflict-retried", "time/one-minute-backs-off"),
    "F with an unlisted code": ("response/unlisted-codes",),
    "F with 10000016": ("response/unlisted-codes", "response/23000000-after-own-close"),
    "an unlisted state": ("response/unlisted-stat",),
    "an empty state": ("response/no-trans-stat",),
    "no answer": ("transport/lost-after-close",),
}
"""The cases about one row of a close's answers."""
Row = Callable[[str, str], bool]
EXAMPLE = "10000016"
"""Of the example of the page: the order is final, and a query tells how."""
SPECIAL = {"20000001", "23000000", EXAMPLE, *decide.CERTAIN, *decide.SYSTEM}


def _row(stat: str, *codes: str) -> Row:
    return lambda found, code: found == stat and (not codes or code in codes)


CLOSE_ROWS: dict[str, Row] = {
    "S": _row("S"),
    "P": _row("P"),
    "P with 00000000": _row("P", "00000000"),
    "P with a system error": _row("P", *decide.SYSTEM),
    "F with 00000000": _row("F", "00000000"),
    "F with 00000100": _row("F", "00000100"),
    "F with 20000001": _row("F", "20000001"),
    "F with 23000000": _row("F", "23000000"),
    **{f"F with {code}": _row("F", code) for code in (*decide.CERTAIN, *decide.SYSTEM, EXAMPLE)},
    "F with an unlisted code": lambda stat, code: stat == "F" and code not in SPECIAL and not code.startswith("00000"),
    "an unlisted state": lambda stat, _: stat not in ("P", "S", "F", "", "nothing"),
    "an empty state": _row(""),
    "no answer": _row("nothing"),
}
QUERY_ROWS: dict[str, Row] = {
    "S": _row("S"),
    "P": _row("P"),
    "F with 00000000": _row("F", "00000000"),
    "F with 00000100": _row("F", "00000100"),
    "F with a system error": _row("F", *decide.SYSTEM),
    "P with a system error": _row("P", *decide.SYSTEM),
    "an unlisted state": lambda stat, _: stat not in ("P", "S", "F", "", "nothing"),
    "an empty state": _row(""),
    "no answer": _row("nothing"),
}
WRONG = {
    "S": ("not_closed", "young"),
    "P": ("closed", "not_closed", "young"),
    "F": ("closed", "not_closed"),
    "a": ("closed", "not_closed"),
    "n": ("closed", "not_closed"),
}
"""What a row may not lead to, by its first letter. What is merely careful is no fault."""
RIGHT = {f"F with {code}": "not_closed" for code in decide.CERTAIN}
HONEST_F = ("F with 00000000", "F with 00000100", "F with an unlisted code")
"""F without a reason to doubt it: not_closed is true there. To ask once and leave it at that is careful too."""


def _read(reply: Reply) -> tuple[str, str]:
    if reply is None:
        return "nothing", ""
    stat, code = reply.get("trans_stat"), reply.get("resp_code")
    return (stat if isinstance(stat, str) else "" if stat is None else "X", code if isinstance(code, str) else "")


def deciding(row: Row, standing: str, *, query: bool) -> type[Placed]:
    def decided(self: Placed, reply: Reply) -> str:
        return standing if row(*_read(reply)) else Placed.decide(self, reply)

    def resolved(self: Placed, reply: Reply, before: str) -> str:
        return standing if row(*_read(reply)) else Placed.resolve(self, reply, before)

    return made(Placed, resolve=resolved) if query else made(Placed, decide=decided)


def rows() -> Iterator[Mutant]:
    for query, table, cases in ((False, CLOSE_ROWS, CLOSE_CASES), (True, QUERY_ROWS, QUERY_CASES)):
        place = "closequery" if query else "close"
        for name, row in table.items():
            for wrong in WRONG[name[0]]:
                careful = (wrong == "young" and query) or (wrong == "not_closed" and name in HONEST_F)
                if wrong != RIGHT.get(name) and not careful:
                    client = deciding(row, wrong, query=query)
                    likely = cases if query else first(*ABOUT.get(name, ()), then=cases)
                    yield Mutant(f"taken-for-{wrong.replace('young', 'settled')}", name, place, client, likely)


WORDS = ("成功", "失败", "处理中", "不存在", "系统", "终态", "银联", "重试", "产品号", "不能同时为空", "不符合")


def by_text(word: str, standing: str, *, query: bool) -> type[Placed]:
    """A word in the description comes before everything else."""
    return deciding_on(lambda reply: word in str((reply or {}).get("resp_desc")), standing, query=query)


def deciding_on(when: Callable[[Any], bool], standing: str, *, query: bool) -> type[Placed]:
    def decided(self: Placed, reply: Reply) -> str:
        return standing if reply is not None and when(reply) else Placed.decide(self, reply)

    def resolved(self: Placed, reply: Reply, before: str) -> str:
        return standing if reply is not None and when(reply) else Placed.resolve(self, reply, before)

    return made(Placed, resolve=resolved) if query else made(Placed, decide=decided)


EXACT = {
    "00000000": "交易成功",
    "10000000": "入参数据不符合接口要求",
    "21000000": "原请求流水号和原全局流水号不能同时为空",
    "23000001": "原交易不存在",
    "23000004": "原订单为银联二维码交易，不支持关单",
}


def _no_conflict_by_its_words(reply: Any) -> bool:
    """What is not called a conflict is an order that is too young."""
    return reply.get("resp_code") == "20000001" and "并发" not in str(reply.get("resp_desc"))


def texts() -> Iterator[Mutant]:
    for query in (False, True):
        place, cases = ("closequery", QUERY_CASES) if query else ("close", ("response/desc-is-text", *CLOSE_CASES))
        for word in WORDS if not query else ("成功", "失败", "处理中", "不存在", "系统"):
            wrong = "closed" if word == "成功" else "not_closed" if word in ("失败", "不存在", "终态") else "doubt"
            if not (query and wrong == "doubt" and word != "系统"):
                yield Mutant("decides-by-a-word", word, place, by_text(word, wrong, query=query), cases)
    young = deciding_on(_no_conflict_by_its_words, "not_closed", query=False)
    yield Mutant("taken-for-not_closed", "20000001 without 并发", "close", young, ("response/desc-is-text",))
    for code, words in EXACT.items():

        def reworded(reply: Any, code: str = code, words: str = words) -> bool:
            return bool(reply.get("resp_code") == code and reply.get("resp_desc") != words)

        client = deciding_on(reworded, "young", query=False)
        yield Mutant("decides-by-the-exact-text", code, "close", client, ("response/desc-is-text",))


def _state(change: Callable[[Any], Any], *, query: bool) -> type[Placed]:
    """Reads the state more kindly than it is written."""

    def kinder(reply: Reply) -> Reply:
        return None if reply is None else {**reply, "trans_stat": change(reply.get("trans_stat"))}

    def decided(self: Placed, reply: Reply) -> str:
        return Placed.decide(self, kinder(reply))

    def resolved(self: Placed, reply: Reply, before: str) -> str:
        return Placed.resolve(self, kinder(reply), before)

    return made(Placed, resolve=resolved) if query else made(Placed, decide=decided)


KINDER: dict[str, Callable[[Any], Any]] = {
    "in-any-case": lambda stat: stat.upper() if isinstance(stat, str) else stat,
    "without-blanks": lambda stat: stat.strip() if isinstance(stat, str) else stat,
    "by-its-first-letter": lambda stat: stat[:1] if isinstance(stat, str) else stat,
    "in-full-width": lambda stat: unicodedata.normalize("NFKC", stat) if isinstance(stat, str) else stat,
    "in-a-list": lambda stat: stat[0] if isinstance(stat, list) and stat else stat,
    "as-a-truth-value": lambda stat: {True: "S", False: "F"}.get(stat, stat) if isinstance(stat, bool) else stat,
    "as-a-number": lambda stat: {1: "S", 0: "F"}.get(stat, stat) if isinstance(stat, int) else stat,
    "missing-is-success": lambda stat: "S" if stat is None else stat,
    "missing-is-failure": lambda stat: "F" if stat is None else stat,
    "else-is-success": lambda stat: stat if stat in ("P", "F") else "S",
    "else-is-failure": lambda stat: stat if stat in ("P", "S") else "F",
    "else-is-in-progress": lambda stat: stat if stat in ("F", "S") else "P",
}
NOT_IN_QUERY = ("in-full-width", "as-a-truth-value", "as-a-number")


def states() -> Iterator[Mutant]:
    likely = first("response/unlisted-stat", "response/no-trans-stat", then=CLOSE_CASES)
    for operator, change in KINDER.items():
        if operator != "else-is-in-progress":  # careful, and no fault
            yield Mutant(f"state-read-{operator}", "trans_stat", "close", _state(change, query=False), likely)
            if operator not in NOT_IN_QUERY:
                client = _state(change, query=True)
                yield Mutant(f"state-read-{operator}", "trans_stat", "closequery", client, QUERY_CASES)


def _by_code(reply: Reply) -> str:
    code = (reply or {}).get("resp_code")
    return (
        "closed" if code == "00000000" else "pending" if code == "00000100" else "doubt" if not code else "not_closed"
    )


def _by_state(reply: Reply) -> str:
    return {"S": "closed", "P": "pending", "F": "not_closed"}.get(str((reply or {}).get("trans_stat")), "doubt")


def alone() -> Iterator[Mutant]:
    for operator, by in (("by-code-alone", _by_code), ("by-state-alone", _by_state)):
        close = made(Placed, decide=lambda _self, reply, by=by: by(reply))
        query = made(Placed, resolve=lambda _self, reply, before, by=by: before if reply is None else by(reply))
        yield Mutant(operator, "the outcome", "close", close, CLOSE_CASES)
        yield Mutant(operator, "the outcome", "closequery", query, QUERY_CASES)


def again() -> Iterator[Mutant]:
    for stat, case in (("F", "response/stat-f-beats-code"), ("P", "response/stat-p-with-00000000")):

        def decide(self: Placed, reply: Reply, stat: str = stat) -> str:
            zero = self.place == "retry" and _read(reply) == (stat, "00000000")
            return "closed" if zero else Placed.decide(self, reply)

        yield Mutant("taken-for-closed", f"{stat} with 00000000", "retry", made(Placed, decide=decide), (case,))


def _paid(reply: Any) -> bool:
    return bool(reply.get("org_trans_stat") == "S")


def payments() -> Iterator[Mutant]:
    """The payment's own state goes before that of the close."""
    for query, place, cases in ((False, "close", CLOSE_CASES), (True, "closequery", QUERY_CASES)):
        yield Mutant(
            "paid-is-not-closed", "org_trans_stat", place, deciding_on(_paid, "not_closed", query=query), cases
        )


class LostRetryIsNotClosed(Placed):
    """Without an answer to a close that was sent again, the refusal before it stands."""

    def decide(self, reply: Reply) -> str:
        return "not_closed" if reply is None and self.place == "retry" else super().decide(reply)


class LostQueryIsNotClosed(Placed):
    """Without an answer to a closequery nothing seems to be closed."""

    def resolve(self, reply: Reply, standing: str) -> str:
        return "not_closed" if reply is None else super().resolve(reply, standing)


class LeavesAFailureOpen(Placed):
    """Goes on waiting for the success of a close in progress, whatever closequery says."""

    def resolve(self, reply: Reply, standing: str) -> str:
        found = super().resolve(reply, standing)
        return standing if standing == "pending" and found == "not_closed" else found


class LeavesALostAnswerOpen(Placed):
    """Asks closequery after a P alone."""

    def wait(self, seconds: float, until: float) -> bool:
        return not self.lost and super().wait(seconds, until)

    def decide(self, reply: Reply) -> str:
        self.lost = reply is None
        return super().decide(reply)

    lost = False


def left_open() -> Iterator[Mutant]:
    asked = ("response/p-then-query",)
    yield Mutant("left-open", "F after P", "closequery", LeavesAFailureOpen, asked)
    yield Mutant("left-open", "a lost answer", "close", LeavesALostAnswerOpen, asked)


def lost() -> Iterator[Mutant]:
    for place, client, case in (
        ("retry", LostRetryIsNotClosed, "security/retry-examined"),
        ("closequery", LostQueryIsNotClosed, "query/authentic"),
    ):
        yield Mutant("lost-is-not-closed", "the reply", place, client, (case,))


def mutants() -> Iterator[Mutant]:
    yield from rows()
    yield from texts()
    yield from states()
    yield from alone()
    yield from again()
    yield from payments()
    yield from lost()
    yield from left_open()
