"""What a Redmine of this firm holds, as its seed reads it: projects, people in them, issues and hours."""

from collections.abc import Iterator
from typing import Any, Final

from demo.firm.model import Engagement, Firm, Person, Task, TimeEntry
from demo.redmine.access import KEY, USER
from demo.redmine.fields import FIELDS
from demo.redmine.ids import identifier, issue_id, project_id, time_entry_id, user_id

# The product's own numbers: a project is open or closed, a new, begun or closed issue has one of its first states.
OPEN, CLOSED = 1, 5
STATUSES: Final = {"NOT_STARTED": 1, "IN_PROGRESS": 2, "DONE": 5}
ACTIVE, LOCKED = 1, 3


def contents(firm: Firm) -> dict[str, Any]:
    """Return the whole content as JSON can write it: a row a record, by the product's own columns."""
    entries = list(firm.time_entries)
    return {
        "service": {"login": USER, "key": KEY},
        "fields": [{"id": number, "type": kind, "name": name} for number, kind, name in FIELDS],
        "users": [_user(person) for person in firm.people],
        "projects": [_project(engagement) for engagement in firm.engagements],
        "members": sorted({(int(project_id(one.engagement)), int(user_id(one.person))) for one in entries}),
        "issues": [_issue(task) for task in firm.tasks],
        "time_entries": [_entry(entry) for entry in entries],
        "values": list(_values(firm)),
    }


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
    }


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
    for entry in firm.time_entries:
        written = ("TimeEntry", int(time_entry_id(entry.code)))
        yield 12, *written, entry.code
        yield 13, *written, entry.approval_status
        yield 14, *written, str(entry.billable_hours)
        yield 15, *written, user_id(entry.approver) if entry.approver else ""
        yield 16, *written, "true" if entry.billing_status == "BILLED" else "false"
    for task in firm.tasks:
        yield 21, "Issue", int(issue_id(task.code)), task.code


def _project_of(task: Task) -> int:
    return int(project_id("-".join(task.code.split("-")[:2])))
