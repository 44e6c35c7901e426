"""A resource: HR masters the person, the PSA makes it bookable."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, Optional

import strawberry

from schema.graph import Node, Traced, facet, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Ratio

if TYPE_CHECKING:
    from schema.assignment import Assignment


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


class ResourceRow(Row):
    """What HR says."""

    type: ClassVar[str] = "Resource"

    display_name: str
    employee_number: str | None = None
    worker_type: Maybe[WorkerType] = None
    employment_status: Maybe[EmploymentStatus] = None
    hire_date: date | None = None
    termination_date: date | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    manager: Annotated[Ref, "Resource"] | None = None
    hours_per_week: Hours | None = None
    holiday_calendar: str | None = None
    time_zone: str | None = None


class ResourcePsaRow(Row):
    """What the PSA says of the same person."""

    type: ClassVar[str] = "Resource"

    bookable: bool | None = None
    billable_target: Ratio | None = None


@facet(System.PSA, "resources_psa")
class ResourcePsa:
    """The person as somebody to book; null until the PSA knows them."""

    bookable: bool | None
    billable_target: Ratio | None


@home(System.HR, "resources_by_id", ResourceRow)
class Resource(ResourcePsa, Traced, Node):
    """A person who works for the firm."""

    display_name: str
    employee_number: str | None
    worker_type: WorkerType | None
    employment_status: EmploymentStatus | None
    hire_date: date | None
    termination_date: date | None
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    manager: Optional[Resource] = link(System.HR, "resources_by_id", key="manager")  # noqa: UP045  a forward reference
    hours_per_week: Hours | None
    holiday_calendar: str | None
    time_zone: str | None
    assignments: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_resource", at_most=500
    )
