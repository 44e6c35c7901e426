"""Who an identity provider's subject is to the systems of record: somebody said so, and nothing is guessed."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from enum import Enum, unique
from typing import TYPE_CHECKING, Any

import msgspec
from cachetools import TTLCache
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from store.tables import SUBJECTS
from store.transaction import StoreUnavailableError, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncEngine

# What another process changed is felt this late.
CACHE_SECONDS = 5
CACHED = 10_000


@unique
class Kind(Enum):
    """What a subject may be."""

    EMPLOYEE = "employee"
    CUSTOMER = "customer"


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """A subject's link. `number` is HR's employee number, or the CRM's own id of the customer whose contact it is."""

    subject: str
    kind: Kind
    number: str
    linked_by: str
    valid_from: datetime


class Subjects:
    """The store of the links."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._cache: TTLCache[str, Linked | None] = TTLCache(CACHED, CACHE_SECONDS)

    async def person(self, subject: str) -> Linked | None:
        """Return whom a subject is, None if nobody has said."""
        # Looked at once: between two looks it may expire.
        with suppress(KeyError):
            return self._cache[subject]
        try:
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(SUBJECTS).where(SUBJECTS.c.subject == subject))).one_or_none()
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailableError("the links of subjects cannot be read") from error
        linked = self._cache[subject] = None if row is None else _linked(row)
        return linked

    async def all(self) -> Sequence[Linked]:
        """Return all links."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(SUBJECTS).order_by(SUBJECTS.c.subject))
            return [_linked(row) for row in rows]

    async def link(self, links: Iterable[Linked]) -> bool:
        """Store links, all or none; none if a subject is linked already."""
        rows = [msgspec.to_builtins(link, builtin_types=(datetime,)) for link in links]
        try:
            async with transaction(self._engine) as connection:
                await connection.execute(insert(SUBJECTS), rows)
        except IntegrityError:
            return False
        self._cache.clear()
        return True

    async def unlink(self, subject: str) -> bool:
        """Forget a link; tell whether there was one."""
        async with transaction(self._engine) as connection:
            gone = await connection.execute(delete(SUBJECTS).where(SUBJECTS.c.subject == subject))
        self._cache.clear()
        return gone.rowcount > 0


def _linked(row: Row[Any]) -> Linked:
    return Linked(**{**row._mapping, "kind": Kind(row.kind)})  # noqa: SLF001  SQLAlchemy's public name for it
