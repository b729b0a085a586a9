"""`make fuzz`: bytes for every endpoint, guided by what of the code they cover (Atheris); in process, without a socket.

What was found to cover something new is kept in --corpus DIR, if one is given. A failure prints the bytes, and
`make fuzz ARGS=FILE` repeats one that was written to a file.
"""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Final

try:
    import atheris  # type: ignore[import-untyped]  # it tells no types
except ModuleNotFoundError:
    sys.exit("Atheris is not installed: pip install atheris (it has wheels for Linux)")

with atheris.instrument_imports(include=["huifu_mock"]):
    from huifu_mock import explain, signing
    from huifu_mock.cli.welcome import example_close
    from huifu_mock.codes import Reason
    from huifu_mock.gateway.gateway import PATHS, Exchange
    from huifu_mock.gateway.mock import Mock
    from huifu_mock.http.control.journal import shown
    from huifu_mock.keys import published
    from huifu_mock.request import ReceivedBytes, prepare
    from huifu_mock.schemas import schema

    explain.load()

ENDPOINTS: Final = [*PATHS.values()]
HUIFU: Final = published("huifu").public_key()
SLOW: Final = 20
"""Every so many calls the reply is signed and verified, and a wrong signature explained: that takes long."""
LISTED: Final = 1000
"""After so many calls the orders and the journal begin anew."""


class Fuzz:
    """The default tenant of a gateway of its own."""

    def __init__(self) -> None:
        self.mock = Mock()
        self.calls = 0

    def __call__(self, given: bytes) -> None:
        """One call: the first byte chooses the endpoint and how the body is read. Raises where anything is wrong."""
        self.calls += 1
        tenant = self.mock.gateway.of("")
        if self.calls % LISTED == 0:
            self.mock.reset(tenant)
        choice, body = (given or b"\0")[0], given[1:]
        endpoint, sent = ENDPOINTS[choice % len(ENDPOINTS)], ReceivedBytes(body)
        call = prepare(endpoint, sent) if choice > 127 else None
        self._check(self.mock.gateway.receive(endpoint, sent, call, patience=0))

    def _check(self, exchange: Exchange) -> None:
        assert exchange.status == 200
        assert exchange.entry.reason is not Reason.SYSTEM_ERROR, "the gateway failed inside"
        reply = exchange.reply
        assert reply is not None
        assert schema(exchange.entry.endpoint.response).accepts(json.loads(reply.data)), reply.data
        if self.calls % SLOW == 0:
            if exchange.left_to_do is not None:
                exchange.left_to_do(explain.Budget())()
            shown(exchange.tenant, exchange.entry)
            text, _, sign = exchange.payload().removeprefix(b'{"data":').rpartition(b',"sign":"')
            assert signing.verify(HUIFU, text, sign[:-2].decode()), text


def seeds(folder: Path) -> None:
    """Something to begin with: a signed close for each endpoint, read in either way."""
    folder.mkdir(parents=True, exist_ok=True)
    for choice in (*range(len(ENDPOINTS)), 128):
        (folder / f"seed-{choice}").write_bytes(bytes((choice,)) + example_close())


def main() -> None:
    """Ends by itself after --seconds; exit code 77 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: %(default)s)")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="keep there what covers something new")
    parser.add_argument("file", nargs="*", type=Path, help="bytes that failed, to be tried again")
    args = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as made:
        corpus = args.corpus or Path(made)
        seeds(corpus)
        where = [str(file) for file in args.file] or [str(corpus)]
        options = [f"-max_total_time={args.seconds}", "-max_len=4096", "-verbosity=0", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={tempfile.gettempdir()}/", *where], Fuzz())
        atheris.Fuzz()


if __name__ == "__main__":
    main()
