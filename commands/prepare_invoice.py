"""prepareInvoice: what is ready to be billed is put on a draft. Nothing is final yet, and nothing is approved.

    C  ERP  the events are locked         undone: they are free again
    C  ERP  the draft                     undone: deleted
    R  PSA  each entry of time behind it is flagged

Several drafts are made all or none. Where nothing is ready there is nothing to do, which is an answer.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

import msgspec
import strawberry

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.billing import standing
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.invoices import creditworthy, entries_of, flags, sources_of
from commands.items import MOST, same_version
from commands.money import known, stated
from commands.plan import Kind, Plan, Step
from commands.terms import Terms, terms_of
from schema.billing_event import BillingEventKind, BillingEventRow, BillingEventStatus, BillingSourceRow
from schema.customer import CustomerRow
from schema.engagement import EngagementRow
from schema.problems import Code
from schema.rows import Ref
from schema.time_entry import TimeEntryRow
from schema.values import Money
from sources.writes import Later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking


@strawberry.enum
class InvoiceGrouping(Enum):
    """What becomes one draft: each engagement, or all that is billed to the customer."""

    ENGAGEMENT = "ENGAGEMENT"
    CUSTOMER = "CUSTOMER"


@strawberry.input
class PrepareInvoice(CommandInput):
    """Whose work, by whom, and until when; `eventIds` are those events alone, which must all be ready."""

    engagement_id: strawberry.ID | None = None
    customer_id: strawberry.ID | None = None
    legal_entity_id: strawberry.ID
    cutoff_date: date
    event_ids: list[strawberry.ID] | None = None
    group_by: InvoiceGrouping = InvoiceGrouping.ENGAGEMENT


class _Billed(msgspec.Struct):
    """An engagement with what of it is billed now."""

    terms: Terms
    events: list[BillingEventRow]


@command(
    "prepareInvoice",
    PrepareInvoice,
    changes=(psa.FlagTime, erp.LockEvents, erp.ReleaseEvents, erp.DraftInvoice, erp.DeleteDraft),
)
async def prepare_invoice(ask: Asking, said: PrepareInvoice) -> Judgement:
    """Draft an invoice of what is ready to be billed until a day; nothing ready is no error, and changes nothing."""
    entity = await ask.entity(ask.ref(said.legal_entity_id, "LegalEntity", "input", "legalEntityId"))
    customer, engagements = await _engagements(ask, said)
    billed = [_Billed(await terms_of(ask, one.ref), []) for one in engagements]
    chosen = None if said.event_ids is None else _chosen(ask, said.event_ids)
    findings = [finding for one in billed for finding in await _select(ask, one, said, entity.ref, chosen)]
    findings += _unknown(billed, chosen)
    drafting = [one for one in billed if one.events]
    if drafting:
        await creditworthy(ask, customer)
    for one in drafting:
        one.terms.sound()
    groups = [drafting] if said.group_by is InvoiceGrouping.CUSTOMER and drafting else [[one] for one in drafting]
    findings += [finding for group in groups for finding in _mixed(group)]
    events = [event for one in drafting for event in one.events]
    sources = await sources_of(ask, [event.ref for event in events])
    entries = await entries_of(ask, [source for rows in sources.values() for source in rows])
    roles = await ask.all("roles_by_id", [entry.role for entry in entries.values() if entry.role])
    writer = _Writer(customer, entity.ref, sources, entries, {ref: row.name for ref, row in roles.items() if row})
    return Judgement(
        plan=Plan(
            first=tuple(step for place, group in enumerate(groups, 1) for step in writer.draft(group, place)),
            branches=flags(entries.values(), billed=True),
        ),
        subjects=(*(one.ref for one in engagements), *(event.ref for event in events)),
        scope=(entity,),
        entity=entity.code,
        findings=tuple(findings),
        claims=tuple(Claimed("billing_event", event.ref.encode()) for event in events),
    )


async def _engagements(ask: Asking, said: PrepareInvoice) -> tuple[Ref, list[EngagementRow]]:
    """Return whose customer it is, and which engagements are billed."""
    if (said.engagement_id is None) == (said.customer_id is None):
        raise Stop(Finding(Code.BAD_INPUT, "either 'engagementId' or 'customerId' must be given", ("input",)))
    if said.engagement_id is not None:
        path = ("input", "engagementId")
        ref = ask.ref(said.engagement_id, "Engagement", *path)
        engagement = await ask.one("engagements_by_id", ref, *path, row=EngagementRow)
        same_version(said, [engagement])
        if engagement.customer is None:
            raise Stop(Finding(Code.BAD_INPUT, "internal work is billed to nobody", path), subjects=(ref,))
        return engagement.customer, [engagement]
    path = ("input", "customerId")
    ref = ask.ref(stated(said.customer_id, "the customer"), "Customer", *path)
    customer = await ask.one("customers_by_id", ref, *path, row=CustomerRow)
    same_version(said, [customer])
    return ref, await ask.many("engagements_by_customer", ref, row=EngagementRow)


def _chosen(ask: Asking, ids: Sequence[str]) -> frozenset[Ref]:
    path = ("input", "eventIds")
    if len(ids) > MOST:
        raise Stop(Finding(Code.BAD_INPUT, f"'eventIds' must have at most {MOST} ids", path))
    return frozenset(ask.ref(one, "BillingEvent", *path) for one in ids)


async def _select(
    ask: Asking, billed: _Billed, said: PrepareInvoice, entity: Ref, chosen: frozenset[Ref] | None
) -> list[Finding]:
    """Put what is billed now with its engagement, and return what of the chosen ones cannot be."""
    ref = billed.terms.engagement.ref
    events = sorted(
        await ask.many("billing_events_by_engagement", ref, row=BillingEventRow), key=lambda event: event.code
    )
    if chosen is None:
        ready = (event for event in events if standing(event) is BillingEventStatus.READY)
        billed.events = [
            event for event in ready if billed.terms.entity.ref == entity and _due(event, said.cutoff_date)
        ]
        return []
    billed.events = [event for event in events if event.ref in chosen]
    findings = [finding for event in billed.events if (finding := _unready(event))]
    if billed.events and billed.terms.entity.ref != entity:
        said_ = "another legal entity signs for the work of these events"
        findings.append(Finding(Code.LEGAL_ENTITY_MISMATCH, said_, ("input", "legalEntityId")))
    return findings


def _due(event: BillingEventRow, cutoff: date) -> bool:
    """Tell whether an event is billed by a day: a fee in advance from its first day on, work when it is over."""
    days = event.period
    if days is None or days.end is None:
        return False
    return (days.start if event.kind is BillingEventKind.RETAINER else days.end) <= cutoff


def _unready(event: BillingEventRow) -> Finding | None:
    status = standing(event)
    if status is BillingEventStatus.READY:
        return None
    code = Code.EVENT_ON_DRAFT if status is BillingEventStatus.ON_DRAFT else Code.EVENT_NOT_READY
    return Finding(code, f"billing event {event.code} is {status.name}, and not ready", ("input", "eventIds"))


def _unknown(billed: Sequence[_Billed], chosen: frozenset[Ref] | None) -> list[Finding]:
    found = {event.ref for one in billed for event in one.events}
    strangers = (chosen or frozenset()) - found
    said = "these are events of other work than the one that is billed"
    return [Finding(Code.NOT_FOUND, said, ("input", "eventIds"))] if strangers else []


def _mixed(group: Sequence[_Billed]) -> list[Finding]:
    amounts = (event.amount for one in group for event in one.events)
    currencies = sorted({amount.currency for amount in amounts if amount is not None})
    said = f"one invoice cannot be in {' and '.join(currencies)}"
    return [Finding(Code.CURRENCY_MISMATCH, said, ("input", "groupBy"))] if len(currencies) > 1 else []


class _Writer(msgspec.Struct):
    """Writes drafts, line by line."""

    customer: Ref
    entity: Ref
    sources: dict[Ref, list[BillingSourceRow]]
    entries: dict[Ref, TimeEntryRow]
    roles: dict[Ref, str]

    def draft(self, group: Sequence[_Billed], place: int) -> list[Step]:
        """Return the steps that make one draft."""
        events = [event for one in group for event in one.events]
        refs = tuple(event.ref for event in events)
        name = f"erp.draft.{place}"
        currency = known(events[0].amount, "what an event bills").currency
        binding = self.entity.binding
        lock = Step(
            name=f"erp.lock.{place}",
            kind=Kind.COMPENSATABLE,
            binding=binding,
            write=erp.LockEvents(events=refs),
            undo=erp.ReleaseEvents(events=refs),
        )
        drafted = erp.DraftInvoice(
            customer=self.customer,
            legal_entity=self.entity,
            engagement=group[0].terms.engagement.ref if len(group) == 1 else None,
            currency=currency,
            lines=tuple(line for event in events for line in self._lines(event)),
        )
        undo = erp.DeleteDraft(invoice=Later(name))
        return [lock, Step(name=name, kind=Kind.COMPENSATABLE, binding=binding, write=drafted, undo=undo)]

    def _lines(self, event: BillingEventRow) -> list[erp.DraftLine]:
        """Return the lines of an event: by role where its hours tell all of it, else one."""
        amount = known(event.amount, "what an event bills")
        line = stated(event.contract_line, "the event's contract line")
        by_role = self._by_role(event)
        if sum((net for _, _, net in by_role), Decimal(0)) != amount.amount:
            by_role = [(_about(event), None, amount.amount)]
        return [
            erp.DraftLine(
                event=event.ref,
                contract_line=line,
                description=description,
                quantity=hours,
                unit_price=_price(net, hours, amount.currency),
                net=Money.of(net, amount.currency),
            )
            for description, hours, net in by_role
        ]

    def _by_role(self, event: BillingEventRow) -> list[tuple[str, Decimal | None, Decimal]]:
        hours: dict[str, Decimal] = defaultdict(Decimal)
        nets: dict[str, Decimal] = defaultdict(Decimal)
        for source in self.sources[event.ref]:
            entry = self.entries.get(source.time_entry) if source.time_entry else None
            name = self.roles.get(entry.role) if entry and entry.role else None
            if name is None or source.hours is None or source.amount is None:
                return []
            hours[name] += source.hours
            nets[name] += source.amount.amount
        month = f"{event.period.end:%Y-%m}" if event.period else ""
        return [(f"{name} hours, {month}", hours[name], nets[name]) for name in sorted(nets)]


def _about(event: BillingEventRow) -> str:
    days = stated(event.period, "the days of the event")
    if event.kind is BillingEventKind.MILESTONE:
        return f"Milestone reached {days.start.isoformat()}"
    kind = known(event.kind, "what the event bills")
    return f"{kind.value.title()}, {days.start:%Y-%m}"


def _price(net: Decimal, hours: Decimal | None, currency: str) -> Money | None:
    """Return the price of an hour where all hours have the same, to the last digit."""
    if not hours:
        return None
    price = Money.of(net / hours, currency)
    return (
        price if price.amount.as_tuple().exponent == Money.of(Decimal(0), currency).amount.as_tuple().exponent else None
    )
