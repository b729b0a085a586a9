"""The parser of the command line, and what is said on stderr, in the language of the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from huifu_mock import _commands

KIT = Path(__file__).parents[1]


class Parser(_commands.Parser):
    files = (
        *_commands.Parser.files,
        KIT / "cli" / "help.zh.toml",
        KIT / "schemas.zh.toml",
        KIT / "reports" / "failures.zh.toml",  # a client that cannot be started fails in both
    )


def tell(message: str, stderr: str = "") -> None:
    """What could not be done, or what is worth knowing; `stderr` is what the client printed there."""
    print(f"huifu-contract: {Parser.say(message)}", file=sys.stderr)
    if stderr.strip():
        print(Parser.say("stderr of the client:"), file=sys.stderr)
        print("\n".join("  " + line for line in stderr.strip().splitlines()[-15:]), file=sys.stderr)
