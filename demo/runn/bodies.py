"""What Runn takes in the body of a call, and how it says that it does not.

Assumed beyond the members themselves: what is not said of a change stays as it is, and members that are not documented
are refused.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from demo.emulator import Row

Id: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=999_999_999)]
Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Minutes: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1440)]
Week: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=10_080)]
BAD_REQUEST: Final = 400


class RequestError(ValueError):
    """A call that is refused: by its header, its parameters or its body, or because there is no such record."""

    def __init__(self, message: str, status: int = BAD_REQUEST) -> None:
        """Say why, in the product's words."""
        super().__init__(message)
        self.status = status


class Body(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The members of a body."""


B = TypeVar("B", bound=Body)


class Reference(Body):
    """What another system calls it."""

    reference_name: Name
    external_id: Name


class NewProject(Body):
    """A project; none is without a client."""

    name: Name
    client_id: Id
    team_id: Id | None = None
    is_confirmed: bool = True
    pricing_model: Literal["tm", "fp", "nb"] = "tm"
    references: list[Reference] = []


class ProjectChange(Body):
    """What may be changed of a project; the references all at once."""

    name: Name | UnsetType = UNSET
    client_id: Id | UnsetType = UNSET
    team_id: Id | UnsetType | None = UNSET
    is_confirmed: bool | UnsetType = UNSET
    is_archived: bool | UnsetType = UNSET
    references: list[Reference] | UnsetType = UNSET


class Days(Body):
    """From when to when."""

    start_date: date
    end_date: date

    def __post_init__(self) -> None:
        """Refuse what ends before it begins."""
        if self.end_date < self.start_date:
            message = "endDate must be on or after startDate"
            raise ValueError(message)


class NewAssignment(Days):
    """A person planned for a project."""

    person_id: Id
    project_id: Id
    role_id: Id
    minutes_per_day: Minutes
    is_billable: bool = True
    note: str | None = None


class NewDemand(Days):
    """People wanted for a project."""

    code: Name
    engagement_project_id: Id
    role_id: Id
    minutes_per_week: Week
    headcount: Annotated[int, msgspec.Meta(ge=1)] = 1
    region: str | None = None
    status: Literal["draft", "requested"] = "requested"


class DemandChange(Body):
    """What may be changed of a demand: its days, both of them, or that it is filled."""

    start_date: date | UnsetType = UNSET
    end_date: date | UnsetType = UNSET
    status: Literal["filled"] | UnsetType = UNSET
    filled_by_assignment_codes: list[str] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse half of the days, and what ends before it begins."""
        given = [day for day in (self.start_date, self.end_date) if isinstance(day, date)]
        if len(given) == 1 or given != sorted(given):
            message = "startDate and endDate must both be given, in order"
            raise ValueError(message)


class NewActual(Body):
    """What a person worked in a role on a project on a day, in total: of each kind of minutes that is said."""

    day: date = msgspec.field(name="date")
    person_id: Id
    project_id: Id
    role_id: Id
    billable_minutes: Minutes | UnsetType = UNSET
    nonbillable_minutes: Minutes | UnsetType = UNSET


class NewMilestone(Body):
    """A day of note in a project."""

    title: Name
    day: date = msgspec.field(name="date")
    note: str | None = None
    icon: str = "flag"


def taken(body: bytes, kind: type[B]) -> B:
    """Read a body, or raise RequestError."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        message = f"body: {error}"
        raise RequestError(message) from error


def columns(body: Body) -> Row:
    """Return what a body says, by the names of the columns; what it does not say is left out."""
    said: dict[str, Any] = msgspec.to_builtins(body)
    return said
