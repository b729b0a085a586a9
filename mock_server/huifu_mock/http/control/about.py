"""What this server is, and whether it is alive."""

import hashlib
from functools import cache
from typing import Any

from huifu_mock import _data
from huifu_mock._version import VERSION
from huifu_mock.codes import Reason
from huifu_mock.faults import catalogue
from huifu_mock.gateway import magic_numbers
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route
from huifu_mock.rules import SETTLES

FEATURES = ("orders", "clock", "faults", "journal", "tenants", "sessions", "webhooks", "deliveries")


@cache
def schema_digest() -> str:
    """SHA-256 over the names and contents of all schemas: two servers with one digest speak of the same shapes."""
    digest = hashlib.sha256()
    root = _data.path("schemas")
    for path in sorted(root.rglob("*.json")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _about(request: ControlRequest) -> ControlResponse:
    answers = [
        {"reason": reason.name, "resp_code": reason.resp_code, "resp_desc": reason.resp_desc,
         "trans_stat": reason.trans_stat}
        for reason in Reason
    ]  # fmt: skip
    tenants, default = [tenant.sys_id for tenant in request.mock.gateway], request.mock.gateway.default
    about: dict[str, Any] = {
        "name": "huifu-mock",
        "version": VERSION,
        "base_url": request.base_url,
        "features": list(FEATURES),
        "tenants": tenants,
        "tenant_names": {one.sys_id: name for one in request.mock.gateway if (name := one.settings.name)},
        "default_tenant": default if default in tenants else None,
        "endpoints": list(PATHS),
        "answers": answers,
        "settles": list(SETTLES),
        "faults": catalogue.listed(),
        **catalogue.races(),
        "magic": magic_numbers.rows(),
        "pushes": request.mock.dispatcher.state(),
        "bounds": {name: dict(zip(("most", "now"), read(), strict=True)) for name, read in request.mock.bounds.items()},
        "interception": request.mock.interception,
        "schema_digest": schema_digest(),
    }
    return ControlResponse(200, about)


def _alive(request: ControlRequest) -> ControlResponse:
    if trouble := request.mock.gateway.store.trouble():
        return ControlResponse(503, {"status": "trouble", "trouble": trouble})
    return ControlResponse(200, {"status": "ok"})


ROUTES = (
    Route(
        "GET",
        "/_mock/health",
        _alive,
        "is it alive, and can it keep what it does? 503 with the reason if not",
        answer="control/health",
        troubled="control/health",
    ),
    Route("GET", "/_mock/ready", _alive, "the same", answer="control/health", troubled="control/health"),
    Route("GET", "/_mock/about", _about, "version, features, tenants, answers, schema digest", answer="control/about"),
)
