"""`huifu-mock replay`: sends the calls of a capsule again, and shows the first reply that is not the same bytes."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from huifu_mock.cli.main import Failure

if TYPE_CHECKING:
    from huifu_mock.client.replay import Difference, Replayed

EXAMPLES: Final = """\
examples:
  huifu-mock replay capsule.json
  curl -s http://127.0.0.1:8080/_mock/tenants/6666000108854952/capsule | huifu-mock replay -
  huifu-mock store export sqlite:mock.db --keys | huifu-mock replay -   every tenant of a store

Each call is sent to a fresh tenant at the time of the tenant's clock at which it came, and after what was done before
it: orders entered, paid and failed, faults prepared, settings changed. Nothing leaves this process.
Exit code: 0 every reply is the same bytes, 1 one is not, 2 the capsule does not tell enough.
"""


def add_parser(commands: Any) -> None:
    """The options of `replay`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "replay",
        help="send the calls of a capsule again and compare the replies",
        description="Send the journal of a capsule again to a fresh tenant, and compare each reply with what it was.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", metavar="CAPSULE", help="as GET …/capsule or `store export` gives it; - for standard input"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each tenant")


def run(args: argparse.Namespace) -> int:
    """Replay each capsule."""
    from huifu_mock.client.replay import replay
    from huifu_mock.gateway.mock import Refused

    saved = _read(args.file)
    worst = 0
    for one in saved if isinstance(saved, list) else [saved]:
        try:
            told = replay(one)
        except Refused as error:
            raise Failure(f"{args.file} is no capsule that this version can read: {error}") from error
        print(json.dumps(_as_json(told), ensure_ascii=False) if args.json else _as_text(told), flush=True)
        worst = max(worst, 1 if told.difference else 2 if told.stopped else 0)
    return worst


def _read(file: str) -> Any:
    try:
        return json.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Failure(f"{file} is not JSON: {error}; save one with GET /_mock/tenants/{{sys_id}}/capsule") from error


def _as_text(told: "Replayed") -> str:
    lines = []
    same = f"{told.same} of them" if told.difference or told.stopped else f"all {told.same}"
    lines.append(f"tenant {told.sys_id}: calls sent again; {same} answered with the same bytes")
    if not told.signatures:
        lines.append(
            "Huifu's key of that time is not in the capsule (GET …/capsule?keys=true): signatures are not compared"
        )
    lines += [f"{id_} was not sent: {why}" for id_, why in told.skipped.items()]
    if told.difference is not None:
        lines += _shown(told.difference)
    if told.stopped:
        lines.append(f"no further: {told.stopped}")
    return "\n".join(lines)


def _shown(found: "Difference") -> list[str]:
    call = found.call
    named = " ".join(filter(None, (call.endpoint.name, call.org_req_seq_id or call.req_seq_id)))
    lines = [f"{call.id} ({named}, {call.at.isoformat()}) is answered otherwise:"]
    if found.status[0] != found.status[1]:
        lines.append(f"  HTTP status: was {found.status[0]}, is {found.status[1]}")
    lines += [f"  {name}: was {_value(then)}, is {_value(now)}" for name, then, now in found.members]
    return [*lines, f"was: {_text(found.then)}", f"is:  {_text(found.now)}"]


def _value(value: Any) -> str:
    return "missing" if value is None else json.dumps(value, ensure_ascii=False)


def _text(reply: bytes | None) -> str:
    return "nothing" if reply is None else reply.decode(errors="backslashreplace")


def _as_json(told: "Replayed") -> dict[str, Any]:
    found = told.difference
    return {
        "tenant": told.sys_id,
        "identical": found is None and not told.stopped,
        "same": told.same,
        "signatures_compared": told.signatures,
        "skipped": [{"call": id_, "why": why} for id_, why in told.skipped.items()],
        "difference": None
        if found is None
        else {
            "call": found.call.id,
            "was": None if found.then is None else _text(found.then),
            "is": None if found.now is None else _text(found.now),
            "status": {"was": found.status[0], "is": found.status[1]},
            "members": [{"name": name, "was": then, "is": now} for name, then, now in found.members],
        },
        "stopped": told.stopped or None,
    }
