"""The file of orders that `serve --orders` begins with."""

import json
from pathlib import Path
from typing import Any

from huifu_mock._language import language
from huifu_mock.schemas import schema


class BadOrdersFile(ValueError):
    """The file cannot be used; the message names the line, the field, and what would be right."""


def load(path: Path) -> list[dict[str, Any]]:
    """The orders of a file. Raises `BadOrdersFile`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadOrdersFile(f"{path} is not UTF-8: byte {error.start} cannot be read") from error
    except OSError as error:
        raise BadOrdersFile(f"cannot read {path}: {error.strerror or error}") from error
    try:
        orders = json.loads(text)
    except json.JSONDecodeError as error:
        from huifu_mock.http.control.json_bodies import not_json  # few files are wrong

        wrong = not_json(text.encode(), error, "see schemas/control/order-create.json")
        said = f"{wrong.problem}; {wrong.expected}"
        if language() == "zh":
            told = wrong.in_chinese()
            said = f"{told.problem}；{told.expected}"
        raise BadOrdersFile(f"{path}, line {error.lineno}, column {error.colno}: {said}") from error
    except RecursionError as error:
        raise BadOrdersFile(f"{path} nests too deep; it is a flat list of orders") from error
    if not isinstance(orders, list):
        raise BadOrdersFile(f'{path}, line 1: a list of orders is needed, such as [{{"req_seq_id": "order-1"}}]')
    for index, order in enumerate(orders):
        _check(path, text, index, order)
    return orders


def _check(path: Path, text: str, index: int, order: Any) -> None:
    wanted = schema("control/order-create")
    if not wanted.accepts(order):
        problem = next(wanted.problems(order))
        line = _line(text, index, problem.field)
        raise BadOrdersFile(
            f"{path}, line {line}, order {index + 1}: {problem.chinese if language() == 'zh' else problem}"
        )


def _line(text: str, index: int, field: str) -> int:
    """The line of a field of the list's item `index`, or of the item where the field does not stand."""
    decode = json.JSONDecoder().raw_decode
    start = text.index("[") + 1
    for _ in range(index):
        start = text.index(",", decode(text, _skip(text, start))[1]) + 1
    start = _skip(text, start)
    place = text.find(f'"{field}"', start, decode(text, start)[1])
    return text.count("\n", 0, place if place >= 0 else start) + 1


def _skip(text: str, start: int) -> int:
    while text[start].isspace():
        start += 1
    return start
