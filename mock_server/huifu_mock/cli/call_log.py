"""The lines that `serve` prints for each call: written by a thread, so that nobody waits for a terminal."""

import asyncio
import json
import threading
from queue import SimpleQueue
from typing import Final, TextIO

from huifu_mock.cli.call_line import COLOURS, PLAIN, header_lines, line
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.control.journal import headers, summary
from huifu_mock.state.journal import Entry

WAITING: Final = 10_000
"""So many lines may wait for a reader; more are dropped and counted."""
BATCH: Final = 0.05
"""Real seconds in which lines are collected before the writer is woken."""
LAST_LINES: Final = 0.5
"""Real seconds that the writer has at the end."""

Seen = tuple[str, str, Entry]
"""`sys_id` and name of the tenant, and the call."""


class CallLog:
    """Writes one line for each call; `see` is called with every call and returns at once."""

    def __init__(self, out: TextIO, *, as_json: bool = False, colour: bool = False, verbose: bool = False) -> None:
        self.dropped = 0
        """How many lines nobody read in time, since that was last told."""
        self._out = out
        self._as_json, self._verbose = as_json, verbose
        self._colours = COLOURS if colour else PLAIN
        self._seen: list[Seen] = []
        self._waiting = 0
        self._batches: SimpleQueue[list[Seen] | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._work, name="huifu-mock call log", daemon=True)
        self._writer.start()

    def see(self, tenant: Tenant, entry: Entry) -> None:
        """Have a call told. Runs in the event loop."""
        if self._waiting >= WAITING:
            self.dropped += 1
            return
        self._waiting += 1
        self._seen.append((tenant.sys_id, tenant.settings.name, entry))
        if len(self._seen) == 1:
            asyncio.get_running_loop().call_later(BATCH, self._hand_over)

    def close(self) -> None:
        """Write what is waiting, unless nobody reads it."""
        self._hand_over()
        self._batches.put(None)
        self._writer.join(LAST_LINES)

    def _hand_over(self) -> None:
        if self._seen:
            self._batches.put(self._seen)
            self._seen = []

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                self._out.write("".join(self._told(*seen) + "\n" for seen in batch))
                if self.dropped:
                    dropped, self.dropped = self.dropped, 0
                    self._out.write(self._dropped(dropped))
                self._out.flush()
            except (OSError, ValueError):  # whoever read them is gone
                return
            self._waiting -= len(batch)

    def _told(self, sys_id: str, name: str, entry: Entry) -> str:
        told = summary(entry)
        if self._as_json:
            more = {"headers": headers(entry)} if self._verbose else {}
            return json.dumps({"tenant": sys_id, "tenant_name": name, **told, **more}, ensure_ascii=False)
        below = header_lines(headers(entry)) if self._verbose else ""
        return line(told, self._colours, name) + (f"\n{below}" if below else "")

    def _dropped(self, count: int) -> str:
        return (
            f'{{"dropped": {count}}}\n' if self._as_json else f"{count} lines were dropped: nobody read them in time\n"
        )
