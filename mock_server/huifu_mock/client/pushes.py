"""Webhook endpoints and deliveries as a test holds them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from huifu_mock.client.assertions import say
from huifu_mock.client.transport import Link, path


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `status` and `answer` are `None` where there was no answer; `diagnosis` is empty if it succeeded."""

    at: datetime
    status: int | None
    answer: str | None
    diagnosis: str
    diagnosis_zh: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A push as it was when it was read."""

    id: str
    event: str
    """trans.close (webhook), notify (a payment) or notify.close (a close)."""
    url: str
    order: str
    """The order's `req_seq_id`."""
    huifu_id: str
    req_date: str
    status: str
    """pending, delivered, failed, refused or dropped."""
    body: str
    created_at: datetime
    next_at: datetime | None
    """When it is tried again."""
    attempts: tuple[Attempt, ...]

    @property
    def diagnosis(self) -> str:
        """Why the last try failed; empty if it did not."""
        return self.attempts[-1].diagnosis if self.attempts else ""

    @property
    def diagnosis_zh(self) -> str:
        """The same in Chinese."""
        return self.attempts[-1].diagnosis_zh if self.attempts else ""

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """From the control API's JSON."""
        moments = {
            "created_at": datetime.fromisoformat(told["created_at"]),
            "next_at": datetime.fromisoformat(told["next_at"]) if told["next_at"] else None,
        }
        attempts = tuple(Attempt(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in told["attempts"])
        return cls(**{**told, **moments, "attempts": attempts})


class Deliveries:
    """The pushes of one tenant."""

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._tenant = link, path("tenants", sys_id)
        self._path = f"{self._tenant}/deliveries"

    def send(self, req_seq_id: str, *, do: dict[str, Any] | None = None, **body: Any) -> list[Delivery]:
        """Send trans.close for an order on demand, to every endpoint. `do` spoils it: {"fault": "push-sign-bad"}."""
        asked = {"req_seq_id": req_seq_id, **body} | ({"do": do} if do else {})
        told = self._link.ask("POST", f"{self._tenant}/events/trans.close", asked)
        return [Delivery.of(one) for one in told]

    def list(self, **filters: Any) -> list[Delivery]:
        """Those that match, oldest first: event, order, status, url, attempts (at least so many).

        `wait` is how many real seconds to wait for a first match.
        """
        return [Delivery.of(told) for told in self._link.ask("GET", self._path, query=filters)["items"]]

    def get(self, id_: str) -> Delivery:
        """The delivery of that id, as it is now."""
        return Delivery.of(self._link.ask("GET", f"{self._path}/{id_}"))

    def wait_for(self, timeout: float = 5, **filters: Any) -> Delivery:
        """The first that matches, waiting for it for at most `timeout` real seconds. Raises `TimeoutError`."""
        found = self.list(**filters, wait=timeout)
        if not found:
            there = "; ".join(say(f"{d.event} of {d.order}: {d.status}, {len(d.attempts)} tries") for d in self.list())
            came = f"no delivery with {filters} came within {timeout} s; there is {there or 'none at all'}"
            raise TimeoutError(say(came))
        return found[0]

    def resend(self, id_: str) -> Delivery:
        """Send it once more, now, whatever became of it."""
        return Delivery.of(self._link.ask("POST", f"{self._path}/{id_}/resend"))

    def queue(self) -> dict[str, int]:
        """What the whole server has to send: waiting, under_way, concurrent, limit."""
        queue: dict[str, int] = self._link.ask("GET", self._path)["queue"]
        return queue


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
