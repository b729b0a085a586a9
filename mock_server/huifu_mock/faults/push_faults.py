"""Faults of the pushes: their ids and settings. `push` asks for them when it sends a webhook or a notify."""

from typing import Final

from huifu_mock.faults.kind import Kind, Setting

# fmt: off
PUSH: Final[tuple[Kind[None], ...]] = (
    Kind("push-duplicate", "push", None,
         "the push is sent several times, acknowledged or not", "推送重复发送（无论是否应答）",
         (Setting("copies", 2, "how often in all", "总次数"),)),
    Kind("push-reorder", "push", None,
         "the push is sent after the one that follows it", "推送晚于后一条推送"),
    Kind("push-delay", "push", None,
         "the push is sent late", "推送延迟",
         (Setting("seconds", 60.0, "how long, on the tenant's clock", "延迟秒数（租户时钟）"),)),
    Kind("push-drop", "push", None,
         "the push is never sent", "推送丢失"),
    Kind("push-sign-bad", "push", None,
         "the push is signed wrongly", "推送签名错误"),
    Kind("push-key-old", "push", None,
         "the push is signed with a key that was in use before", "推送使用旧密钥签名"),
)
# fmt: on
