"""What HR is asked, whichever product plays it."""

from __future__ import annotations

from schema.resource import ResourceRow
from sources.questions import Question


class ResourcesById(Question):
    """The people with these ids."""

    rows, by = ResourceRow, "Resource"
