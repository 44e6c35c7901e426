"""Documents are read and checked once, within limits, and whatever is wrong with them is told in a code."""

from __future__ import annotations

import pytest
from graphql import GraphQLError, get_introspection_query, parse

from colonnade.wiring import graph
from execution.documents import Documents, Prepared
from execution.limits import Limits, crowded, measure
from schema.problems import Code

SCHEMA = graph()._schema  # noqa: SLF001
NODE = 'node(id: "x") { id }'


@pytest.fixture
def documents() -> Documents:
    """A store of documents with the usual limits."""
    return Documents(SCHEMA, Limits())


def prepared(documents: Documents, text: str) -> Prepared:
    """Return a document that is good."""
    outcome = documents.prepare(text)
    assert isinstance(outcome, Prepared), outcome
    return outcome


def refused(documents: Documents, text: str) -> list[GraphQLError]:
    """Return why a document is refused."""
    outcome = documents.prepare(text)
    assert isinstance(outcome, list)
    return outcome


def codes(errors: list[GraphQLError]) -> set[Code]:
    """Return the codes of errors, each of which says whether it helps to ask again."""
    for error in errors:
        assert error.extensions is not None
        assert error.extensions["retryable"] is Code[error.extensions["code"]].retryable
    return {Code[error.extensions["code"]] for error in errors if error.extensions}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.GRAPHQL_PARSE_FAILED),
        ("{", Code.GRAPHQL_PARSE_FAILED),
        ("\0", Code.GRAPHQL_PARSE_FAILED),
        ("{ a\ud800 }", Code.GRAPHQL_PARSE_FAILED),
        ('{ node(id: "\ud800") { id } }', Code.GRAPHQL_PARSE_FAILED),
        ('{ node(id: "\\ud800\ud800") { id } }', Code.GRAPHQL_PARSE_FAILED),
        ("# \udfff\n{ __typename }", Code.GRAPHQL_PARSE_FAILED),
        ("{ unknown }", Code.GRAPHQL_VALIDATION_FAILED),
        ("type A { b: C }", Code.GRAPHQL_VALIDATION_FAILED),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", Code.GRAPHQL_VALIDATION_FAILED),
        ("{" * 50_000, Code.TOO_COMPLEX),
        ("{ node(id: " + "[" * 20_000, Code.TOO_COMPLEX),
        ("query($a: " + "[" * 20_000, Code.TOO_COMPLEX),
        ("{ ... " * 20_000, Code.TOO_COMPLEX),
        ("{ a }" + " " * 30_000, Code.TOO_COMPLEX),
        ("#\n" * 1_001 + "{ __typename }", Code.TOO_COMPLEX),
        ("{" + "a " * 3_000 + "}", Code.TOO_COMPLEX),
        ("{" + "... {" * 30 + "__typename" + "}" * 31, Code.TOO_COMPLEX),
        ("{ __typename" + " @skip(if: true)" * 101 + "}", Code.TOO_COMPLEX),
        ("{" + "".join(f"a{n}: {NODE} " for n in range(51)) + "}", Code.TOO_COMPLEX),
        ("".join(f"query q{n} {{ __typename }} " for n in range(21)), Code.TOO_COMPLEX),
        ("{ __typename }" + "fragment f on Query { __typename }" * 101, Code.TOO_COMPLEX),
        ("query(" + "$a: ID " * 101 + ") { __typename }", Code.TOO_COMPLEX),
        ("{ nodes(ids: [" + '"x" ' * 500 + "]) { id } }", Code.TOO_COMPLEX),
        ("{ engagements { edges { node {" + " customer { id }" * 100 + "} } } }", Code.TOO_COMPLEX),
    ],
)
def test_what_is_refused(documents: Documents, text: str, code: Code) -> None:
    """Nothing raises, each refusal has its code, and all that is told can be written."""
    errors = refused(documents, text)
    assert codes(errors) == {code}
    for error in errors:
        assert len(error.message.encode()) <= 300


def test_depth_counts_through_fragments(documents: Documents) -> None:
    """What is written apart is as deep as if it were written in place, and what spreads itself adds nothing."""
    chain = "".join(f"fragment f{n} on Query {{ ... {{ ...f{n + 1} }} }}" for n in range(14))
    good = f"{{ ...f0 }} {chain} fragment f14 on Query {{ __typename }}"
    assert prepared(documents, good).operation(None) is not None
    assert codes(refused(documents, good.replace("{ ...f0 }", "{ ... { ...f0 } }"))) == {Code.TOO_COMPLEX}


def test_the_largest_that_pass(documents: Documents) -> None:
    """Tools ask what the limits allow: GraphiQL's introspection in all its forms."""
    for described in (True, False):
        text = get_introspection_query(
            descriptions=described, specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True
        )
        assert prepared(documents, text).asks_schema


def test_nothing_is_suggested(documents: Documents) -> None:
    """Whoever may not read the schema does not learn its names from what is wrong."""
    errors = refused(documents, '{ engagement nodee(idd: 1) { id } node(idd: "x") { id } ...on Quer { id } }')
    assert len(errors) >= 3
    assert not any("mean" in error.message for error in errors)


def test_few_errors_are_told(documents: Documents) -> None:
    """A document that is wrong all over is not gone through to its end, and is wrong rather than too complex."""
    errors = refused(documents, "{" + " ".join(f"a{n}" for n in range(40)) + "}")
    assert len(errors) == Limits().errors + 1
    assert codes(errors) == {Code.GRAPHQL_VALIDATION_FAILED}


def test_errors_name_the_place_and_hold_no_document(documents: Documents) -> None:
    """An error has its line and column, and keeps no node alive."""
    (error,) = refused(documents, "{\n  unknown\n}")
    assert [(place.line, place.column) for place in error.locations or ()] == [(2, 3)]
    assert error.nodes is None


@pytest.mark.parametrize(
    ("text", "schema", "service", "entities"),
    [
        ("{ __typename }", False, False, False),
        ("{ __schema { types { name } } }", True, False, False),
        ('{ ...a } fragment a on Query { ... { __type(name: "X") { name } } }', True, False, False),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { s: _service { sdl } }", False, True, False),
        ("{ _entities(representations: []) { __typename } }", False, False, True),
        ("{ __schema: __typename _service: __typename _entities: __typename }", False, False, False),
    ],
)
def test_facts(documents: Documents, text: str, *, schema: bool, service: bool, entities: bool) -> None:
    """What the rights of a caller decide on is known beforehand, wherever in the document it stands."""
    document = prepared(documents, text)
    assert (document.asks_schema, document.asks_service, document.asks_entities) == (schema, service, entities)


def test_deprecated_fields() -> None:
    """Deprecated fields are named as they stand in the schema, once each."""
    from graphql import build_schema  # noqa: PLC0415

    schema = build_schema('type Query { a: A } type A { old: Int @deprecated(reason: "x") new: Int a: A }')
    document = prepared(Documents(schema, Limits()), "{ a { x: old new a { ...f } } } fragment f on A { old }")
    assert document.deprecated == ("A.old",)


def test_which_operation(documents: Documents) -> None:
    """Without a name the only one, with a name that one, and none where that is not clear."""
    two = prepared(documents, "query a { __typename } query b { __typename }")
    names = [operation.name.value for name in ("a", "b") if (operation := two.operation(name)) and operation.name]
    assert names == ["a", "b"]
    assert two.operation(None) is None
    assert two.operation("c") is None
    one = prepared(documents, "{ __typename }")
    assert one.operation(None) is not None
    assert one.operation("a") is None


def test_a_document_is_prepared_once() -> None:
    """The same text is the same object, until more have been sent than are kept; what is refused drives out nothing."""
    documents = Documents(SCHEMA, Limits(), kept=10)
    first = prepared(documents, "{ __typename }")
    wrong = refused(documents, "{ wrong }")
    assert refused(documents, "{ wrong }") is wrong
    for number in range(20):
        refused(documents, f"{{ wrong{number} }}")
    assert prepared(documents, "{ __typename }") is first
    assert refused(documents, "{ wrong }") is not wrong
    for number in range(10):
        prepared(documents, f"query q{number} {{ __typename }}")
    assert prepared(documents, "{ __typename }") is not first


def test_long_documents_are_fewer() -> None:
    """What is kept is bounded by its length, too."""
    documents = Documents(SCHEMA, Limits(), kept=10)
    first = prepared(documents, "{ __typename }")
    prepared(documents, "{ __typename }" + " " * 9_900)
    assert prepared(documents, "{ __typename }") is not first


def steps(text: str) -> int:
    """Return how many steps it takes to measure a document."""
    return measure(parse(text), 10**6).steps


@pytest.mark.parametrize("each", ["...f{0}", "...f{0} ...f{0}", "... {{ ...f{0} }} a: __typename ...f{0}"])
def test_measuring_is_linear(each: str) -> None:
    """A document of twice as many fragments takes twice the steps, however much it would be if written out."""

    def made(size: int) -> str:
        inner = "".join(f"fragment f{n} on Query {{ {each.format(n + 1)} }}" for n in range(size))
        return f"{{ ...f0 }} {inner} fragment f{size} on Query {{ __typename }}"

    assert steps(made(80)) <= 2 * steps(made(40)) + 10
    assert steps(made(320)) <= 2 * steps(made(160)) + 10


def test_variables_are_counted_at_any_depth() -> None:
    """As many values as are allowed pass, one more does not, whether they stand in lists, in objects or deep inside."""
    limits = Limits()
    assert crowded({"ids": ["x"] * (limits.inputs - 1)}, limits) is None
    assert crowded({"ids": ["x"] * limits.inputs}, limits) is not None
    assert crowded({f"v{number}": {"a": 1} for number in range(limits.inputs // 2 + 1)}, limits) is not None
    deep: list[object] = []
    for _ in range(limits.inputs + 1):
        deep = [deep]
    assert crowded({"a": deep}, limits) is not None
