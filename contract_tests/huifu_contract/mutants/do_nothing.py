"""Do-nothing clients: they do not do the work. Whatever they say, they must earn nothing.

`python -m huifu_contract.mutants.do_nothing NAME` is an adapter that speaks
the protocol by itself, as badly as its name says.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from huifu_contract.reference.client import Client, Config

Message = dict[str, Any]


def say(**reply: Any) -> None:
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def really(config: Mapping[str, str], message: Message) -> str:
    """Does the work after all."""
    client = Client(message["base_url"], Config.of(config), timeout_s=1.0, attempt_s=0.3)
    return client.close(**message["params"]).verdict


def always(outcome: str) -> Callable[[Mapping[str, str], Message], None]:
    def close(config: Mapping[str, str], message: Message) -> None:
        really(config, message)
        say(id=message["id"], outcome=outcome)

    return close


def never_calls(_config: Mapping[str, str], message: Message) -> None:
    say(id=message["id"], outcome="closed")


def exits_0(_config: Mapping[str, str], _message: Message) -> None:
    os._exit(0)


def exits_mid_run(config: Mapping[str, str], message: Message) -> None:
    say(id=message["id"], outcome=really(config, message))
    os._exit(0)


def hangs(_config: Mapping[str, str], _message: Message) -> None:
    Event().wait()


def prints_garbage(config: Mapping[str, str], message: Message) -> None:
    sys.stdout.write("closing the order now\n")
    say(id=message["id"], outcome=really(config, message))


def answers_twice(config: Mapping[str, str], message: Message) -> None:
    outcome = really(config, message)
    say(id=message["id"], outcome=outcome)
    say(id=message["id"], outcome=outcome)


def answers_before_acting(config: Mapping[str, str], message: Message) -> None:
    say(id=message["id"], outcome="closed")
    really(config, message)


DO_NOTHING: dict[str, Callable[[Mapping[str, str], Message], None]] = {
    "never-calls": never_calls,
    "always-closed": always("closed"),
    "always-not-closed": always("not_closed"),
    "always-unknown": always("unknown"),
    "always-rejected": always("rejected"),
    "exits-0": exits_0,
    "exits-mid-run": exits_mid_run,
    "hangs": hangs,
    "prints-garbage": prints_garbage,
    "answers-twice": answers_twice,
    "answers-before-acting": answers_before_acting,
}
CRASHES_AT_START = "crashes-at-start"


def main(name: str) -> None:
    if name == CRASHES_AT_START:
        raise SystemExit("cannot find the configuration")
    config: Mapping[str, str] = {}
    for line in sys.stdin:
        message = json.loads(line)
        if message["op"] == "hello":
            config = message["config"]
            about = {"name": name, "version": "1", "language": "python"}
            claims = ["query", "retry", "generates-seq", "order"]
            say(id=message["id"], client=about, profiles=["wire", "decision"], claims=claims, timeout_s=1.0)
        elif message["op"] == "bye":
            say(id=message["id"], ok=True)
        elif message["op"] == "close":
            DO_NOTHING[name](config, message)
        else:
            say(id=message["id"], outcome="unsupported")


if __name__ == "__main__":
    main(sys.argv[1])
