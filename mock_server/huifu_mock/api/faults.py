"""Prepared faults as a test holds them."""

from types import TracebackType
from typing import Any, Self

from huifu_mock.api.link import Link, path


class Fault:
    """A prepared fault; as a context manager it is deleted at the end."""

    def __init__(self, link: Link, fault_path: str) -> None:
        self._link, self._path = link, fault_path

    def told(self) -> dict[str, Any]:
        """The fault as the control plane tells it now."""
        told: dict[str, Any] = self._link.ask("GET", self._path)
        return told

    @property
    def id(self) -> str:
        return self._path.rpartition("/")[2]

    @property
    def used(self) -> int:
        """How many calls it acted on."""
        return int(self.told()["used"])

    @property
    def left(self) -> int:
        """How many calls it still may act on."""
        return int(self.told()["left"])

    def assert_used(self) -> None:
        """Raises `AssertionError` if it never acted."""
        if not (told := self.told())["used"]:
            raise AssertionError(f"the prepared fault was never used: {told['do']} for {told['match'] or 'any call'}")

    def delete(self) -> None:
        """Forget the fault."""
        self._link.ask("DELETE", self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.delete()


class Faults:
    """The faults of one tenant."""

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._path = link, path("tenants", sys_id, "faults")

    def add(self, body: dict[str, Any] | None = None, /, *, match: dict[str, Any] | None = None,
            times: int = 1, probability: float | None = None, seed: int | None = None, **do: Any) -> Fault:  # fmt: skip
        """Prepare a fault: a whole `fault-create` body, or its `do` as keywords.

        For example `add(answer="98888888", when="after")` or `add(fault="delay", seconds=1, times=2)`.
        """
        if body is None:
            made = {"match": match, "do": do, "times": times, "probability": probability, "seed": seed}
            body = {name: value for name, value in made.items() if value is not None}
        return Fault(self._link, f"{self._path}/{self._link.ask('POST', self._path, body)['id']}")

    def list(self) -> list[dict[str, Any]]:
        """All prepared faults, used up or not."""
        items: list[dict[str, Any]] = self._link.ask("GET", self._path)["items"]
        return items

    def clear(self) -> None:
        """Forget them all."""
        self._link.ask("DELETE", self._path)
