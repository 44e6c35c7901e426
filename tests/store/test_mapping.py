"""References that commands make: what a record is known as, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schema.rows import Ref
from store import database
from store.crossrefs import CrossReferences
from store.mapping import Mapped, known_as
from store.transaction import transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

AT = datetime(2026, 4, 8, 9, tzinfo=UTC)
DEAL = Ref("Opportunity", "crm", "006A")


async def _called(engine: AsyncEngine, word: str) -> None:
    said = Mapped(DEAL, Ref("Opportunity", "psa", word), "Opportunity", "LINK")
    async with transaction(engine) as connection:
        await known_as(connection, said, decided_by="a command", at=AT)


async def _words(engine: AsyncEngine) -> list[str]:
    found = await CrossReferences(engine).words([DEAL], "psa")
    return [ref.id for ref in found[DEAL]]


async def test_a_record_is_known_by_its_last_name(engine: AsyncEngine) -> None:
    """A deal that is converted anew is known as the new engagement alone, and saying it twice is saying it once."""
    await database.migrate(engine)
    for word, known in (("4200024", ["4200024"]), ("4200024", ["4200024"]), ("4200025", ["4200025"])):
        await _called(engine, word)
        assert await _words(engine) == known
