"""One case as data, and the sentences of the specification that cases quote."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from huifu_contract.outcome import CLAIMS, GRADES

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from huifu_contract.harness.harness import Harness


Example = Mapping[str, Any]
"""What a case is run with: plain JSON values, so that it can be written to a replay file."""


class Level(StrEnum):
    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Basis(StrEnum):
    SPEC = "spec"
    """A sentence of the specification; 必填/为准 make a MUST, 建议 a SHOULD."""
    VENDOR = "vendor"
    """Not in the specification, but all official SDKs agree."""
    SAFETY = "safety"
    """Follows from: a definite claim must be true."""
    ASSUME = "assume"
    """Our reading; listed in ASSUMPTIONS.md."""


HIGHEST = {
    Basis.SPEC: Level.MUST,
    Basis.VENDOR: Level.MUST,
    Basis.SAFETY: Level.MUST,
    Basis.ASSUME: Level.MAY,
}
ARGUMENTS = {
    (Basis.SPEC, Level.MUST): "the page says so",
    (Basis.VENDOR, Level.MUST): "all official SDKs agree, and a gateway refuses or misreads what is otherwise",
    (Basis.SAFETY, Level.MUST): "a client that fails can claim what is not true, and act on it",
    (Basis.ASSUME, Level.MAY): "our reading: recorded, never failed",
}
"""Why a level follows from a basis."""
RANK = {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}
KINDS = ("S", "P", "M")
"""Scripted, property-based, stateful."""
ID = re.compile(r"[a-z]+/[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Record:
    """`run` is called once per example.

    First the `fixed` ones, then what `draw` generates (kinds P and M).
    """

    id: str
    level: Level
    basis: Basis
    kind: str
    grades: frozenset[str]
    quote: str
    says: str
    run: Callable[[Harness, Example], None]
    needs: frozenset[str] = frozenset()
    because: str = ""
    """Why the level is what it is; a SHOULD says it for itself, the others stand on their basis."""
    fixed: tuple[Example, ...] = ({},)
    draw: Callable[[], SearchStrategy[dict[str, Any]]] | None = None
    alone: bool = False
    """Measures time, so it runs when nothing else does."""
    latest: bool = False
    """Of the time that it measures it only asks that it be short. So one that passes beside others passes, and only one
    that does not is run when nothing else does."""
    seconds: float | None = None
    """About how long a right client takes for one example, where that is not as usual in the group."""
    control: bool = False
    """A red one blocks what depends on it."""
    since: str = "1.0"
    rev: int = 1
    aliases: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r} is no case id; ids are group/kebab-name")
        if RANK[self.level] > RANK[HIGHEST[self.basis]]:
            raise ValueError(f"{self.id}: a case based on {self.basis} is at most {HIGHEST[self.basis]}")
        if self.kind not in KINDS or (self.draw is None) != (self.kind == "S"):
            raise ValueError(
                f"{self.id}: a case of kind {self.kind} {'has no' if self.kind == 'S' else 'needs a'} draw"
            )
        if not self.quote.strip() or not self.says.strip():
            raise ValueError(f"{self.id}: a case carries the sentence it stands on and says when it passes")
        if not self.grades or self.grades - set(GRADES) or self.needs - set(CLAIMS):
            raise ValueError(f"{self.id}: unknown grade or claim")
        if self.latest and not self.alone:
            raise ValueError(f"{self.id}: a case that asks for a short time measures time, so it is `alone` too")
        if not self.fixed and self.draw is None:
            raise ValueError(f"{self.id}: a case without an example proves nothing")

    @property
    def argument(self) -> str:
        """Why the level is what it is."""
        return self.because or ARGUMENTS.get((self.basis, self.level), "")

    @property
    def group(self) -> str:
        return self.id.partition("/")[0]

    @property
    def recorder(self) -> bool:
        """Informs and never fails."""
        return self.level is Level.MAY


TRANS_STAT = "状态判断：以 `trans_stat` 字段为准判断关单状态"
ONE_OF_TWO = "`org_hf_seq_id` 和 `org_req_seq_id` 二选一必填"
SAME = "幂等性：相同参数重复调用会返回相同结果"
UNIQUE = "`req_seq_id` String(128)：请求流水号，同一huifu_id下当天唯一"
DATE = "`req_date` String(8)：请求日期，格式yyyyMMdd"
JSON = "请求方式：POST；支持格式：JSON"
ENVELOPE = "`sys_id` `product_id` `sign` `data` 必填"
LENGTHS = "`req_seq_id` String(128)，`huifu_id` String(32)，`org_req_seq_id` String(128)"
CODES = "业务返回码：`00000000` … `99999999`"
ONE_MINUTE = "不允许关闭一分钟以内的订单"
CONFLICT = "`20000001`：并发冲突,请稍后重试"
FINAL = "`23000000`：原订单已为终态,无法发起关单操作 / 关单状态为终态，不能重复关单"
NO_ORDER = "`23000001`：原交易不存在"
VERIFY = "响应验签：建议对返回结果进行签名验证确保数据完整性"
WEBHOOK = "支持另外发送webhook关单事件【trans.close】"
TRUE = "A definite claim must be true."
CONTRADICTION = TRUE + " A status line that says the call failed contradicts a body that says how it ended."
SIGNING = (
    "All official SDKs: RSA with SHA-256 over `data` with its top-level names sorted, compact, "
    "`/`, `<>&` and non-ASCII not escaped."
)
QUERY = "All official SDKs: POST /v2/trade/payment/scanpay/closequery tells the state of the close."
MD5 = "All official SDKs: upper-case hex MD5 of the raw body and the endpoint's key, in the URL's query."
OPEN = "The sources disagree or say nothing; what a client does is written down, not judged."
