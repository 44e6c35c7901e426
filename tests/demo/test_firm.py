"""The generated firm has exactly the figures the specification gives, and its parts agree with each other.

The file is longer than most: the golden figures are one list, and are read as one.
"""

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from demo.firm import northbeam
from demo.firm.clock import days, weekdays
from demo.firm.draws import MINOR_UNITS, h, quantize
from demo.firm.fiscal import FiscalCalendars, bounds, weeks_445
from demo.firm.model import BillingEvent, Firm, Invoice, TimeEntry
from demo.firm.organisation import ENTITY
from demo.firm.tax import line_taxes

ROOT = Path(__file__).parents[2]
DIGEST = (
    "import hashlib; from demo.firm import northbeam; print(hashlib.sha256(repr(northbeam()).encode()).hexdigest())"
)

ENGAGEMENTS = """
ENG-001 CUS-01 NB-UK TIME_AND_MATERIALS        GBP    480000 157 1058.0   198008.00
ENG-002 CUS-02 NB-UK FIXED_FEE_MILESTONE       GBP    320000 103  620.0    75968.00
ENG-003 CUS-03 NB-US TIME_AND_MATERIALS_CAPPED USD    115000 105  839.5   117530.00
ENG-004 CUS-04 NB-UK RETAINER                  GBP    432000 103  631.5    90936.00
ENG-005 CUS-05 NB-UK TIME_AND_MATERIALS        GBP    520000 156 1044.5   163768.00
ENG-006 CUS-06 NB-US FIXED_FEE_MILESTONE       USD    900000 216 1302.5   234450.00
ENG-007 CUS-07 NB-US TIME_AND_MATERIALS        USD   1400000 304 2011.5   454220.00
ENG-008 CUS-08 NB-US TIME_AND_MATERIALS        USD    780000 212 1273.5   263090.00
ENG-009 CUS-09 NB-DE TIME_AND_MATERIALS        EUR    310000 101  598.0    98568.00
ENG-010 CUS-10 NB-US TIME_AND_MATERIALS_CAPPED USD    420000 109  870.5   191510.00
ENG-011 CUS-11 NB-UK FIXED_FEE_MILESTONE       GBP    610000 159 1085.0   184784.00
ENG-012 CUS-12 NB-DE FIXED_FEE_MILESTONE       EUR    100000 106  630.0   102060.00
ENG-013 CUS-12 NB-DE TIME_AND_MATERIALS        EUR    720000 160 1065.5   240795.00
ENG-014 CUS-13 NB-JP TIME_AND_MATERIALS        JPY 190000000 255 2039.5 63301500
ENG-015 CUS-13 NB-JP RETAINER                  JPY 108000000 102  821.5 22180500
ENG-016 CUS-14 NB-UK TIME_AND_MATERIALS        KWD    140000 101  604.0    43654.200
ENG-017 CUS-07 NB-US RETAINER                  USD    480000 103  409.5   106470.00
ENG-018 CUS-06 NB-DE TIME_AND_MATERIALS        EUR    760000 212 1481.0   255384.00
ENG-019 CUS-01 NB-UK FIXED_FEE_MILESTONE       GBP     95000   0    0        0
ENG-020 -      NB-US INTERNAL                  USD         - 215 1716.5   411430.00
ENG-021 -      NB-UK INTERNAL                  GBP         - 213 1707.5   302632.00
ENG-022 -      NB-DE INTERNAL                  EUR         - 165 1323.0   230670.00
ENG-023 -      NB-JP INTERNAL                  JPY         - 138 1103.5 40912500
""".strip().splitlines()


@pytest.fixture(scope="module")
def firm() -> Firm:
    """Return the firm as it is at scale 1."""
    return northbeam()


@pytest.fixture(scope="module")
def entries(firm: Firm) -> dict[str, TimeEntry]:
    """Return the time entries by code."""
    return {entry.code: entry for entry in firm.time_entries}


@pytest.fixture(scope="module")
def invoices(firm: Firm) -> dict[str, Invoice]:
    """Return the invoices by number."""
    return {invoice.number: invoice for invoice in firm.invoices}


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add up without leaving the decimals."""
    return sum(amounts, Decimal(0))


def month_value(firm: Firm, engagement: str, month: int) -> Decimal:
    """Return the value of an engagement's time worked in one month of 2026."""
    return total(e.amount for e in firm.time_entries if e.engagement == engagement and e.work_date.month == month)


def values(thing: object) -> Iterator[object]:
    """Yield every plain value inside the firm."""
    if is_dataclass(thing):
        for field in fields(thing):
            yield from values(getattr(thing, field.name))
    elif isinstance(thing, Mapping):
        yield from (value for pair in thing.items() for value in pair)
    elif isinstance(thing, tuple):
        for item in thing:
            yield from values(item)
    else:
        yield thing


def due(firm: Firm) -> list[BillingEvent]:
    """Return the billing events that are due and not invoiced."""
    return [event for event in firm.billing_events if event.status != "INVOICED"]


def test_headcount_follows_the_role_cycle(firm: Firm) -> None:
    """Forty-eight people are spread over four entities and five roles as specified."""
    assert firm.as_of == datetime(2026, 4, 8, 9, tzinfo=UTC)
    assert Counter(p.entity for p in firm.people) == {"NB-US": 16, "NB-UK": 14, "NB-DE": 10, "NB-JP": 8}
    assert [p.code for p in firm.people] == [f"RES-{number:03}" for number in range(1, 49)]
    assert Counter(p.role for p in firm.people) == {
        "ANALYST": 7,
        "CONSULTANT": 18,
        "SENIOR": 12,
        "MANAGER": 6,
        "PRINCIPAL": 5,
    }
    assert sum(p.cost_center.endswith("-900") for p in firm.people) == 4


def test_assignments_are_57(firm: Firm) -> None:
    """Every fourth person holds a second assignment, and both take half of the day."""
    held = {a.code: a for a in firm.assignments}
    assert len(held) == 57
    assert Counter(str(a.allocation) for a in firm.assignments) == {"1.0000": 39, "0.5000": 18}
    assert (held["ASG-024"].person, held["ASG-024"].engagement) == ("RES-019", "ENG-004")
    assert held["ASG-024"].end == date(2026, 6, 30)
    assert (held["ASG-053"].person, held["ASG-053"].status) == ("RES-044", "ACTIVE")
    assert (held["ASG-055"].person, held["ASG-055"].engagement) == ("RES-046", "ENG-014")
    assert held["ASG-055"].allocation == 1


def test_time_entries_are_counted(firm: Firm) -> None:
    """The entries, their hours, classes and states are the specified ones."""
    assert len(firm.time_entries) == 3495
    assert str(total(e.hours for e in firm.time_entries)) == "24236.00"
    assert Counter(e.billing_class for e in firm.time_entries) == {
        "BILLABLE": 1872,
        "FEE_COVERED": 892,
        "INTERNAL": 731,
    }
    states = {"APPROVED": 236, "SUBMITTED": 35, "DRAFT": 53}
    assert Counter(e.source_state for e in firm.time_entries) == {"BILLED": 1648, "POSTED": 1523, **states}
    assert Counter(e.lifecycle for e in firm.time_entries) == {"BILLED": 1117, "POSTED": 2054, **states}


def test_time_entries_are_byte_identical_to_the_specified_ones(firm: Firm) -> None:
    """The digest of the entries equals the one the generation rules were first written down with."""
    rows = (
        (
            *(e.code, e.person, e.engagement, e.work_date, f"{e.hours.normalize():f}"),
            *(e.bill_rate, e.currency, e.source_state, e.entity),
        )
        for e in firm.time_entries
    )
    text = "\n".join("|".join(map(str, row)) for row in rows)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "10c4e43917206c00"


@pytest.mark.parametrize("row", ENGAGEMENTS, ids=lambda row: str(row)[:7])
def test_engagement_table(firm: Firm, row: str) -> None:
    """Each engagement has the agreed terms, and the entries, hours and value worked up to 7 April."""
    code, customer, entity, model, currency, value, count, worked, worth = row.split()
    engagement = next(e for e in firm.engagements if e.code == code)
    booked = [e for e in firm.time_entries if e.engagement == code]
    terms = (engagement.customer or "-", engagement.entity, engagement.model, engagement.currency)
    assert terms == (customer, entity, model, currency)
    assert engagement.value == (None if value == "-" else Decimal(value))
    assert len(booked) == int(count)
    assert total(e.hours for e in booked) == Decimal(worked)
    assert str(total(e.amount for e in booked)) == worth


def test_absences_are_the_74_drawn_days_and_one_long_leave(firm: Firm) -> None:
    """Seventy-four single days were drawn, and RES-044 is away from 1 April."""
    single = [a for a in firm.absences if a.start == a.end]
    assert len(single) == 74
    assert all(h("pto", a.person, a.start.isoformat()) % 40 == 0 and a.approved for a in single)
    assert [(a.person, a.start) for a in firm.absences if a.start != a.end] == [("RES-044", date(2026, 4, 1))]


def test_intercompany_time_is_res_023_on_eng_007(firm: Firm) -> None:
    """Only RES-023 works for another entity's engagement, in 54 entries, on the workstream NB-UK delivers."""
    owner = {e.code: e.entity for e in firm.engagements}
    lent = [e for e in firm.time_entries if e.entity != owner[e.engagement]]
    assert len(lent) == 54
    assert {(e.person, e.entity, e.engagement) for e in lent} == {("RES-023", "NB-UK", "ENG-007")}
    nodes = {node.code: node for node in firm.projects}
    assert {nodes[e.project].delivering_entity for e in lent} == {"NB-UK"}


@pytest.mark.parametrize(
    ("entity", "billable", "available", "ratio"),
    [
        ("NB-US", "1801.5", "2288", "0.7874"),
        ("NB-UK", "1729.0", "2200", "0.7859"),
        ("NB-DE", "1147.0", "1584", "0.7241"),
        ("NB-JP", "800.5", "1120", "0.7147"),
    ],
)
def test_february_utilization(firm: Firm, entity: str, billable: str, available: str, ratio: str) -> None:
    """Net utilization of each entity in February has the specified numerator and denominator."""
    staff = {p.code: p for p in firm.people if p.entity == entity}
    february = list(weekdays(date(2026, 2, 1), date(2026, 2, 28)))
    off = {(x.calendar, x.day) for x in firm.holidays}
    away = {(a.person, day) for a in firm.absences for day in days(a.start, a.end)}
    free = sum(
        (p.holiday_calendar, day) not in off and (p.code, day) not in away for p in staff.values() for day in february
    )
    counted = [e for e in firm.time_entries if e.entity == entity and e.work_date in february]
    worked = total(e.hours for e in counted if e.billing_class in {"BILLABLE", "FEE_COVERED"})
    assert (worked, 8 * free) == (Decimal(billable), int(available))
    assert str((worked / (8 * free)).quantize(Decimal("0.0001"))) == ratio


@pytest.mark.parametrize(
    ("engagement", "worth"),
    [
        ("ENG-007", ["129680.00", "130060.00", "161480.00"]),
        ("ENG-014", ["19713000"]),
        ("ENG-016", ["13125.400", "14470.800"]),
    ],
)
def test_month_values(firm: Firm, engagement: str, worth: list[str]) -> None:
    """The named months of the named engagements are worth the specified amounts."""
    assert [str(month_value(firm, engagement, month)) for month in range(1, len(worth) + 1)] == worth


def test_eng_003_reaches_its_cap(firm: Firm, entries: dict[str, TimeEntry]) -> None:
    """TE-03417 still fits under the cap of 115 000, TE-03426 splits into 830 and 290."""
    line = next(c for c in firm.contracts if c.engagement == "ENG-003").lines[0]
    assert (line.cap, line.cap_behavior) == (Decimal("115000.00"), "SPLIT")
    spent = total(e.amount for e in firm.time_entries if e.engagement == "ENG-003" and e.work_date <= date(2026, 4, 5))
    fits, over = entries["TE-03417"], entries["TE-03426"]
    assert {fits.engagement, over.engagement} == {"ENG-003"}
    worked = [str(number) for number in (fits.hours, over.hours, over.bill_rate, over.amount)]
    assert worked == ["7.50", "8.00", "140.00", "1120.00"]
    assert (spent, spent + fits.amount) == (Decimal("113120.00"), Decimal("114170.00"))
    room = Decimal("115000.00") - spent - fits.amount
    assert (room, over.amount - room) == (Decimal("830.00"), Decimal("290.00"))


def test_backdated_entries_move_to_april(firm: Firm) -> None:
    """Approved time of 30 and 31 March is posted on 1 April where March no longer takes time."""
    calendars = FiscalCalendars(firm.fiscal_periods)
    last_days = {date(2026, 3, 30), date(2026, 3, 31)}
    approved = [e for e in firm.time_entries if e.source_state == "APPROVED" and e.work_date in last_days]
    moved = [e for e in approved if calendars.accounting_date(e.entity, e.work_date) != e.work_date]
    assert Counter(e.entity for e in moved) == {"NB-UK": 33, "NB-JP": 16}
    assert {calendars.accounting_date(e.entity, e.work_date) for e in moved} == {date(2026, 4, 1)}


def test_split_week(firm: Firm) -> None:
    """The week over the end of March has 245 entries, 57 of them April days that NB-US counts to its P03."""
    week = [e for e in firm.time_entries if date(2026, 3, 30) <= e.work_date <= date(2026, 4, 5)]
    april = [e for e in week if e.entity == "NB-US" and e.work_date >= date(2026, 4, 1)]
    calendars = FiscalCalendars(firm.fiscal_periods)
    assert (len(week), len(april)) == (245, 57)
    assert {calendars.period("NB-US", e.work_date).code for e in april} == {"2026-P03"}


def test_late_person_and_approval_instants(firm: Firm, entries: dict[str, TimeEntry]) -> None:
    """A week is approved at 16:00Z on the Tuesday after it, and only RES-006's last week is still submitted."""
    fresh = [e for e in firm.time_entries if e.source_state == "APPROVED"]
    assert {e.approved_at for e in fresh} == {datetime(2026, 4, 7, 16, tzinfo=UTC)}
    late = [e for e in firm.time_entries if e.source_state == "SUBMITTED" and e.work_date < date(2026, 4, 6)]
    assert {e.person for e in late} == {"RES-006"}
    assert len([e for e in firm.time_entries if e.person == "RES-044" and e.work_date > date(2026, 3, 31)]) == 5
    assert entries["TE-02119"].approved_at == datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert all(e.approver != e.person for e in firm.time_entries)


def test_opportunities(firm: Firm) -> None:
    """Thirty opportunities: nineteen with an engagement, one won and waiting, seven open, three lost."""
    deals = {deal.code: deal for deal in firm.opportunities}
    assert list(deals) == [f"OPP-{number:03}" for number in range(1, 31)]
    assert [deals[f"OPP-{n:03}"].engagement for n in range(1, 20)] == [f"ENG-{n:03}" for n in range(1, 20)]
    pipeline = [deals[f"OPP-{number:03}"] for number in range(21, 28)]
    assert [str(deal.probability) for deal in pipeline] == [
        f"{p}00" for p in ["0.10", "0.20", "0.30", "0.40", "0.60", "0.75", "0.90"]
    ]
    assert {deals[f"OPP-{number:03}"].stage for number in range(28, 31)} == {"LOST"}
    assert deals["OPP-021"].entity is None
    assert {line.role for line in deals["OPP-022"].lines} - {role.code for role in firm.roles} == {"CLOUD_ARCHITECT"}
    waiting = deals["OPP-020"]
    assert (waiting.stage, waiting.engagement, waiting.customer) == ("WON", None, "CUS-08")
    assert (waiting.closed_at, waiting.amount) == (datetime(2026, 4, 6, 14, 5, tzinfo=UTC), Decimal("480000.00"))
    assert total(line.hours * line.unit_price for line in waiting.lines) == 484_800
    assert waiting.expected_start_date == date(2026, 5, 4)


def test_milestones(firm: Firm) -> None:
    """Eighteen milestones sum to the fees; seven are reached, and one of these lacks its acceptance."""
    assert len(firm.milestones) == 18
    reached = {m.code: m.actual_date for m in firm.milestones if m.status == "COMPLETED"}
    assert reached == {
        "ENG-002-M1": date(2026, 1, 31),
        "ENG-002-M2": date(2026, 3, 31),
        "ENG-006-M1": date(2026, 2, 28),
        "ENG-011-M1": date(2026, 1, 31),
        "ENG-011-M2": date(2026, 3, 31),
        "ENG-012-M1": date(2026, 2, 28),
        "ENG-012-M2": date(2026, 3, 20),
    }
    outstanding = [m.code for m in firm.milestones if m.status == "COMPLETED" and m.acceptance == "REQUIRED"]
    assert outstanding == ["ENG-011-M2"]
    thirds = [str(m.amount) for m in firm.milestones if m.engagement == "ENG-012"]
    assert thirds == ["33333.33", "33333.33", "33333.34"]
    assert Counter((m.engagement, str(m.amount)) for m in firm.milestones if m.engagement != "ENG-012") == {
        ("ENG-002", "80000.00"): 4,
        ("ENG-006", "180000.00"): 5,
        ("ENG-011", "152500.00"): 4,
        ("ENG-019", "47500.00"): 2,
    }


def test_invoices(firm: Firm, invoices: dict[str, Invoice]) -> None:
    """Thirty-six documents have the specified kinds, payment states and amounts."""
    kinds = {event.invoice: event.kind for event in firm.billing_events if event.invoice}
    assert len(invoices) == 36
    assert Counter(kinds[number] for number in invoices) == {"TIME": 22, "RETAINER": 9, "MILESTONE": 4, "ADJUSTMENT": 1}
    assert Counter(i.payment_status for i in firm.invoices) == {"PAID": 15, "PARTIAL": 1, "UNPAID": 20}
    assert {i.number[:8] for i in firm.invoices if i.payment_status != "UNPAID"} == {"INV-2601"}
    assert invoices["INV-2601-016"].payment_status == "PARTIAL"
    named = {"INV-2601-014": "19713000", "INV-2601-016": "13125.400", "INV-2602-016": "14470.800"}
    fees = {"004": "36000.00", "015": "9000000", "017": "40000.00"}
    named |= {f"INV-260{month}-{number}": fee for month in (1, 2, 3) for number, fee in fees.items()}
    named |= {"INV-2601-002": "80000.00", "INV-2601-011": "152500.00", "INV-2602-006": "180000.00"}
    named |= {"INV-2602-012": "33333.33", "CRN-2603-008": "-3600.00"}
    assert {number: str(invoices[number].net) for number in named} == named
    credit = invoices["CRN-2603-008"]
    assert (credit.kind, credit.corrects) == ("CREDIT_NOTE", "INV-2602-008")
    assert [(str(line.quantity), str(line.unit_price)) for line in credit.lines] == [("-20.00", "180.00")]


def test_invoices_agree_with_lines_events_and_time(firm: Firm, invoices: dict[str, Invoice]) -> None:
    """Every document is the sum of its lines and of its events, and every hourly line that of its entries."""
    billed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in firm.time_entries:
        if entry.invoice_line:
            billed[entry.invoice_line] += entry.amount
    for invoice in invoices.values():
        assert invoice.net == total(line.net for line in invoice.lines)
        assert invoice.net == total(e.amount for e in firm.billing_events if e.invoice == invoice.number)
        assert (invoice.total, invoice.tax) == (invoice.net + invoice.tax, total(line.tax for line in invoice.lines))
        assert all(line.net == line.quantity * line.unit_price for line in invoice.lines)
        assert all(line.net == billed[line.code] for line in invoice.lines if line.code in billed)
    assert set(billed) <= {line.code for invoice in invoices.values() for line in invoice.lines}
    received = {payment.invoice: payment.amount for payment in firm.payments}
    assert received == {n: i.total - i.open_amount for n, i in invoices.items() if i.total != i.open_amount}
    assert all(payment.received_date <= firm.as_of.date() for payment in firm.payments)


def test_tax_is_rounded_as_each_entity_rounds_it() -> None:
    """Three lines of 33.35 at 19 % give 19.02 per line and 19.01 per document, and yen are cut off."""
    berlin, london, tokyo = ENTITY["NB-DE"], ENTITY["NB-UK"], ENTITY["NB-JP"]
    assert total(line_taxes([Decimal("33.35")] * 3, berlin, "EUR")) == Decimal("19.02")
    assert total(line_taxes([Decimal("0.52")] * 3, london, "GBP")) == Decimal("0.31")
    assert total(line_taxes([Decimal(1009)], tokyo, "JPY")) == 100


def test_billing_readiness(firm: Firm) -> None:
    """Seventeen events are due: fifteen READY, ENG-007's March PENDING, ENG-011's second milestone HELD."""
    waiting = due(firm)
    assert Counter(event.kind for event in waiting) == {"TIME": 11, "MILESTONE": 3, "RETAINER": 3}
    assert Counter(event.status for event in waiting) == {"READY": 15, "PENDING": 1, "HELD": 1}
    assert [event.engagement for event in waiting if event.status == "PENDING"] == ["ENG-007"]
    assert [event.milestone for event in waiting if event.status == "HELD"] == ["ENG-011-M2"]
    assert all(bool(event.hold_reasons) == (event.status == "HELD") for event in firm.billing_events)


@pytest.mark.parametrize(
    ("entity", "march", "status", "takes"),
    [
        ("NB-US", (date(2026, 3, 1), date(2026, 4, 4)), "CLOSING", {"TIME", "AR"}),
        ("NB-UK", (date(2026, 3, 1), date(2026, 3, 31)), "CLOSING", {"AR"}),
        ("NB-DE", (date(2026, 3, 1), date(2026, 3, 31)), "OPEN", {"TIME", "AR", "GL", "REVENUE"}),
        ("NB-JP", (date(2026, 3, 1), date(2026, 3, 31)), "CLOSED", set()),
    ],
)
def test_fiscal_periods(firm: Firm, entity: str, march: tuple[date, date], status: str, takes: set[str]) -> None:
    """March is as far closed as specified, January and February are CLOSED, April is OPEN, May is FUTURE."""
    calendars = FiscalCalendars(firm.fiscal_periods)
    period = calendars.period(entity, date(2026, 3, 15))
    assert ((period.start, period.end), period.status) == (march, status)
    assert {module for module, state in period.modules.items() if state == "OPEN"} == takes
    assert period.code == {"NB-JP": "2025-P12"}.get(entity, "2026-P03")
    others = [calendars.period(entity, date(2026, month, 15)).status for month in (1, 2, 4, 5)]
    assert others == ["CLOSED", "CLOSED", "OPEN", "FUTURE"]
    held = [p for p in firm.fiscal_periods if p.entity == entity]
    assert held[0].start <= date(2026, 1, 1) <= date(2026, 12, 31) <= held[-1].end
    assert all((after.start - before.end).days == 1 for before, after in pairwise(held))


def test_445_years() -> None:
    """The 4-4-5 year 2025 has 53 weeks and a six-week last period, 2026 has 52, 2031 again 53."""
    spans = {year: bounds(ENTITY["NB-US"], year) for year in (2025, 2026)}
    assert (spans[2025][0][0], spans[2025][-1][1]) == (date(2024, 12, 29), date(2026, 1, 3))
    assert (spans[2026][0][0], spans[2026][-1][1]) == (date(2026, 1, 4), date(2027, 1, 2))
    assert [sum(weeks_445(year)) for year in range(2025, 2032)] == [53, 52, 52, 52, 52, 52, 53]
    assert (weeks_445(2025)[-1], weeks_445(2026)[-1]) == (6, 5)
    assert spans[2026][3][0] == date(2026, 4, 5)


def test_every_entry_is_priced_by_the_card_of_its_work_date(firm: Firm) -> None:
    """The engagement's card, else its entity's, has exactly one rate for each entry, and it is the entry's."""
    owner = {e.code: e.entity for e in firm.engagements}
    priced = [(c, rate) for c in firm.rate_cards if c.kind == "BILL" for rate in c.rates]
    for entry in {(e.engagement, e.role, e.work_date): e for e in firm.time_entries}.values():
        found = [
            (card.engagement, rate.amount)
            for card, rate in priced
            if card.engagement in {None, entry.engagement}
            and (card.entity, card.currency, rate.role) == (owner[entry.engagement], entry.currency, entry.role)
            and rate.start <= entry.work_date <= (rate.end or entry.work_date)
        ]
        specific = [amount for scope, amount in found if scope] or [amount for _, amount in found]
        assert specific == [entry.bill_rate]


def test_uk_list_prices_rise_in_april(firm: Firm) -> None:
    """The second version of the NB-UK list adds 5 % in whole pounds, and only NB-UK lends to NB-US."""
    cards = {card.code: card for card in firm.rate_cards}
    assert [str(rate.amount) for rate in cards["RC-BILL-NB-UK-V1"].rates] == [
        "112.00",
        "144.00",
        "176.00",
        "208.00",
        "256.00",
    ]
    assert [str(rate.amount) for rate in cards["RC-BILL-NB-UK-V2"].rates] == [
        "118.00",
        "151.00",
        "185.00",
        "218.00",
        "269.00",
    ]
    assert {rate.start for rate in cards["RC-BILL-NB-UK-V2"].rates} == {date(2026, 4, 1)}
    lent = [(card.entity, card.to_entity) for card in firm.rate_cards if card.kind == "TRANSFER"]
    assert lent == [("NB-UK", "NB-US")]


def test_rest_of_the_firm_is_populated(firm: Firm) -> None:
    """Every core type has rows, in the numbers that follow from the rules."""
    assert all(getattr(firm, field.name) for field in fields(firm))
    assert (len(firm.projects), len(firm.tasks), len(firm.contracts)) == (161, 460, 19)
    assert Counter(demand.status for demand in firm.role_demands) == {"FILLED": 57, "OPEN": 21}
    assert len([b for b in firm.capacity_buckets if b.entity]) == 26 * 4 * 5
    assert len(firm.capacity_snapshots) == 12
    assert {node.erp_reference for node in firm.projects} == {None, *(f"ERP-{e.code}" for e in firm.engagements)}
    assert all(
        line.amount == total(part.amount for part in line.schedule)
        for contract in firm.contracts
        for line in contract.lines
        if line.schedule
    )
    practices = Counter(e.practice for e in firm.engagements)
    assert practices == {"STRATEGY": 7, "TECHNOLOGY": 7, "OPERATIONS": 5, None: 4}


def test_facts_that_the_mutations_will_contradict(firm: Firm, entries: dict[str, TimeEntry]) -> None:
    """The truth holds the values that single systems are later made to get wrong."""
    people = {person.code: person for person in firm.people}
    assert (people["RES-023"].cost_center, people["RES-012"].entity) == ("CC-UK-310", "NB-US")
    assert people["RES-044"].employment_status == "ACTIVE"
    assert next(c.tax_number for c in firm.customers if c.code == "CUS-12") == "DE811999010"
    assert (str(entries["TE-02117"].hours), str(entries["TE-02137"].bill_rate)) == ("8.00", "162.00")
    assert entries["TE-02121"].work_date == entries["TE-02121"].accounting_date == date(2026, 3, 2)
    assert {entries[f"TE-0{n}"].lifecycle for n in (2100, 2117, 2119, 2121, 2137)} == {"POSTED"}
    pound = [r.rate for r in firm.exchange_rates if (r.base, r.kind, r.day) == ("GBP", "SPOT", date(2026, 3, 31))]
    assert pound == [Decimal("1.2710")]
    portal = next(s for s in firm.revenue_schedules if s.engagement == "ENG-006")
    assert total(entry.recognized for entry in portal.entries) == Decimal("198000.00")


def test_codes_lead_somewhere(firm: Firm) -> None:
    """Keys are unique, and every reference between records finds its record."""
    nodes, people = {n.code for n in firm.projects}, {p.code for p in firm.people}
    tasks, staffed = {t.code for t in firm.tasks}, {a.code for a in firm.assignments}
    lines = {line.code for invoice in firm.invoices for line in invoice.lines}
    events = {event.code for event in firm.billing_events}
    assert len(events) == len(firm.billing_events)
    assert len(lines) == sum(len(invoice.lines) for invoice in firm.invoices)
    assert {e.project for e in firm.time_entries} <= nodes
    assert {e.task for e in firm.time_entries} <= tasks
    assert {e.assignment for e in firm.time_entries} - {None} <= staffed
    assert {e.invoice_line for e in firm.time_entries} - {None} <= lines
    assert {e.billing_event for e in firm.time_entries} - {None} <= events
    assert {line for event in firm.billing_events for line in event.invoice_lines} == lines
    assert {p.manager for p in firm.people} | {e.manager for e in firm.engagements} <= people | {None}
    assert {p.parent for p in firm.projects} - {None} <= nodes
    assert {p.name for p in firm.people} & {p.email for p in firm.people} == set()
    assert len({p.email for p in firm.people}) == len({p.name for p in firm.people}) == 48


def test_no_float_and_no_wrong_scale(firm: Firm) -> None:
    """No binary float occurs anywhere, and amounts have the minor units of their currency."""
    assert not [value for value in values(firm) if isinstance(value, float)]
    amounts = [(e.amount, e.currency) for e in firm.time_entries]
    amounts += [(e.amount, e.currency) for e in firm.expenses]
    amounts += [(e.amount, e.currency) for e in firm.billing_events]
    amounts += [(a, i.currency) for i in firm.invoices for a in (i.net, i.tax, i.total, i.open_amount)]
    amounts += [(r.recognized, s.currency) for s in firm.revenue_schedules for r in s.entries]
    assert all(amount.as_tuple().exponent == -MINOR_UNITS[currency] for amount, currency in amounts)
    assert str(quantize(Decimal("2502.5"), "JPY")) == "2503"


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_a_fresh_interpreter_generates_the_same_firm(firm: Firm, hash_seed: str) -> None:
    """The whole firm is the same in another process, whatever its hash seed."""
    done = subprocess.run(  # our own interpreter runs our own constant
        [sys.executable, "-c", DIGEST],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(repr(firm).encode()).hexdigest()


def test_scale_multiplies_people() -> None:
    """A firm of scale 2 has twice the people by the same rules, and the same call returns the same object."""
    double = northbeam(scale=2)
    assert Counter(p.entity for p in double.people) == {"NB-US": 32, "NB-UK": 28, "NB-DE": 20, "NB-JP": 16}
    assert double.people[-1].code == "RES-096"
    assert len({p.email for p in double.people}) == 96
    assert len(double.engagements) == 23
    assert northbeam() is northbeam(scale=1)
    with pytest.raises(ValueError, match="scale must be at least 1"):
        northbeam(scale=0)
