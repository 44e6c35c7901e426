"""changeBillingTerms, judged over the firm's systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from strawberry import ID

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.amending import ChangeBillingTerms, DueAmount, TermsChange, UnbilledTime
from commands.change_billing_terms import change_billing_terms
from commands.money import Amount
from commands.plan import Kind, Step
from schema.billing_event import BillingEventStatus
from schema.contract import BillingModel
from schema.problems import Code
from schema.rows import Ref
from schema.values import Money
from sources.writes import Later
from tests.commands.conftest import codes, stopped, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

MAY = date(2026, 5, 1)


def line(engagement: str) -> Ref:
    """Return the one line of an engagement's contract."""
    return Ref("ContractLine", "erp", f"PC-000{engagement[-3:]}-1")


def amount(value: str, currency: str = "USD") -> Amount:
    """Return an amount as somebody says it."""
    return Amount(amount=Decimal(value), currency=currency)


def changing(ref: Refs, engagement: str, change: TermsChange, **more: Any) -> ChangeBillingTerms:
    """Return the input that changes an engagement's terms from May on."""
    said: dict[str, Any] = {
        "engagement_id": ID(ref("Engagement", engagement).encode()),
        "line_id": ID(line(engagement).encode()),
        "effective_date": MAY,
        "amendment_ref": "CO-7",
        **more,
    }
    return ChangeBillingTerms(change=change, **said)


@pytest.fixture(scope="module")
def drafted(firm: Firm) -> Firm:
    """The firm with March of ENG-001 on a draft."""
    events = tuple(replace(one, status="ON_DRAFT") if one.code == "BE-2603-001" else one for one in firm.billing_events)
    return replace(firm, billing_events=events)


async def test_more_is_agreed(asking: Asks, ref: Refs) -> None:
    """The change order is drafted and comes into force; delivery's copy and the plan of revenue follow."""
    change = TermsChange(amount=amount("520000.00", "GBP"))
    said = changing(ref, "ENG-001", change, signed_date=date(2026, 4, 8))
    judged = await change_billing_terms(await asking("contract-manager"), said)
    mine, contract, engagement = line("ENG-001"), Ref("Contract", "erp", "PC-000001"), ref("Engagement", "ENG-001")
    assert judged.plan.branches == ()
    assert judged.plan.first == (
        Step(
            name="erp.amendment",
            kind=Kind.COMPENSATABLE,
            binding="erp",
            write=erp.DraftAmendment(
                contract=contract,
                line=mine,
                reference="CO-7",
                effective_date=MAY,
                amount=Money.of(Decimal(520_000), "GBP"),
                change=Money.of(Decimal(40_000), "GBP"),
            ),
            undo=erp.DeleteAmendment(amendment=Later("erp.amendment")),
        ),
        Step(
            name="erp.active",
            kind=Kind.PIVOT,
            binding="erp",
            write=erp.ActivateAmendment(amendment=Later("erp.amendment"), signed_date=date(2026, 4, 8)),
        ),
        Step(
            name="psa.revenue",
            kind=Kind.RETRIABLE,
            binding="psa",
            write=psa.SetPlannedRevenue(engagement=engagement, planned_revenue=Money.of(Decimal(520_000), "GBP")),
        ),
        Step(
            name="erp.revenue",
            kind=Kind.RETRIABLE,
            binding="erp",
            write=erp.ReplanRevenue(line=mine),
        ),
    )
    assert (judged.entity, judged.facts) == ("NB-UK", {"change": Decimal(40_000) / Decimal(480_000)})
    assert judged.subjects == (engagement, contract, mine)
    assert [row.ref for row in judged.scope] == [engagement]
    assert [(claim.kind, claim.key) for claim in judged.claims] == [("contract_line", mine.encode())]
    assert judged.findings == ()


async def test_less_is_a_change_as_well(asking: Asks, ref: Refs) -> None:
    """A tenth less is a tenth, and what it takes from the contract has a minus."""
    change = TermsChange(amount=amount("432000.00", "GBP"))
    judged = await change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-001", change))
    assert judged.facts == {"change": Decimal("0.1")}
    assert written(judged, "erp.active", erp.ActivateAmendment).signed_date == MAY
    assert written(judged, "erp.amendment", erp.DraftAmendment).change == Money.of(Decimal(-48_000), "GBP")


async def test_a_higher_cap(asking: Asks, ref: Refs) -> None:
    """The contract's value stays, and delivery has nothing to copy."""
    change = TermsChange(cap=amount("130000.00"))
    judged = await change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-003", change))
    assert written(judged, "erp.amendment", erp.DraftAmendment).cap == Money.of(Decimal(130_000), "USD")
    assert [step.name for step in judged.plan.first] == ["erp.amendment", "erp.active", "erp.revenue"]
    assert judged.facts == {"change": Decimal(0)}


async def test_a_cap_below_what_is_used(asking: Asks, ref: Refs, firm: Firm) -> None:
    """What is invoiced and ready already cannot be capped away."""
    used = sum(one.amount for one in firm.billing_events if one.engagement == "ENG-003")
    change = TermsChange(cap=amount(str(used - Decimal("0.01"))))
    (found,) = await stopped(change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-003", change)))
    assert found.code is Code.CAP_EXCEEDED
    assert found.message == f"{used} USD are used already, which is more than the cap"
    exact = TermsChange(cap=amount(str(used)))
    judged = await change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-003", exact))
    assert judged.findings == ()


async def test_a_new_schedule(asking: Asks, ref: Refs) -> None:
    """A fixed fee that grows says when, and the parts come to the whole."""
    due = [
        DueAmount(
            due_date=date(2026, month, 28),
            amount=amount("50000.00", "GBP"),
            milestone_id=ID(ref("Milestone", f"ENG-019-M{place}").encode()),
        )
        for place, month in ((1, 6), (2, 8))
    ]
    change = TermsChange(amount=amount("100000.00", "GBP"), schedule=due)
    judged = await change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-019", change))
    assert written(judged, "erp.amendment", erp.DraftAmendment).schedule == tuple(
        erp.Due(
            due_date=date(2026, month, 28),
            amount=Money.of(Decimal(50_000), "GBP"),
            milestone=ref("Milestone", f"ENG-019-M{place}"),
        )
        for place, month in ((1, 6), (2, 8))
    )


@pytest.mark.parametrize(
    "change",
    [
        TermsChange(amount=amount("100000.00", "GBP")),
        TermsChange(schedule=[DueAmount(due_date=MAY, amount=amount("94999.99", "GBP"))]),
        TermsChange(
            amount=amount("100000.00", "GBP"), schedule=[DueAmount(due_date=MAY, amount=amount("95000.00", "GBP"))]
        ),
    ],
)
async def test_a_schedule_that_does_not_add_up(asking: Asks, ref: Refs, change: TermsChange) -> None:
    """To the cent, whether the amount changes, the schedule, or both."""
    found = await stopped(change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-019", change)))
    assert codes(found) == [Code.SCHEDULE_SUM_MISMATCH]


async def test_an_event_on_a_draft(asking: Asks, ref: Refs, drafted: Firm) -> None:
    """The terms of what is about to be invoiced do not change meanwhile."""
    change = TermsChange(amount=amount("520000.00", "GBP"))
    ask = await asking("contract-manager", drafted)
    (found,) = await stopped(change_billing_terms(ask, changing(ref, "ENG-001", change)))
    assert (found.code, found.message) == (
        Code.EVENT_ON_DRAFT,
        "BE-2603-001 of this line stands on a draft invoice",
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [(TermsChange(amount=amount("1.00", "EUR")), "amount"), (TermsChange(cap=amount("1.00", "EUR")), "cap")],
)
async def test_the_currency_never_changes(asking: Asks, ref: Refs, change: TermsChange, field: str) -> None:
    """Another currency is another contract."""
    (found,) = await stopped(change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-001", change)))
    assert (found.code, found.path) == (Code.CURRENCY_MISMATCH, ("input", "change", field))


async def test_another_rate_card(asking: Asks, ref: Refs) -> None:
    """It must be a bill card in the contract's currency; time that is not billed yet stays as it is, with a warning."""
    own = ref("RateCard", "RC-BILL-NB-UK-V2")
    change = TermsChange(rate_card_id=ID(own.encode()))
    said = changing(ref, "ENG-001", change, effective_date=date(2026, 3, 16))
    judged = await change_billing_terms(await asking("contract-manager"), said)
    assert written(judged, "erp.amendment", erp.DraftAmendment).rate_card == own
    assert [(one.code, one.message) for one in judged.findings] == [
        (Code.RATE_CHANGE_AFFECTS_UNBILLED, "the time of BE-2603-001 is not billed yet, and stays priced as it is")
    ]
    foreign = TermsChange(rate_card_id=ID(ref("RateCard", "RC-BILL-NB-US-V1").encode()))
    found = await stopped(change_billing_terms(await asking("contract-manager"), changing(ref, "ENG-001", foreign)))
    assert codes(found) == [Code.CURRENCY_MISMATCH]


@pytest.mark.parametrize(
    ("treatment", "names"),
    [
        (UnbilledTime.BILL, []),
        (UnbilledTime.ABSORB, ["erp.events"]),
        (UnbilledTime.WRITE_OFF, ["erp.events"]),
    ],
)
async def test_from_hours_to_a_fee(asking: Asks, ref: Refs, treatment: UnbilledTime, names: list[str]) -> None:
    """Time that is not billed yet is billed all the same, or is cancelled: the fee covers it, or nobody pays."""
    change = TermsChange(
        model=BillingModel.FIXED_FEE_MILESTONE,
        schedule=[DueAmount(due_date=date(2026, 9, 30), amount=amount("480000.00", "GBP"))],
    )
    said = changing(ref, "ENG-001", change, unbilled_time=treatment)
    judged = await change_billing_terms(await asking("contract-manager"), said)
    found = [step for step in judged.plan.first if step.name == "erp.events"]
    assert [step.name for step in found] == names
    event = Ref("BillingEvent", "erp", "BE-2603-001")
    released = erp.ReleaseEvents(events=(event,), status=BillingEventStatus.CANCELLED)
    assert [step.write for step in found] == [released] * len(names)
    assert written(judged, "erp.amendment", erp.DraftAmendment).model is BillingModel.FIXED_FEE_MILESTONE


async def test_from_hours_to_a_fee_without_a_word_on_the_time(asking: Asks, ref: Refs) -> None:
    """Somebody has to say what becomes of it."""
    said = changing(ref, "ENG-001", TermsChange(model=BillingModel.RETAINER))
    (found,) = await stopped(change_billing_terms(await asking("contract-manager"), said))
    assert (found.code, found.path) == (Code.BAD_INPUT, ("input", "unbilledTime"))


async def test_a_capped_line_needs_a_cap(asking: Asks, ref: Refs) -> None:
    """Capped without one is no terms."""
    said = changing(ref, "ENG-001", TermsChange(model=BillingModel.TIME_AND_MATERIALS_CAPPED))
    found = await stopped(change_billing_terms(await asking("contract-manager"), said))
    assert codes(found) == [Code.MASTER_DATA_MISSING]


async def test_a_day_outside_the_contract(asking: Asks, ref: Refs) -> None:
    """It is unusual, and still done."""
    change = TermsChange(amount=amount("520000.00", "GBP"))
    said = changing(ref, "ENG-001", change, effective_date=date(2027, 1, 1))
    judged = await change_billing_terms(await asking("contract-manager"), said)
    assert [(one.code, one.path) for one in judged.findings] == [(Code.OUTSIDE_CONTRACT, ("input", "effectiveDate"))]
    assert len(judged.plan.first) == 4


async def test_what_is_wrong_in_the_input(asking: Asks, ref: Refs) -> None:
    """No change, another contract's line, internal work, a fraction of a penny, and another version."""
    ask, more = await asking("contract-manager"), TermsChange(amount=amount("520000.00", "GBP"))
    other = ID(line("ENG-003").encode())
    asked = [
        changing(ref, "ENG-001", TermsChange()),
        changing(ref, "ENG-001", more, line_id=other),
        changing(ref, "ENG-021", more, line_id=other),
        changing(ref, "ENG-001", TermsChange(amount=amount("1.001", "GBP"))),
        changing(ref, "ENG-001", more, expected_version="1999"),
    ]
    found = [codes(await stopped(change_billing_terms(ask, said))) for said in asked]
    assert found == [[Code.BAD_INPUT], [Code.NOT_FOUND], [Code.NOT_FOUND], [Code.BAD_INPUT], [Code.STALE_VERSION]]
