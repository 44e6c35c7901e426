"""Opportunities, with the roles they ask for as products."""

from datetime import date
from typing import Final

from demo.firm.model import Firm, Opportunity, OpportunityLine
from demo.tryton.seeds.erp import Erp, Row

# Finer stages than these do not exist: QUALIFIED and PROPOSED cannot be told apart in Tryton.
STATES: Final = {
    "PROSPECT": "lead",
    "QUALIFIED": "opportunity",
    "PROPOSED": "opportunity",
    "NEGOTIATING": "converted",
    "WON": "won",
    "LOST": "lost",
}
# The day the firm began to keep opportunities here; when each was first heard of is not recorded.
OPENED: Final = date(2025, 10, 1)


def seed_roles(erp: Erp, firm: Firm) -> dict[str, int]:
    """Create an hourly service for each role that is sold, known to the firm or not; return product ids by code."""
    names = {role.code: role.name for role in firm.roles}
    codes = sorted({line.role for deal in firm.opportunities for line in deal.lines})
    rows = [
        {
            "name": names.get(code, code.replace("_", " ").title()),
            "type": "service",
            "default_uom": erp.xml_id("product.uom_hour"),
            "salable": True,
            "sale_uom": erp.xml_id("product.uom_hour"),
            "products": [("create", [{"suffix_code": code}])],
        }
        for code in codes
    ]
    erp.create("product.template", rows)
    products = erp.by("product.product", "code")
    return {code: products[code] for code in codes}


def seed_opportunities(
    erp: Erp,
    firm: Firm,
    *,
    companies: dict[str, int],
    employees: dict[str, int],
    customers: dict[str, int],
    currencies: dict[str, int],
) -> dict[str, int]:
    """Create the opportunities in the state they have reached; return ids by code.

    The state is imported, not walked through: on the way Tryton would ask for sales orders that nobody wrote, and put
    their amounts in place of the agreed ones.
    """
    roles, hour = seed_roles(erp, firm), erp.xml_id("product.uom_hour")
    home = {person.code: person.entity for person in firm.people}
    found: dict[str, int] = {}
    for entity, company in companies.items():
        deals = [deal for deal in firm.opportunities if (deal.entity or home[deal.owner]) == entity]
        rows = [
            {
                "number": deal.code,
                "company": company,
                "party": customers[deal.customer],
                "employee": employees[deal.owner],
                "currency": currencies[deal.currency],
                **_terms(deal),
                "lines": [("create", [_line(line, roles, hour) for line in deal.lines])],
            }
            for deal in deals
        ]
        ids = erp.create("sale.opportunity", rows, company=company)
        found |= dict(zip((deal.code for deal in deals), ids, strict=True))
    return {deal.code: found[deal.code] for deal in firm.opportunities}


def _terms(deal: Opportunity) -> Row:
    """Return what was agreed; Tryton has no field for some of it, so the firm writes it into the comment."""
    noted = {
        "proposed_entity": deal.entity,
        "billing_model": deal.model,
        "expected_start": deal.expected_start_date.isoformat(),
    }
    return {
        "description": deal.name,
        "amount": deal.amount,
        "conversion_probability": float(deal.probability),
        "start_date": OPENED,
        "end_date": deal.closed_date or deal.expected_close_date,
        "state": STATES[deal.stage],
        "comment": _noted(noted),
    }


def _line(line: OpportunityLine, roles: dict[str, int], hour: int) -> Row:
    return {
        "product": roles[line.role],
        "sequence": line.position,
        "quantity": float(line.hours),
        "unit": hour,
        "description": line.workstream,
        "note": _noted({"unit_price": str(line.unit_price), "region": line.region}),
    }


def _noted(values: dict[str, str | None]) -> str:
    """Write one `key: value` a line, leaving out what is not known."""
    return "\n".join(f"{key}: {value}" for key, value in values.items() if value is not None)
