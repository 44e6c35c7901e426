"""What hours bring under a contract line: priced by the day of the work, rounded once, as far as the cap lets them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from commands.billing import consumed
from commands.command import Finding, Stop
from commands.money import known
from commands.terms import prices_of
from policies import caps
from policies.rates import Work
from schema.contract import BillingModel
from schema.problems import Code
from schema.rows import System
from schema.time_entry import ApprovalStatus, BillingClass
from schema.values import Money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking
    from commands.terms import Prices, Terms
    from schema.billing_event import BillingEventRow
    from schema.contract import ContractLineRow
    from schema.time_entry import TimeEntryRow


class Charge(NamedTuple):
    """What hours bring, at which rate, and what of them a cap holds back."""

    rate: Money
    hours: Decimal
    amount: Money
    held_hours: Decimal
    held: Money


class Meter:
    """A contract line by the hour, while hours are charged to it: each uses up its part of the cap, `taken` is used."""

    def __init__(self, terms: Terms, line: ContractLineRow, prices: Prices, taken: Decimal) -> None:
        self.line, self._terms, self._prices, self.taken = line, terms, prices, taken

    def charge(self, entry: TimeEntryRow, hours: Decimal) -> Charge:
        """Return what hours of an entry bring, or stop where they have no rate or no room."""
        rate, whole = self.priced(entry, hours)
        share = self._share(whole.amount)
        self.taken += share.billed
        billed = caps.hours(share.billed, rate.amount) if share.held else hours
        return Charge(
            rate=rate,
            hours=billed,
            amount=Money.of(share.billed, whole.currency),
            held_hours=hours - billed,
            held=Money.of(share.held, whole.currency),
        )

    def priced(self, entry: TimeEntryRow, hours: Decimal) -> tuple[Money, Money]:
        """Return the rate of an entry's hours and what they come to, whatever the cap; or stop."""
        work = Work(entry.role, entry.resource, self._terms.region(entry.project), entry.work_date)
        rate = self._prices.of(work)
        return rate, self._terms.rounded(hours * rate.amount, rate.currency)

    def warning(self) -> Finding | None:
        """Return that the cap is near, if it is."""
        cap = self.line.cap
        if cap is None or not caps.is_near(cap.amount, self.taken):
            return None
        said = f"{self.taken} of {cap.amount} {cap.currency} of the contract line's cap are used"
        return Finding(Code.CAP_NEAR, said)

    def count(self, entry: TimeEntryRow) -> None:
        """Let hours use up the cap that are approved, and in no event yet."""
        _, whole = self.priced(entry, entry.billable_hours or Decimal(0))
        self.taken += whole.amount

    def _share(self, amount: Decimal) -> caps.Share:
        if self.line.model is not BillingModel.TIME_AND_MATERIALS_CAPPED:
            return caps.Share(amount, Decimal(0))
        cap = known(self.line.cap, "the contract line's cap")
        share = caps.share(cap.amount, known(self.line.cap_behavior, "what the cap does"), self.taken, amount)
        if share is None:
            over = self.taken + amount - cap.amount
            said = f"the hours come to {amount} {cap.currency}, which is {over} over the contract line's cap"
            raise Stop(Finding(Code.CAP_EXCEEDED, said))
        return share


async def meter_of(
    ask: Asking,
    terms: Terms,
    line: ContractLineRow,
    events: Sequence[BillingEventRow],
    entries: Sequence[TimeEntryRow],
) -> Meter:
    """Return the meter of a contract line; `events` and `entries` are all those of its engagement."""
    mine = [event for event in events if event.contract_line == line.ref]
    taken = await consumed(ask, mine) if line.cap is not None else Decimal(0)
    meter = Meter(terms, line, await prices_of(ask, terms, line), taken)
    if line.cap is not None:
        approved = [
            entry
            for entry in entries
            if (entry.approval_status, entry.billing_class) == (ApprovalStatus.APPROVED, BillingClass.BILLABLE)
            and terms.line(entry.project).ref == line.ref
        ]
        for entry in await _outside(ask, approved, mine):
            meter.count(entry)
    return meter


async def _outside(
    ask: Asking, approved: Sequence[TimeEntryRow], events: Sequence[BillingEventRow]
) -> list[TimeEntryRow]:
    """Return the approved entries that are in no event yet, and will be: the ledger does not have them."""
    posted = await ask.all("time_entries_erp", [entry.ref for entry in approved])
    sources = await ask.all("billing_sources_by_billing_event", [event.ref for event in events])
    billed = {source.time_entry for rows in sources.values() for source in rows or ()}
    waiting = [entry for entry in approved if posted[entry.ref] is None]
    return [entry for entry in waiting if await ask.word(entry.ref, System.ERP) not in billed]
