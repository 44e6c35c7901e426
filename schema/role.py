"""A role, or labor category: what somebody does on a piece of work."""

from __future__ import annotations

from typing import ClassVar

from schema.graph import Node, Traced, home
from schema.rows import Row, System


class RoleRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Role"

    name: str
    code: str | None = None
    family: str | None = None


@home(System.PSA, "roles_by_id", RoleRow)
class Role(Traced, Node):
    """A labor category. Rates, demand and assignments go by it, and so does its code in every system."""

    name: str
    code: str | None
    family: str | None
