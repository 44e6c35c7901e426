"""Engagements, as projects and as the analytic accounts that invoice lines are charged to."""

from collections.abc import Iterable
from typing import Final

from demo.firm.model import Engagement
from demo.tryton.numbers import number_of
from demo.tryton.seeds.accounting import Books
from demo.tryton.seeds.erp import Erp

# Tryton ships Open and Done; a finance system also stops postings for a while, or for good.
EXTRA_STATUSES: Final = {"BLOCKED": "Blocked", "CLOSED": "Closed"}
SHIPPED_OPEN: Final = "project.work_open_status"


def seed_projects(
    erp: Erp, engagements: Iterable[Engagement], companies: dict[str, int], customers: dict[str, int]
) -> dict[str, int]:
    """Create one project for each engagement; return ids by engagement code."""
    wanted = list(engagements)
    extra = [{"name": name, "types": ["project"]} for name in EXTRA_STATUSES.values()]
    statuses = dict(zip(EXTRA_STATUSES, erp.create("project.work.status", extra), strict=True))
    statuses["OPEN"] = erp.xml_id(SHIPPED_OPEN)
    rows = [
        {
            "type": "project",
            "number": number_of(engagement.code),
            "name": engagement.name,
            "company": companies[engagement.entity],
            "party": customers[engagement.customer] if engagement.customer else None,
            "status": statuses[engagement.erp_status],
        }
        for engagement in wanted
    ]
    return dict(zip((e.code for e in wanted), erp.create("project.work", rows), strict=True))


def seed_analytic_accounts(erp: Erp, engagements: Iterable[Engagement], books: dict[str, Books]) -> dict[str, int]:
    """Create one analytic account for each engagement, under the project's number; return ids by engagement code."""
    wanted = list(engagements)
    rows = [
        {
            "type": "normal",
            "code": number_of(engagement.code),
            "name": engagement.name,
            "company": books[engagement.entity].company,
            "root": books[engagement.entity].analytic_root,
            "parent": books[engagement.entity].analytic_root,
            "state": "opened",
        }
        for engagement in wanted
    ]
    return dict(zip((e.code for e in wanted), erp.create("analytic_account.account", rows), strict=True))
