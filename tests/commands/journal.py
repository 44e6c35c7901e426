"""Commands that somebody ran before: rows of our own journal, as segregation of duties asks it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from colonnade.settings import Settings
from schema.command import ENDED, CommandStatus
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
    """Write down that somebody ran a command about a record; what came to its end did so at once."""
    engine = database.connect(Settings.read(running.config).store.url)
    key = hashlib.sha256(f"{name} {about} {actor} {at} {state}".encode()).hexdigest()
    ended = at if CommandStatus[state] in ENDED else None
    instants = {"accepted_at": at, "changed_at": at, "ended_at": ended}
    who = {"actor": actor, "person": None}
    row = {**EMPTY, **instants, **who, "id": key[:36], "name": name, "key": key, "state": state}
    try:
        async with transaction(engine) as connection:
            await rows.add(connection, row, [about.encode()], [])
    finally:
        await engine.dispose()
