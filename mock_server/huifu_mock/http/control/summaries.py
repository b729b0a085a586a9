"""Short forms for lists and events: a call without its body, a tenant without its private key."""

import json
from typing import Any

from huifu_mock import explain
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http import unmatched
from huifu_mock.push.delivery import Delivery
from huifu_mock.state.journal import Entry, read_again


def received(entry: Entry) -> dict[str, Any]:
    """What an entry of the journal holds of a call and its answer; nothing has to be worked out for it."""
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "endpoint": entry.endpoint.name,
        "method": entry.method,
        "path": entry.path,
        "unmatched": entry.unmatched or None,
        "session": entry.sent.session,
        "req_seq_id": entry.req_seq_id,
        "org_req_seq_id": entry.org_req_seq_id,
        "signature_ok": entry.signature_ok,
        "reason": entry.reason.name if entry.reason else None,
        "resp_code": entry.resp_code,
        "status": entry.status,
        "duration_ms": round(entry.duration * 1000, 3) if entry.duration is not None else None,
        "replay": entry.replay,
        "faults": list(entry.faults),
        "hint": entry.hint,
    }


def call(tenant: Tenant, entry: Entry) -> dict[str, Any]:
    """A received call in one line: no headers, no bodies, no explanation; `says` is what would have succeeded."""
    return {
        **received(entry),
        "trans_stat": trans_stat(entry),
        "mistakes": list(entry.finding.mistakes) if entry.finding else [],
        "refused": entry.facts is not None,
        "says": _says(tenant, entry),
    }


def trans_stat(entry: Entry) -> str | None:
    """The state that the answer tells, which decides whatever its code is; `None` where it tells none."""
    if (sent := entry.response) is None:
        data = json.loads(entry.reply.data) if entry.reply is not None else {}
    else:
        try:
            data = json.loads(sent)["data"]
        except (KeyError, TypeError, ValueError, RecursionError):  # a fault spoilt it
            return None
    told = data.get("trans_stat") if isinstance(data, dict) else None
    return told if isinstance(told, str) else None


def _says(tenant: Tenant, entry: Entry) -> dict[str, str] | None:
    if entry.unmatched:
        return unmatched.said(entry)
    if entry.facts is None:
        return None
    facts = explain.TenantFacts(tenant.sys_id, tenant.settings.product_ids)
    en, zh = explain.remedy(entry, read_again(entry), facts)
    return {"en": en, "zh": zh}


def delivery(made: Delivery) -> dict[str, Any]:
    """A delivery without the body that is posted."""
    message = made.message
    huifu_id, req_date, req_seq_id = message.order
    return {
        "id": made.id,
        "event": message.event,
        "url": message.receiver,
        "order": req_seq_id,
        "huifu_id": huifu_id,
        "req_date": req_date,
        "status": made.status,
        "created_at": made.created_at.isoformat(),
        "next_at": made.next_at.isoformat() if made.next_at else None,
        "attempts": [
            {
                "at": one.at.isoformat(),
                "status": one.status,
                "answer": one.answer,
                "diagnosis": one.diagnosis,
                "diagnosis_zh": one.diagnosis_zh,
            }
            for one in made.attempts
        ],
    }


def tenant(one: Tenant) -> dict[str, Any]:
    """What a list of tenants tells of each: who it is, how it is set, how much it holds."""
    settings = one.settings
    return {
        "sys_id": one.sys_id,
        "name": settings.name,
        "product_ids": settings.product_ids,
        "huifu_ids": settings.huifu_ids,
        "settle": settings.settle,
        "settle_seconds": settings.settle_seconds,
        "legacy_codes": settings.legacy_codes,
        "bad_signature": settings.bad_signature,
        "signs": one.merchant_private_key is not None,
        "calls": len(one.journal),
        "orders": len(one.orders),
        "deliveries": len(one.pushes.deliveries),
        "faults_left": sum(fault.left > 0 for fault in one.faults),
        "webhooks": len(one.pushes.webhooks),
    }
