"""Points the official Python SDK, whose configuration is global, at a tenant, and back again."""

from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from huifu_mock.api.tenant import Tenant

GLOBALS: Final = ("mer_config", "BASE_URL", "BASE_URL_MER_TEST", "env", "connect_timeout")
"""What `DGClient` keeps for the whole process; the SDK is not made for two merchants at once, nor for threads."""
_UNSET: Final = object()


class Configured:
    """The SDK as it was before; `restore()`, or the end of a `with` block, brings that back. Twice is fine."""

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


def configure(tenant: "Tenant") -> Configured:
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
