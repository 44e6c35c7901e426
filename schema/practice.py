"""A practice: a service line of the firm."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.graph import Node, Traced, home, link
from schema.rows import Ref, Row, System

if TYPE_CHECKING:
    from schema.resource import Resource


class PracticeRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Practice"
    cadence: ClassVar[timedelta] = timedelta(hours=1)

    name: str
    code: str | None = None
    leader: Annotated[Ref, "Resource"] | None = None


@home(System.PSA, "practices_by_id", PracticeRow)
class Practice(Traced, Node):
    """A service line, to which engagements and people belong."""

    name: str
    code: str | None
    leader: Annotated[Resource, strawberry.lazy("schema.resource")] | None = link(
        System.HR, "resources_by_id", key="leader"
    )
