"""When a push that was not acknowledged is tried again, on the tenant's clock."""

from datetime import datetime, timedelta
from typing import Final

SECOND: Final = timedelta(seconds=1)
HOUR: Final = timedelta(hours=1)
QUICK_TRIES: Final = 3
OLDEST: Final = timedelta(hours=24)
NOTIFY_RETRIES: Final = 3


def webhook(first: datetime, tries: int, last: datetime) -> datetime | None:
    """Three quick tries 1 s apart, then one every hour until it is 24 hours old (the end is assumed)."""
    due = last + (SECOND if tries < QUICK_TRIES else HOUR)
    return due if due - first <= OLDEST else None


def notify(_first: datetime, tries: int, last: datetime) -> datetime | None:
    """Up to three retries; 1 s apart is assumed, no interval is documented."""
    return last + SECOND if tries <= NOTIFY_RETRIES else None
