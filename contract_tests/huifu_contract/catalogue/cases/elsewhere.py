"""Orders about which somebody else did something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from huifu_contract.harness.harness import Harness
from huifu_contract.reference import Client, Config

if TYPE_CHECKING:
    from huifu_mock import Order


def closed_elsewhere(harness: Harness, order: Order | None = None) -> Order:
    """An order that another application of the merchant has closed."""
    order = order or harness.order()
    earlier = Client(harness.tenant.base_url, Config.of(harness.tenant.credentials()))
    earlier.close(**harness.params(order))
    return order
