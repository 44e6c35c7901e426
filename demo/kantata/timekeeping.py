"""Milestones, which are stories, the time and the money people entered, and this tenant's own list of periods."""

from collections.abc import Iterator
from typing import Final

from demo.emulator import Row
from demo.firm.model import Expense, Firm, Milestone, TimeEntry
from demo.kantata import ids
from demo.kantata.values import base_unit, exact, minutes, stamps, subunits, written

MILESTONE_STATE: Final = {"PLANNED": "not started", "COMPLETED": "completed", "CANCELLED": "rejected"}
ACCEPTANCE: Final = {"NOT_REQUIRED": "none", "REQUIRED": "pending", "RECEIVED": "accepted"}
APPROVAL: Final = {
    "DRAFT": "none",
    "SUBMITTED": "submitted",
    "APPROVED": "approved",
    "REJECTED": "rejected",
    "RECALL_REQUESTED": "approved",
    "CANCELLED": "deleted",
}
BILLING_CLASS: Final = {
    "BILLABLE": "hourly",
    "FEE_COVERED": "within_fee",
    "NON_BILLABLE": "unbillable",
    "COMPLIMENTARY": "goodwill",
    "INTERNAL": "internal",
}
SHUT: Final = {"CLOSED", "LOCKED"}


def milestones(firm: Firm, first: int) -> Iterator[Row]:
    """Yield a story for every milestone, made after the stories that there are already."""
    for position, milestone in enumerate(firm.milestones, first):
        yield {
            "id": ids.story_id(milestone.code),
            "title": milestone.name,
            "story_type": "milestone",
            "state": MILESTONE_STATE[milestone.status],
            "archived": False,
            "start_date": None,
            "due_date": milestone.planned_date.isoformat(),
            "percentage_complete": 100 if milestone.status == "COMPLETED" else 0,
            "time_estimate_in_minutes": None,
            "workspace_id": ids.workspace_id(milestone.engagement),
            "parent_id": ids.story_id(milestone.project),
            "root_id": ids.story_id(milestone.project),
            "custom_fields": _milestone_fields(milestone),
            **stamps(firm, position),
        }


def _milestone_fields(milestone: Milestone) -> Row:
    return {
        "code": milestone.code,
        "kind": "MIL",
        "actual_end": milestone.actual_date.isoformat() if milestone.actual_date else None,
        "billable": milestone.billable,
        "amount": exact(milestone.amount),
        "currency": milestone.currency,
        "acceptance": ACCEPTANCE[milestone.acceptance],
        "acceptance_evidence": milestone.acceptance_evidence,
    }


def time_entries(firm: Firm) -> Iterator[Row]:
    """Yield the time people entered; what the ledger made of it stands with the ledger."""
    for position, entry in enumerate(firm.time_entries):
        yield {
            "id": ids.time_entry_id(entry.code),
            "date_performed": entry.work_date.isoformat(),
            "time_in_minutes": minutes(entry.hours),
            "billable": entry.billing_class == "BILLABLE",
            "notes": None,
            "rate_in_cents": subunits(entry.bill_rate, entry.currency),
            "currency": entry.currency,
            "currency_base_unit": base_unit(entry.currency),
            "approved": entry.approval_status == "APPROVED",
            "is_invoiced": entry.billing_status == "BILLED",
            "taxable": False,
            "workspace_id": ids.workspace_id(entry.engagement),
            "story_id": ids.story_id(entry.task),
            "user_id": ids.user_id(entry.person),
            "role_id": ids.role_id(entry.role),
            "custom_fields": _entry_fields(entry),
            **stamps(firm, position),
        }


def _entry_fields(entry: TimeEntry) -> Row:
    return {
        "entry_code": entry.code,
        "billing_class": BILLING_CLASS[entry.billing_class],
        "billable_minutes": minutes(entry.billable_hours),
        "approval": APPROVAL[entry.approval_status],
        "submitted_at": written(entry.submitted_at) if entry.submitted_at else None,
        "approved_at": written(entry.approved_at) if entry.approved_at else None,
        "approver_id": ids.user_id(entry.approver) if entry.approver else None,
        "rejection_reason": None,
        "allocation_id": ids.allocation_id(entry.assignment) if entry.assignment else None,
        "deliverable_id": ids.story_id(entry.project),
        # Nobody has corrected or split an entry yet: whoever does fills these in.
        "reverses_id": None,
        "reversed_by_id": None,
        "split_of_id": None,
    }


def expenses(firm: Firm) -> Iterator[Row]:
    """Yield the money people spent."""
    for position, expense in enumerate(firm.expenses):
        yield {
            "id": ids.expense_id(expense.code),
            "date": expense.incurred_date.isoformat(),
            "category": expense.category,
            "notes": None,
            "amount_in_cents": subunits(expense.amount, expense.currency),
            "currency": expense.currency,
            "currency_base_unit": base_unit(expense.currency),
            "is_billable": expense.billable,
            "is_invoiced": expense.billing_status == "BILLED",
            "taxable": expense.tax_amount is not None,
            "reimbursable": True,
            "workspace_id": ids.workspace_id(expense.engagement),
            "story_id": ids.story_id(expense.project),
            "user_id": ids.user_id(expense.person),
            "custom_fields": _expense_fields(expense),
            **stamps(firm, position),
        }


def _expense_fields(expense: Expense) -> Row:
    return {
        "expense_code": expense.code,
        "approval": APPROVAL[expense.approval_status],
        "approver_id": ids.user_id(expense.approver) if expense.approver else None,
        "rejection_reason": None,
        "tax_amount": exact(expense.tax_amount),
        "markup": exact(expense.markup * 100) if expense.markup is not None else None,
        "receipt": expense.receipt,
    }


def time_periods(firm: Firm) -> Iterator[Row]:
    """Yield the periods of each legal entity and whether time may still be entered in them."""
    for position, period in enumerate(firm.fiscal_periods):
        yield {
            "id": f"{period.entity}-{period.code}",
            "legal_entity": period.entity,
            "title": period.code,
            "start_date": period.start.isoformat(),
            "end_date": period.end.isoformat(),
            "locked": period.modules["TIME"] in SHUT,
            **stamps(firm, position),
        }
