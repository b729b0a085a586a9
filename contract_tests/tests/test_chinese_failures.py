"""What the kit says of a failure is there in Chinese: each sentence of the laws, the cases and the drivers."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from huifu_contract.reports import failures
from huifu_mock._chinese import sentences as known

KIT = Path(__file__).parents[1] / "huifu_contract"
SAYING = (
    *(KIT / "catalogue/cases").glob("*.py"),
    *(KIT / f"harness/{name}.py" for name in ("differences", "evidence", "harness", "laws", "readings", "signed")),
    *(KIT / f"grading/{name}.py" for name in ("case", "exchanges", "failure_budget", "flakiness", "lateness")),
    *(
        KIT / f"drivers/{name}.py"
        for name in ("child_process", "subprocess", "http", "in_process", "kinds", "protocol", "unfilled")
    ),
    *(KIT / "server/cases").glob("*.py"),
    *(KIT / f"server/{name}.py" for name in ("grade", "harness", "preconditions", "sequences", "target")),
    *(KIT / f"passive/{name}.py" for name in ("harness", "order_numbers", "rendezvous")),
)
NOT_OF_A_FAILURE = {
    "The signature is wrong",  # how the gateway's explanation begins
    "Order closed.",  # a resp_desc
    "of digits",
    "beside another",  # which number an example has
    "refused connections",  # the name of an example
    "wire decision",
    "wire decision hook",
    "PHP: JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE, Python: ensure_ascii=False",
    "{}: expected {}, observed {}",  # one line of it, for pytest
    "req_seq_id={} order={}",
}
LABELS = {
    *tomllib.loads(failures.LABELS[0].read_text("utf-8")),
    "in data",
    "no date",
    "not canonical",
    "`sign` String(512) 必填：返回值签名",
}
"""Of what a server was asked, which have Chinese elsewhere; what a field of an answer is called; and a quotation."""
ENGLISH = tomllib.loads(failures.FILE.read_text("utf-8"))


def sentences(node: ast.AST) -> Iterator[str]:
    """The texts in the code, with `{}` for a value; no docstring, and nothing that describes a case."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
        for below in node.body:
            yield from sentences(below)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        for part in node.values:
            yield from () if isinstance(part, ast.Constant) else sentences(part)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "TITLES":
        return  # reports/words.py has these in both languages
    elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        for below in ast.iter_child_nodes(node):
            yield from sentences(below)


@pytest.mark.parametrize("path", SAYING, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_whatever_is_said_of_a_failure_is_there_in_chinese(path: Path) -> None:
    said = set(sentences(ast.parse(path.read_text("utf-8")))) - NOT_OF_A_FAILURE - LABELS
    spoken = {text.strip() for text in said if len(re.findall("[a-z]{2,}", text.replace("{}", " "))) > 1}
    lacking = [text for text in spoken if " " in text and not any(_part(text, english) for english in ENGLISH)]
    assert not lacking


def _part(text: str, english: str) -> bool:
    """Whether a sentence with Chinese is that one, or has it within."""
    return bool(re.search(".*".join(map(re.escape, text.split("{}"))), english))


def test_each_sentence_is_found_before_those_that_fit_it_too_and_keeps_its_values() -> None:
    for english, chinese in ENGLISH.items():
        values = [f"‹{at}›" for at in range(english.count("{}"))]
        said = chinese.replace("…}", "}").format(*values)
        assert known((failures.FILE,)).say(english.replace("{}", "%s") % tuple(values)) == said, english
        assert all(said.count(value) == 1 for value in values), english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "L1: claims closed, but the order is not closed; L5: claims closed from a reply that is not authentic",
            "L1：结论为 closed，但订单并未关单；L5：依据不可信的应答得出结论 closed",
        ),
        (
            "[by org_hf_seq_id] answered 1; expected 2; [no label] trans_stat is None",
            "[按 org_hf_seq_id]：应答为 1；期望 2；[no label]：trans_stat 为 None",
        ),
        (
            "L3: org_req_seq_id was changed: the req_seq_id of the call stands in its place",
            "L3：org_req_seq_id 被改动：被换成了本次调用的 req_seq_id",
        ),
        ("U+2028: signed raw; U+2029: signed escaped", "U+2028：原样加签；U+2029：转义后加签"),
        ("the client exited with status 1 while close was open", "客户端在处理 close 时退出，状态码 1"),
        (
            "request/sign-verifies is red: L3: the body is empty",
            "request/sign-verifies 未通过：L3：报文体为空",
        ),
        (
            "a/b is red: the reply to close is invalid: x: 1 is not one of 2, 3; see schemas/adapter/from-client.json",
            "a/b 未通过：对 close 的回答无效：x: 1 不在 2, 3 之中；见 schemas/adapter/from-client.json",
        ),
        ("listed as known (slow; mended soon), but it passes", "已登记为已知失败（slow; mended soon），但它通过了"),
        ("a sentence of another version of the kit", "a sentence of another version of the kit"),
    ],
)
def test_a_signature_is_said_law_by_law_and_what_is_not_known_stays(english: str, chinese: str) -> None:
    assert failures.in_chinese(english) == chinese
