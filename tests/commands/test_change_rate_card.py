"""changeRateCard, judged over the firm's systems: NB-US has one version of its list, NB-UK has two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from strawberry import ID

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.change_rate_card import ChangeRateCard, RateChange, change_rate_card
from commands.money import Amount
from commands.plan import Kind
from schema.billing_event import BillingEventKind
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

START, MAY, LAST = date(2025, 7, 1), date(2026, 5, 1), date(2026, 4, 30)
# Bill rates of NB-US.
HOURLY = {"ANALYST": 140, "CONSULTANT": 180, "SENIOR": 220, "MANAGER": 260, "PRINCIPAL": 320}


def dollars(amount: int | str) -> Money:
    """Return so many dollars."""
    return Money.of(Decimal(amount), "USD")


def change(ref: Refs, role: str, amount: str, day: date = MAY, currency: str = "USD", **more: Any) -> RateChange:
    """Return a new rate of a role."""
    said = Amount(amount=Decimal(amount), currency=currency)
    return RateChange(role_id=ID(ref("Role", role).encode()), amount=said, effective_from=day, **more)


def changing(ref: Refs, *changes: RateChange, card: str = "RC-BILL-NB-US-V1", **more: Any) -> ChangeRateCard:
    """Return the input that changes a card."""
    return ChangeRateCard(rate_card_id=ID(ref("RateCard", card).encode()), changes=list(changes), **more)


@pytest.fixture(scope="module")
def odd(firm: Firm) -> Firm:
    """The firm with a card that is retired, one of daily rates, and an event of March on a draft."""
    said: dict[str, dict[str, Any]] = {"RC-BILL-NB-JP-V1": {"status": "RETIRED"}}
    cards = tuple(replace(one, **said.get(one.code, {})) for one in firm.rate_cards)
    daily = tuple(
        replace(one, rates=(replace(one.rates[0], unit="DAY"), *one.rates[1:]))
        if one.code == "RC-BILL-ENG-001-V1"
        else one
        for one in cards
    )
    events = tuple(replace(one, status="ON_DRAFT") if one.code == "BE-2603-013" else one for one in firm.billing_events)
    return replace(firm, rate_cards=daily, billing_events=events)


async def test_the_next_version(asking: Asks, ref: Refs, firm: Firm) -> None:
    """It begins with the change and has all that holds from then on; what held before is closed the day before."""
    said = changing(ref, change(ref, "SENIOR", "231.00"))
    judged = await change_rate_card(await asking("pricing-admin"), said)
    card, books = ref("RateCard", "RC-BILL-NB-US-V1"), ref("LegalEntity", "NB-US")
    rates = {role: HOURLY[role] for role in HOURLY if role != "SENIOR"} | {"SENIOR": 231}
    assert [(step.name, step.kind, step.binding) for step in judged.plan.first] == [
        ("psa.version", Kind.COMPENSATABLE, "psa"),
        ("psa.published", Kind.PIVOT, "psa"),
        ("erp.rates", Kind.RETRIABLE, "erp"),
    ]
    drafted = written(judged, "psa.version", psa.DraftRateCard)
    assert (drafted.card, drafted.version) == (card, 2)
    assert drafted.rates == tuple(
        psa.NewRate(card_role=ref("Role", role), amount=dollars(amount), start=MAY) for role, amount in rates.items()
    )
    assert judged.plan.first[0].undo == psa.DiscardRateCard(card=Later("psa.version"))
    published = written(judged, "psa.published", psa.PublishRateCard)
    assert published == psa.PublishRateCard(card=Later("psa.version"), replaces=card)
    copied = written(judged, "erp.rates", erp.ReplicateRates)
    assert (copied.card, copied.currency, copied.legal_entity) == ("RC-BILL-NB-US-V1", "USD", books)
    closed = [
        erp.LedgerPrice(card_role=ref("Role", role), amount=dollars(amount), start=START, end=LAST)
        for role, amount in HOURLY.items()
    ]
    opened = [
        erp.LedgerPrice(card_role=ref("Role", role), amount=dollars(amount), start=MAY)
        for role, amount in rates.items()
    ]
    assert copied.rates == (*closed, *opened)
    assert (judged.plan.branches, judged.findings) == ((), ())
    assert (judged.entity, judged.facts) == ("NB-US", {"decrease": Decimal(0)})
    managers = {one.manager for one in firm.engagements if one.code in ("ENG-003", "ENG-007", "ENG-008", "ENG-010")}
    identities = frozenset(ref("Resource", code).encode() for code in managers)
    assert judged.parties == {"card_engagement_manager": identities}
    assert [row.ref for row in judged.scope] == [card]
    assert [(claim.kind, claim.key) for claim in judged.claims] == [("rate_card", card.encode())]


async def test_one_persons_rate(asking: Asks, ref: Refs) -> None:
    """The role's goes on beside it; what she cost before is what the role did."""
    person = ref("Resource", "RES-003")
    said = changing(ref, change(ref, "CONSULTANT", "171.00", resource_id=ID(person.encode())))
    judged = await change_rate_card(await asking("pricing-admin"), said)
    drafted = written(judged, "psa.version", psa.DraftRateCard)
    own = ref("Resource", "RES-003", "psa")
    assert len(drafted.rates) == len(HOURLY) + 1
    role = ref("Role", "CONSULTANT")
    assert psa.NewRate(card_role=role, resource=own, amount=dollars(171), start=MAY) in drafted.rates
    assert judged.facts == {"decrease": Decimal("0.05")}


async def test_the_greatest_decrease_counts(asking: Asks, ref: Refs) -> None:
    """6 % less of one and 5 % more of another are 6 % less."""
    said = changing(ref, change(ref, "CONSULTANT", "169.20"), change(ref, "SENIOR", "231.00"))
    judged = await change_rate_card(await asking("pricing-admin"), said)
    assert judged.facts == {"decrease": Decimal("0.06")}


async def test_a_card_of_one_engagement(asking: Asks, ref: Refs) -> None:
    """Only its own manager has a part in it."""
    said = changing(ref, change(ref, "SENIOR", "70.00", currency="KWD"), card="RC-BILL-ENG-016-V1")
    judged = await change_rate_card(await asking("pricing-admin"), said)
    assert judged.parties == {"card_engagement_manager": frozenset({ref("Resource", "RES-024").encode()})}
    assert (judged.entity, written(judged, "psa.version", psa.DraftRateCard).version) == ("NB-UK", 2)


async def test_the_past_is_priced_anew_only_if_it_is_said_so(asking: Asks, ref: Refs) -> None:
    """Time was worked since: somebody must mean it."""
    said = changing(ref, change(ref, "SENIOR", "231.00", date(2026, 4, 1)))
    (found,) = await stopped(change_rate_card(await asking("pricing-admin"), said))
    assert (found.code, found.path) == (Code.BAD_INPUT, ("input", "changes", "effectiveFrom"))
    today = changing(ref, change(ref, "SENIOR", "231.00", date(2026, 4, 8)))
    assert (await change_rate_card(await asking("pricing-admin"), today)).findings == ()


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 2, 1), date(2026, 4, 1)])
async def test_the_past_begins_with_an_open_period(asking: Asks, ref: Refs, day: date) -> None:
    """NB-US has March open since Sunday the first, and April since the fifth: no other day, and no closed month."""
    said = changing(ref, change(ref, "SENIOR", "231.00", day), retroactive=True)
    (found,) = await stopped(change_rate_card(await asking("pricing-admin"), said))
    assert (found.code, found.message) == (
        Code.BAD_INPUT,
        "a rate of the past can only begin on the first day of an open period: 2026-03-01 or 2026-04-05",
    )


async def test_unbilled_time_is_priced_anew(asking: Asks, ref: Refs, firm: Firm) -> None:
    """The event is cancelled, and all approved time that was in it makes a new one; nothing is overwritten."""
    said = changing(ref, change(ref, "ANALYST", "145.00", date(2026, 3, 1)), retroactive=True)
    judged = await change_rate_card(await asking("pricing-admin"), said)
    mine = [one for one in firm.time_entries if one.billing_event == "BE-2603-003"]
    item = Ref("BillingEvent", "erp", "BE-2603-003").encode()
    (branch,) = [one for one in judged.plan.branches if one.item == item]
    cancelled, *added = branch.steps
    assert {step.kind for step in branch.steps} == {Kind.RETRIABLE}
    assert cancelled.write == erp.CancelBillingEvent(event=Ref("BillingEvent", "erp", "BE-2603-003"))
    amounts = {one.code: one.hours * (145 if one.role == "ANALYST" else one.bill_rate) for one in mine}
    writes = {step.write.code: step.write for step in added if isinstance(step.write, erp.AddToBillingEvent)}
    assert {code: write.amount.amount for code, write in writes.items()} == amounts
    one = mine[0]
    assert writes[one.code] == erp.AddToBillingEvent(
        event="BE-2603-003-2",
        engagement=ref("Engagement", "ENG-003"),
        contract_line=Ref("ContractLine", "erp", "PC-000003-1"),
        kind=BillingEventKind.TIME,
        start=date(2026, 3, 1),
        end=date(2026, 3, 31),
        entry=ref("TimeEntry", one.code),
        code=one.code,
        hours=one.hours,
        amount=dollars(str(amounts[one.code])),
    )
    moved = {one.code for one in mine if one.role == "ANALYST"}
    warned = {one.item: one.code for one in judged.findings}
    assert {ref("TimeEntry", code).encode() for code in moved} <= set(warned)
    assert set(warned.values()) == {Code.RATE_CHANGE_AFFECTS_UNBILLED}


async def test_time_that_waits_for_approval_is_priced_when_it_is(asking: Asks, ref: Refs, firm: Firm) -> None:
    """RES-006's submitted time of March does not slip into the new event."""
    said = changing(ref, change(ref, "MANAGER", "270.00", date(2026, 3, 1)), retroactive=True)
    judged = await change_rate_card(await asking("pricing-admin"), said)
    item = Ref("BillingEvent", "erp", "BE-2603-007").encode()
    (branch,) = [one for one in judged.plan.branches if one.item == item]
    added = {step.write.code for step in branch.steps if isinstance(step.write, erp.AddToBillingEvent)}
    mine = [one for one in firm.time_entries if one.billing_event == "BE-2603-007"]
    assert added == {one.code for one in mine if one.approval_status == "APPROVED"}
    assert "TE-03232" not in added


async def test_a_cap_is_not_passed_by_a_price(asking: Asks, ref: Refs) -> None:
    """At 150.00 the unbilled hours of ENG-003 would come to more than its cap: 113 120.00 and 10.00 an hour."""
    said = changing(ref, change(ref, "ANALYST", "150.00", date(2026, 3, 1)), retroactive=True)
    (found,) = await stopped(change_rate_card(await asking("pricing-admin"), said))
    assert (found.code, found.message) == (
        Code.CAP_EXCEEDED,
        "ENG-003 would come to 1095.00 USD over its contract line's cap",
    )


async def test_time_on_a_draft_is_not_priced_anew(asking: Asks, ref: Refs, odd: Firm) -> None:
    """The draft is posted or deleted first."""
    raised = change(ref, "MANAGER", "240.00", date(2026, 3, 1), "EUR")
    said = changing(ref, raised, card="RC-BILL-NB-DE-V1", retroactive=True)
    assert codes(await stopped(change_rate_card(await asking("pricing-admin", odd), said))) == [Code.EVENT_ON_DRAFT]


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("RC-BILL-NB-UK-V1", Code.INVALID_TRANSITION),
        ("RC-BILL-NB-JP-V1", Code.INVALID_TRANSITION),
        ("RC-BILL-ENG-001-V1", Code.UNMAPPED_FINANCIAL_CODE),
    ],
)
async def test_a_card_that_has_no_next_version(asking: Asks, ref: Refs, odd: Firm, card: str, code: Code) -> None:
    """There is a newer one already, it is retired, or its rates are not by the hour."""
    said = changing(ref, change(ref, "SENIOR", "1.00"), card=card)
    assert codes(await stopped(change_rate_card(await asking("pricing-admin", odd), said))) == [code]


async def test_nothing_is_overwritten(asking: Asks, ref: Refs) -> None:
    """From 1 April NB-UK says another rate already: it is not said otherwise for the same days."""
    said = changing(
        ref, change(ref, "SENIOR", "190.00", date(2026, 4, 1), "GBP"), card="RC-BILL-NB-UK-V2", retroactive=True
    )
    (found,) = await stopped(change_rate_card(await asking("pricing-admin"), said))
    assert (found.code, found.message) == (Code.BAD_INPUT, "from 2026-04-01 on another rate is set already")


async def test_what_is_wrong_in_the_input(asking: Asks, ref: Refs) -> None:
    """No change, another currency, a rate of nothing, a fraction of a cent, no such role, and another version."""
    ask = await asking("pricing-admin")
    nobody = change(ref, "SENIOR", "231.00")
    nobody.role_id = ID(structs.replace(ref("Role", "SENIOR"), id="6199999").encode())
    asked = [
        changing(ref),
        changing(ref, change(ref, "SENIOR", "231.00", currency="EUR")),
        changing(ref, change(ref, "SENIOR", "0")),
        changing(ref, change(ref, "SENIOR", "231.001")),
        changing(ref, nobody),
        changing(ref, change(ref, "SENIOR", "231.00"), expected_version="1999"),
    ]
    found = [codes(await stopped(change_rate_card(ask, said))) for said in asked]
    assert found == [
        [Code.BAD_INPUT],
        [Code.CURRENCY_MISMATCH],
        [Code.BAD_INPUT],
        [Code.BAD_INPUT],
        [Code.NOT_FOUND],
        [Code.STALE_VERSION],
    ]
