"""What the pytest fixtures give to a test, by the names that annotations use.

    def test_it(huifu: Tenant, huifu_webhook_receiver: Receiver, huifu_server: TenantFixtures) -> None: ...

Nothing is imported before it is used.
"""

from importlib import import_module

TYPE_CHECKING = False

if TYPE_CHECKING:
    from huifu_mock.testing.fixtures import Preparation, Tenant, TenantFixtures
    from huifu_mock.testing.receiver import Received, Receiver

_HOMES = {
    "Preparation": "fixtures",
    "Received": "receiver",
    "Receiver": "receiver",
    "Tenant": "fixtures",
    "TenantFixtures": "fixtures",
}

__all__ = ["Preparation", "Received", "Receiver", "Tenant", "TenantFixtures"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'huifu_mock.testing' has no attribute {name!r}")
    return getattr(import_module(f"huifu_mock.testing.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
