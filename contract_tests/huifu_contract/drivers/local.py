"""LocalDriver: a client in this very process, for pytest; a call that hangs is left behind in its thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import Any

from huifu_contract.calling import callee, run
from huifu_contract.drivers.base import Driver
from huifu_contract.failures import AdapterTrouble, Hung, SetupTrouble
from huifu_contract.hello import Hello
from huifu_contract.outcome import Outcome


class LocalDriver:
    """Takes what `py:` takes, as an object. There is no stderr of its own and no second process."""

    def __init__(self, target: Any) -> None:
        self.restarts = 0
        self._config: Mapping[str, str] = {}
        try:
            self._callee = callee(target)
        except ValueError as wrong:
            raise SetupTrouble(str(wrong)) from None
        self.hello = self._callee.hello

    def start(self, config: Mapping[str, str]) -> Hello:
        self._config = dict(config)
        if self._callee.start is not None:
            self._callee.start(self._config)
        return self._callee.hello

    def close(
        self,
        base_url: str,
        params: Mapping[str, str],
        deadline_s: float,
        case: str | None = None,  # noqa: ARG002  # a callable has no place for it
    ) -> Outcome:
        return self._within(deadline_s, self._callee.close, self._config, base_url, dict(params))

    def order(self, refs: Mapping[str, str], deadline_s: float) -> Outcome:
        if self._callee.order is None:
            return Outcome("unsupported")
        return self._within(deadline_s, self._callee.order, dict(refs))

    def _within(self, deadline_s: float, function: Callable[..., Any], *args: Any) -> Outcome:
        future: Future[Outcome] = Future()

        def work() -> None:
            try:
                future.set_result(run(function, *args))
            except BaseException as error:  # carried to the waiting thread
                future.set_exception(error)

        Thread(target=work, daemon=True, name="huifu-contract-call").start()
        try:
            return future.result(deadline_s)
        except TimeoutError:
            raise Hung("gave no answer before its deadline") from None
        except TypeError as wrong:
            raise AdapterTrouble(str(wrong)) from None

    def mark(self) -> int:
        return 0

    def stderr(self, since: int = 0) -> str:  # noqa: ARG002  # there is no stderr of its own
        return ""

    def twin(self, env: Mapping[str, str] | None = None) -> Driver | None:  # noqa: ARG002  # one process
        return None

    def stop(self) -> None:
        if self._callee.stop is not None:
            self._callee.stop()
