"""What forecasting is asked, whichever product plays it."""

from __future__ import annotations

from schema.role_demand import RoleDemandRow
from sources.questions import Question


class RoleDemandsById(Question):
    """The demands with these ids."""

    rows, by = RoleDemandRow, "RoleDemand"


class RoleDemandsByEngagement(Question):
    """The demands of each of these engagements."""

    rows, by, many = RoleDemandRow, "Engagement", True


class RoleDemandsByOpportunity(Question):
    """The demands that each of these opportunities would bring."""

    rows, by, many = RoleDemandRow, "Opportunity", True
