"""What forecasting is asked, whichever product plays it."""

from __future__ import annotations

from schema.capacity import CapacityBucketRow, CapacityScenarioRow
from schema.role import RoleForecastRow
from schema.role_demand import RoleDemandRow
from schema.source_segment import SourceSegmentRow
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


class SourceSegmentsById(Question):
    """The segments with these ids."""

    rows, by = SourceSegmentRow, "SourceSegment"


class SourceSegmentsByAssignment(Question):
    """What is planned of each of these assignments."""

    rows, by, many = SourceSegmentRow, "Assignment", True


class SourceSegmentsByResource(Question):
    """What is planned for each of these people."""

    rows, by, many = SourceSegmentRow, "Resource", True


class CapacityScenariosById(Question):
    """The plans with these ids."""

    rows, by = CapacityScenarioRow, "CapacityScenario"


class CapacityBucketsById(Question):
    """The weeks with these ids."""

    rows, by = CapacityBucketRow, "CapacityBucket"


class CapacityBucketsByScenario(Question):
    """The weeks of each of these plans."""

    rows, by, many = CapacityBucketRow, "CapacityScenario", True


class CapacityBucketsByResource(Question):
    """The weeks of each of these people."""

    rows, by, many = CapacityBucketRow, "Resource", True


class RolesForecast(Question):
    """Forecasting's facet of each of these roles."""

    rows, by = RoleForecastRow, "Role"
