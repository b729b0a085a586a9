"""The journal as a test holds it."""

from typing import Any

from huifu_mock.api.link import Link, path
from huifu_mock.api.records import Call


class Journal:
    """The calls that one tenant received."""

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._path = link, path("tenants", sys_id, "journal")

    def calls(self, **filters: Any) -> list[Call]:
        """The calls that match, oldest first: endpoint, req_seq_id, org_req_seq_id, reason, session …"""
        return [Call.of(told) for told in self._ask(filters)["items"]]

    def closes(self, **filters: Any) -> list[Call]:
        """The closes that match."""
        return self.calls(endpoint="close", **filters)

    def get(self, id_: str) -> Call:
        """The call of that id, such as a reply's header `Huifu-Mock-Call` names."""
        return Call.of(self._link.ask("GET", f"{self._path}/{id_}"))

    def wait_for(self, timeout: float = 5, **filters: Any) -> Call:
        """The first call that matches, waiting for it for at most `timeout` real seconds. Raises `TimeoutError`."""
        found = self._ask({**filters, "wait": timeout})["items"]
        if not found:
            raise TimeoutError(f"no call with {filters} came within {timeout} s")
        return Call.of(found[0])

    @property
    def dropped(self) -> int:
        """How many calls were pushed out by newer ones."""
        return int(self._ask({})["dropped"])

    def clear(self) -> None:
        """Forget the received calls."""
        self._link.ask("DELETE", self._path)

    def _ask(self, filters: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = self._link.ask("GET", self._path, query=filters)
        return told
