"""changeRateCard: a bill card gets its next version. What held before is closed the day before, never overwritten.

    C  PSA  the version is drafted                   undone: discarded
    P  PSA  it is published, the one before retired
    R  ERP  its copy of the prices
    R  ERP  unbilled time of the past is priced anew: its event is cancelled, and what was in it makes a new one

Only `retroactive` reaches into the past, and only to the first day of a period that takes time.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
import strawberry

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import persons, same_version
from commands.money import Amount, known, stated
from commands.plan import Kind, Plan, Step
from commands.posting import today
from commands.priced import REPRICING, priced_by, repriced
from policies.periods import standing
from policies.rates import Segment, scope_of, segments
from policies.repricing import Change, OverwritingError, Version, changed, decrease
from schema.fiscal_period import FiscalPeriodRow, LedgerModule, PeriodStatus
from schema.legal_entity import LegalEntityRow
from schema.problems import Code
from schema.rate_card import RateCardKind, RateCardRow, RateCardStatus, RateRow
from schema.rows import System
from sources.writes import Later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking


@strawberry.input
class RateChange:
    """What an hour of a role, or of one person in it, sells for from a day on."""

    role_id: strawberry.ID
    resource_id: strawberry.ID | None = None
    amount: Amount
    effective_from: date


@strawberry.input
class ChangeRateCard(CommandInput):
    """The newest version of a bill card, and its new rates."""

    rate_card_id: strawberry.ID
    changes: list[RateChange]
    retroactive: bool = False


class _Card(msgspec.Struct):
    """A card as it is changed: all versions of it, and what the newest says."""

    row: RateCardRow
    versions: list[RateCardRow]
    entity: LegalEntityRow | None
    segments: list[Segment]


@command(
    "changeRateCard",
    ChangeRateCard,
    changes=(psa.DraftRateCard, psa.DiscardRateCard, psa.PublishRateCard, erp.ReplicateRates, *REPRICING),
)
async def change_rate_card(ask: Asking, said: ChangeRateCard) -> Judgement:
    """Publish the next version of a bill card; work is priced by the day on which it was done."""
    card = await _card(ask, said)
    changes = [await _change(ask, card, one) for one in said.changes]
    await _allowed(ask, card, said, changes)
    version = _version(card, changes)
    work = await priced_by(ask, card.row, card.versions)
    since = min(change.start for change in changes)
    branches, warnings = await repriced(ask, work, since, version.new) if said.retroactive else ([], [])
    managers = await persons(ask, [one.engagement.manager for one in work])
    return Judgement(
        plan=Plan(
            first=(_drafted(card, version), _published(card.row), _replicated(ask, card, version)),
            branches=tuple(branches),
        ),
        subjects=(card.row.ref,),
        scope=(card.row,),
        entity=card.entity.code if card.entity else None,
        facts={"decrease": decrease(card.segments, changes)},
        parties={} if managers is None else {"card_engagement_manager": managers},
        findings=tuple(warnings),
        claims=(Claimed("rate_card", card.row.ref.encode()),),
    )


async def _card(ask: Asking, said: ChangeRateCard) -> _Card:
    path = ("input", "rateCardId")
    card = await ask.one("rate_cards_by_id", ask.ref(said.rate_card_id, "RateCard", *path), *path, row=RateCardRow)
    same_version(said, [card])
    cards = [one for one in await ask.find("RateCard") if isinstance(one, RateCardRow)]
    same = [one for one in cards if (scope_of(one), one.currency) == (scope_of(card), card.currency)]
    newest = max((one.version or 0 for one in same), default=0)
    if (card.kind, card.status) != (RateCardKind.BILL, RateCardStatus.ACTIVE) or (card.version or 0) < newest:
        said_ = "only the newest version of a bill card can be changed, once it is published"
        raise Stop(Finding(Code.INVALID_TRANSITION, said_, path), subjects=(card.ref,))
    rates = await ask.many("rates_by_rate_card", card.ref, row=RateRow)
    held = segments(rates)
    if len(held) != len(rates):
        said_ = "the card has rates that are not by the hour, or cannot be read"
        raise Stop(Finding(Code.UNMAPPED_FINANCIAL_CODE, said_, path), subjects=(card.ref,))
    entity = await ask.entity(card.legal_entity) if card.legal_entity else None
    return _Card(card, same, entity, held)


async def _change(ask: Asking, card: _Card, said: RateChange) -> Change:
    path = ("input", "changes")
    role = ask.ref(said.role_id, "Role", *path, "roleId")
    await ask.one("roles_by_id", role, *path, "roleId")
    amount = said.amount.money(*path, "amount")
    if amount.currency != card.row.currency:
        said_ = f"the card is in {card.row.currency}, which never changes"
        raise Stop(Finding(Code.CURRENCY_MISMATCH, said_, (*path, "amount")))
    if amount.amount <= 0:
        raise Stop(Finding(Code.BAD_INPUT, "a rate must be more than 0", (*path, "amount")))
    person = None
    if said.resource_id is not None:
        resource = ask.ref(said.resource_id, "Resource", *path, "resourceId")
        person = stated(await ask.word(resource, System.PSA), "what delivery calls the person")
    return Change(role, person, amount, said.effective_from)


async def _allowed(ask: Asking, card: _Card, said: ChangeRateCard, changes: Sequence[Change]) -> None:
    """Stop where a change reaches into days that it must not."""
    path = ("input", "changes", "effectiveFrom")
    if not changes:
        raise Stop(Finding(Code.BAD_INPUT, "'changes' must name a rate", ("input", "changes")))
    now = today(ask, card.entity) if card.entity else ask.now.date()
    past = sorted(change.start for change in changes if change.start < now)
    if not past:
        return
    if not said.retroactive:
        said_ = f"{past[0].isoformat()} is past: time that was worked since is only priced anew if it is said so"
        raise Stop(Finding(Code.BAD_INPUT, said_, path))
    entity = stated(card.entity, "the legal entity whose periods are open")
    periods = await ask.many("fiscal_periods_by_legal_entity", entity.ref, row=FiscalPeriodRow)
    open_ = {
        period.range.start
        for period in periods
        if period.range and standing(period, LedgerModule.TIME) is PeriodStatus.OPEN
    }
    if not set(past) <= open_:
        firsts = " or ".join(day.isoformat() for day in sorted(open_))
        said_ = f"a rate of the past can only begin on the first day of an open period: {firsts}"
        raise Stop(Finding(Code.BAD_INPUT, said_, path))


def _version(card: _Card, changes: Sequence[Change]) -> Version:
    try:
        return changed(card.segments, changes)
    except OverwritingError as error:
        raise Stop(Finding(Code.BAD_INPUT, str(error), ("input", "changes", "effectiveFrom"))) from error


def _drafted(card: _Card, version: Version) -> Step:
    rates = tuple(
        psa.NewRate(
            card_role=one.role,
            resource=one.person,
            region=one.region,
            amount=one.amount,
            start=one.start,
            end=one.end,
        )
        for one in version.new
    )
    return Step(
        name="psa.version",
        kind=Kind.COMPENSATABLE,
        binding=card.row.ref.binding,
        write=psa.DraftRateCard(card=card.row.ref, version=(card.row.version or 0) + 1, rates=rates),
        undo=psa.DiscardRateCard(card=Later("psa.version")),
    )


def _published(card: RateCardRow) -> Step:
    write = psa.PublishRateCard(card=Later("psa.version"), replaces=card.ref)
    return Step(name="psa.published", kind=Kind.PIVOT, binding=card.ref.binding, write=write)


def _replicated(ask: Asking, card: _Card, version: Version) -> Step:
    """Return the step that tells the ERP, which knows a card as a whole, whatever its version, and no regions."""
    rates = tuple(
        erp.LedgerPrice(card_role=one.role, resource=one.person, amount=one.amount, start=one.start, end=one.end)
        for one in (*version.closed, *version.new)
        if one.region is None
    )
    write = erp.ReplicateRates(
        card=stated(card.row.code, "the card's code"),
        currency=known(card.row.currency, "the card's currency"),
        legal_entity=card.entity.ref if card.entity else None,
        rates=rates,
    )
    binding = ask.binding(System.ERP, card.entity.ref if card.entity else None)
    return Step(name="erp.rates", kind=Kind.RETRIABLE, binding=binding, write=write)
