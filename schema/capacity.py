"""Capacity: the hours there are, are promised and may be needed, week by week. Forecasting's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, Optional

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.legal_entity import LegalEntity
from schema.role import Role
from schema.rows import Maybe, Ref, Row, System
from schema.values import DateRange, Hours

if TYPE_CHECKING:
    from schema.resource import Resource


@strawberry.enum
class ScenarioKind(Enum):
    """What a plan assumes."""

    BASELINE = "BASELINE"
    PIPELINE_WEIGHTED = "PIPELINE_WEIGHTED"
    WHAT_IF = "WHAT_IF"


class CapacityBucketRow(Row):
    """What forecasting says."""

    type: ClassVar[str] = "CapacityBucket"

    scenario: Annotated[Ref, "CapacityScenario"] | None = None
    week_start: date | None = None
    role: Annotated[Ref, "Role"] | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    resource: Annotated[Ref, "Resource"] | None = None
    capacity_hours: Hours | None = None
    firm_hours: Hours | None = None
    tentative_hours: Hours | None = None
    demand_hours: Hours | None = None


def week(bucket: CapacityBucketRow) -> DateRange | None:
    """Return the seven days of a bucket."""
    start = bucket.week_start
    return None if start is None else DateRange(start=start, end=start + timedelta(days=6))


@home(
    *(System.FORECAST, "capacity_buckets_by_id", CapacityBucketRow),
    scope={Reach.PERSON: "resource", Reach.ENTITY: "legal_entity"},
)
class CapacityBucket(Traced, Node):
    """One week of a role in an entity, or of one person.

    Without an entity it is demand that nobody owns yet. `demandHours` are weighted by their chance, `tentativeHours`
    are never part of `firmHours`.
    """

    scenario: Optional[CapacityScenario] = link(  # noqa: UP045  a forward reference
        System.FORECAST, "capacity_scenarios_by_id", key="scenario"
    )
    week_start: date | None
    role: Role | None = link(System.PSA, "roles_by_id", key="role")
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    resource: Annotated[Resource, strawberry.lazy("schema.resource")] | None = link(
        System.HR, "resources_by_id", key="resource"
    )
    capacity_hours: Hours | None
    firm_hours: Hours | None
    tentative_hours: Hours | None
    demand_hours: Hours | None


class CapacityScenarioRow(Row):
    """What forecasting says."""

    type: ClassVar[str] = "CapacityScenario"

    name: str
    kind: Maybe[ScenarioKind] = None
    created_at: datetime | None = None
    approved: bool | None = None


@home(System.FORECAST, "capacity_scenarios_by_id", CapacityScenarioRow)
class CapacityScenario(Traced, Node):
    """A plan that capacity is looked at in; `buckets` are those of roles in entities, a person's stand with them."""

    name: str
    kind: ScenarioKind | None
    created_at: datetime | None
    approved: bool | None
    buckets: list[CapacityBucket | None] | None = link(
        *(System.FORECAST, "capacity_buckets_by_scenario"),
        where="resource",
        top=True,
        within=week,
        at_most=2000,
        about=500,
    )
