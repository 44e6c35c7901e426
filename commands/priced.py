"""The work that a rate card prices, and what of it is priced anew when the card says otherwise."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import msgspec

import sources.erp.writes as erp
from commands.billing import Taking, new_code, standing
from commands.command import Finding, Stop
from commands.invoices import entries_of, sources_of
from commands.metering import meter_of
from commands.money import stated
from commands.plan import Branch, Kind, Step
from commands.terms import HOURLY, terms_of
from policies.rates import Scope, Work, rate, versions
from schema.billing_event import BillingEventKind, BillingEventRow, BillingEventStatus
from schema.contract import CapBehavior, ContractLineRow, ContractRow
from schema.engagement import EngagementRow
from schema.problems import Code
from schema.rate_card import RateCardRow
from schema.rows import Ref, System
from schema.time_entry import ApprovalStatus, TimeEntryRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from commands.asking import Asking
    from commands.terms import Terms
    from policies.rates import Segment
    from schema.billing_event import BillingSourceRow
    from schema.values import Money

# What another price may ask of a system.
REPRICING = (erp.CancelBillingEvent, erp.AddToBillingEvent)
UNBILLED = frozenset(
    {BillingEventStatus.PENDING, BillingEventStatus.READY, BillingEventStatus.HELD, BillingEventStatus.ON_DRAFT}
)


class Priced(msgspec.Struct):
    """An engagement, and those of its contract's lines by the hour that a card prices."""

    engagement: EngagementRow
    lines: list[ContractLineRow]


class Part(NamedTuple):
    """What of an event is one entry's, and what it comes to now."""

    entry: TimeEntryRow
    hours: Decimal
    before: Money
    after: Money


async def priced_by(ask: Asking, card: RateCardRow, same: Sequence[RateCardRow]) -> list[Priced]:
    """Return the work that is priced by a card, whose versions `same` are."""
    cards = [one for one in await ask.find("RateCard") if isinstance(one, RateCardRow)]
    contracts = await _contracts(ask, card)
    lines = await ask.all("contract_lines_by_contract", [contract.ref for contract in contracts])
    engagements = await ask.all("engagements_by_id", [one.engagement for one in contracts if one.engagement])
    mine = {one.ref for one in same}
    found: list[Priced] = []
    for contract in contracts:
        engagement = engagements.get(contract.engagement) if contract.engagement else None
        hourly = [line for line in lines[contract.ref] or () if line.model in HOURLY]
        if isinstance(engagement, EngagementRow):
            by_card = [line for line in hourly if mine & await _pricing(ask, cards, contract, engagement, line)]
            found += [Priced(engagement, by_card)] if by_card else []
    return found


async def _contracts(ask: Asking, card: RateCardRow) -> list[ContractRow]:
    if card.engagement is not None:
        contract = await ask.maybe("contracts_by_engagement", card.engagement, row=ContractRow)
        return [contract] if contract else []
    entity = await ask.entity(card.legal_entity) if card.legal_entity else None
    found = await (ask.find("Contract", legal_entity=[entity.ref.encode()]) if entity else ask.find("Contract"))
    return [one for one in found if isinstance(one, ContractRow)]


async def _pricing(
    ask: Asking, cards: Sequence[RateCardRow], contract: ContractRow, engagement: EngagementRow, line: ContractLineRow
) -> set[Ref]:
    """Return the card by which a line is priced: the one that it names, else all versions of the one for whom it is."""
    if line.rate_card is not None:
        word = await ask.word(line.rate_card, System.PSA)
        return {word} if word else set()
    entity = await ask.word(contract.legal_entity, System.PSA) if contract.legal_entity else None
    scope = Scope(engagement.ref, engagement.customer, entity)
    return {one.ref for one in versions(cards, scope, contract.currency or "", None)}


async def repriced(
    ask: Asking, work: Iterable[Priced], since: date, new: Sequence[Segment]
) -> tuple[list[Branch], list[Finding]]:
    """Return what prices unbilled time anew, a branch an event, and a warning for each changed entry.

    An event is cancelled, and all approved time that was in it makes a new one: nothing is overwritten.
    """
    branches: list[Branch] = []
    warnings: list[Finding] = []
    for one in work:
        terms = await terms_of(ask, one.engagement.ref)
        events = await ask.many("billing_events_by_engagement", one.engagement.ref, row=BillingEventRow)
        mine = [event for event in events if _reached(event, one.lines, since)]
        sources = await sources_of(ask, [event.ref for event in mine])
        entries = await entries_of(ask, [source for rows in sources.values() for source in rows])
        more: dict[Ref | None, Decimal] = defaultdict(Decimal)
        for event in mine:
            parts = [part for source in sources[event.ref] if (part := _part(terms, source, entries, since, new))]
            moved = [part for part in parts if part.before != part.after]
            if moved:
                branches.append(_replaced(event, events, terms, parts))
                warnings += [_warning(part) for part in moved]
                more[event.contract_line] += sum(part.after.amount - part.before.amount for part in moved)
        for line in one.lines:
            await _within_cap(ask, terms, events, line, more[line.ref])
    return branches, warnings


async def _within_cap(
    ask: Asking, terms: Terms, events: Sequence[BillingEventRow], line: ContractLineRow, more: Decimal
) -> None:
    """Stop where time that is priced anew would come to more than a cap lets be billed."""
    if line.cap is None or line.cap_behavior is CapBehavior.WARN or more <= 0:
        return
    entries = await ask.many("time_entries_by_engagement", terms.engagement.ref, row=TimeEntryRow)
    over = (await meter_of(ask, terms, line, events, entries)).taken + more - line.cap.amount
    if over > 0:
        said = f"{terms.engagement.code} would come to {over} {line.cap.currency} over its contract line's cap"
        raise Stop(Finding(Code.CAP_EXCEEDED, said), subjects=(line.ref,))


def _reached(event: BillingEventRow, lines: Sequence[ContractLineRow], since: date) -> bool:
    mine = event.kind is BillingEventKind.TIME and event.contract_line in {line.ref for line in lines}
    days = event.period
    return mine and standing(event) in UNBILLED and days is not None and (days.end is None or days.end >= since)


def _part(
    terms: Terms, source: BillingSourceRow, entries: dict[Ref, TimeEntryRow], since: date, new: Sequence[Segment]
) -> Part | None:
    """Return an approved entry's part of an event; time that is not approved is priced when it is."""
    entry = entries.get(source.time_entry) if source.time_entry else None
    if entry is None or entry.approval_status is not ApprovalStatus.APPROVED:
        return None
    before, hours = stated(source.amount, "what an entry brings"), stated(source.hours, "the hours of an entry")
    work = Work(entry.role, entry.resource, terms.region(entry.project), entry.work_date)
    price = rate([new], work) if entry.work_date >= since else None
    after = terms.rounded(hours * price.amount, price.currency) if price else before
    return Part(entry, hours, before, after)


def _replaced(event: BillingEventRow, events: Sequence[BillingEventRow], terms: Terms, parts: Sequence[Part]) -> Branch:
    if standing(event) is BillingEventStatus.ON_DRAFT:
        said = f"{event.code} stands on a draft invoice, and has time that would be priced anew"
        raise Stop(Finding(Code.EVENT_ON_DRAFT, said), subjects=(event.ref,))
    line, days = stated(event.contract_line, "the event's contract line"), stated(event.period, "the event's days")
    code = stated(terms.engagement.code, "the engagement's code")
    name = new_code(events, Taking(BillingEventKind.TIME, code, line, days.start))
    cancelled = erp.CancelBillingEvent(event=event.ref)
    steps = [Step(name="erp.cancelled", kind=Kind.RETRIABLE, binding=event.ref.binding, write=cancelled)]
    for place, part in enumerate(parts, 1):
        added = erp.AddToBillingEvent(
            event=name,
            engagement=terms.engagement.ref,
            contract_line=line,
            kind=BillingEventKind.TIME,
            start=days.start,
            end=days.end or days.start,
            entry=part.entry.ref,
            code=stated(part.entry.code, "the entry's code"),
            hours=part.hours,
            amount=part.after,
        )
        steps.append(Step(name=f"erp.event.{place}", kind=Kind.RETRIABLE, binding=event.ref.binding, write=added))
    return Branch(event.ref.encode(), tuple(steps))


def _warning(part: Part) -> Finding:
    day, entry = part.entry.work_date.isoformat(), part.entry
    said = f"{entry.code} of {day} comes to {part.after.amount} {part.after.currency} instead of {part.before.amount}"
    return Finding(Code.RATE_CHANGE_AFFECTS_UNBILLED, said, item=entry.ref.encode())
