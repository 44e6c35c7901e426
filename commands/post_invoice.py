"""postInvoice: a draft becomes a legal document. There is no way back but a credit note.

P  ERP  the document is posted under its number   in an open period of receivables
R  ERP  its events are invoiced
R  CRM  the deal shows the number                 set aside if refused
R  PSA  each entry of time behind it is billed
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import strawberry

import sources.crm.writes as crm
import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Fact, Finding, Judgement, Stop, command
from commands.invoices import creditworthy, entries_of, events_of, flags, lines_of, sources_of
from commands.items import same_version
from commands.money import Amount, stated
from commands.plan import Gate, Kind, Plan, Step
from commands.terms import Terms, terms_of
from schema.billing_event import BillingEventRow
from schema.fiscal_period import LedgerModule, PeriodStatus
from schema.invoice import DocumentStatus, InvoiceKind, InvoiceRow
from schema.legal_entity import LegalEntityRow
from schema.problems import Code
from schema.rows import Ref, System
from schema.time_entry import TimeEntryRow
from sources.writes import Later

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from commands.asking import Asking

TERMS_CHANGED = timedelta(days=30)
DRAFTED = frozenset({DocumentStatus.DRAFT, DocumentStatus.IN_REVIEW})


@strawberry.input
class PostInvoice(CommandInput):
    """A draft, what it must come to with tax, and the day under which it is posted."""

    invoice_id: strawberry.ID
    expected_total: Amount
    posting_date: date


class _Draft(msgspec.Struct):
    """A draft with all that posting it touches."""

    row: InvoiceRow
    entity: LegalEntityRow
    events: list[BillingEventRow]
    terms: list[Terms]
    entries: list[TimeEntryRow]

    @property
    def deals(self) -> list[Ref]:
        """The opportunities that the engagements came of."""
        return [one.engagement.opportunity for one in self.terms if one.engagement.opportunity]


@command("postInvoice", PostInvoice, changes=(psa.FlagTime, erp.PostInvoice, erp.SettleEvents, crm.RecordInvoice))
async def post_invoice(ask: Asking, said: PostInvoice) -> Judgement:
    """Post a drafted invoice or credit note, if it still comes to the total that was seen."""
    draft = await _read(ask, await _draft(ask, said))
    invoice = draft.row
    gate = Gate(LedgerModule.AR.name, draft.entity.ref, said.posting_date)
    await _allowed(ask, draft, gate)
    return Judgement(
        plan=Plan(
            first=(
                _posted(invoice, gate),
                *_settled(invoice.ref, draft.events),
                *(_shown(ask, deal, place) for place, deal in enumerate(draft.deals, 1)),
            ),
            branches=flags(draft.entries, billed=True),
        ),
        subjects=(invoice.ref, *(one.engagement.ref for one in draft.terms)),
        scope=(invoice,),
        entity=draft.entity.code,
        facts=await _facts(ask, draft, said.posting_date),
        parties=await _parties(ask, draft),
        claims=(Claimed("invoice", invoice.ref.encode()),),
    )


async def _draft(ask: Asking, said: PostInvoice) -> InvoiceRow:
    """Return the draft, or stop: another total than the one that was seen means that it was changed meanwhile."""
    path = ("input", "invoiceId")
    invoice = await ask.one("invoices_by_id", ask.ref(said.invoice_id, "Invoice", *path), *path, row=InvoiceRow)
    same_version(said, [invoice])
    subjects = (invoice.ref,)
    if invoice.document_status is DocumentStatus.POSTED:
        raise Stop(Finding(Code.ALREADY_DONE, "the document is posted already", path), subjects=subjects)
    if invoice.document_status not in DRAFTED:
        raise Stop(Finding(Code.INVALID_TRANSITION, "only a draft can be posted", path), subjects=subjects)
    expected = said.expected_total.money("input", "expectedTotal")
    if invoice.total != expected:
        live = f"{invoice.total.amount} {invoice.total.currency}" if invoice.total else "unknown"
        said_ = f"the draft's total is {live}, and not {expected.amount} {expected.currency}"
        raise Stop(Finding(Code.TOTAL_CHANGED, said_, ("input", "expectedTotal")), subjects=subjects)
    return invoice


async def _read(ask: Asking, invoice: InvoiceRow) -> _Draft:
    events = await events_of(ask, await lines_of(ask, invoice.ref))
    sources = await sources_of(ask, [event.ref for event in events])
    entries = await entries_of(ask, [source for rows in sources.values() for source in rows])
    return _Draft(
        row=invoice,
        entity=await ask.entity(stated(invoice.legal_entity, "the invoice's legal entity")),
        events=events,
        terms=[await terms_of(ask, ref) for ref in await _engagements(ask, invoice, events)],
        entries=list(entries.values()),
    )


async def _allowed(ask: Asking, draft: _Draft, gate: Gate) -> None:
    """Stop where the day, the customer or what was agreed lets nothing be posted."""
    if await ask.status(gate) is PeriodStatus.LOCKED:
        said = f"the period of {gate.on.isoformat()} is locked for good"
        raise Stop(Finding(Code.PERIOD_LOCKED, said, ("input", "postingDate")), subjects=(draft.row.ref,))
    await creditworthy(ask, stated(draft.row.customer, "the invoice's customer"))
    for one in draft.terms:
        one.sound()


async def _facts(ask: Asking, draft: _Draft, on: date) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"credit_note": draft.row.kind is InvoiceKind.CREDIT_NOTE}
    amount = await ask.functional(draft.row.total, draft.entity, on)
    return facts if amount is None else {**facts, "amount": amount}


async def _parties(ask: Asking, draft: _Draft) -> dict[str, frozenset[str]]:
    """Return who drafted it, which what it bills tells, and who changed its terms lately."""
    drafted = [draft.row.ref, *(event.ref for event in draft.events)]
    changed = [one.engagement.ref for one in draft.terms]
    return {
        "preparer": await _doers(ask, "prepareInvoice", drafted),
        "terms_changer": await _doers(ask, "changeBillingTerms", changed, ask.now - TERMS_CHANGED),
    }


async def _engagements(ask: Asking, invoice: InvoiceRow, events: Sequence[BillingEventRow]) -> list[Ref]:
    """Return the engagements that a document bills, as delivery calls them."""
    named = [invoice.engagement, *(event.engagement for event in events)]
    words = [await ask.word(ref, System.PSA) for ref in dict.fromkeys(named) if ref is not None]
    return list(dict.fromkeys(stated(word, "what delivery calls the engagement") for word in words))


async def _doers(ask: Asking, name: str, refs: Iterable[Ref], since: datetime | None = None) -> frozenset[str]:
    """Return who ran a command about any of these records."""
    found = [await ask.doers(name, ref, since) for ref in refs]
    return frozenset(one for names in found for one in names)


def _posted(invoice: InvoiceRow, gate: Gate) -> Step:
    write = erp.PostInvoice(
        invoice=invoice.ref, posting_date=gate.on, expected_total=stated(invoice.total, "the invoice's total")
    )
    return Step(name="erp.invoice", kind=Kind.PIVOT, binding=invoice.ref.binding, gate=gate, write=write)


def _settled(invoice: Ref, events: Sequence[BillingEventRow]) -> list[Step]:
    if not events:
        return []
    write = erp.SettleEvents(events=tuple(event.ref for event in events), invoice=invoice)
    return [Step(name="erp.events", kind=Kind.RETRIABLE, binding=invoice.binding, write=write)]


def _shown(ask: Asking, deal: Ref, place: int) -> Step:
    return Step(
        name=f"crm.invoice.{place}",
        kind=Kind.RETRIABLE,
        binding=ask.binding(System.CRM),
        write=crm.RecordInvoice(opportunity=deal, number=Later("erp.invoice", "number")),
        optional=Code.CRM_WRITEBACK_FAILED,
    )
