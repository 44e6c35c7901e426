"""The firm that is measured: its systems' rows, the same for every server, without chance."""

from __future__ import annotations

from typing import Any, Final

CUSTOMERS: Final = 200
PEOPLE: Final = 50
# Of each customer; the list of all engagements goes through the customers in turn.
ENGAGEMENTS: Final = 50
ENTITY: Final = "NB"

Row = dict[str, Any]


def systems() -> dict[str, list[Row]]:
    """Return the rows of every list by its path, in the order of their ids."""
    engagements = [_engagement(number) for number in range(1, CUSTOMERS * ENGAGEMENTS + 1)]
    return {
        "/crm/customers": [_customer(number) for number in range(1, CUSTOMERS + 1)],
        "/hr/people": [_person(number) for number in range(1, PEOPLE + 1)],
        "/psa/engagements": engagements,
        "/erp/entities": [{"id": ENTITY, "code": ENTITY, "name": "Northbeam", "currency": "EUR"}],
        "/erp/projects": [{"id": row["id"], "entity": ENTITY} for row in engagements],
        "/erp/invoices": [_invoice(row["id"], number) for row in engagements for number in (1, 2)],
        "/forecast/demands": [_demand(row["id"], place) for place, row in enumerate(engagements)],
    }


def _customer(number: int) -> Row:
    return {"id": f"C{number:03}", "name": f"Customer {number} GmbH", "country": "DE", "segment": "enterprise"}


def _person(number: int) -> Row:
    email = f"person.{number}@northbeam.example"
    return {"id": f"P{number:02}", "name": f"Person {number}", "email": email, "grade": "Partner", "entity": ENTITY}


def _engagement(number: int) -> Row:
    turn, customer = divmod(number - 1, CUSTOMERS)
    return {
        "id": f"E{number:05}",
        "name": f"Engagement {number} for a consulting client",
        "status": ("PLANNED", "ACTIVE", "CLOSED")[number % 3],
        "start": f"2026-{number % 12 + 1:02}-01",
        "hours": f"{number % 4000}.50",
        "customer": f"C{customer + 1:03}",
        "manager": f"P{(customer + turn) % PEOPLE + 1:02}",
        "region": "EMEA",
    }


def _invoice(engagement: str, number: int) -> Row:
    return {
        "id": f"I{engagement[1:]}-{number}",
        "number": f"INV-{engagement[1:]}-{number}",
        "engagement": engagement,
        "entity": ENTITY,
        "total": f"{100 * number + int(engagement[1:])}.25",
        "currency": "EUR",
        "payment": ("UNPAID", "PAID")[number % 2],
    }


def _demand(engagement: str, place: int) -> Row:
    return {"id": f"D{engagement[1:]}", "engagement": engagement, "hours": f"{place % 40}.50", "period": "2026-12"}
