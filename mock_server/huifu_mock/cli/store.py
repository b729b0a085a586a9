"""`huifu-mock store`: looks after a store while no gateway serves it."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from huifu_mock.cli.main import Failure
from huifu_mock.gateway.mock import Refused
from huifu_mock.gateway.store import BadStore
from huifu_mock.state.work import Unkept
from huifu_mock.store.opening import database_of

if TYPE_CHECKING:
    from huifu_mock.store.database import Database

EXAMPLES: Final = """\
examples:
  huifu-mock store check sqlite:mock.db                    is everything in it as it can only be?
  huifu-mock store stats sqlite:mock.db                    how much each tenant has
  huifu-mock store vacuum sqlite:mock.db                   give back the room of what was deleted
  huifu-mock store export sqlite:mock.db saved.json --keys
  huifu-mock store import sqlite:other.db saved.json

No gateway may serve the store meanwhile. Of a running one, GET /_mock/tenants/{sys_id}/capsule saves a tenant.
"""


def add_parser(commands: Any) -> None:
    """The options of `store`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "store",
        help="check, count, pack, save and fill a store",
        description="Look after a store while no gateway serves it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument(
        "store", metavar="URL", help="the store, as serve --store names it: sqlite:PATH or postgresql://…"
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="for export, a new file (or standard output); for import"
    )
    parser.add_argument("--tenant", metavar="SYS_ID", help="export this one alone")
    parser.add_argument(
        "--keys", action="store_true", help="export private keys too; without them replies are signed anew"
    )
    parser.add_argument("--json", action="store_true", help="print stats as JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    if args.action == "import" and not args.file:
        raise Failure("import needs a FILE, as export writes it")
    try:
        with closing(_database(args.store, new=args.action == "import")) as database:
            return ACTIONS[args.action](database, args)
    except (BadStore, Refused, Unkept) as error:
        raise Failure(str(error)) from error


def _database(url: str, *, new: bool) -> "Database":
    kind, _, path = url.partition(":")
    if url == "memory:":
        raise Failure(f"the store {url} is gone with its process; name one that stays, such as sqlite:mock.db")
    if kind == "sqlite" and path and not new and not Path(path).expanduser().exists():
        raise Failure(f"there is no store {url}: serve --store {url} makes one")
    return database_of(url)


def _check(database: "Database", _: argparse.Namespace) -> int:
    from huifu_mock.store import upkeep

    for wrong in (found := upkeep.check(database)):
        print(wrong)
    if not found:
        count = len(database.tenants())
        print(f"{database.name} is as it should be: {count} tenant{'' if count == 1 else 's'}")
    return 1 if found else 0


def _stats(database: "Database", args: argparse.Namespace) -> int:
    from huifu_mock.store import upkeep

    told = upkeep.stats(database)
    if args.json:
        print(json.dumps(told))
        return 0
    columns = ("orders", "closes", "calls", "deliveries", "bytes")
    print(f"{'tenant':<18}" + "".join(f"{column:>12}" for column in columns) + "  name")
    for one in told:
        counts = "".join(f"{one[column]:>12,}" for column in columns)
        print(f"{one['sys_id']:<18}{counts}  {one['name']}".rstrip())
    return 0


def _vacuum(database: "Database", _: argparse.Namespace) -> int:
    before, after = database.vacuum()
    print(f"{database.name}: {before:,} bytes before, {after:,} bytes after")
    return 0


def _export(database: "Database", args: argparse.Namespace) -> int:
    from huifu_mock.store import upkeep

    text = json.dumps(list(upkeep.saved(database, keys=args.keys, only=args.tenant)))
    if args.file:
        _write(Path(args.file), text)
    else:
        print(text)
    return 0


def _write(path: Path, text: str) -> None:
    """Never over a file that is there; readable for its owner alone, since keys may be in it."""
    try:
        with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
    except FileExistsError:
        raise Failure(f"{path} is there already; name another file") from None
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from error


def _import(database: "Database", args: argparse.Namespace) -> int:
    from huifu_mock.store import upkeep

    try:
        capsules = json.loads(Path(args.file).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read {args.file}: {error}") from error
    made = upkeep.fill(database, capsules if isinstance(capsules, list) else [capsules])
    print(f"imported {', '.join(made) or 'nothing'}", file=sys.stderr)
    return 0


ACTIONS: Final[dict[str, Callable[["Database", argparse.Namespace], int]]] = {
    "check": _check,
    "stats": _stats,
    "vacuum": _vacuum,
    "export": _export,
    "import": _import,
}
