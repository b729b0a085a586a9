"""`huifu-mock sign`: a data file in, a signed request body out."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from huifu_mock import request, signing
from huifu_mock.cli.main import Failure
from huifu_mock.gateway.tenant import DEFAULT_PRODUCT_ID, DEFAULT_SYS_ID
from huifu_mock.keys import published

EXAMPLES = """\
examples:
  huifu-mock sign data.json | curl -s http://127.0.0.1:8080/v2/trade/payment/scanpay/close \\
      -H 'Content-Type: application/json' -d @-
  echo '{"req_date":"20260102"}' | huifu-mock sign - --text      the exact text that is signed
  huifu-mock sign data.json --private-key merchant.pem --sys-id 6666000108854952
"""


def add_parser(commands: Any) -> None:
    """The options of `sign`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sign",
        help="sign a data file and print the request body",
        description="Sign `data` (a JSON object in a file, or - for standard input) and print the request body.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="the file with `data`, or - for standard input")
    parser.add_argument(
        "--private-key", metavar="KEY", help="a key file or one line of Base64; the published merchant key if left out"
    )
    parser.add_argument("--sys-id", default=DEFAULT_SYS_ID, help="default: %(default)s")
    parser.add_argument("--product-id", default=DEFAULT_PRODUCT_ID, help="default: %(default)s")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--text", action="store_true", help="print the text that is signed, and nothing else")
    only.add_argument("--sign-only", action="store_true", help="print the signature, and nothing else")


def run(args: argparse.Namespace) -> int:
    """Print the request body, or a part of the way to it."""
    data = read(args.file)
    call = request.read(request.CLOSE, request.ReceivedBytes(b'{"sys_id":"-","product_id":"-","data":' + data + b"}"))
    if call.members is None:
        raise Failure(f"{args.file} is no `data`: {_unreadable(data)}; a JSON object is needed")
    if call.problem is not None:
        print(f"huifu-mock sign: as a close this would be refused: {call.problem}", file=sys.stderr)
    text = call.text.encode()
    if args.text:
        print(text.decode())
        return 0
    sign = signing.sign(private_key(args.private_key), text)
    if args.sign_only:
        print(sign)
        return 0
    head = json.dumps({"sys_id": args.sys_id, "product_id": args.product_id, "sign": sign}, separators=(",", ":"))
    print(f'{head[:-1]},"data":{text.decode()}}}')
    return 0


def _unreadable(data: bytes) -> str:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        return f"not JSON ({error})"
    return f"it is {type(found).__name__}, not an object" if not isinstance(found, dict) else "it cannot be signed"


def read(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises `Failure`."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Failure(f"cannot read {name}: {error.strerror or error}") from error


def private_key(named: str | None) -> Any:
    """A private key from a file or a text; the published merchant key for `None`. Raises `Failure`."""
    if named is None:
        return published("merchant")
    try:
        return signing.load_private_key(key_text(named))
    except signing.BadKey as error:
        raise Failure(f"--private-key: {error}") from error


def key_text(named: str) -> str:
    """The text of a key that is given as a file name or as itself. Raises `Failure`."""
    if "-----BEGIN" in named or len(named) > 200:
        return named
    try:
        return Path(named).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Failure(f"cannot read the key file {named}: {said}") from error
