"""Huifu's endpoints around a close: which path is handled by what."""

from collections.abc import Callable
from typing import Final

from huifu_mock.endpoints import closequery, create, query
from huifu_mock.endpoints.outcome import Outcome
from huifu_mock.tenant import Tenant
from huifu_mock.wire import Call, Endpoint

Handler = Callable[[Tenant, Call, bool], Outcome]

NEIGHBOURS: Final[dict[Endpoint, Handler]] = {
    **dict.fromkeys(create.ENDPOINTS, create.create),
    **dict.fromkeys(query.ENDPOINTS, query.query),
    **dict.fromkeys(closequery.ENDPOINTS, closequery.closequery),
}
