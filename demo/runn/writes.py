"""What Runn takes: projects, assignments, actuals and milestones, and this tenant's own demands and allocations.

An assignment is split at its person's leave, so that one call may make several; there is no call that changes one, so
the days of all that share a note are set by a path of this tenant's own. A demand is a placeholder, its assignment and
the request for somebody to take its place, which all go when it is filled.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeAlias

from demo.emulator import Answer, Call, Row
from demo.runn import people, work
from demo.runn.bodies import (
    Days,
    DemandChange,
    NewActual,
    NewAssignment,
    NewDemand,
    NewMilestone,
    NewProject,
    ProjectChange,
    RequestError,
    columns,
    taken,
)
from demo.runn.records import Records
from demo.runn.values import custom_fields

OK, CREATED, NOT_ALLOWED, CONFLICT = 200, 201, 405, 409
SURE: Final = Decimal(100)
NEW_PROJECT: Final[Mapping[str, Any]] = {
    "isTemplate": False,
    "isArchived": False,
    "rateType": "hours",
    "rateCardId": 1,
    "budget": None,
    "expensesBudget": None,
    "managerIds": [],
    "tags": [],
    "customFields": custom_fields(),
}
NEW_DEMAND: Final[Mapping[str, Any]] = {
    "opportunityProjectId": None,
    "workstreamCode": None,
    "filledByAssignmentCodes": [],
    "scenarioId": "BASELINE",
    "probability": SURE,
}
NEW_ACTUAL: Final[Mapping[str, Any]] = {"billableMinutes": 0, "nonbillableMinutes": 0}

Take: TypeAlias = Callable[[Records, bytes, str], Answer]
"""Takes a body for what the path names."""


def write(records: Records, call: Call) -> Answer:
    """Carry a call out, or raise RequestError."""
    path = call.path.strip("/")
    for method, pattern, take in ROUTES:
        if method == call.method and (found := pattern.fullmatch(path)):
            return take(records, call.body, found["of"] if pattern.groups else "")
    raise RequestError("Method not allowed", NOT_ALLOWED)


def _add_project(records: Records, body: bytes, _: str) -> Answer:
    asked = taken(body, NewProject)
    records.one("clients", asked.client_id)
    if asked.team_id is not None:
        records.one("teams", asked.team_id)
    row = records.add("projects", {**NEW_PROJECT, **columns(asked)})
    return Answer(CREATED, row, key=_external(row))


def _change_project(records: Records, body: bytes, id_: str) -> Answer:
    row, said = records.one("projects", int(id_)), columns(taken(body, ProjectChange))
    for table, column in (("clients", "clientId"), ("teams", "teamId")):
        if said.get(column) is not None:
            records.one(table, said[column])
    changed = records.change("projects", row, said)
    if changed["isConfirmed"] and not row["isConfirmed"]:
        # What a deal would have wanted is now wanted for sure.
        for demand in records.where("role_demands", '"opportunityProjectId" = ?', row["id"]):
            records.change("role_demands", demand, {"engagementProjectId": row["id"], "probability": SURE})
    return Answer(OK, changed, key=_external(changed))


def _external(project: Row) -> str | None:
    return next((known["externalId"] for known in project["references"]), None)


def _add_assignment(records: Records, body: bytes, _: str) -> Answer:
    asked = taken(body, NewAssignment)
    _known(records, asked)
    row = {**work.plain(), "isActive": True, **columns(asked)}
    spans = list(_free(records, asked.person_id, asked))
    return Answer(CREATED, [records.add("assignments", {**row, **span}) for span in spans], key=asked.note)


def _set_allocation(records: Records, body: bytes, note: str) -> Answer:
    """Set the days of what may be several assignments, and split them anew."""
    asked = taken(body, Days)
    rows = records.where("assignments", '"note" = ? AND NOT "isPlaceholder"', note)
    if not rows:
        raise records.missing("assignments")
    spans = list(_free(records, rows[0]["personId"], asked))
    kept = [records.change("assignments", row, span) for row, span in zip(rows, spans, strict=False)]
    added = [records.add("assignments", {**rows[0], **span}) for span in spans[len(rows) :]]
    records.remove("assignments", rows[len(spans) :])
    return Answer(OK, [*kept, *added])


def _free(records: Records, person: int, days: Days) -> Iterator[Row]:
    """Yield the days on which a person is not on leave, or raise RequestError where there are none."""
    leave = records.where("leave", '"personId" = ?', person)
    away = [(date.fromisoformat(row["startDate"]), date.fromisoformat(row["endDate"])) for row in leave]
    spans = list(work.without(days.start_date, days.end_date, away))
    if not spans:
        raise RequestError("The person is on leave for the whole period")
    for start, end in spans:
        yield {"startDate": start.isoformat(), "endDate": end.isoformat()}


def _known(records: Records, asked: NewAssignment | NewActual) -> None:
    for table, id_ in (("people", asked.person_id), ("projects", asked.project_id), ("roles", asked.role_id)):
        records.one(table, id_)


def _add_demand(records: Records, body: bytes, _: str) -> Answer:
    asked = taken(body, NewDemand)
    project, role = records.one("projects", asked.engagement_project_id), records.one("roles", asked.role_id)
    if records.where("role_demands", '"code" = ?', asked.code):
        raise RequestError(f"A demand with the code {asked.code} already exists", CONFLICT)
    said, team = columns(asked), project["teamId"]
    placeholder = records.add("people", people.placeholder(asked.code, role["name"], team))
    whose = {"personId": placeholder["id"], "projectId": project["id"]}
    what = {name: said[name] for name in ("roleId", "startDate", "endDate")}
    records.add("assignments", {**work.wanted(asked.code, asked.minutes_per_week), **whose, **what})
    records.add("person_requests", {**work.request(), **whose})
    row = records.add("role_demands", {**NEW_DEMAND, **said, "placeholderId": placeholder["id"], "teamId": team})
    return Answer(CREATED, row, key=asked.code)


def _change_demand(records: Records, body: bytes, id_: str) -> Answer:
    row, said = records.one("role_demands", int(id_)), columns(taken(body, DemandChange))
    for code in said.get("filledByAssignmentCodes", ()):
        if not records.where("assignments", '"note" = ? AND NOT "isPlaceholder"', code):
            raise records.missing("assignments")
    wanted = records.where("assignments", '"personId" = ?', row["placeholderId"])
    if "status" in said:
        said["placeholderId"] = None
        records.remove("assignments", wanted)
        records.remove("person_requests", records.where("person_requests", '"personId" = ?', row["placeholderId"]))
        records.remove("people", records.where("people", '"id" = ?', row["placeholderId"]))
    elif "startDate" in said:
        for seat in wanted:
            records.change("assignments", seat, {name: said[name] for name in ("startDate", "endDate")})
    return Answer(OK, records.change("role_demands", row, said))


def _add_actual(records: Records, body: bytes, _: str) -> Answer:
    """Make the one actual of a day, person, project and role, or change it."""
    asked = taken(body, NewActual)
    _known(records, asked)
    said = columns(asked)
    one = [said[name] for name in ("date", "personId", "projectId", "roleId")]
    known = records.where("actuals", '"date" = ? AND "personId" = ? AND "projectId" = ? AND "roleId" = ?', *one)
    if known:
        return Answer(OK, records.change("actuals", known[0], said))
    return Answer(CREATED, records.add("actuals", {**NEW_ACTUAL, **said}))


def _add_milestone(records: Records, body: bytes, id_: str) -> Answer:
    asked, project = taken(body, NewMilestone), records.one("projects", int(id_))
    row = records.add("milestones", {"projectId": project["id"], **columns(asked)})
    return Answer(CREATED, row, key=asked.note)


ROUTES: Final[tuple[tuple[str, re.Pattern[str], Take], ...]] = (
    ("POST", re.compile("projects"), _add_project),
    ("PATCH", re.compile(r"projects/(?P<of>\d{1,9})"), _change_project),
    ("POST", re.compile(r"projects/(?P<of>\d{1,9})/milestones"), _add_milestone),
    ("POST", re.compile("assignments"), _add_assignment),
    ("POST", re.compile("actuals"), _add_actual),
    ("POST", re.compile("nb-role-demands"), _add_demand),
    ("PATCH", re.compile(r"nb-role-demands/(?P<of>\d{1,9})"), _change_demand),
    ("PUT", re.compile(r"nb-allocations/(?P<of>[^/]+)"), _set_allocation),
)
