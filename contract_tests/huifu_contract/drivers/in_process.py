"""The driver for Python clients in this process: a function, an object or a factory becomes one callable.

Import-light: the child process that hosts a team's client imports this and nothing of the kit's machinery.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any, TypeVar

from huifu_contract.drivers.driver import Driver
from huifu_contract.failures import AdapterTrouble, Hung, SetupTrouble
from huifu_contract.outcome import Hello, Outcome

Close = Callable[[Mapping[str, str], str, Mapping[str, str]], Any]
Order = Callable[[Mapping[str, str]], Any]
F = TypeVar("F")

USAGE = (
    "a client is a function close(config, base_url, params) -> Outcome, an object with such a method "
    "`close`, or a factory without parameters that returns one of these"
)


@dataclass(frozen=True, slots=True)
class Callee:
    """A Python client: `close` decides, `order` (optional) tells what the application believes now."""

    hello: Hello
    close: Close
    order: Order | None
    start: Callable[[Mapping[str, str]], Any] | None
    stop: Callable[[], Any] | None


def describes(**about: Any) -> Callable[[F], F]:
    """Decorates a close function or class with its name, version, profiles, claims, timeout_s, …"""
    Hello.of(about)  # a wrong word is told where it is written

    def keep(target: F) -> F:
        target.__huifu_contract__ = about  # type: ignore[attr-defined]  # any function or class may carry it
        return target

    return keep


def find(where: str) -> Any:
    """`package.module:name` -> the object; modules of the current directory can be named."""
    module, colon, name = where.partition(":")
    if not colon or not module or not name:
        raise ValueError(f"{where!r} names no client; write module:name, for instance shop.pay:make_client")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def callee(target: Any) -> Callee:
    """The one shape of a client, whatever form it was given in."""
    about: dict[str, Any] = dict(getattr(target, "__huifu_contract__", {}))
    if not hasattr(target, "close") or inspect.isclass(target):
        target, more = _unfold(target)
        about = {**more, **about}
    about.setdefault("name", _name(target))
    close = target if callable(target) and not hasattr(target, "close") else target.close
    return Callee(
        hello=Hello.of(about),
        close=close,
        order=getattr(target, "order", None),
        start=getattr(target, "start", None),
        stop=getattr(target, "stop", None),
    )


def _unfold(target: Any) -> tuple[Any, dict[str, Any]]:
    """A factory is called until a close function or an object with `close` appears."""
    about: dict[str, Any] = {}
    for _ in range(3):
        if hasattr(target, "close") and not inspect.isclass(target):
            return target, {**getattr(target, "__huifu_contract__", {}), **about}
        if not callable(target):
            break
        wanted = _required(target)
        if wanted == 3:
            return target, about
        if wanted != 0:
            break
        about = {**about, **getattr(target, "__huifu_contract__", {})}
        target = target()
        about = {**getattr(target, "__huifu_contract__", {}), **about}
    raise ValueError(f"{target!r} is no client: {USAGE}")


def _required(target: Callable[..., Any]) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(target).parameters.values()
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters)


def _name(target: Any) -> str:
    name = getattr(target, "__qualname__", type(target).__name__)
    return str(name).replace(".<locals>", "")[:64]


def run(close: Callable[..., Any], *args: Any) -> Outcome:
    """Calls the client; an exception is an outcome too (`crashed`), never a refusal."""
    try:
        outcome = close(*args)
    except Exception as error:  # whatever the client raises is its outcome
        trace = "".join(traceback.format_exception(error)[-12:])
        return Outcome("crashed", error={"kind": type(error).__name__, "message": str(error), "trace": trace})
    if isinstance(outcome, str):
        outcome = Outcome(outcome)
    if not isinstance(outcome, Outcome):
        raise TypeError(f"close returned {outcome!r}; it returns a huifu_contract.Outcome, or its verdict as text")
    return outcome


class LocalDriver(Driver):
    """Takes what `py:` takes, as an object. There is no stderr of its own and no second process."""

    def __init__(self, target: Any) -> None:
        self.restarts = 0
        self._first = True
        """Whether it starts and stops the client for all that work beside it."""
        self._config: Mapping[str, str] = {}
        try:
            self._callee = callee(target)
        except ValueError as wrong:
            raise SetupTrouble(str(wrong)) from None
        self.hello = self._callee.hello

    def start(self, config: Mapping[str, str]) -> Hello:
        self._config = dict(config)
        if self._first and self._callee.start is not None:
            self._callee.start(self._config)
        if self._first and self.hello.merchants_at_once > 1:
            self.turn = BoundedSemaphore(self.hello.max_parallel)
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

    def beside(self) -> LocalDriver | None:
        """The same client, if it makes each call with the config that comes with it."""
        if not self.hello.config_of_each_message:
            return None
        made = copy(self)
        made._first = False
        return made

    def at_once(self, wanted: int) -> int:
        return min(wanted, self.hello.merchants_at_once) if self.hello.config_of_each_message else wanted

    def stop(self) -> None:
        if self._first and self._callee.stop is not None:
            self._callee.stop()
