"""Many at a time: sixty commands taken in at once, and five hundred entries in one, while others are answered."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.commands.giving import People
from tests.commands.rig import Forge, rig
from tests.commands.watching import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from tests.commands.rig import Rig

pytestmark = pytest.mark.timeout(300)
WORKER, APPROVER = "consultant", "time-approver"
AT_ONCE, ENTRIES = 60, 500
SUBMIT = """mutation ($input: SubmitTimeEntriesInput!) {
  submitTimeEntries(input: $input) { command { id status } problems { code } } }"""
WORK = """{ engagements(filter: {code: ["ENG-008"]}) { edges { node {
  projects { children { id children { id tasks { id } } } } } } } }"""
STATUS = "query ($id: ID!) { command(id: $id) { status } }"
MADE = "query ($id: ID!) { command(id: $id) { steps { name state record { id } } } }"


@pytest.fixture(scope="module")
def people(firm: Firm) -> Iterator[People]:
    """The people of a house that runs."""
    forge = Forge()
    try:
        with rig(firm, forge) as house:
            house.fresh()
            house.start()
            yield People(house)
    finally:
        forge.stop()


def hours(people: People, count: int) -> list[dict[str, str]]:
    """Return so many half hours of April, billed by the hour, on what the American approver manages."""
    (engagement,) = people.read("auditor", WORK)["engagements"]["edges"]
    project = engagement["node"]["projects"][0]["children"][0]["children"][0]
    tasks = [task["id"] for task in project["tasks"]]
    first = date(2026, 4, 6)
    return [
        {
            "projectId": project["id"],
            "taskId": tasks[number % len(tasks)],
            "workDate": str(first + timedelta(days=number % 20)),
            "hours": "0.50",
        }
        for number in range(count)
    ]


async def at_once(house: Rig, said: list[dict[str, Any]]) -> list[tuple[float, Any]]:
    """Give commands at the same time, and return what was answered to each after how many milliseconds."""
    headers = {"Authorization": f"Bearer {house.issuer.token(WORKER)}"}
    limits = httpx.Limits(max_connections=len(said))
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits, headers=headers) as client:

        async def give(number: int, given: dict[str, Any]) -> tuple[float, Any]:
            began = time.perf_counter()
            body = {"query": SUBMIT, "variables": {"input": given}}
            answer = await client.post(house.url, json=body, headers={"Idempotency-Key": f"at-once-{number}"})
            return (time.perf_counter() - began) * 1000, answer.json()["data"]["submitTimeEntries"]

        return await asyncio.gather(*(give(number, one) for number, one in enumerate(said)))


def ended(people: People, who: str, id_: str) -> str:
    """Return as what a command ended; it is looked at once in a while."""
    while (status := people.read(who, STATUS, id=id_)["command"]["status"]) in {"ACCEPTED", "RUNNING"}:
        time.sleep(1)
    return str(status)


def test_sixty_are_taken_in_at_once(people: People) -> None:
    """Each is answered while the others are, and all of them are carried out."""
    said = [{"entries": [entry]} for entry in hours(people, AT_ONCE)]
    with watched(people.house) as waits:
        answers = asyncio.run(at_once(people.house, said))
        began = time.monotonic()
        states = [ended(people, WORKER, answer["command"]["id"]) for _, answer in answers]
        took = time.monotonic() - began
    assert [answer["problems"] for _, answer in answers] == [[]] * AT_ONCE
    assert states == ["SUCCEEDED"] * AT_ONCE
    times = sorted(took for took, _ in answers)
    told = f"{AT_ONCE} at once: accepted after {statistics.median(times):.0f} ms at p50, {times[-1]:.0f} ms at most"
    print(f"\n{told}; all done {took:.1f} s later; /livez {p99(waits):.0f} ms at p99")  # noqa: T201
    assert times[-1] < 10_000


def test_five_hundred_entries_in_one_command(people: People) -> None:
    """They are submitted by one command and approved by another, and nobody has to wait for either."""
    submitted = measured(people, WORKER, "submitTimeEntries", {"entries": hours(people, ENTRIES)})
    steps = people.read(WORKER, MADE, id=submitted)["command"]["steps"]
    entries = [step["record"]["id"] for step in steps if step["name"] == "psa.entry"]
    assert len(set(entries)) == ENTRIES
    approved = measured(people, APPROVER, "approveTimeEntries", {"entryIds": entries, "action": "APPROVE"})
    steps = people.read(APPROVER, MADE, id=approved)["command"]["steps"]
    done = Counter(step["name"] for step in steps if step["state"] == "DONE")
    assert done == dict.fromkeys(("psa.entry", "erp.posting", "erp.event", "forecast.actual"), ENTRIES)


def measured(people: People, who: str, name: str, said: dict[str, Any]) -> str:
    """Give a command that succeeds, print how long it took, and return its id."""
    with watched(people.house) as waits:
        began = time.monotonic()
        id_ = people.taken(who, name, said)
        accepted = time.monotonic()
        assert ended(people, who, id_) == "SUCCEEDED"
        over = time.monotonic()
    told = f"{name} of {ENTRIES}: accepted in {accepted - began:.1f} s, done {over - accepted:.1f} s later"
    print(f"\n{told}; /livez {p99(waits):.0f} ms at p99, {waits[-1]:.0f} ms at most")  # noqa: T201
    assert over - accepted < 60
    return id_


def p99(waits: list[float]) -> float:
    """Return what ninety-nine of a hundred do not exceed, of times in order."""
    return waits[int(len(waits) * 0.99)]
