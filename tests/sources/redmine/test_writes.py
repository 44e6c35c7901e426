"""Redmine, which itself would enter the same hours as often as they are sent, is changed once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from schema.engagement import EngagementStatus
from schema.problems import Code
from schema.project import ProjectKind, ProjectPhase
from schema.rows import Ref
from schema.time_entry import ApprovalStatus
from schema.values import Money
from sources.contract import SourceFailure
from sources.psa import writes
from sources.writing import OutcomeUnknownError
from tests.sources.written import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.redmine.bound import Running
    from sources.writes import Write
    from tests.sources.redmine.losing import Road
    from tests.sources.written import Written

pytestmark = pytest.mark.redmine

SETTLED = NOW + timedelta(seconds=31)
US = Ref("LegalEntity", "erp", "nbus")
MANAGER, CONSULTANT, STRANGER = (Ref("Resource", "hr", id_) for id_ in ("6", "17", "48"))
CUSTOMER = Ref("Customer", "crm", "8")
ENGAGEMENT, TASK = Ref("Engagement", "psa", "1"), Ref("Task", "psa", "1")
DAY = date(2026, 4, 8)


def engagement(code: str) -> writes.CreateEngagement:
    """Return a deal that was won."""
    return writes.CreateEngagement(
        code=code, name="Network rollout wave 2", legal_entity=US, currency="USD", planned_start=DAY
    )


def hours(code: str, **details: Any) -> writes.CreateTimeEntry:
    """Return a day's hours on ENG-001."""
    entry: dict[str, Any] = {
        "code": code,
        "engagement": ENGAGEMENT,
        "project": Ref("Project", "psa", "1"),
        "task": TASK,
        "resource": CONSULTANT,
        "role": Ref("Role", "psa", "SENIOR"),
        "work_date": DAY,
        "hours": Decimal("7.33"),
        "billable_hours": Decimal("7.00"),
        "billable": True,
        "note": "design review",
    }
    return writes.CreateTimeEntry(**{**entry, **details})


MADE: dict[str, Callable[[str], Write]] = {"projects": engagement, "time_entries": hours}
EVERY = pytest.mark.parametrize("table", MADE)


def counted(redmine: Running, table: str) -> int:
    """Count the records of a table in Redmine's own database."""
    with closing(sqlite3.connect(redmine.server.database, timeout=10)) as database:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  a table's name of ours
    return int(count)


@EVERY
async def test_a_lost_answer_is_looked_up_and_not_sent_again(
    psa: Written, redmine: Running, lossy: Road, table: str
) -> None:
    """The outcome is unknown until our key finds the record; there is one of it."""
    before, write = counted(redmine, table), MADE[table]("ENG-101")
    lossy.lose("answer")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(write, f"lost-{table}")
    found = await psa.do(write, f"lost-{table}", attempted=NOW)
    assert found.found
    assert (counted(redmine, table) - before, lossy.changes()) == (1, 1)


@EVERY
async def test_what_never_took_effect_is_sent_again(psa: Written, redmine: Running, lossy: Road, table: str) -> None:
    """Not before it is settled that nothing came of it, and then once."""
    before, write = counted(redmine, table), MADE[table]("ENG-102")
    lossy.lose("request")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(write, f"unsent-{table}")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(write, f"unsent-{table}", attempted=NOW)
    assert (counted(redmine, table) - before, lossy.changes()) == (0, 0)
    done = await psa.do(write, f"unsent-{table}", at=SETTLED, attempted=NOW)
    assert not done.found
    assert (counted(redmine, table) - before, lossy.changes()) == (1, 1)


async def test_two_keys_are_two_entries(psa: Written, redmine: Running) -> None:
    """The key alone says what is the same: equal hours under two keys are entered twice."""
    before = counted(redmine, "time_entries")
    first, second = await psa.do(hours("TE-90001"), "key-1"), await psa.do(hours("TE-90001"), "key-2")
    assert first.id != second.id
    assert (await psa.do(hours("TE-90001"), "key-2", attempted=NOW)).id == second.id
    assert counted(redmine, "time_entries") - before == 2


async def test_an_engagement_is_proposed_activated_and_cancelled(psa: Written) -> None:
    """What comes back is what was said; the deal is the project that came of it."""
    done = await psa.do(engagement("ENG-103"))
    made = psa.ref("Engagement", done.id)
    assert done.values == {"opportunity": made.id}
    row = await psa.row("engagements_by_id", made)
    assert (row.code, row.name, row.planned_start, row.planned_end) == ("ENG-103", "Network rollout wave 2", DAY, None)
    assert row.delivery_status is EngagementStatus.PROPOSED
    for change, status in (
        (
            writes.ActivateEngagement(engagement=made, status=EngagementStatus.ACTIVE, erp_reference="ERP-103"),
            EngagementStatus.ACTIVE,
        ),
        (writes.SetEngagementStatus(engagement=made, status=EngagementStatus.ON_HOLD), EngagementStatus.ON_HOLD),
        (writes.CancelEngagement(engagement=made), EngagementStatus.CANCELLED),
    ):
        await psa.do(change)
        assert (await psa.row("engagements_by_id", made)).delivery_status is status


async def test_a_new_engagement_says_for_whom_it_is_and_what_is_planned(
    psa: Written, redmine: Running, lossy: Road
) -> None:
    """Customer, manager, hours and money stand in fields, and are read as they were said."""
    said = {
        "customer": CUSTOMER,
        "manager": MANAGER,
        "planned_hours": Decimal("480.00"),
        "planned_revenue": Money.of(Decimal("480000.00"), "USD"),
        "planned_cost": Money.of(Decimal("212000.00"), "USD"),
    }
    write, before = msgspec.structs.replace(engagement("ENG-106"), **said), counted(redmine, "projects")
    # Its cost is told once it is there: lost after that it is told then.
    lossy.lose("answer")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(write, "costed")
    assert (await psa.do(write, "costed", at=SETTLED, attempted=NOW)).id
    row = await psa.row("engagements_by_id", psa.ref("Engagement", (await psa.do(write, "costed", attempted=NOW)).id))
    assert counted(redmine, "projects") - before == 1
    assert (row.customer.id, row.manager.id) == ("CUS-08", "106")
    assert {name: getattr(row, name) for name in said if name.startswith("planned")} == {
        name: value for name, value in said.items() if name.startswith("planned")
    }
    raised = Money.of(Decimal("500000.00"), "USD")
    await psa.do(writes.SetPlannedRevenue(engagement=row.ref, planned_revenue=raised))
    assert (await psa.row("engagements_by_id", row.ref)).planned_revenue == raised
    foreign = {**said, "planned_cost": Money.of(Decimal("1.00"), "EUR")}
    with pytest.raises(SourceFailure) as refused:
        await psa.do(msgspec.structs.replace(engagement("ENG-107"), **foreign))
    assert refused.value.unsent


def node(engagement: Ref, code: str, kind: ProjectKind, parent: Ref | None = None, **more: Any) -> writes.CreateProject:
    """Return a node of a breakdown."""
    return writes.CreateProject(
        engagement=engagement,
        parent=parent,
        kind=kind,
        code=code,
        name=kind.name.title(),
        delivering_entity=US,
        planned_start=DAY,
        **more,
    )


async def test_a_breakdown_is_made_once(psa: Written, redmine: Running, lossy: Road) -> None:
    """The topmost node is the project itself, those below are subprojects; what is lost of them is looked up."""
    made = psa.ref("Engagement", (await psa.do(engagement("ENG-108"))).id)
    before = counted(redmine, "projects")
    top = node(made, "ENG-108-P", ProjectKind.PROJECT)
    for again in (None, NOW):
        assert (await psa.do(top, "top", attempted=again)).id == made.id
    above = psa.ref("Project", made.id)
    stream = node(made, "ENG-108-W1", ProjectKind.WORKSTREAM, above, region="US-EAST")
    lossy.lose("answer")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(stream, "stream")
    below = psa.ref("Project", (await psa.do(stream, "stream", attempted=NOW)).id)
    phase = psa.ref(
        "Project",
        (await psa.do(node(made, "ENG-108-W1-D", ProjectKind.PHASE, below, phase=ProjectPhase.DESIGN))).id,
    )
    assert counted(redmine, "projects") - before == 2
    await psa.do(writes.SetPhase(project=phase, phase=ProjectPhase.BUILD, planned_end=date(2026, 9, 30)))
    rows = {row.ref: row for row in await psa.row("projects_by_engagement", made)}
    parents = {ref: row.parent and row.parent.id for ref, row in rows.items()}
    assert parents == {above: None, below: above.id, phase: below.id}
    assert {(row.engagement, row.delivering_entity.id) for row in rows.values()} == {(made, "NB-US")}
    assert (rows[below].code, rows[below].kind, rows[below].region) == ("ENG-108-W1", ProjectKind.WORKSTREAM, "US-EAST")
    assert (rows[phase].phase, rows[phase].planned_end) == (ProjectPhase.BUILD, date(2026, 9, 30))
    assert (rows[above].status, rows[below].status) == (EngagementStatus.PROPOSED, None)
    assert await psa.row("engagements_by_id", Ref("Engagement", "psa", below.id)) is None


async def test_hours_are_entered_withdrawn_approved_and_reopened(psa: Written) -> None:
    """Submitted as they are made; each decision says by whom, and ends as it was before it."""
    made = psa.ref("TimeEntry", (await psa.do(hours("TE-90002"))).id)
    row = await psa.row("time_entries_by_id", made)
    assert (row.code, row.work_date, row.hours, row.billable_hours) == ("TE-90002", DAY, Decimal("7.33"), Decimal(7))
    assert (row.resource.id, row.task.id, row.approval_status) == ("117", "1", ApprovalStatus.SUBMITTED)
    before = await psa.state("time_entries_by_id", made)

    await psa.do(writes.ApproveTime(entry=made, approver=MANAGER, billable_hours=Decimal("6.50")))
    row = await psa.row("time_entries_by_id", made)
    assert (row.approval_status, row.approver.id, row.billable_hours) == (
        ApprovalStatus.APPROVED,
        "106",
        Decimal("6.5"),
    )
    await psa.do(writes.FlagTime(entry=made, billed=True))
    assert (await psa.row("time_entries_by_id", made)).marked_billed is True
    await psa.do(writes.FlagTime(entry=made, billed=False))
    await psa.do(writes.ReopenTime(entry=made, billable_hours=Decimal("7.00")))
    assert await psa.state("time_entries_by_id", made) == before

    await psa.do(writes.RejectTime(entry=made, approver=MANAGER, reason="on the wrong task"))
    row = await psa.row("time_entries_by_id", made)
    assert (row.approval_status, row.approver.id) == (ApprovalStatus.REJECTED, "106")
    await psa.do(writes.WithdrawTime(entry=made))
    assert (await psa.row("time_entries_by_id", made)).approval_status is ApprovalStatus.DRAFT
    await psa.do(writes.SubmitTime(entry=made))
    assert await psa.state("time_entries_by_id", made) == before


@pytest.mark.parametrize(
    ("write", "table"),
    [
        pytest.param(engagement("ENG-001"), "projects", id="a code that another engagement has"),
        pytest.param(engagement("Eng-104"), "projects", id="a code that could not be read back"),
        pytest.param(hours("TE-90003", resource=STRANGER), "time_entries", id="somebody who is not in the project"),
        pytest.param(hours("TE-90003", hours=Decimal(-1)), "time_entries", id="no hours"),
    ],
)
async def test_what_is_refused_changes_nothing(psa: Written, redmine: Running, write: Write, table: str) -> None:
    """It is refused at once, and is no unknown outcome."""
    before = counted(redmine, table)
    with pytest.raises(SourceFailure) as refused:
        await psa.do(write)
    assert (refused.value.code, counted(redmine, table)) == (Code.SOURCE_REFUSED, before)
