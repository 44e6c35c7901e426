"""A resource: HR masters the person, the PSA makes it bookable."""

from __future__ import annotations

from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, Optional

import strawberry

from schema.absence import Absence
from schema.access import Reach
from schema.capacity import CapacityBucket, week
from schema.connection import Connection
from schema.cost_center import CostCenter
from schema.graph import Node, Traced, facet, home, link, restricted
from schema.holiday_calendar import HolidayCalendar
from schema.legal_entity import LegalEntity
from schema.restriction import Restriction
from schema.role import Role
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Money, Ratio

if TYPE_CHECKING:
    from schema.assignment import Assignment
    from schema.practice import Practice
    from schema.source_segment import SourceSegment
    from schema.time_entry import TimeEntry


@strawberry.enum
class WorkerType(Enum):
    """How a person is engaged."""

    EMPLOYEE = "EMPLOYEE"
    CONTRACTOR = "CONTRACTOR"


@strawberry.enum
class EmploymentStatus(Enum):
    """Whether a person works for the firm today."""

    ACTIVE = "ACTIVE"
    ON_LEAVE = "ON_LEAVE"
    TERMINATED = "TERMINATED"


@strawberry.enum
class Weekday(Enum):
    """A day of the week."""

    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"


@strawberry.federation.type(shareable=True)
class WorkSchedule:
    """How long a person works a week, and on which days."""

    hours_per_week: Hours
    working_days: list[Weekday | None] | None


class ResourceRow(Row):
    """What HR says."""

    type: ClassVar[str] = "Resource"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    display_name: str
    employee_number: str | None = None
    work_email: str | None = None
    worker_type: Maybe[WorkerType] = None
    employment_status: Maybe[EmploymentStatus] = None
    hire_date: date | None = None
    termination_date: date | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    cost_center: Annotated[Ref, "CostCenter"] | None = None
    manager: Annotated[Ref, "Resource"] | None = None
    work_schedule: WorkSchedule | None = None
    holiday_calendar: str | None = None
    holidays: Annotated[Ref, "HolidayCalendar"] | None = None
    time_zone: str | None = None


class ResourcePsaRow(Row):
    """What the PSA says of the same person."""

    type: ClassVar[str] = "Resource"

    bookable: bool | None = None
    billable_target: Ratio | None = None
    practice: Annotated[Ref, "Practice"] | None = None
    primary_role: Annotated[Ref, "Role"] | None = None


class ResourceErpRow(Row):
    """What the ERP says of the same person."""

    type: ClassVar[str] = "Resource"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    standard_cost_rate: Money | None = None
    posting_cost_center: Annotated[Ref, "CostCenter"] | None = None


@facet(System.PSA, "resources_psa")
class ResourcePsa:
    """The person as somebody to book; null until the PSA knows them."""

    bookable: bool | None
    billable_target: Ratio | None


@facet(System.ERP, "resources_erp")
class ResourceErp:
    """The person as a cost, per hour; null until the ERP knows them."""

    standard_cost_rate: Money | None = restricted(Restriction.COST_RATE)


@home(System.HR, "resources_by_id", ResourceRow, scope={Reach.PERSON: "ref", Reach.ENTITY: "legal_entity"})
class Resource(ResourcePsa, ResourceErp, Traced, Node):
    """A person who works for the firm. `postingCostCenter` is the ERP's copy of `costCenter`."""

    display_name: str
    employee_number: str | None
    work_email: str | None = restricted(Restriction.PERSONAL)
    worker_type: WorkerType | None
    employment_status: EmploymentStatus | None
    hire_date: date | None
    termination_date: date | None
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    cost_center: CostCenter | None = link(System.ERP, "cost_centers_by_id", key="cost_center")
    posting_cost_center: CostCenter | None = link(
        System.ERP, "cost_centers_by_id", key="posting_cost_center", of="resources_erp"
    )
    manager: Optional[Resource] = link(System.HR, "resources_by_id", key="manager")  # noqa: UP045  a forward reference
    work_schedule: WorkSchedule | None
    holiday_calendar: str | None
    holidays: HolidayCalendar | None = link(System.HR, "holiday_calendars_by_id", key="holidays")
    time_zone: str | None
    absences: list[Absence | None] | None = link(
        *(System.HR, "absences_by_resource"),
        at_most=1000,
        within=lambda absence: absence.range,
        restricted=Restriction.ABSENCE,
    )
    assignments: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_resource", at_most=500, within=lambda assignment: assignment.range
    )
    primary_role: Role | None = link(System.PSA, "roles_by_id", key="primary_role", of="resources_psa")
    practice: Annotated[Practice, strawberry.lazy("schema.practice")] | None = link(
        System.PSA, "practices_by_id", key="practice", of="resources_psa"
    )
    time_entries: Connection[Annotated[TimeEntry, strawberry.lazy("schema.time_entry")]] | None = link(
        System.PSA, "time_entries_by_resource", at_most=10_000, paged=True
    )
    segments: list[Annotated[SourceSegment, strawberry.lazy("schema.source_segment")] | None] | None = link(
        System.FORECAST, "source_segments_by_resource", at_most=1000, within=lambda segment: segment.range
    )
    availability: list[CapacityBucket | None] | None = link(
        System.FORECAST, "capacity_buckets_by_resource", at_most=1000, about=25, within=week
    )
