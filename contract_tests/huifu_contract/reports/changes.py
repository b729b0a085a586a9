"""What changed between two runs of the kit: for a client or a kit that was upgraded, and for pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huifu_contract.grading.results import OK, CaseResult, RunResult, Verdict
from huifu_contract.reports.failures import told
from huifu_contract.reports.markdown import cell, table
from huifu_contract.reports.words import say
from huifu_mock._language import Language, language

KINDS = ("worse", "unrun", "better", "other", "verdict", "new", "gone")
"""The kinds of changes, in the order in which they are told; `words.py` has a title for each."""
NO_CASE = ""
"""What is before a new case, and after one that is gone."""
UNRUN = frozenset({Verdict.NOT_RUN, Verdict.BLOCKED})


@dataclass(frozen=True, slots=True)
class Change:
    """One case. `before` and `after` are a verdict with what was found, or NO_CASE."""

    kind: str
    case: str
    level: str
    before: str
    after: str
    revised: bool = False
    """The case itself has changed between the two kits."""


def changes(a: RunResult, b: RunResult) -> list[Change]:
    """In the order of KINDS, then of the cases."""
    before, after = ({case.id: case for case in run.cases} for run in (a, b))
    found = [
        change
        for name in dict.fromkeys((*after, *before))
        if (change := _change(before.get(name), after.get(name))) is not None
    ]
    return sorted(found, key=lambda change: KINDS.index(change.kind))


def worse(found: Sequence[Change]) -> bool:
    """Whether something is not ok, or not known, in the second run that was ok, or was not asked, in the first."""
    return any(
        change.kind in ("worse", "unrun") or (change.kind == "new" and not _ok(change.after)) for change in found
    )


def _ok(words: str) -> bool:
    return Verdict(words.partition(":")[0]) in OK


def _change(a: CaseResult | None, b: CaseResult | None) -> Change | None:
    if b is None:
        return None if a is None else Change("gone", a.id, a.level, _words(a), NO_CASE)
    if a is None:
        return Change("new", b.id, b.level, NO_CASE, _words(b))
    if (a.verdict, a.signature, a.root) == (b.verdict, b.signature, b.root):
        return None
    was, is_ = a.verdict in OK, b.verdict in OK
    kind = "better" if is_ and not was else "worse" if was and not is_ else "verdict" if is_ else "other"
    if b.verdict in UNRUN and a.verdict not in UNRUN:
        kind = "unrun"
    return Change(kind, b.id, b.level, _words(a), _words(b), revised=a.rev != b.rev)


def _words(case: CaseResult) -> str:
    what = case.signature or case.root
    return f"{case.verdict}: {what}" if what else case.verdict.value


def _who(language: str, run: RunResult) -> str:
    client = " ".join(filter(None, (str(run.client["name"]), str(run.client["version"]))))
    return say(language, "changes who", client=client, kit=run.kit, profile=run.profile, seed=run.seed)


def _said(language: str, words: str) -> str:
    """A verdict with what was found."""
    if words == NO_CASE:
        return say(language, "no such case")
    verdict, _, what = words.partition(": ")
    found = told(language, what)
    return (
        say(language, "changes found", verdict=say(language, verdict), found=found) if what else say(language, verdict)
    )


def _score(run: RunResult) -> str:
    return "  ".join(f"{level} {passed}/{applicable}" for level, (passed, applicable) in run.score().items())


def text(a: RunResult, b: RunResult) -> str:
    """For a person, in the language of the terminal."""
    spoken, found = language(), changes(a, b)
    lines = [f"{name} {_who(spoken, run)}  {_score(run)}" for name, run in (("A", a), ("B", b))]
    lines += [say(spoken, remark) for remark in _remarks(a, b)]
    for kind in KINDS:
        mine = [change for change in found if change.kind == kind]
        if mine:
            lines += ["", say(spoken, "changes title", title=say(spoken, f"changes {kind}"), count=len(mine))]
        for change in mine:
            revised = say(spoken, "changes revised") if change.revised else ""
            lines.append(f"  {change.level:<6} {change.case}{revised}")
            lines += [f"         A {_said(spoken, change.before)}", f"         B {_said(spoken, change.after)}"]
    return "\n".join(lines if found else (*lines, "", say(spoken, "changes none")))


def markdown(a: RunResult, b: RunResult) -> str:
    """For a pull request, in the language of the terminal."""
    spoken, found = language(), changes(a, b)
    runs = [
        (say(spoken, name), cell(_who(spoken, run)), cell(_score(run))) for name, run in (("before", a), ("after", b))
    ]
    lines = [f"## {say(spoken, 'changes head')}", ""]
    lines += table(("", say(spoken, "changes client"), say(spoken, "changes score")), runs)
    lines += [f"{cell(say(spoken, remark))}\n" for remark in _remarks(a, b)]
    heads = [say(spoken, head) for head in ("case", "level", "before", "after")]
    for kind in KINDS:
        mine = [change for change in found if change.kind == kind]
        if mine:
            title = say(spoken, "changes title", title=say(spoken, f"changes {kind}"), count=len(mine))
            lines += [f"### {title}", "", *table(heads, (_row(spoken, change) for change in mine))]
    return "\n".join(lines if found else (*lines, say(spoken, "changes none"), ""))


def _row(spoken: Language, change: Change) -> tuple[str, str, str, str]:
    before, after = (cell(_said(spoken, words)) for words in (change.before, change.after))
    return f"`{change.case}`", change.level, before, after


def _remarks(a: RunResult, b: RunResult) -> list[str]:
    """What has to be known to compare the two at all, by its name in `words.py`."""
    found = []
    if a.client["name"] != b.client["name"]:
        found.append("two clients")
    if (a.profile, a.seed) != (b.profile, b.seed):
        found.append("other profile")
    elif any(one.digest != two.digest for one, two in _both(a, b) if one.verdict is two.verdict is Verdict.PASS):
        found.append("other inputs")
    if a.interrupted or b.interrupted:
        found.append("one interrupted")
    return found


def _both(a: RunResult, b: RunResult) -> list[tuple[CaseResult, CaseResult]]:
    there = {case.id: case for case in b.cases}
    return [(case, there[case.id]) for case in a.cases if case.id in there]
