"""An absence: leave of one person. HR's alone, and restricted as a whole."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.restriction import Restriction
from schema.rows import Maybe, Ref, Row, System
from schema.values import DateRange, Hours

if TYPE_CHECKING:
    from schema.resource import Resource


@strawberry.enum
class AbsenceKind(Enum):
    """Why somebody is away."""

    VACATION = "VACATION"
    SICK_LEAVE = "SICK_LEAVE"
    PARENTAL_LEAVE = "PARENTAL_LEAVE"
    UNPAID_LEAVE = "UNPAID_LEAVE"


class AbsenceRow(Row):
    """What HR says."""

    type: ClassVar[str] = "Absence"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    resource: Annotated[Ref, "Resource"] | None = None
    range: DateRange | None = None
    hours_per_day: Hours | None = None
    kind: Maybe[AbsenceKind] = None
    approved: Maybe[bool] = None


@home(*(System.HR, "absences_by_id", AbsenceRow), restricted=Restriction.ABSENCE, scope={Reach.PERSON: "resource"})
class Absence(Traced, Node):
    """Leave asked for or approved; `hoursPerDay` counts on working days alone."""

    resource: Annotated[Resource, strawberry.lazy("schema.resource")] | None = link(
        System.HR, "resources_by_id", key="resource"
    )
    range: DateRange | None
    hours_per_day: Hours | None
    kind: AbsenceKind | None
    approved: bool | None
