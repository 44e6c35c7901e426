"""Writes corrected by path; what was changed is told, so that whoever may not do that can be kept from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec import structs

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.machinery.correcting import CorrectionError, Edit, corrected
from schema.billing_event import BillingEventStatus
from schema.contract import BillingModel
from schema.restriction import Restriction
from schema.rows import Ref
from schema.values import Money
from sources.writes import Later

ENTITY, EVENT = Ref("LegalEntity", "erp", "nbuk"), Ref("BillingEvent", "erp", "BE-1")
ENGAGEMENT = psa.CreateEngagement(
    code=Later("code", "code"), name="One", legal_entity=ENTITY, currency="GBP", planned_start=date(2026, 4, 1)
)
DUE = erp.Due(due_date=date(2026, 5, 1), amount=Money.of(Decimal(10), "GBP"))
PROJECT = erp.CreateProject(
    engagement=Later("psa.engagement"),
    code="ENG-001",
    name="One",
    legal_entity=ENTITY,
    currency="GBP",
    start=date(2026, 4, 1),
    lines=(erp.Line(description="All", model=BillingModel.FIXED_FEE_MILESTONE, schedule=(DUE,)),),
)


def test_each_value_becomes_what_its_field_is() -> None:
    """A text, a day, a number, a record and what was to come; what is not named stays."""
    other = Ref("LegalEntity", "erp", "nbus")
    made = corrected(
        ENGAGEMENT,
        [
            Edit("code", "ENG-099"),
            Edit("plannedEnd", "2026-12-31"),
            Edit("plannedHours", "120.5"),
            Edit("legalEntity", other.encode()),
        ],
    )
    assert made.write == psa.CreateEngagement(
        code="ENG-099",
        name="One",
        legal_entity=other,
        currency="GBP",
        planned_start=date(2026, 4, 1),
        planned_end=date(2026, 12, 31),
        planned_hours=Decimal("120.5"),
    )
    # Hours are billed.
    assert (made.amount, made.kinds) == (True, frozenset())


def test_what_was_null_begins_with_its_parts() -> None:
    """An amount without its currency is none; a planned cost is of the kind that tells the margin."""
    whole = [Edit("plannedCost.amount", "1.5"), Edit("plannedCost.currency", "GBP")]
    made = corrected(ENGAGEMENT, whole)
    assert isinstance(made.write, psa.CreateEngagement)
    assert made.write.planned_cost == Money(amount=Decimal("1.5"), currency="GBP")  # type: ignore[arg-type]
    assert (made.amount, made.kinds) == (True, frozenset({Restriction.MARGIN}))
    with pytest.raises(CorrectionError, match="not whole"):
        corrected(ENGAGEMENT, whole[:1])


def test_parts_of_lists_are_named_by_their_place() -> None:
    """As they are shown: `lines.0.schedule.0.amount.amount`."""
    made = corrected(PROJECT, [Edit("lines.0.schedule.0.amount.amount", "12.00"), Edit("lines.0.model", "RETAINER")])
    assert isinstance(made.write, erp.CreateProject)
    (line,) = made.write.lines
    assert (line.model, line.schedule[0].amount) == (BillingModel.RETAINER, Money.of(Decimal(12), "GBP"))
    assert made.amount
    with pytest.raises(CorrectionError, match="no such value"):
        corrected(PROJECT, [Edit("lines.1.model", "RETAINER")])


@pytest.mark.parametrize("path", ["engagement", "customer", "legalEntity"])
def test_a_record_is_one_of_the_type_that_it_was(path: str) -> None:
    """What comes of an earlier step, and what was not there, has no type that could be kept."""
    with pytest.raises(CorrectionError, match="same type"):
        corrected(PROJECT, [Edit(path, Ref("Customer", "crm", "1").encode())])


def test_what_is_no_money_says_so() -> None:
    """A status or a name asks nobody for an approval by itself."""
    write = erp.ReleaseEvents(events=(EVENT,))
    made = corrected(write, [Edit("status", "CANCELLED"), Edit("events.0", structs.replace(EVENT, id="BE-2").encode())])
    assert made.write == erp.ReleaseEvents(
        events=(structs.replace(EVENT, id="BE-2"),), status=BillingEventStatus.CANCELLED
    )
    assert not made.amount
