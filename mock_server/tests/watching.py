"""A reader of a tenant's live events, as a page or a script is one."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Event:
    """One event, with the id that a reader would send to go on after it."""

    kind: str
    data: Any
    id: str


class Watch:
    """Reads the stream of one tenant. The first event is kept as `ready`."""

    def __init__(self, base_url: str, sys_id: str, last: str = "", token: str = "", query: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=20)
        headers = {"Last-Event-ID": last} if last else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request("GET", f"/_mock/tenants/{sys_id}/events{query}", headers=headers)
        self.response = self._connection.getresponse()
        self.last = last
        self._events = self._read()
        if self.response.status == 200:
            self.ready = next(self._events)

    def _read(self) -> Iterator[Event]:
        fields: dict[str, str] = {}
        while line := self.response.readline():
            text = line.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                fields[name] = value
                continue
            self.last = fields.get("id", self.last)
            if "data" in fields:
                assert set(fields) <= {"event", "data", "id"}
                yield Event(fields["event"], json.loads(fields["data"]), self.last)
            fields = {}

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def until(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """The events up to the first wanted one."""
        found = []
        for event in self._events:
            found.append(event)
            if wanted(event):
                return found
        raise AssertionError(f"the stream ended after {found}")

    def next(self, kind: str, **fields: Any) -> Any:
        """The data of the next event of that kind with those fields."""
        return self.until(
            lambda event: event.kind == kind and all(event.data.get(name) == value for name, value in fields.items())
        )[-1].data

    def close(self) -> None:
        self.response.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
