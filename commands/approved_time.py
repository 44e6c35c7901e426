"""Hours that are accepted: priced, posted, billed as far as the cap lets them, and told to the plan.

Approving   makes the branch of one entry after the other, for an earlier one uses up its part of the cap
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.billing import Taking, event_for
from commands.command import Finding, Stop
from commands.items import apart, going
from commands.metering import Charge, Meter, meter_of
from commands.money import stated
from commands.plan import Branch, Kind, Step
from commands.posting import Books, Place, books_of
from commands.terms import HOURLY, Terms, terms_of
from schema.billing_event import BillingEventKind, BillingEventRow
from schema.problems import Code
from schema.rows import Ref, System
from schema.time_entry import ApprovalStatus, BillingClass, TimeEntryRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking
    from schema.values import Money

# What an approval may ask of a system.
APPROVAL = (psa.ApproveTime, psa.ReopenTime, erp.PostTime, erp.AddToBillingEvent, forecast.RecordActual)
UTILIZED = frozenset({BillingClass.BILLABLE, BillingClass.FEE_COVERED})


def submitted(entry: TimeEntryRow) -> None:
    """Stop where an entry does not wait for a decision."""
    if entry.approval_status is not ApprovalStatus.SUBMITTED:
        raise Stop(Finding(Code.INVALID_TRANSITION, "only submitted time can be approved or rejected"))


class _Case(msgspec.Struct):
    """An engagement of which hours are approved: its terms, all of its events and its time, its lines by the hour."""

    terms: Terms
    events: list[BillingEventRow]
    entries: list[TimeEntryRow]
    meters: dict[Ref, Meter]

    def meter(self, entry: TimeEntryRow) -> Meter | None:
        """Return the line that bills an entry by the hour, None where nothing does: a fee covers it, or it is ours."""
        if entry.billing_class is not BillingClass.BILLABLE:
            return None
        return self.meters.get(self.terms.line(entry.project).ref)

    def of_day(self, entry: TimeEntryRow, approving: frozenset[Ref]) -> Decimal:
        """Return what the person worked in this role on this day, by all entries that are or will be approved."""
        same = (
            one
            for one in self.entries
            if (one.resource, one.role, one.work_date) == (entry.resource, entry.role, entry.work_date)
            and (one.approval_status is ApprovalStatus.APPROVED or one.ref in approving)
        )
        return sum((one.hours for one in same), Decimal(0))

    def warnings(self, approving: frozenset[Ref]) -> list[Finding]:
        """Return what is near its cap, or takes more work than its fee covers."""
        found = [warning for meter in self.meters.values() if (warning := meter.warning())]
        planned = self.terms.engagement.planned_hours
        counted = (
            one.hours
            for one in self.entries
            if one.billing_class is BillingClass.FEE_COVERED
            and (one.approval_status is ApprovalStatus.APPROVED or one.ref in approving)
        )
        worked = sum(counted, Decimal(0))
        if planned is not None and worked > planned:
            said = f"{worked} h are worked under a fee for which {planned} h are planned"
            found.append(Finding(Code.OVERSERVICED_FIXED_FEE, said))
        return found


async def _case(ask: Asking, ref: Ref) -> _Case:
    terms = await terms_of(ask, ref)
    events = await ask.many("billing_events_by_engagement", ref, row=BillingEventRow)
    entries = await ask.many("time_entries_by_engagement", ref, row=TimeEntryRow)
    hourly = [line for line in terms.lines if line.model in HOURLY]
    meters = {line.ref: await meter_of(ask, terms, line, events, entries) for line in hourly}
    return _Case(terms, events, entries, meters)


class Approving(msgspec.Struct):
    """Makes the branch of one entry after the other, for an earlier one uses up its part of the cap."""

    person: Ref
    overrides: dict[Ref, Decimal]
    cases: dict[Ref, _Case | Stop]
    books: Books
    posted: frozenset[Ref]
    approving: frozenset[Ref]
    forecast: str
    backdated: list[Finding] = []

    def branch(self, entry: TimeEntryRow) -> Branch:
        """Return what approving an entry does, or stop."""
        submitted(entry)
        case = going(self.cases, stated(entry.engagement, "the entry's engagement"))
        if entry.ref in self.posted:
            raise Stop(Finding(Code.DUPLICATE_POSTING, "the ledger has these hours already"))
        case.terms.sound()
        place = self.books.place(entry.resource, entry.work_date)
        hours = self.overrides.get(entry.ref, entry.billable_hours or Decimal(0))
        meter = case.meter(entry)
        charge = meter.charge(entry, hours) if meter else None
        steps = [
            self._approved(entry),
            self._posted(case, entry, place, hours, charge.rate if charge else entry.bill_rate),
            *(_billed(case, entry, meter, charge) if meter and charge else ()),
            self._worked(case, entry),
        ]
        self.backdated += place.late(entry.work_date, entry.ref.encode())
        return Branch(entry.ref.encode(), tuple(steps))

    def warnings(self) -> list[Finding]:
        """Return what is unusual, and still done."""
        cases = (case for case in self.cases.values() if isinstance(case, _Case))
        return [*self.backdated, *(warning for case in cases for warning in case.warnings(self.approving))]

    def _approved(self, entry: TimeEntryRow) -> Step:
        override = self.overrides.get(entry.ref)
        return Step(
            name="psa.entry",
            kind=Kind.COMPENSATABLE,
            binding=entry.ref.binding,
            write=psa.ApproveTime(entry=entry.ref, approver=self.person, billable_hours=override),
            undo=psa.ReopenTime(
                entry=entry.ref, billable_hours=None if override is None else entry.billable_hours or Decimal(0)
            ),
        )

    def _posted(self, case: _Case, entry: TimeEntryRow, place: Place, hours: Decimal, rate: Money | None) -> Step:
        resource = stated(entry.resource, "the entry's person")
        return Step(
            name="erp.posting",
            kind=Kind.PIVOT,
            binding=case.terms.entity.ref.binding,
            gate=place.gate,
            write=erp.PostTime(
                entry=entry.ref,
                code=stated(entry.code, "the entry's code"),
                engagement=case.terms.engagement.ref,
                legal_entity=place.entity,
                resource=resource,
                work_date=entry.work_date,
                accounting_date=place.on,
                hours=entry.hours,
                billable_hours=hours,
                billable=entry.billing_class is BillingClass.BILLABLE,
                bill_rate=rate,
                cost_rate=self.books.costs.get(resource),
            ),
            canonical=entry.ref,
        )

    def _worked(self, case: _Case, entry: TimeEntryRow) -> Step:
        return Step(
            name="forecast.actual",
            kind=Kind.RETRIABLE,
            binding=self.forecast,
            write=forecast.RecordActual(
                engagement=case.terms.engagement.ref,
                resource=stated(entry.resource, "the entry's person"),
                role=stated(entry.role, "the entry's role"),
                work_date=entry.work_date,
                hours=case.of_day(entry, self.approving),
                billable=entry.billing_class in UTILIZED,
            ),
            optional=Code.FORECAST_REJECTED,
        )


def _billed(case: _Case, entry: TimeEntryRow, meter: Meter, charge: Charge) -> list[Step]:
    """Return the steps that bring hours to the month's event, and what a cap holds back to one of its own."""
    parts = [(False, charge.hours, charge.amount), (True, charge.held_hours, charge.held)]
    return [
        Step(
            name="erp.held" if held else "erp.event",
            kind=Kind.RETRIABLE,
            binding=meter.line.ref.binding,
            write=_added(case, entry, meter, hours, amount, held=held),
        )
        for held, hours, amount in parts
        if amount.amount
    ]


def _added(
    case: _Case, entry: TimeEntryRow, meter: Meter, hours: Decimal, amount: Money, *, held: bool
) -> erp.AddToBillingEvent:
    engagement = case.terms.engagement
    code = stated(engagement.code, "the engagement's code")
    taking = Taking(BillingEventKind.TIME, code, meter.line.ref, entry.work_date, held)
    event, start, end = event_for(case.events, taking)
    return erp.AddToBillingEvent(
        event=event,
        engagement=engagement.ref,
        contract_line=meter.line.ref,
        kind=BillingEventKind.TIME,
        start=start,
        end=end,
        entry=entry.ref,
        code=stated(entry.code, "the entry's code"),
        hours=hours,
        amount=amount,
        held=held,
    )


async def approving(
    ask: Asking, entries: Sequence[TimeEntryRow], person: Ref, overrides: dict[Ref, Decimal]
) -> Approving:
    """Return what is known of these entries, of which the submitted ones are approved by a person."""
    refs = [entry.ref for entry in entries]
    posted = await ask.all("time_entries_erp", refs)
    return Approving(
        person=person,
        overrides=overrides,
        cases=await apart([entry.engagement for entry in entries], lambda ref: _case(ask, ref)),
        books=await books_of(ask, [entry.resource for entry in entries]),
        posted=frozenset(ref for ref in refs if posted[ref] is not None),
        approving=frozenset(entry.ref for entry in entries if entry.approval_status is ApprovalStatus.SUBMITTED),
        forecast=ask.binding(System.FORECAST),
    )
