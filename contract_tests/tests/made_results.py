"""Result files as the kit writes them, with every verdict, made without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.grading.case import blank_result
from huifu_contract.grading.exchanges import sequence
from huifu_contract.grading.results import CaseResult, RunResult, Verdict
from huifu_contract.harness.evidence import NOTHING, Evidence, SentRequest, SignedReply, Truth
from huifu_contract.outcome import Outcome

HOSTILE = "</script><img src=x onerror=alert(1)><!-- {{data}} & \u2028 \u202e ' \""
LOST = Evidence(
    outcome=Outcome("closed"),
    truth=Truth(in_flight=True),
    sent=(
        SentRequest(at=0.0, data={"req_seq_id": "R2f1b73a0c4", "org_req_seq_id": "20240405A17c9"}, heard=NOTHING),
        SentRequest(
            op="closequery",
            at=0.412,
            data={"req_seq_id": "R2f1b73a0c5", "org_req_seq_id": "20240405A17c9"},
            heard=SignedReply(resp_code="00000000", trans_stat="P"),
        ),
        SentRequest(
            at=1.02,
            data={"req_seq_id": "R2f1b73a0c6", "org_req_seq_id": "20240405A17c9"},
            heard=SignedReply(resp_code="00000000", trans_stat="S", genuine=False),
        ),
    ),
)
L1 = "L1: claims closed, but the order is not closed"
L4 = "L4: a different close was sent after one in doubt"
L5 = "L5: claims closed from a reply that is not authentic"
ROOT = "request/sign-key-order is red: L3: the signature does not verify over the data that was sent"

SAMPLE = {
    "request/seq-unique": "L3: one req_seq_id was used for two different requests",
    "response/stat-f-beats-code": L1,
    "response/stat-p-pending": L1,
    "response/stat-p-with-00000000": L1,
    "response/p-then-query": "L2: claims pending although an honest answer could be had",
    "security/sign-missing": L5,
    "security/foreign-reply": f"{L1}; {L5}",
    "transport/lost-after-close": L1,
    "transport/retry-same-or-query": L4,
}
MIXED = {
    "security/foreign-reply": Verdict.KNOWN,
    "webhook/raw-bytes": Verdict.FIXED,
    "concurrency/isolated-calls": Verdict.FLAKY,
    "transport/slow-drip": Verdict.NOT_RUN,
    "time/one-minute-backs-off": Verdict.KIT_ERROR,
    "transport/broken-body": Verdict.ADAPTER_ERROR,
    "transport/status-codes": Verdict.BLOCKED,
    "transport/gives-up": Verdict.BLOCKED,
}


def run(
    name: str = "reference",
    broken: Mapping[str, str] | None = None,
    verdicts: Mapping[str, Verdict] | None = None,
    without: tuple[str, ...] = (),
    **changes: Any,
) -> RunResult:
    """`broken` maps a case to the words of its failure; groups in `without` are skipped."""
    client = {
        "spec": f"cmd:{name} --adapter",
        "name": name,
        "version": changes.pop("version", "1.0.0"),
        "language": changes.pop("language", "python"),
        "profiles": ["decision", "hook", "wire"],
        "claims": ["query", "retry"],
        "restarts": 0,
    }
    cases = [case(record, dict(broken or {}), dict(verdicts or {}), without) for record in catalogue().values()]
    made = RunResult(
        kit="1.0.0",
        hypothesis="6.170.0",
        python="3.11.2",
        started="2026-03-09T14:25:07+08:00",
        seconds=41.207,
        client=client,
        profile="ci",
        grades=("decision", "hook", "wire"),
        level="should",
        seed=0,
        portable_seed=True,
        known=0,
        cases=tuple(cases),
        call_ms=4.2,
    )
    return replace(made, **changes)


def case(
    record: Record, broken: Mapping[str, str], verdicts: Mapping[str, Verdict], without: tuple[str, ...]
) -> CaseResult:
    result = replace(blank_result(record, Verdict.PASS), examples=1 if record.kind == "S" else 100, seconds=0.125)
    if record.id in broken:
        return failed(result, broken[record.id])
    if record.group in without:
        return replace(result, verdict=Verdict.SKIP, root="the client does not claim webhook", examples=0, seconds=0)
    verdict = verdicts.get(record.id, Verdict.NOTE if record.recorder else Verdict.PASS)
    if verdict in (Verdict.KNOWN, Verdict.FLAKY):
        return replace(failed(result, L5), verdict=verdict, root="accepted for now: the helper re-encodes")
    words = {
        Verdict.NOTE: {"signature": "U+2028: signed raw"},
        Verdict.FIXED: {"signature": "listed as known (the helper re-encodes), but it passes"},
        Verdict.NOT_RUN: {"root": "the budget of 90 s is used up"},
        Verdict.BLOCKED: {"root": ROOT},
        Verdict.KIT_ERROR: {"signature": "the kit raised ValueError: bad date", "trouble": "kit"},
        Verdict.ADAPTER_ERROR: {"signature": "line 14 on stdout is not JSON: 'PHP Warning'", "trouble": "adapter"},
    }
    return replace(result, verdict=verdict, **words.get(verdict, {}))


def failed(result: CaseResult, signature: str) -> CaseResult:
    return replace(
        result,
        verdict=Verdict.FAIL,
        signature=signature,
        laws=tuple(part[:2] for part in signature.split("; ")),
        claim=LOST.claim,
        truth=LOST.truth.words(),
        detail=f"the reply carried an empty sign {HOSTILE}",
        traffic=sequence(LOST),
        replay=f"huifu-replays/{result.id}/7c1e09.json" if result.kind == "P" else "",
        stderr="Traceback (most recent call last):\n  File \"shop/pay.py\", line 41, in close\nKeyError: 'sign'",
    )


def five() -> list[RunResult]:
    """Five columns with every verdict among them."""
    return [
        run("dg-sdk + sample", SAMPLE, version="2.0.28", without=("webhook",)),
        run("dg-sdk + correct", {"security/sign-missing": L5}, version="2.0.28", without=("webhook",)),
        run("reference"),
        run("node", language="javascript"),
        run("php", {"request/sign-key-order": "L3: the signature does not verify"}, MIXED, language="php"),
    ]
