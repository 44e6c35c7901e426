"""Rates by the day of the work, and the next version of a card: the vectors of the domain model, 8.5."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policies.rates import Scope, Segment, Work, rate, segments, versions
from policies.repricing import Change, OverwritingError, changed, decrease
from schema.rate_card import RateCardKind, RateCardRow, RateCardStatus, RateRow, RateUnit
from schema.rows import Origin, Ref, System
from schema.values import CurrencyCode, DateRange, Money

if TYPE_CHECKING:
    from collections.abc import Sequence

SENIOR, ANALYST = Ref("Role", "psa", "senior"), Ref("Role", "psa", "analyst")
ADA = Ref("Resource", "psa", "ada")
LAST_OLD, FIRST_NEW = date(2026, 3, 31), date(2026, 4, 1)
START = date(2025, 7, 1)
ORIGIN = Origin(System.PSA, "psa", datetime(2026, 4, 8, tzinfo=UTC))


def dollars(amount: int) -> Money:
    """Return so many dollars."""
    return Money.of(Decimal(amount), "USD")


def segment(amount: int, start: date = START, end: date | None = None, **of: Ref) -> Segment:
    """Return a senior's rate, unless it says of whom it is."""
    return Segment(of.get("role", SENIOR), of.get("person"), None, dollars(amount), start, end)


def senior(on: date, person: Ref | None = None, region: str | None = None) -> Work:
    """Return a senior's hour of a day."""
    return Work(SENIOR, person, region, on)


def found(pricing: Sequence[Sequence[Segment]], work: Work) -> Decimal | None:
    """Return the amount by which an hour is priced."""
    money = rate(pricing, work)
    return money.amount if money else None


def test_the_day_of_the_work_chooses_the_rate() -> None:
    """200 until 31 March, 210 from 1 April: what was worked on 31 March is 200, whenever it is approved."""
    card = [segment(200, end=LAST_OLD), segment(210, start=FIRST_NEW)]
    assert [found([card], senior(day)) for day in (LAST_OLD, FIRST_NEW)] == [200, 210]


def test_a_gap_is_not_filled() -> None:
    """A day without a rate has none: not the nearest, and not another role's."""
    card = [segment(200, end=date(2026, 3, 30)), segment(210, start=FIRST_NEW), segment(140, role=ANALYST)]
    assert found([card], senior(LAST_OLD)) is None


def test_a_persons_rate_beats_the_roles() -> None:
    """The override is for that person alone, and the one for a region for that region."""
    north = Segment(SENIOR, None, "NORTH", dollars(205), START, None)
    card = [segment(200), segment(230, person=ADA), north]
    assert found([card], senior(LAST_OLD, ADA, "NORTH")) == 230
    assert found([card], senior(LAST_OLD, region="NORTH")) == 205
    assert found([card], senior(LAST_OLD)) == 200


def test_the_newest_version_that_prices_the_day_decides() -> None:
    """The version before still prices the days before the new one."""
    newest_first = [[segment(210, start=FIRST_NEW)], [segment(200)]]
    assert [found(newest_first, senior(day)) for day in (LAST_OLD, FIRST_NEW)] == [200, 210]


def test_only_hours_that_can_be_read_are_priced() -> None:
    """A rate by the day, or without its days, prices no hour."""

    def row(unit: RateUnit, effective: DateRange | None) -> RateRow:
        return RateRow(
            ref=Ref("Rate", "psa", unit.name),
            origin=ORIGIN,
            role=SENIOR,
            amount=dollars(9),
            unit=unit,
            effective=effective,
        )

    days = DateRange(start=START, end=None)
    assert segments([row(RateUnit.DAY, days), row(RateUnit.HOUR, None)]) == []
    assert segments([row(RateUnit.HOUR, days)]) == [segment(9)]


ENGAGEMENT, CUSTOMER = Ref("Engagement", "psa", "1"), Ref("Customer", "psa", "1")
ENTITY = Ref("LegalEntity", "psa", "NB-UK")
SCOPE = Scope(ENGAGEMENT, CUSTOMER, ENTITY)


def card(
    code: str, *scope: Ref | None, version: int = 1, status: RateCardStatus = RateCardStatus.ACTIVE
) -> RateCardRow:
    """Return a bill card in pounds, for an engagement, a customer and a legal entity."""
    return RateCardRow(
        ref=Ref("RateCard", "psa", code),
        origin=ORIGIN,
        name=code,
        code=code,
        kind=RateCardKind.BILL,
        engagement=scope[0],
        customer=scope[1],
        legal_entity=scope[2],
        currency=CurrencyCode("GBP"),
        version=version,
        status=status,
    )


def test_the_narrowest_scope_wins() -> None:
    """Engagement before customer before legal entity before all; somebody else's card prices nothing."""
    everybody, entity = card("all", None, None, None), card("entity", None, None, ENTITY)
    customer, own = card("customer", None, CUSTOMER, None), card("own", ENGAGEMENT, CUSTOMER, ENTITY)
    other = card("other", Ref("Engagement", "psa", "2"), CUSTOMER, ENTITY)
    cards = [other, everybody, entity, customer, own]
    for narrowest in (own, customer, entity, everybody):
        assert versions(cards, SCOPE, "GBP", None) == [narrowest]
        cards.remove(narrowest)
    assert versions(cards, SCOPE, "GBP", None) == []


def test_the_card_that_the_contract_names_decides() -> None:
    """Its published versions, the newest first: a draft prices nothing, and a retired one the days before its end."""
    first, second = (
        card("one", None, None, ENTITY, status=RateCardStatus.RETIRED),
        card("two", None, None, ENTITY, version=2),
    )
    draft = card("three", None, None, ENTITY, version=3, status=RateCardStatus.DRAFT)
    own = card("own", ENGAGEMENT, CUSTOMER, ENTITY)
    assert versions([own, first, draft, second], SCOPE, "GBP", first) == [second, first]


def test_a_card_in_another_currency_prices_nothing() -> None:
    """Nothing is converted at a rate card."""
    assert versions([card("own", ENGAGEMENT, CUSTOMER, ENTITY)], SCOPE, "USD", None) == []


def test_a_change_closes_the_range_the_day_before() -> None:
    """The version before keeps its days, the new one begins with the first change and has what else holds."""
    before = [segment(200), segment(140, role=ANALYST)]
    version = changed(before, [Change(SENIOR, None, dollars(210), FIRST_NEW)])
    assert version.closed == (segment(200, end=LAST_OLD), segment(140, end=LAST_OLD, role=ANALYST))
    assert version.new == (segment(140, start=FIRST_NEW, role=ANALYST), segment(210, start=FIRST_NEW))


def test_changes_on_several_days_make_one_version() -> None:
    """What holds between the first and the second change stands in the new version, too."""
    may = date(2026, 5, 1)
    before = [segment(200, end=date(2026, 12, 31)), segment(140, role=ANALYST)]
    version = changed(before, [Change(ANALYST, None, dollars(150), may), Change(SENIOR, None, dollars(210), FIRST_NEW)])
    assert version.new == (
        segment(140, FIRST_NEW, date(2026, 4, 30), role=ANALYST),
        segment(210, FIRST_NEW, date(2026, 12, 31)),
        segment(150, may, role=ANALYST),
    )


def test_nothing_is_overwritten() -> None:
    """A rate that begins on or after the day of the change is not replaced without a word."""
    before = [segment(200, end=LAST_OLD), segment(210, start=FIRST_NEW)]
    for day in (START, date(2026, 3, 1), FIRST_NEW):
        with pytest.raises(OverwritingError, match="another rate is set already"):
            changed(before, [Change(SENIOR, None, dollars(205), day)])


def test_a_new_override_opens_a_range_of_its_own() -> None:
    """A person who had the role's rate gets one of her own, and the role's goes on."""
    version = changed([segment(200)], [Change(SENIOR, ADA, dollars(230), FIRST_NEW)])
    assert version.new == (segment(200, start=FIRST_NEW), segment(230, start=FIRST_NEW, person=ADA))


@pytest.mark.parametrize(
    ("amounts", "share"), [((210,), "0"), ((190,), "0.05"), ((198, 126), "0.1"), ((201, 139), None)]
)
def test_the_greatest_decrease(amounts: tuple[int, ...], share: str | None) -> None:
    """It is a part of the rate that held; what rises does not make up for what falls."""
    before = [segment(200), segment(140, role=ANALYST)]
    changes = [
        Change(role, None, dollars(amount), FIRST_NEW) for role, amount in zip((SENIOR, ANALYST), amounts, strict=False)
    ]
    assert decrease(before, changes) == (Decimal(1) / 140 if share is None else Decimal(share))
