"""Revenue schedules: how each contract line turns into revenue, period by period."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.contracts import MONTHS, line_code, monthly_fee, revenue_method
from demo.firm.draws import quantize, ratio
from demo.firm.engagements import CLIENT_TERMS, Terms
from demo.firm.fiscal import FiscalCalendars
from demo.firm.model import BillingEvent, Invoice, Milestone, RevenueEntry, RevenueSchedule

LAST_RECOGNIZED_MONTH: Final = 3
# The ERP holds 198 000 recognized on ENG-006: the first milestone, and a tenth of the second measured as delivered.
PART_DELIVERED: Final = {"ENG-006-M2": (Decimal("0.1"), date(2026, 3, 31))}

Piece = tuple[date, Decimal, bool]


class Revenue:
    """Builds the schedule of each contract line from what was invoiced, reached or spent."""

    def __init__(
        self,
        documents: Iterable[Invoice],
        events: Iterable[BillingEvent],
        agreed: Iterable[Milestone],
        calendars: FiscalCalendars,
    ) -> None:
        """Take the invoices, the events still to be invoiced, the milestones and the fiscal calendars."""
        self._invoices = tuple(documents)
        self._events = tuple(events)
        self._milestones = tuple(agreed)
        self._calendars = calendars

    def schedules(self) -> tuple[RevenueSchedule, ...]:
        """Return one schedule per contract line."""
        return tuple(self._schedule(terms) for terms in CLIENT_TERMS)

    def _schedule(self, terms: Terms) -> RevenueSchedule:
        pieces = self._pieces(terms)
        recognized = sum((amount for _, amount, posted in pieces if posted), Decimal(0))
        invoiced = sum((i.net for i in self._invoices if i.engagement == terms.code), Decimal(0))
        zero = quantize(Decimal(0), terms.currency)
        return RevenueSchedule(
            code=f"REV-{terms.number}",
            contract_line=line_code(terms),
            engagement=terms.code,
            entity=terms.entity,
            currency=terms.currency,
            method=revenue_method(terms),
            transaction_price=terms.priced,
            progress=ratio(recognized, terms.priced),
            contract_asset=max(zero, recognized - invoiced),
            contract_liability=max(zero, invoiced - recognized),
            entries=self._entries(terms, pieces),
        )

    def _entries(self, terms: Terms, pieces: Iterable[Piece]) -> tuple[RevenueEntry, ...]:
        """Sum the pieces of each fiscal period; what is planned stays visible once it is recognized."""
        zero = quantize(Decimal(0), terms.currency)
        planned: dict[str, Decimal] = {}
        recognized: dict[str, Decimal] = {}
        for day, amount, posted in sorted(pieces):
            period = self._calendars.period(terms.entity, day).code
            planned[period] = planned.get(period, zero) + amount
            recognized[period] = recognized.get(period, zero) + (amount if posted else zero)
        return tuple(
            RevenueEntry(
                fiscal_period=period,
                planned=amount,
                recognized=recognized[period],
                status="POSTED" if recognized[period] else "PLANNED",
            )
            for period, amount in planned.items()
        )

    def _pieces(self, terms: Terms) -> list[Piece]:
        """Return day, amount and whether it is recognized, for everything a line earns."""
        if terms.model == "RETAINER":
            # The middle of a month lies in the period of the same number under every calendar the firm uses.
            days = (date(2026, month, 15) for month in range(1, MONTHS + 1))
            return [(day, monthly_fee(terms), day.month <= LAST_RECOGNIZED_MONTH) for day in days]
        if terms.hourly:
            return self._hourly_pieces(terms)
        agreed = [milestone for milestone in self._milestones if milestone.engagement == terms.code]
        return [piece for milestone in agreed for piece in _milestone_pieces(milestone)]

    def _hourly_pieces(self, terms: Terms) -> list[Piece]:
        billed = [(i.accounting_date, i.net, True) for i in self._invoices if i.engagement == terms.code]
        due = [
            (event.due_date, event.amount, False)
            for event in self._events
            if event.engagement == terms.code and event.status != "INVOICED"
        ]
        return billed + due


def _milestone_pieces(milestone: Milestone) -> list[Piece]:
    if milestone.actual_date:
        return [(milestone.actual_date, milestone.amount, True)]
    if milestone.code in PART_DELIVERED:
        share, day = PART_DELIVERED[milestone.code]
        part = quantize(milestone.amount * share, milestone.currency)
        return [(day, part, True), (milestone.planned_date, milestone.amount - part, False)]
    return [(milestone.planned_date, milestone.amount, False)]
