"""Kantata OX (once Mavenlink), emulated: API v1 as published, for reading.

What the documents say is kept: `per_page` 20 unless asked, silently 200 at most; `only` and the filters that take a
list joined by commas, next to those that take one value; absent ids missing without a word; archived workspaces left
out unless asked for; foreign keys shown only with their `include`, and then the included rows beside those asked for.

Lists that begin with `nb_` and what stands in `custom_fields` are this tenant's own. Of a time entry's members those
that say what was billed and by whom it was approved are custom fields for want of a document.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from demo.emulator import UNCHANGED, Changes, Database, Row, application
from demo.firm.model import Firm
from demo.kantata import account, timekeeping, work
from demo.kantata.ids import (
    allocation_id,
    group_id,
    resource_id,
    role_id,
    story_id,
    time_entry_id,
    user_id,
    workspace_id,
)
from demo.kantata.service import Service

__all__ = [
    "PROJECTIONS",
    "allocation_id",
    "build",
    "group_id",
    "resource_id",
    "role_id",
    "story_id",
    "time_entry_id",
    "user_id",
    "workspace_id",
]

Projection = Callable[[Firm], Iterable[Row]]

# Endpoint: how the firm is projected into it, and the texts that no record may be without.
PROJECTIONS: Final[Mapping[str, tuple[Projection, tuple[str, ...]]]] = {
    "workspaces": (account.workspaces, ("title",)),
    "stories": (work.stories, ("title",)),
    "users": (account.users, ("full_name",)),
    "workspace_allocations": (work.allocations, ("start_date", "end_date")),
    "workspace_resources": (work.resources, ("full_name",)),
    "workspace_groups": (account.workspace_groups, ("name",)),
    "roles": (account.roles, ("name",)),
    "time_entries": (timekeeping.time_entries, ("date_performed", "currency")),
    "nb_time_periods": (timekeeping.time_periods, ("title",)),
}


def build(firm: Firm, *, token: str, database: Path | None = None, changes: Changes = UNCHANGED) -> Starlette:
    """Return the application for a firm; the database is in memory unless a file is given."""
    kept = Database(database, changes)
    for name, (project, mandatory) in PROJECTIONS.items():
        kept.create(name, project(firm), key="id", mandatory=mandatory)
    return application(Service(kept, token))
