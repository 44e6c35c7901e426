"""Counts of what deprecated fields are used by whom: added up over servers, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from store import database
from store.usage import Usage, Use, Used

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

PORTAL, DESK = Use("Work.old", "portal", "1.0"), Use("Work.old", "desk", "(unnamed)")
EARLY, LATE = datetime(2026, 4, 8, 9, tzinfo=UTC), datetime(2026, 4, 8, 10, tzinfo=UTC)


async def test_counts_add_up(engine: AsyncEngine) -> None:
    """What several servers write at once is one sum a client, with the time of the last."""
    await database.migrate(engine)
    usage = Usage(engine)
    assert await usage.all() == []
    await usage.add({PORTAL: 2, DESK: 1}, EARLY)
    await asyncio.gather(*(usage.add({DESK: 1, PORTAL: 3}, LATE) for _ in range(4)))
    assert await usage.all() == [Used(DESK, 5, LATE), Used(PORTAL, 14, LATE)]
