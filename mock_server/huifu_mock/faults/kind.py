"""What a row of the fault tables is: an id, the settings with their defaults, what the user sees, and the function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from huifu_mock.request import Call

Layer = Literal["pace", "wire", "signed", "push"]
Settings = dict[str, Any]
Act = TypeVar("Act")


class BadFault(ValueError):
    """A fault that cannot be prepared; `field` names the part that is wrong, `index` which of several it is."""

    index = 0

    def __init__(self, field_name: str, problem: str, expected: str) -> None:
        super().__init__(f"{field_name}: {problem}; {expected}")
        self.field, self.problem, self.expected = field_name, problem, expected


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a fault. A default of `None` is worked out for each reply, as `en` says."""

    name: str
    default: Any
    en: str
    zh: str
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Kind(Generic[Act]):
    """One fault of a table. `act` is what it does; its type is the table's."""

    id: str
    layer: Layer
    act: Act
    en: str
    zh: str
    settings: tuple[Setting, ...] = ()
    stops: bool = False
    """The call is not carried out (where it has the setting `when`: unless that is `after`)."""
    fits: Callable[[Call], bool] = lambda _: True
    """What the call itself must be like, beside what the test asked for."""
    unread: bool = False
    """It acts before the body is read, so it can only be told apart by what does not stand in the body."""

    def filled(self, given: Settings) -> Settings:
        """All settings, the defaults where none was given. Raises `BadFault`."""
        known = {setting.name: setting for setting in self.settings}
        for name, value in given.items():
            least = known[name].least
            if least is not None and value < least:
                raise BadFault(f"do.{name}", f"is {value}", f"for {self.id} it must be at least {least:g}")
        return {name: given.get(name, setting.default) for name, setting in known.items()}
