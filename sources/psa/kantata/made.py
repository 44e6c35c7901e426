"""What a new record says to Kantata, one function for each kind."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from schema.engagement import EngagementStatus
from schema.time_entry import ApprovalStatus, BillingClass
from schema.values import minor_units
from sources.psa.kantata.values import day, exact, instant, minutes, status_key, subunits

if TYPE_CHECKING:
    from sources.psa import writes as psa
    from sources.psa.kantata.values import Attributes
    from sources.writes import Said

# The product knows no working day; the tenant's has eight hours.
WORKING_DAY, SATURDAY = Decimal(8), 5


def engagement(write: psa.CreateEngagement, said: Said) -> Attributes:
    """Say a new engagement."""
    return {
        "title": write.name,
        "start_date": write.planned_start.isoformat(),
        "due_date": day(write.planned_end),
        "currency": write.currency,
        "estimated_minutes": minutes(write.planned_hours),
        "primary_maven_id": said.id(write.manager),
        "primary_workspace_group_id": said.id(write.customer),
        "status_key": status_key(EngagementStatus.PROPOSED, said),
        "custom_fields": {
            "engagement_code": write.code,
            "legal_entity": said.id(write.legal_entity),
            "opportunity": write.opportunity_code,
            "practice": said.id(write.practice),
            "planned_revenue": exact(write.planned_revenue),
            "planned_cost": exact(write.planned_cost),
        },
    }


def project(write: psa.CreateProject, said: Said) -> Attributes:
    """Say a node of the breakdown, as far as its engagement is."""
    return {
        "title": write.name,
        "story_type": "deliverable",
        "workspace_id": said.id(write.engagement),
        "parent_id": said.id(write.parent),
        "start_date": write.planned_start.isoformat(),
        "due_date": day(write.planned_end),
        "custom_fields": {
            "code": write.code,
            "kind": said.code("node_kind", write.kind),
            "phase": said.code("phase", write.phase) if write.phase else None,
            "stage": said.code("node_stage", EngagementStatus.PROPOSED),
            "region": write.region,
            "delivering_entity": said.id(write.delivering_entity),
        },
    }


def assignment(write: psa.CreateAssignment, said: Said) -> Attributes:
    """Say a booking; the product wants the minutes of all its days, whatever measure was given."""
    days = max(_working_days(write.start, write.end), 1)
    per_day = write.hours_per_day if write.allocation is None else write.allocation * WORKING_DAY
    total = per_day * days if per_day is not None else write.total_hours or Decimal(0)
    hours = total / days
    return {
        "workspace_id": said.id(write.engagement),
        "user_id": said.id(write.resource),
        "role_id": said.id(write.role),
        "start_date": write.start.isoformat(),
        "end_date": write.end.isoformat(),
        "hard": said.code("commitment", write.commitment) == "true",
        "minutes": minutes(total),
        "percentage": int((hours / WORKING_DAY * 100).to_integral_value(ROUND_HALF_UP)),
        "resource_bill_rate": subunits(write.bill_rate),
        "currency": write.bill_rate.currency if write.bill_rate else None,
        "custom_fields": {
            "assignment_code": write.code,
            "booking": said.code("booking", write.commitment),
            "story_id": said.id(write.project),
            "billable": write.billable,
            "bill_rate": exact(write.bill_rate),
            "minutes_per_day": minutes(hours),
            "resource_request": said.id(write.request),
        },
    }


def time_entry(write: psa.CreateTimeEntry, said: Said) -> Attributes:
    """Say hours, submitted as they are made."""
    billing = BillingClass.BILLABLE if write.billable else BillingClass.NON_BILLABLE
    rate = write.bill_rate
    return {
        "workspace_id": said.id(write.engagement),
        "story_id": said.id(write.task),
        "user_id": said.id(write.resource),
        "role_id": said.id(write.role),
        "date_performed": write.work_date.isoformat(),
        "time_in_minutes": minutes(write.hours),
        "billable": write.billable,
        "notes": write.note,
        "rate_in_cents": subunits(rate),
        "currency": rate.currency if rate else None,
        "custom_fields": {
            "entry_code": write.code,
            "billing_class": said.code("billing_class", billing),
            "billable_minutes": minutes(write.billable_hours),
            "approval": said.code("approval", ApprovalStatus.SUBMITTED),
            "submitted_at": instant(said),
            "allocation_id": said.id(write.assignment),
            "deliverable_id": said.id(write.project),
        },
    }


def rate_card(write: psa.DraftRateCard, said: Said) -> Attributes:
    """Say a version with its rates; what else is known of it, it takes over from the version that it follows."""
    return {
        "cloned_from_id": said.id(write.card),
        "custom_fields": {"version": write.version, "status": said.code("card_status", "DRAFT")},
        "rate_card_roles": [_rate(rate, said) for rate in write.rates],
    }


def _rate(rate: psa.NewRate, said: Said) -> Attributes:
    return {
        "role_id": said.id(rate.card_role),
        "rate": subunits(rate.amount),
        "custom_fields": {
            "rate": exact(rate.amount),
            "currency": rate.amount.currency,
            "currency_base_unit": 10 ** minor_units(rate.amount.currency),
            "unit": said.code("rate_unit", "HOUR"),
            "user_id": said.id(rate.resource),
            "region": rate.region,
            "effective_from": rate.start.isoformat(),
            "effective_to": day(rate.end),
        },
    }


def _working_days(start: date, end: date) -> int:
    days = (start + timedelta(offset) for offset in range((end - start).days + 1))
    return sum(one.weekday() < SATURDAY for one in days)
