"""What the PSA is asked, whichever product plays it."""

from __future__ import annotations

from schema.assignment import AssignmentRow
from schema.engagement import EngagementRow
from schema.project import ProjectRow
from schema.resource import ResourcePsaRow
from schema.role import RoleRow
from schema.task import TaskRow
from sources.questions import Question


class EngagementsById(Question):
    """The engagements with these ids."""

    rows, by = EngagementRow, "Engagement"


class EngagementsByCustomer(Question):
    """The engagements sold to each of these customers."""

    rows, by, many = EngagementRow, "Customer", True


class EngagementsByOpportunity(Question):
    """The engagement that each of these opportunities became."""

    rows, by = EngagementRow, "Opportunity"


class ProjectsById(Question):
    """The nodes of the breakdown with these ids."""

    rows, by = ProjectRow, "Project"


class ProjectsByEngagement(Question):
    """The whole breakdown of each of these engagements."""

    rows, by, many = ProjectRow, "Engagement", True


class TasksById(Question):
    """The tasks with these ids."""

    rows, by = TaskRow, "Task"


class TasksByEngagement(Question):
    """The tasks of each of these engagements."""

    rows, by, many = TaskRow, "Engagement", True


class AssignmentsById(Question):
    """The assignments with these ids."""

    rows, by = AssignmentRow, "Assignment"


class AssignmentsByEngagement(Question):
    """Who is booked on each of these engagements."""

    rows, by, many = AssignmentRow, "Engagement", True


class AssignmentsByResource(Question):
    """What each of these people is booked on."""

    rows, by, many = AssignmentRow, "Resource", True


class RolesById(Question):
    """The roles with these ids."""

    rows, by = RoleRow, "Role"


class ResourcesPsa(Question):
    """The PSA's facet of each of these people."""

    rows, by = ResourcePsaRow, "Resource"
