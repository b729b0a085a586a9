"""How wide a terminal shows a text."""

from unicodedata import east_asian_width


def columns(text: str) -> int:
    """The columns that a text takes: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
