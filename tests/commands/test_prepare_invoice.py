"""prepareInvoice, judged over the firm's systems as they stand on 8 April."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from strawberry import ID

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.plan import Kind, Step
from commands.prepare_invoice import InvoiceGrouping, PrepareInvoice, prepare_invoice
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

CUTOFF = date(2026, 4, 8)


def preparing(ref: Refs, entity: str, engagement: str | None = None, **more: Any) -> PrepareInvoice:
    """Return the input that drafts what is ready."""
    said: dict[str, Any] = {"cutoff_date": CUTOFF, **more}
    if engagement is not None:
        said["engagement_id"] = ID(ref("Engagement", engagement).encode())
    return PrepareInvoice(legal_entity_id=ID(ref("LegalEntity", entity).encode()), **said)


def event(code: str) -> Ref:
    """Return the ERP's event of a code."""
    return Ref("BillingEvent", "erp", code)


def events(*codes_: str) -> list[ID]:
    """Return the ids of events."""
    return [ID(event(code).encode()) for code in codes_]


@pytest.fixture(scope="module")
def held(firm: Firm) -> Firm:
    """The firm with CUS-01 on hold, an event on a draft, and a customer who is billed in two currencies."""
    customers = tuple(replace(one, credit_status="ON_HOLD") if one.code == "CUS-01" else one for one in firm.customers)
    drafted = tuple(
        replace(one, status="ON_DRAFT") if one.code == "BE-2603-005" else one for one in firm.billing_events
    )
    return replace(firm, customers=customers, billing_events=drafted)


async def test_a_milestone_is_drafted(asking: Asks, ref: Refs) -> None:
    """Its event is locked, then it stands on a draft; both can be undone, and nothing else is done."""
    judged = await prepare_invoice(await asking("billing-analyst"), preparing(ref, "NB-UK", "ENG-002"))
    books, locked = ref("LegalEntity", "NB-UK"), (event("BE-2603-002"),)
    assert judged.plan.branches == ()
    assert judged.plan.first == (
        Step(
            name="erp.lock.1",
            kind=Kind.COMPENSATABLE,
            binding="erp",
            write=erp.LockEvents(events=locked),
            undo=erp.ReleaseEvents(events=locked),
        ),
        Step(
            name="erp.draft.1",
            kind=Kind.COMPENSATABLE,
            binding="erp",
            write=erp.DraftInvoice(
                customer=ref("Customer", "CUS-02", "psa"),
                legal_entity=books,
                engagement=ref("Engagement", "ENG-002"),
                currency="GBP",
                lines=(
                    erp.DraftLine(
                        event=locked[0],
                        contract_line=Ref("ContractLine", "erp", "PC-000002-1"),
                        description="Milestone reached 2026-03-31",
                        net=Money.of(Decimal(80_000), "GBP"),
                    ),
                ),
            ),
            undo=erp.DeleteDraft(invoice=Later("erp.draft.1")),
        ),
    )
    assert (judged.entity, judged.facts, judged.parties) == ("NB-UK", {}, {})
    assert [row.ref for row in judged.scope] == [books]
    assert [(claim.kind, claim.key) for claim in judged.claims] == [("billing_event", locked[0].encode())]
    assert judged.subjects == (ref("Engagement", "ENG-002"), locked[0])
    assert judged.findings == ()


async def test_hours_are_billed_by_role(asking: Asks, ref: Refs, firm: Firm) -> None:
    """A line a role, which add up to the event to the cent; each entry behind them is flagged in delivery."""
    judged = await prepare_invoice(await asking("finance-controller"), preparing(ref, "NB-US", "ENG-003"))
    draft = written(judged, "erp.draft.1", erp.DraftInvoice)
    mine = [one for one in firm.time_entries if one.billing_event == "BE-2603-003"]
    roles = {role.code: role.name for role in firm.roles}
    assert [(one.description, one.quantity, one.unit_price, one.net.amount) for one in draft.lines] == [
        (
            f"{roles[role]} hours, 2026-03",
            sum(one.hours for one in mine if one.role == role),
            Money.of(next(one.bill_rate for one in mine if one.role == role), "USD"),
            sum(one.amount for one in mine if one.role == role),
        )
        for role in sorted({one.role for one in mine}, key=roles.__getitem__)
    ]
    assert sum(one.net.amount for one in draft.lines) == Decimal("41650.00")
    assert {branch.item for branch in judged.plan.branches} == {ref("TimeEntry", one.code).encode() for one in mine}
    entry = ref("TimeEntry", mine[0].code)
    (flagged,) = [branch.steps for branch in judged.plan.branches if branch.item == entry.encode()]
    write = psa.FlagTime(entry=entry, billed=True)
    assert flagged == (Step(name="psa.flag", kind=Kind.RETRIABLE, binding="psa", write=write),)


async def test_dinars_keep_their_three_decimals(asking: Asks, ref: Refs) -> None:
    """ENG-016's March is KWD 13 993.400."""
    judged = await prepare_invoice(await asking("billing-analyst"), preparing(ref, "NB-UK", "ENG-016"))
    draft = written(judged, "erp.draft.1", erp.DraftInvoice)
    assert sum(str_.amount for str_ in (one.net for one in draft.lines)) == Decimal("13993.400")
    assert draft.currency == "KWD"


async def test_a_fee_in_advance_is_due_on_its_first_day(asking: Asks, ref: Refs) -> None:
    """April's retainer is billed in April; the day before it is not."""
    ask = await asking("billing-analyst")
    april = await prepare_invoice(ask, preparing(ref, "NB-UK", "ENG-004", cutoff_date=date(2026, 4, 1)))
    march = await prepare_invoice(ask, preparing(ref, "NB-UK", "ENG-004", cutoff_date=date(2026, 3, 31)))
    (line,) = written(april, "erp.draft.1", erp.DraftInvoice).lines
    assert (line.description, line.net) == ("Retainer, 2026-04", Money.of(Decimal(36_000), "GBP"))
    assert march.plan.chains == ()


@pytest.mark.parametrize("engagement", ["ENG-007", "ENG-011", "ENG-019"])
async def test_nothing_ready_is_an_answer(asking: Asks, ref: Refs, engagement: str) -> None:
    """What waits, is held, or is not there yet makes an empty plan, and no refusal."""
    entity = "NB-US" if engagement == "ENG-007" else "NB-UK"
    judged = await prepare_invoice(await asking("finance-controller"), preparing(ref, entity, engagement))
    assert (judged.plan.chains, judged.findings, judged.claims) == ((), (), ())


@pytest.mark.parametrize(
    ("grouping", "names"),
    [
        (InvoiceGrouping.ENGAGEMENT, ["erp.lock.1", "erp.draft.1", "erp.lock.2", "erp.draft.2"]),
        (InvoiceGrouping.CUSTOMER, ["erp.lock.1", "erp.draft.1"]),
    ],
)
async def test_a_customers_engagements(asking: Asks, ref: Refs, grouping: InvoiceGrouping, names: list[str]) -> None:
    """CUS-12 has two of NB-DE: a draft each, or one that names none of them."""
    said = preparing(ref, "NB-DE", customer_id=ID(ref("Customer", "CUS-12").encode()), group_by=grouping)
    judged = await prepare_invoice(await asking("finance-controller"), said)
    assert [step.name for step in judged.plan.first] == names
    drafts = [step.write for step in judged.plan.first if isinstance(step.write, erp.DraftInvoice)]
    both = [ref("Engagement", "ENG-012"), ref("Engagement", "ENG-013")]
    assert [draft.engagement for draft in drafts] == (both if len(drafts) > 1 else [None])
    total = sum(line.net.amount for draft in drafts for line in draft.lines)
    assert total == Decimal("33333.33") + Decimal("84348.00")


async def test_a_customers_work_of_another_entity_is_left_out(asking: Asks, ref: Refs) -> None:
    """CUS-06 has ENG-006 with NB-US and ENG-018 with NB-DE: each entity bills its own."""
    said = preparing(ref, "NB-DE", customer_id=ID(ref("Customer", "CUS-06").encode()))
    judged = await prepare_invoice(await asking("finance-controller"), said)
    assert [claim.key for claim in judged.claims] == events("BE-2603-018")


async def test_the_chosen_events_must_be_ready(asking: Asks, ref: Refs, held: Firm) -> None:
    """One that is held, one that waits, and one that stands on a draft each refuse; a ready one is taken."""
    ask = await asking("finance-controller", held)
    asked = [
        await prepare_invoice(ask, preparing(ref, entity, engagement, event_ids=events(code)))
        for entity, engagement, code in (
            ("NB-UK", "ENG-011", "BE-2603-011"),
            ("NB-US", "ENG-007", "BE-2603-007"),
            ("NB-UK", "ENG-005", "BE-2603-005"),
            ("NB-UK", "ENG-002", "BE-2603-002"),
        )
    ]
    assert [[(one.code, one.message) for one in judged.findings] for judged in asked] == [
        [(Code.EVENT_NOT_READY, "billing event BE-2603-011 is HELD, and not ready")],
        [(Code.EVENT_NOT_READY, "billing event BE-2603-007 is PENDING, and not ready")],
        [(Code.EVENT_ON_DRAFT, "billing event BE-2603-005 is ON_DRAFT, and not ready")],
        [],
    ]


async def test_the_chosen_events_must_be_of_the_entity(asking: Asks, ref: Refs) -> None:
    """Another entity does not bill what it did not sign for."""
    said = preparing(ref, "NB-UK", "ENG-003", event_ids=events("BE-2603-003"))
    judged = await prepare_invoice(await asking("finance-controller"), said)
    assert [(one.code, one.path) for one in judged.findings] == [
        (Code.LEGAL_ENTITY_MISMATCH, ("input", "legalEntityId"))
    ]


async def test_the_chosen_events_must_be_of_the_work(asking: Asks, ref: Refs) -> None:
    """An event of another engagement is not found there."""
    said = preparing(ref, "NB-UK", "ENG-002", event_ids=events("BE-2603-002", "BE-2603-001"))
    judged = await prepare_invoice(await asking("billing-analyst"), said)
    assert codes(judged.findings) == [Code.NOT_FOUND]


async def test_one_invoice_is_in_one_currency(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Where a customer is billed in two, one draft for all of it is refused; a draft for each is not."""
    contracts = tuple(replace(one, currency="USD") if one.engagement == "ENG-013" else one for one in firm.contracts)
    engagements = tuple(replace(one, currency="USD") if one.code == "ENG-013" else one for one in firm.engagements)
    billing = tuple(replace(one, currency="USD") if one.engagement == "ENG-013" else one for one in firm.billing_events)
    mixed = replace(firm, contracts=contracts, engagements=engagements, billing_events=billing)
    ask = await asking("finance-controller", mixed)
    customer = ID(ref("Customer", "CUS-12").encode())
    one = preparing(ref, "NB-DE", customer_id=customer, group_by=InvoiceGrouping.CUSTOMER)
    judged = await prepare_invoice(ask, one)
    assert [(found.code, found.message) for found in judged.findings] == [
        (Code.CURRENCY_MISMATCH, "one invoice cannot be in EUR and USD")
    ]
    each = await prepare_invoice(ask, preparing(ref, "NB-DE", customer_id=customer))
    drafts = [step.write for step in each.plan.first if isinstance(step.write, erp.DraftInvoice)]
    assert ([draft.currency for draft in drafts], each.findings) == (["EUR", "USD"], ())


async def test_a_customer_on_hold(asking: Asks, ref: Refs, held: Firm) -> None:
    """Nothing more is billed to them until finance lets it; the gates of the ERP say so, too."""
    ask = await asking("billing-analyst", held)
    said = preparing(ref, "NB-UK", "ENG-001", event_ids=events("BE-2603-001"))
    assert Code.CUSTOMER_ON_CREDIT_HOLD in codes(await stopped(prepare_invoice(ask, said)))


async def test_what_stops_all_of_it(asking: Asks, ref: Refs) -> None:
    """Neither or both of engagement and customer, internal work, too many events, and another version."""
    ask = await asking("finance-controller")
    customer = ID(ref("Customer", "CUS-02").encode())
    asked = [
        preparing(ref, "NB-UK"),
        preparing(ref, "NB-UK", "ENG-002", customer_id=customer),
        preparing(ref, "NB-UK", "ENG-021"),
        preparing(ref, "NB-UK", "ENG-002", event_ids=events("BE-2603-002") * 501),
        preparing(ref, "NB-UK", "ENG-002", expected_version="1999"),
    ]
    found = [codes(await stopped(prepare_invoice(ask, said))) for said in asked]
    assert found == [[Code.BAD_INPUT]] * 4 + [[Code.STALE_VERSION]]
