"""All kinds of faults in one table: on the wire, in signed replies, on pushes, races, prepared answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from huifu_mock.codes import ACCEPTED, LEGACY, Answer, Reason, Wording, reasons_of
from huifu_mock.faults.kind import BadFault, Kind, Setting
from huifu_mock.faults.signed import SIGNED
from huifu_mock.faults.wire import WIRE

# fmt: off
PUSH: Final[tuple[Kind[None], ...]] = (
    Kind("push-duplicate", "push", None,
         "the push is sent several times, acknowledged or not", "推送重复发送（无论是否应答）",
         (Setting("copies", 2, "how often in all", "总次数"),)),
    Kind("push-reorder", "push", None,
         "the push is sent after the one that follows it", "推送晚于后一条推送"),
    Kind("push-delay", "push", None,
         "the push is sent late", "推送延迟",
         (Setting("seconds", 60.0, "how long, on the tenant's clock", "延迟秒数（租户时钟）"),)),
    Kind("push-drop", "push", None,
         "the push is never sent", "推送丢失"),
    Kind("push-sign-bad", "push", None,
         "the push is signed wrongly", "推送签名错误"),
    Kind("push-key-old", "push", None,
         "the push is signed with a key that was in use before", "推送使用旧密钥签名"),
)

@dataclass(frozen=True, slots=True)
class Row:
    """A race, or a point at which it happens."""

    id: str
    en: str
    zh: str


RACES: Final = (
    Row("pay", "the customer pays the order", "客户支付该订单"),
    Row("close", "a second close of the order arrives", "该订单的另一笔关单到达"),
    Row("expire", "the order expires", "订单过期"),
    Row("advance", "the tenant's clock moves on by `seconds`", "租户时钟前进 `seconds` 秒"),
)
POINTS: Final = (
    Row("after_validate", "the call itself is right; its order was not looked at yet", "请求校验通过，尚未查看订单"),
    Row("after_accept", "every rule passed: the close is in progress", "规则全部通过，关单进行中"),
    Row("before_settle", "just before the close in progress ends", "进行中的关单即将结束"),
    Row("after_commit_before_reply", "the result is kept, the reply not sent yet", "结果已保存，应答未发出"),
    Row("between_reply_and_webhook", "the reply is sent, the webhook not yet", "应答已发出，webhook 未发出"),
)
AT: Final = "after_accept"
SECONDS: Final = 60.0

NAMED: dict[str, Answer] = {"00000000.ACCEPTED": Answer(Reason.PROCESSING, ACCEPTED)}
"""Answers that are neither a listed code alone nor a code with the name of its reason."""


def answer(text: str, resp_desc: str | None = None, trans_stat: str | None = None) -> Answer:
    """The answer that `code` or `code.REASON` names; any code of up to 8 characters. Raises `BadFault`."""
    found = NAMED.get(text) or _listed(text) or Answer(None, Wording(text, "业务执行失败", "F"))
    said = found.wording
    if resp_desc is None and trans_stat is None:
        return found
    return Answer(
        found.reason,
        Wording(
            said.resp_code,
            said.resp_desc if resp_desc is None else resp_desc,
            said.trans_stat if trans_stat is None else trans_stat,
        ),
    )


def with_reason(text: str) -> str:
    """The name of an answer with its reason, where the code alone has two meanings and stands for the first."""
    known = _of(text)
    return f"{text}.{next(iter(known))}" if len(known) > 1 else text


def _listed(text: str) -> Answer | None:
    """An answer of the specification's list or of the older family; the first where a code has two meanings."""
    code, dot, name = text.partition(".")
    known = _of(code)
    if not dot:
        return next(iter(known.values()), None)
    if name not in known:
        names = [f"{code}.{known_name}" for known_name in known]
        names += [named for named in NAMED if named.startswith(f"{code}.")]
        wanted = f"use {', '.join(names)}" if names else f"{code} is not listed: give the code alone"
        raise BadFault("do.answer", f'there is no answer "{text}"', wanted)
    return known[name]


def _of(code: str) -> dict[str, Answer]:
    listed = {reason.name: Answer(reason, reason.wording) for reason in reasons_of(code)}
    older = {reason.name: Answer(reason, said) for reason, said in LEGACY.items() if said.resp_code == code}
    return listed | older


def is_answer(text: str) -> bool:
    """Whether `text` names a listed answer, an answer of the older family, or one of the named ones."""
    code, _, name = text.partition(".")
    return text in NAMED or (not name and bool(_of(code))) or name in _of(code)

ALL: Final[tuple[Kind[Any], ...]] = (*WIRE, *SIGNED, *PUSH)
JOINTS: Final = {"en": "; ", "zh": "；"}
KINDS: Final[dict[str, Kind[Any]]] = {kind.id: kind for kind in ALL}


def listed() -> list[dict[str, Any]]:
    """The table as `GET /_mock/about` shows it."""
    return [
        {
            "fault": kind.id,
            "layer": kind.layer,
            "settings": {setting.name: setting.default for setting in kind.settings},
            "en": kind.en,
            "zh": kind.zh,
        }
        for kind in ALL
    ]


def races() -> dict[str, list[dict[str, str]]]:
    """Races and points as `GET /_mock/about` shows them."""
    return {
        "races": [{"race": row.id, "en": row.en, "zh": row.zh} for row in RACES],
        "points": [{"at": row.id, "en": row.en, "zh": row.zh} for row in POINTS],
    }


def readme(language: str = "en") -> str:
    """The table of the faults for the README, in Markdown; `language` is en or zh."""
    head = {
        "en": ("fault", "settings and their defaults", "what the client sees"),
        "zh": ("故障", "设置及默认值", "客户端看到的现象"),
    }[language]
    rows = [
        (
            f"`{kind.id}`",
            JOINTS[language].join(_setting(setting, language) for setting in kind.settings),
            getattr(kind, language),
        )
        for kind in ALL
    ]
    return _markdown(head, rows)


def readme_races(language: str = "en") -> str:
    """The tables of the races and of their points for the README, in Markdown."""
    heads = {"en": (("race", "what comes"), ("at", "when")), "zh": (("竞态", "发生的事"), ("时点", "含义"))}[language]
    parts = (RACES, POINTS)
    tables = (
        _markdown(head, [(f"`{row.id}`", getattr(row, language)) for row in rows])
        for head, rows in zip(heads, parts, strict=True)
    )
    return "\n".join(tables)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ("---",) * len(head), *rows))


def _setting(setting: Setting, language: str) -> str:
    default = (
        ""
        if setting.default in (None, "")
        else f"={setting.default:g}"
        if _number(setting.default)
        else f"={setting.default}"
    )
    return f"`{setting.name}{default}` {getattr(setting, language)}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float)
