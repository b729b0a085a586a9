"""The delivery queue of a tenant: which event goes to which receiver, and when it is tried again."""

import logging
import secrets
from collections.abc import Callable, Container, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock.faults import Fault
from huifu_mock.push import events, evidence, signatures
from huifu_mock.push.delivery import Attempt, Deliveries, Delivery
from huifu_mock.push.dispatcher import Dispatcher, QueuedMessage
from huifu_mock.push.faults import LATE, PushFaults, Subject, combined, taken
from huifu_mock.push.message import Message, ReceiverResponse
from huifu_mock.state.clock import LAST, Clock
from huifu_mock.state.feed import Feed
from huifu_mock.state.orders import CloseAttempt, Order
from huifu_mock.state.work import Unkept, Work, in_memory

ANSWER_SHOWN: Final = 200
"""How many characters of a receiver's answer a delivery shows."""


log = logging.getLogger("huifu_mock.push")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered endpoint. Without a key its webhooks carry no `sign`."""

    id: str
    url: str
    events: tuple[str, ...]
    key: str


class DeliveryQueue:
    """The pushes of one tenant.

    Everything here is quick: sending is left to the `Dispatcher`, which calls back.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        clock: Callable[[], Clock],
        key: RSAPrivateKey,
        faults: Iterable[Fault] = (),
        work: Work = in_memory,
        *,
        feed: Feed | None = None,
    ) -> None:
        self.dispatcher: Final = dispatcher
        self._feed: Final = feed or Feed()
        self.deliveries: Final = Deliveries(feed=self._feed)
        self.webhooks: Final[dict[str, Webhook]] = {}
        self._clock = clock
        self._key = key
        self._faults = faults
        self._work = work
        self._prefix = secrets.token_hex(4)
        self._held: dict[str, list[Delivery]] = {}
        self.elsewhere: Final[dict[int, ExitStack]] = {}
        """The numbers of what other gateways send now; an `auto` clock waits for that too."""
        self.webhook_numbers = 0

    def register(self, url: str, wanted: Iterable[str], key: str) -> Webhook:
        """A new webhook endpoint."""
        self.webhook_numbers += 1
        made = Webhook(f"webhook-{self.webhook_numbers}", url, tuple(wanted), key)
        self.webhooks[made.id] = made
        self._feed.tell("webhook", made)
        return made

    def remove(self, webhook: Webhook) -> None:
        """Forget an endpoint; deliveries to it that are under way continue."""
        del self.webhooks[webhook.id]
        self._feed.tell("webhook", webhook.id)

    def close_ended(self, order: Order, attempt: CloseAttempt) -> None:
        """A close that passed every rule is over, S or F: tell the webhook endpoints and the order's `notify_url`."""
        self.trans_close(order, attempt.stat, order.trans_stat, attempt)
        if order.notify_url:
            subject = Subject(events.NOTIFY_CLOSE, order, attempt)
            self._notify(subject, events.close_ended(order, attempt))

    def payment_ended(self, order: Order) -> None:
        """An order was paid, or its payment failed: tell its `notify_url`, twice where the money is booked."""
        if order.notify_url:
            kinds = (events.CHANNEL_ONLY, events.BOOKED) if order.trans_stat == "S" else (events.CHANNEL_ONLY,)
            for notify_type in kinds:
                self._notify(Subject(events.NOTIFY, order), events.payment(order, notify_type))

    def trans_close(
        self,
        order: Order,
        trans_stat: str,
        org_trans_stat: str,
        attempt: CloseAttempt | None = None,
        dos: Iterable[dict[str, Any]] = (),
    ) -> list[Delivery]:
        """Send the webhook to every endpoint that wants it, changed by `dos` and by the prepared faults."""
        made = []
        for webhook in self.webhooks.values():
            if events.TRANS_CLOSE in webhook.events:
                asked = self._asked(Subject(events.TRANS_CLOSE, order, attempt), dos)
                body = events.trans_close(order, trans_stat, org_trans_stat)
                message = signatures.sign_webhook(
                    order, events.TRANS_CLOSE, body, webhook.url, key=webhook.key, faults=asked
                )
                made += self._begin(message, asked)
        return made

    def resend(self, delivery: Delivery) -> None:
        """Try once more now, whatever became of it; nothing changes if it is being sent."""
        if delivery.queued is None:
            delivery.cancel_next_try()
            delivery.status, delivery.elsewhere = "pending", 0
            self._plan(delivery)
            self._try(delivery, self._clock().now())

    def clear(self) -> None:
        """Forget endpoints and deliveries; what is queued is not sent any more."""
        for delivery in self.deliveries:
            delivery.cancel_next_try()
            if delivery.queued is not None:
                delivery.queued.cancelled = True
        for held in self.elsewhere.values():
            held.close()
        self.elsewhere.clear()
        self.deliveries.clear()
        self.webhooks.clear()
        self._feed.tell("cleared", "webhooks")
        self._held.clear()

    def _notify(self, subject: Subject, resp_data: dict[str, Any]) -> None:
        asked = self._asked(subject)
        self._begin(signatures.sign_notify(subject.order, subject.event, resp_data, key=self._key, faults=asked), asked)

    def _asked(self, subject: Subject, dos: Iterable[dict[str, Any]] = ()) -> PushFaults:
        return combined([*dos, *taken(self._faults, subject)])

    def _begin(self, message: Message, asked: PushFaults) -> list[Delivery]:
        """New deliveries of a message, and the first try of each as soon as it is due."""
        clock = self._clock()
        made = [self.deliveries.add(message, clock.now()) for _ in range(asked.copies)]
        for delivery in made:
            if asked.dropped:
                delivery.status = "dropped"
                self.deliveries.changed(delivery)
            elif asked.behind:
                self._overtake(delivery)
                self._later(delivery, clock.now() + timedelta(seconds=asked.late or LATE))
            elif asked.late:
                self._later(delivery, clock.now() + timedelta(seconds=asked.late))
            else:
                self._try(delivery, clock.now())
        if not (asked.dropped or asked.behind or asked.late):
            for overtaken in self._held.pop(message.receiver, []):
                if overtaken.timer is not None:
                    overtaken.cancel_next_try()
                    self._try(overtaken, clock.now())
        return made

    def resume(self) -> None:
        """Go on with the deliveries of a tenant that was just read from where it was kept."""
        for delivery in self.deliveries:
            if delivery.status != "pending":
                continue
            if delivery.overtaken:
                self._overtake(delivery)
            self._plan(delivery)
            if delivery.next_at is None and not delivery.elsewhere:
                self._try(delivery, self._clock().now())

    def _plan(self, delivery: Delivery) -> None:
        """Wait for the time of its next try, or for the gateway that sends it."""
        if (held := self.elsewhere.pop(delivery.number, None)) is not None:
            held.close()
        if delivery.status == "pending" and delivery.next_at is not None:
            delivery.timer = self._clock().at(delivery.next_at, partial(self._due, delivery))
        elif delivery.status == "pending" and delivery.elsewhere:
            self.elsewhere[delivery.number] = held = ExitStack()
            held.enter_context(self._clock().hold())

    def follow(self, made: Delivery) -> None:
        """A delivery as another gateway has left it."""
        kept = self.deliveries.get(made.id)
        if kept is None:
            self.deliveries.keep(kept := made)
        else:
            kept.cancel_next_try()
            for name in ("status", "attempts", "next_at", "began_at", "overtaken", "elsewhere"):
                setattr(kept, name, getattr(made, name))
        if kept.overtaken:
            self._overtake(kept)
        self._plan(kept)
        self.deliveries.changed(kept)

    def orphans(self, alive: Container[int]) -> list[Delivery]:
        """What gateways were sending that are gone."""
        found = (self.deliveries.get(f"delivery-{number}") for number in self.elsewhere)
        return [one for one in found if one is not None and one.elsewhere not in alive]

    def take_over(self, alive: Container[int]) -> None:
        """Send it from here, once more perhaps: at least once is what is promised."""
        for delivery in self.orphans(alive):
            delivery.elsewhere = 0
            self._plan(delivery)
            self._try(delivery, self._clock().now())

    def halt(self) -> None:
        """Send nothing more of what is queued or under way, and do not hear how it ends."""
        for delivery in self.deliveries:
            if delivery.queued is not None:
                delivery.queued.cancelled = True

    def _overtake(self, delivery: Delivery) -> None:
        delivery.overtaken = True
        self._held.setdefault(delivery.message.receiver, []).append(delivery)

    def _later(self, delivery: Delivery, due: datetime) -> None:
        """Try at `due`; at once if that is past, which it may be after the clock was moved."""
        clock = self._clock()
        due = min(due, LAST)
        if due <= clock.now():
            self._try(delivery, due)
            return
        delivery.next_at = due
        delivery.timer = clock.at(due, partial(self._due, delivery))
        self.deliveries.changed(delivery)

    def _due(self, delivery: Delivery) -> None:
        delivery.cancel_next_try()
        self._try(delivery, self._clock().now())

    def _try(self, delivery: Delivery, at: datetime) -> None:
        """Hand it to the dispatcher. Until it is back, an `auto` clock waits."""
        delivery.began_at = delivery.began_at or at
        delivery.overtaken = False
        held = ExitStack()
        held.enter_context(self._clock().hold())
        receiver = f"{self._prefix} {delivery.message.receiver}"
        keys = [one.key for one in self.webhooks.values() if one.url == delivery.message.receiver and one.key]
        delivery.queued = QueuedMessage(
            delivery.message,
            partial(self._back, delivery.number, at, held),
            look_into=partial(evidence.told, delivery.message, keys) if keys else None,
        )
        self.deliveries.changed(delivery)
        self.dispatcher.submit(receiver, delivery.queued)

    def _back(self, number: int, at: datetime, held: ExitStack, answered: ReceiverResponse) -> None:
        """A try is over. Where that cannot be kept, the push is sent again: at least once is what is promised."""
        try:
            with held, self._work():
                delivery = self.deliveries.get(f"delivery-{number}")
                if delivery is not None and delivery.queued is not None:
                    self._judge(delivery, at, answered)
        except Unkept as unkept:
            log.warning("the answer to a push could not be kept: %s", unkept)

    def _judge(self, delivery: Delivery, at: datetime, answered: ReceiverResponse) -> None:
        channel, clock = delivery.message.channel, self._clock()
        delivery.queued = None
        failure = channel.judge(delivery.message, answered)
        shown = answered.text[:ANSWER_SHOWN] if answered.text is not None else None
        delivery.attempts.append(Attempt(at, answered.status, shown, *(failure or ("", ""))))
        since = clock.now() if clock.mode == "running" else at
        due = channel.next_try(delivery.began_at or at, len(delivery.attempts), since)
        if failure is None:
            delivery.status = "delivered"
        elif answered.trouble == "refused":
            delivery.status = "refused"
        elif due is None or answered.trouble == "url":
            delivery.status = "failed"
        else:
            self._later(delivery, due)
        self.deliveries.changed(delivery)
