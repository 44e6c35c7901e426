"""How Runn is asked to change. What is made carries the firm's own code, and is found again by it.

A project and a milestone have a reference or a note for it, an assignment its note. Paths with nb- are this tenant's
own: the product changes no assignment's days, and knows of a demand its placeholder alone.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from schema.role_demand import RoleDemandStatus
from sources.contract import Request
from sources.forecast.writes import (
    CloseProject,
    CreateAllocation,
    CreateDemand,
    FillDemand,
    OpenProject,
    RecordActual,
    RecordMilestone,
    SetAllocationDates,
    SetDemandDates,
)
from sources.writes import Act, Done

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from schema.rows import Ref
    from sources.writes import Acts, Record, Said, Write

ENGAGEMENT = "Engagement"
DEMAND_STATUS = "demand_status"
# The longest pages: what is looked up must stand on the first.
PROJECTS, ASSIGNMENTS, MILESTONES = "200", "500", "200"


def _open_project(write: OpenProject, said: Said) -> Request:
    project = {
        "name": write.name,
        "teamId": _number(said, write.legal_entity),
        "isConfirmed": True,
        "references": [{"referenceName": ENGAGEMENT, "externalId": write.code}],
    }
    if write.opportunity is not None:
        return Request(f"/projects/{said.id(write.opportunity)}", body=project, method="PATCH")
    client = int(said.code("client", "HOUSE")) if write.customer is None else _number(said, write.customer)
    return Request("/projects/", body=project | {"clientId": client})


def _projects(write: OpenProject, _said: Said) -> Request:
    return Request("/projects/", (("externalId", str(write.code)), ("limit", PROJECTS)))


def _project(write: OpenProject, answer: Any) -> Done | None:
    wanted = {"referenceName": ENGAGEMENT, "externalId": write.code}
    return next((_made(write, row) for row in answer["values"] if wanted in row["references"]), None)


def _close_project(write: CloseProject, said: Said) -> Request:
    return Request(f"/projects/{said.id(write.engagement)}", body={"isArchived": True}, method="PATCH")


def _create_demand(write: CreateDemand, said: Said) -> Request:
    demand = {
        "code": write.code,
        "engagementProjectId": _number(said, write.engagement),
        "roleId": _number(said, write.role),
        "minutesPerWeek": _minutes(write.hours_per_week),
        "region": write.region,
        "status": said.code(DEMAND_STATUS, RoleDemandStatus.OPEN),
    }
    return Request("/nb-role-demands/", body=demand | _days(write.start, write.end))


def _demands(write: CreateDemand, _said: Said) -> Request:
    return Request("/nb-role-demands/", (("code", str(write.code)),))


def _demand(write: CreateDemand, answer: Any) -> Done | None:
    return next((_made(write, row) for row in answer["values"] if row["code"] == write.code), None)


def _set_demand_dates(write: SetDemandDates, said: Said) -> Request:
    path = f"/nb-role-demands/{said.id(write.demand)}"
    return Request(path, body=_days(write.start, write.end), method="PATCH")


def _fill_demand(write: FillDemand, said: Said) -> Request:
    filled = {
        "status": said.code(DEMAND_STATUS, RoleDemandStatus.FILLED),
        "filledByAssignmentCodes": [said.id(write.assignment)],
    }
    return Request(f"/nb-role-demands/{said.id(write.demand)}", body=filled, method="PATCH")


def _create_allocation(write: CreateAllocation, said: Said) -> Request:
    assignment = {
        "personId": _number(said, write.resource),
        "projectId": _number(said, write.engagement),
        "roleId": _number(said, write.role),
        "minutesPerDay": _minutes(write.hours_per_day),
        "isBillable": write.billable,
        "note": write.code,
    }
    return Request("/assignments/", body=assignment | _days(write.start, write.end))


def _assignments(write: CreateAllocation, said: Said) -> Request:
    whose = {"personId": write.resource, "projectId": write.engagement, "roleId": write.role}
    params = [(name, str(_number(said, record))) for name, record in whose.items()]
    return Request("/assignments/", (*params, ("limit", ASSIGNMENTS)))


def _segments(write: CreateAllocation, answer: Any) -> Done | None:
    segments = [row for row in answer["values"] if row["note"] == write.code]
    return _allocation(write, segments) if segments else None


def _allocation(write: CreateAllocation, segments: list[Any]) -> Done:
    """Name what may be several rows by the note that they share."""
    return Done(str(write.code), {"segments": [str(segment["id"]) for segment in segments]})


def _set_allocation_dates(write: SetAllocationDates, said: Said) -> Request:
    path = f"/nb-allocations/{quote(said.id(write.assignment) or '', safe='')}"
    return Request(path, body=_days(write.start, write.end), method="PUT")


def _record_actual(write: RecordActual, said: Said) -> Request:
    # The other kind of minutes is another total, and stays as it is.
    minutes = "billableMinutes" if write.billable else "nonbillableMinutes"
    actual = {
        "date": write.work_date.isoformat(),
        "personId": _number(said, write.resource),
        "projectId": _number(said, write.engagement),
        "roleId": _number(said, write.role),
        minutes: _minutes(write.hours),
    }
    return Request("/actuals/", body=actual)


def _record_milestone(write: RecordMilestone, said: Said) -> Request:
    milestone = {"title": write.name, "date": write.reached.isoformat(), "note": _note(write.milestone)}
    return Request(f"/projects/{said.id(write.engagement)}/milestones/", body=milestone)


def _milestones(write: RecordMilestone, said: Said) -> Request:
    return Request(f"/projects/{said.id(write.engagement)}/milestones/", (("limit", MILESTONES),))


def _milestone(write: RecordMilestone, answer: Any) -> Done | None:
    return next((_made(write, row) for row in answer["values"] if row["note"] == _note(write.milestone)), None)


def _made(_write: Write, row: Any) -> Done:
    return Done(str(row["id"]))


def _note(record: Ref) -> str:
    """Say whose record it is: a milestone has no references."""
    return f"{record.binding} {record.id}"


def _number(said: Said, record: Record | None) -> int | None:
    id_ = said.id(record)
    return None if id_ is None else int(id_)


def _minutes(hours: Decimal) -> int:
    return int((hours * 60).to_integral_value(ROUND_HALF_UP))


def _days(start: date, end: date) -> dict[str, str]:
    return {"startDate": start.isoformat(), "endDate": end.isoformat()}


ACTS: Acts = {
    OpenProject: Act(_open_project, _made, _projects, _project),
    CloseProject: Act(_close_project),
    CreateDemand: Act(_create_demand, _made, _demands, _demand),
    SetDemandDates: Act(_set_demand_dates),
    FillDemand: Act(_fill_demand),
    CreateAllocation: Act(_create_allocation, _allocation, _assignments, _segments),
    SetAllocationDates: Act(_set_allocation_dates),
    RecordActual: Act(_record_actual),
    RecordMilestone: Act(_record_milestone, _made, _milestones, _milestone),
}
