"""One tenant: its keys, settings, clock, orders, faults, journal and pushes. Tenants share nothing."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from huifu_mock.faults import Faults
from huifu_mock.push.dispatcher import Dispatcher
from huifu_mock.push.queue import DeliveryQueue
from huifu_mock.rules import Settle
from huifu_mock.signing import RightBefore
from huifu_mock.state.clock import Clock, Mode
from huifu_mock.state.feed import Feed
from huifu_mock.state.history import History
from huifu_mock.state.journal import Journal, Room
from huifu_mock.state.orders import HfSeqIds, OrderTable
from huifu_mock.state.work import Work, in_memory

ProductState = Literal["active", "suspended"]

DEFAULT_SYS_ID: Final = "6666000108854952"
DEFAULT_HUIFU_ID: Final = "6666000000000000"
DEFAULT_PRODUCT_ID: Final = "MCS"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a test may change about a tenant while it lives."""

    product_ids: dict[str, ProductState] = field(default_factory=lambda: {DEFAULT_PRODUCT_ID: "active"})
    huifu_ids: list[str] = field(default_factory=lambda: [DEFAULT_HUIFU_ID])
    webhook_key: str = ""
    settle: Settle = "immediate"
    settle_seconds: float = 5.0
    legacy_codes: bool = False
    bad_signature: Literal["signed", "http-922"] = "signed"
    name: str = ""
    """In words, for people: whose it is or what it is for. Nothing depends on it, and several may have the same."""


class Tenant:
    """A merchant (or channel) at the gateway, alone in its world."""

    def __init__(
        self,
        sys_id: str,
        settings: Settings,
        *,
        merchant_public_key: RSAPublicKey,
        huifu_key: RSAPrivateKey,
        merchant_private_key: RSAPrivateKey | None = None,
        dispatcher: Dispatcher | None = None,
        room: Room | None = None,
        keep_orders: int | None = None,
    ) -> None:
        self.sys_id: Final = sys_id
        self.feed: Final = Feed()
        self.settings = settings
        self.made_with = settings
        self.merchant_public_key = merchant_public_key
        self.merchant_private_key = merchant_private_key
        self.right_before: Final = RightBefore()
        self.huifu_key: Final = huifu_key
        self.orders = OrderTable(self.feed, keep_orders)
        self.unit: Work = in_memory
        """Begins a unit of work; a store puts its own here."""
        self.clock = self._new_clock()
        self.begins: tuple[datetime | None, Mode | None] = (None, None)
        """The time and the mode that its clock was made with; `None` for the usual."""
        self.journal: Final = Journal(room=room, feed=self.feed)
        self.history: Final = History()
        self.faults: Final = Faults(self.feed)
        self.hf_seq_ids: Final = HfSeqIds()
        self.pushes: Final = DeliveryQueue(
            dispatcher or Dispatcher(), lambda: self.clock, huifu_key, self.faults, self.work, feed=self.feed
        )

    def reset(self) -> None:
        """As it was made: its first settings, no orders, faults, calls, pushes or timers, and a running clock."""
        self.settings = self.made_with
        self.empty()
        self.journal.begin_anew()
        self.feed.tell("clock", 0.0)
        self.feed.tell("tenant", self)

    def empty(self) -> None:
        """No orders, faults, calls, pushes or timers, and a running clock; what is counted goes on."""
        loop = self.clock.loop
        self.clock.close()
        self.clock = self._new_clock()
        if loop is not None:
            self.clock.bind(loop)
        self.pushes.clear()
        self.orders.clear()
        self.faults.clear()
        self.journal.clear()
        self.history.clear()
        self.right_before.clear()

    def work(self) -> AbstractContextManager[object]:
        """A unit of work: all that happens to the tenant in it is kept, or nothing. Raises `Unkept`."""
        return self.unit()

    def _new_clock(self) -> Clock:
        return Clock(work=self.work, feed=self.feed)
