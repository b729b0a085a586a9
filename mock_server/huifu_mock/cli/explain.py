"""`huifu-mock explain`: a captured request, reply or webhook in, what is wrong with its signature out."""

import argparse
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from huifu_mock import explain, request, signing
from huifu_mock._language import language
from huifu_mock.cli.captured import Message, parsed
from huifu_mock.cli.code_lines import add_code, for_code
from huifu_mock.cli.main import Failure
from huifu_mock.cli.sign import key_text, read
from huifu_mock.gateway.gateway import PATHS

EXAMPLES = """\
examples:
  huifu-mock explain request.json --public-key merchant_public.pem      a request: the merchant's public key
  huifu-mock explain reply.json --huifu --public-key huifu_public.pem   a reply: Huifu's public key
  huifu-mock explain event.json --webhook --key KEY --sign 5D41402A…    a webhook: the endpoint's key, the MD5
  huifu-mock explain - --json < request.txt                             with header lines, as captured

FILE is a body, or a whole HTTP message with its first line and headers; or what holds one: a journal entry, a curl
command, the output of curl -v, a HAR file, a log line. Nothing is sent anywhere.
Exit code: 0 the signature is right, 1 it is not, 2 the command could not do its work.
"""


def add_parser(commands: Any) -> None:
    """The options of `explain`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain",
        help="say why a signature does not verify",
        description="Show which text a captured request, reply or webhook was signed over, and how to correct it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="the captured message, or - for standard input")
    parser.add_argument(
        "--public-key",
        metavar="KEY",
        help="a key file or one line of Base64; the published test key if left out",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--huifu", action="store_true", help="it is a reply of Huifu; the key is Huifu's")
    kind.add_argument(
        "--webhook", action="store_true", help="it is a webhook; needs --key, and --sign or a URL in FILE"
    )
    parser.add_argument("--key", help="the webhook endpoint's key")
    parser.add_argument("--sign", help="the webhook's signature as the receiver computed or got it")
    parser.add_argument("--huifu-key", metavar="KEY", help="Huifu's public key, to recognise its use for a request")
    parser.add_argument("--earlier", metavar="FILE", action="append", default=[], help="a request that came before")
    parser.add_argument(
        "--lang", choices=("en", "zh", "both"), default=language(), help="language of the text (default: yours)"
    )
    add_code(parser)
    parser.add_argument("--json", action="store_true", help="print the explanation as JSON, as in the journal")


def run(args: argparse.Namespace) -> int:
    """Print the explanation."""
    message = parsed(read(args.file))
    found = _webhook(args, message) if args.webhook else _signed(args, message)
    if args.json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        wanted = ("en", "zh") if args.lang == "both" else (args.lang,)
        print("\n\n".join(for_code(found.text[lang], args.code) for lang in wanted))
    return 1 if found.reason else 0


def _signed(args: argparse.Namespace, message: Message) -> explain.Explanation:
    key = _public_key("--public-key", args.public_key)
    if args.huifu or _is_reply(message.body):
        return explain.explain_reply(message.body, key)
    earlier = [explain.Earlier(name, parsed(read(name)).body) for name in args.earlier]
    return explain.explain_request(
        message.body,
        message.headers,
        key,
        huifu_key=_public_key("--huifu-key", args.huifu_key),
        earlier=earlier,
        endpoint=PATHS.get(_without_session(urlsplit(message.target).path), request.CLOSE),
    )


def _without_session(path: str) -> str:
    return re.sub("^/s/[^/]*", "", path)


def _is_reply(body: bytes) -> bool:
    """Requests name a `sys_id`; replies have a `resp_code` instead."""
    try:
        read_body = json.loads(body)
    except (ValueError, RecursionError):
        return False
    data = read_body.get("data") if isinstance(read_body, dict) else None
    return isinstance(data, dict) and "resp_code" in data and "sys_id" not in read_body


def _webhook(args: argparse.Namespace, message: Message) -> explain.Explanation:
    if args.key is None:
        raise Failure("--webhook needs --key, the endpoint's key from the console (32 characters)")
    query = parse_qs(urlsplit(message.target).query)
    sign = args.sign if args.sign is not None else next(iter(query.get("sign", ())), None)
    if sign is None:
        raise Failure("--webhook needs --sign, the MD5 to explain (or a FILE whose first line has ?sign=…)")
    return explain.explain_webhook(message.body, sign, args.key)


def _public_key(option: str, named: str | None) -> Any:
    if named is None:
        return None
    try:
        return signing.load_public_key(key_text(named))
    except signing.BadKey as error:
        raise Failure(f"{option}: {error}") from error
