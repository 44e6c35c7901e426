"""Billing events of a contract line: which one takes an amount, and what of a cap they consume."""

from __future__ import annotations

import re
from calendar import monthrange
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from commands.command import Finding, Stop
from commands.money import known
from schema.billing_event import BillingEventKind, BillingEventRow, BillingEventStatus, HoldReason
from schema.billing_event import hold_reasons as reasons
from schema.billing_event import standing as derived
from schema.invoice import DocumentStatus
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from commands.asking import Asking
    from schema.rows import Ref

TAKES_MORE = frozenset({BillingEventStatus.PENDING, BillingEventStatus.READY})
COMING = TAKES_MORE | {BillingEventStatus.HELD, BillingEventStatus.ON_DRAFT}
# Expenses count against a cap only where a line says so, which no line can yet.
CAPPED = frozenset(BillingEventKind) - {BillingEventKind.EXPENSE}


def standing(event: BillingEventRow) -> BillingEventStatus:
    """Return how far an event is, or stop where that cannot be read."""
    return known(derived(event.said, event.gates), f"the status of billing event {event.code}")


def above_cap(event: BillingEventRow) -> bool:
    """Tell whether an event is what a cap keeps from being billed."""
    return HoldReason.CAP_EXCEEDED in known(reasons(event.said, event.gates), f"why {event.code} is held")


async def consumed(ask: Asking, events: Sequence[BillingEventRow]) -> Decimal:
    """Return what of a cap a line's events take: what is invoiced, less credits, what is on a draft, and what will be.

    What is invoiced the documents tell: an event that was credited may be ready once more.
    """
    counted = [event for event in events if event.kind in CAPPED]
    coming = (event.amount for event in counted if standing(event) in COMING and not above_cap(event))
    lines = await ask.all("invoice_lines_by_billing_event", [event.ref for event in counted])
    by_line = {line.ref: line for found in lines.values() for line in found or ()}
    documents = await ask.all("invoices_by_id", [line.invoice for line in by_line.values() if line.invoice])
    posted = {ref for ref, row in documents.items() if row and row.document_status is DocumentStatus.POSTED}
    invoiced = (line.net for line in by_line.values() if line.invoice in posted)
    return sum((money.amount for money in (*coming, *invoiced) if money is not None), Decimal(0))


def month(on: date) -> tuple[date, date]:
    """Return the first and the last day of a day's month."""
    return on.replace(day=1), on.replace(day=monthrange(on.year, on.month)[1])


class Taking(NamedTuple):
    """What looks for its event: a kind of work of an engagement, by its code, under a contract line, on a day.

    What is `held` above a cap stands in an event of its own.
    """

    kind: BillingEventKind
    engagement: str
    line: Ref
    on: date
    held: bool = False

    @property
    def name(self) -> str:
        """What the month's first event of this kind is called."""
        number = re.search(r"[0-9]+$", self.engagement)
        if number is None:
            raise Stop(Finding(Code.MASTER_DATA_MISSING, "the engagement's code has no number to call an event by"))
        special = "-EXP" if self.kind is BillingEventKind.EXPENSE else ""
        return f"BE-{self.on:%y%m}-{number[0]}{special}{'-OVER' if self.held else ''}"


def event_for(events: Sequence[BillingEventRow], taking: Taking) -> tuple[str, date, date]:
    """Return the code and the days of the event that takes an amount: the month's while it takes more, else a new one.

    `events` are all those of the engagement.
    """
    for event in events:
        days = event.period
        same = (event.kind, event.contract_line) == (taking.kind, taking.line)
        if same and days is not None and days.end is not None and days.start <= taking.on <= days.end:
            takes = above_cap(event) if taking.held else standing(event) in TAKES_MORE
            if takes:
                return event.code, days.start, days.end
    return new_code(events, taking), *month(taking.on)


def new_code(events: Sequence[BillingEventRow], taking: Taking) -> str:
    """Return what a new event is called; `events` are all those of the engagement."""
    taken = {event.code for event in events}
    following = (f"{taking.name}-{count}" for count in range(2, len(taken) + 3))
    return next(name for name in (taking.name, *following) if name not in taken)
