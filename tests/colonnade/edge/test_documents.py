"""Trusted documents and persisted queries: who may have which text executed, and what is loaded at start."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from schema.tomlfile import FileError
from tests.colonnade.edge.small import small

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.colonnade.edge.small import Small

GREET = "query Greet($name: String!) { hello(name: $name) }"
PLAIN = "{ hello }"
GREETED = {"data": {"hello": "hello you"}}
YOU = {"variables": {"name": "you"}}


def sha256(text: str) -> str:
    """Return a text's hash as clients write it."""
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(digest: str, **more: Any) -> dict[str, Any]:
    """Return a request by hash."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}, **more}


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """Return the status, the code and the message of a refusal."""
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """A graph with one registered document."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "within").mkdir()
    (folder / "within" / "greet.graphql").write_text(GREET)
    with small(trusted=str(folder)) as running:
        yield running


@pytest.mark.parametrize("token", [None, "trusted", "apq", "open"])
@pytest.mark.parametrize(
    "body",
    [
        {"documentId": "greet"},
        {"documentId": sha256(GREET)},
        {"documentId": f"sha256:{sha256(GREET)}"},
        {"query": GREET},
        {"query": GREET, "operationName": "Greet"},
        persisted(sha256(GREET)),
        persisted(sha256(GREET).upper()),
        persisted(sha256(GREET), query=GREET),
    ],
)
def test_a_registered_document(trusting: Small, token: str | None, body: dict[str, Any]) -> None:
    """Everybody may have it executed, by its id, its hash or its very text."""
    assert trusting.post({**body, **YOU}, token).json() == GREETED


def test_a_registered_document_by_get(trusting: Small) -> None:
    """It has a short address of its own."""
    params = {"documentId": sha256(GREET), "variables": json.dumps(YOU["variables"])}
    assert trusting.get(params, None).json() == GREETED


@pytest.mark.parametrize(
    "body",
    [
        {"query": PLAIN},
        {"query": GREET + " "},
        {"query": GREET.replace("hello(", "hello (")},
        {"documentId": "greet.graphql"},
        {"documentId": "../greet"},
        {"documentId": sha256(PLAIN)},
        persisted(sha256(PLAIN)),
        persisted(sha256(PLAIN), query=PLAIN),
    ],
)
def test_any_other_document(trusting: Small, body: dict[str, Any]) -> None:
    """Who is trusted with registered ones alone gets 403, nobody 401; nothing is executed, and nothing remembered."""
    before = trusting.told.executed
    assert refusal(trusting.post({**body, **YOU}, "trusted"))[:2] == (403, "UNTRUSTED_DOCUMENT")
    assert refusal(trusting.post({**body, **YOU}, None))[:2] == (401, "UNAUTHENTICATED")
    assert trusting.told.executed == before


def test_an_automatically_persisted_query(trusting: Small) -> None:
    """Unknown, sent once with its text, and known from then on; to nobody who may only ask for registered ones."""
    text = "query Once { hello }"
    unknown = (200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert refusal(trusting.post(persisted(sha256(text)), "apq")) == unknown
    modern = trusting.post(persisted(sha256(text)), "apq", accept="application/graphql-response+json")
    assert refusal(modern) == (400, *unknown[1:])
    said = {"data": {"hello": "hello world"}}
    assert trusting.post(persisted(sha256(text), query=text), "apq").json() == said
    assert trusting.post(persisted(sha256(text)), "apq").json() == said
    assert trusting.get({"extensions": json.dumps(persisted(sha256(text))["extensions"])}, "open").json() == said
    assert refusal(trusting.post(persisted(sha256(text)), "trusted"))[0] == 403


def test_a_text_without_its_hash(trusting: Small) -> None:
    """Who may send any text by its hash may not send it without."""
    assert refusal(trusting.post({"query": PLAIN}, "apq"))[:2] == (403, "UNTRUSTED_DOCUMENT")


@pytest.mark.parametrize("token", ["apq", "open"])
@pytest.mark.parametrize("text", ["query Victim { hello }", GREET])
def test_a_hash_of_another_text(trusting: Small, token: str, text: str) -> None:
    """It is refused before anything is remembered: nobody says what another one's hash means."""
    victim = sha256("query Victim { __typename }")
    assert refusal(trusting.post(persisted(victim, query=text, **YOU), token))[:2] == (400, "BAD_REQUEST")
    assert refusal(trusting.post(persisted(victim), "apq"))[1] == "PERSISTED_QUERY_NOT_FOUND"


def test_a_text_that_is_no_document_is_not_remembered(trusting: Small) -> None:
    """Only what could be executed takes a place."""
    text = "{ nothing }"
    assert refusal(trusting.post(persisted(sha256(text), query=text)))[1] == "GRAPHQL_VALIDATION_FAILED"
    assert refusal(trusting.post(persisted(sha256(text))))[1] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param({hashlib.sha1(GREET.encode()).hexdigest(): GREET}, id="graphql-codegen"),  # noqa: S324  theirs
        pytest.param(
            {
                "format": "apollo-persisted-query-manifest",
                "version": 1,
                "operations": [{"id": sha256(GREET), "name": "Greet", "type": "query", "body": GREET}],
            },
            id="Apollo",
        ),
    ],
)
def test_the_manifest_of_a_clients_build(tmp_path: Path, manifest: dict[str, Any]) -> None:
    """Its ids are taken as they are."""
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    with small(trusted=str(path)) as running:
        for id_ in (sha256(GREET), *(key for key in manifest if len(key) == 40)):
            assert running.post({"documentId": id_, **YOU}, None).json() == GREETED


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "a.json: it is not JSON; name a folder"),
        ("a.json", "[]", "a.json: it is no manifest that is known here; name a folder"),
        ("a.json", '{"format": "other"}', "a.json: it is no manifest that is known here; name a folder"),
        ("a.json", '{"x": 1}', "a.json: the document x is no text; name a folder"),
        ("a.json", '{"x": "{ nothing }"}', "a.json: x: no document of this schema: Cannot query field 'nothing'"),
        ("a.json", '{"x": "{"}', "a.json: x: no document of this schema: Syntax Error"),
        ("a.json", "\udcff", "a.json: it cannot be read as UTF-8 (UnicodeDecodeError)"),
        ("b.txt", "", ": there is no .graphql file in it; name a folder"),
        ("b.graphql", "{ nothing }", "b.graphql: no document of this schema: Cannot query field 'nothing'"),
        ("missing", None, "missing: it cannot be read as UTF-8 (FileNotFoundError)"),
    ],
)
def test_a_wrong_file_ends_the_start(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    """The complaint names the file, the document, the cause and the cure."""
    path = tmp_path / name
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    folder = name.startswith("b.")
    with pytest.raises(FileError) as caught, small(trusted=str(tmp_path if folder else path)):
        pass
    assert said in str(caught.value)


def test_an_id_of_two_documents(tmp_path: Path) -> None:
    """One of them would be executed for the other."""
    (tmp_path / "a.json").write_text(json.dumps({sha256(PLAIN): GREET, "x": PLAIN}))
    with pytest.raises(FileError, match="stands for two documents"), small(trusted=str(tmp_path / "a.json")):
        pass
