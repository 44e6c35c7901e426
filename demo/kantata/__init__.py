"""Kantata OX (once Mavenlink), emulated: API v1 as published.

What the documents say is kept: `per_page` 20 unless asked, silently 200 at most; `only` and the filters that take a
list joined by commas, next to those that take one value; absent ids missing without a word; archived workspaces left
out unless asked for, and their time and expenses with them; foreign keys shown only with their `include`, and then
the included rows beside those asked for.

Lists that begin with `nb_` and what stands in `custom_fields` are this tenant's own. Approval is the state of a
submission in the product, which a reader without code could not join: it is a custom field here, and so is its author.
The product has no word for a correction either: which entry one reverses, or was split from, are custom fields as well.
Writing knows no idempotency key: a record that is sent twice is there twice. What another system calls it comes along
as `external_reference`, and it is found again by that. A workspace's status is set by its key; an allocation brings
along the workspace resource that it books, which the product wants made before; a version of a rate card is made from
another one, with its rates.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from demo.emulator import UNCHANGED, Changes, Database, Row, application
from demo.firm.model import Firm
from demo.kantata import account, prices, timekeeping, work
from demo.kantata.ids import (
    allocation_id,
    expense_id,
    group_id,
    rate_card_version_id,
    resource_id,
    role_id,
    story_id,
    time_entry_id,
    user_id,
    workspace_id,
)
from demo.kantata.records import REFERENCE, REFERENCES
from demo.kantata.service import Service

__all__ = [
    "PROJECTIONS",
    "allocation_id",
    "build",
    "expense_id",
    "group_id",
    "rate_card_version_id",
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
    "expenses": (timekeeping.expenses, ("date", "currency")),
    "rate_cards": (prices.rate_cards, ("currency",)),
    "rate_card_versions": (prices.rate_card_versions, ()),
    "rate_card_roles": (prices.rate_card_roles, ()),
    "nb_practices": (account.practices, ("title",)),
    "nb_time_periods": (timekeeping.time_periods, ("title",)),
}


def build(firm: Firm, *, token: str, database: Path | None = None, changes: Changes = UNCHANGED) -> Starlette:
    """Return the application for a firm; the database is in memory unless a file is given."""
    kept = Database(database, changes)
    for name, (project, mandatory) in PROJECTIONS.items():
        kept.create(name, project(firm), key="id", mandatory=mandatory)
    kept.create(REFERENCES, (), key="id", mandatory=(), columns=REFERENCE)
    return application(Service(kept, token, firm.as_of), kept)
