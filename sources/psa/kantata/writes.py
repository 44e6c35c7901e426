"""How Kantata is told what changes: a POST with our key as the record's external reference, or a PUT of a few values.

Kantata has no idempotency key and takes the same record twice. It is asked by the key whether it has one already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from schema.problems import Code
from sources.contract import Request, SourceFailure
from sources.psa import writes as psa
from sources.psa.kantata import made, states
from sources.writes import Act, Acts, Done, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sources.psa.kantata.values import Attributes
    from sources.writes import Said

W = TypeVar("W", bound=Write)

API = "/api/v1"
SERVICE = "colonnade"
# Archived workspaces, and what is in them, are left out unless they are asked for.
KINDS: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "workspaces": ("workspace", (("include_archived", "true"),)),
    "stories": ("story", (("show_archived", "true"), ("show_from_archived_workspaces", "true"))),
    "workspace_allocations": ("workspace_allocation", ()),
    "time_entries": ("time_entry", (("from_archived_workspaces", "true"),)),
    "expenses": ("expense", ()),
    "rate_card_versions": ("rate_card_version", ()),
}


def make(name: str, attributes: Callable[[W, Said], Attributes]) -> Act[W]:
    """Make a record, found again by our key; of two the older one."""
    singular, shown = KINDS[name]

    def send(write: W, said: Said) -> Request:
        reference = {"service_name": SERVICE, "service_model": write.makes, "service_model_ref": said.key}
        body = {singular: {**attributes(write, said), "external_reference": reference}}
        return Request(f"{API}/{name}.json", body=body)

    def look(_write: W, said: Said) -> Request:
        asked = (("external_reference_service_model_refs", said.key), ("order", "created_at:asc"))
        return Request(f"{API}/{name}.json", (*asked, *shown))

    return Act(send, _made, look, _found)


def change(name: str, record: str, attributes: Callable[[W, Said], Attributes]) -> Act[W]:
    """Set values of the record that stands in a field of the write."""
    singular, _ = KINDS[name]

    def send(write: W, said: Said) -> Request:
        path = f"{API}/{name}/{said.id(getattr(write, record))}.json"
        return Request(path, body={singular: attributes(write, said)}, method="PUT")

    return Act(send)


def _made(write: Write, answer: Any) -> Done:
    done = _found(write, answer)
    if done is None:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer names no record")
    return done


def _found(write: Write, answer: Any) -> Done | None:
    results = answer["results"]
    if not results:
        return None
    id_ = results[0]["id"]
    # A deal that was won is here the workspace that came of it.
    return Done(id=id_, values={"opportunity": id_} if isinstance(write, psa.CreateEngagement) else {})


def _discard() -> Act[psa.DiscardRateCard]:
    """Remove a version. A second time there is none to remove, so it is asked for first."""
    path = f"{API}/rate_card_versions"

    def send(write: psa.DiscardRateCard, said: Said) -> Request:
        return Request(f"{path}/{said.id(write.card)}.json", method="DELETE")

    def look(write: psa.DiscardRateCard, said: Said) -> Request:
        return Request(f"{path}.json", (("only", said.id(write.card) or ""),))

    def gone(_write: psa.DiscardRateCard, answer: Any) -> Done | None:
        return None if answer["results"] else Done()

    return Act(send, look=look, seen=gone)


ACTS: Acts = {
    psa.CreateEngagement: make("workspaces", made.engagement),
    psa.CancelEngagement: change("workspaces", "engagement", states.cancelled),
    psa.CreateProject: make("stories", made.project),
    psa.ActivateEngagement: change("workspaces", "engagement", states.activated),
    psa.SetEngagementStatus: change("workspaces", "engagement", states.status),
    psa.SetPhase: change("stories", "project", states.phase),
    psa.CreateAssignment: make("workspace_allocations", made.assignment),
    psa.CancelAssignment: change("workspace_allocations", "assignment", states.assignment_cancelled),
    psa.SetAssignmentDates: change("workspace_allocations", "assignment", states.assignment_dates),
    psa.CreateTimeEntry: make("time_entries", made.time_entry),
    psa.SubmitTime: change("time_entries", "entry", states.submitted),
    psa.WithdrawTime: change("time_entries", "entry", states.withdrawn),
    psa.ApproveTime: change("time_entries", "entry", states.time_approved),
    psa.RejectTime: change("time_entries", "entry", states.rejected),
    psa.ReopenTime: change("time_entries", "entry", states.time_reopened),
    psa.FlagTime: change("time_entries", "entry", states.billed),
    psa.ApproveExpense: change("expenses", "expense", states.approved),
    psa.RejectExpense: change("expenses", "expense", states.rejected),
    psa.ReopenExpense: change("expenses", "expense", states.reopened),
    psa.CompleteMilestone: change("stories", "milestone", states.milestone_completed),
    psa.ReopenMilestone: change("stories", "milestone", states.milestone_reopened),
    psa.SetPlannedRevenue: change("workspaces", "engagement", states.planned_revenue),
    psa.DraftRateCard: make("rate_card_versions", made.rate_card),
    psa.DiscardRateCard: _discard(),
    psa.PublishRateCard: change("rate_card_versions", "card", states.published),
}
