"""What `huifu-mock serve` prints once it answers: what a newcomer does next."""

from typing import Any, Final

from huifu_mock import _install, signing
from huifu_mock._version import VERSION
from huifu_mock.cli.remote import URL
from huifu_mock.client.environment import TOKEN_VARIABLE
from huifu_mock.gateway.tenant import DEFAULT_HUIFU_ID, DEFAULT_PRODUCT_ID, DEFAULT_SYS_ID
from huifu_mock.keys import published
from huifu_mock.request import CLOSE

TOKEN: Final = f"""
The page and the control API ask for the value of --control-token; commands and the example read it from
the variable {TOKEN_VARIABLE}.
"""


def example_close() -> bytes:
    """A signed close of the first order of the sample orders, ready to send."""
    data = {
        "req_date": "20260102",
        "req_seq_id": "my-first-close",
        "huifu_id": DEFAULT_HUIFU_ID,
        "org_req_date": "20260101",
        "org_req_seq_id": "order-open",
    }
    return signing.envelope(DEFAULT_SYS_ID, DEFAULT_PRODUCT_ID, data, published("merchant"))


def welcome(base_url: str, cast: list[dict[str, Any]], interception: dict[str, Any] | None, guarded: bool) -> str:
    """The text; `guarded` if the control API asks for a token, which is not printed."""
    numbers = ", ".join(order["req_seq_id"] for order in cast if "req_seq_id" in order)
    tenant = f"{base_url}/_mock/tenants/{DEFAULT_SYS_ID}"
    command, at = _install.program("huifu-mock"), "" if base_url == URL else f" --url {base_url}"
    return f"""\
huifu-mock {VERSION} answers at {base_url} (Ctrl-C ends it)
{TOKEN if guarded else ""}
See every call, order, push and fault, live, and act on them: {base_url}/_mock/

Close an order, signed with the published test key:

curl -s {base_url}{CLOSE.path} -H 'Content-Type: application/json' -d '{example_close().decode()}'

The same with the official Python SDK (pip install dg-sdk):

{_read_tenant(tenant, guarded)}
DGClient.mer_config = MerConfig(t["merchant_private_key"], t["huifu_public_key"], t["sys_id"], t["product_id"])
DGClient.BASE_URL = t["base_url"]

orders:   {numbers or "none yet: POST " + tenant + "/orders"}
journal:  {tenant}/journal   what was received, and why it was answered so (or: {command} journal{at})
about:    {base_url}/_mock/about
{_intercepting(interception, command, at)}"""


def _read_tenant(url: str, guarded: bool) -> str:
    """The beginning of the example in Python: `t` is the tenant."""
    if not guarded:
        return f"""\
import json, urllib.request; from dg_sdk import DGClient, MerConfig
t = json.load(urllib.request.urlopen("{url}"))"""
    return f"""\
import json, os, urllib.request; from dg_sdk import DGClient, MerConfig
token = {{"Authorization": "Bearer " + os.environ["{TOKEN_VARIABLE}"]}}
t = json.load(urllib.request.urlopen(urllib.request.Request("{url}", headers=token)))"""


def _intercepting(about: dict[str, Any] | None, command: str, at: str) -> str:
    """How a client that calls Huifu's real hosts comes here; empty where none is intercepted."""
    if about is None:
        return ""
    tls = f"TLS alone on port {about['tls_port']}" if about["tls_port"] is not None else ""
    if about["port"] is None:
        return f"""
Clients that call https://api.huifu.com are answered where that name leads here: {tls}. They have to trust its CA:

{command} ca{at} > ca.pem
"""
    return f"""
Clients that call https://api.huifu.com are answered on port {about["port"]}{tls and f", {tls}"}. In their environment:

{command} ca{at} > ca.pem && export SSL_CERT_FILE=$PWD/ca.pem CURL_CA_BUNDLE=$PWD/ca.pem REQUESTS_CA_BUNDLE=$PWD/ca.pem
export HTTPS_PROXY=http://{about["host"]}:{about["port"]} NO_PROXY=localhost,127.0.0.1

For Java, Node and PHP streams: {command} exec --intercept -- COMMAND sets what they need.
"""
