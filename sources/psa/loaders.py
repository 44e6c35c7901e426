"""What the PSA is asked, whichever product plays it."""

from __future__ import annotations

from schema.assignment import AssignmentRow
from schema.engagement import EngagementRow
from schema.expense import ExpenseRow
from schema.fiscal_period import FiscalPeriodPsaRow
from schema.milestone import MilestoneRow
from schema.practice import PracticeRow
from schema.project import ProjectRow
from schema.rate_card import RateCardRow, RateRow
from schema.resource import ResourcePsaRow
from schema.role import RoleRow
from schema.task import TaskRow
from schema.time_entry import TimeEntryRow
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


class MilestonesById(Question):
    """The milestones with these ids."""

    rows, by = MilestoneRow, "Milestone"


class MilestonesByEngagement(Question):
    """The milestones of each of these engagements."""

    rows, by, many = MilestoneRow, "Engagement", True


class TimeEntriesById(Question):
    """The time entries with these ids."""

    rows, by = TimeEntryRow, "TimeEntry"


class TimeEntriesByEngagement(Question):
    """The hours worked for each of these engagements."""

    rows, by, many = TimeEntryRow, "Engagement", True


class TimeEntriesByResource(Question):
    """The hours that each of these people worked."""

    rows, by, many = TimeEntryRow, "Resource", True


class ExpensesById(Question):
    """The expenses with these ids."""

    rows, by = ExpenseRow, "Expense"


class ExpensesByEngagement(Question):
    """The money spent for each of these engagements."""

    rows, by, many = ExpenseRow, "Engagement", True


class RateCardsById(Question):
    """The bill rate cards with these ids."""

    rows, by = RateCardRow, "RateCard"


class RatesById(Question):
    """The bill rates with these ids."""

    rows, by = RateRow, "Rate"


class RatesByRateCard(Question):
    """The rates on each of these cards."""

    rows, by, many = RateRow, "RateCard", True


class PracticesById(Question):
    """The practices with these ids."""

    rows, by = PracticeRow, "Practice"


class RolesById(Question):
    """The roles with these ids."""

    rows, by = RoleRow, "Role"


class ResourcesPsa(Question):
    """The PSA's facet of each of these people."""

    rows, by = ResourcePsaRow, "Resource"


class FiscalPeriodsPsa(Question):
    """The PSA's facet of each of these periods."""

    rows, by = FiscalPeriodPsaRow, "FiscalPeriod"
