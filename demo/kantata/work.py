"""Stories, which are project nodes and tasks, and the people allocated to workspaces.

The product assigns a task to users, and says nothing of their allocations: which bookings a task is for stands in a
custom field of it. Whoever entered hours on a task was assigned to it.

An allocation shows what the product keeps with the workspace resource behind it (user, role, rate) and what this tenant
keeps in that resource's custom fields, so that one list carries a whole assignment.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from demo.emulator import Row
from demo.firm.model import Assignment, Firm, ProjectNode, Task
from demo.kantata import ids
from demo.kantata.timekeeping import milestones
from demo.kantata.values import exact, minutes, percent, stamps, subunits

KIND: Final = {"PROJECT": "PRJ", "WORKSTREAM": "WST", "PHASE": "PHS"}
TASK_KIND: Final = "TSK"
PHASE: Final = {
    "INITIATE": "PH-INI",
    "DESIGN": "PH-DES",
    "BUILD": "PH-BLD",
    "TEST": "PH-TST",
    "DEPLOY": "PH-DEP",
    "RUN_OFF": "PH-RUN",
}
NODE_STATE: Final = {
    "PROPOSED": "not started",
    "PLANNED": "not started",
    "ACTIVE": "started",
    "ON_HOLD": "needs info",
    "COMPLETED": "completed",
    "CLOSED": "completed",
    "CANCELLED": "completed",
}
# The product has four states; a node's finer one is kept in a custom field.
NODE_STAGE: Final = {
    "PROPOSED": "S05",
    "PLANNED": "S10",
    "ACTIVE": "S20",
    "ON_HOLD": "S30",
    "COMPLETED": "S40",
    "CLOSED": "S50",
    "CANCELLED": "S90",
}
TASK_STATE: Final = {"NOT_STARTED": "not started", "IN_PROGRESS": "started", "DONE": "completed"}
BOOKING: Final = {
    "PROPOSED": "requested",
    "TENTATIVE": "soft",
    "FIRM": "hard",
    "ACTIVE": "running",
    "ENDED": "rolled_off",
    "CANCELLED": "withdrawn",
}
SATURDAY: Final = 5


def stories(firm: Firm) -> Iterator[Row]:
    """Yield the deliverables, parents first, then the tasks and the milestones, all of one shape."""
    homes = {node.code: node.engagement for node in firm.projects}
    booked: dict[str, set[str]] = defaultdict(set)
    for entry in firm.time_entries:
        if entry.assignment:
            booked[entry.task].add(entry.assignment)
    for position, node in enumerate(firm.projects):
        yield {**_deliverable(node), **stamps(firm, position)}
    for position, task in enumerate(firm.tasks, len(firm.projects)):
        yield {**_task(task, homes[task.project], sorted(booked[task.code])), **stamps(firm, position)}
    yield from milestones(firm, len(firm.projects) + len(firm.tasks))


def _deliverable(node: ProjectNode) -> Row:
    return {
        "id": ids.story_id(node.code),
        "title": node.name,
        "story_type": "deliverable",
        "state": NODE_STATE[node.status],
        "archived": False,
        "start_date": node.planned_start.isoformat(),
        "due_date": node.planned_end.isoformat(),
        "percentage_complete": percent(node.progress),
        "time_estimate_in_minutes": None,
        "workspace_id": ids.workspace_id(node.engagement),
        "parent_id": ids.story_id(node.parent) if node.parent else None,
        "root_id": ids.story_id(f"{node.engagement}-P"),
        "custom_fields": {
            "code": node.code,
            "kind": KIND[node.kind],
            "stage": NODE_STAGE[node.status],
            "phase": PHASE[node.phase],
            "region": node.region,
            "delivering_entity": node.delivering_entity,
            "cost_center": node.cost_center,
            "actual_start": node.actual_start.isoformat() if node.actual_start else None,
            "actual_end": node.actual_end.isoformat() if node.actual_end else None,
            "progress": exact(node.progress * 100),
            "remaining_minutes": minutes(node.estimate_to_complete),
        },
    }


def _task(task: Task, engagement: str, assigned: Sequence[str]) -> Row:
    return {
        "id": ids.story_id(task.code),
        "title": task.name,
        "story_type": "task",
        "state": TASK_STATE[task.status],
        "archived": False,
        "start_date": None,
        "due_date": None,
        "percentage_complete": percent(task.progress),
        "time_estimate_in_minutes": minutes(task.planned_hours),
        "workspace_id": ids.workspace_id(engagement),
        "parent_id": ids.story_id(task.project),
        "root_id": ids.story_id(f"{engagement}-P"),
        "custom_fields": {
            "code": task.code,
            "kind": TASK_KIND,
            "remaining_minutes": minutes(task.remaining_hours),
            "allocation_ids": [ids.allocation_id(assignment) for assignment in assigned],
        },
    }


def allocations(firm: Firm) -> Iterator[Row]:
    """Yield a workspace allocation for every assignment; `minutes` is the total over its working days."""
    for position, assignment in enumerate(firm.assignments):
        per_day = minutes(assignment.hours_per_day) or 0
        yield {
            "id": ids.allocation_id(assignment.code),
            "start_date": assignment.start.isoformat(),
            "end_date": assignment.end.isoformat(),
            "hard": assignment.commitment == "FIRM",
            "minutes": per_day * weekdays(assignment.start, assignment.end),
            "percentage": percent(assignment.allocation),
            "notes": None,
            "workspace_resource_id": ids.resource_id(assignment.code),
            "workspace_id": ids.workspace_id(assignment.engagement),
            "user_id": ids.user_id(assignment.person),
            "role_id": ids.role_id(assignment.role),
            "resource_bill_rate": subunits(assignment.bill_rate, assignment.currency),
            "currency": assignment.currency,
            "custom_fields": _booking(assignment),
            **stamps(firm, position),
        }


def _booking(assignment: Assignment) -> Row:
    return {
        "assignment_code": assignment.code,
        "booking": BOOKING[assignment.status],
        "story_id": ids.story_id(assignment.project),
        "billable": assignment.billable,
        "bill_rate": exact(assignment.bill_rate),
        "minutes_per_day": minutes(assignment.hours_per_day),
        "resource_request": assignment.demand,
    }


def weekdays(start: date, end: date) -> int:
    """Count the days from Monday to Friday, both ends included."""
    days = (start + timedelta(offset) for offset in range((end - start).days + 1))
    return sum(day.weekday() < SATURDAY for day in days)


def resources(firm: Firm) -> Iterator[Row]:
    """Yield the workspace resource behind every allocation: a person in a role on a workspace."""
    names = {person.code: person.name for person in firm.people}
    titles = {engagement.code: engagement.name for engagement in firm.engagements}
    roles = {role.code: role.name for role in firm.roles}
    for position, assignment in enumerate(firm.assignments):
        yield {
            "id": ids.resource_id(assignment.code),
            "label": names[assignment.person],
            "full_name": names[assignment.person],
            "role_name": roles[assignment.role],
            # The one foreign key that the documents type as an integer.
            "workspace_id": int(ids.workspace_id(assignment.engagement)),
            "workspace_title": titles[assignment.engagement],
            "user_id": ids.user_id(assignment.person),
            "role_id": ids.role_id(assignment.role),
            "resource_bill_rate": subunits(assignment.bill_rate, assignment.currency),
            **stamps(firm, position),
        }
