"""What the PSA can be asked to change, whichever product plays it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from schema.assignment import AssignmentStatus, Commitment
from schema.engagement import EngagementStatus
from schema.milestone import CustomerAcceptance
from schema.project import ProjectKind, ProjectPhase
from schema.restriction import Restriction
from schema.rows import Ref, System
from schema.values import Money
from sources.writes import Record, Text, Write, write


@write(System.PSA, makes="Engagement")
class CreateEngagement(Write, frozen=True, kw_only=True):
    """An engagement, PROPOSED; undone by `CancelEngagement`.

    `opportunity_code` is what people call the opportunity, for a system that has no reference of it before this.
    Brings, beside the engagement's id, `opportunity`: what the system calls that one from now on.
    """

    code: Text
    name: str
    customer: Ref | None = None
    opportunity: Ref | None = None
    opportunity_code: str | None = None
    manager: Ref | None = None
    practice: Ref | None = None
    legal_entity: Ref
    currency: str
    planned_start: date
    planned_end: date | None = None
    planned_hours: Decimal | None = None
    planned_revenue: Money | None = None
    planned_cost: Annotated[Money | None, Restriction.MARGIN] = None


@write(System.PSA)
class CancelEngagement(Write, frozen=True, kw_only=True):
    """An engagement that came to nothing: CANCELLED, with its breakdown."""

    engagement: Record


@write(System.PSA, makes="Project")
class CreateProject(Write, frozen=True, kw_only=True):
    """A node of an engagement's breakdown; undone with its engagement. A phase says which one it is."""

    engagement: Record
    parent: Record | None = None
    kind: ProjectKind
    phase: ProjectPhase | None = None
    code: Text
    name: str
    region: str | None = None
    delivering_entity: Ref
    planned_start: date
    planned_end: date | None = None


@write(System.PSA)
class ActivateEngagement(Write, frozen=True, kw_only=True):
    """An engagement that may be worked on, with what the ERP calls it."""

    engagement: Record
    status: EngagementStatus
    erp_reference: Text


@write(System.PSA)
class SetEngagementStatus(Write, frozen=True, kw_only=True):
    """Where an engagement's delivery stands; undone by the one before."""

    engagement: Record
    status: EngagementStatus
    reason: str | None = None


@write(System.PSA)
class SetPhase(Write, frozen=True, kw_only=True):
    """The phase of a project, and its planned end; undone by those before."""

    project: Ref
    phase: ProjectPhase
    planned_end: date | None = None


@write(System.PSA, makes="Assignment")
class CreateAssignment(Write, frozen=True, kw_only=True):
    """A named person on a project; undone by `CancelAssignment`. Exactly one of the three measures is given."""

    code: Text
    engagement: Ref
    project: Ref
    resource: Ref
    role: Ref
    start: date
    end: date
    commitment: Commitment
    allocation: Decimal | None = None
    hours_per_day: Decimal | None = None
    total_hours: Decimal | None = None
    billable: bool
    bill_rate: Money | None = None
    request: Ref | None = None


@write(System.PSA)
class CancelAssignment(Write, frozen=True, kw_only=True):
    """An assignment that came to nothing."""

    assignment: Record


@write(System.PSA)
class SetAssignmentDates(Write, frozen=True, kw_only=True):
    """The days of an assignment; `ended` rolls the person off. Undone by the days before.

    `status` is where the assignment stood before, in undoing a roll-off.
    """

    assignment: Ref
    start: date
    end: date
    ended: bool = False
    status: AssignmentStatus | None = None


@write(System.PSA, makes="TimeEntry")
class CreateTimeEntry(Write, frozen=True, kw_only=True):
    """Hours worked, SUBMITTED; undone by `WithdrawTime`."""

    code: Text
    engagement: Ref
    project: Ref
    task: Ref | None = None
    assignment: Ref | None = None
    resource: Ref
    role: Ref
    work_date: date
    hours: Decimal
    billable_hours: Decimal
    billable: bool
    bill_rate: Money | None = None
    note: str | None = None


@write(System.PSA)
class SubmitTime(Write, frozen=True, kw_only=True):
    """Drafted hours, SUBMITTED; undone by `WithdrawTime`."""

    entry: Record


@write(System.PSA)
class WithdrawTime(Write, frozen=True, kw_only=True):
    """Submitted hours, DRAFT again."""

    entry: Record


@write(System.PSA)
class ApproveTime(Write, frozen=True, kw_only=True):
    """Submitted hours, APPROVED by a person; undone by `ReopenTime`."""

    entry: Ref
    approver: Ref
    billable_hours: Decimal | None = None


@write(System.PSA)
class RejectTime(Write, frozen=True, kw_only=True):
    """Submitted hours, REJECTED by a person."""

    entry: Ref
    approver: Ref
    reason: str | None = None


@write(System.PSA)
class ReopenTime(Write, frozen=True, kw_only=True):
    """Approved hours, SUBMITTED again."""

    entry: Ref
    billable_hours: Decimal | None = None


@write(System.PSA)
class FlagTime(Write, frozen=True, kw_only=True):
    """Whether hours stand on an invoice, as the ERP says."""

    entry: Ref
    billed: bool


@write(System.PSA)
class ApproveExpense(Write, frozen=True, kw_only=True):
    """Submitted money, APPROVED by a person; undone by `ReopenExpense`."""

    expense: Ref
    approver: Ref


@write(System.PSA)
class RejectExpense(Write, frozen=True, kw_only=True):
    """Submitted money, REJECTED by a person."""

    expense: Ref
    approver: Ref
    reason: str | None = None


@write(System.PSA)
class ReopenExpense(Write, frozen=True, kw_only=True):
    """Approved money, SUBMITTED again."""

    expense: Ref


@write(System.PSA)
class CompleteMilestone(Write, frozen=True, kw_only=True):
    """A milestone that was reached; `evidence` of the customer's acceptance. Undone by `ReopenMilestone`."""

    milestone: Ref
    actual_date: date
    evidence: str | None = None


@write(System.PSA)
class ReopenMilestone(Write, frozen=True, kw_only=True):
    """A milestone that was not reached after all; `acceptance` as before, where evidence had changed it."""

    milestone: Ref
    acceptance: CustomerAcceptance | None = None


@write(System.PSA)
class SetPlannedRevenue(Write, frozen=True, kw_only=True):
    """The PSA's copy of what the contract says."""

    engagement: Ref
    planned_revenue: Money


class NewRate(Write, frozen=True, kw_only=True):
    """One rate of a new version of a card."""

    card_role: Ref
    resource: Ref | None = None
    region: str | None = None
    amount: Money
    start: date
    end: date | None = None


@write(System.PSA, makes="RateCard")
class DraftRateCard(Write, frozen=True, kw_only=True):
    """A new version of a bill card with all of its rates, DRAFT; undone by `DiscardRateCard`."""

    card: Ref
    version: int
    rates: tuple[NewRate, ...]


@write(System.PSA)
class DiscardRateCard(Write, frozen=True, kw_only=True):
    """A drafted version that came to nothing."""

    card: Record


@write(System.PSA)
class PublishRateCard(Write, frozen=True, kw_only=True):
    """A drafted version, ACTIVE; the one before it is RETIRED."""

    card: Record
    replaces: Ref
