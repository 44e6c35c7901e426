"""Tasks that are edited in Redmine behind our back are told by its feed, though its instants are whole seconds."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from colonnade.principals import Facade
from colonnade.wiring import SystemClock
from schema.task import TaskRow
from sources.feed import Feed

if TYPE_CHECKING:
    from demo.redmine.bound import Running
    from sources.source import Source

pytestmark = [pytest.mark.redmine, pytest.mark.timeout(300)]

EDITS, MOST = 1_000, 12


async def test_a_thousand_edits(redmine: Running, source: Source) -> None:
    """Whatever is edited between two looks is told by the second one, the same task and the same second or not."""
    seed = int(os.environ.get("FEED_SEED", time.time_ns() % 10**6))
    print(f"FEED_SEED={seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311  no secret
    feed = Feed(source, TaskRow, SystemClock())
    edited, entry = 0, httpx.BasicAuth(*redmine.credentials.values())
    async with httpx.AsyncClient(base_url=redmine.address, auth=entry, trust_env=False) as http:
        listed = await http.get("/issues.json", params={"status_id": "*", "sort": "id", "limit": 8})
        # Few of them: the same one is edited again within a second, and once more behind a look.
        ids = [str(issue["id"]) for issue in listed.json()["issues"]]
        while edited < EDITS:
            expected = set()
            for _ in range(chance.randrange(1, MOST)):
                id_ = chance.choice(ids)
                done = chance.randrange(10) * 10
                changed = {"issue": {"subject": f"Edit {edited}", "done_ratio": done}}
                answer = await http.put(f"/issues/{id_}.json", json=changed)
                assert answer.status_code == httpx.codes.NO_CONTENT
                expected.add(id_)
                edited += 1
            found = {ref.id for ref in await feed.look(Facade())}
            assert expected <= found, f"missed: {expected - found} of {edited}"
    print(f"FIGURE Redmine feed: {edited} edits, 0 missed")  # noqa: T201
