"""What Redmine says of the firm's work: exactly, in as few calls as it allows, and nothing that it does not know."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from colonnade.principals import Facade
from colonnade.wiring import SystemClock
from demo.redmine.ids import issue_id, project_id, rate_card_id, role_id, time_entry_id, user_id
from schema.connection import Days, Wanted
from schema.engagement import EngagementStatus
from schema.project import ProjectKind
from schema.rate_card import RateCardKind, RateCardStatus, RateUnit
from schema.rows import Ref
from schema.task import TaskRow, TaskStatus
from schema.time_entry import ApprovalStatus, BillingClass, TimeEntryRow
from schema.values import DateRange, Money
from sources.feed import Feed
from tests.sources.hostile import ask, scope

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from demo.redmine.bound import Running
    from sources.source import Source

pytestmark = pytest.mark.redmine

NOBODYS = "999999"
SINGLY = 36


def said(row: Any, *names: str) -> tuple[Any, ...]:
    """Return fields of a row, references as their ids."""
    values = (getattr(row, name) for name in names)
    return tuple(value.id if isinstance(value, Ref) else value for value in values)


def move_on(redmine: Running, issue: str, percent: int) -> None:
    """Say how far an issue is, as a person in Redmine would."""
    entered = (redmine.credentials["user"], redmine.credentials["password"])
    change = {"issue": {"done_ratio": percent}}
    address = f"{redmine.address}/issues/{issue}.json"
    httpx.put(address, json=change, auth=entered, trust_env=False).raise_for_status()


async def test_an_engagement_is_a_project(source: Source, firm: Firm) -> None:
    """Its code is the identifier; its status, days, people and money stand in custom fields."""
    found = await ask(source, "engagements_by_id", project_id("ENG-001"), NOBODYS, by="Engagement")
    row, one = found["1"], firm.engagements[0]
    assert one.planned_revenue is not None
    assert one.planned_cost is not None
    assert said(row, "code", "name", "delivery_status", "planned_start", "planned_end") == (
        "ENG-001",
        "Timetable Resilience Strategy",
        EngagementStatus.ACTIVE,
        date(2026, 1, 5),
        date(2026, 9, 30),
    )
    assert said(row, "customer", "manager", "planned_hours", "planned_revenue", "planned_cost") == (
        "CUS-01",
        user_id(one.manager),
        one.planned_hours,
        Money.of(one.planned_revenue, "GBP"),
        Money.of(one.planned_cost, "GBP"),
    )
    assert found[NOBODYS] is None


async def test_every_engagement_is_read_in_one_call(source: Source, redmine: Running, firm: Firm) -> None:
    """Closed ones too, with their status."""
    ids = {project_id(one.code): one for one in firm.engagements}
    found = await ask(source, "engagements_by_id", *ids, by="Engagement")
    assert {id_: said(row, "code", "delivery_status") for id_, row in found.items()} == {
        id_: (one.code, EngagementStatus[one.status]) for id_, one in ids.items()
    }
    assert len(redmine.traffic.calls()) == 1


async def test_an_engagement_is_its_own_topmost_node(source: Source) -> None:
    """The breakdown that the seed has of an engagement is the project itself."""
    (node,) = (await ask(source, "projects_by_engagement", "7", by="Engagement"))["7"]
    told = said(node, "ref", "engagement", "parent", "code", "kind", "delivering_entity")
    assert told == ("7", "7", None, "ENG-007", ProjectKind.PROJECT, "NB-US")


async def test_roles_and_prices_are_issues_of_projects_of_their_own(source: Source, firm: Firm) -> None:
    """Every bill card is a project, every price an issue in it, and neither is an engagement's work."""
    (card,) = (one for one in firm.rate_cards if one.code == "RC-BILL-NB-US-V1")
    id_ = rate_card_id(card.code) or ""
    row = (await ask(source, "rate_cards_by_id", id_, by="RateCard"))[id_]
    told = said(row, "code", "kind", "status", "engagement", "customer", "legal_entity", "currency", "version")
    assert told == (card.code, RateCardKind.BILL, RateCardStatus.ACTIVE, None, None, "NB-US", "USD", 1)
    rates = (await ask(source, "rates_by_rate_card", id_, by="RateCard"))[id_]
    assert [said(one, "role", "amount", "unit", "effective") for one in rates] == [
        (role_id(one.role), Money.of(one.amount, "USD"), RateUnit.HOUR, DateRange(start=one.start, end=one.end))
        for one in card.rates
    ]
    roles = await ask(source, "roles_by_id", *(role_id(role.code) or "" for role in firm.roles), by="Role")
    assert {said(one, "code", "name") for one in roles.values()} == {(one.code, one.name) for one in firm.roles}
    nobodys = role_id("SENIOR") or ""
    assert await ask(source, "tasks_by_id", nobodys, by="Task") == {nobodys: None}
    assert await ask(source, "engagements_by_id", id_, by="Engagement") == {id_: None}


async def test_a_person_has_a_role(source: Source, firm: Firm) -> None:
    """Of people it knows what they work as, each by a call of their own."""
    person = firm.people[5]
    found = await ask(source, "resources_psa", user_id(person.code), NOBODYS, by="Resource")
    assert said(found[user_id(person.code)], "primary_role") == (role_id(person.role),)
    assert found[NOBODYS] is None


async def test_a_task_is_an_issue(source: Source, firm: Firm) -> None:
    """Every task of the firm, open or closed, with its progress as a ratio and its hours exactly."""
    found = await ask(source, "tasks_by_id", *(issue_id(task.code) for task in firm.tasks))
    fields = ("code", "name", "project", "progress", "planned_hours", "status", "remaining_hours")
    assert {id_: said(row, *fields) for id_, row in found.items()} == {
        issue_id(task.code): (
            task.code,
            task.name,
            project_id(task.code[:7]),
            Decimal(int(task.progress * 100)) / 100,
            task.planned_hours,
            TaskStatus[task.status],
            None,
        )
        for task in firm.tasks
    }


async def test_tasks_of_many_engagements_are_read_in_one_question(source: Source, redmine: Running, firm: Firm) -> None:
    """No call an engagement: five pages of a hundred at the most, and whoever has none has none."""
    ids = [project_id(one.code) for one in firm.engagements]
    found = await ask(source, "tasks_by_engagement", *ids, NOBODYS, by="Engagement")
    expected = Counter(project_id(task.code[:7]) for task in firm.tasks)
    assert {id_: len(rows) for id_, rows in found.items()} == {id_: expected[id_] for id_ in [*ids, NOBODYS]}
    assert len(redmine.traffic.calls()) == 5


async def test_hours_are_exact(source: Source, firm: Firm) -> None:
    """An entry by its id, with what its custom fields say; one that is not there is absent, and fails nobody."""
    entry = firm.time_entries[41]
    found = await ask(source, "time_entries_by_id", time_entry_id(entry.code), NOBODYS, by="TimeEntry")
    stated = ("code", "work_date", "hours", "billable_hours", "resource", "engagement", "task", "approval_status")
    fields = (*stated, "project", "role", "billing_class")
    assert said(found["42"], *fields) == (
        "TE-00042",
        entry.work_date,
        entry.hours,
        entry.billable_hours,
        user_id(entry.person),
        project_id(entry.engagement),
        issue_id(entry.task),
        ApprovalStatus[entry.approval_status],
        project_id(entry.engagement),
        role_id(entry.role),
        BillingClass[entry.billing_class],
    )
    assert found[NOBODYS] is None


async def test_hours_of_engagements_come_whole(source: Source, firm: Firm) -> None:
    """More than a page of them: each entry with its own engagement, and the sum is the firm's."""
    codes = ["ENG-001", "ENG-002", "ENG-020"]
    found = await ask(source, "time_entries_by_engagement", *map(project_id, codes), by="Engagement")
    for code in codes:
        expected = {time_entry_id(one.code): one.hours for one in firm.time_entries if one.engagement == code}
        assert {row.ref.id: row.hours for row in found[project_id(code)]} == expected


async def test_hours_of_people_come_whole(source: Source, redmine: Running, firm: Firm) -> None:
    """By the users who worked them, several in one question."""
    people = ["RES-001", "RES-002", "RES-003"]
    found = await ask(source, "time_entries_by_resource", *map(user_id, people), NOBODYS, by="Resource")
    expected = {user_id(code): {one.code for one in firm.time_entries if one.person == code} for code in people}
    assert {id_: {row.code for row in rows} for id_, rows in found.items()} == {**expected, NOBODYS: set()}
    assert len(redmine.traffic.calls()) == -(-sum(map(len, expected.values())) // 100)


async def test_hours_are_listed_by_project_and_days(source: Source, firm: Firm) -> None:
    """Both ends of the window are in it."""
    first, last = date(2026, 3, 2), date(2026, 3, 6)
    days = Days(from_=first, to=last)
    wanted = source.choices(TimeEntryRow).select(
        Wanted({"engagement": [Ref("Engagement", "psa", "1")], "work_date": days})
    )
    places, total = await source.page(TimeEntryRow, None, 200, scope(), wanted)
    expected = {one.code for one in firm.time_entries if one.engagement == "ENG-001" and first <= one.work_date <= last}
    assert {said(place.row, "code")[0] for place in places} == expected
    assert total == len(expected) > 0


async def test_what_is_changed_behind_our_back_is_told(source: Source, redmine: Running, firm: Firm) -> None:
    """An issue that somebody moves on is told by the feed, and no other."""
    feed = Feed(source, TaskRow, SystemClock())
    assert await feed.look(Facade()) == []
    move_on(redmine, "5", 70)
    assert await feed.look(Facade()) == [Ref("Task", "psa", "5")]
    assert (await ask(source, "tasks_by_id", "5"))["5"].progress == Decimal("0.7")
    move_on(redmine, "5", int(firm.tasks[4].progress * 100))


async def test_one_batch_is_cheaper_than_singles(source: Source, redmine: Running) -> None:
    """As many ids in one call as in so many; the ratio is told."""
    ids = [str(number) for number in range(1, SINGLY + 1)]
    await ask(source, "tasks_by_id", *ids)
    redmine.traffic.clear()
    began = time.perf_counter()
    together = await ask(source, "tasks_by_id", *ids)
    between = time.perf_counter()
    singly = [await ask(source, "tasks_by_id", id_) for id_ in ids]
    ended = time.perf_counter()
    assert [one[id_].name for one, id_ in zip(singly, ids, strict=True)] == [together[id_].name for id_ in ids]
    assert len(redmine.traffic.calls()) == 1 + SINGLY
    print(f"FIGURE Redmine: {SINGLY} ids singly cost {(ended - between) / (between - began):.0f} times one batch")  # noqa: T201
