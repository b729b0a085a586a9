"""What is said of a command that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(word: str, commands: Iterable[str]) -> str:
    """Names the command that was probably meant, or all of them."""
    names = [*commands]
    near = get_close_matches(word, names, n=1, cutoff=0.75)
    return f"there is no command {word!r}; " + (f"did you mean {near[0]}?" if near else f"choose {', '.join(names)}")
