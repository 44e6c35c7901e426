"""What a Redmine of this firm holds, as its seed reads it: projects, people in them, issues and hours.

Its lists of roles and of prices are projects of their own, each entry of them an issue.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from demo.firm.model import Engagement, Firm, Person, Rate, RateCard, Role, Task, TimeEntry
from demo.redmine.access import KEY, USER
from demo.redmine.fields import CONFIDENTIAL, FIELDS
from demo.redmine.ids import ROLES, identifier, issue_id, project_id, rate_card_id, role_id, time_entry_id, user_id

# The product's own numbers: a project is open or closed, a new, begun or closed issue has one of its first states.
OPEN, CLOSED = 1, 5
STATUSES: Final = {"NOT_STARTED": 1, "IN_PROGRESS": 2, "DONE": 5}
ACTIVE, LOCKED = 1, 3
FIRST_RATE: Final = 91_000


def contents(firm: Firm) -> dict[str, Any]:
    """Return the whole content as JSON can write it: a row a record, by the product's own columns."""
    entries = list(firm.time_entries)
    return {
        "service": {"login": USER, "key": KEY},
        "fields": [
            {"id": number, "type": kind, "name": name, "visible": number not in CONFIDENTIAL}
            for number, kind, name in FIELDS
        ],
        "users": [_user(person) for person in firm.people],
        "projects": [
            *(_project(engagement) for engagement in firm.engagements),
            {"id": ROLES, "name": "Roles", "identifier": "roles", "status": OPEN},
            *(_card(card) for card in _cards(firm)),
        ],
        "members": sorted({(int(project_id(one.engagement)), int(user_id(one.person))) for one in entries}),
        "issues": [
            *(_issue(task) for task in firm.tasks),
            *(_role(role) for role in firm.roles),
            *(_rate(number, card, rate) for number, card, rate in _rates(firm)),
        ],
        "time_entries": [_entry(entry) for entry in entries],
        "values": [*_values(firm), *_list_values(firm)],
    }


def _cards(firm: Firm) -> list[RateCard]:
    return [card for card in firm.rate_cards if rate_card_id(card.code)]


def _rates(firm: Firm) -> Iterator[tuple[int, RateCard, Rate]]:
    """Yield the prices, each with its number and its card."""
    listed = ((card, rate) for card in _cards(firm) for rate in card.rates)
    yield from ((FIRST_RATE + count, card, rate) for count, (card, rate) in enumerate(listed))


def _user(person: Person) -> dict[str, Any]:
    first, _, last = person.name.rpartition(" ")
    return {
        "id": int(user_id(person.code)),
        "login": person.code.lower(),
        "firstname": first,
        "lastname": last,
        "mail": person.email,
        "status": LOCKED if person.employment_status == "TERMINATED" else ACTIVE,
    }


def _project(engagement: Engagement) -> dict[str, Any]:
    return {
        "id": int(project_id(engagement.code)),
        "name": engagement.name,
        "identifier": identifier(engagement.code),
        "status": CLOSED if engagement.status == "CLOSED" else OPEN,
    }


def _issue(task: Task) -> dict[str, Any]:
    number = int(issue_id(task.code))
    return {
        "id": number,
        "root_id": number,
        "project_id": _project_of(task),
        "subject": task.name,
        "status_id": STATUSES[task.status],
        "done_ratio": int(task.progress * 100),
        "estimated_hours": str(task.planned_hours),
        "start_date": None,
        "due_date": None,
    }


def _card(card: RateCard) -> dict[str, Any]:
    status = OPEN if card.status == "ACTIVE" else CLOSED
    number = int(rate_card_id(card.code) or 0)
    return {"id": number, "name": card.name, "identifier": card.code.lower(), "status": status}


def _listed(number: int, project: int, subject: str) -> dict[str, Any]:
    """Return an entry of a list; all rows of issues have the same columns."""
    return {
        "id": number,
        "root_id": number,
        "project_id": project,
        "subject": subject,
        "status_id": STATUSES["NOT_STARTED"],
        "done_ratio": 0,
        "estimated_hours": None,
        "start_date": None,
        "due_date": None,
    }


def _role(role: Role) -> dict[str, Any]:
    return _listed(int(role_id(role.code) or 0), ROLES, role.name)


def _rate(number: int, card: RateCard, rate: Rate) -> dict[str, Any]:
    days = {"start_date": rate.start.isoformat(), "due_date": rate.end.isoformat() if rate.end else None}
    return {**_listed(number, int(rate_card_id(card.code) or 0), rate.role), **days}


def _entry(entry: TimeEntry) -> dict[str, Any]:
    return {
        "id": int(time_entry_id(entry.code)),
        "project_id": int(project_id(entry.engagement)),
        "issue_id": int(issue_id(entry.task)),
        "user_id": int(user_id(entry.person)),
        "spent_on": entry.work_date.isoformat(),
        "hours": str(entry.hours),
    }


def _values(firm: Firm) -> Iterator[tuple[int, str, int, str]]:
    """Yield the values of custom fields: the field's number, what it is on, and the value."""
    for engagement in firm.engagements:
        on = ("Project", int(project_id(engagement.code)))
        yield 2, *on, engagement.status
        yield 3, *on, engagement.planned_start.isoformat()
        yield 4, *on, engagement.planned_end.isoformat()
        yield 6, *on, project_id(engagement.code)
        yield 7, *on, "PROJECT"
        yield 8, *on, engagement.customer or ""
        yield 9, *on, user_id(engagement.manager)
        yield 10, *on, engagement.entity
        yield 31, *on, _text(engagement.planned_hours)
        yield 32, *on, engagement.currency
        yield 33, *on, _text(engagement.planned_revenue)
        yield 34, *on, _text(engagement.planned_cost)
    for entry in firm.time_entries:
        written = ("TimeEntry", int(time_entry_id(entry.code)))
        yield 12, *written, entry.code
        yield 13, *written, entry.approval_status
        yield 14, *written, str(entry.billable_hours)
        yield 15, *written, user_id(entry.approver) if entry.approver else ""
        yield 16, *written, "true" if entry.billing_status == "BILLED" else "false"
        yield 19, *written, role_id(entry.role) or ""
        yield 20, *written, entry.billing_class
    for task in firm.tasks:
        yield 21, "Issue", int(issue_id(task.code)), task.code


def _list_values(firm: Firm) -> Iterator[tuple[int, str, int, str]]:
    """Yield the values of the lists, and the role of each person."""
    yield 7, "Project", ROLES, "ROLES"
    for card in _cards(firm):
        on = ("Project", int(rate_card_id(card.code) or 0))
        yield 6, *on, project_id(card.engagement) if card.engagement else ""
        yield 7, *on, "RATE_CARD"
        yield 8, *on, card.customer or ""
        yield 10, *on, card.entity or ""
        yield 32, *on, card.currency
        yield 38, *on, str(card.version)
    for role in firm.roles:
        yield 21, "Issue", int(role_id(role.code) or 0), role.code
    for number, card, rate in _rates(firm):
        yield 22, "Issue", number, role_id(rate.role) or ""
        yield 23, "Issue", number, str(rate.amount)
        yield 24, "Issue", number, card.currency
    for person in firm.people:
        yield 41, "Principal", int(user_id(person.code)), role_id(person.role) or ""


def _text(number: Decimal | None) -> str:
    return "" if number is None else str(number)


def _project_of(task: Task) -> int:
    return int(project_id("-".join(task.code.split("-")[:2])))
