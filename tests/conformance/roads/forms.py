"""In which forms one thing is asked: fragments, aliases, directives, repetitions."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.roads.paths import Way

CONTAINERS = {
    "plain": ("<field>", ""),
    "inline": ("... on <type> { <field> }", ""),
    "untyped": ("... { <field> }", ""),
    "fragment": ("...A", " fragment A on <type> { <field> }"),
    "nested": ("...A", " fragment A on <type> { ...B } fragment B on <type> { ... { <field> } }"),
}
KEYS = {"own": "", "alias": "zz: "}
DIRECTIVES = {
    "": "",
    "include": " @include(if: true)",
    "skip": " @skip(if: false)",
    "variable": " @skip(if: $no) @include(if: $yes)",
}


class Road(NamedTuple):
    """One way in one form: the document, and where its answer would hold the value."""

    form: str
    text: str
    way: Way
    key: str
    variables: dict[str, bool] = {}  # noqa: RUF012  a NamedTuple copies nothing, and nobody changes it


def document(way: Way, inner: str, *, fragments: str = "", head: str = "query") -> str:
    """Return the document that asks for something at the end of a way."""
    opened = "".join(f"{step.text} {{ " for step in way)
    return f"{head} {{ {opened}{inner}{' }' * len(way)} }}{fragments}"


def every(way: Way, type_: str, field: str) -> Iterator[Road]:
    """Yield a field of a type at the end of a way in every form."""
    for container, key, directive in product(CONTAINERS, KEYS, DIRECTIVES):
        yield _road(way, type_, field, container, key, directive)
    name = field.partition(" ")[0]
    yield Road("repeated", document(way, f"{field} ... on {type_} {{ {field} }} {field}"), way, name)


def few(way: Way, type_: str, field: str) -> Iterator[Road]:
    """Yield it once in every container, under an alias."""
    for container in CONTAINERS:
        yield _road(way, type_, field, container, "alias", "")


def _road(way: Way, type_: str, field: str, *form: str) -> Road:
    container, key, directive = form
    name, _, inside = field.partition(" ")
    asked = f"{KEYS[key]}{name}{DIRECTIVES[directive]} {inside}".strip()
    held, fragments = (part.replace("<type>", type_).replace("<field>", asked) for part in CONTAINERS[container])
    variables = {"yes": True, "no": False} if directive == "variable" else {}
    head = "query ($yes: Boolean!, $no: Boolean!)" if variables else "query"
    text = document(way, held, fragments=fragments, head=head)
    return Road(f"{container} {key} {directive}".strip(), text, way, "zz" if key == "alias" else name, variables)
