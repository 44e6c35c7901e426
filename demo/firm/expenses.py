"""Expenses: what people spent for their engagements, month by month."""

from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.clock import FIRST_DAY, LAST_DAY, month_end, weekdays
from demo.firm.draws import h, pick, quantize
from demo.firm.engagements import TERMS_OF
from demo.firm.fiscal import FiscalCalendars
from demo.firm.model import Assignment, Expense, Person
from demo.firm.staffing import Approvers
from demo.firm.vocabulary import ExpenseCategory

MONTHS: Final = (1, 2, 3, 4)
LAST_POSTED, LAST_APPROVED = 2, 3
CATEGORIES: Final[tuple[ExpenseCategory, ...]] = ("TRAVEL", "HOTEL", "MEALS")
NO_MARKUP: Final = Decimal("0.0000")


def expenses(
    staff: tuple[Person, ...], staffed: tuple[Assignment, ...], calendars: FiscalCalendars, approvers: Approvers
) -> tuple[Expense, ...]:
    """Return up to two expenses for every assignment and month, in order of assignment and month."""
    recorder = _Recorder(staff, calendars, approvers)
    drawn = [
        (assignment, month, item)
        for assignment in staffed
        for month in MONTHS
        for item in range(h("exp", assignment.code, f"2026-{month:02}") % 3)
    ]
    return tuple(recorder.expense(number, *piece) for number, piece in enumerate(drawn, 1))


def _incurred(key: tuple[object, ...], month: int) -> date:
    first = max(FIRST_DAY, date(2026, month, 1))
    last = min(LAST_DAY, month_end(2026, month))
    return pick(tuple(weekdays(first, last)), "expday", *key)


class _Recorder:
    def __init__(self, staff: tuple[Person, ...], calendars: FiscalCalendars, approvers: Approvers) -> None:
        self.people = {person.code: person for person in staff}
        self.calendars = calendars
        self.approvers = approvers

    def expense(self, number: int, assignment: Assignment, month: int, item: int) -> Expense:
        key = (assignment.code, f"2026-{month:02}", item)
        person, incurred = self.people[assignment.person], _incurred(key, month)
        posted, approved = month <= LAST_POSTED, month <= LAST_APPROVED
        billable = TERMS_OF[assignment.engagement].model not in {"INTERNAL", "FIXED_FEE_MILESTONE"}
        return Expense(
            code=f"EXP-{number:04}",
            person=person.code,
            entity=person.entity,
            engagement=assignment.engagement,
            project=assignment.project,
            assignment=assignment.code,
            category=pick(CATEGORIES, "expcat", *key),
            incurred_date=incurred,
            amount=quantize(Decimal(50 + h("amt", *key) % 450), person.cost_currency),
            currency=person.cost_currency,
            tax_amount=None,
            billable=billable,
            markup=NO_MARKUP if billable else None,
            approval_status="APPROVED" if approved else "DRAFT",
            approver=self.approvers.of(person.code, assignment.engagement) if approved else None,
            posting_status="POSTED" if posted else "NOT_POSTED",
            accounting_date=incurred if posted else None,
            fiscal_period=self.calendars.period(person.entity, incurred).code if posted else None,
            billing_status="UNBILLED" if billable else "NOT_BILLABLE",
            receipt=f"receipts/EXP-{number:04}.pdf",
        )
