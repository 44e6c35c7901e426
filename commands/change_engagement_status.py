"""changeEngagementStatus: where an engagement's delivery stands, and with it what finance and the plan allow.

C  PSA       the status                            undone: the one before
P  ERP       whether anything may be posted        where that changes
R  FORECAST  nobody is planned for it any more     once it is over; set aside if refused

Delivery is done when no milestone is open; it is closed when nothing of it is unposted, unbilled or on a draft.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.billing import standing
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import same_version
from commands.plan import Kind, Plan, Step
from commands.staffing import OVER
from schema.billing_event import BillingEventRow, BillingEventStatus
from schema.engagement import EngagementErpRow, EngagementRow, EngagementStatus, ErpProjectStatus
from schema.invoice import DocumentStatus, InvoiceRow
from schema.milestone import MilestoneRow, MilestoneStatus
from schema.problems import Code
from schema.rows import System
from schema.time_entry import ApprovalStatus, PostingStatus, TimeEntryErpRow, TimeEntryRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from commands.asking import Asking
    from schema.rows import Ref

S = EngagementStatus
FOLLOWING: Mapping[EngagementStatus, frozenset[EngagementStatus]] = {
    S.PROPOSED: frozenset({S.PLANNED, S.CANCELLED}),
    S.PLANNED: frozenset({S.ACTIVE, S.CANCELLED}),
    S.ACTIVE: frozenset({S.ON_HOLD, S.COMPLETED}),
    S.ON_HOLD: frozenset({S.ACTIVE, S.COMPLETED, S.CANCELLED}),
    S.COMPLETED: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}
CONTROL: Mapping[EngagementStatus, ErpProjectStatus] = {
    S.ON_HOLD: ErpProjectStatus.BLOCKED,
    S.CLOSED: ErpProjectStatus.CLOSED,
    S.CANCELLED: ErpProjectStatus.CLOSED,
}
NEVER_POSTED = frozenset({ApprovalStatus.REJECTED, ApprovalStatus.CANCELLED})
IN_LEDGER = frozenset({PostingStatus.POSTED, PostingStatus.REVERSED})
SETTLED = frozenset({BillingEventStatus.INVOICED, BillingEventStatus.CANCELLED})
DRAFTS = frozenset({DocumentStatus.DRAFT, DocumentStatus.IN_REVIEW})
# So many are named; of more it is said how many there are.
NAMED = 5


@strawberry.input
class ChangeEngagementStatus(CommandInput):
    """Where an engagement is to stand, and why."""

    engagement_id: strawberry.ID
    to: EngagementStatus
    reason: str


@command(
    "changeEngagementStatus",
    ChangeEngagementStatus,
    changes=(psa.SetEngagementStatus, erp.SetControlStatus, forecast.CloseProject),
)
async def change_engagement_status(ask: Asking, said: ChangeEngagementStatus) -> Judgement:
    """Move an engagement on: to planned, active, on hold, completed, closed or cancelled, if its gates let it."""
    ref = ask.ref(said.engagement_id, "Engagement", "input", "engagementId")
    row = await ask.one("engagements_by_id", ref, "input", "engagementId", row=EngagementRow)
    same_version(said, [row])
    before = _follows(row, said.to)
    control = await ask.maybe("engagements_erp", ref, row=EngagementErpRow)
    steps = [_delivered(row, before, said), *_controlled(ask, row, control, said.to)]
    if said.to in OVER:
        steps.append(_released(ask, row))
    return Judgement(
        plan=Plan(first=tuple(steps)),
        subjects=(ref,),
        scope=(row,),
        facts={"closing": said.to is S.CLOSED},
        findings=tuple([finding async for finding in _gates(ask, ref, said.to)]),
        claims=(Claimed("engagement", ref.encode()),),
    )


def _follows(row: EngagementRow, to: EngagementStatus) -> EngagementStatus:
    """Return where the engagement stands, or stop where that may not be followed by this."""
    before = row.delivery_status
    if before is to:
        raise Stop(Finding(Code.ALREADY_DONE, f"the engagement is {to.name} already"), subjects=(row.ref,))
    if not isinstance(before, EngagementStatus) or to not in FOLLOWING[before]:
        stands = before.name if isinstance(before, EngagementStatus) else "not known"
        said = f"where it stands is {stands}, and {to.name} does not follow on that"
        raise Stop(Finding(Code.INVALID_TRANSITION, said, ("input", "to")), subjects=(row.ref,))
    return before


async def _gates(ask: Asking, ref: Ref, to: EngagementStatus) -> AsyncIterator[Finding]:
    """Yield each gate that is not passed, and by what."""
    if to is S.COMPLETED:
        milestones = await ask.many("milestones_by_engagement", ref, row=MilestoneRow)
        done = {MilestoneStatus.COMPLETED, MilestoneStatus.CANCELLED}
        open_ = [one.code or one.name for one in milestones if one.status not in done]
        if open_:
            yield _failed("milestones are open", open_)
    if to is S.CLOSED:
        for what, found in (
            ("time is not posted", await _unposted(ask, ref)),
            ("billing events are not billed", await _unbilled(ask, ref)),
            ("invoices are drafts", await _drafts(ask, ref)),
        ):
            if found:
                yield _failed(what, found)


def _failed(what: str, found: Sequence[str]) -> Finding:
    shown = ", ".join(sorted(found)[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return Finding(Code.GATE_FAILED, f"{what}: {shown}{more}", ("input", "to"))


async def _unposted(ask: Asking, ref: Ref) -> list[str]:
    entries = await ask.many("time_entries_by_engagement", ref, row=TimeEntryRow)
    meant = [entry for entry in entries if entry.approval_status not in NEVER_POSTED]
    posted = await ask.all("time_entries_erp", [entry.ref for entry in meant])
    return [entry.code or entry.ref.id for entry in meant if not _in_ledger(posted[entry.ref])]


def _in_ledger(row: object) -> bool:
    return isinstance(row, TimeEntryErpRow) and row.posting_status in IN_LEDGER


async def _unbilled(ask: Asking, ref: Ref) -> list[str]:
    events = await ask.many("billing_events_by_engagement", ref, row=BillingEventRow)
    return [event.code for event in events if standing(event) not in SETTLED]


async def _drafts(ask: Asking, ref: Ref) -> list[str]:
    invoices = await ask.many("invoices_by_engagement", ref, row=InvoiceRow)
    return [invoice.number or invoice.ref.id for invoice in invoices if invoice.document_status in DRAFTS]


def _delivered(row: EngagementRow, before: EngagementStatus, said: ChangeEngagementStatus) -> Step:
    return Step(
        name="psa.status",
        kind=Kind.COMPENSATABLE,
        binding=row.ref.binding,
        write=psa.SetEngagementStatus(engagement=row.ref, status=said.to, reason=said.reason),
        undo=psa.SetEngagementStatus(engagement=row.ref, status=before),
    )


def _controlled(
    ask: Asking, row: EngagementRow, control: EngagementErpRow | None, to: EngagementStatus
) -> tuple[Step, ...]:
    """Return what finance is told: nothing where it has no project, or allows already what it is to allow."""
    status = CONTROL.get(to, ErpProjectStatus.OPEN)
    if control is None or control.erp_status is status:
        return ()
    return (
        Step(
            name="erp.status",
            kind=Kind.PIVOT,
            binding=ask.binding(System.ERP, control.ref),
            write=erp.SetControlStatus(engagement=row.ref, status=status),
        ),
    )


def _released(ask: Asking, row: EngagementRow) -> Step:
    return Step(
        name="forecast.project",
        kind=Kind.RETRIABLE,
        binding=ask.binding(System.FORECAST),
        write=forecast.CloseProject(engagement=row.ref),
        optional=Code.FORECAST_REJECTED,
    )
