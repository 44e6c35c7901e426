"""Engagements and the nodes of their breakdown, which are projects in Redmine.

A project's identifier is its own: a second one of the same code is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.engagement import EngagementStatus
from schema.problems import Code
from schema.project import ProjectKind
from schema.rows import Ref
from sources.contract import Request, SourceFailure
from sources.psa import writes as psa
from sources.psa.redmine import translate as fields
from sources.psa.redmine.acts import PROJECTS, change, make, record_of, valued
from sources.writes import Act, Acts, Call, Done

if TYPE_CHECKING:
    from decimal import Decimal

    from sources.psa.redmine.acts import Attributes, Values
    from sources.writes import Said, Talk, Text


def _undertaken() -> Act[psa.CreateEngagement]:
    """Make an engagement's project; its cost is told to it, once it is there.

    That is a field which its members alone may see, and of them those of the service: who makes a project is none yet.
    """
    made = make(PROJECTS, _engagement)

    def send(write: psa.CreateEngagement, said: Said) -> Any:
        return made.send(write, said) if write.planned_cost is None else _costed(write, said)

    def _costed(write: psa.CreateEngagement, said: Said) -> Talk:
        assert made.look is not None  # noqa: S101  whatever is made here is looked for by our key
        found = (yield Call(made.look(write, said)))["projects"]
        body = made.send(write, said)
        assert isinstance(body, Request)  # noqa: S101  one record is made by one request
        project = found[0] if found else (yield Call(body, changes=True))["project"]
        done, cost = record_of(write, project), write.planned_cost
        if cost is not None and fields.planned_cost(project["custom_fields"]) is None:
            fields_ = {"custom_fields": valued({fields.PLANNED_COST: str(cost.amount)})}
            yield Call(Request(f"/projects/{done.id}.json", body={"project": fields_}, method="PUT"), changes=True)
        return done

    def seen(write: psa.CreateEngagement, answer: Any) -> Done | None:
        found = answer["projects"]
        told = found and (write.planned_cost is None or fields.planned_cost(found[0]["custom_fields"]))
        return record_of(write, found[0]) if told else None

    return Act(send, made.done, made.look, seen)


def _engagement(write: psa.CreateEngagement, said: Said) -> Attributes:
    revenue, cost = write.planned_revenue, write.planned_cost
    if any(money is not None and money.currency != write.currency for money in (revenue, cost)):
        raise SourceFailure(Code.SOURCE_REFUSED, "a project keeps its amounts in one currency", unsent=True)
    custom: Values = {
        fields.DELIVERY_STATUS: said.code("delivery", EngagementStatus.PROPOSED),
        fields.PLANNED_START: write.planned_start.isoformat(),
        fields.PLANNED_END: write.planned_end.isoformat() if write.planned_end else None,
        fields.CUSTOMER: said.id(write.customer),
        fields.MANAGER: said.id(write.manager),
        fields.PLANNED_HOURS: _exact(write.planned_hours),
        fields.CURRENCY: write.currency,
        fields.PLANNED_REVENUE: str(revenue.amount) if revenue else None,
    }
    return {
        "name": write.name,
        "identifier": _identifier(write.code),
        "is_public": False,
        "custom_fields": valued(custom),
    }


def _exact(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _identifier(said: Text) -> str:
    """Return a code in small letters, as identifiers are; or raise SourceFailure where it could not be read back."""
    code = str(said)
    if code != code.upper():
        raise SourceFailure(Code.SOURCE_REFUSED, "a code with small letters cannot be told from others", unsent=True)
    return code.lower()


def _breakdown() -> Act[psa.CreateProject]:
    """Make a node: the topmost one is the engagement's own project, which says so, and any other a subproject.

    All stand directly below the engagement's, and nobody works in them: what is above one, and of which node hours are,
    fields say. They have no status but their engagement's, which is cancelled with all of them.
    """
    below = make(PROJECTS, _node)
    above = change(PROJECTS, "engagement", _node_fields)

    def send(write: psa.CreateProject, said: Said) -> Any:
        return (above if write.parent is None else below).send(write, said)

    def done(write: psa.CreateProject, answer: Any) -> Done:
        return Done(_own(write)) if write.parent is None else below.done(write, answer)

    def look(write: psa.CreateProject, said: Said) -> Request:
        if write.parent is not None and below.look is not None:
            return below.look(write, said)
        told = (("id", said.id(write.engagement) or ""), (f"cf_{fields.KIND}", ProjectKind.PROJECT.name))
        return Request("/projects.json", (*told, PROJECTS.shown))

    return Act(send, done, look, below.seen)


def _own(write: psa.CreateProject) -> str:
    assert isinstance(write.engagement, Ref), "a write is carried out when nothing of it is to come any more"  # noqa: S101
    return write.engagement.id


def _node(write: psa.CreateProject, said: Said) -> Attributes:
    return {
        "name": write.name,
        "identifier": _identifier(write.code),
        "parent_id": said.id(write.engagement),
        "is_public": False,
        "inherit_members": True,
        "enabled_module_names": [],
        "custom_fields": valued(_node_fields(write, said)),
    }


def _node_fields(write: psa.CreateProject, said: Said) -> Values:
    return {
        fields.ENGAGEMENT: said.id(write.engagement),
        fields.KIND: said.code("node_kind", write.kind),
        fields.PARENT_NODE: said.id(write.parent),
        fields.PHASE: said.code("phase", write.phase) if write.phase else None,
        fields.REGION: write.region,
        fields.LEGAL_ENTITY: said.id(write.delivering_entity),
        fields.PLANNED_START: write.planned_start.isoformat(),
        fields.PLANNED_END: write.planned_end.isoformat() if write.planned_end else None,
    }


def _phase(write: psa.SetPhase, said: Said) -> Values:
    end: Values = {} if write.planned_end is None else {fields.PLANNED_END: write.planned_end.isoformat()}
    return {**end, fields.PHASE: said.code("phase", write.phase)}


def _revenue(write: psa.SetPlannedRevenue, _said: Said) -> Values:
    revenue = write.planned_revenue
    return {fields.CURRENCY: revenue.currency, fields.PLANNED_REVENUE: str(revenue.amount)}


def _cancelled(_write: psa.CancelEngagement, said: Said) -> Values:
    return {fields.DELIVERY_STATUS: said.code("delivery", EngagementStatus.CANCELLED)}


def _status(write: psa.SetEngagementStatus, said: Said) -> Values:
    return {fields.DELIVERY_STATUS: said.code("delivery", write.status)}


def _activated(write: psa.ActivateEngagement, said: Said) -> Values:
    status = said.code("delivery", write.status)
    return {fields.DELIVERY_STATUS: status, fields.ERP_REFERENCE: str(write.erp_reference)}


ACTS: Acts = {
    psa.CreateEngagement: _undertaken(),
    psa.CancelEngagement: change(PROJECTS, "engagement", _cancelled),
    psa.CreateProject: _breakdown(),
    psa.ActivateEngagement: change(PROJECTS, "engagement", _activated),
    psa.SetEngagementStatus: change(PROJECTS, "engagement", _status),
    psa.SetPhase: change(PROJECTS, "project", _phase),
    psa.SetPlannedRevenue: change(PROJECTS, "engagement", _revenue),
}
