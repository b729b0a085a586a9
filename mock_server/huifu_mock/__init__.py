"""A fake Huifu Dougong payment gateway for tests: stateful, signing, with time and faults in the test's hands.

Nothing is imported before it is used: the command line and the pytest plugin start in milliseconds.
"""

from importlib import import_module

TYPE_CHECKING = False
"""As in `typing`, which takes longer to import than all that `huifu-mock --version` does."""

if TYPE_CHECKING:
    from huifu_mock.client.pushes import Delivery
    from huifu_mock.client.records import Call, Order
    from huifu_mock.client.server import Connection, Server, connect
    from huifu_mock.client.tenant import Tenant
    from huifu_mock.client.transport import ControlError, Unreachable
    from huifu_mock.codes import Reason
    from huifu_mock.gateway.gateway import Gateway
    from huifu_mock.http.address import CannotListen

_HOMES = {
    "Call": "client.records",
    "CannotListen": "http.address",
    "Connection": "client.server",
    "ControlError": "client.transport",
    "Delivery": "client.pushes",
    "Gateway": "gateway.gateway",
    "Order": "client.records",
    "Reason": "codes",
    "Server": "client.server",
    "Tenant": "client.tenant",
    "Unreachable": "client.transport",
    "connect": "client.server",
}

__all__ = [
    "Call",
    "CannotListen",
    "Connection",
    "ControlError",
    "Delivery",
    "Gateway",
    "Order",
    "Reason",
    "Server",
    "Tenant",
    "Unreachable",
    "connect",
]


__version__: str


def __getattr__(name: str) -> object:
    if name == "__version__":
        from huifu_mock._version import VERSION

        return VERSION
    if name not in _HOMES:
        raise AttributeError(f"module 'huifu_mock' has no attribute {name!r}")
    return getattr(import_module(f"huifu_mock.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
