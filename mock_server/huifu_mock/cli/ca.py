"""`huifu-mock ca`: the certificate that clients have to trust so that calls to Huifu's hosts can be answered here."""

import argparse
from pathlib import Path
from typing import Any, Final

from huifu_mock.cli.main import Failure
from huifu_mock.cli.remote import add_token, add_url, refusals

EXAMPLES: Final = """\
examples:
  huifu-mock ca > ca.pem                       of the server that runs on http://127.0.0.1:8080
  huifu-mock ca --ca-dir my-ca                 of a folder, made there the first time: serve --intercept --ca-dir my-ca
  huifu-mock ca --p12 truststore.p12           for Java: -Djavax.net.ssl.trustStore=truststore.p12

It is the certificate alone. The key stays in the server, or in the folder, where only you can read it: whoever has it
can pose as any site to those who trust the CA, so it must never be published.
"""


def add_parser(commands: Any) -> None:
    """The options of `ca`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "ca",
        help="print the CA certificate of an intercepting server",
        description="Print the CA certificate (PEM) of an intercepting server, or write it as a PKCS12 trust store.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    add_url(where)
    where.add_argument("--ca-dir", metavar="DIR", help="the CA of a folder; it is made there if there is none")
    add_token(parser)
    parser.add_argument(
        "--p12", metavar="FILE", help="write a PKCS12 trust store, password changeit, instead of printing"
    )


def run(args: argparse.Namespace) -> int:
    """Print or write it."""
    pem = _of_folder(Path(args.ca_dir)) if args.ca_dir else _of_server(args.url, args.token)
    if not args.p12:
        print(pem, end="")
        return 0
    from huifu_mock.client.intercept.environment import truststore

    try:
        Path(args.p12).write_bytes(truststore(pem))
    except OSError as error:
        raise Failure(f"cannot write {args.p12}: {error.strerror or error}") from error
    print(args.p12)
    return 0


def _of_folder(folder: Path) -> str:
    from huifu_mock.http.intercept.authority import Authority, BadAuthority

    try:
        return Authority.kept(folder).pem
    except BadAuthority as error:
        raise Failure(str(error)) from error


def _of_server(url: str, token: str | None) -> str:
    import huifu_mock

    with refusals():
        about = huifu_mock.connect(url, token).about().get("interception")
    if about is None:
        raise Failure(f"the server at {url} does not intercept; start it with: huifu-mock serve --intercept")
    return str(about["ca_pem"])
