"""`huifu-mock keys`: the published test keys, or a new pair, in every form that clients read."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from huifu_mock import signing
from huifu_mock.cli.key_formats import FORMATS
from huifu_mock.cli.main import Failure
from huifu_mock.gateway.mock import WEBHOOK_KEY
from huifu_mock.gateway.tenant import DEFAULT_HUIFU_ID, DEFAULT_PRODUCT_ID, DEFAULT_SYS_ID
from huifu_mock.keys import private_texts, public_texts, published

EXAMPLES = """\
A client holds the merchant's private key and Huifu's public key. Keys are printed as one line of Base64 (PKCS8
and X.509: Python, PHP, Go, Java, C#) and as PEM, never as PKCS1, which some vendor SDKs cannot read.

examples:
  huifu-mock keys                       the default tenant's published test keys
  huifu-mock keys --json                the same for a program
  huifu-mock keys --format php          ready to paste: for the official SDK of that language, or a configuration file
  huifu-mock keys --format env > .env
  huifu-mock keys --new --out my-keys   a new pair in files
"""


def add_parser(commands: Any) -> None:
    """The options of `keys`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "keys",
        help="show the published test keys, or make a new pair",
        description="Show the published test keys, or make a new pair.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--new", action="store_true", help="make a new RSA pair instead")
    parser.add_argument("--bits", type=int, choices=(1024, 2048, 3072), default=2048, help="size of a new pair")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="print the configuration of an official SDK (php, java, go, csharp, python; json is the file that those "
        "for PHP and Go read), or a configuration file of your own (env, yaml, toml)",
    )
    parser.add_argument("--out", metavar="DIR", help="write one file for each key, instead of printing")


def run(args: argparse.Namespace) -> int:
    """Print or write the keys."""
    if args.format and (args.new or args.json or args.out):
        raise Failure("--format shows the published keys; leave out --new, --json and --out")
    if args.format:
        print(FORMATS[args.format](_published()), end="")
        return 0
    keys = _new(args.bits) if args.new else _published()
    if args.out:
        _write(Path(args.out), keys)
    elif args.json:
        print(json.dumps(keys, indent=2))
    else:
        print("\n".join(_lines(keys)))
    return 0


def _published() -> dict[str, str]:
    private, private_pem = private_texts(published("merchant"))
    public, public_pem = public_texts(published("merchant").public_key())
    huifu, huifu_pem = public_texts(published("huifu").public_key())
    return {
        "sys_id": DEFAULT_SYS_ID,
        "product_id": DEFAULT_PRODUCT_ID,
        "huifu_id": DEFAULT_HUIFU_ID,
        "webhook_key": WEBHOOK_KEY,
        "merchant_private_key": private,
        "merchant_public_key": public,
        "huifu_public_key": huifu,
        "merchant_private_key_pem": private_pem,
        "merchant_public_key_pem": public_pem,
        "huifu_public_key_pem": huifu_pem,
    }


def _new(bits: int) -> dict[str, str]:
    key = signing.generate(bits)
    private, private_pem = private_texts(key)
    public, public_pem = public_texts(key.public_key())
    return {
        "private_key": private,
        "public_key": public,
        "private_key_pem": private_pem,
        "public_key_pem": public_pem,
    }


def _lines(keys: dict[str, str]) -> list[str]:
    return [f"{name}\n{value}\n" if len(value) > 64 else f"{name}: {value}" for name, value in keys.items()]


def _write(folder: Path, keys: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in keys.items():
            if "_key" not in name:
                continue
            pem = name.endswith("_pem")
            path = folder / (name.removesuffix("_pem") + (".pem" if pem else ".txt"))
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(value if pem else value + "\n")
            print(path)
    except OSError as error:
        raise Failure(f"cannot write to {folder}: {error.strerror or error}") from error
