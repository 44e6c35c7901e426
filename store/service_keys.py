"""Keys of internal tools: what the store knows of a key opens nothing."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, insert, select, update

from store.tables import SERVICE_KEYS as KEYS
from store.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# Told at a glance from a token of the identity provider, and by scanners for leaked secrets.
PREFIX = "ck_"
# Subjects of this form are service keys, and nobody else.
OWN = "key:"
SHOWN = re.compile(r"ck_(?P<id>[0-9a-f]{16})_(?P<secret>[A-Za-z0-9_-]{43})")


class ServiceKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, without its secret. `digest` is the secret's SHA-256; 256 random bits need no slower one."""

    id: str
    name: str
    digest: str
    roles: list[str]
    entities: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Tell whether the key opens anything."""
        return self.revoked_at is None and now < self.expires_at

    def opened_by(self, secret: str) -> bool:
        """Tell whether this is its secret, in the same time whatever it is."""
        return secrets.compare_digest(_digest(secret), self.digest)


class ServiceKeys:
    """The store of them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, id_: str) -> ServiceKey | None:
        """Return the key of an id."""
        async with self._engine.connect() as connection:
            found = await _read(connection, KEYS.c.id == id_)
        return found[0] if found else None

    async def all(self) -> Sequence[ServiceKey]:
        """Return every key that there ever was, by name and age."""
        async with self._engine.connect() as connection:
            return await _read(connection, KEYS.c.id.is_not(None))

    async def create(
        self, name: str, roles: Sequence[str], entities: Sequence[str], now: datetime, lifetime: timedelta
    ) -> str | None:
        """Make a key and return it, for the only time; None if a live one has the name."""
        async with transaction(self._engine) as connection:
            if await _read(connection, _live(name, now)):
                return None
            row, key = _made(name, roles, entities, now, now + lifetime)
            await connection.execute(insert(KEYS).values(row))
        return key

    async def rotate(self, name: str, now: datetime, overlap: timedelta) -> str | None:
        """Make another key of that name, alike; the old ones end after the overlap. None if there is none."""
        async with transaction(self._engine) as connection:
            if not (live := await _read(connection, _live(name, now))):
                return None
            newest = live[-1]
            later = and_(_live(name, now), KEYS.c.expires_at > now + overlap)
            await connection.execute(update(KEYS).where(later).values(expires_at=now + overlap))
            until = now + (newest.expires_at - newest.created_at)
            row, key = _made(name, newest.roles, newest.entities, now, until)
            await connection.execute(insert(KEYS).values(row))
        return key

    async def revoke(self, name: str, now: datetime) -> int:
        """End all live keys of a name; return how many there were."""
        async with transaction(self._engine) as connection:
            ended = await connection.execute(update(KEYS).where(_live(name, now)).values(revoked_at=now))
            return ended.rowcount


def _live(name: str, now: datetime) -> ColumnElement[bool]:
    return and_(KEYS.c.name == name, KEYS.c.revoked_at.is_(None), KEYS.c.expires_at > now)


async def _read(connection: AsyncConnection, which: ColumnElement[bool]) -> list[ServiceKey]:
    rows = await connection.execute(select(KEYS).where(which).order_by(KEYS.c.name, KEYS.c.created_at))
    return [ServiceKey(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for it


def _made(name: str, roles: Sequence[str], entities: Sequence[str], now: datetime, until: datetime) -> tuple[Any, str]:
    id_, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    granted = {"roles": list(roles), "entities": list(entities)}
    row = {"id": id_, "name": name, "digest": _digest(secret), "created_at": now, "expires_at": until, **granted}
    return row, f"{PREFIX}{id_}_{secret}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
