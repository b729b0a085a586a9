"""What the commands for a running server share: its address, durations, errors in one line."""

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from huifu_mock.cli.main import Failure
from huifu_mock.client.environment import CONTROL_VARIABLE, TOKEN_VARIABLE, control_address

URL: Final = "http://127.0.0.1:8080"
"""Where `huifu-mock serve` listens unless told otherwise."""
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


def add_connection(parser: argparse.ArgumentParser) -> None:
    """The options that say which server and which tenant."""
    group = parser.add_argument_group("which server")
    add_url(group)
    add_token(group)
    group.add_argument("--tenant", metavar="SYS_ID", help="sys_id of the tenant (default: the default tenant)")


def add_url(group: "argparse._ActionsContainer") -> None:
    """The address of a server."""
    group.add_argument(
        "--url",
        default=os.environ.get(CONTROL_VARIABLE) or URL,
        help=f"address of a running huifu-mock (default: the variable {CONTROL_VARIABLE}, or {URL})",
    )


def add_token(group: "argparse._ActionsContainer") -> None:
    """What the control API of a server asks for."""
    group.add_argument(
        "--token",
        metavar="SECRET",
        default=os.environ.get(TOKEN_VARIABLE) or None,
        help=f"the server's --control-token, if it has one (default: the variable {TOKEN_VARIABLE})",
    )


def connected(args: argparse.Namespace) -> Any:
    """The `huifu_mock.Tenant` that the options name. Raises `Failure`."""
    import huifu_mock

    with refusals():
        connection = huifu_mock.connect(args.url, args.token)
        if sys_id := args.tenant or control_address(args.url)[1]:
            return connection.find(sys_id)
        if connection.about()["default_tenant"] is None:
            raise Failure("the default tenant was dropped; name one with --tenant")
        return connection.default


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the server refuses, and a server that is not there, into one line."""
    from huifu_mock.client.transport import ControlError, Unreachable

    try:
        yield
    except ControlError as error:
        problem = error.problem if isinstance(error.problem, dict) else {}
        if error.status == HTTPStatus.UNAUTHORIZED:
            wanted = f"give the server's --control-token with --token, or in the variable {TOKEN_VARIABLE}"
            raise Failure(f"the server asks for its token: {wanted}", code=1) from error
        raise Failure(str(problem.get("detail", error)), code=1) from error
    except Unreachable as error:
        raise Failure(f"{error}, or name the address of another one with --url") from error
    except ValueError as error:
        raise Failure(str(error)) from error


def duration(text: str) -> float:
    """Seconds from `61`, `61s`, `2h`, `1m30s`, `1.5d`, `500ms`. For argparse."""
    bare = text.strip().lower()
    try:
        return _plain(bare)
    except ValueError:
        parts = _PART.findall(bare)
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        raise argparse.ArgumentTypeError(f'"{text}" is not a duration; use seconds, or as 61s, 5m, 2h, 1d, 1m30s')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _plain(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        raise ValueError(text)
    return float(text)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "\n".join(line.rstrip() for line in lines)
