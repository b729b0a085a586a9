"""Mutants of the laws: the tests in `test_laws.py` catch a broken copy of each, so that they prove something."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from itertools import product
from types import ModuleType
from typing import Any

import pytest
import test_laws

from huifu_contract.harness import laws

MUTANTS: list[tuple[str, str, str]] = [
    ("soundness", "if not e.truth.closed:", "if False:"),
    ("soundness", 'elif not e.genuine("S"):', "elif False:"),
    ("soundness", "        if e.truth.closed:", "        if False:"),
    ("soundness", "elif e.truth.in_flight:", "elif False:"),
    ("soundness", 'e.claim == "rejected" and e.sent', "False"),
    ("soundness", 'e.claim == "rejected" and e.sent', 'e.claim == "rejected"'),
    ("soundness", 'e.claim == "crashed"', "False"),
    ("resolution", "if e.definite:", "if True:"),
    ("resolution", "if e.definite:", 'if e.claim == "closed":'),
    ("wire", "if sent.data is None:", "if False:"),
    ("wire", "if wrong is not None:", "if False:"),
    ("wire", "if name in names[:at]", "if False"),
    ("wire", "if called is None else called.request", ""),
    ("wire", "if isinstance(value, str) and not real_date(value):", "if False:"),
    ("wire", "if sent.op in NAMES_AN_ORDER and not any", "if False and not any"),
    ("wire", "if sent.op in NAMES_AN_ORDER and not any", "if not any"),
    ("wire", "if sent.signature_ok:", "if True:"),
    ("wire", "if len(requests) > 1", "if len(requests) > 2"),
    ("wire", "and one.op in HAS_ITS_OWN_NUMBER", ""),
    ("wire", "if len(text) != 8 or not (text.isascii() and text.isdigit()):", "if len(text) != 8:"),
    ("restraint", "len(e.sent) <= e.hello.max_attempts", "len(e.sent) <= e.hello.max_attempts + 1"),
    ("restraint", "len(e.sent) <= e.hello.max_attempts", "len(e.sent) < e.hello.max_attempts"),
    ("restraint", "return [*bounded(e), *same_or_query(e)]", "return [*bounded(e)]"),
    ("restraint", "sent.identity != doubtful.identity", "False"),
    ("restraint", 'if sent.op != "close":', "if False:"),
    ("restraint", "sent.heard.genuine and", ""),
    ("restraint", 'in ("S", "F")', 'in ("S", "F", "P")'),
    ("restraint", "gaps[-1] < PAUSE_S", "False"),
    ("restraint", "later < GROWTH * sooner - JITTER_S", "False"),
    ("restraint", "later < GROWTH * sooner - JITTER_S", "later < sooner"),
    ("restraint", "any(gap < PAUSE_S for gap in gaps)", "False"),
    ("restraint", "gaps = _gaps(e.closes)", "gaps = _gaps(e.sent)"),
    ("silence", "or e.genuine(SAYS[e.claim])", ""),
    ("silence", "not e.definite or", ""),
    ("silence", "sent.heard.delivered and", ""),
    ("silence", "not sent.heard.genuine", "False"),
]


def mutant(law: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the laws with one thing changed."""
    source = inspect.getsource(laws)
    assert source.count(old) == 1, f"{old!r} occurs {source.count(old)} times in {law}"
    made = ModuleType(f"mutant_of_{law}")
    monkeypatch.setitem(sys.modules, made.__name__, made)  # dataclasses look their module up
    exec(source.replace(old, new), made.__dict__)
    return made


def runs() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every test of `test_laws.py` with every set of arguments that it is parametrised with."""
    for name, test in vars(test_laws).items():
        if name.startswith("test_"):
            marks = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
            for values in product(*(rows for _, rows, *_ in marks)):
                given: dict[str, Any] = {}
                for (names, *_), value in zip(marks, values, strict=True):
                    given.update({names: value} if isinstance(names, str) else zip(names, value, strict=True))
                yield test, given


def killed() -> bool:
    """Whether any test of the laws notices."""
    for test, given in runs():
        try:
            test(**given)
        except (AssertionError, AttributeError, KeyError, TypeError):
            return True
    return False


def test_the_laws_as_they_are_pass() -> None:
    assert not killed()
    assert {law for law, _, _ in MUTANTS} == {"soundness", "resolution", "wire", "restraint", "silence"}


@pytest.mark.parametrize(("law", "old", "new"), MUTANTS)
def test_a_broken_law_is_caught(law: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = mutant(law, old, new, monkeypatch)
    for name in set(vars(broken)) & set(vars(test_laws)):
        if inspect.isfunction(function := getattr(broken, name)) and function.__module__ == broken.__name__:
            monkeypatch.setattr(test_laws, name, function)
    assert killed(), "no test of the laws tells it from the right one"
