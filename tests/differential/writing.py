"""Documents over any schema, drawn by hypothesis: fields, arguments, aliases, fragments, @skip and @include.

A query or a mutation, as is wanted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationType,
    Undefined,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import GraphQLArgument, GraphQLField, GraphQLSchema

    Values = Mapping[str, Sequence[Any]]

# Fields of one selection set, at most.
WIDE = 4


class Document(NamedTuple):
    """A document and its variables."""

    text: str
    variables: dict[str, Any]


class Taken:
    """What is selected at one place of the answer: a key means one field with one set of arguments there."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[Any, ...]] = {}
        self.below: dict[str, Taken] = {}

    def arguments(self, kind: str, name: str) -> list[str]:
        """Return with what arguments a field of a type stands here already."""
        return [means[2] for means in self.keys.values() if means[:2] == (kind, name)]

    def key(self, name: str, means: tuple[Any, ...]) -> str:
        """Return a key under which a field may stand here: its own name, or an alias."""
        key, number = name, 0
        while self.keys.setdefault(key, means) != means:
            number += 1
            key = f"{name}_{number}"
        return key


class Writer:
    """Writes one document. `values` are what arguments may be: by `Type.field.argument`, by argument, or by type."""

    def __init__(self, draw: Callable[..., Any], schema: GraphQLSchema, values: Values, leave: frozenset[str]) -> None:
        self._draw, self._schema, self._values, self._leave = draw, schema, values, leave
        self._fragments: list[str] = []
        self._declared: dict[str, str] = {}
        self._variables: dict[str, Any] = {}

    def document(self, kind: OperationType, roots: int, depth: int) -> Document:
        """Write an operation of so many roots at most."""
        root, changing = self._schema.get_root_type(kind), kind is OperationType.MUTATION
        assert root is not None
        # What changes something is also met twice under one key, or in fragments: it must be done once.
        selected = self._set(root, Taken(), depth) if changing and self._chance(1) else self._each(root, roots, depth)
        declared = ", ".join(f"${name}: {kind}" for name, kind in self._declared.items())
        head = f"{kind.value} Q{f'({declared})' if declared else ''}"
        return Document(f"{head} {selected} {' '.join(self._fragments)}", self._variables)

    def _each(self, root: GraphQLObjectType, roots: int, depth: int) -> str:
        lists = [name for name, field in root.fields.items() if "first" in field.args]
        names = self._names(root, roots) if not lists or self._chance(3) else self._drawn(lists, roots)
        chosen = [self._some(root, name, Taken(), depth) for name in names]
        # Roots may be asked for twice: each has a place of its own.
        return "{ " + " ".join(f"r{number}: {text}" for number, text in enumerate(chosen)) + " }"

    def _chance(self, one_in: int) -> bool:
        # Not the least and not the most: hypothesis draws these more often than the others, and shrinks to the least.
        return bool(self._draw(st.integers(0, one_in)) == 1)

    def _names(self, kind: GraphQLObjectType | GraphQLInterfaceType, most: int) -> list[str]:
        names = [name for name in kind.fields if f"{kind.name}.{name}" not in self._leave]
        # What a page holds is nearly always wanted: without it there is nothing to compare.
        holding = [name for name in ("edges", "node") if name in names and not self._chance(6)]
        return holding + self._drawn(names, most)

    def _drawn(self, names: Sequence[str], most: int) -> list[str]:
        return list(self._draw(st.lists(st.sampled_from(names), min_size=1, max_size=most)))

    def _set(self, kind: Any, taken: Taken, depth: int) -> str:
        parts: list[str] = []
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            texts = (self._field(kind, name, taken, depth) for name in self._names(kind, WIDE))
            parts += [text for text in texts if text is not None]
        if self._chance(4):
            parts.append(f"__typename{self._condition()}")
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            parts += [self._on(each, taken, depth) for each in self._types(kind)]
        elif self._chance(5):
            parts.append(self._on(kind, taken, depth))
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _types(self, kind: Any) -> list[Any]:
        possible = sorted(self._schema.get_possible_types(kind), key=lambda each: each.name)
        return list(self._draw(st.lists(st.sampled_from(possible), max_size=3)))

    def _on(self, kind: Any, taken: Taken, depth: int) -> str:
        """Write a fragment, inline or named, that says what is selected of one type."""
        selected = self._set(kind, taken, depth - 1)
        if not self._chance(3):
            return f"... on {kind.name}{self._condition()} {selected}"
        name = f"F{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {kind.name} {selected}")
        return f"...{name}{self._condition()}"

    def _condition(self) -> str:
        if not self._chance(8):
            return ""
        word = self._draw(st.sampled_from(("skip", "include")))
        value = self._draw(st.sampled_from(("true", "false", "$yes", "$no")))
        if value.startswith("$"):
            self._declared[value[1:]] = f"Boolean! = {str(value == '$yes').lower()}"
            if self._chance(2):
                self._variables[value[1:]] = self._draw(st.booleans())
        return f" @{word}(if: {value})"

    def _field(self, kind: Any, name: str, taken: Taken, depth: int) -> str | None:
        field = kind.fields[name]
        if depth <= 0 and not is_leaf_type(get_named_type(field.type)):
            return None
        # Asked for again as before, it is one field, whose selections are merged.
        before = taken.arguments(kind.name, name)
        arguments = self._draw(st.sampled_from(before)) if before and self._chance(1) else None
        if arguments is None:
            arguments = self._arguments(kind, name, field)
        means = (kind.name, name, arguments, str(field.type))
        key = taken.key(name, means)
        label = "" if key == name else f"{key}: "
        below = taken.below.setdefault(key, Taken())
        return label + self._some(kind, name, below, depth, arguments)

    def _some(self, kind: Any, name: str, below: Taken, depth: int, arguments: str | None = None) -> str:
        field = kind.fields[name]
        given = self._arguments(kind, name, field) if arguments is None else arguments
        named = get_named_type(field.type)
        selected = "" if is_leaf_type(named) else " " + self._set(named, below, depth - 1)
        return f"{name}{given}{self._condition()}{selected}"

    def _arguments(self, kind: Any, name: str, field: GraphQLField) -> str:
        texts = []
        for argument_name, argument in field.args.items():
            if (text := self._argument(f"{kind.name}.{name}.{argument_name}", argument_name, argument)) is not None:
                texts.append(f"{argument_name}: {text}")
        return f"({', '.join(texts)})" if texts else ""

    def _argument(self, path: str, name: str, argument: GraphQLArgument) -> str | None:
        required = isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined
        if not required and name != "first" and not self._chance(10):
            return None
        value = self._value(argument.type, path, name)
        if self._chance(3) or get_named_type(argument.type).name == "_Any":
            variable = f"v{len(self._variables)}"
            self._declared[variable] = str(argument.type)
            self._variables[variable] = value
            return f"${variable}"
        return _literal(value, argument.type)

    def _value(self, kind: Any, path: str, name: str) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._given(kind.of_type, path, name)
        return None if self._chance(6) else self._given(kind, path, name)

    def _given(self, kind: Any, path: str, name: str) -> Any:
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, path, name) for _ in range(self._draw(st.integers(0, 3)))]
        if isinstance(kind, GraphQLInputObjectType):
            asked = {key: each for key, each in kind.fields.items() if _needed(each) or self._chance(3)}
            return {key: self._value(each.type, f"{kind.name}.{key}", key) for key, each in asked.items()}
        if isinstance(kind, GraphQLEnumType):
            return self._draw(st.sampled_from(sorted(kind.values)))
        pool = self._values.get(path) or self._values.get(name) or self._values[kind.name]
        return self._draw(st.sampled_from(list(pool)))


def _needed(field: Any) -> bool:
    return isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined


def _literal(value: Any, kind: Any) -> str:
    """Write a value as a document has it."""
    if isinstance(kind, GraphQLNonNull):
        return _literal(value, kind.of_type)
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList):
        return "[" + ", ".join(_literal(each, kind.of_type) for each in value) + "]"
    if isinstance(kind, GraphQLInputObjectType):
        return "{" + ", ".join(f"{key}: {_literal(each, kind.fields[key].type)}" for key, each in value.items()) + "}"
    return str(value) if isinstance(kind, GraphQLEnumType) else json.dumps(value)


@st.composite
def documents(
    draw: Callable[..., Any],
    schema: GraphQLSchema,
    kind: OperationType,
    values: Values,
    leave: frozenset[str] = frozenset(),
    *,
    roots: int = 3,
    depth: int = 6,
) -> Document:
    """Draw documents of a kind over a schema, without the fields to leave out."""
    return Writer(draw, schema, values, leave).document(kind, roots, depth)
