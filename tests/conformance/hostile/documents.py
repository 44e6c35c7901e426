"""Requests that mean harm, each of at most 100 KB: a name, and the body that is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from execution.documents import Documents

MOST: Final = 100_000
TOO_COMPLEX: Final = {"code": "TOO_COMPLEX", "retryable": False}
FILES: Final = Path(__file__).parent / "files"


def body(query: str, variables: object = None) -> bytes:
    """Return the body of a request."""
    return json.dumps({"query": query, "variables": variables}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def largest(made: Callable[[int], str], passes: Callable[[str], bool]) -> bytes:
    """Return about the largest request of a form that 100 KB allow and that passes."""

    def fits(size: int) -> bool:
        text = made(size)
        return len(body(text)) <= MOST and passes(text)

    low = 1
    while fits(2 * low):
        low *= 2
    high = 2 * low
    while high - low > low // 20 + 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return body(made(low))


def simple(documents: Documents) -> Callable[[str], bool]:
    """Return what tells whether a document is not too complex, whatever else is wrong with it."""

    def passes(text: str) -> bool:
        outcome = documents.prepare(text)
        return not isinstance(outcome, list) or outcome[0].extensions != TOO_COMPLEX

    return passes


def spread(count: int, each: str) -> str:
    """Return so many copies, in which # is their number."""
    return " ".join(each.replace("#", str(number)) for number in range(count))


def fragments(count: int, each: str, last: str = "__typename") -> str:
    """Return a document of so many fragments on Query, in which # is its number and + the next one's."""
    chain = " ".join(
        f"fragment f{n} on Query {{ {each.replace('#', str(n)).replace('+', str(n + 1))} }}" for n in range(count)
    )
    return f"{{ ...f0 }} {chain} fragment f{count} on Query {{ {last} }}"


# Forms that are made as large as a request may be, and just as large as Limits let them through.
GROWING: Final[dict[str, Callable[[int], str]]] = {
    "aliases": lambda n: "{" + spread(n, "a#: __typename") + "}",
    "aliases of a root": lambda n: "{" + spread(n, 'a#: node(id: "x") { id }') + "}",
    "the same leaf": lambda n: "{" + spread(n, "__typename") + "}",
    "the same root": lambda n: "{" + spread(n, 'node(id: "x") { id }') + "}",
    "the same root in a row's place": lambda n: (
        "{ engagements { edges { node {" + spread(n, "customer { id }") + "}}}}"
    ),
    "unknown fields": lambda n: "{" + spread(n, "a#") + "}",
    "unknown arguments": lambda n: "{ node(" + spread(n, "a#: 1") + ") { id } }",
    "the same argument": lambda n: "{ node(" + spread(n, 'id: "x"') + ") { id } }",
    "conflicts": lambda n: "{" + spread(n, 'a: node(id: "#") { id }') + "}",
    "fragment chain": lambda n: fragments(n, "...f+"),
    "fragment bomb": lambda n: fragments(n, "...f+ ...f+"),
    "fragment bomb of fields": lambda n: fragments(n, 'a: node(id: "x") { id } ...f+ b: node(id: "x") { id } ...f+'),
    "fragment cycle": lambda n: fragments(n, "...f+", "...f0"),
    "fragments of themselves": lambda n: fragments(n, "...f# ...f+"),
    "fragments all at once": lambda n: (
        "{" + spread(n, "...f#") + "}" + spread(n, 'fragment f# on Query { node(id: "x") { id } }')
    ),
    "unused fragments": lambda n: "{ __typename }" + spread(n, "fragment f# on Query { __typename }"),
    "the same fragment": lambda n: "{ ...f }" + "fragment f on Query { __typename }" * n,
    "unknown fragments": lambda n: "{" + spread(n, "...f#") + "}",
    "inline fragments": lambda n: "{" + spread(n, "... { __typename }") + "}",
    "inline fragments within each other": lambda n: "{" + "... {" * n + "__typename" + "}" * n + "}",
    "fields within each other": lambda n: "{ node(id: 1) { ...on Customer {" + "parent { id " * n + "}" * n + "}}}",
    "directives": lambda n: "{ __typename" + " @skip(if: true)" * n + "}",
    "unknown directives": lambda n: "{ __typename" + spread(n, " @a#") + "}",
    "ids": lambda n: "{ nodes(ids: [" + spread(n, '"x#"') + "]) { id } }",
    "lists in lists": lambda n: "{ nodes(ids: " + "[" * n + "]" * n + ") { id } }",
    "objects in objects": lambda n: "{ engagements(where: " + "{ code: " * n + "1" + "}" * n + ") { totalCount } }",
    "object keys": lambda n: "{ engagements(filter: {" + spread(n, "a#: 1") + "}) { totalCount } }",
    "the same object key": lambda n: "{ engagements(filter: {" + 'code: ["a"] ' * n + "}) { totalCount } }",
    "digits": lambda n: "{ engagements(first: " + "9" * n + ") { totalCount } }",
    "digits after the point": lambda n: "{ engagements(first: 1." + "9" * n + ") { totalCount } }",
    "exponent": lambda n: "{ engagements(first: 1e" + "9" * n + ") { totalCount } }",
    "one long name": lambda n: "{" + "a" * n + "{ b } }",
    "one long alias": lambda n: "{" + "a" * n + ": __typename }",
    "one long string": lambda n: '{ node(id: "' + "x" * n + '") { id } }',
    "escapes": lambda n: '{ node(id: "' + "\\u0041" * n + '") { id } }',
    "broad escapes": lambda n: '{ node(id: "' + "\\u{1F600}" * n + '") { id } }',
    "block string": lambda n: '{ node(id: """' + " x\n" * n + '""") { id } }',
    "block string of quotes": lambda n: '{ node(id: """' + '\\"""' * n + '""") { id } }',
    "open block string": lambda n: '{ node(id: """' + "\n" * n,
    "comments": lambda n: "#\n" * n + "{ __typename }",
    "one long comment": lambda n: "#" + "x" * n + "\n{ __typename }",
    "commas": lambda n: "{" + "," * n + "__typename }",
    "lines": lambda n: "\n" * n + "{ a }",
    "byte order marks": lambda n: "\ufeff" * n + "{ __typename }",
    "operations": lambda n: spread(n, "query q# { __typename }"),
    "operations of one name": lambda n: "query q { __typename } " * n,
    "nameless operations": lambda n: "{ __typename }" * n,
    "operations of all fragments": lambda n: spread(n, "query q# { ...f0 }") + fragments(n, "...f+")[9:],
    "operations of undefined variables": lambda n: (
        spread(n, "query q# { ...f }") + "fragment f on Query {" + spread(n, "a#: node(id: $v#) { id }") + "}"
    ),
    "unused variables": lambda n: "query(" + spread(n, "$a#: ID") + ") { __typename }",
    "used variables": lambda n: (
        "query(" + spread(n, '$a#: ID = "x"') + ") {" + spread(n, "a#: node(id: $a#) { id }") + "}"
    ),
    "the same variable": lambda n: "query(" + "$a: ID " * n + ") { __typename }",
    "a type of many lists": lambda n: "query($a: " + "[" * n + "ID" + "]" * n + ") { __typename }",
    "type definitions": lambda n: spread(n, "type A# { b: C }"),
    "brackets": lambda n: "{" * n,
    "closing brackets": lambda n: "}" * n,
    "introspection within introspection": lambda n: (
        "{ __schema { types { " + "fields { type { " * n + "name" + "}}" * n + "}}}"
    ),
    "introspection of wrapped types": lambda n: (
        "{ __schema { types { fields { type {" + "ofType {" * n + "name" + "}" * n + "}}}}}"
    ),
    "introspection over and over": lambda n: (
        "{" + spread(n, "a#: __schema { types { name fields { name type { name } } } }") + "}"
    ),
    "types over and over": lambda n: (
        "{" + spread(n, 'a#: __type(name: "Query") { fields { name args { name } } }') + "}"
    ),
    "aliases of a row": lambda n: "{ engagements(first: 200) { edges { node {" + spread(n, "a#: name") + "}}}}",
    "restricted aliases of a row": lambda n: (
        "{ resources(first: 200) { edges { node {" + spread(n, "a#: workEmail b#: timeZone") + "}}}}"
    ),
    "provenance of a row": lambda n: (
        "{ engagements(first: 200) { edges { node {" + spread(n, "a#: provenance { __typename }") + "}}}}"
    ),
    "facets of a row": lambda n: "{ engagements(first: 20) { edges { node {" + spread(n, "a#: erpStatus") + "}}}}",
    "facets over and over": lambda n: (
        "{" + spread(n, "a#: engagements(first: 60) { edges { node { ...F } } }") + "} fragment F on Engagement {"
        " x: erpStatus y: erpStatus z: contractValue { amount } }"
    ),
    "pages over and over": lambda n: "{" + spread(n, "a#: timeEntries(first: 200) { edges { node { id } } }") + "}",
}

TRICKS: Final[dict[str, bytes]] = {
    "half a surrogate": b'{"query": "{ a\\ud800 }"}',
    "half a surrogate in a string": b'{"query": "{ node(id: \\"\\ud800\\") { id } }"}',
    "half a surrogate in a variable": (
        b'{"query": "query($i: ID!) { node(id: $i) { id } }", "variables": {"i": "\\ud800"}}'
    ),
    "half a surrogate as the operation": b'{"query": "{ __typename }", "operationName": "\\udfff"}',
    "a NUL": b'{"query": "{ \\u0000 }"}',
    "a NUL in a string": b'{"query": "{ node(id: \\"\\\\u0000\\") { id } }"}',
    "invalid UTF-8": b'{"query": "{ __typename } \xff\xfe"}',
    "deep JSON": b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 16_000 + b"1" + b"}" * 16_000 + b"}",
    "deep lists of JSON": b"[" * MOST,
    "deep variables": body(
        "query($f: EngagementFilter) { engagements(filter: $f) { totalCount } }",
        json.loads('{"f":' * 180 + "1" + "}" * 180),
    ),
    "huge number of JSON": b'{"query": "query($n: Int!) { engagements(first: $n) { totalCount } }", "variables": {"n": '
    + b"9" * 90_000
    + b"}}",
    "many keys of JSON": b"{" + b",".join(b'"k%d": 1' % n for n in range(7_000)) + b"}",
    "no query": b"{}",
    "a list": b"[]",
    "a number": b"1",
    "an empty query": b'{"query": ""}',
    "a query that is no text": b'{"query": [1]}',
    "a batch": b"[" + b",".join([b'{"query": "{ __typename }"}'] * 3_000) + b"]",
}


def variables() -> Iterator[tuple[str, bytes]]:
    """Yield requests with large variables."""
    ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    yield "many ids", body(ids, {"ids": ["x"] * 19_000})
    yield "many wrong ids", body(ids, {"ids": [{}] * 20_000})
    yield "many nulls", body(ids, {"ids": [None] * 15_000})
    filtered = "query($f: EngagementFilter) { engagements(filter: $f) { totalCount } }"
    yield "a filter of many values", body(filtered, {"f": {"code": ["x"] * 19_000}})
    yield "a filter of many wrong values", body(filtered, {"f": {"code": [{}] * 20_000}})
    yield "a filter of many keys", body(filtered, {"f": {f"k{number}": 1 for number in range(8_000)}})
    yield "a filter of long keys", body(filtered, {"f": {"k" * 90_000: 1}})
    yield "a long search", body("query($s: String) { engagements(search: $s) { totalCount } }", {"s": "a " * 45_000})
    yield "unknown variables", body("{ __typename }", {f"v{number}": 1 for number in range(8_000)})
    entities = "query($r: [_Any!]!) { _entities(representations: $r) { __typename ...on Customer { displayName } } }"
    yield "many entities", body(entities, {"r": [{"__typename": "Customer", "id": "x"}] * 2_000})
    yield "entities of no type", body(entities, {"r": [{}] * 20_000})
    yield "entities of an unknown type", body(entities, {"r": [{"__typename": "Nobody", "id": "x"}] * 100})
    yield "entities that are numbers", body(entities, {"r": [1] * 100})


def files() -> Iterator[tuple[str, bytes]]:
    """Yield the bodies that a fuzzer has left."""
    for path in sorted(FILES.glob("*.json")):
        yield path.stem, path.read_bytes()


def corpus(documents: Documents) -> Iterator[tuple[str, bytes]]:
    """Yield every request: each form as large as it may be sent, and as large as it is not too complex."""
    for name, made in GROWING.items():
        yield f"{name}, largest", largest(made, lambda _: True)
        yield f"{name}, let through", largest(made, simple(documents))
    yield from TRICKS.items()
    yield from variables()
    yield from files()
