"""Which text a request means: its own, a registered one by its id, or one that was sent before, by its hash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache

from colonnade.edge.refusal import Refusal, refused
from schema.problems import Code
from schema.rights import Documents as Mode

if TYPE_CHECKING:
    from colonnade.edge.parameters import Parameters
    from colonnade.edge.trusted import Trusted
    from colonnade.edge.visitors import Visitor

# Characters of all texts that were sent with their hash: some thousands of documents.
KEPT: Final = 8_000_000
ROOM: Final = 1_000


class Texts:
    """The trusted documents, and the automatically persisted ones (the least recently used goes first)."""

    def __init__(self, trusted: Trusted) -> None:
        self._trusted = trusted
        self._persisted: LRUCache[str, str] = LRUCache(KEPT, getsizeof=_room)

    def meant(self, asked: Parameters, visitor: Visitor) -> str:
        """Return the text, or raise Refusal where there is none that this visitor may have executed."""
        mode = visitor.principal.rights.documents
        if asked.query is not None and asked.sha256 is not None:
            _verify(asked.query, asked.sha256)
        known = self._registered(asked)
        if known is not None:
            return known
        if mode is Mode.TRUSTED:
            raise _untrusted(visitor)
        if asked.sha256 is None and asked.query is not None:
            if mode is Mode.APQ:
                raise refused(Code.UNTRUSTED_DOCUMENT, "this caller sends documents by their hash, or registered ones")
            return asked.query
        return self._by_hash(asked)

    def keep(self, asked: Parameters) -> None:
        """Remember a text that came with its hash and proved to be a document."""
        if asked.sha256 is not None and asked.query is not None:
            self._persisted[asked.sha256] = asked.query

    def _registered(self, asked: Parameters) -> str | None:
        if asked.query is not None:
            return asked.query if asked.query in self._trusted.texts else None
        return self._trusted.by_id.get(asked.document_id or asked.sha256 or "")

    def _by_hash(self, asked: Parameters) -> str:
        if asked.query is None:
            text = self._persisted.get(asked.sha256) if asked.sha256 is not None else None
            if text is None:
                # The very words by which clients know that they must send the text.
                raise refused(Code.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
            return text
        return asked.query


def _room(text: str) -> int:
    # A short one takes room of its own as well.
    return max(ROOM, len(text))


def _untrusted(visitor: Visitor) -> Refusal:
    if not visitor.known:
        return refused(Code.UNAUTHENTICATED, "sign in: without a token only registered documents are executed")
    return refused(Code.UNTRUSTED_DOCUMENT, "only registered documents are executed for this caller")


def _verify(text: str, sha256: str) -> None:
    # Before anything is kept under it: else one caller could say what another one's hash means.
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise refused(Code.BAD_REQUEST, "the hash of the persisted query is not that of its text")
