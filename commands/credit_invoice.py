"""creditInvoice: a posted invoice is taken back, wholly or in part. The invoice itself is never edited.

P  ERP  a credit note is posted against it         in the first period of receivables that takes it
R  ERP  what it billed is ready again (rebill), or cancelled (write-off)
R  PSA  each entry of time behind that is billed no more
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.invoices import entries_of, events_of, flags, lines_of, sources_of
from commands.items import same_version
from commands.money import Amount, known, stated
from commands.plan import Gate, Kind, Plan, Step
from commands.posting import today
from policies.periods import accounting_date
from schema.billing_event import BillingEventKind, BillingEventStatus
from schema.fiscal_period import FiscalPeriodRow, LedgerModule
from schema.invoice import DocumentStatus, InvoiceKind, InvoiceRow
from schema.problems import Code
from schema.values import Money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking
    from schema.billing_event import BillingEventRow
    from schema.invoice import InvoiceLineRow
    from schema.legal_entity import LegalEntityRow
    from schema.rows import Ref


@strawberry.enum
class CreditPurpose(Enum):
    """What becomes of the work: billed anew, or never."""

    REBILL = "REBILL"
    WRITE_OFF = "WRITE_OFF"


BECOMES = {CreditPurpose.REBILL: BillingEventStatus.READY, CreditPurpose.WRITE_OFF: BillingEventStatus.CANCELLED}


@strawberry.input
class CreditedLine:
    """A line, and up to which amount before tax it is credited; without one, wholly."""

    line_id: strawberry.ID
    net: Amount | None = None


@strawberry.input
class CreditInvoice(CommandInput):
    """A posted invoice, the lines that are credited if not all of them, and what becomes of the work.

    The note is of today, unless another day is said.
    """

    invoice_id: strawberry.ID
    purpose: CreditPurpose
    lines: list[CreditedLine] | None = None
    posting_date: date | None = None


@command("creditInvoice", CreditInvoice, changes=(psa.FlagTime, erp.CreditInvoice, erp.ReleaseEvents))
async def credit_invoice(ask: Asking, said: CreditInvoice) -> Judgement:
    """Credit a posted invoice, wholly or in part, and say whether the work is billed anew or written off."""
    invoice = await _posted(ask, said)
    entity = await ask.entity(stated(invoice.legal_entity, "the invoice's legal entity"))
    lines = await lines_of(ask, invoice.ref)
    events = await events_of(ask, lines)
    credited = _credited(ask, said, lines, events)
    net = sum((line.net.amount for line in credited), Decimal(0))
    await _not_more(ask, invoice, net)
    free = _free(lines, credited, events)
    sources = await sources_of(ask, [event.ref for event in free])
    entries = await entries_of(ask, [source for rows in sources.values() for source in rows])
    gate = Gate(LedgerModule.AR.name, entity.ref, said.posting_date or await _day(ask, entity))
    amount = await ask.functional(Money(amount=net, currency=credited[0].net.currency), entity, gate.on)
    return Judgement(
        plan=Plan(
            first=(_noted(said, invoice.ref, gate, credited), *_released(said, invoice.ref, free)),
            branches=flags(entries.values(), billed=False),
        ),
        subjects=(invoice.ref,),
        scope=(invoice,),
        entity=entity.code,
        facts={} if amount is None else {"amount": amount},
        parties={"poster": await ask.doers("postInvoice", invoice.ref)},
        claims=(Claimed("invoice", invoice.ref.encode()),),
    )


async def _posted(ask: Asking, said: CreditInvoice) -> InvoiceRow:
    path = ("input", "invoiceId")
    invoice = await ask.one("invoices_by_id", ask.ref(said.invoice_id, "Invoice", *path), *path, row=InvoiceRow)
    same_version(said, [invoice])
    if (invoice.kind, invoice.document_status) != (InvoiceKind.INVOICE, DocumentStatus.POSTED):
        said_ = "only a posted invoice can be credited"
        raise Stop(Finding(Code.INVALID_TRANSITION, said_, path), subjects=(invoice.ref,))
    return invoice


def _credited(
    ask: Asking, said: CreditInvoice, lines: Sequence[InvoiceLineRow], events: Sequence[BillingEventRow]
) -> list[erp.CreditLine]:
    """Return what of which lines is credited, or stop: a milestone is credited in full or not at all."""
    path = ("input", "lines")
    by_ref = {line.ref: line for line in lines}
    if said.lines is None:
        return [erp.CreditLine(line=line.ref, net=known(line.net, "what a line bills")) for line in lines]
    if not said.lines:
        raise Stop(Finding(Code.BAD_INPUT, "'lines' must name a line, or be left out for all of them", path))
    milestones = {event.ref for event in events if event.kind is BillingEventKind.MILESTONE}
    found: dict[Ref, erp.CreditLine] = {}
    for one in said.lines:
        ref = ask.ref(one.line_id, "InvoiceLine", *path, "lineId")
        line = by_ref.get(ref)
        if line is None or ref in found:
            raise Stop(Finding(Code.BAD_INPUT, "a line must be one of the invoice, and be named once", path))
        whole = known(line.net, "what a line bills")
        net = one.net.money(*path, "net") if one.net else whole
        if net.currency != whole.currency or not 0 < net.amount <= whole.amount:
            said_ = f"of this line more than 0 and at most {whole.amount} {whole.currency} can be credited"
            raise Stop(Finding(Code.BAD_INPUT, said_, (*path, "net")))
        if net != whole and milestones & set(line.billing_events or ()):
            raise Stop(Finding(Code.BAD_INPUT, "a milestone can only be credited in full", (*path, "net")))
        found[ref] = erp.CreditLine(line=ref, net=net)
    return list(found.values())


async def _not_more(ask: Asking, invoice: InvoiceRow, net: Decimal) -> None:
    """Stop where more would be credited than was billed."""
    earlier = await ask.many("invoices_by_corrected", invoice.ref, row=InvoiceRow)
    notes = [known(note.net, "what was credited").amount for note in earlier]
    left = known(invoice.net, "what the invoice bills").amount + sum(notes, Decimal(0))
    if net > left:
        said = f"of this invoice {left} before tax are left to credit, and not {net}"
        raise Stop(Finding(Code.BAD_INPUT, said, ("input", "lines")), subjects=(invoice.ref,))


def _free(
    lines: Sequence[InvoiceLineRow], credited: Sequence[erp.CreditLine], events: Sequence[BillingEventRow]
) -> list[BillingEventRow]:
    """Return the events of which every line is credited in full: part of one cannot be billed anew."""
    nets = {line.line: line.net for line in credited}
    kept = {ref for line in lines if nets.get(line.ref) != line.net for ref in line.billing_events or ()}
    return [event for event in events if event.ref not in kept]


async def _day(ask: Asking, entity: LegalEntityRow) -> date:
    """Return the entity's own day, or the first day after it whose period takes a credit note."""
    periods = await ask.many("fiscal_periods_by_legal_entity", entity.ref, row=FiscalPeriodRow)
    day = today(ask, entity)
    return accounting_date(periods, LedgerModule.AR, day) or day


def _noted(said: CreditInvoice, invoice: Ref, gate: Gate, credited: Sequence[erp.CreditLine]) -> Step:
    note = erp.CreditInvoice(
        invoice=invoice,
        legal_entity=gate.entity,
        posting_date=gate.on,
        lines=tuple(credited),
        reason=said.reason or said.purpose.value,
    )
    return Step(name="erp.credit", kind=Kind.PIVOT, binding=invoice.binding, gate=gate, write=note)


def _released(said: CreditInvoice, invoice: Ref, free: Sequence[BillingEventRow]) -> list[Step]:
    if not free:
        return []
    write = erp.ReleaseEvents(events=tuple(event.ref for event in free), status=BECOMES[said.purpose])
    return [Step(name="erp.events", kind=Kind.RETRIABLE, binding=invoice.binding, write=write)]
