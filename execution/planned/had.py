"""How the values of a field are had for many rows at once: one of four ways.

Constant    the type's own name
Attribute   what stands on the row
Batch       what the field's declaration answers for all rows together: in its metadata, under COLUMN
Called      everything else: its resolver, once a row, as graphql-core calls it
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLField, GraphQLObjectType

    from execution.planned.columns import Nodes
    from execution.planned.running import Run

# Under this name a field's metadata holds how it is answered for many rows at once.
COLUMN: Final = "column"


class Resolver(Protocol):
    """A declaration's answer for many rows: what its resolver would return for each, awaited."""

    async def __call__(self, rows: Sequence[Any], info: Any) -> Sequence[Any]:
        """Return a value for each row; an exception among them is the value of its row."""
        ...


class Told(NamedTuple):
    """A field of an object type, and how it is asked for: the executor's own details, and the nodes in them."""

    parent: GraphQLObjectType
    field: GraphQLField
    details: Any
    nodes: Nodes

    @property
    def where(self) -> str:
        """The field's name in the schema."""
        return f"{self.parent.name}.{self.nodes[0].name.value}"


class Constant:
    """The same for every row."""

    waits = False

    def __init__(self, value: Any) -> None:
        self._value = value

    async def values(self, rows: Sequence[Any], run: Run) -> Sequence[Any]:
        """Return it for each row."""
        del run
        return [self._value] * len(rows)


class Attribute:
    """An attribute of each row."""

    waits = False

    def __init__(self, name: str) -> None:
        self._get = attrgetter(name)

    async def values(self, rows: Sequence[Any], run: Run) -> Sequence[Any]:
        """Read it."""
        del run
        try:
            return list(map(self._get, rows))
        except Exception:  # of which row it is, is found out one by one
            return [self._one(row) for row in rows]

    def _one(self, row: Any) -> Any:
        try:
            return self._get(row)
        except Exception as error:
            return error


class Batch:
    """What the declaration answers for all rows together."""

    waits = True

    def __init__(self, resolver: Resolver, told: Told) -> None:
        self._resolver, self._told = resolver, told

    async def values(self, rows: Sequence[Any], run: Run) -> Sequence[Any]:
        """Ask once."""
        return await self._resolver(rows, run.asking.info(self._told))


class Called:
    """What the field's own resolver returns for each row."""

    waits = True

    def __init__(self, told: Told) -> None:
        self._told = told

    async def values(self, rows: Sequence[Any], run: Run) -> Sequence[Any]:
        """Call it for each row; what it returns to be awaited is awaited for all rows together."""
        info, arguments = run.asking.info(self._told), run.asking.arguments(self._told)
        resolve: Any = self._told.field.resolve

        def one(row: Any) -> Any:
            try:
                return resolve(row, info, **arguments)
            except Exception as error:
                return error

        return [one(row) for row in rows]
