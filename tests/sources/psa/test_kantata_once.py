"""A record is made once at Kantata, which itself would make it as often as it is sent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from demo import kantata
from schema.assignment import Commitment
from schema.problems import Code
from schema.project import ProjectKind
from schema.rows import Ref
from schema.values import Money
from sources.contract import SourceFailure
from sources.psa import writes
from sources.writing import OutcomeUnknownError
from tests.sources.written import NOW

if TYPE_CHECKING:
    from sources.writes import Write
    from tests.sources.written import Written

US = Ref("LegalEntity", "erp", "nbus")
ENGAGEMENT = Ref("Engagement", "psa", kantata.workspace_id("ENG-003"))
PROJECT = Ref("Project", "psa", kantata.story_id("ENG-003-W1-BUILD"))
TASK = Ref("Task", "psa", kantata.story_id("ENG-003-W1-BUILD-T3"))
PERSON, SENIOR = Ref("Resource", "hr", "6"), Ref("Role", "psa", kantata.role_id("SENIOR"))
CARD = Ref("RateCard", "psa", kantata.rate_card_version_id("RC-BILL-NB-US-V1"))
DAY = date(2026, 4, 8)

MADE: dict[str, Write] = {
    "workspaces": writes.CreateEngagement(
        code="ENG-024", name="Wave 2", legal_entity=US, currency="USD", planned_start=DAY
    ),
    "stories": writes.CreateProject(
        engagement=ENGAGEMENT,
        parent=PROJECT,
        kind=ProjectKind.PHASE,
        code="ENG-003-W1-RUN",
        name="Run",
        delivering_entity=US,
        planned_start=DAY,
    ),
    "workspace_allocations": writes.CreateAssignment(
        code="ASG-058",
        engagement=ENGAGEMENT,
        project=PROJECT,
        resource=PERSON,
        role=SENIOR,
        start=DAY,
        end=DAY,
        commitment=Commitment.TENTATIVE,
        total_hours=Decimal("8.00"),
        billable=False,
    ),
    "time_entries": writes.CreateTimeEntry(
        code="TE-03496",
        engagement=ENGAGEMENT,
        project=PROJECT,
        task=TASK,
        resource=PERSON,
        role=SENIOR,
        work_date=DAY,
        hours=Decimal("8.00"),
        billable_hours=Decimal("0.00"),
        billable=False,
    ),
    "rate_card_versions": writes.DraftRateCard(
        card=CARD,
        version=2,
        rates=(writes.NewRate(card_role=SENIOR, amount=Money.of(Decimal("240.00"), "USD"), start=DAY),),
    ),
}
EVERY = pytest.mark.parametrize("table", MADE)
SETTLED = NOW + timedelta(seconds=6)


def made(psa: Written, table: str) -> list[str]:
    """Return the ids of the records that came to be in a table."""
    return [line["id"] for line in psa.effects() if line["table"] == table]


@EVERY
async def test_a_lost_answer_is_looked_up_and_not_sent_again(psa: Written, table: str) -> None:
    """The outcome is unknown until our key finds the record; there is one of it."""
    psa.fault("POST", "lose_answer")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(MADE[table], "key-1")
    found = await psa.do(MADE[table], "key-1", attempted=NOW)
    assert found.found
    assert made(psa, table)[:1] == [found.id]
    assert psa.calls("POST") == 1


@EVERY
async def test_what_never_took_effect_is_sent_again(psa: Written, table: str) -> None:
    """Not before it is settled that nothing came of it, and then once."""
    psa.fault("POST", "fail_before", status=503)
    with pytest.raises(OutcomeUnknownError):
        await psa.do(MADE[table], "key-1")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(MADE[table], "key-1", attempted=NOW)
    assert (psa.calls("POST"), psa.effects()) == (1, [])
    done = await psa.do(MADE[table], "key-1", at=SETTLED, attempted=NOW)
    assert not done.found
    assert psa.calls("POST") == 2
    assert made(psa, table)[:1] == [done.id]


async def test_what_cannot_be_looked_up_is_not_known(psa: Written) -> None:
    """That the question was refused says nothing of the record, which is found once it is answered."""
    psa.fault("POST", "lose_answer")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(MADE["workspaces"], "key-1")
    psa.fault("GET", "refuse")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(MADE["workspaces"], "key-1", at=SETTLED, attempted=NOW)
    found = await psa.do(MADE["workspaces"], "key-1", at=SETTLED, attempted=NOW)
    assert (found.id, made(psa, "workspaces"), psa.calls("POST")) == ("4200024", ["4200024"], 1)


async def test_a_failure_after_the_effect_is_an_unknown_outcome(psa: Written) -> None:
    """An error's status does not say that nothing was done."""
    psa.fault("POST", "fail_after")
    with pytest.raises(OutcomeUnknownError):
        await psa.do(MADE["workspaces"], "key-1")
    found = await psa.do(MADE["workspaces"], "key-1", attempted=NOW)
    assert (found.id, made(psa, "workspaces")) == ("4200024", ["4200024"])


async def test_a_refusal_is_no_unknown_outcome(psa: Written) -> None:
    """What the product refuses was not done, and says so at once."""
    psa.fault("POST", "refuse")
    with pytest.raises(SourceFailure) as refused:
        await psa.do(MADE["workspaces"], "key-1")
    assert refused.value.code is Code.SOURCE_REFUSED
    assert psa.effects() == []


async def test_two_keys_are_two_records(psa: Written) -> None:
    """The key alone says what is the same: equal contents under two keys are two engagements."""
    first, second = await psa.do(MADE["workspaces"], "key-1"), await psa.do(MADE["workspaces"], "key-2")
    assert (first.id, second.id) == ("4200024", "4200025")
    assert (await psa.do(MADE["workspaces"], "key-2", attempted=NOW)).id == second.id
