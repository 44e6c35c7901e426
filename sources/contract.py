"""What a source is to the rest of the house: requests out, answers in, and failures that name their kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from schema.context import Principal
from schema.problems import Code
from sources.trace import Trace

if TYPE_CHECKING:
    from sources.manifest import Asked, Entity
    from sources.selection import Selection

Get: TypeAlias = Callable[[Mapping[str, Any]], Any]


class CallBudget:
    """How many calls one operation may cause at each system: no query becomes a flood, whatever it asks for."""

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._spent: Counter[str] = Counter()

    def spend(self, binding: str) -> None:
        """Count a call to a system, or raise SourceFailure."""
        if self._spent[binding] >= self._most:
            raise SourceFailure(Code.CALL_BUDGET, f"more than {self._most} calls for one operation")
        self._spent[binding] += 1

    def spent(self, binding: str) -> int:
        """Return how many calls a system got."""
        return self._spent[binding]


def _nobody() -> None:
    """Hold nobody back."""


class Scope(msgspec.Struct, frozen=True):
    """For whom and until when a source is asked.

    It is handed down in plain sight: a context variable inside a batch would be its first caller's. `deadline` is an
    instant of the event loop's clock. `calls` is what the whole operation may still cause upstream. `hold` is asked
    right before anything is sent: it raises where whoever asks may not go on.
    """

    principal: Principal
    correlation_id: str
    deadline: float
    trace: Trace = msgspec.field(default_factory=Trace)
    calls: CallBudget = msgspec.field(default_factory=CallBudget)
    hold: Callable[[], None] = _nobody


class Position(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The place behind a row of a list: how many rows there were up to it, its id, and what it is ordered by."""

    count: int
    id: str
    key: str = ""


class Document(msgspec.Struct, frozen=True):
    """A body that is no JSON: its bytes, of which media type, and how an answer to it is read as plain values.

    `said` is what was written in it.
    """

    content: bytes
    type: str
    read: Callable[[bytes], Any]
    said: Any = None


class Request(msgspec.Struct, frozen=True):
    """One call, before the address and the credentials are added. A body or a form makes it a POST.

    `at` is the address where that is not the system's own. `method` and `headers` are what a write needs beyond that.
    """

    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Any = None
    form: Mapping[str, str] | None = None
    at: str = ""
    method: str = ""
    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        """Name the path alone: a form holds secrets and callers' tokens."""
        return f"Request({self.path!r})"


class Single(Request, frozen=True):
    """A call for one record, which stands at `row` of the answer. The status 404 says that there is none."""

    row: str = ""


class Several(tuple[Any, ...]):
    """The different values that stand in the many rows behind one: of a single one a field can be made."""

    __slots__ = ()


class Answer(msgspec.Struct, frozen=True):
    """One page: rows as the source wrote them, and the request for the next page.

    `total` is how many rows the question has in all pages, where the source says so. `first` is the index of the page's
    first row, where the source counts pages; where it is None, rows come by id. Where each id is a part of its own,
    `failed` are the places of the ids whose part failed, and `strangers` the parts that belong to none.
    """

    rows: Sequence[Any]
    following: Request | None = None
    total: int | None = None
    first: int | None = None
    failed: Mapping[int, SourceFailure] = {}
    strangers: int = 0


class SourceFailure(Exception):
    """A system that did not give an answer; raised at the wire and the families, and made a Problem in the batch.

    The message is for the log alone. A client only ever sees the code.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        status: int | None = None,
        retry_after: float | None = None,
        *,
        body: bytes = b"",
        unsent: bool = False,
    ) -> None:
        """Name the kind of failure by its code, and the HTTP status where that was the answer.

        `retry_after` is for how many seconds the system wants to be left alone, where it says so. `body` is what it
        said, for quarantine alone. `unsent` says that the request certainly never reached the system.
        """
        super().__init__(message)
        self.code, self.status, self.retry_after = code, status, retry_after
        self.body, self.unsent = body, unsent


class Family(Protocol):
    """A protocol without a vendor: how a read becomes a request, and an answer rows.

    `numbered` tells whether its lists are counted row by row; else they are asked for from an id on. `several` tells
    whether a path may lead to many values.
    """

    numbered: bool
    several: bool

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows whose `asked` column is one of the ids, in pages of `size` where the client chooses it."""
        ...

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for up to `size` wanted rows behind a place; where pages are counted, together with the row at it."""
        ...

    def read(self, request: Request, body: Any) -> Answer:
        """Read one page of what the transport brought; raise SourceFailure where that is no answer to the request."""
        ...

    def at(self, path: str) -> Get:
        """Return what finds the value at a dotted path of a row, None where there is none."""
        ...


_EXACT = msgspec.json.Decoder(float_hook=Decimal)


def decode(body: bytes) -> Any:
    """Read JSON with exact numbers: a fraction is a Decimal and was never a float."""
    try:
        return _EXACT.decode(body)
    # Beside broken JSON and broken UTF-8: an exponent beyond Decimal, and brackets nested beyond Python's stack.
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, f"the answer is not JSON: {type(error).__name__}") from error


def counted(value: Any) -> int:
    """Return a number of rows or pages; anything else stands in no answer that can be believed."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer counts in something else than numbers")
    return value


def bare(id_: str) -> str:
    """Return an id without what systems drop or add in passing: case, blanks, leading zeros."""
    return id_.strip().casefold().lstrip("0")


def walk(row: Any, at: str) -> Any:
    """Follow a dotted path through nested objects."""
    for step in at.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(step)
    return row


class Named:
    """Looks up what stands under a name in a row, None where nothing does: the plainest of all places."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, raw: Mapping[str, Any]) -> Any:
        """Return the value."""
        return raw.get(self.name)


def follow(at: str) -> Get:
    """Return what follows a dotted path through the objects nested in a row."""
    first, *steps = at.split(".")
    if not steps:
        return Named(first)

    def get(row: Mapping[str, Any]) -> Any:
        value = row.get(first)
        for step in steps:
            if not isinstance(value, dict):
                return None
            value = value.get(step)
        return value

    return get
