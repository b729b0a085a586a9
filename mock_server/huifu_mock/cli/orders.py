"""`huifu-mock orders`: list, create, pay and fail the orders of a running server."""

import argparse
import json
from typing import Any, Final

from huifu_mock.cli.remote import add_connection, connected, duration, refusals, table

EXAMPLES: Final = """\
examples:
  huifu-mock orders list
  huifu-mock orders list --trans-stat P --json
  huifu-mock orders create --req-seq-id my-order --age 61s --settle processing --settle-after 5s
  huifu-mock orders pay my-order              the customer pays
  huifu-mock orders pay my-order --after 3s   and does so in 3 seconds, perhaps while a close is in progress
  huifu-mock orders fail my-order
"""
WORDS: Final = ("req_seq_id", "hf_seq_id", "req_date", "huifu_id", "trade_type", "trans_stat", "settle", "notify_url",
                "trans_amt", "time_expire")  # fmt: skip
"""Fields of an order that are given as they are, by an option of that name."""
FILTERS: Final = ("req_seq_id", "hf_seq_id", "req_date", "huifu_id", "trade_type", "trans_stat", "close_stat", "settle")
COLUMNS: Final = ("req_seq_id", "req_date", "huifu_id", "trade_type", "trans_amt", "trans_stat", "close_stat", "settle")
WITHOUT_ACTION: Final = ("list",)
"""What is done where no action is named."""


def add_parser(commands: Any) -> None:
    """The subcommands of `orders`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "orders",
        help="list, create, pay and fail orders of a running server",
        description="List, create, pay and fail orders of a running server.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="what to do", metavar="ACTION", dest="action", required=True)
    _add_list(actions)
    _add_create(actions)
    _add_finish(actions, "pay", "the customer pays an order")
    _add_finish(actions, "fail", "the payment of an order fails")


def _add_list(actions: Any) -> None:
    parser = actions.add_parser("list", help="list orders", description="List orders.")
    for name in FILTERS:
        parser.add_argument(_option(name), metavar="VALUE", help=f"only those with this {name}")
    _add_output(parser)


def _add_create(actions: Any) -> None:
    parser = actions.add_parser(
        "create",
        help="put an order into the server",
        description="Put an order into the server, as if it had been created before.",
    )
    for name in WORDS:
        parser.add_argument(_option(name), metavar="VALUE", help=_HELP.get(name, name))
    parser.add_argument("--age", metavar="DURATION", type=duration, help="how old it is, as 61s or 2h (default: 120s)")
    parser.add_argument(
        "--settle-after", metavar="DURATION", type=duration, help="how long a close of it is in progress"
    )
    _add_output(parser)


_HELP: Final = {
    "trade_type": "such as T_NATIVE (the default), A_JSAPI, U_NATIVE",
    "trans_stat": "P (not paid yet, the default), S (paid) or F (failed)",
    "settle": "how a close of it runs: immediate, processing, accepted or refused",
    "notify_url": "where the results are posted",
    "trans_amt": "yuan with two decimals (default: 0.01)",
    "time_expire": "yyyyMMddHHmmss, Beijing time: it cannot be paid after that (default: never)",
}


def _add_finish(actions: Any, name: str, summary: str) -> None:
    parser = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.add_argument("req_seq_id", metavar="REQ_SEQ_ID")
    parser.add_argument("--after", metavar="DURATION", type=duration, default=0.0, help="later, on the tenant's clock")
    parser.add_argument("--huifu-id", metavar="VALUE", help="which, where several orders have that number")
    parser.add_argument("--req-date", metavar="VALUE", help="which, where several orders have that number")
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_connection(parser)


def run(args: argparse.Namespace) -> int:
    """Do it and print the orders."""
    tenant = connected(args)
    with refusals():
        orders = _ACTIONS[args.action](tenant, args)
    if getattr(args, "after", 0) and not args.json:
        print(f"{args.req_seq_id} will be {_ENDS[args.action]} in {args.after:g} s on the tenant's clock; it is now:")
    listed = [_as_json(order) for order in orders]
    if args.json:
        print(json.dumps(listed if args.action == "list" else listed[0], ensure_ascii=False, indent=2))
    elif not listed:
        print("no orders")
    else:
        print(table(COLUMNS, [tuple(str(order[name]) or "-" for name in COLUMNS) for order in listed]))
    return 0


def _as_json(order: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return json.loads(json.dumps(asdict(order), default=_moment))  # type: ignore[no-any-return] # an object stays one


def _moment(value: Any) -> str:
    return str(value.isoformat())


def _list(tenant: Any, args: argparse.Namespace) -> list[Any]:
    return list(tenant.orders.list(**{name: value for name in FILTERS if (value := getattr(args, name)) is not None}))


def _create(tenant: Any, args: argparse.Namespace) -> list[Any]:
    body = {name: value for name in WORDS if (value := getattr(args, name)) is not None}
    given = {"age_seconds": args.age, "settle_seconds": args.settle_after}
    return [tenant.orders.add(**body, **{name: value for name, value in given.items() if value is not None})]


def _finish(tenant: Any, args: argparse.Namespace) -> list[Any]:
    which = {name: value for name in ("huifu_id", "req_date") if (value := getattr(args, name)) is not None}
    change = tenant.orders.pay if args.action == "pay" else tenant.orders.fail
    return [change(args.req_seq_id, after_seconds=args.after, **which)]


_ENDS: Final = {"pay": "paid", "fail": "failed"}
_ACTIONS: Final = {"list": _list, "create": _create, "pay": _finish, "fail": _finish}


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
