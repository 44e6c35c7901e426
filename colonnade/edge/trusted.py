"""Documents that a firm has registered, read at start and checked like any other: a wrong one ends the start."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from execution.documents import Prepared
from schema.tomlfile import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from execution.documents import Documents

APOLLO = "apollo-persisted-query-manifest"
CURE = "name a folder of .graphql files, a persisted-documents.json of graphql-codegen, or a manifest of Apollo"


class Trusted(NamedTuple):
    """The registered documents, by every id under which they may be asked for."""

    by_id: Mapping[str, str] = {}
    texts: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path, documents: Documents) -> Trusted:
        """Read a folder or a manifest, or raise FileError with the file, the document, the cause and the cure."""
        by_id: dict[str, str] = {}
        for place, id_, text in _listed(path):
            prepared = documents.prepare(text)
            if not isinstance(prepared, Prepared):
                error = prepared[0]
                raise FileError(f"{place}: no document of this schema: {error.message}; correct it or take it out")
            # Only operations are asked for; and two texts under one id would be a lottery.
            if not prepared.operations:
                raise FileError(f"{place}: there is no operation in it; take it out")
            digest = hashlib.sha256(text.encode()).hexdigest()
            for name in (id_, digest, f"sha256:{digest}"):
                if by_id.setdefault(name, text) != text:
                    raise FileError(f"{place}: the id {name} stands for two documents; take one of them out")
        return cls(by_id, frozenset(by_id.values()))


def _listed(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each document's place, id and text."""
    if path.is_dir():
        files = sorted(path.rglob("*.graphql"))
        if not files:
            raise FileError(f"{path}: there is no .graphql file in it; {CURE}")
        for file in files:
            yield str(file), file.stem, _text(file)
        return
    manifest = _manifest(path)
    for id_, text in manifest.items():
        if not isinstance(text, str):
            raise FileError(f"{path}: the document {id_} is no text; {CURE}")
        yield f"{path}: {id_}", id_, text


def _manifest(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path}: it is not JSON; {CURE}") from error
    match content:
        case {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations)}:
            if all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in operations):
                return {one["id"]: one.get("body") for one in operations}
        case dict() if "format" not in content:
            return content
    raise FileError(f"{path}: it is no manifest that is known here; {CURE}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: it cannot be read as UTF-8 ({type(error).__name__}); {CURE}") from error
