"""Billing events: what could be invoiced, what already is, and what still waits."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.clock import approval_of, at, month_end, weekdays
from demo.firm.contracts import line_code, monthly_fee
from demo.firm.draws import hours, quantize
from demo.firm.engagements import CLIENT_TERMS, TERMS_OF, Terms
from demo.firm.model import BillingEvent, Milestone, TimeEntry

LAST_INVOICED_TIME: Final = 2
LAST_INVOICED_FEE: Final = 3
TIME_MONTHS: Final = (1, 2, 3)
FEE_MONTHS: Final = (1, 2, 3, 4)
CREDITED_INVOICE: Final = "INV-2602-008"
CREDIT_HOURS: Final = Decimal("-20.00")
CREDIT_RATE: Final = Decimal("180.00")
CREDIT_DAY: Final = date(2026, 3, 16)
CREDIT_NOTE: Final = "CRN-2603-008"
CREDIT_EVENT: Final = "BE-2603-008-CREDIT"


def billing_events(entries: Iterable[TimeEntry], agreed: Iterable[Milestone]) -> tuple[BillingEvent, ...]:
    """Return every event that was ever due, in order of due date and code; those not INVOICED are due now."""
    found = [*_time_events(entries), *_milestone_events(agreed), *_retainer_events(), _credit_event()]
    return tuple(sorted(found, key=lambda event: (event.due_date, event.code)))


def invoice_of(document: str) -> str:
    """Return the number of the invoice that bills an event."""
    return f"INV-{document}"


def _time_events(entries: Iterable[TimeEntry]) -> Iterator[BillingEvent]:
    by_event: dict[str, list[TimeEntry]] = {}
    for entry in entries:
        if entry.billing_event:
            by_event.setdefault(entry.billing_event, []).append(entry)
    for terms in CLIENT_TERMS:
        for month in TIME_MONTHS:
            code = f"BE-26{month:02}-{terms.number}"
            if code in by_event:
                yield _time_event(code, terms, month, by_event[code])


def _time_event(code: str, terms: Terms, month: int, sources: list[TimeEntry]) -> BillingEvent:
    end = month_end(2026, month)
    invoiced = month <= LAST_INVOICED_TIME
    ready = all(entry.approval_status == "APPROVED" for entry in sources)
    lines = sorted({entry.invoice_line for entry in sources if entry.invoice_line})
    return BillingEvent(
        code=code,
        engagement=terms.code,
        contract_line=line_code(terms),
        kind="TIME",
        period_start=date(2026, month, 1),
        period_end=end,
        due_date=end,
        amount=sum((entry.amount for entry in sources), Decimal(0)),
        currency=terms.currency,
        hours=hours(sum((entry.billable_hours for entry in sources), Decimal(0))),
        time_entries=tuple(entry.code for entry in sources),
        milestone=None,
        status="INVOICED" if invoiced else "READY" if ready else "PENDING",
        hold_reasons=(),
        ready_at=approval_of([*weekdays(date(2026, month, 1), end)][-1]) if ready else None,
        invoice=invoice_of(code.removeprefix("BE-")) if invoiced else None,
        invoice_lines=tuple(lines),
    )


def _milestone_events(agreed: Iterable[Milestone]) -> Iterator[BillingEvent]:
    for milestone in agreed:
        if milestone.actual_date:
            yield _milestone_event(TERMS_OF[milestone.engagement], milestone, milestone.actual_date)


def _milestone_event(terms: Terms, milestone: Milestone, reached: date) -> BillingEvent:
    document = f"{reached:%y%m}-{terms.number}"
    invoiced = reached.month <= LAST_INVOICED_TIME
    held = milestone.acceptance == "REQUIRED"
    return BillingEvent(
        code=f"BE-{document}",
        engagement=terms.code,
        contract_line=line_code(terms),
        kind="MILESTONE",
        period_start=reached,
        period_end=reached,
        due_date=reached,
        amount=milestone.amount,
        currency=terms.currency,
        hours=None,
        time_entries=(),
        milestone=milestone.code,
        status="INVOICED" if invoiced else "HELD" if held else "READY",
        hold_reasons=("ACCEPTANCE_OUTSTANDING",) if held else (),
        ready_at=None if held else at(reached, 17),
        invoice=invoice_of(document) if invoiced else None,
        invoice_lines=(f"INV-{document}-1",) if invoiced else (),
    )


def _retainer_events() -> Iterator[BillingEvent]:
    for terms in CLIENT_TERMS:
        if terms.model == "RETAINER":
            for month in FEE_MONTHS:
                yield _retainer_event(terms, month)


def _retainer_event(terms: Terms, month: int) -> BillingEvent:
    start, document = date(2026, month, 1), f"26{month:02}-{terms.number}"
    invoiced = month <= LAST_INVOICED_FEE
    return BillingEvent(
        code=f"BE-{document}",
        engagement=terms.code,
        contract_line=line_code(terms),
        kind="RETAINER",
        period_start=start,
        period_end=month_end(2026, month),
        due_date=start,
        amount=monthly_fee(terms),
        currency=terms.currency,
        hours=None,
        time_entries=(),
        milestone=None,
        status="INVOICED" if invoiced else "READY",
        hold_reasons=(),
        ready_at=at(start, 0),
        invoice=invoice_of(document) if invoiced else None,
        invoice_lines=(f"INV-{document}-1",) if invoiced else (),
    )


def _credit_event() -> BillingEvent:
    """Return the adjustment behind the credit note, so that every document is the sum of its events."""
    terms = TERMS_OF["ENG-008"]
    return BillingEvent(
        code=CREDIT_EVENT,
        engagement=terms.code,
        contract_line=line_code(terms),
        kind="ADJUSTMENT",
        period_start=date(2026, 2, 1),
        period_end=month_end(2026, 2),
        due_date=CREDIT_DAY,
        amount=quantize(CREDIT_HOURS * CREDIT_RATE, terms.currency),
        currency=terms.currency,
        hours=CREDIT_HOURS,
        time_entries=(),
        milestone=None,
        status="INVOICED",
        hold_reasons=(),
        ready_at=at(CREDIT_DAY, 9),
        invoice=CREDIT_NOTE,
        invoice_lines=(f"{CREDIT_NOTE}-1",),
    )
