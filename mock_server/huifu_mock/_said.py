"""A sentence in the language of the terminal. The Chinese is loaded when something is said in it."""

from pathlib import Path

from huifu_mock._language import language


def said(english: str, files: tuple[Path, ...]) -> str:
    """The sentence as it is, or in Chinese as far as the files have it: see `_chinese.Sentences`."""
    if language() != "zh":
        return english
    from huifu_mock._chinese import sentences

    return sentences(files).say(english)
