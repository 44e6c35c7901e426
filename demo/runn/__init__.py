"""Runn, emulated: API v1 (`accept-version: 1.0.0`).

Confirmed by a reference made from the product's OpenAPI document: bearer token and version header on every call;
lists as `values` and `nextCursor`; 50 rows a page and 200 at most, 100 and 500 for assignments and requests for
persons; `sortBy`, `order`, `modifiedAfter` and the filters of each list, none of which takes several ids; the members
of people, placeholders, projects, clients, roles, teams, contracts, leave, assignments and requests; assignments
split at leave; placeholders among the people only with `includePlaceholders=true`; errors as `error`, `message`,
`statusCode`. By clients: `x-ratelimit-remaining`, `x-ratelimit-reset`, `retry-after`, 429, 120 calls a minute.

Assumed: 400 for a version that is missing, for an unknown parameter and for a limit too high; that several filters all
hold; that startDate and endDate find what overlaps; the form of a cursor; the meaning of `isActive`. The default window
is far wider than the product's, because whoever tests asks more than 120 times a minute.

Of writing, by the tool schemas of a client: POST /assignments answers several where leave interrupts one, and nothing
changes one; a project has its milestones below it; PATCH changes what is said alone. POST /actuals makes the one of a
day, person, project and role, or changes it. Assumed: that the kind of minutes that is not said stays as it was, that
an assignment wholly within leave is refused, and the words of refusals.

The product knows a tentative project but no tentative assignment, and neither capacity by week nor scenarios in its
API: lists with `nb-` before their names are this tenant's own.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from demo.emulator import UNCHANGED, Changes, Database, Row, application
from demo.firm.model import Firm
from demo.runn import people, tenant, work
from demo.runn.ids import (
    client_id,
    demand_id,
    person_id,
    placeholder_id,
    project_id,
    role_id,
    scenario_id,
    segment_id,
    team_id,
)
from demo.runn.service import VERSION, Service
from demo.runn.work import segment_ids

__all__ = [
    "PROJECTIONS",
    "VERSION",
    "build",
    "client_id",
    "demand_id",
    "person_id",
    "placeholder_id",
    "project_id",
    "role_id",
    "scenario_id",
    "segment_id",
    "segment_ids",
    "team_id",
]

Projection = Callable[[Firm], Iterable[Row]]
PER_MINUTE: Final = 60_000

# Table: how the firm is projected into it, and the texts that no row may be without.
PROJECTIONS: Final[Mapping[str, tuple[Projection, tuple[str, ...]]]] = {
    "people": (people.people, ("firstName", "lastName")),
    "contracts": (people.contracts, ("startDate",)),
    "leave": (people.leave, ("startDate", "endDate")),
    "teams": (people.teams, ("name",)),
    "roles": (people.roles, ("name",)),
    "clients": (work.clients, ("name",)),
    "projects": (work.projects, ("name",)),
    "assignments": (work.assignments, ("startDate", "endDate")),
    "actuals": (work.actuals, ("date",)),
    "milestones": (work.milestones, ("title",)),
    "person_requests": (work.person_requests, ("status",)),
    "role_demands": (tenant.role_demands, ("startDate", "endDate")),
    "capacity_scenarios": (tenant.capacity_scenarios, ("name",)),
    "capacity_buckets": (tenant.capacity_buckets, ("weekStart",)),
}


def build(
    firm: Firm,
    *,
    token: str,
    per_minute: int = PER_MINUTE,
    database: Path | None = None,
    changes: Changes = UNCHANGED,
) -> Starlette:
    """Return the application for a firm; the database is in memory unless a file is given."""
    kept = Database(database, changes)
    for name, (project, mandatory) in PROJECTIONS.items():
        kept.create(name, project(firm), key="id", mandatory=mandatory)
    return application(Service(kept, token, per_minute, firm.as_of), kept)
