"""How a field is answered for a whole column of rows: all that a plan has to know of what a field declares.

A field that asks, or that is not for everybody, stands for itself twice: as a resolver, which answers one row, and as
a `Columnar` under COLUMN in its metadata, which answers many. Both say the same; tests/differential holds them to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

COLUMN: Final = "column"
# In the metadata of a field that a function tells of its row: the function that tells it of many rows, if there is one.
EACH: Final = "each"


class At(Protocol):
    """Where a column stands: in which request, at which field, and how it asks."""

    context: Any

    @property
    def field(self) -> str:
        """The field's name in GraphQL."""
        ...

    async def ask(self, question: str, keys: Collection[Any]) -> Mapping[Any, Any]:
        """Return a question's answers by their keys. Whoever asks the same on this level shares the call."""
        ...


class Columnar(Protocol):
    """A field that is answered for many rows at once."""

    @property
    def questions(self) -> Sequence[str]:
        """What it may ask, in this order, each at most once: every question is a level of its own."""
        ...

    @property
    def key(self) -> str:
        """By what of a row it asks: fields of the same rows with the same key and question ask for the same."""
        ...

    async def column(self, rows: Sequence[Any], at: At, **arguments: Any) -> list[Any]:
        """Return a value for each row, in their order. An exception among the values is the error of its row."""
        ...
