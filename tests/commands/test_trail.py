"""The trail that real commands leave: whatever is done to it is found."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from colonnade.settings import Settings
from demo.firm.clock import AS_OF
from store import database
from store.audit import anchor
from store.audit_retention import Whose, erase
from store.audit_tables import AUDIT, PERSONAL
from store.audit_verdict import verify
from store.transaction import transaction
from tests.commands.guarded import COMMANDS, guarded, persona
from tests.commands.scenarios import firm
from tests.store.tampering import WAYS, Trail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.commands.guarded import House

pytestmark = [pytest.mark.commands, pytest.mark.timeout(240)]

SEED, TIMES = 20260408, 1_000
MANAGER = "engagement-manager"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The firm after some commands: done, approved, rejected, refused, a person's reasons erased, and withdrawn."""
    with guarded(firm()) as house:
        given = {name: {**one.input(house.ids), "reason": f"{name}, as agreed"} for name, one in COMMANDS.items()}
        for name in ("completeMilestone", "staffAssignment", "submitTimeEntries"):
            house.settled(house.give(COMMANDS[name].persona, name, given[name]).command["id"])
        for name in ("completeMilestone", "creditInvoice", "postInvoice"):
            house.give("analyst", name, given[name])
        for approve in (True, False):
            command = house.give(MANAGER, "createEngagement", given["createEngagement"]).command
            house.decide("delivery-director", command["approvals"][0]["id"], approve=approve)
            house.settled(command["id"])
        asyncio.run(erased(house))
        house.cancel(MANAGER, house.give(MANAGER, "createEngagement", given["createEngagement"]).command["id"])
        house.rig.kill()
        yield house


async def erased(house: House) -> None:
    """Erase what a person wrote."""
    engine = database.connect(Settings.read(house.rig.config).store.url)
    assert await erase(engine, AS_OF, Whose(subject=persona("resource-manager").subject), "Ada Steward") != []
    await engine.dispose()


async def read(engine: AsyncEngine) -> Trail:
    """Read both tables as they are."""
    async with engine.connect() as connection:
        rows = [
            [dict(row) for row in (await connection.execute(select(table).order_by(table.c.sequence))).mappings()]
            for table in (AUDIT, PERSONAL)
        ]
    return Trail(*rows)


async def test_every_tampering_is_found(house: House) -> None:
    """A thousand random ones over what commands have left: each is found where it is."""
    engine = database.connect(Settings.read(house.rig.config).store.url)
    whole, known, missed = await read(engine), await anchor(engine), []
    for number in range(TIMES):
        chance, trail = Random(f"{SEED}/{number}"), Trail(whole.records, whole.texts)  # noqa: S311  no secret
        done = chance.choice(WAYS)(trail, chance)
        async with transaction(engine) as connection:
            await trail.write(connection)
        broken = (await verify(engine, known if done.with_anchor else None)).broken
        if broken is None or not done.is_at(broken.sequence):
            missed.append((number, done, broken))
    async with transaction(engine) as connection:
        await whole.write(connection)
    assert (await verify(engine, known)).broken is None
    await engine.dispose()
    print(f"FIGURE tampering {TIMES - len(missed)}/{TIMES} found over {len(whole.records)} records; seed {SEED}")  # noqa: T201
    assert missed == []
