"""Invoices, the credit note, and the payments that came in for them."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from demo.firm.billing import CREDIT_NOTE, CREDIT_RATE, CREDITED_INVOICE
from demo.firm.clock import FIRST_DAY, SATURDAY, weekdays
from demo.firm.draws import h, quantize
from demo.firm.engagements import TERMS_OF
from demo.firm.exchange import spot
from demo.firm.fiscal import FiscalCalendars
from demo.firm.model import BillingEvent, Customer, ExchangeRate, Invoice, Payment, TimeEntry
from demo.firm.organisation import ENTITY
from demo.firm.rates import HOURLY
from demo.firm.tax import Drafted, taxed
from demo.firm.vocabulary import PaymentStatus

PART_PAID: Final = {"INV-2601-016": Decimal("10000.000")}
LAST_PAID_DAY: Final = date(2026, 1, 31)


class Invoicing:
    """Turns invoiced billing events into documents."""

    def __init__(
        self,
        entries: Iterable[TimeEntry],
        clients: Iterable[Customer],
        calendars: FiscalCalendars,
        rates: tuple[ExchangeRate, ...],
    ) -> None:
        """Take the time behind the lines, the customers' terms, the fiscal calendars and the exchange rates."""
        self._by_line: dict[str, list[TimeEntry]] = {}
        for entry in entries:
            if entry.invoice_line:
                self._by_line.setdefault(entry.invoice_line, []).append(entry)
        self._terms_days = {customer.code: customer.payment_terms_days for customer in clients}
        self._calendars = calendars
        self._rates = rates

    def invoices(self, events: Iterable[BillingEvent]) -> tuple[Invoice, ...]:
        """Return a document for every invoiced event, in order of issue date and number."""
        found = [self._invoice(event, event.invoice) for event in events if event.invoice]
        return tuple(sorted(found, key=lambda invoice: (invoice.issue_date, invoice.number)))

    def _invoice(self, event: BillingEvent, number: str) -> Invoice:
        terms = TERMS_OF[event.engagement]
        entity, customer = ENTITY[terms.entity], terms.client
        lines = taxed(list(self._lines(event, number)), entity, terms.currency)
        net, tax = sum((line.net for line in lines), Decimal(0)), sum((line.tax for line in lines), Decimal(0))
        issued = _issue_date(event)
        credit = event.kind == "ADJUSTMENT"
        paid, status = _paid(number, issued, net + tax)
        rate = spot(self._rates, terms.currency, entity.currency, issued)
        return Invoice(
            number=number,
            kind="CREDIT_NOTE" if credit else "INVOICE",
            customer=customer,
            entity=terms.entity,
            engagement=terms.code,
            currency=terms.currency,
            document_status="POSTED",
            payment_status=status,
            issue_date=issued,
            due_date=issued if credit else issued + timedelta(self._terms_days[customer]),
            accounting_date=issued,
            fiscal_period=self._calendars.period(terms.entity, issued).code,
            net=net,
            tax=tax,
            total=net + tax,
            open_amount=net + tax - paid,
            entity_currency=entity.currency,
            entity_rate=rate,
            entity_total=quantize((net + tax) * rate, entity.currency, entity.rounding_mode),
            corrects=CREDITED_INVOICE if credit else None,
            corrected_by=(CREDIT_NOTE,) if number == CREDITED_INVOICE else (),
            reason="Hours of an unplanned handover not charged" if credit else None,
            lines=lines,
        )

    def _lines(self, event: BillingEvent, number: str) -> Iterator[Drafted]:
        """Yield one line per role for hours, and one line for anything else."""
        if event.kind == "TIME":
            for role in HOURLY:
                code = f"{number}-{role}"
                if code in self._by_line:
                    yield _hours_line(event, code, role, self._by_line[code])
        elif event.kind == "ADJUSTMENT":
            text = "Credit: consultant hours, 2026-02"
            yield Drafted(
                event, f"{number}-1", text, "CONSULTANT", event.hours or Decimal(0), CREDIT_RATE, event.amount
            )
        else:
            yield Drafted(event, f"{number}-1", _fee_text(event), None, Decimal(1), event.amount, event.amount)


def _hours_line(event: BillingEvent, code: str, role: str, entries: list[TimeEntry]) -> Drafted:
    worked = sum((entry.billable_hours for entry in entries), Decimal(0))
    net = sum((entry.amount for entry in entries), Decimal(0))
    text = f"{role.title()} hours, {event.period_end:%Y-%m}"
    return Drafted(event, code, text, role, worked, entries[0].bill_rate, net)


def _fee_text(event: BillingEvent) -> str:
    if event.milestone:
        return f"Milestone {event.milestone} reached {event.period_end.isoformat()}"
    return f"Retainer {event.period_start:%Y-%m}, in advance"


def _issue_date(event: BillingEvent) -> date:
    """Return the date a document carries: period end, milestone day, or a retainer's first working day.

    No retainer is dated before the first Monday of January: NB-US's fiscal year 2026 begins only then.
    """
    if event.kind == "RETAINER":
        return max(FIRST_DAY, next(weekdays(event.period_start, event.period_end)))
    return event.due_date


def _paid(number: str, issued: date, total: Decimal) -> tuple[Decimal, PaymentStatus]:
    if number in PART_PAID:
        return PART_PAID[number], "PARTIAL"
    return (total, "PAID") if issued <= LAST_PAID_DAY else (total - total, "UNPAID")


def payments(documents: Iterable[Invoice]) -> tuple[Payment, ...]:
    """Return one payment for each invoice that is paid or partly paid, received within its terms."""
    settled = [invoice for invoice in documents if invoice.payment_status in {"PAID", "PARTIAL"}]
    return tuple(
        Payment(
            code=f"PAY-{number:03}",
            invoice=invoice.number,
            amount=invoice.total - invoice.open_amount,
            currency=invoice.currency,
            received_date=_banking_day(invoice.due_date - timedelta(h("pay", invoice.number) % 6)),
            reference=f"{invoice.number} {TERMS_OF[invoice.engagement].name}",
        )
        for number, invoice in enumerate(settled, 1)
    )


def _banking_day(day: date) -> date:
    return day - timedelta(max(0, day.weekday() - SATURDAY + 1))
