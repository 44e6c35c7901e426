"""What a role's system can be asked to change: typed writes, each in our words, declared once a role.

    Write      one change at one system, said in our words; a subclass is a kind of change (`sources/<role>/writes.py`)
    Later      a value that an earlier step of the same plan will have brought
    Act        how a vendor carries a kind of change out, and how it is looked up whether it was (`<vendor>/writes.py`)
    Talk       an act of several calls: what must be known first is asked, and what was done is read again
    Done       what the system answered: what it calls the record, and what else it told

A write that makes a record carries our key into the system, so that it can be found again; one that only sets a record
to a state needs none, for doing it twice is doing it once.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from schema.rows import Ref, System

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sources.contract import Request

Json: TypeAlias = str | int | bool | list[Any] | dict[str, Any] | None


# No struct: msgspec tells a reference from it by how each is written, but not one of its own structs from another.
@dataclass(frozen=True)
class Later:
    """What an earlier step will have brought: a step's name, and which of its values.

    `id` is the record that the step makes. `type` is of which type another value is a record; without it, it is a text,
    which `suffix` is put behind.
    """

    later: str
    value: str = "id"
    type: str = ""
    suffix: str = ""


Record: TypeAlias = Ref | Later
"""A record that there is, or one that an earlier step makes. The machine says it in the target's own words."""
Text: TypeAlias = str | Later
"""A text that is known, or one that an earlier step brings."""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One change asked of one system. Subclasses are declared with `write`, and say their values as fields.

    References (`Record`) are said in our words; what the target calls them is found in the cross-references when the
    write is carried out. A field annotated with a `Restriction` is shown to whoever may read that kind.
    """

    system: ClassVar[System]
    called: ClassVar[str]
    makes: ClassVar[str | None] = None
    keyed: ClassVar[bool] = False


W = TypeVar("W", bound=Write)
WRITES: dict[str, type[Write]] = {}


def write(system: System, *, makes: str | None = None, keyed: bool = False) -> Callable[[type[W]], type[W]]:
    """Declare a kind of change of a system that plays a role. `makes` is the type of the record that comes to be.

    `keyed` says that it must carry our key although it makes no record of ours: a posting, a line.
    """

    def declare(cls: type[W]) -> type[W]:
        cls.system, cls.makes, cls.keyed = system, makes, keyed or makes is not None
        cls.called = f"{system.value}.{cls.__name__}"
        WRITES[cls.called] = cls
        return cls

    return declare


class Done(msgspec.Struct, frozen=True):
    """What a system made of a write. `id` is what it calls the record, `values` what else later steps may need."""

    id: str | None = None
    values: dict[str, Json] = {}
    found: bool = False


class Said(Protocol):
    """How a vendor says our values."""

    key: str
    """Our key of this write: the same in every attempt, and in no other write."""
    at: datetime
    """The instant, for systems that want to be told when something happened."""

    def id(self, record: Record | None) -> str | None:
        """Return what the target calls a record; None for None."""
        ...

    def code(self, table: str, word: Any) -> str:
        """Return the target's code for a word of ours, by the manifest's code table read backwards."""
        ...


class Call(NamedTuple):
    """One call of a talk. What `changes` something is sent once; anything else may be asked again."""

    request: Request
    changes: bool = False


Talk: TypeAlias = Generator[Call, Any, Done]
"""An act of several calls: it yields each one, is given what came, and returns what was done.

It raises SourceFailure where the system, by what it says, certainly does not do it, and LookupError or ValueError where
nothing can be made of what came. Until it has yielded what changes something, nothing has happened; the last of its
changes is the act itself, and those before it do no harm without it.
"""


class Act(NamedTuple, Generic[W]):
    """How a vendor carries a kind of change out.

    `send` makes the request, and `done` reads its answer; or it begins a talk, which tells by itself what was done.
    `look` asks whether it was done already, and `seen` reads that answer: None if it was not. Without `look`, doing it
    twice is doing it once: the write sets a state, or (`unique`) the system knows our key and answers a second one like
    the first.
    """

    send: Callable[[W, Said], Request | Talk]
    done: Callable[[W, Any], Done] = lambda _write, _answer: Done()
    look: Callable[[W, Said], Request] | None = None
    seen: Callable[[W, Any], Done | None] = lambda _write, _answer: None
    unique: bool = False


Acts: TypeAlias = Mapping[type[Write], Act[Any]]
"""What a vendor's `writes.py` offers, as `ACTS`. A kind that is not there is not offered."""
