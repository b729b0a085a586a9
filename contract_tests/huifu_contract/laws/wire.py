"""L3.

Every request that was sent is valid: schema, signature over the data really sent, dates, one of the two
ids, unique number.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from huifu_contract import schemas
from huifu_contract.evidence import Evidence, Sent
from huifu_contract.laws.broken import Broken
from huifu_mock.gateway import PATHS

NAMED = {endpoint.name: endpoint.request for endpoint in PATHS.values()}
ORDERS_NUMBERS = ("org_req_seq_id", "org_hf_seq_id")
NAMES_AN_ORDER = ("close", "closequery")
HAS_ITS_OWN_NUMBER = ("close", "closequery", "create")
"""A query of an order carries no number of its own: v4 calls the order's number `req_seq_id`."""
DATES = ("req_date", "org_req_date")


def wire(e: Evidence) -> list[Broken]:
    return [broken for sent in e.sent for broken in (*_shape(sent), *signature(sent))] + unique(e.sent)


def _shape(sent: Sent) -> list[Broken]:
    if sent.data is None:
        return [Broken("L3", "the body holds no data object", sent.explanation)]
    found = []
    schema = schema_of(sent)
    wrong = None if schema is None else schemas.complaint(schema, dict(sent.data))
    if wrong is not None:
        found.append(Broken("L3", "the request breaks the schema", wrong))
    for name in DATES:
        value = sent.data.get(name)
        if isinstance(value, str) and not real_date(value):
            found.append(Broken("L3", f"{name} is not a day written yyyyMMdd", value))
    if sent.op in NAMES_AN_ORDER and not any(sent.data.get(name) for name in ORDERS_NUMBERS):
        found.append(Broken("L3", "neither org_req_seq_id nor org_hf_seq_id was sent"))
    return found


def schema_of(sent: Sent) -> str | None:
    """The schema of what was really called: by its path, for v2, v3 and v4 of a name differ; else by its name."""
    called = PATHS.get(sent.path)
    return NAMED.get(sent.op) if called is None else called.request


def signature(sent: Sent) -> list[Broken]:
    if sent.signature_ok:
        return []
    return [Broken("L3", "the signature does not verify over the data that was sent", sent.explanation)]


def unique(sent: tuple[Sent, ...]) -> list[Broken]:
    """(huifu_id, req_date, req_seq_id) names one request; the same bytes again are the same request."""
    named: dict[tuple[object, ...], set[tuple[str, str]]] = defaultdict(set)
    for one in sent:
        if one.data is not None and one.op in HAS_ITS_OWN_NUMBER:
            number = tuple(one.data.get(name) for name in ("huifu_id", "req_date", "req_seq_id"))
            named[number].add(one.identity)
    twice = [number for number, requests in named.items() if len(requests) > 1]
    return [Broken("L3", "one req_seq_id was used for two different requests", str(twice[0][2]))] if twice else []


def real_date(text: str) -> bool:
    """Eight digits that name a day of the calendar."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
