"""How a record of Redmine is made, found again and changed: by our key in a custom field, and by a few values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from schema.problems import Code
from sources.contract import Request, SourceFailure
from sources.psa import writes as psa
from sources.psa.redmine import translate as fields
from sources.writes import Act, Done, Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sources.writes import Said

    Attributes: TypeAlias = dict[str, Any]
    Values: TypeAlias = dict[int, str | None]

W = TypeVar("W", bound=Write)


class Kind(NamedTuple):
    """What a list and one of it are called, the field of our key, and what it takes to see all of them in order."""

    listed: str
    singular: str
    marker: int
    shown: tuple[str, str]


PROJECTS = Kind("projects", "project", fields.PROJECT_KEY, ("status", "1|5"))
ENTRIES = Kind("time_entries", "time_entry", fields.ENTRY_KEY, ("sort", "created_on"))


def make(kind: Kind, attributes: Callable[[W, Said], Attributes]) -> Act[W]:
    """Make a record, found again by our key; of two the older one."""
    listed, singular, marker, shown = kind

    def send(write: W, said: Said) -> Request:
        body = attributes(write, said)
        marked = [*body["custom_fields"], *valued({marker: said.key})]
        return Request(f"/{listed}.json", body={singular: {**body, "custom_fields": marked}})

    def done(write: W, answer: Any) -> Done:
        return record_of(write, answer[singular])

    def look(_write: W, said: Said) -> Request:
        return Request(f"/{listed}.json", ((f"cf_{marker}", f"={said.key}"), shown))

    def seen(write: W, answer: Any) -> Done | None:
        found = answer[listed]
        return record_of(write, found[0]) if found else None

    return Act(send, done, look, seen)


def change(kind: Kind, record: str, values: Callable[[W, Said], Values]) -> Act[W]:
    """Set custom fields of the record that stands in a field of the write; the others stay as they are."""

    def send(write: W, said: Said) -> Request:
        path = f"/{kind.listed}/{said.id(getattr(write, record))}.json"
        body = {kind.singular: {"custom_fields": valued(values(write, said))}}
        return Request(path, body=body, method="PUT")

    return Act(send)


def valued(values: Values) -> list[Attributes]:
    """Say values of custom fields; None empties one."""
    return [{"id": number, "value": said or ""} for number, said in values.items()]


def record_of(write: Write, record: Any) -> Done:
    """Return what was made, or raise SourceFailure where the answer names no record."""
    if type(record["id"]) is not int:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer names no record")
    id_ = str(record["id"])
    # A deal that was won is here the project that came of it.
    return Done(id=id_, values={"opportunity": id_} if isinstance(write, psa.CreateEngagement) else {})
