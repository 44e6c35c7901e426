"""approveTimeEntries, judged over the firm's systems: what each entry becomes, and what keeps one from going on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from strawberry import ID

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.approve_time_entries import ApproveTimeEntries, BillableHours, Timesheet, approve_time_entries
from commands.items import Verdict
from commands.plan import Gate, Kind, Step
from schema.billing_event import BillingEventKind
from schema.problems import Code
from schema.rows import Ref
from schema.values import Money
from tests.commands.conftest import codes, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands.command import Judgement
    from demo.firm.model import Firm
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

APRIL = date(2026, 4, 1), date(2026, 4, 30)
MONDAY = date(2026, 4, 6)
# Of ENG-001 in February, and of ENG-010 on 2 March.
INVOICED, POSTED = "TE-01080", "TE-02103"
CAPS = {"ENG-003": Decimal(115_000), "ENG-010": Decimal(1_000)}
# On Monday 6 April, under the fee of ENG-006, and internal.
UNDER_A_FEE, INTERNAL = "TE-03424", "TE-03418"


def ids(ref: Refs, *entries: str) -> list[ID]:
    """Return the ids of time entries."""
    return [ID(ref("TimeEntry", code).encode()) for code in entries]


def approving(ref: Refs, *entries: str, **more: Any) -> ApproveTimeEntries:
    """Return the input that approves entries."""
    return ApproveTimeEntries(action=Verdict.APPROVE, entry_ids=ids(ref, *entries), **more)


def resubmitted(firm: Firm, *entries: str, **more: Any) -> Firm:
    """Return the firm with entries that wait for approval, and nothing of them in the ledger or in an event."""
    waiting = {
        "approval_status": "SUBMITTED",
        "approved_at": None,
        "approver": None,
        "posting_status": "NOT_POSTED",
        "accounting_date": None,
        "fiscal_period": None,
        "billing_event": None,
        **more,
    }
    return replace(
        firm,
        time_entries=tuple(replace(one, **waiting) if one.code in entries else one for one in firm.time_entries),
    )


def marked(firm: Firm, engagement: str, **said: Any) -> Firm:
    """Return the firm with something else said of an engagement."""
    return replace(
        firm, engagements=tuple(replace(one, **said) if one.code == engagement else one for one in firm.engagements)
    )


def closing(firm: Firm, entity: str) -> list[str]:
    """Return the approved time of an entity of the last days of March."""
    return [
        one.code
        for one in firm.time_entries
        if (one.entity, one.source_state) == (entity, "APPROVED") and one.work_date < APRIL[0]
    ]


@pytest.fixture(scope="module")
def odd(firm: Firm) -> Firm:
    """The firm with time that waits again for approval, a cap that blocks, a small plan, and shut projects."""
    found = resubmitted(firm, *closing(firm, "NB-UK"), *closing(firm, "NB-JP"), INVOICED, invoice_line=None)
    found = resubmitted(found, POSTED, posting_status="POSTED", accounting_date=date(2026, 3, 2))
    found = marked(found, "ENG-006", planned_hours=Decimal("100.00"))
    found = marked(marked(found, "ENG-008", erp_status="CLOSED"), "ENG-017", erp_status="BLOCKED")
    behaving: dict[str, Any] = {"ENG-003": "BLOCK", "ENG-010": "WARN"}
    contracts = tuple(
        replace(one, lines=(replace(one.lines[0], cap=CAPS[one.engagement], cap_behavior=behaving[one.engagement]),))
        if one.engagement in behaving
        else one
        for one in found.contracts
    )
    first, last = (next(one for one in firm.time_entries if one.code == code) for code in ("TE-03421", "TE-03495"))
    again = replace(first, code=last.code, hours=Decimal("2.00"), billable_hours=Decimal("1.00"))
    return replace(
        found,
        contracts=contracts,
        time_entries=(*found.time_entries[:-1], again),
    )


@pytest.fixture(scope="module")
def shut(firm: Firm) -> Firm:
    """The firm with every period closed to time, no price in NB-US since 6 April, and systems that contradict it."""
    closed: Any = {"TIME": "CLOSED", "AR": "OPEN", "GL": "OPEN", "REVENUE": "OPEN"}
    cards = tuple(
        replace(card, rates=tuple(replace(rate, end=date(2026, 4, 5)) for rate in card.rates))
        if card.code == "RC-BILL-NB-US-V1"
        else card
        for card in firm.rate_cards
    )
    nodes = tuple(replace(one, delivering_entity="NB-DE") if one.code == "ENG-007-P" else one for one in firm.projects)
    return replace(
        marked(firm, "ENG-010", currency="EUR"),
        projects=nodes,
        rate_cards=cards,
        fiscal_periods=tuple(replace(one, modules=closed) for one in firm.fiscal_periods),
    )


def dollars(amount: str) -> Money:
    """Return so many dollars."""
    return Money.of(Decimal(amount), "USD")


def steps(judged: Judgement, place: int = 0) -> dict[str, Step]:
    """Return an entry's steps by their names."""
    return {step.name: step for step in judged.plan.branches[place].steps}


async def test_an_hour_by_the_hour(asking: Asks, ref: Refs) -> None:
    """It is approved, posted, billed and planned, in this order; only the first step can be undone."""
    ask = await asking("time-approver")
    judged = await approve_time_entries(ask, approving(ref, "TE-03417"))
    entry, engagement = ref("TimeEntry", "TE-03417"), ref("Engagement", "ENG-003")
    person, role, books = ref("Resource", "RES-001", "psa"), ref("Role", "ANALYST"), ref("LegalEntity", "NB-US")
    assert judged.plan.first == ()
    (branch,) = judged.plan.branches
    assert branch.item == entry.encode()
    assert branch.steps == (
        Step(
            name="psa.entry",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.ApproveTime(entry=entry, approver=ref("Resource", "RES-006")),
            undo=psa.ReopenTime(entry=entry),
        ),
        Step(
            name="erp.posting",
            kind=Kind.PIVOT,
            binding="erp",
            gate=Gate("TIME", books, MONDAY),
            write=erp.PostTime(
                entry=entry,
                code="TE-03417",
                engagement=engagement,
                legal_entity=books,
                resource=person,
                work_date=MONDAY,
                accounting_date=MONDAY,
                hours=Decimal("7.50"),
                billable_hours=Decimal("7.50"),
                billable=True,
                bill_rate=dollars("140.00"),
                cost_rate=dollars("62.00"),
            ),
            canonical=entry,
        ),
        Step(
            name="erp.event",
            kind=Kind.RETRIABLE,
            binding="erp",
            write=erp.AddToBillingEvent(
                event="BE-2604-003",
                engagement=engagement,
                contract_line=Ref("ContractLine", "erp", "PC-000003-1"),
                kind=BillingEventKind.TIME,
                start=APRIL[0],
                end=APRIL[1],
                entry=entry,
                code="TE-03417",
                hours=Decimal("7.50"),
                amount=dollars("1050.00"),
            ),
        ),
        Step(
            name="forecast.actual",
            kind=Kind.RETRIABLE,
            binding="forecast",
            optional=Code.FORECAST_REJECTED,
            write=forecast.RecordActual(
                engagement=engagement,
                resource=person,
                role=role,
                work_date=MONDAY,
                hours=Decimal("7.50"),
                billable=True,
            ),
        ),
    )
    assert judged.facts == {"override": Decimal(0)}
    assert judged.parties == {"worker": frozenset({ref("Resource", "RES-001").encode()})}
    assert [row.ref for row in judged.scope] == [engagement]
    assert judged.subjects == (entry, engagement)
    assert [claim.key for claim in judged.claims] == [entry.encode()]
    assert [(one.code, one.message) for one in judged.findings] == [
        (Code.CAP_NEAR, "114170.00 of 115000.00 USD of the contract line's cap are used")
    ]


async def test_the_cap_splits_the_entry_that_crosses_it(asking: Asks, ref: Refs) -> None:
    """TE-03417 reaches 114 170.00 of 115 000.00; of TE-03426, 8 h at 140, 830.00 are billed and 290.00 are held."""
    ask = await asking("time-approver")
    judged = await approve_time_entries(ask, approving(ref, "TE-03426", "TE-03417"))
    assert [branch.item for branch in judged.plan.branches] == ids(ref, "TE-03417", "TE-03426")
    whole, split = steps(judged), steps(judged, 1)
    assert "erp.held" not in whole
    parts = [split[name].write for name in ("erp.event", "erp.held")]
    assert [(part.event, part.held, part.hours, part.amount) for part in parts] == [  # type: ignore[attr-defined]
        ("BE-2604-003", False, Decimal("5.93"), dollars("830.00")),
        ("BE-2604-003-OVER", True, Decimal("2.07"), dollars("290.00")),
    ]
    assert codes(judged.findings) == [Code.CAP_NEAR]


async def test_a_cap_that_blocks_refuses_the_entry_alone(asking: Asks, ref: Refs, odd: Firm) -> None:
    """What fits goes on; what does not keeps its own state, and none of the cap."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, "TE-03417", "TE-03426"))
    assert [branch.item for branch in judged.plan.branches] == ids(ref, "TE-03417")
    refused, near = judged.findings
    assert (refused.code, refused.item) == (Code.CAP_EXCEEDED, ids(ref, "TE-03426")[0])
    assert refused.message == "the hours come to 1120.00 USD, which is 290.00 over the contract line's cap"
    assert near.message == "114170.00 of 115000.00 USD of the contract line's cap are used"


async def test_a_cap_that_only_warns(asking: Asks, ref: Refs, odd: Firm) -> None:
    """Everything is billed, and somebody talks to the customer."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, "TE-03421"))
    added = steps(judged)["erp.event"].write
    assert isinstance(added, erp.AddToBillingEvent)
    (whole,) = [one.amount for one in odd.time_entries if one.code == "TE-03421"]
    assert (added.amount.amount, "erp.held" in steps(judged)) == (whole, False)
    assert codes(judged.findings) == [Code.CAP_NEAR]


@pytest.mark.parametrize(("entity", "moved"), [("NB-UK", 33), ("NB-JP", 16)])
async def test_time_of_a_closed_period_moves_to_the_next(
    asking: Asks, ref: Refs, odd: Firm, entity: str, moved: int
) -> None:
    """The work of 30 and 31 March is posted on 1 April where March is closed to time; the day of the work stays."""
    mine = closing(odd, entity)
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, *mine))
    postings = [branch.steps[1] for branch in judged.plan.branches]
    assert Counter(step.write.accounting_date for step in postings) == {APRIL[0]: moved}  # type: ignore[attr-defined]
    assert {step.write.work_date for step in postings} == {date(2026, 3, 30), date(2026, 3, 31)}  # type: ignore[attr-defined]
    assert {step.gate for step in postings} == {Gate("TIME", ref("LegalEntity", entity), APRIL[0])}
    backdated = [one for one in judged.findings if one.code is Code.BACKDATED_ENTRY]
    assert sorted(one.item for one in backdated) == sorted(ids(ref, *mine))
    assert {one.message for one in backdated} == {
        f"the period of 2026-03-{day} is closed: it is posted on 2026-04-01" for day in (30, 31)
    }


async def test_time_waits_for_its_own_period_where_none_is_open(asking: Asks, ref: Refs, shut: Firm) -> None:
    """With every period closed the gate stands at the day of the work, and nothing is moved."""
    judged = await approve_time_entries(await asking("time-approver", shut), approving(ref, UNDER_A_FEE))
    assert steps(judged)["erp.posting"].gate == Gate("TIME", ref("LegalEntity", "NB-US"), MONDAY)
    assert judged.findings == ()


async def test_time_under_a_fee_is_posted_and_not_billed(asking: Asks, ref: Refs) -> None:
    """Hours do not make a fixed fee due: they are a cost, and count as billable work in the plan alone."""
    judged = await approve_time_entries(await asking("time-approver"), approving(ref, UNDER_A_FEE))
    assert list(steps(judged)) == ["psa.entry", "erp.posting", "forecast.actual"]
    posted, worked = steps(judged)["erp.posting"].write, steps(judged)["forecast.actual"].write
    assert isinstance(posted, erp.PostTime)
    assert isinstance(worked, forecast.RecordActual)
    assert (posted.billable, posted.billable_hours, worked.billable) == (False, posted.hours, True)


async def test_more_work_than_a_fee_was_planned_for(asking: Asks, ref: Refs, odd: Firm) -> None:
    """It is approved, and somebody is told."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, UNDER_A_FEE))
    worked = sum(
        one.hours
        for one in odd.time_entries
        if one.engagement == "ENG-006" and (one.approval_status == "APPROVED" or one.code == UNDER_A_FEE)
    )
    assert [(one.code, one.message) for one in judged.findings] == [
        (Code.OVERSERVICED_FIXED_FEE, f"{worked} h are worked under a fee for which 100.00 h are planned")
    ]
    assert len(judged.plan.branches) == 1


async def test_internal_time_is_posted_alone(asking: Asks, ref: Refs) -> None:
    """It has no contract, and nobody is billed."""
    judged = await approve_time_entries(await asking("time-approver"), approving(ref, INTERNAL))
    assert list(steps(judged)) == ["psa.entry", "erp.posting", "forecast.actual"]
    posted = steps(judged)["erp.posting"].write
    assert isinstance(posted, erp.PostTime)
    assert (posted.billable, posted.billable_hours) == (False, Decimal("0.00"))


async def test_time_of_a_lent_person_is_posted_where_he_is_employed(asking: Asks, ref: Refs, odd: Firm) -> None:
    """RES-023 of NB-UK works for NB-US: his cost is in pounds and in NB-UK's books, his price in dollars."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, "TE-03253"))
    posted = steps(judged)["erp.posting"].write
    assert isinstance(posted, erp.PostTime)
    assert (posted.legal_entity, posted.accounting_date) == (ref("LegalEntity", "NB-UK"), APRIL[0])
    assert posted.bill_rate is not None
    assert posted.cost_rate is not None
    assert (posted.bill_rate.currency, posted.cost_rate.currency) == ("USD", "GBP")


async def test_late_time_goes_to_its_own_months_event(asking: Asks, ref: Refs) -> None:
    """An hour of 31 March is added to March's event, which takes more."""
    judged = await approve_time_entries(await asking("engagement-manager"), approving(ref, "TE-03232"))
    added = steps(judged)["erp.event"].write
    assert isinstance(added, erp.AddToBillingEvent)
    assert (added.event, added.start, added.end) == ("BE-2603-007", date(2026, 3, 1), date(2026, 3, 31))


async def test_late_time_of_a_month_that_is_invoiced_makes_another_event(asking: Asks, ref: Refs, odd: Firm) -> None:
    """February's event of ENG-001 stands on an invoice: what comes after it is billed by a second one."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, INVOICED))
    added = steps(judged)["erp.event"].write
    assert isinstance(added, erp.AddToBillingEvent)
    assert (added.event, added.start, added.end) == ("BE-2602-001-2", date(2026, 2, 1), date(2026, 2, 28))


async def test_the_plan_is_told_the_whole_day(asking: Asks, ref: Refs, odd: Firm) -> None:
    """Two entries of one person for one engagement and day: both say what the two come to."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, "TE-03421", "TE-03495"))
    told = [branch.steps[-1].write for branch in judged.plan.branches]
    (whole,) = [one.hours for one in odd.time_entries if one.code == "TE-03421"]
    assert [write.hours for write in told] == [whole + 2, whole + 2]  # type: ignore[attr-defined]


async def test_fewer_billable_hours_than_were_entered(asking: Asks, ref: Refs) -> None:
    """The greatest part that is moved is a fact; what was entered comes back if the approval is undone."""
    overrides = [
        BillableHours(entry_id=one, billable_hours=Decimal(hours))
        for one, hours in zip(ids(ref, "TE-03417", "TE-03426"), ("6.00", "8.00"), strict=True)
    ]
    said = approving(ref, "TE-03417", "TE-03426", billable_hours_overrides=overrides)
    judged = await approve_time_entries(await asking("time-approver"), said)
    assert judged.facts == {"override": Decimal("0.2")}
    step = steps(judged)["psa.entry"]
    entry, person = ref("TimeEntry", "TE-03417"), ref("Resource", "RES-006")
    assert step.write == psa.ApproveTime(entry=entry, approver=person, billable_hours=Decimal("6.00"))
    assert step.undo == psa.ReopenTime(entry=entry, billable_hours=Decimal("7.50"))
    posted, added = steps(judged)["erp.posting"].write, steps(judged)["erp.event"].write
    assert isinstance(posted, erp.PostTime)
    assert isinstance(added, erp.AddToBillingEvent)
    assert (posted.hours, posted.billable_hours) == (Decimal("7.50"), Decimal("6.00"))
    assert (added.hours, added.amount) == (Decimal("6.00"), dollars("840.00"))


@pytest.mark.parametrize("hours", ["-0.25", "7.75"])
async def test_billable_hours_lie_within_those_worked(asking: Asks, ref: Refs, hours: str) -> None:
    """Nobody bills more than was worked."""
    override = BillableHours(entry_id=ids(ref, "TE-03417")[0], billable_hours=Decimal(hours))
    said = approving(ref, "TE-03417", billable_hours_overrides=[override])
    (found,) = await stopped(approve_time_entries(await asking("time-approver"), said))
    assert (found.code, found.message) == (Code.BAD_INPUT, "billable hours must lie between 0 and the 7.50 h worked")


async def test_billable_hours_are_of_an_entry_that_is_decided_on(asking: Asks, ref: Refs) -> None:
    """An override of another entry is a mistake."""
    override = BillableHours(entry_id=ids(ref, "TE-03426")[0], billable_hours=Decimal(1))
    said = approving(ref, "TE-03417", billable_hours_overrides=[override])
    (found,) = await stopped(approve_time_entries(await asking("time-approver"), said))
    assert (found.code, found.path) == (Code.BAD_INPUT, ("input", "billableHoursOverrides"))


async def test_a_week(asking: Asks, ref: Refs, firm: Firm) -> None:
    """All that a person submitted of it, on every engagement; what is approved or drafted is left alone."""
    said = ApproveTimeEntries(
        action=Verdict.APPROVE,
        week=Timesheet(resource_id=ID(ref("Resource", "RES-006").encode()), week_start=date(2026, 3, 30)),
    )
    judged = await approve_time_entries(await asking("engagement-manager"), said)
    week = [
        one.code
        for one in firm.time_entries
        if one.person == "RES-006" and date(2026, 3, 30) <= one.work_date <= date(2026, 4, 5)
    ]
    assert len(week) > 1
    assert [branch.item for branch in judged.plan.branches] == ids(ref, *week)
    assert judged.parties == {"worker": frozenset({ref("Resource", "RES-006").encode()})}


async def test_a_week_in_which_nothing_was_submitted(asking: Asks, ref: Refs) -> None:
    """There is nothing to do, which is no error."""
    week = Timesheet(resource_id=ID(ref("Resource", "RES-006").encode()), week_start=date(2026, 6, 1))
    judged = await approve_time_entries(
        await asking("engagement-manager"), ApproveTimeEntries(action=Verdict.APPROVE, week=week)
    )
    assert (judged.plan.chains, judged.findings) == ((), ())


async def test_rejecting(asking: Asks, ref: Refs) -> None:
    """It is one step, with the reason, and asks nothing of finance."""
    said = ApproveTimeEntries(action=Verdict.REJECT, entry_ids=ids(ref, "TE-03417"), reason="wrong task")
    judged = await approve_time_entries(await asking("time-approver"), said)
    (branch,) = judged.plan.branches
    entry, person = ref("TimeEntry", "TE-03417"), ref("Resource", "RES-006")
    assert branch.steps == (
        Step(
            name="psa.entry",
            kind=Kind.PIVOT,
            binding="psa",
            write=psa.RejectTime(entry=entry, approver=person, reason="wrong task"),
        ),
    )
    assert judged.findings == ()


async def test_one_that_cannot_be_approved_keeps_no_other(asking: Asks, ref: Refs, firm: Firm) -> None:
    """An approved entry and one that is not there are found; the submitted one goes on."""
    approved = next(one.code for one in firm.time_entries if one.source_state == "APPROVED")
    missing = structs.replace(ref("TimeEntry", "TE-03417"), id="9999999").encode()
    said = approving(ref, approved, "TE-03417")
    said.entry_ids = [*(said.entry_ids or []), ID(missing)]
    judged = await approve_time_entries(await asking("time-approver"), said)
    assert [branch.item for branch in judged.plan.branches] == ids(ref, "TE-03417")
    assert [(one.code, one.item) for one in judged.findings[:2]] == [
        (Code.NOT_FOUND, missing),
        (Code.INVALID_TRANSITION, ids(ref, approved)[0]),
    ]


async def test_hours_that_the_ledger_has_already(asking: Asks, ref: Refs, odd: Firm) -> None:
    """Submitted again but posted: they are not posted twice."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, POSTED))
    assert judged.plan.branches == ()
    assert codes(judged.findings)[0] is Code.DUPLICATE_POSTING


async def test_a_gap_in_the_rate_card(asking: Asks, ref: Refs, shut: Firm) -> None:
    """A day without a rate is not priced by the nearest one."""
    judged = await approve_time_entries(await asking("time-approver", shut), approving(ref, "TE-03417"))
    assert judged.plan.branches == ()
    assert (judged.findings[0].code, judged.findings[0].message) == (
        Code.RATE_GAP,
        "no rate of the contract's rate card is valid for this role on 2026-04-06",
    )


@pytest.mark.parametrize("entry", ["TE-03420", "TE-03422"])
async def test_an_engagement_that_finance_has_shut(asking: Asks, ref: Refs, odd: Firm, entry: str) -> None:
    """Closed or blocked: nothing is posted to it, and entries of other engagements go on."""
    judged = await approve_time_entries(await asking("time-approver", odd), approving(ref, entry, "TE-03417"))
    assert [branch.item for branch in judged.plan.branches] == ids(ref, "TE-03417")
    assert (judged.findings[0].code, judged.findings[0].item) == (Code.PROJECT_CLOSED, ids(ref, entry)[0])


@pytest.mark.parametrize(
    ("entry", "code"), [("TE-03419", Code.LEGAL_ENTITY_MISMATCH), ("TE-03421", Code.CURRENCY_MISMATCH)]
)
async def test_systems_that_contradict_each_other(asking: Asks, ref: Refs, shut: Firm, entry: str, code: Code) -> None:
    """Nothing is posted while delivery and finance differ on whose contract it is, or in which currency."""
    judged = await approve_time_entries(await asking("time-approver", shut), approving(ref, entry))
    assert judged.plan.branches == ()
    assert codes(judged.findings)[0] is code


async def test_either_entries_or_a_week(asking: Asks, ref: Refs) -> None:
    """Both, neither, none and too many are refused before anything is read."""
    ask = await asking("time-approver")
    week = Timesheet(resource_id=ID(ref("Resource", "RES-006").encode()), week_start=MONDAY)
    for said in (
        ApproveTimeEntries(action=Verdict.APPROVE),
        ApproveTimeEntries(action=Verdict.APPROVE, entry_ids=ids(ref, "TE-03417"), week=week),
        ApproveTimeEntries(action=Verdict.APPROVE, entry_ids=[]),
        ApproveTimeEntries(action=Verdict.APPROVE, entry_ids=ids(ref, "TE-03417") * 501),
        ApproveTimeEntries(action=Verdict.APPROVE, entry_ids=[ID(ref("Engagement", "ENG-003").encode())]),
    ):
        assert codes(await stopped(approve_time_entries(ask, said))) == [Code.BAD_INPUT]


async def test_whoever_is_no_person_of_the_firm_approves_nothing(asking: Asks, ref: Refs) -> None:
    """An auditor from outside has no name that delivery could write down."""
    found = await stopped(approve_time_entries(await asking("auditor"), approving(ref, "TE-03417")))
    assert codes(found) == [Code.FORBIDDEN]


async def test_another_version_than_the_expected_one(asking: Asks, ref: Refs) -> None:
    """The entry has changed since it was looked at; of several entries there is no version to expect."""
    ask = await asking("time-approver")
    stale = await stopped(approve_time_entries(ask, approving(ref, "TE-03417", expected_version="1999")))
    many = await stopped(approve_time_entries(ask, approving(ref, "TE-03417", "TE-03426", expected_version="1999")))
    assert (codes(stale), codes(many)) == ([Code.STALE_VERSION], [Code.BAD_INPUT])
