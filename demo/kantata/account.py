"""Workspaces with the groups they are for, users, roles, and this tenant's own list of practices.

Custom fields are shown in the record, as `custom_fields`: the product answers them as records of their own, which
`include=custom_field_values` brings along, and a reader without code could not join those.
"""

from collections.abc import Iterator
from typing import Final

from demo.emulator import Row
from demo.firm.model import Engagement, Firm
from demo.kantata import ids
from demo.kantata.values import base_unit, exact, minutes, percent, stamps, subunits, written

# The key is the system's, the message a label that an administrator may change. Hundreds follow the colours.
STATUS: Final = {
    "PROPOSED": (105, "gray", "Prospect"),
    "PLANNED": (210, "light", "In Setup"),
    "ACTIVE": (310, "green", "In Progress"),
    "ON_HOLD": (410, "yellow", "On Hold"),
    "CANCELLED": (501, "red", "Cancelled"),
    "COMPLETED": (610, "blue", "Completed"),
    "CLOSED": (620, "blue", "Closed"),
}


def status(name: str) -> Row:
    """Return a status as a workspace shows it."""
    key, color, message = STATUS[name]
    return {"color": color, "key": key, "message": message}


def workspaces(firm: Firm) -> Iterator[Row]:
    """Yield a workspace for every engagement; a closed one is archived."""
    for position, engagement in enumerate(firm.engagements):
        yield {
            "id": ids.workspace_id(engagement.code),
            "title": engagement.name,
            "description": None,
            "archived": engagement.status == "CLOSED",
            "status": status(engagement.status),
            "start_date": engagement.planned_start.isoformat(),
            "due_date": engagement.planned_end.isoformat(),
            "budgeted": engagement.value is not None,
            "price_in_cents": subunits(engagement.value, engagement.currency),
            "currency": engagement.currency,
            "currency_base_unit": base_unit(engagement.currency),
            "estimated_minutes": minutes(engagement.planned_hours),
            "primary_maven_id": ids.user_id(engagement.manager),
            "primary_workspace_group_id": ids.group_id(engagement.customer) if engagement.customer else None,
            "custom_fields": _workspace_fields(engagement),
            **stamps(firm, position),
        }


def _workspace_fields(engagement: Engagement) -> Row:
    return {
        "engagement_code": engagement.code,
        "legal_entity": engagement.entity,
        "opportunity": engagement.opportunity,
        "practice": engagement.practice,
        "planned_revenue": exact(engagement.planned_revenue),
        "planned_cost": exact(engagement.planned_cost),
        # Whoever starts an engagement, or stops one, from outside fills these in.
        "erp_reference": None,
        "status_reason": None,
    }


def workspace_groups(firm: Firm) -> Iterator[Row]:
    """Yield a company group for every customer."""
    for position, customer in enumerate(firm.customers):
        yield {
            "id": ids.group_id(customer.code),
            "name": customer.name,
            "company": True,
            "custom_fields": {"customer_code": customer.code},
            **stamps(firm, position),
        }


def users(firm: Firm) -> Iterator[Row]:
    """Yield a user for every person."""
    names = {role.code: role.name for role in firm.roles}
    for position, person in enumerate(firm.people):
        yield {
            "id": ids.user_id(person.code),
            "full_name": person.name,
            "email_address": person.email,
            "headline": names[person.role],
            "role_id": ids.role_id(person.role),
            "manager_id": ids.user_id(person.manager) if person.manager else None,
            "custom_fields": {
                "employee_number": person.employee_number,
                "bookable": person.bookable,
                "billable_target": percent(person.billable_target),
                "practice": person.practice,
            },
            **stamps(firm, position),
        }


def roles(firm: Firm) -> Iterator[Row]:
    """Yield the roles."""
    for position, role in enumerate(firm.roles):
        yield {
            "id": ids.role_id(role.code),
            "name": role.name,
            "deleted_at": None if role.active else written(firm.as_of),
            "custom_fields": {
                "role_code": role.code,
                "family": role.family,
                "billable_target": percent(role.billable_target),
            },
            **stamps(firm, position),
        }


def practices(firm: Firm) -> Iterator[Row]:
    """Yield the service lines; a workspace and a user name theirs in a custom field."""
    for position, practice in enumerate(firm.practices):
        yield {
            "id": practice.code,
            "title": practice.name,
            "leader_id": ids.user_id(practice.leader),
            **stamps(firm, position),
        }
