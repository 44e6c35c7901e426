"""How Redmine is told what changes: a POST with our key in a custom field, or a PUT of a few values.

Redmine takes no notice of an idempotency key, and enters the same hours twice. It is asked by the key whether it has
them already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schema.time_entry import ApprovalStatus, BillingClass
from sources.psa import writes as psa
from sources.psa.redmine import projects
from sources.psa.redmine import translate as fields
from sources.psa.redmine.acts import ENTRIES, change, make, valued

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.psa.redmine.acts import Attributes, Values
    from sources.writes import Acts, Said, Write


def _time_entry(write: psa.CreateTimeEntry, said: Said) -> Attributes:
    billing = BillingClass.BILLABLE if write.billable else BillingClass.NON_BILLABLE
    return {
        "project_id": said.id(write.engagement),
        "issue_id": said.id(write.task),
        "user_id": said.id(write.resource),
        "spent_on": write.work_date.isoformat(),
        "hours": str(write.hours),
        "comments": write.note,
        "custom_fields": valued(
            {
                fields.ENTRY_CODE: str(write.code),
                fields.APPROVAL: said.code("approval", ApprovalStatus.SUBMITTED),
                fields.BILLABLE_HOURS: str(write.billable_hours),
                fields.NODE: said.id(write.project),
                fields.ROLE: said.id(write.role),
                fields.BILLING_CLASS: said.code("billing_class", billing),
            }
        ),
    }


def _approval(status: ApprovalStatus) -> Callable[[Write, Said], Values]:
    """Return what hours say that are nobody's decision any more."""

    def values(_write: Write, said: Said) -> Values:
        return {fields.APPROVAL: said.code("approval", status), fields.APPROVER: None, fields.REASON: None}

    return values


def _approved(write: psa.ApproveTime, said: Said) -> Values:
    decided: Values = {
        fields.APPROVAL: said.code("approval", ApprovalStatus.APPROVED),
        fields.APPROVER: said.id(write.approver),
    }
    return decided if write.billable_hours is None else {**decided, fields.BILLABLE_HOURS: str(write.billable_hours)}


def _rejected(write: psa.RejectTime, said: Said) -> Values:
    return {
        fields.APPROVAL: said.code("approval", ApprovalStatus.REJECTED),
        fields.APPROVER: said.id(write.approver),
        fields.REASON: write.reason,
    }


def _reopened(write: psa.ReopenTime, said: Said) -> Values:
    open_ = _approval(ApprovalStatus.SUBMITTED)(write, said)
    return open_ if write.billable_hours is None else {**open_, fields.BILLABLE_HOURS: str(write.billable_hours)}


def _flagged(write: psa.FlagTime, _said: Said) -> Values:
    return {fields.INVOICED: "true" if write.billed else "false"}


ACTS: Acts = {
    **projects.ACTS,
    psa.CreateTimeEntry: make(ENTRIES, _time_entry),
    psa.SubmitTime: change(ENTRIES, "entry", _approval(ApprovalStatus.SUBMITTED)),
    psa.WithdrawTime: change(ENTRIES, "entry", _approval(ApprovalStatus.DRAFT)),
    psa.ApproveTime: change(ENTRIES, "entry", _approved),
    psa.RejectTime: change(ENTRIES, "entry", _rejected),
    psa.ReopenTime: change(ENTRIES, "entry", _reopened),
    psa.FlagTime: change(ENTRIES, "entry", _flagged),
}
