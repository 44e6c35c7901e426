"""What each list documents: how long its pages are and what filters it. None of them takes a list of ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OVERLAPS: Final = {"startDate": '"endDate" >= ?', "endDate": '"startDate" <= ?'}
MODIFIED: Final = {"modifiedAfter": '"updatedAt" > ?'}
EXTERNAL: Final = {
    "externalId": """EXISTS (SELECT 1 FROM json_each(CAST("references" AS TEXT)) AS known
                     WHERE json_extract(known.value, '$.externalId') = ?)"""
}
SORTS: Final = frozenset({"id", "createdAt", "updatedAt"})


def _equal(*columns: str) -> dict[str, str]:
    return {column: f'"{column}" = ?' for column in columns}


def _has(*columns: str) -> dict[str, str]:
    return {column: f'instr(lower("{column}"), lower(?)) > 0' for column in columns}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One list: its table, rows a page unless asked and at most, filters as conditions with one value each.

    `switches` are parameters that are true or false: the condition that holds unless they are true, and their default.
    `hidden` are columns that only the single record shows. `where` always holds.
    """

    table: str
    size: int = 50
    most: int = 200
    filters: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    where: str = "TRUE"
    single: bool = False


DETAILS: Final = frozenset({"notes", "skills", "customFields"})
ASSIGNED: Final = {**_equal("personId", "roleId", "projectId"), **OVERLAPS, **MODIFIED}
ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "people": Endpoint(
        "people",
        filters={**_has("email", "firstName", "lastName"), **EXTERNAL, **MODIFIED},
        switches={"includePlaceholders": ("NOT _placeholder", "false")},
        hidden=DETAILS,
        single=True,
    ),
    "placeholders": Endpoint(
        "people",
        filters=MODIFIED,
        hidden=DETAILS | {"email", "teamId", "holidaysGroupId", "managers"},
        where="_placeholder",
    ),
    "projects": Endpoint(
        "projects",
        filters={**_has("name"), **EXTERNAL, **MODIFIED},
        switches={"includeArchived": ("NOT isArchived", "true")},
        single=True,
    ),
    "clients": Endpoint("clients", filters={**_has("name"), **MODIFIED}, single=True),
    "roles": Endpoint("roles", filters={**_has("name"), **MODIFIED}, single=True),
    "teams": Endpoint("teams", filters=MODIFIED, single=True),
    "contracts": Endpoint("contracts", filters=MODIFIED),
    "assignments": Endpoint("assignments", size=100, most=500, filters=ASSIGNED),
    "person-requests": Endpoint("person_requests", size=100, most=500, filters=MODIFIED),
    "time-offs/leave": Endpoint("leave", filters={**_equal("personId"), **OVERLAPS, **MODIFIED}, single=True),
    "actuals": Endpoint(
        "actuals",
        size=100,
        most=500,
        filters={
            **_equal("personId", "projectId"),
            "minDate": '"date" >= ?',
            "maxDate": '"date" <= ?',
            **MODIFIED,
        },
    ),
    "nb-role-demands": Endpoint("role_demands", size=100, most=500, filters={**_equal("code"), **OVERLAPS, **MODIFIED}),
    "nb-capacity-scenarios": Endpoint("capacity_scenarios", filters=MODIFIED),
    "nb-capacity-buckets": Endpoint(
        "capacity_buckets",
        size=100,
        most=500,
        filters={**_equal("scenarioId", "teamId", "roleId", "personId", "weekStart"), **MODIFIED},
    ),
}
# Lists under one person or one project: the path before the id, and the column that holds it.
OWNERS: Final = {"people": "personId", "projects": "projectId"}
OWNED: Final[Mapping[str, Endpoint]] = {
    "assignments": Endpoint("assignments", filters=ASSIGNED),
    "contracts": Endpoint("contracts", size=20, most=50, filters=MODIFIED),
    "milestones": Endpoint("milestones"),
}
