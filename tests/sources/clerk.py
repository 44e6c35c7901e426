"""Somebody who has one system changed under one key, attempt after attempt, and reads it again."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from demo.systems import HTTP
from sources.contract import SourceFailure, decode
from sources.registry import Binding
from sources.writing import OutcomeUnknownError, Words, references
from tests.sources.hostile import scope
from tests.sources.written import NOW, Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from demo.systems import Bound
    from schema.problems import Code
    from schema.rows import Ref
    from sources.contract import Request
    from sources.writes import Done, Write

# Long after every write has had its effect or never will.
LATER = NOW + timedelta(minutes=10)


class Clerk(Written):
    """One bound system. What is its own is named by its ids, what is another's by the firm's codes."""

    def __init__(self, bound: Bound) -> None:
        """Connect to it."""
        super().__init__(Binding(bound.role, bound.vendor, bound.address, bound.credentials), {})
        self._bound = bound

    def words(self, write: Write, key: str, at: datetime = NOW) -> Words:
        """Return the target's words for a write."""
        return Words(key, at, {ref: self._word(ref) for ref in references(write)}, self.source.manifest.codes)

    async def write(self, write: Write, key: str = "a-key", *, again: bool = False) -> Done:
        """Have a write carried out; `again` where it was tried before and its answer is missing."""
        return await self.do(write, key, at=LATER if again else NOW, attempted=NOW if again else None)

    async def refused(self, write: Write, key: str = "a-key") -> Code:
        """Have a write carried out that is refused, see that nothing happened, and return why."""
        before = self.effects()
        try:
            await self.write(write, key)
        except SourceFailure as failure:
            assert self.effects() == before
            return failure.code
        raise AssertionError("it was not refused")

    async def lost(self, write: Write, what: str, key: str = "a-key") -> None:
        """Have a write carried out whose answer goes missing."""
        self.fault("^(POST|PATCH|DELETE) /(?!oauth|services/oauth)", what)
        try:
            await self.write(write, key)
        except OutcomeUnknownError:
            return
        raise AssertionError("its answer came")

    async def read(self, question: str, type_: str, id_: str) -> Any:
        """Return what the system says to one question about one of its records."""
        return await self.row(question, self.ref(type_, id_))

    async def ask(self, request: Request) -> Any:
        """Return what the system says in its own words."""
        answer = await self.source.wire.send(request, scope(), "probe")
        assert isinstance(answer, bytes)
        return decode(answer)

    def changed(self) -> list[tuple[str, str]]:
        """Return the rows that were changed, by table and id."""
        return [(line["table"], line["id"]) for line in self.effects()]

    def change(self, table: str, id_: str, **columns: object) -> None:
        """Change a record as a person in the system would."""
        HTTP.put(f"{self._bound.address}/_control/table/{table}/{id_}", json=columns).raise_for_status()

    def _word(self, ref: Ref) -> str:
        if ref.binding == self._bound.role:
            return ref.id
        word = self._bound.words[ref.type](ref.id)
        assert word is not None
        return word


@asynccontextmanager
async def clerk(bound: Bound) -> AsyncIterator[Clerk]:
    """Bind a system that is as it was at the start."""
    one = Clerk(bound)
    one.restore()
    try:
        yield one
    finally:
        await one.aclose()
