"""Prepared faults as a test holds them."""

import json
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from huifu_mock.client.assertions import say
from huifu_mock.client.transport import ControlError, Link, Unreachable, path


class Fault:
    """A prepared fault. A context manager deletes it at the end; a `strict` one must have been applied by then."""

    def __init__(self, link: Link, fault_path: str, *, strict: bool = False) -> None:
        self._link, self._path, self._strict = link, fault_path, strict
        self._last: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """The fault as the control API tells it now, or as it was when it was deleted."""
        if self._last is not None:
            return self._last
        told: dict[str, Any] = self._link.ask("GET", self._path)
        return told

    def __repr__(self) -> str:
        try:
            told = self.told()
        except (ControlError, Unreachable) as error:
            return f"<Fault {self.id}: {error}>"
        gone = ", deleted" if self._last is not None else ""
        return f"<Fault {self.id} {in_words(told)}: used {told['used']}, left {told['left']}{gone}>"

    @property
    def id(self) -> str:
        return self._path.rpartition("/")[2]

    @property
    def used(self) -> int:
        """How many calls it was applied to."""
        return int(self.told()["used"])

    @property
    def left(self) -> int:
        """How many calls it still may act on."""
        return int(self.told()["left"])

    @property
    def without_effect(self) -> int:
        """How often it was applied and found nothing left to change (a race that came too late)."""
        return int(self.told()["without_effect"])

    def assert_used(self, times: int | None = None) -> None:
        """Raises `AssertionError` if it was never applied, or not exactly `times`."""
        _assert_used([self.told()], times)

    def delete(self) -> None:
        """Forget the fault; this handle still tells how often it was applied. Twice is fine."""
        if self._last is None:
            self._last = self.told()
            self._link.ask("DELETE", self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.delete()
        if self._strict and kind is None:
            self.assert_used()


def in_words(told: Mapping[str, Any]) -> str:
    """What a fault does and which calls it is for, as the control API takes both."""
    do, match = (json.dumps(told[name], ensure_ascii=False) for name in ("do", "match"))
    return f"{do} for {match if told['match'] else 'any call'}"


def _assert_used(faults: list[dict[str, Any]], times: int | None = None) -> None:
    said = [
        say(f"{say(in_words(told))}: used {told['used']} of {told['times']} times")
        for told in faults
        if (not told["used"] if times is None else told["used"] != times)
    ]
    if said:
        head = say("prepared and not used at all:" if times is None else f"prepared and not used {times} times:")
        raise AssertionError("\n  ".join([head, *said]))


class Faults:
    """The faults of one tenant."""

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._path = link, path("tenants", sys_id, "faults")

    def add(self, body: dict[str, Any] | None = None, /, *, match: dict[str, Any] | None = None,
            times: int = 1, probability: float | None = None, seed: int | None = None,
            strict: bool = False, **do: Any) -> Fault:  # fmt: skip
        """Prepare a fault: a whole `fault-create` body, or its `do` as keywords.

        For example `add(answer="98888888", when="after")` or `add(fault="delay", seconds=1, times=2)`. As a context
        manager a `strict` one raises `AssertionError` at the end if it was never applied.
        """
        if body is None:
            made = {"match": match, "do": do, "times": times, "probability": probability, "seed": seed}
            body = {name: value for name, value in made.items() if value is not None}
        return Fault(self._link, f"{self._path}/{self._link.ask('POST', self._path, body)['id']}", strict=strict)

    def add_many(self, bodies: Iterable[Mapping[str, Any]]) -> "list[Fault]":
        """Prepare several faults from whole `fault-create` bodies: all of them or, if one is refused, none."""
        made = self._link.ask("POST", self._path, [dict(body) for body in bodies])
        return [Fault(self._link, f"{self._path}/{told['id']}") for told in made]

    def list(self) -> list[dict[str, Any]]:
        """All prepared faults, used up or not."""
        items: list[dict[str, Any]] = self._link.ask("GET", self._path)["items"]
        return items

    def assert_all_used(self) -> None:
        """Raises `AssertionError` that names every prepared fault that was never applied."""
        _assert_used(self.list())

    def clear(self) -> None:
        """Forget them all."""
        self._link.ask("DELETE", self._path)
