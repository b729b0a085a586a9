"""The command line beyond argparse: the language it speaks, and what is said of a word that does not exist."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from huifu_mock._language import language
from huifu_mock._nearest import nearest
from huifu_mock._said import said


class Parser(argparse.ArgumentParser):
    """Helps and refuses in the language of the terminal; the Chinese is loaded when something is said in it."""

    files: ClassVar[tuple[Path, ...]] = (Path(__file__).with_name("_commands.zh.toml"),)
    """The Chinese under each English sentence; a command adds its own."""

    def format_usage(self) -> str:
        self._speak()
        return super().format_usage()

    def format_help(self) -> str:
        self._speak()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Exit code 2 as with argparse, without its usage: behind nine lines of it what is wrong was overlooked."""
        self.exit(2, f"{self.prog}: {self.say(message)}\n{self.say(f'how it is used: {self.prog} --help')}\n")

    @classmethod
    def say(cls, message: str) -> str:
        """The message in the language of the terminal, as far as the files have it."""
        return said(message, cls.files)

    def _speak(self) -> None:
        if language() == "zh":
            from huifu_mock._chinese import Help, sentences

            self.formatter_class = partial(Help, sentences=sentences(self.files))


def parse(parser: argparse.ArgumentParser, commands: Any, words: Sequence[str]) -> argparse.Namespace:
    """What `parser` makes of the words; what it does not know is told by the command that was given.

    `commands` are the subparsers of `parser`. Raises `SystemExit`, as argparse does.
    """
    if words and not words[0].startswith("-") and words[0] not in commands.choices:
        parser.error(unknown(words[0], commands.choices))
    if len(words) > 1 and not words[1].startswith("-"):
        _check_action(commands.choices[words[0]], words[1])
    args, left = parser.parse_known_args(words)
    if left and left[0].startswith("-"):
        command: argparse.ArgumentParser = commands.choices[words[0]]
        word = left[0].partition("=")[0]
        meant = nearest(word, _options(command), 0.6)
        command.error(f"there is no option {word}" + (f"; did you mean {meant}?" if meant else ""))
    if left:
        commands.choices[words[0]].error(f"nothing is known to do with {' '.join(left)}")
    return args


def action_first(command: argparse.ArgumentParser, words: Sequence[str], otherwise: Sequence[str]) -> list[str]:
    """`words`, which begin with an option, with the action in front: the one that stands among them, or `otherwise`."""
    actions = _actions(command)
    for place, word in enumerate(words):
        if word in actions and not _takes_value(actions[word], words[place - 1]):
            return [word, *words[:place], *words[place + 1 :]]
    return [*otherwise, *words]


def _takes_value(command: argparse.ArgumentParser, word: str) -> bool:
    """Is the word after this one its value, as the address is after `--url`?"""
    return any(word in action.option_strings and action.nargs != 0 for action in command._actions)


def _check_action(command: argparse.ArgumentParser, word: str) -> None:
    """End with an error where a command's first word is none of its actions."""
    names = [*_actions(command)]
    if names and word not in names:
        meant = nearest(word, names) or next((name for name in names if {name, word} in _ALIKE), None)
        said = f"did you mean {meant}?" if meant else f"choose {', '.join(names)}"
        command.error(f"there is no action {word!r}; {said}")


def _actions(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """What a command can be told to do, by name; nothing of most."""
    of_command = (action for action in command._actions if isinstance(action, argparse._SubParsersAction))
    return {name: parser for action in of_command for name, parser in action.choices.items()}


_ALIKE = ({"add", "create"}, {"delete", "remove"}, {"ls", "list"})
"""Words of which the API, the library and other programs have one and a command the other."""


def unknown(word: str, commands: Iterable[str]) -> str:
    """Names the command that was probably meant, or all of them."""
    names = [*commands]
    meant = nearest(word, names)
    return f"there is no command {word!r}; " + (f"did you mean {meant}?" if meant else f"choose {', '.join(names)}")


def one_word(word: str, right: str, other: str, elsewhere: str) -> Callable[[str], str]:
    """The type of an argument that takes one word alone: `right` is how the command is written.

    For `other` it says `elsewhere`, which names the command that takes that one. Raises ArgumentTypeError.
    """

    def checked(given: str) -> str:
        if given != word:
            raise argparse.ArgumentTypeError(elsewhere if given == other else f"{given!r} is unknown; write: {right}")
        return given

    return checked


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """The options of a command and of its actions; argparse keeps them to itself."""
    below = (name for action in _actions(parser).values() for name in _options(action))
    return [*parser._option_string_actions, *below]
