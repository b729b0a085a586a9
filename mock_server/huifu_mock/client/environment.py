"""How a client under test learns of its tenant: credentials, environment variables, the settings of dg-sdk."""

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import TracebackType
from typing import Any, Final, Protocol, Self
from urllib.parse import unquote

CREDENTIALS: Final = (
    "base_url",
    "sys_id",
    "product_id",
    "huifu_id",
    "merchant_private_key",
    "merchant_private_key_pem",
    "huifu_public_key",
    "huifu_public_key_pem",
    "webhook_key",
)

VARIABLES: Final = {
    "base_url": "HUIFU_BASE_URL",
    "sys_id": "HUIFU_SYS_ID",
    "product_id": "HUIFU_PRODUCT_ID",
    "huifu_id": "HUIFU_ID",
    "merchant_private_key": "HUIFU_MERCHANT_PRIVATE_KEY",
    "merchant_private_key_pem": "HUIFU_MERCHANT_PRIVATE_KEY_PEM",
    "huifu_public_key": "HUIFU_PUBLIC_KEY",
    "huifu_public_key_pem": "HUIFU_PUBLIC_KEY_PEM",
    "webhook_key": "HUIFU_WEBHOOK_KEY",
}
"""Credential to variable."""

CONTROL_VARIABLE: Final = "HUIFU_CONTROL_URL"
"""Where a server's control API is, told to what uses a server that runs already; `exec` sets it."""
TOKEN_VARIABLE: Final = "HUIFU_CONTROL_TOKEN"
"""The --control-token of a server, told to the server itself and to what calls its control API."""

CONTROL: Final = "/_mock"
"""The path of the control API."""
PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


def control_address(url: str) -> tuple[str, str | None]:
    """The address of a server, and the `sys_id` of one of its tenants if the URL names one.

    It may end in `/_mock`, as the control API and its page do, or in `/_mock/tenants/SYS_ID`, as `exec` tells it.
    """
    server, found, tenant = url.rstrip("/").partition(f"{CONTROL}/tenants/")
    return server.removesuffix(CONTROL), unquote(tenant) if found else None


def environment(credentials: Mapping[str, str | None], extra: Mapping[str, str]) -> dict[str, str]:
    """The variables of a tenant. `extra` maps further names to credentials: `{"PAY_URL": "base_url"}`.

    A tenant that brought its own public key has no private key to tell. Raises `ValueError` for an unknown credential.
    """
    for variable, name in extra.items():
        if name not in CREDENTIALS:
            raise ValueError(f'{variable}="{name}": no credential is called so; there are {", ".join(CREDENTIALS)}')
    wanted = {variable: name for name, variable in VARIABLES.items()} | dict(extra)
    told = {variable: value for variable, name in wanted.items() if (value := credentials[name]) is not None}
    return told | direct("127.0.0.1,localhost")


def direct(hosts: str) -> dict[str, str]:
    """The variables that keep calls to `hosts` away from a proxy; none where no proxy is set."""
    given = {name.lower(): value for name, value in os.environ.items() if value}
    if not any(name in given for name in PROXIES):
        return {}
    without = ",".join(filter(None, [given.get("no_proxy"), hosts]))
    return {"NO_PROXY": without, "no_proxy": without}


def inherited() -> dict[str, str]:
    """The environment that a child process gets: ours, without what the starter of the one-file binary set for itself.

    It points LD_LIBRARY_PATH at the libraries inside the binary, which must not replace those of the system for others.
    """
    given = dict(os.environ)
    if not getattr(sys, "frozen", False):
        return given
    before = given.pop("LD_LIBRARY_PATH_ORIG", None)
    kept = {name: value for name, value in given.items() if not name.startswith("_PYI_") and name != "LD_LIBRARY_PATH"}
    return kept | ({"LD_LIBRARY_PATH": before} if before is not None else {})


GLOBALS: Final = ("mer_config", "BASE_URL", "BASE_URL_MER_TEST", "env", "connect_timeout")
"""What `DGClient` keeps for the whole process; the SDK is not made for two merchants at once, nor for threads."""
_UNSET: Final = object()


class Configured:
    """What was before; `restore()`, or the end of a `with` block, brings that back. Twice is fine."""

    def __init__(self, restore: Callable[[], None]) -> None:
        self._restore: Callable[[], None] | None = restore

    def restore(self) -> None:
        """Undo the configuration."""
        if self._restore is not None:
            self._restore()
            self._restore = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.restore()


class MerchantAccount(Protocol):
    """What dg-sdk has to be told of a tenant."""

    base_url: str
    sys_id: str
    product_id: str
    huifu_public_key: str

    @property
    def merchant_private_key(self) -> str | None: ...


def configure(tenant: MerchantAccount) -> Configured:
    """Make dg-sdk talk to `tenant`. Raises `ModuleNotFoundError` where the SDK is not installed."""
    try:
        sdk = import_module("dg_sdk")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("dg-sdk is not installed here: pip install dg-sdk", name=error.name) from error
    client, keys = sdk.DGClient, (tenant.merchant_private_key, tenant.huifu_public_key)
    before = {name: vars(client).get(name, _UNSET) for name in GLOBALS}
    client.mer_config = sdk.MerConfig(*keys, tenant.sys_id, tenant.product_id)
    client.BASE_URL = client.BASE_URL_MER_TEST = tenant.base_url
    return Configured(lambda: _put_back(client, before))


def _put_back(client: Any, before: dict[str, Any]) -> None:
    for name, value in before.items():
        if value is not _UNSET:
            setattr(client, name, value)
        elif name in vars(client):
            delattr(client, name)
