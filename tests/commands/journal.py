"""Commands that somebody ran before: rows of our own journal, as segregation of duties asks it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from colonnade.settings import Settings
from store import commands as rows
from store import database
from store.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from colonnade.demo import Running
    from schema.rows import Ref

EMPTY: Mapping[str, Any] = {
    "fingerprint": "",
    "roles": [],
    "entities": [],
    "correlation_id": "earlier",
    "input": {},
    "plan": {},
    "plan_digest": "",
    "parties": {},
    "versions": {},
    "snapshot": {},
    "run": 1,
}


async def ran(running: Running, name: str, about: Ref, actor: str, *, at: datetime, state: str = "SUCCEEDED") -> None:
    """Write down that somebody ran a command about a record."""
    engine = database.connect(Settings.read(running.config).store.url)
    key = hashlib.sha256(f"{name} {about} {actor} {at} {state}".encode()).hexdigest()
    row = {**EMPTY, "id": key[:36], "name": name, "key": key, "actor": actor, "person": None, "state": state}
    try:
        async with transaction(engine) as connection:
            await rows.add(connection, {**row, "accepted_at": at, "changed_at": at}, [about.encode()], [])
    finally:
        await engine.dispose()
