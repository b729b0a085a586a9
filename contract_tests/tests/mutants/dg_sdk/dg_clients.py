"""dg-sdk 2.0.28 as two integrations: with the specification's sample decision, and with a correct one around it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from threading import Event
from typing import Any
from uuid import uuid4

import requests
from dg_sdk import DGClient, MerConfig
from dg_sdk.core import rsa_utils
from dg_sdk.core.request_tools import request_post

from huifu_contract import Outcome, describes
from huifu_contract.reference import decide
from huifu_mock.state.clock import Clock

PATH = "/v2/trade/payment/scanpay/"
ATTEMPT_S = 1
TIMEOUT_S = 6.0
MOST = 5
Text = Mapping[str, str]

# The SDK reads a key anew for each call, and tests each time that its factors are primes: most of what a call costs.
rsa_utils.RSA.importKey = cache(rsa_utils.RSA.importKey)


def send(config: Text, base_url: str, op: str, params: Text) -> Any:
    """One call through the SDK, whatever it returns: data, an envelope, a Response, text, or an exception."""
    DGClient.BASE_URL = base_url
    DGClient.connect_timeout = ATTEMPT_S
    DGClient.mer_config = MerConfig(
        config["merchant_private_key"], config["huifu_public_key"], config["sys_id"], config["product_id"]
    )
    return request_post(PATH + op, dict(params))


@describes(name="dg-sdk-sample", version="2.0.28", profiles=["wire", "decision"], timeout_s=TIMEOUT_S)
def sample(config: Text, base_url: str, params: Text) -> Outcome:
    """The decision of the specification's own PHP example, line by line."""
    result = send(config, base_url, "close", params)
    if result["resp_code"] == "00000000":
        verdict = {"S": "closed", "P": "pending", "F": "not_closed"}[result["trans_stat"]]
        return Outcome(verdict, seen=result)
    return Outcome("not_closed", seen=result)


@describes(
    name="dg-sdk-correct",
    version="2.0.28",
    profiles=["wire", "decision"],
    claims=["query", "retry"],
    timeout_s=TIMEOUT_S,
    max_attempts=MOST,
)
def correct(config: Text, base_url: str, params: Text) -> Outcome:
    """Asks after every doubt, repeats only the same request, and looks at what the SDK gives back before using it."""
    if not params.get("org_req_seq_id") and not params.get("org_hf_seq_id"):
        return Outcome("rejected")
    if any(len(value) > 128 for value in params.values()):
        return Outcome("rejected")
    until, pause, op, standing, reply = time.monotonic() + TIMEOUT_S - ATTEMPT_S, 0.05, "close", "doubt", None
    for attempt in range(1, MOST + 1):
        asked = dict(params) if op == "close" else _query(params)
        reply = _trusted(config, base_url, op, asked)
        standing = decide.close(reply) if op == "close" else decide.query(reply, standing)
        enough = attempt == decide.PATIENCE.get(standing, MOST)
        if standing in decide.FINAL or enough or time.monotonic() + pause > until:
            break
        op = decide.NEXT[standing]
        Event().wait(max(pause, 0.12 if standing == "busy" else 0))
        pause *= 2.5
    return Outcome(decide.FINAL.get(standing) or decide.MEANWHILE[standing], seen=reply)


def _query(params: Text) -> dict[str, str]:
    return {**params, "req_date": Clock().today(), "req_seq_id": uuid4().hex}


def _trusted(config: Text, base_url: str, op: str, asked: Text) -> Mapping[str, Any] | None:
    """The data of a reply to this very request; the SDK hands out unsigned envelopes and Responses too."""
    try:
        found = send(config, base_url, op, asked)
    except (requests.RequestException, RuntimeError, ValueError, AttributeError, TypeError, RecursionError):
        return None
    if not isinstance(found, dict) or "data" in found or "resp_code" not in found:
        return None
    echoed = all(found.get(name) == asked.get(name) for name in ("req_seq_id", "req_date", "huifu_id"))
    same = all(found.get(name) in (None, asked[name]) for name in asked if name.startswith("org_") and asked[name])
    return found if echoed and same else None
