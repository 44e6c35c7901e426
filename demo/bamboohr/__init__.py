"""BambooHR, emulated: API v1 under `/api/gateway.php/{company}/v1`, for reading, as a snapshot of the last midnight.

Confirmed by the product's documents: the key as the user of Basic credentials; the directory, the employee by fields,
the custom report with `title`, `fields` and `employees`, the changed employees with `latest` and `action`, the time off
requests with their texts for numbers; `X-BambooHR-Error-Message`. By a client's notes: 503 with Retry-After when there
were too many calls, how many that is being nowhere told.

Assumed: a report leaves out who has left unless `onlyCurrent=false`; a field nobody knows is left out without a word; a
request is listed if it overlaps the days asked for; errors have no body; JSON comes whatever the Accept header says
(the product writes XML, too). Not emulated: List Employees and datasets v2, newer endpoints, of which the first is said
to take a list of ids. The product's own company holidays don't say to which calendar they belong, so that
`/nb_holiday_calendars` is this tenant's own list. So are the header `X-NB-Snapshot-At` and all fields that begin with
`custom`: the product itself is live, this firm reads it as its nightly copy.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from demo.bamboohr import people
from demo.bamboohr.ids import employee_id, holiday_calendar_id, request_id
from demo.bamboohr.service import Service
from demo.emulator import UNCHANGED, Changes, Database, Row, application
from demo.firm.model import Firm

__all__ = ["COMPANY", "PROJECTIONS", "build", "employee_id", "holiday_calendar_id", "request_id"]

COMPANY: Final = "northbeam"
Projection = Callable[[Firm], Iterable[Row]]

# Table: how the firm is projected into it, and the texts that no row may be without.
PROJECTIONS: Final[Mapping[str, tuple[Projection, tuple[str, ...]]]] = {
    "employees": (people.employees, ("displayName", "customLegalEntity")),
    "time_off_requests": (people.requests, ("start", "end")),
    "holiday_calendars": (people.holiday_calendars, ("name",)),
}


def build(
    firm: Firm,
    *,
    key: str,
    company: str = COMPANY,
    window: tuple[int, float] | None = None,
    database: Path | None = None,
    changes: Changes = UNCHANGED,
) -> Starlette:
    """Return the application for a firm; `window` is how many calls it takes in how many seconds."""
    kept = Database(database, changes)
    for name, (project, mandatory) in PROJECTIONS.items():
        kept.create(name, project(firm), key="id", mandatory=mandatory)
    return application(Service(kept, company, key, people.midnight(firm), window), kept)
