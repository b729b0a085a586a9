"""What the pytest plugin is made of, loaded when a test needs it."""

from huifu_mock.testing.fixtures import Tenant, TenantFixtures
from huifu_mock.testing.receiver import Received, Receiver

__all__ = ["Received", "Receiver", "Tenant", "TenantFixtures"]
