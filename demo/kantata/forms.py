"""What the product takes of each record that can be written, and how a new one stands before anything is said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from demo.emulator import Row
from demo.kantata.account import status


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of record: what a call names it, and what it may not be without.

    `blank` is a new record before its own attributes, `custom` those of the tenant's own fields that can be written;
    `names` are the attributes that must name another record, and `beside` those that stand in no column.
    """

    singular: str
    required: tuple[str, ...]
    blank: Row
    custom: Row
    names: Mapping[str, str] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()


def _row(*names: str, **known: Any) -> Row:
    return {**dict.fromkeys(names), **known}


FORMS: Final[Mapping[str, Form]] = {
    "workspaces": Form(
        "workspace",
        required=("title", "currency"),
        blank=_row(
            "description",
            "start_date",
            "due_date",
            "price_in_cents",
            "estimated_minutes",
            "primary_maven_id",
            "primary_workspace_group_id",
            archived=False,
            budgeted=False,
            status=status("PROPOSED"),
        ),
        custom=_row(
            "engagement_code",
            "legal_entity",
            "opportunity",
            "practice",
            "planned_revenue",
            "planned_cost",
            "erp_reference",
            "status_reason",
        ),
        names={"primary_maven_id": "users", "primary_workspace_group_id": "workspace_groups"},
        beside=frozenset({"status_key"}),
    ),
    "stories": Form(
        "story",
        required=("title", "story_type", "workspace_id"),
        blank=_row(
            "start_date",
            "due_date",
            "time_estimate_in_minutes",
            "parent_id",
            state="not started",
            archived=False,
            percentage_complete=0,
        ),
        custom=_row(
            "code",
            "kind",
            "phase",
            "region",
            "delivering_entity",
            "cost_center",
            "actual_start",
            "actual_end",
            "remaining_minutes",
            "acceptance",
            "acceptance_evidence",
            stage="S05",
            progress="0",
        ),
        names={"workspace_id": "workspaces", "parent_id": "stories"},
    ),
    "workspace_allocations": Form(
        "workspace_allocation",
        required=("workspace_id", "user_id", "role_id", "start_date", "end_date", "minutes"),
        blank=_row("notes", "resource_bill_rate", "currency", "percentage", hard=False),
        custom=_row(
            "assignment_code", "booking", "story_id", "billable", "bill_rate", "minutes_per_day", "resource_request"
        ),
        names={"workspace_id": "workspaces", "user_id": "users", "role_id": "roles"},
    ),
    "time_entries": Form(
        "time_entry",
        required=("workspace_id", "user_id", "date_performed", "time_in_minutes"),
        blank=_row(
            "notes",
            "rate_in_cents",
            "currency",
            "story_id",
            "role_id",
            billable=False,
            approved=False,
            is_invoiced=False,
            taxable=False,
        ),
        custom=_row(
            "entry_code",
            "billing_class",
            "billable_minutes",
            "submitted_at",
            "approved_at",
            "approver_id",
            "rejection_reason",
            "allocation_id",
            "deliverable_id",
            "reverses_id",
            "reversed_by_id",
            "split_of_id",
            approval="none",
        ),
        names={"workspace_id": "workspaces", "story_id": "stories", "user_id": "users", "role_id": "roles"},
    ),
    "expenses": Form(
        "expense",
        required=("workspace_id", "user_id", "date", "category", "amount_in_cents", "currency"),
        blank=_row("notes", "story_id", is_billable=False, is_invoiced=False, taxable=False, reimbursable=True),
        custom=_row(
            "expense_code", "approver_id", "rejection_reason", "tax_amount", "markup", "receipt", approval="none"
        ),
        names={"workspace_id": "workspaces", "story_id": "stories", "user_id": "users"},
    ),
    # A version is made from another one of its card, and takes over what is not said of it.
    "rate_card_versions": Form(
        "rate_card_version",
        required=("cloned_from_id",),
        blank=_row("default_rate"),
        custom=_row(
            "code",
            "title",
            "kind",
            "currency",
            "workspace_id",
            "workspace_group_id",
            "legal_entity",
            "version",
            status="unpublished",
        ),
        names={"cloned_from_id": "rate_card_versions", "replaces_id": "rate_card_versions"},
        beside=frozenset({"cloned_from_id", "rate_card_roles", "replaces_id"}),
    ),
}
