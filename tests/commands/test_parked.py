"""Whoever waits for a period waits in order, through every restart, and costs nothing meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import func, insert, select

from colonnade.settings import Settings
from demo.systems import HTTP
from schema.command import CommandStatus, WaitReason
from schema.rows import Ref
from store import database
from store.command_tables import COMMANDS, HOLDS
from store.transaction import snapshot, transaction
from tests.commands.giving import People
from tests.commands.journal import EMPTY
from tests.commands.rig import Forge, rig
from tests.commands.watching import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm, TimeEntry
    from tests.commands.rig import Rig

APPROVER, SEED = "time-approver", 20
MARCH, APRIL = "nbus-2026-P03", "nbus-2026-P04"
OVER, RESTARTS, MANY = 20, 3, 10_000
MEASURED, TICKS = 20.0, 100


def late(firm: Firm) -> list[TimeEntry]:
    """Return hours of the week of 30 March that the American approver may approve, none of them his own."""
    managed = {one.code for one in firm.engagements if one.manager == "RES-006"}
    week = (date(2026, 3, 30), date(2026, 4, 3))
    found = (one for one in firm.time_entries if one.engagement in managed and one.person != "RES-006")
    return [one for one in found if week[0] <= one.work_date <= week[1]][:OVER]


@pytest.fixture(scope="module")
def house(firm: Firm) -> Iterator[Rig]:
    """A house over the firm, with a week's hours that nobody has approved yet."""
    handed_in = {one.code for one in late(firm)}
    entries = (
        replace(one, approval_status="SUBMITTED", approved_at=None, approver=None) if one.code in handed_in else one
        for one in firm.time_entries
    )
    forge = Forge()
    try:
        with rig(replace(firm, time_entries=tuple(entries)), forge) as made:
            yield made
    finally:
        forge.stop()


def books(house: Rig, state: str, *periods: str) -> None:
    """Close or open periods for time, as the controller does in the ERP."""
    for period in periods:
        address = f"{house.address['erp']}/_control/table/NBFiscalPeriods/{period}"
        HTTP.put(address, json={"ProjectCloseState": state}).raise_for_status()


def postings(house: Rig) -> list[str]:
    """Return the codes of the hours that the ERP has, in the order in which it was given them."""
    return [one["TimeEntryCode"] for one in house.state()["erp"]["NBTimePostings"]]


def entry_id(house: Rig, code: str) -> str:
    """Return the id of an entry in the graph."""
    (delivery,) = (system for system in house.bound if system.role == "psa")
    word = delivery.words["TimeEntry"](code)
    assert word is not None
    return Ref("TimeEntry", "psa", word).encode()


@pytest.mark.timeout(180)
def test_postings_wait_in_order_through_restarts(house: Rig, firm: Firm) -> None:
    """Twenty wait while three servers die; then all are posted in the order of their approval, and none before."""
    house.fresh()
    house.start()
    people = People(house)
    books(house, "OnHold", MARCH, APRIL)
    ledger = house.state()["erp"]
    order = [one.code for one in late(firm)]
    random.Random(SEED).shuffle(order)  # noqa: S311  nothing is kept secret by it
    given = [
        people.taken(APPROVER, "approveTimeEntries", {"entryIds": [entry_id(house, code)], "action": "APPROVE"})
        for code in order
    ]
    for restart in range(RESTARTS):
        for command in given:
            found = people.rested(APPROVER, command)
            assert (found["status"], found["waitingFor"]) == ("PARKED", "PERIOD_CLOSED")
            assert [step["state"] for step in found["steps"]][:2] == ["DONE", "PENDING"]
        assert house.state()["erp"] == ledger, restart
        house.kill()
        house.start()
    # A look or two of the last server must not let anybody pass either.
    time.sleep(5)
    assert house.state()["erp"] == ledger
    before, began = len(postings(house)), time.monotonic()
    books(house, "Open", MARCH)
    for command in given:
        assert people.rested(APPROVER, command, "SUCCEEDED", "DEAD_LETTERED", seconds=30)["status"] == "SUCCEEDED"
    took = time.monotonic() - began
    posted = postings(house)[before:]
    assert posted == order
    house.kill()
    told = f"{len(given)} postings parked through {RESTARTS} restarts: 0 early"
    print(f"\n{told}; all in order {took:.1f} s after reopening")  # noqa: T201


class Cost(NamedTuple):
    """What a server does by itself: its share of a core, and how long it lets others wait, in milliseconds."""

    cpu: float
    median: float
    slowest: float


def cpu(pid: int) -> float:
    """Return how many seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cost(house: Rig) -> Cost:
    """Let a server be for a while, and return what it does meanwhile."""
    house.start()
    time.sleep(3)
    with watched(house) as waits:
        began = cpu(house.pid)
        time.sleep(MEASURED)
        used = cpu(house.pid) - began
    house.kill()
    return Cost(used / MEASURED, waits[len(waits) // 2], waits[int(len(waits) * 0.99)])


async def park(house: Rig) -> None:
    """Store ten thousand commands that wait for June, in two modules of four legal entities."""
    now = datetime.now(UTC)
    engine = database.connect(Settings.read(house.config).store.url)
    entities = [Ref("LegalEntity", "erp", code).encode() for code in ("nbus", "nbuk", "nbde", "nbjp")]
    said: dict[str, Any] = {
        "name": "postInvoice",
        "actor": "northbeam.10025",
        "person": None,
        "state": CommandStatus.PARKED.name,
        "waiting": WaitReason.PERIOD_CLOSED.name,
        "accepted_at": now,
        "changed_at": now,
    }
    try:
        async with transaction(engine) as connection:
            ids = [f"{number:032x}" for number in range(MANY)]
            await connection.execute(insert(COMMANDS), [{**EMPTY, **said, "id": id_, "key": id_} for id_ in ids])
            known = await connection.execute(select(COMMANDS.c.id, COMMANDS.c.sequence).where(COMMANDS.c.id.in_(ids)))
            holds = []
            for id_, sequence in known:
                number = int(id_, 16)
                one = f"period|{entities[number % 4]}|{('TIME', 'AR')[number // 4 % 2]}|2026-06-01"
                holds.append({"hold": one, "sequence": sequence, "command_id": id_, "since": now})
            await connection.execute(insert(HOLDS), holds)
    finally:
        await engine.dispose()


async def parked(house: Rig) -> int | None:
    """Return how many commands wait."""
    engine = database.connect(Settings.read(house.config).store.url)
    try:
        async with snapshot(engine) as connection:
            waiting = select(func.count()).select_from(COMMANDS).where(COMMANDS.c.state == CommandStatus.PARKED.name)
            return await connection.scalar(waiting)
    finally:
        await engine.dispose()


@pytest.mark.timeout(180)
def test_ten_thousand_that_wait_cost_nothing(house: Rig) -> None:
    """A server with them uses no more of the processor than one without, and answers as fast."""
    house.fresh()
    none = cost(house)
    asyncio.run(park(house))
    many = cost(house)
    assert asyncio.run(parked(house)) == MANY
    for what, one in (("0", none), (f"{MANY:,}", many)):
        print(f"\n{what:>6} parked: {one.cpu:.1%} of a core; /livez {one.median:.1f} ms, {one.slowest:.1f} ms at p99")  # noqa: T201
    assert many.cpu < none.cpu + 0.05
    assert many.median < none.median + 5
