"""Webhook endpoints as a test holds them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from huifu_mock.api.link import Link, path


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered endpoint; as a context manager it is removed at the end."""

    id: str
    url: str
    events: tuple[str, ...]
    key: str = field(repr=False)
    _webhooks: "Webhooks" = field(repr=False, compare=False)

    def remove(self) -> None:
        """Send nothing there any more."""
        self._webhooks.remove(self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Webhooks:
    """The endpoints of one tenant to which events are pushed."""

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._path = link, path("tenants", sys_id, "webhooks")

    def add(self, url: str, events: Sequence[str] = ("trans.close",), key: str | None = None) -> Webhook:
        """Have `events` pushed to `url`, signed with `key`: 32 characters, the tenant's webhook key if not given."""
        body = {"url": url, "events": list(events), "key": key}
        return self._of(self._link.ask("POST", self._path, {k: v for k, v in body.items() if v is not None}))

    def list(self) -> list[Webhook]:
        """All endpoints."""
        return [self._of(told) for told in self._link.ask("GET", self._path)["items"]]

    def remove(self, id_: str) -> None:
        """Send nothing there any more."""
        self._link.ask("DELETE", f"{self._path}/{id_}")

    def _of(self, told: dict[str, Any]) -> Webhook:
        return Webhook(told["id"], told["url"], tuple(told["events"]), told["key"], self)
