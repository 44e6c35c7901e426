"""Time entries: what everybody worked, day by day, and how far each entry has come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from demo.firm.clock import (
    APRIL,
    FIRST_DAY,
    LAST_DAY,
    MARCH,
    NEWEST_APPROVED_WEEK,
    NEWEST_SUBMITTED_DAY,
    approval_of,
    at,
    weekdays,
)
from demo.firm.draws import h, pick, quantize
from demo.firm.engagements import INTERNAL_OF, TERMS_OF, Terms
from demo.firm.fiscal import FiscalCalendars
from demo.firm.model import Assignment, Person, TimeEntry
from demo.firm.organisation import DAYS_OFF
from demo.firm.people import is_absent
from demo.firm.rates import bill_rate
from demo.firm.staffing import Approvers
from demo.firm.tree import phase_code, workstream_code
from demo.firm.vocabulary import ApprovalStatus, BillingClass, BillingStatus, SourceState

FULL_DAY: Final = tuple(Decimal(hours) for hours in ("7.50", "8.00", "8.00", "8.50"))
HALF_DAY: Final = tuple(Decimal(hours) for hours in ("3.50", "4.00", "4.00", "4.50"))
LATE_APPROVAL: Final = "RES-006"
APPROVED: Final = {"APPROVED", "POSTED", "BILLED"}
POSTED: Final = {"POSTED", "BILLED"}
NOTHING: Final = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Worked:
    """Hours of one person on one engagement on one day, before anybody recorded them."""

    person: Person
    terms: Terms
    day: date
    hours: Decimal

    @property
    def state(self) -> SourceState:
        """How far time of that day has come; internal time is never billed."""
        if self.day < MARCH:
            return "BILLED" if self.terms.customer else "POSTED"
        if self.day < NEWEST_APPROVED_WEEK:
            return "POSTED"
        if self.day < NEWEST_SUBMITTED_DAY:
            return "SUBMITTED" if self.person.code == LATE_APPROVAL else "APPROVED"
        return "SUBMITTED" if self.day == NEWEST_SUBMITTED_DAY else "DRAFT"

    @property
    def billing_class(self) -> BillingClass:
        """What the customer pays for it: by the hour, within a fee, or nothing."""
        if not self.terms.customer:
            return "INTERNAL"
        return "BILLABLE" if self.terms.hourly else "FEE_COVERED"

    @property
    def approval(self) -> ApprovalStatus:
        """Whether it was handed in and approved; whatever is posted or billed was."""
        if self.state in APPROVED:
            return "APPROVED"
        return "SUBMITTED" if self.state == "SUBMITTED" else "DRAFT"

    @property
    def document(self) -> str:
        """Year, month and engagement as the numbers of billing events and invoices carry them."""
        return f"{self.day:%y%m}-{self.terms.number}"


def worked(staff: tuple[Person, ...]) -> Iterator[Worked]:
    """Yield what was worked in order of date, person and engagement."""
    for day in weekdays(FIRST_DAY, LAST_DAY):
        for person in staff:
            if day in DAYS_OFF[person.entity] or is_absent(person, day):
                continue
            internal = h("int", person.code, day.isoformat()) % 6 == 0
            split = person.secondary is not None and not internal
            held = (INTERNAL_OF[person.entity],) if internal else (person.primary, person.secondary)
            for code in filter(None, held):
                amount = pick(HALF_DAY if split else FULL_DAY, "hrs", person.code, code, day)
                yield Worked(person, TERMS_OF[code], day, amount)


def billing_waits(days: Iterable[Worked]) -> frozenset[str]:
    """Return the engagements whose March cannot be billed yet, because some of its time is not approved."""
    return frozenset(
        piece.terms.code
        for piece in days
        if piece.billing_class == "BILLABLE" and piece.day < APRIL and piece.state not in APPROVED
    )


def time_entries(
    days: list[Worked], staffed: tuple[Assignment, ...], calendars: FiscalCalendars, approvers: Approvers
) -> tuple[TimeEntry, ...]:
    """Return an entry for everything worked, numbered in order."""
    recorder = _Recorder(staffed, calendars, approvers, billing_waits(days))
    return tuple(recorder.entry(number, piece) for number, piece in enumerate(days, 1))


class _Recorder:
    def __init__(
        self,
        staffed: tuple[Assignment, ...],
        calendars: FiscalCalendars,
        approvers: Approvers,
        waiting: frozenset[str],
    ) -> None:
        self.assignments = {(assignment.person, assignment.engagement): assignment for assignment in staffed}
        self.calendars = calendars
        self.approvers = approvers
        self.waiting = waiting

    def entry(self, number: int, piece: Worked) -> TimeEntry:
        person, terms, state = piece.person, piece.terms, piece.state
        assignment = self.assignments.get((person.code, terms.code))
        project = self._project(piece, assignment)
        rate = bill_rate(person.role, terms.currency)
        approved, posted, hourly = state in APPROVED, state in POSTED, piece.billing_class == "BILLABLE"
        return TimeEntry(
            code=f"TE-{number:05}",
            person=person.code,
            entity=person.entity,
            engagement=terms.code,
            project=project,
            task=f"{project}-T{1 + h('work', person.code, terms.code, piece.day) % 5}",
            assignment=assignment.code if assignment else None,
            role=person.role,
            work_date=piece.day,
            hours=piece.hours,
            billable_hours=piece.hours if terms.customer else NOTHING,
            billing_class=piece.billing_class,
            source_state=state,
            lifecycle="POSTED" if state == "BILLED" and not hourly else state,
            approval_status=piece.approval,
            submitted_at=None if state == "DRAFT" else at(piece.day + timedelta(1), 8),
            approved_at=approval_of(piece.day) if approved else None,
            approver=self.approvers.of(person.code, terms.code) if approved else None,
            bill_rate=rate,
            amount=quantize(piece.hours * rate, terms.currency),
            currency=terms.currency,
            cost_rate=person.cost_rate,
            cost_currency=person.cost_currency,
            posting_status="POSTED" if posted else "NOT_POSTED",
            accounting_date=piece.day if posted else None,
            fiscal_period=self.calendars.period(person.entity, piece.day).code if posted else None,
            billing_status=self._billing_status(piece) if hourly else "NOT_BILLABLE",
            billing_event=f"BE-{piece.document}" if hourly and piece.day < APRIL else None,
            invoice_line=f"INV-{piece.document}-{person.role}" if hourly and state == "BILLED" else None,
        )

    def _project(self, piece: Worked, assignment: Assignment | None) -> str:
        """Return the phase worked on; an internal day needs no assignment."""
        workstream = assignment.project if assignment else workstream_code(piece.terms, 1)
        return phase_code(workstream, piece.day, piece.terms.start)

    def _billing_status(self, piece: Worked) -> BillingStatus:
        if piece.state == "BILLED":
            return "BILLED"
        return "READY" if piece.day < APRIL and piece.terms.code not in self.waiting else "UNBILLED"
