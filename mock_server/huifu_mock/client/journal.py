"""The journal as a test holds it."""

from collections.abc import Iterator
from typing import Any

from huifu_mock.client import verify
from huifu_mock.client.assertions import say
from huifu_mock.client.records import Call
from huifu_mock.client.transport import Link, path


class Journal:
    """The calls that one tenant received.

    The assertions speak of closes unless `endpoint` is given (`endpoint=None` for every call), and raise `Dropped`
    instead of answering when the journal had to drop calls.
    """

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._path = link, path("tenants", sys_id, "journal")

    def calls(self, **filters: Any) -> list[Call]:
        """The calls that match, oldest first: endpoint, req_seq_id, org_req_seq_id, reason, session, unmatched …"""
        return [Call.of(told) for told in self._all(filters)["items"]]

    def closes(self, **filters: Any) -> list[Call]:
        """The closes that match."""
        return self.calls(endpoint="close", **filters)

    def get(self, id_: str) -> Call:
        """The call of that id, such as a reply's header `Huifu-Mock-Call` names."""
        return Call.of(self._link.ask("GET", f"{self._path}/{id_}"))

    def entry(self, id_: str) -> dict[str, Any]:
        """The same as the control API's JSON."""
        found: dict[str, Any] = self._link.ask("GET", f"{self._path}/{id_}")
        return found

    def entries(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """The calls that match as the control API's JSON, asked for page by page."""
        for page in self._pages(filters):
            yield from page["items"]

    def wait_for(self, timeout: float = 5, **filters: Any) -> Call:
        """The first call that matches, waiting for it for at most `timeout` real seconds.

        Raises `TimeoutError`, whose message shows the nearest calls; `Dropped` if the journal cannot know.
        """
        told = self._ask({**filters, "wait": timeout})
        if told["items"]:
            return Call.of(told["items"][0])
        nothing = verify.none_matched(filters, self._everything(told))
        raise TimeoutError(f"{say(f'within {timeout:g} s')} {nothing}")

    def assert_once(self, **filters: Any) -> Call:
        """Exactly one close matches; it is given back. Raises `AssertionError` with the nearest calls."""
        filters = {"endpoint": verify.CLOSES, **filters}
        told = self._complete(filters)
        found = [Call.of(one) for one in told["items"]]
        if not found:
            raise AssertionError(verify.none_matched(filters, self._everything(told)))
        if len(found) > 1:
            raise AssertionError(verify.too_many(filters, found, 1))
        return found[0]

    def assert_none(self, **filters: Any) -> None:
        """No close matches. Raises `AssertionError` with those that do."""
        filters = {"endpoint": verify.CLOSES, **filters}
        if found := [Call.of(one) for one in self._complete(filters)["items"]]:
            raise AssertionError(verify.too_many(filters, found, 0))

    def assert_never_retried_with_new_seq(self, **filters: Any) -> None:
        """No order was closed again under a new `req_seq_id` while the first close may have succeeded.

        After a refusal that reached the client a new number is fine.
        """
        told = self._complete({"endpoint": verify.CLOSES, **filters})
        if pairs := verify.retried(Call.of(one) for one in told["items"]):
            raise AssertionError(verify.retried_anew(pairs))

    @property
    def dropped(self) -> int:
        """How many calls were pushed out by newer ones."""
        return int(self._ask({"limit": 1})["dropped"])

    def clear(self) -> None:
        """Forget the received calls."""
        self._link.ask("DELETE", self._path)

    def _ask(self, filters: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = self._link.ask("GET", self._path, query=filters)
        return told

    def _pages(self, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        page = self._ask(filters)
        yield page
        while page["next"]:
            page = self._ask({**filters, "after": page["next"]})
            yield page

    def _all(self, filters: dict[str, Any]) -> dict[str, Any]:
        """Every page of the calls that match, as one."""
        pages = [*self._pages(filters)]
        return {"items": [item for page in pages for item in page["items"]], "dropped": pages[-1]["dropped"]}

    def _complete(self, filters: dict[str, Any]) -> dict[str, Any]:
        """The calls that match, of a journal that dropped none. Raises `Dropped`."""
        told = self._all(filters)
        if told["dropped"]:
            raise verify.Dropped(told["dropped"])
        return told

    def _everything(self, told: dict[str, Any]) -> list[Call]:
        """Every call, to show what came instead. Raises `Dropped`."""
        if told["dropped"]:
            raise verify.Dropped(told["dropped"])
        return self.calls()
