"""What a child process is told about a tenant: environment variables, and no proxy in between."""

import os
from collections.abc import Mapping
from typing import Final

from huifu_mock.api.credentials import CREDENTIALS

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

PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


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
