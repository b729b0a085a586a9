"""What became of a text is told in words: the change itself where it is known, else what is left of the text."""

from __future__ import annotations

import pytest

from huifu_contract.harness.differences import change

TOLD = [
    ("a ", "a", "blanks were trimmed at its end"),
    ("a\r\nb", "a\nb", "line ends in it were made line feeds"),
    ("a\tb", "a b", "tabs were made blanks"),
    ("a  b", "a b", "runs of blanks were made one"),
    ("a\\b", "ab", "backslashes were removed"),
    ('a\\"', 'a\\\\"', "backslashes were doubled"),
    ("a/b", "a\\/b", "slashes in it were escaped"),
    ("\u2018a\u2019", "'a'", "its quotes, dashes and wide marks were made plain"),
    ("a\U0001f600", "a\ufffd", "characters beyond U+FFFF in it were made U+FFFD"),
    ("a\u200b\u2060", "a\u2060", "zero-width characters were removed"),
    ("a\u200b\u202a", "a\u200b", "marks of direction were removed"),
    ("\u3000a\u00a0\u00a0b", "ab", "what is not ASCII was lost"),
    ("a\u200bb", "ab", "invisible characters were removed"),
    ("<a'>", "&lt;a'&gt;", "it was escaped for HTML, but for quotes"),
    ("<a'>", "&lt;a&#039;&gt;", "it was escaped for HTML as PHP does"),
    ("\uff21\uff0c", "A,", "it was normalised to NFKC"),
    ("\uff21\u2460", "A\u2460", "its full-width characters were made narrow"),
    ("a\u00a0\u00bd", "a \u00bd", "its no-break spaces were made blanks"),
    ("a\u2013b", "a-b", "its dashes were made hyphens"),
    ("1e5", "100000", "it was made a number and a text again"),
    ("a\U0001f600b", "a", "its end was cut off"),
    ("a", "b", "another text stands in its place"),
]


@pytest.mark.parametrize(("given", "got", "words"), TOLD, ids=[words for *_, words in TOLD])
def test_a_change_is_told_in_words(given: str, got: str, words: str) -> None:
    assert change(given, got) == words


@pytest.mark.parametrize(("got", "words"), [(None, "it was left out"), (7, "it was made a number"), ([], "a list")])
def test_what_is_no_text_is_told_by_its_kind(got: object, words: str) -> None:
    assert words in change("7", got)
