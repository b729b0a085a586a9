"""Signing for tools that have no RSA, such as the console: a request of the tenant, right or wrong on purpose."""

import json

from huifu_mock import signing
from huifu_mock.gateway.mock import Refused, check
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route
from huifu_mock.schemas import Problem


def _sign(request: ControlRequest) -> ControlResponse:
    tenant, body = request.tenant, request.body
    check("control/sign", body)
    key = tenant.merchant_private_key
    if key is None:
        said = f"{tenant.sys_id} brought its own public key, so its private key is not known here"
        raise Refused(
            409, Problem("merchant_private_key", said, "sign with your own key, or make a tenant without one")
        )
    text = body["text"] if "text" in body else signing.canonical(body["data"]).decode()
    sign = signing.sign(key, text.encode())
    envelope = {
        "sys_id": tenant.sys_id,
        "product_id": next(iter(tenant.settings.product_ids)),
        "data": body["data"],
        "sign": sign,
    }
    sent = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    return ControlResponse(200, {"body": sent, "text": text, "sign": sign})


ROUTES = (
    Route("POST", "/_mock/tenants/{sys_id}/sign", _sign, "sign a request with the tenant's key, or any text",
          "control/sign", answer="control/signed", conflicts=True),
)  # fmt: skip
