"""What a client asks for, in whatever way it came: a document or its name, variables, and which operation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from colonnade.edge.refusal import refused
from schema.problems import Code

TEXTS: Final = ("query", "operationName", "documentId")
OBJECTS: Final = ("variables", "extensions")


class Parameters(msgspec.Struct, frozen=True):
    """The parameters of one request, of the right types and nothing more."""

    query: str | None = None
    variables: Mapping[str, Any] = {}
    operation_name: str | None = None
    document_id: str | None = None
    # The hash of a persisted query, which goes with its text the first time.
    sha256: str | None = None
    # Whether the answer is to tell how it was executed.
    plan: bool = False

    @classmethod
    def of(cls, given: object) -> Parameters:
        """Read what stood in a body, in a query string or in a message of a socket."""
        if not isinstance(given, dict):
            raise refused(Code.BAD_REQUEST, "a GraphQL request is a JSON object")
        for names, kind, word in ((TEXTS, str, "a text"), (OBJECTS, dict, "an object")):
            for name in names:
                if not isinstance(given.get(name), kind | None):
                    raise refused(Code.BAD_REQUEST, f"'{name}' must be {word}")
        asked = cls(
            given.get("query") or None,
            given.get("variables") or {},
            given.get("operationName") or None,
            given.get("documentId") or None,
            _persisted((given.get("extensions") or {}).get("persistedQuery")),
            plan=(given.get("extensions") or {}).get("plan") is True,
        )
        if asked.query is None and asked.document_id is None and asked.sha256 is None:
            raise refused(Code.BAD_REQUEST, "there is no document: send 'query', or 'documentId'")
        if asked.document_id is not None and (asked.query is not None or asked.sha256 is not None):
            raise refused(Code.BAD_REQUEST, "send 'query' or 'documentId', not both")
        return asked


def _persisted(given: object) -> str | None:
    if given is None:
        return None
    match given:
        case {"version": 1, "sha256Hash": str(digest)}:
            return digest.lower()
    raise refused(Code.BAD_REQUEST, "'persistedQuery' must be an object with 'version' 1 and 'sha256Hash'")


def decode(text: bytes) -> Any:
    """Read JSON that says nothing twice, or refuse it."""
    try:
        content = msgspec.json.decode(text)
        json.loads(text, object_pairs_hook=_once)
    # Beside broken JSON and broken UTF-8: brackets nested beyond Python's stack, and numbers beyond its patience.
    except (ValueError, RecursionError) as error:
        raise refused(Code.BAD_REQUEST, "what was sent is not JSON in UTF-8 that names nothing twice") from error
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name stands twice")
    return content
