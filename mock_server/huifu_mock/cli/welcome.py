"""What `huifu-mock serve` prints once it answers: what a newcomer does next."""

from collections.abc import Sequence
from typing import Any, Final

from huifu_mock import _install, signing
from huifu_mock._language import language
from huifu_mock._version import VERSION
from huifu_mock.cli.remote import URL
from huifu_mock.client.environment import TOKEN_VARIABLE
from huifu_mock.gateway.tenant import DEFAULT_HUIFU_ID, DEFAULT_PRODUCT_ID, DEFAULT_SYS_ID
from huifu_mock.http.address import ANY_ADDRESS
from huifu_mock.keys import published
from huifu_mock.request import CLOSE

WORDS: Final = {
    "answers": (
        "huifu-mock {version} answers at {url} (Ctrl-C ends it)",
        "huifu-mock {version} 已在 {url} 启动（Ctrl-C 结束）",
    ),
    "everywhere": (
        "It listens on {host}: other machines call it by a name or an address of this one, with the same port.",
        "监听 {host}：其他机器用本机的主机名或地址加同一端口访问。",
    ),
    "dropped": (
        (
            "The tenant {sys_id}, which the commands ask where none is named, was dropped from this store.\n"
            "Those that there are: {url}/_mock/tenants (POST makes one)"
        ),
        "命令在不指定商户时使用的商户 {sys_id} 已从这个存储中删除。\n现有商户： {url}/_mock/tenants （POST 新建）",
    ),
    "token": (
        (
            "The page and the control API ask for the value of --control-token; commands and the example read it from\n"
            "the variable {variable}."
        ),
        "控制台和控制接口需要 --control-token 的值；命令和下面的示例从变量 {variable} 读取它。",
    ),
    "page": (
        "See every call, order, push and fault, live, and act on them: {url}/_mock/",
        "控制台，实时查看并操作每个请求、订单、推送和故障： {url}/_mock/",
    ),
    "close": ("Close an order, signed with the published test key:", "发起一笔关单，已用公开的测试密钥加签："),
    "sdk": (
        "The same with the official Python SDK (pip install dg-sdk):",
        "同样一笔，用官方 Python SDK（pip install dg-sdk）：",
    ),
    "orders": ("orders:  ", "订单：    "),
    "no orders": ("none yet", "还没有"),
    "journal": ("journal: ", "调用记录："),
    "about journal": (
        "what was received, and why it was answered so (or: {journal})",
        "收到了什么，为什么这样应答（或用命令： {journal} ）",
    ),
    "about": ("about:   ", "版本信息："),
    "tls": ("TLS alone on port {port}", "端口 {port} 只收 TLS"),
    "direct": (
        (
            "Clients that call https://api.huifu.com are answered where that name leads here: {tls}. "
            "They have to trust its CA:"
        ),
        "调用 https://api.huifu.com 的客户端，只要域名解析到本机，就由这里应答：{tls}。它们须信任这里的 CA：",
    ),
    "proxied": (
        "Clients that call https://api.huifu.com are answered on port {ports}. In their environment:",
        "调用 https://api.huifu.com 的客户端由端口 {ports} 应答。在它们的环境中设置：",
    ),
    "exec": (
        "For Java, Node and PHP streams: {command} exec --intercept -- COMMAND sets what they need.",
        "Java、Node 和 PHP streams：用 {command} exec --intercept -- COMMAND ，它们所需的都会设好。",
    ),
}
"""What is said, in English and in Chinese."""
ORDERS: Final = 20
"""So many orders are named."""


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


def welcome(
    base_url: str,
    numbers: Sequence[str] | None,
    interception: dict[str, Any] | None,
    guarded: bool,
    host: str = "127.0.0.1",
) -> str:
    """The text in the language of the terminal.

    `numbers` are those of the default tenant's orders; `None` if a store has that tenant no more. `guarded` if the
    control API asks for a token, which is not printed.
    """
    command, at = _install.program("huifu-mock"), "" if base_url == URL else f" --url {base_url}"
    token = _say("token", variable=TOKEN_VARIABLE)
    everywhere = _say("everywhere", host=host) + "\n" if host in ANY_ADDRESS else ""
    if numbers is None:
        about_tenant = _say("dropped", sys_id=DEFAULT_SYS_ID, url=base_url)
    else:
        about_tenant = _examples(base_url, numbers, guarded, command, at)
    return f"""\
{_say("answers", version=VERSION, url=base_url)}
{everywhere}{chr(10) + token + chr(10) if guarded else ""}
{_say("page", url=base_url)}

{about_tenant}
{_say("about")} {base_url}/_mock/about
{_intercepting(interception, command, at)}"""


def _examples(base_url: str, numbers: Sequence[str], guarded: bool, command: str, at: str) -> str:
    """What can be tried at once, with the default tenant."""
    tenant = f"{base_url}/_mock/tenants/{DEFAULT_SYS_ID}"
    more = ", …" if len(numbers) > ORDERS else ""
    return f"""\
{_say("close")}

curl -s {base_url}{CLOSE.path} -H 'Content-Type: application/json' -d '{example_close().decode()}'

{_say("sdk")}

{_read_tenant(tenant, guarded)}
DGClient.mer_config = MerConfig(t["merchant_private_key"], t["huifu_public_key"], t["sys_id"], t["product_id"])
DGClient.BASE_URL = t["base_url"]

{_say("orders")} {", ".join(numbers[:ORDERS]) + more or f"{_say('no orders')}: POST {tenant}/orders"}
{_say("journal")} {tenant}/journal   {_say("about journal", journal=f"{command} journal{at}")}"""


def _say(what: str, **given: object) -> str:
    return WORDS[what][language() == "zh"].format(**given)


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
    tls = _say("tls", port=about["tls_port"]) if about["tls_port"] is not None else ""
    if about["port"] is None:
        return f"""
{_say("direct", tls=tls)}

{command} ca{at} > ca.pem
"""
    return f"""
{_say("proxied", ports=", ".join(filter(None, (str(about["port"]), tls))))}

{command} ca{at} > ca.pem && export SSL_CERT_FILE=$PWD/ca.pem CURL_CA_BUNDLE=$PWD/ca.pem REQUESTS_CA_BUNDLE=$PWD/ca.pem
export HTTPS_PROXY=http://{about["host"]}:{about["port"]} NO_PROXY=localhost,127.0.0.1

{_say("exec", command=command)}
"""
