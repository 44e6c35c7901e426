"""The technical users that Colonnade signs in as."""

from typing import Final

from demo.tryton.access import READER, WRITER
from demo.tryton.seeds.erp import Erp, Row

# What only some groups may read, and what Tryton lets everybody change unless a group says otherwise.
READ_ONLY: Final = (
    "account.invoice",
    "account.invoice.line",
    "account.move",
    "sale.opportunity",
    "party.party",
    "party.address",
    "party.identifier",
    "party.contact_mechanism",
    "product.product",
)
WRITER_GROUPS: Final = (
    "account.group_account",
    "analytic_account.group_analytic_admin",
    "party.group_party_admin",
    "project.group_project_admin",
    "sale.group_sale",
    "sale_opportunity.group_opportunity",
    "timesheet.group_timesheet_admin",
)


def seed_users(erp: Erp, companies: dict[str, int], password: str) -> None:
    """Create the reading and the writing user, both at home in every company at once."""
    reading = erp.create_one("res.group", {"name": "Colonnade, reading"})
    rights = {"perm_read": True, "perm_write": False, "perm_create": False, "perm_delete": False}
    erp.create("ir.model.access", ({"model": model, "group": reading, **rights} for model in READ_ONLY))
    writing = [erp.xml_id(group) for group in WRITER_GROUPS]
    erp.create(
        "res.user",
        [
            _user("Colonnade, reading", READER, [reading], companies, password),
            _user("Colonnade, writing", WRITER, writing, companies, password),
        ],
    )


def _user(name: str, login: str, groups: list[int], companies: dict[str, int], password: str) -> Row:
    """Return a user; with the filter "all" one search answers across companies, whatever company is current."""
    everywhere = list(companies.values())
    return {
        "name": name,
        "login": login,
        "password": password,
        "groups": [("add", groups)],
        "companies": [("add", everywhere)],
        "company": everywhere[0],
        "company_filter": "all",
    }
