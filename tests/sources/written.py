"""One emulated system that is written to through the house's own acts, and what came of it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from colonnade.wiring import SystemClock
from schema.rows import Ref
from sources.registry import connect
from sources.writing import Words, Writer, references
from tests.sources.hostile import ask, scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sources.registry import Binding
    from sources.writes import Done, Write

NOW = datetime(2026, 4, 8, 10, tzinfo=UTC)


class Written:
    """A binding to write to; `words` are the target's names for what other systems are home to."""

    def __init__(self, binding: Binding, words: Mapping[Ref, str]) -> None:
        """Connect to it."""
        self.source = connect(binding, SystemClock())
        self.writer = Writer(self.source)
        self._words = words
        self._control = httpx.Client(base_url=binding.address, trust_env=False)

    async def aclose(self) -> None:
        """Close the connections."""
        self._control.close()
        await self.source.wire.aclose()

    def words(self, write: Write, key: str, at: datetime = NOW) -> Words:
        """Return the target's words for a write; its own records it knows by their ids."""
        own = {ref: ref.id for ref in references(write) if ref.binding == self.source.binding}
        return Words(key, at, {**own, **self._words}, self.source.manifest.codes)

    async def do(self, write: Write, key: str = "", *, at: datetime = NOW, attempted: datetime | None = None) -> Done:
        """Carry a write out, under a key of its own unless one is given."""
        words = self.words(write, key or str(uuid.uuid4()), at)
        return await self.writer.perform(write, words, scope(), attempted)

    def ref(self, type_: str, id_: str | None) -> Ref:
        """Return a record that the system itself is home to."""
        assert id_ is not None
        return Ref(type_, self.source.binding, id_)

    async def row(self, question: str, ref: Ref) -> Any:
        """Read a record, or those that belong to it, back in our words."""
        return (await ask(self.source, question, ref.id, by=ref.type))[ref.id]

    async def state(self, question: str, ref: Ref) -> Any:
        """Read a record back without what tells when that was, and how often it was changed."""
        row = await self.row(question, ref)
        return {name: getattr(row, name) for name in row.__struct_fields__ if name not in {"revision", "origin"}}

    def effects(self) -> list[dict[str, Any]]:
        """Return what was changed, oldest first."""
        return self._control.get("/_control/effects").json()  # type: ignore[no-any-return]

    def calls(self, method: str) -> int:
        """Count the calls of a method that came."""
        return sum(line["method"] == method for line in self._control.get("/_control/log").json())

    def fault(self, match: str, what: str, **details: object) -> None:
        """Let one call go wrong."""
        faults = [{"match": match, "what": what, **details}]
        self._control.put("/_control/faults", json=faults).raise_for_status()

    def restore(self) -> None:
        """Go back to the start."""
        self._control.post("/_control/restore").raise_for_status()
