"""Queued answers: from `code` or `code.REASON` to what is said."""

from huifu_mock.codes import ACCEPTED, LEGACY, Answer, Reason, Wording, reasons_of
from huifu_mock.faults.kind import BadFault

NAMED: dict[str, Answer] = {"00000000.ACCEPTED": Answer(Reason.PROCESSING, ACCEPTED)}
"""Answers that are neither a listed code alone nor a code with the name of its reason."""


def answer(text: str, resp_desc: str | None = None, trans_stat: str | None = None) -> Answer:
    """The answer that `code` or `code.REASON` names; any code of up to 8 characters. Raises `BadFault`."""
    found = NAMED.get(text) or _listed(text) or Answer(None, Wording(text, "业务执行失败", "F"))
    said = found.wording
    if resp_desc is None and trans_stat is None:
        return found
    return Answer(
        found.reason,
        Wording(
            said.resp_code,
            said.resp_desc if resp_desc is None else resp_desc,
            said.trans_stat if trans_stat is None else trans_stat,
        ),
    )


def _listed(text: str) -> Answer | None:
    """An answer of the specification's list or of the older family; the first where a code has two meanings."""
    code, dot, name = text.partition(".")
    known = _of(code)
    if not dot:
        return next(iter(known.values()), None)
    if name not in known:
        names = [f"{code}.{known_name}" for known_name in known]
        names += [named for named in NAMED if named.startswith(f"{code}.")]
        wanted = f"use {', '.join(names)}" if names else f"{code} is not listed: give the code alone"
        raise BadFault("do.answer", f'there is no answer "{text}"', wanted)
    return known[name]


def _of(code: str) -> dict[str, Answer]:
    listed = {reason.name: Answer(reason, reason.wording) for reason in reasons_of(code)}
    older = {reason.name: Answer(reason, said) for reason, said in LEGACY.items() if said.resp_code == code}
    return listed | older


def is_answer(text: str) -> bool:
    """Whether `text` names a listed answer, an answer of the older family, or one of the named ones."""
    code, _, name = text.partition(".")
    return text in NAMED or (not name and bool(_of(code))) or name in _of(code)
