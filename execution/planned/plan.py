"""From what a document selects to a plan: completers for every type, made once and used for every request after.

A plan depends on the document, the schema and the values of the variables in `@skip` and `@include`, and on nothing
else of a request: it must hold on to nothing of the one for which it was made.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from graphql import GraphQLList, GraphQLNonNull, is_composite_type

from execution.planned.columns import LeafColumn, ListColumn, NonNullColumn, NullableColumn
from execution.planned.had import Attribute, Batch, Called, Constant, Told
from execution.planned.objects import Field, ObjectColumn, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from graphql import GraphQLObjectType

    from execution.planned.columns import Completer, Nodes
    from execution.planned.had import Resolver
    from execution.planned.objects import Had
    from execution.planned.running import Run


class Grammar(Protocol):
    """What a compiler needs to know of a document and of the schema, by the executor's own rules."""

    def selected(self, type_: GraphQLObjectType, details: Any) -> Mapping[str, Any]:
        """Return what is selected on an object type, by the keys of the answer: fragments spread, fields merged."""
        ...

    def nodes(self, details: Any) -> Nodes:
        """Return the nodes of a selected field."""
        ...

    def coercer(self, type_: Any) -> Callable[[Any], Any]:
        """Return how a leaf's value is written; it raises for what is none."""
        ...

    def possible(self, type_: Any) -> Iterable[GraphQLObjectType]:
        """Return the object types that a type may be at runtime."""
        ...

    def attribute(self, told: Told) -> str | None:
        """Return the attribute that answers a field, if that is all there is to it."""
        ...

    def batch(self, told: Told) -> Resolver | None:
        """Return how a field is answered for many rows at once, if it is and no argument is given."""
        ...


class Compiler:
    """Compiles what one document selects."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar

    def completer(self, type_: Any, told: Told) -> Completer:
        """Return what completes the values of a field."""
        if isinstance(type_, GraphQLNonNull):
            return NonNullColumn(self._inner(type_.of_type, told), told.where, told.nodes)
        return NullableColumn(self._inner(type_, told))

    def _inner(self, type_: Any, told: Told) -> Completer:
        if isinstance(type_, GraphQLList):
            return ListColumn(self.completer(type_.of_type, told), told.where, told.nodes)
        if is_composite_type(type_):
            return self._object(type_, told)
        return LeafColumn(type_.name, self._grammar.coercer(type_), told.nodes)

    def _object(self, type_: Any, told: Told) -> Completer:
        selections = {one.name: self._selection(one, told.details) for one in self._grammar.possible(type_)}
        waits = any(one.waits for one in selections.values())
        return ObjectColumn(partial(_decided, selections, type_, told), told.nodes, waits=waits)

    def _selection(self, type_: GraphQLObjectType, details: Any) -> Selection:
        return Selection(list(self._fields(type_, self._grammar.selected(type_, details))))

    def _fields(self, type_: GraphQLObjectType, chosen: Mapping[str, Any]) -> Iterable[Field]:
        for key, details in chosen.items():
            nodes = self._grammar.nodes(details)
            name = nodes[0].name.value
            if name == "__typename":
                yield Field(key, Constant(type_.name), LeafColumn("String", str, nodes))
            else:
                told = Told(type_, type_.fields[name], details, nodes)
                yield Field(key, self._had(told), self.completer(told.field.type, told))

    def _had(self, told: Told) -> Had:
        if (name := self._grammar.attribute(told)) is not None:
            return Attribute(name)
        batch = self._grammar.batch(told)
        return Called(told) if batch is None else Batch(batch, told)


def _decided(selections: Mapping[str, Selection], type_: Any, told: Told, value: Any, run: Run) -> Selection:
    return selections[run.asking.decided(type_, told, value).name]
