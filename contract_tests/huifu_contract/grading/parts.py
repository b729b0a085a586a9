"""Long cases in parts, so that several workers have the examples of one and it does not go on when all others are done.

The fixed examples come first, in their order, and the drawn ones are a part of their own. What is told is what one
worker would tell: the first part that does not pass, and what was tried until then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from threading import Lock

from huifu_contract.catalogue.record import Record
from huifu_contract.grading.plan import each, longest_first, seconds
from huifu_contract.grading.results import CaseResult, Verdict

PART_S = 2.0
"""About how long a right client takes for a part."""
WAITS_S = 0.1
"""What takes longer for an example is mostly waiting."""


@dataclass(frozen=True, slots=True)
class Part:
    """`piece` is the record with the examples of this part; the first part is number 0."""

    record: Record
    piece: Record
    number: int = 0
    of: int = 1

    @classmethod
    def whole(cls, record: Record) -> Part:
        return cls(record, record)


def in_parts(records: Iterable[Record], drawn: int, whole: Collection[Record] = ()) -> Iterator[Part]:
    """The longest first; the parts of a case follow one another. Those in `whole` stay in one piece."""
    for record in mixed(longest_first(records, drawn)):
        pieces = [record] if record in whole else [*_pieces(record, drawn)]
        for number, piece in enumerate(pieces):
            yield Part(record, piece, number, len(pieces))


def mixed(ordered: Sequence[Record]) -> list[Record]:
    """Cases that wait among those that work, each in their order, so that the machine is busy from first to last."""
    kinds = [[one for one in ordered if (each(one) >= WAITS_S) is waits] for waits in (True, False)]
    places = {one.id: (at + 0.5) / len(kind) for kind in kinds for at, one in enumerate(kind)}
    return sorted(ordered, key=lambda record: places[record.id])


def _pieces(record: Record, drawn: int) -> Iterator[Record]:
    fixed = seconds(replace(record, draw=None, kind="S"), 0) if record.fixed else 0.0
    count = ceil(fixed / PART_S)
    if count < 2:
        yield record
        return
    size = ceil(len(record.fixed) / count)
    for at in range(0, len(record.fixed), size):
        yield replace(record, fixed=record.fixed[at : at + size], draw=None, kind="S")
    if record.draw is not None and drawn:
        yield replace(record, fixed=())


@dataclass(slots=True)
class Assembly:
    """The results of parts, until all parts of their case have one. None: that part was not run."""

    _found: dict[str, dict[int, CaseResult | None]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def settled(self, part: Part) -> bool:
        """Whether an earlier part has not passed, so that nobody asks what this one would."""
        with self._lock:
            found = self._found.get(part.record.id, {})
            return any(number < part.number and not _passed(result) for number, result in found.items())

    def add(self, part: Part, result: CaseResult | None) -> CaseResult | None:
        """The result of the case, if this was the last of its parts."""
        with self._lock:
            found = self._found.setdefault(part.record.id, {})
            found[part.number] = result
            if len(found) < part.of:
                return None
            del self._found[part.record.id]  # a case that is left may be run again
        return result if part.of == 1 else _together(part.record, [found[number] for number in sorted(found)])


def _passed(result: CaseResult | None) -> bool:
    return result is not None and result.verdict is Verdict.PASS


def _together(record: Record, results: Sequence[CaseResult | None]) -> CaseResult | None:
    end = next((at for at, one in enumerate(results) if not _passed(one)), len(results) - 1)
    if results[end] is None:
        return None  # it was not run, or not judged
    told = [one for one in results[: end + 1] if one is not None]
    return replace(
        told[-1],
        kind=record.kind,
        seconds=sum(one.seconds for one in told),
        examples=sum(one.examples for one in told),
        inputs=sum(one.inputs for one in told),
        judged=tuple(sorted({law for one in told for law in one.judged})),
    )
