"""The two channels, side by side."""

from typing import Final

from huifu_mock.push import diagnosis, schedule
from huifu_mock.push.message import Channel

WEBHOOK: Final = Channel("application/json;charset=UTF-8", diagnosis.webhook, schedule.webhook)
NOTIFY: Final = Channel("application/x-www-form-urlencoded", diagnosis.notify, schedule.notify)
