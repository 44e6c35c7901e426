"""How Redmine is told what changes: a POST with our key in a custom field, or a PUT of a few values.

Redmine takes no notice of an idempotency key, and enters the same hours twice. It is asked by the key whether it has
them already. A project's identifier is its own, too: a second one of the same code is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from schema.engagement import EngagementStatus
from schema.problems import Code
from schema.time_entry import ApprovalStatus
from sources.contract import Request, SourceFailure
from sources.psa import writes as psa
from sources.psa.redmine import translate as fields
from sources.writes import Act, Acts, Done, Write

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
        marked = [*body["custom_fields"], *_valued({marker: said.key})]
        return Request(f"/{listed}.json", body={singular: {**body, "custom_fields": marked}})

    def done(write: W, answer: Any) -> Done:
        return _done(write, answer[singular])

    def look(_write: W, said: Said) -> Request:
        return Request(f"/{listed}.json", ((f"cf_{marker}", f"={said.key}"), shown))

    def seen(write: W, answer: Any) -> Done | None:
        found = answer[listed]
        return _done(write, found[0]) if found else None

    return Act(send, done, look, seen)


def change(kind: Kind, record: str, values: Callable[[W, Said], Values]) -> Act[W]:
    """Set custom fields of the record that stands in a field of the write; the others stay as they are."""

    def send(write: W, said: Said) -> Request:
        path = f"/{kind.listed}/{said.id(getattr(write, record))}.json"
        body = {kind.singular: {"custom_fields": _valued(values(write, said))}}
        return Request(path, body=body, method="PUT")

    return Act(send)


def _valued(values: Values) -> list[Attributes]:
    """Say values of custom fields; None empties one."""
    return [{"id": number, "value": said or ""} for number, said in values.items()]


def _done(write: Write, record: Any) -> Done:
    if type(record["id"]) is not int:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer names no record")
    id_ = str(record["id"])
    # A deal that was won is here the project that came of it.
    return Done(id=id_, values={"opportunity": id_} if isinstance(write, psa.CreateEngagement) else {})


def _engagement(write: psa.CreateEngagement, said: Said) -> Attributes:
    days = {
        fields.PLANNED_START: write.planned_start.isoformat(),
        fields.PLANNED_END: write.planned_end.isoformat() if write.planned_end else None,
    }
    status = {fields.DELIVERY_STATUS: said.code("delivery", EngagementStatus.PROPOSED)}
    custom = _valued({**status, **days})
    return {"name": write.name, "identifier": _identifier(write), "is_public": False, "custom_fields": custom}


def _identifier(write: psa.CreateEngagement) -> str:
    """Return the code in small letters, as identifiers are; or raise SourceFailure where it could not be read back."""
    code = str(write.code)
    if code != code.upper():
        raise SourceFailure(Code.SOURCE_REFUSED, "a code with small letters cannot be told from others", unsent=True)
    return code.lower()


def _time_entry(write: psa.CreateTimeEntry, said: Said) -> Attributes:
    return {
        "project_id": said.id(write.engagement),
        "issue_id": said.id(write.task),
        "user_id": said.id(write.resource),
        "spent_on": write.work_date.isoformat(),
        "hours": str(write.hours),
        "comments": write.note,
        "custom_fields": _valued(
            {
                fields.ENTRY_CODE: str(write.code),
                fields.APPROVAL: said.code("approval", ApprovalStatus.SUBMITTED),
                fields.BILLABLE_HOURS: str(write.billable_hours),
            }
        ),
    }


def _cancelled(_write: psa.CancelEngagement, said: Said) -> Values:
    return {fields.DELIVERY_STATUS: said.code("delivery", EngagementStatus.CANCELLED)}


def _status(write: psa.SetEngagementStatus, said: Said) -> Values:
    return {fields.DELIVERY_STATUS: said.code("delivery", write.status)}


def _activated(write: psa.ActivateEngagement, said: Said) -> Values:
    status = said.code("delivery", write.status)
    return {fields.DELIVERY_STATUS: status, fields.ERP_REFERENCE: str(write.erp_reference)}


def _approval(status: ApprovalStatus) -> Callable[[Write, Said], Values]:
    """Return what hours say that are nobody's decision any more."""

    def values(_write: Write, said: Said) -> Values:
        return {fields.APPROVAL: said.code("approval", status), fields.APPROVER: None, fields.REASON: None}

    return values


def _approved(write: psa.ApproveTime, said: Said) -> Values:
    decided: Values = {
        fields.APPROVAL: said.code("approval", ApprovalStatus.APPROVED),
        fields.APPROVER: said.id(write.approver),
    }
    return decided if write.billable_hours is None else {**decided, fields.BILLABLE_HOURS: str(write.billable_hours)}


def _rejected(write: psa.RejectTime, said: Said) -> Values:
    return {
        fields.APPROVAL: said.code("approval", ApprovalStatus.REJECTED),
        fields.APPROVER: said.id(write.approver),
        fields.REASON: write.reason,
    }


def _reopened(write: psa.ReopenTime, said: Said) -> Values:
    open_ = _approval(ApprovalStatus.SUBMITTED)(write, said)
    return open_ if write.billable_hours is None else {**open_, fields.BILLABLE_HOURS: str(write.billable_hours)}


def _flagged(write: psa.FlagTime, _said: Said) -> Values:
    return {fields.INVOICED: "true" if write.billed else "false"}


ACTS: Acts = {
    psa.CreateEngagement: make(PROJECTS, _engagement),
    psa.CancelEngagement: change(PROJECTS, "engagement", _cancelled),
    psa.ActivateEngagement: change(PROJECTS, "engagement", _activated),
    psa.SetEngagementStatus: change(PROJECTS, "engagement", _status),
    psa.CreateTimeEntry: make(ENTRIES, _time_entry),
    psa.SubmitTime: change(ENTRIES, "entry", _approval(ApprovalStatus.SUBMITTED)),
    psa.WithdrawTime: change(ENTRIES, "entry", _approval(ApprovalStatus.DRAFT)),
    psa.ApproveTime: change(ENTRIES, "entry", _approved),
    psa.RejectTime: change(ENTRIES, "entry", _rejected),
    psa.ReopenTime: change(ENTRIES, "entry", _reopened),
    psa.FlagTime: change(ENTRIES, "entry", _flagged),
}
