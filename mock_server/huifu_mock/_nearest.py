"""The name that was probably meant by one that is not known: mistakes are answered with it."""

from collections.abc import Iterable

# The most characters of a word that are compared: the time it takes grows with their square.
COMPARED = 300


def nearest(word: str, known: Iterable[str], likeness: float = 0.75) -> str:
    """The known name that is most like the word; empty if none is.

    `likeness` is the least `difflib.SequenceMatcher.ratio` that counts, from 0 (anything) to 1 (the same).
    """
    from difflib import get_close_matches  # few miss

    return next(iter(get_close_matches(word[:COMPARED], [*known], n=1, cutoff=likeness)), "")


def did_you_mean(word: str, known: Iterable[str], likeness: float = 0.75) -> str:
    """A question for that name, with a blank after it so that a sentence can follow; empty if none is like it."""
    name = nearest(word, known, likeness)
    return f"did you mean {name}? " if name else ""
