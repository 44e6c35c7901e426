"""What a record that there is says to Kantata when its state changes, one function for each kind of change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schema.assignment import AssignmentStatus
from schema.engagement import EngagementStatus
from schema.time_entry import ApprovalStatus
from sources.psa.kantata.values import exact, instant, minutes, status_key

if TYPE_CHECKING:
    from decimal import Decimal

    from sources.psa import writes as psa
    from sources.psa.kantata.values import Attributes
    from sources.writes import Said, Write


def cancelled(_write: psa.CancelEngagement, said: Said) -> Attributes:
    """Say that an engagement came to nothing; its breakdown goes with it."""
    return {"status_key": status_key(EngagementStatus.CANCELLED, said)}


def activated(write: psa.ActivateEngagement, said: Said) -> Attributes:
    """Say that an engagement may be worked on, and what the ERP calls it."""
    return {"status_key": status_key(write.status, said), "custom_fields": {"erp_reference": write.erp_reference}}


def status(write: psa.SetEngagementStatus, said: Said) -> Attributes:
    """Say where an engagement stands; what is closed is archived."""
    return {
        "status_key": status_key(write.status, said),
        "archived": write.status is EngagementStatus.CLOSED,
        "custom_fields": {"status_reason": write.reason},
    }


def phase(write: psa.SetPhase, said: Said) -> Attributes:
    """Say a phase, and a planned end where one is given."""
    due = {} if write.planned_end is None else {"due_date": write.planned_end.isoformat()}
    return {**due, "custom_fields": {"phase": said.code("phase", write.phase)}}


def assignment_cancelled(_write: psa.CancelAssignment, said: Said) -> Attributes:
    """Say that a booking came to nothing."""
    return {"custom_fields": {"booking": said.code("booking", AssignmentStatus.CANCELLED)}}


def assignment_dates(write: psa.SetAssignmentDates, said: Said) -> Attributes:
    """Say the days of a booking, and where it stands if that changes with them."""
    now = AssignmentStatus.ENDED if write.ended else write.status
    booking = {} if now is None else {"custom_fields": {"booking": said.code("booking", now)}}
    return {"start_date": write.start.isoformat(), "end_date": write.end.isoformat(), **booking}


def submitted(_write: Write, said: Said) -> Attributes:
    """Say that drafted hours are submitted now."""
    return {"custom_fields": {**_approval(ApprovalStatus.SUBMITTED, said), "submitted_at": instant(said)}}


def withdrawn(_write: Write, said: Said) -> Attributes:
    """Say that submitted hours are a draft again."""
    return {"custom_fields": {**_approval(ApprovalStatus.DRAFT, said), "submitted_at": None}}


def time_approved(write: psa.ApproveTime, said: Said) -> Attributes:
    """Say who approved hours: to the product, and in the tenant's own fields."""
    return {
        "approved": True,
        "custom_fields": {
            **_approval(ApprovalStatus.APPROVED, said, said.id(write.approver)),
            "approved_at": instant(said),
            **_billable(write.billable_hours),
        },
    }


def time_reopened(write: psa.ReopenTime, said: Said) -> Attributes:
    """Say that approved hours are only submitted."""
    custom = {**_approval(ApprovalStatus.SUBMITTED, said), "approved_at": None, **_billable(write.billable_hours)}
    return {"approved": False, "custom_fields": custom}


def billed(write: psa.FlagTime, _said: Said) -> Attributes:
    """Say whether hours stand on an invoice."""
    return {"is_invoiced": write.billed}


def approved(write: psa.ApproveExpense, said: Said) -> Attributes:
    """Say who approved money."""
    return {"custom_fields": _approval(ApprovalStatus.APPROVED, said, said.id(write.approver))}


def rejected(write: psa.RejectTime | psa.RejectExpense, said: Said) -> Attributes:
    """Say who rejected hours or money, and why."""
    return {"custom_fields": _approval(ApprovalStatus.REJECTED, said, said.id(write.approver), write.reason)}


def reopened(_write: Write, said: Said) -> Attributes:
    """Say that approved money is only submitted."""
    return {"custom_fields": _approval(ApprovalStatus.SUBMITTED, said)}


def _billable(hours: Decimal | None) -> Attributes:
    return {} if hours is None else {"billable_minutes": minutes(hours)}


def _approval(
    status_: ApprovalStatus, said: Said, approver: str | None = None, reason: str | None = None
) -> Attributes:
    return {"approval": said.code("approval", status_), "approver_id": approver, "rejection_reason": reason}


def milestone_completed(write: psa.CompleteMilestone, said: Said) -> Attributes:
    """Say when a milestone was reached, and that its customer accepted where there is evidence of it."""
    evidence = {"acceptance": said.code("acceptance", "RECEIVED"), "acceptance_evidence": write.evidence}
    return {
        "state": said.code("milestone_state", "COMPLETED"),
        "percentage_complete": 100,
        "custom_fields": {"actual_end": write.actual_date.isoformat(), **(evidence if write.evidence else {})},
    }


def milestone_reopened(write: psa.ReopenMilestone, said: Said) -> Attributes:
    """Say that a milestone was not reached, and what its customer is still to say."""
    custom: Attributes = {"actual_end": None}
    if write.acceptance:
        custom |= {"acceptance": said.code("acceptance", write.acceptance), "acceptance_evidence": None}
    return {"state": said.code("milestone_state", "PLANNED"), "percentage_complete": 0, "custom_fields": custom}


def planned_revenue(write: psa.SetPlannedRevenue, _said: Said) -> Attributes:
    """Say what the contract says."""
    return {"custom_fields": {"planned_revenue": exact(write.planned_revenue)}}


def published(write: psa.PublishRateCard, said: Said) -> Attributes:
    """Say that a version holds in the place of another."""
    custom = {"status": said.code("card_status", "ACTIVE")}
    return {"replaces_id": said.id(write.replaces), "custom_fields": custom}
