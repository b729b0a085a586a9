"""Pages of a list: in which order, at most how many, and where the next page goes on."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from huifu_mock.gateway.mock import Refused
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Turns, unhurried
from huifu_mock.schemas import Problem

SHORT_LISTS = ("after", "before", "limit", "sort")
PARAMETERS = (*SHORT_LISTS, "view")
VIEWS = ("full", "summary")
SORTS = ("oldest", "newest")
MOST = 1_000_000
"""So many items are listed where no `limit` is given."""

Item = TypeVar("Item")


def is_summary(request: ControlRequest) -> bool:
    """Whether the short form of each item is asked for."""
    return request.query.get("view") == "summary"


def newest_first(request: ControlRequest) -> bool:
    """Whether the latest items come first: if asked for, or if nothing else is and it is `before` one or in short."""
    request.check_query({"sort": SORTS, "view": VIEWS})
    given = request.query.get("sort")
    if "after" in request.query and "before" in request.query:
        raise Refused(422, Problem("before", "is given together with after", "a page goes on from one of them"))
    if given == "newest" and "after" in request.query:
        raise Refused(422, Problem("after", "is for sort=oldest", "with sort=newest a page goes on with before"))
    if given == "oldest" and "before" in request.query:
        raise Refused(422, Problem("before", "is for sort=newest", "with sort=oldest a page goes on with after"))
    if given is None and "after" not in request.query:
        return "before" in request.query or is_summary(request)
    return given == "newest"


async def answered(
    request: ControlRequest, items: Sequence[Item], as_json: Callable[[Item], Any], id_of: Callable[[Item], str]
) -> ControlResponse:
    """A page of a list of which every item is wanted. Raises `Refused`."""
    found, more = await page(request, items, lambda _: True, id_of)
    return ControlResponse(200, {"items": [as_json(item) async for item in unhurried(found)], "next": more})


async def cut(
    items: Iterable[Item], wanted: Callable[[Item], bool], limit: int, id_of: Callable[[Item], str]
) -> tuple[list[Item], str | None]:
    """At most `limit` wanted items, and the id that the next page goes on from; `None` at the end."""
    page: list[Item] = []
    turns = Turns()
    for item in items:
        await turns.give()
        if not wanted(item):
            continue
        if len(page) == limit:
            return page, id_of(page[-1])
        page.append(item)
    return page, None


async def page(
    request: ControlRequest, items: Sequence[Item], wanted: Callable[[Item], bool], id_of: Callable[[Item], str]
) -> tuple[list[Item], str | None]:
    """The asked-for page of `items`, which are oldest first. Raises `Refused`."""
    ordered = reversed(items) if newest_first(request) else iter(items)
    name = "before" if "before" in request.query else "after"
    limit = request.whole("limit", MOST, 1, MOST)
    if (cursor := request.query.get(name)) is not None and not any(id_of(item) == cursor for item in ordered):
        wanted_id = "it is an id in it, such as the `next` of the page before"
        raise Refused(422, Problem(name, f'"{cursor}" is not in the list', wanted_id))
    return await cut(ordered, wanted, limit, id_of)
