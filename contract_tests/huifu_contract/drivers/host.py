"""The child process of a `py:` client.

`python -m huifu_contract.drivers.host module:name` speaks protocol 1 on stdin and stdout.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, BinaryIO

from huifu_contract.drivers.in_process import Callee, callee, find, run


class Host:
    """Answers one message after the other, or several at once if the client can do that."""

    def __init__(self, client: Callee, out: BinaryIO) -> None:
        self.client = client
        self.out = out
        self.config: Mapping[str, str] = {}
        self.lock = Lock()

    def serve(self, lines: BinaryIO) -> None:
        """Until `bye` or the end of stdin."""
        with ThreadPoolExecutor(self.client.hello.max_parallel) as pool:
            for line in lines:
                message = json.loads(line)
                if message["op"] == "close" and self.client.hello.max_parallel > 1:
                    pool.submit(self.reply, message)
                else:
                    self.reply(message)
                if message["op"] == "bye":
                    break
        if self.client.stop is not None:
            self.client.stop()

    def reply(self, message: dict[str, Any]) -> None:
        try:
            answer = {"id": message["id"], **self.answer(message)}
        except TypeError as wrong:  # the team's function returned something else: its adapter is wrong
            answer = {"id": message["id"], "error": {"kind": "adapter", "message": str(wrong)}}
        line = json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
        with self.lock:
            self.out.write(line)
            self.out.flush()

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        match message["op"]:
            case "hello":
                self.config = message["config"]
                if self.client.start is not None:
                    self.client.start(self.config)
                return self.client.hello.message()
            case "close":
                return run(self.client.close, self.config, message["base_url"], message["params"]).message()
            case "order" if self.client.order is not None:
                return run(self.client.order, {k: v for k, v in message.items() if k not in ("id", "op")}).message()
            case "bye":
                return {"ok": True}
            case _:
                return {"outcome": "unsupported"}


def main(where: str) -> int:
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the team's code prints goes to stderr, stdout is for the protocol alone
    Host(callee(find(where)), protocol).serve(sys.stdin.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
