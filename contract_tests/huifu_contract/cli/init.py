"""`huifu-contract init adapter --lang php`.

Writes an adapter that calls the application's own close; one marked place in it is for that call.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huifu_contract.failures import SetupTrouble
from huifu_mock import _commands
from huifu_mock._language import language as spoken
from huifu_mock.cli.new_file import NotWritten, write_new

TEMPLATES = Path(__file__).parent.parent / "adapters"


@dataclass(frozen=True, slots=True)
class Language:
    """`client`: what to give to --client. `build`: what has to be run before, if anything."""

    file: str
    client: str
    build: str = ""

    @property
    def template(self) -> str:
        """The Python one carries another suffix: it is text here, no module of the kit."""
        found = TEMPLATES / self.file
        return (found if found.exists() else found.with_name(self.file + ".txt")).read_text(encoding="utf-8")


LANGUAGES = {
    "python": Language("close_adapter.py",  "cmd:python close_adapter.py"),
    "php":    Language("close_adapter.php", "cmd:php close_adapter.php"),
    "node":   Language("close_adapter.mjs", "cmd:node close_adapter.mjs"),
    "go":     Language("close_adapter.go",  "cmd:./close_adapter", "go build -o close_adapter ."),
    "java":   Language("CloseAdapter.java", "cmd:java -cp shop.jar:. CloseAdapter",
                       "javac -cp shop.jar CloseAdapter.java"),
    "csharp": Language("CloseAdapter.cs",   "cmd:dotnet bin/Release/net8.0/CloseAdapter.dll",
                       "dotnet build -c Release"),
}  # fmt: skip


WHAT = _commands.one_word(
    "adapter",
    "huifu-contract init adapter --lang LANG",
    "helper",
    "a helper for your own tests is written by: huifu-mock init helper --lang LANG",
)


def add(commands: Any) -> None:
    made = commands.add_parser("init", help="write an adapter", description=__doc__)
    made.add_argument("what", type=WHAT, metavar="adapter", help="what to write; there is nothing else")
    made.add_argument("--lang", choices=sorted(LANGUAGES), required=True)
    made.add_argument("--out", type=Path, default=None, metavar="FILE")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    language = LANGUAGES[options.lang]
    try:
        place = write_new(language.template, language.file, options.out)
    except NotWritten as error:
        raise SetupTrouble(str(error)) from None
    if spoken() == "zh":
        print(f"已写入 {place}；在标有 `>>> your application` 的地方调用你的应用，然后：")
    else:
        print(f"wrote {place}; put the call of your application where it says `>>> your application`, then:")
    for command in filter(None, (language.build, f"huifu-contract client --client '{language.client}'")):
        print(f"  {command}")
    return 0
