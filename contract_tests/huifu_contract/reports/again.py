"""The command that runs a case once more."""

from __future__ import annotations

import shlex

from huifu_contract.grading.results import CaseResult, RunResult, Verdict

NOT_AGAIN = frozenset({Verdict.PASS, Verdict.SKIP, Verdict.BLOCKED})
"""What passed, what the client does not claim, and what waits for another case to pass."""


def again(run: RunResult, case: CaseResult) -> str:
    """With its very example where that was kept; empty for a case of NOT_AGAIN, and where no command can do it."""
    spec = str(run.client["spec"])
    if case.verdict in NOT_AGAIN or spec.startswith(("passive:", "server ")):  # the one calls, the other is called
        return ""
    if spec.startswith("pytest:"):
        kept = ["--huifu-replay", case.replay] if case.replay else []
        return shlex.join(["pytest", *kept, "--huifu-case", case.id])
    words = ["huifu-contract", "client", "--client", spec, "--case", case.id]
    words += ["--replay", case.replay] if case.replay else ["--seed", str(run.seed), "--profile", run.profile]
    return shlex.join(words)
