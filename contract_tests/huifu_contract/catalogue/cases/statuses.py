"""security/*: bodies that come with an HTTP status, or from a gateway, that says the call failed."""

from __future__ import annotations

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.security import GRADE
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken
from huifu_contract.harness.prepared_answers import PreparedAnswer, answer, of


@case(
    "security/signed-error-status",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.CONTRADICTION,
    says="From a signed body that comes with an HTTP error nothing definite is claimed.",
    because="the signature is genuine, so the contradiction is the gateway's; the client only has no reason to "
    "trust either half",
    fixed=[
        *({"status": status, "code": "23000004", "stat": "F"} for status in (400, 404, 429, 500, 502, 503, 922)),
        {"status": 500, "code": "00000000", "stat": "S"},
    ],
    since="1.1",
)
def signed_error_status(harness: Harness, x: Example) -> None:
    harness.twin()
    script = answer(x["code"], x["stat"], after=x["stat"] == "F"), signed_status(x["status"])
    cause = Broken("L5", f"a body was believed although HTTP says that the call failed: {x['status']}")
    harness.judge(harness.close(None, *script), cause=cause)


def signed_status(status: int, endpoint: str = "close") -> PreparedAnswer:
    return of({"fault": "status", "status": status, "body": "signed"}, endpoint=endpoint)


UNREADABLE = '{"data":{"resp_code":"10000000","resp_desc":"无效参数"}}'
WITHOUT_DATA = '{"resp_code":"40002","resp_desc":"验签失败"}'
"""The body of a gateway that cannot verify; it comes with 922, or with 200."""


@case(
    "security/unsigned-gateway-error",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="An unsigned JSON body with an HTTP error, with 10000000 alone as for a request that cannot be read, or with "
    "a code of the gateway and no data, says nothing about the order.",
    because="the page recommends (建议) the check of the signature, and such a body mostly comes from a proxy without "
    "bad intent",
    fixed=[*({"status": status} for status in (400, 401, 500, 502, 922)), {"body": UNREADABLE}, {"body": WITHOUT_DATA}],
    rev=3,
)
def unsigned_gateway_error(harness: Harness, x: Example) -> None:
    harness.twin()
    if "body" in x:
        do, believed = {"fault": "other-body", "content": x["body"]}, "an error was believed that nobody signed"
    else:
        do, believed = {"fault": "status", "status": x["status"], "body": "json"}, "an HTTP error was believed"
    harness.judge(harness.close(None, of(do)), cause=Broken("L5", believed))
