"""The parts of the gateway's README that are generated from the code; run this file to write them anew.

A part stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`. A test fails when one is stale.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from huifu_mock.codes import LEGACY, Reason
from huifu_mock.explain import ADVICE, MISTAKES
from huifu_mock.faults import catalogue
from huifu_mock.rules import RULES, Rule, Step

ROOT = Path(__file__).parents[2]
READMES = {"en": ROOT / "mock_server" / "README.md", "zh": ROOT / "mock_server" / "README.zh-CN.md"}
SOURCE_ZH = {
    "assumed: no code is listed": "推测：文档未列返回码",
    "注意事项 6; limits assumed": "注意事项 6；适用范围为推测",
    "当天唯一; code assumed": "当天唯一；返回码为推测",
    "注意事项 1; digital yuan's code assumed": "注意事项 1；数字货币的返回码为推测",
    "业务返回码; trigger assumed": "业务返回码；触发条件为推测",
    "注意事项 2; boundary assumed": "注意事项 2；边界为推测",
}
"""Sources that need Chinese words; the others are the specification's own."""
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _outcome(rule: Rule, language: str) -> list[str]:
    if isinstance(rule.outcome, Reason):
        return [rule.outcome.name, f"`{rule.outcome.resp_code}`", rule.outcome.trans_stat]
    said = {
        Step.REPLAY: {"en": "the first answer, byte for byte", "zh": "原样返回首次应答（逐字节相同）"},
        Step.SCRIPTED: {"en": "the queued answer", "zh": "预置的应答"},
    }
    return [said[rule.outcome][language], "–", "–"]


def rules(language: str) -> str:
    """The close rules, in the order in which they are tried."""
    head = {
        "en": ["#", "reason", "code", "trans_stat", "applies when", "source"],
        "zh": ["#", "原因", "返回码", "trans_stat", "条件", "依据"],
    }
    return _table(
        head[language],
        [
            [rule.row, *_outcome(rule, language), rule.when, rule.source]
            if language == "en"
            else [rule.row, *_outcome(rule, language), rule.when_zh, SOURCE_ZH.get(rule.source, rule.source)]
            for rule in RULES
        ],
    )


def answers(language: str) -> str:
    """The fifteen listed answers, and how the older family words some of them."""
    head = {
        "en": ["reason", "resp_code", "resp_desc", "trans_stat", "with `legacy_codes`"],
        "zh": ["原因", "resp_code", "resp_desc", "trans_stat", "开启 `legacy_codes` 时"],
    }
    rows = []
    for reason in Reason:
        old = LEGACY.get(reason)
        legacy = f"`{old.resp_code}` {old.resp_desc}" if old else ""
        rows.append([reason.name, f"`{reason.resp_code}`", reason.resp_desc, reason.trans_stat, legacy])
    return _table(head[language], rows)


def mistakes(language: str) -> str:
    """The ids of what the explainer finds, in its order."""
    head = {"en": ["id", "what the client did"], "zh": ["编号", "客户端的错误"]}
    return _table(head[language], [[f"`{id_}`", getattr(ADVICE[id_], language)] for id_ in MISTAKES])


PARTS: dict[str, Callable[[str], str]] = {
    "rules": rules,
    "answers": answers,
    "faults": catalogue.readme,
    "races": catalogue.readme_races,
    "mistakes": mistakes,
}


def written(text: str, language: str) -> str:
    """A README with every generated part made anew. Raises `KeyError` for a part that nobody makes."""
    return PART.sub(lambda part: part[1] + PARTS[part[2]](language) + part[3], text)


def main() -> int:
    """Write the READMEs; says which have changed."""
    for language, path in READMES.items():
        if not path.exists():
            continue
        before = path.read_text(encoding="utf-8")
        after = written(before, language)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"{path.name}: written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
