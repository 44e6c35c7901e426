"""A change order as it is judged: what it says, the terms that hold, and why it may not come into force."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

import msgspec
import strawberry

import sources.erp.writes as erp
from commands.billing import consumed, standing
from commands.command import CommandInput, Finding, Stop
from commands.items import same_version
from commands.money import Amount, known, stated
from commands.terms import HOURLY, Terms, terms_of
from schema.billing_event import BillingEventKind, BillingEventRow, BillingEventStatus
from schema.contract import BillingModel, ContractLineRow, ContractRow, ScheduleEntryRow
from schema.problems import Code
from schema.rate_card import RateCardKind, RateCardRow
from schema.values import Money

if TYPE_CHECKING:
    from commands.asking import Asking

BEFORE_A_DRAFT = frozenset({BillingEventStatus.PENDING, BillingEventStatus.READY, BillingEventStatus.HELD})


@strawberry.enum
class UnbilledTime(Enum):
    """What becomes of time that is not billed yet when a line is by the hour no longer. ABSORB: the fee covers it."""

    BILL = "BILL"
    ABSORB = "ABSORB"
    WRITE_OFF = "WRITE_OFF"


@strawberry.input
class DueAmount:
    """An amount that the line bills on a day, or for a milestone."""

    due_date: date
    amount: Amount
    milestone_id: strawberry.ID | None = None


@strawberry.input
class TermsChange:
    """What the line says from now on; what is left out stays as it is."""

    model: BillingModel | None = None
    amount: Amount | None = None
    cap: Amount | None = None
    rate_card_id: strawberry.ID | None = None
    schedule: list[DueAmount] | None = None


@strawberry.input
class ChangeBillingTerms(CommandInput):
    """A line of an engagement's contract, its change, and the signed change order that says so.

    It was signed on the day from which it holds, unless another one is said.
    """

    engagement_id: strawberry.ID
    line_id: strawberry.ID
    change: TermsChange
    effective_date: date
    amendment_ref: str
    signed_date: date | None = None
    unbilled_time: UnbilledTime | None = None


class _New(msgspec.Struct):
    """The line's new terms, each None where it stays as it is."""

    model: BillingModel | None
    amount: Money | None
    cap: Money | None
    card: RateCardRow | None
    schedule: tuple[erp.Due, ...] | None


class Amending(msgspec.Struct):
    """A change order as it is judged: the terms that hold, the line with its events, and what it will say."""

    said: ChangeBillingTerms
    terms: Terms
    contract: ContractRow
    line: ContractLineRow
    events: list[BillingEventRow]
    new: _New

    @property
    def unbilled(self) -> list[BillingEventRow]:
        """The events of time that no invoice has yet."""
        time = (event for event in self.events if event.kind is BillingEventKind.TIME)
        return [event for event in time if standing(event) in BEFORE_A_DRAFT]

    @property
    def values(self) -> tuple[Money | None, Money | None]:
        """The contract's value before and after, None where it has none."""
        old = [line.amount.amount if line.amount else None for line in self.terms.lines]
        others = [line.amount for line in self.terms.lines if line.ref != self.line.ref]
        new = [money.amount if money else None for money in (*others, self.new.amount or self.line.amount)]
        return self._total(old), self._total(new)

    def _total(self, amounts: list[Decimal | None]) -> Money | None:
        known_ = [amount for amount in amounts if amount is not None]
        currency = known(self.contract.currency, "the contract's currency")
        return Money.of(sum(known_, Decimal(0)), currency) if len(known_) == len(amounts) else None


async def amending_of(ask: Asking, said: ChangeBillingTerms) -> Amending:
    """Return a change order with what it changes, or stop where it names what is not there."""
    engagement = ask.ref(said.engagement_id, "Engagement", "input", "engagementId")
    terms = await terms_of(ask, engagement)
    same_version(said, [terms.engagement])
    path = ("input", "lineId")
    ref = ask.ref(said.line_id, "ContractLine", *path)
    line = next((one for one in terms.lines if one.ref == ref), None)
    if terms.contract is None or line is None:
        raise Stop(Finding(Code.NOT_FOUND, "the engagement's contract has no such line", path), subjects=(engagement,))
    currency = known(terms.contract.currency, "the contract's currency")
    return Amending(
        said=said,
        terms=terms,
        contract=terms.contract,
        line=line,
        events=await ask.many("billing_events_by_contract_line", ref, row=BillingEventRow),
        new=await _new(ask, said.change, currency),
    )


async def _new(ask: Asking, change: TermsChange, currency: str) -> _New:
    path = ("input", "change")
    if change == TermsChange():
        raise Stop(Finding(Code.BAD_INPUT, "'change' must say what changes", path))
    card = None
    if change.rate_card_id is not None:
        ref = ask.ref(change.rate_card_id, "RateCard", *path, "rateCardId")
        card = await ask.one("rate_cards_by_id", ref, *path, "rateCardId", row=RateCardRow)
        if card.kind is not RateCardKind.BILL or card.currency != currency:
            said = f"a contract in {currency} is priced by a bill card in {currency}"
            raise Stop(Finding(Code.CURRENCY_MISMATCH, said, (*path, "rateCardId")))
    return _New(
        model=change.model,
        amount=_money(change.amount, currency, "amount"),
        cap=_money(change.cap, currency, "cap"),
        card=card,
        schedule=None if change.schedule is None else tuple(_due(ask, one, currency) for one in change.schedule),
    )


def _money(said: Amount | None, currency: str, name: str) -> Money | None:
    path = ("input", "change", name)
    if said is not None and said.currency != currency:
        raise Stop(Finding(Code.CURRENCY_MISMATCH, f"the contract is in {currency}, which never changes", path))
    return None if said is None else said.money(*path)


def _due(ask: Asking, one: DueAmount, currency: str) -> erp.Due:
    path = ("input", "change", "schedule")
    amount = _money(one.amount, currency, "schedule")
    milestone = ask.ref(one.milestone_id, "Milestone", *path, "milestoneId") if one.milestone_id else None
    return erp.Due(due_date=one.due_date, amount=stated(amount, "an amount of the schedule"), milestone=milestone)


async def possible(ask: Asking, amending: Amending) -> None:
    """Stop where the change would meet a draft, not add up, or lie below what is used up already."""
    path, new = ("input", "change"), amending.new
    drafted = [event.code for event in amending.events if standing(event) is BillingEventStatus.ON_DRAFT]
    if drafted:
        said = f"{', '.join(drafted)} of this line stands on a draft invoice"
        raise Stop(Finding(Code.EVENT_ON_DRAFT, said), subjects=(amending.line.ref,))
    model = new.model or known(amending.line.model, "the line's billing model")
    if model is BillingModel.TIME_AND_MATERIALS_CAPPED and (new.cap or amending.line.cap) is None:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "a capped line needs a cap", (*path, "cap")))
    if new.cap is not None:
        used = await consumed(ask, amending.events)
        if used > new.cap.amount:
            said = f"{used} {new.cap.currency} are used already, which is more than the cap"
            raise Stop(Finding(Code.CAP_EXCEEDED, said, (*path, "cap")))
    await _adds_up(ask, amending)


async def _adds_up(ask: Asking, amending: Amending) -> None:
    new, line = amending.new, amending.line
    if new.schedule is None and new.amount is None:
        return
    if new.schedule is None:
        rows = await ask.many("schedule_entries_by_contract_line", line.ref, row=ScheduleEntryRow)
        amounts = [known(row.amount, "an amount of the schedule").amount for row in rows]
    else:
        amounts = [due.amount.amount for due in new.schedule]
    whole = new.amount or line.amount
    if amounts and (whole is None or sum(amounts) != whole.amount):
        said = f"the schedule adds up to {sum(amounts)}, and the line is for {whole.amount if whole else 'no amount'}"
        raise Stop(Finding(Code.SCHEDULE_SUM_MISMATCH, said, ("input", "change", "schedule")))


def dropped_by(amending: Amending) -> list[BillingEventRow]:
    """Return the time that is not billed any more, or stop where nobody has said what becomes of it."""
    model, treatment = amending.new.model, amending.said.unbilled_time
    leaves = amending.line.model in HOURLY and model is not None and model not in HOURLY
    if not leaves or not amending.unbilled:
        return []
    if treatment is None:
        said = f"{len(amending.unbilled)} events of time are not billed yet: say whether to bill, absorb or write off"
        raise Stop(Finding(Code.BAD_INPUT, said, ("input", "unbilledTime")), subjects=(amending.line.ref,))
    return [] if treatment is UnbilledTime.BILL else amending.unbilled
