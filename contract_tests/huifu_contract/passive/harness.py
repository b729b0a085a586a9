"""The harness of passive mode: it judges what is visible on the wire, and an outcome only where one is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.harness import Harness, Law
from huifu_contract.harness.laws import Blocked, Broken, CaseBroken, restraint, silence, soundness
from huifu_contract.harness.patience import Patience
from huifu_contract.harness.prepared_answers import PreparedAnswer
from huifu_contract.outcome import Outcome

if TYPE_CHECKING:
    from huifu_mock.client.faults import Fault

UNSAID = Outcome("unknown", error={"kind": "unsaid", "message": "nobody reported what the client made of it"})
ABOUT_CLAIMS = f"claims {UNSAID.verdict}"
"""How a condition on the claim words itself when there is none."""


def unsaid(e: Evidence) -> bool:
    return e.outcome == UNSAID


@dataclass(slots=True)
class PassiveHarness(Harness):
    """Shares its tenant with other calls, so it takes away only what it prepared itself."""

    laws: tuple[Law, ...] = (restraint,)
    """What every request must keep to, whatever the case is about."""
    patience: Patience = field(default_factory=lambda: Patience(measures=False))
    _prepared: list[Fault] = field(default_factory=list)

    def prepare(self, token: str, script: Sequence[PreparedAnswer]) -> None:
        self._prepare(script, session=token)

    def _prepare(self, script: Sequence[PreparedAnswer], **match: str) -> None:
        if script:
            made = self.tenant.faults.add_many({**one, "match": {**one["match"], **match}} for one in script)
            self._prepared += made

    def _acted(self, token: str, script: Sequence[PreparedAnswer], e: Evidence) -> None:  # noqa: ARG002  # the harness's own form
        idle = [fault for fault in self._prepared if not fault.used]
        if idle:
            raise self.never_came_to("what was prepared", e)

    def tidy(self) -> None:
        for fault in self._prepared:
            fault.delete()
        self._prepared.clear()

    def sweep(self) -> None: ...

    def _complete(self, ids: Sequence[str]) -> None: ...

    @property
    def decides(self) -> bool:
        """Whether there is a claim to judge."""
        return self.last is not None and not unsaid(self.last)

    def twin(self) -> Evidence:
        e = self.close()
        if not unsaid(e) and e.claim != "closed":
            raise Blocked(f"the honest twin was not accepted: the client claims {e.claim} after a genuine success")
        return e

    def judge(self, e: Evidence, *laws: Law, also: Sequence[Broken] = (), cause: Broken | None = None) -> Evidence:
        self.judged += 1
        self.last = e
        asked = dict.fromkeys((soundness, silence, *self.laws, *laws))
        found = [broken for law in asked for broken in law(e)] + list(also)
        if unsaid(e):
            found = [broken for broken in found if visible(broken)]
        if found and cause is not None and e.definite:
            found.insert(0, cause)
        if found:
            raise CaseBroken(found, e)
        return e

    def check_wire(self, found: Sequence[Broken]) -> None:
        Harness.check_wire(self, [*found, *(broken for law in self.laws if self.last for broken in law(self.last))])

    @property
    def unseen(self) -> bool:
        """Nothing was sent and nothing claimed: a refusal, or an agent that did not do what it was asked for."""
        return self.last is not None and unsaid(self.last) and not self.last.sent

    def note(self, text: str) -> None:
        if self.last is not None and unsaid(self.last) and ABOUT_CLAIMS in text:
            text = text.replace(ABOUT_CLAIMS, "no claim was made")
        Harness.note(self, text)


def visible(broken: Broken) -> bool:
    """L1 and L5 cannot fire without a claim; L2 and conditions on the claim would say only that there is none."""
    return broken.law != "L2" and not broken.message.startswith(ABOUT_CLAIMS)
