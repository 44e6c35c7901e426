"""Where an engagement stands: which state may follow which, what holds it back, and who is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from msgspec import structs

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.change_engagement_status import (
    FOLLOWING,
    ChangeEngagementStatus,
    change_engagement_status,
)
from commands.command import Stop
from commands.plan import Kind, Step, read, said
from schema.engagement import EngagementStatus, ErpProjectStatus
from schema.problems import Code
from tests.commands.conftest import codes, stopped
from tests.conftest import rewritten

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from demo.firm.model import Firm
    from demo.systems import Bound
    from schema.rows import Ref
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

MANAGER = "engagement-manager"
S = EngagementStatus


def move(ref: Refs, code: str, to: EngagementStatus, **values: object) -> ChangeEngagementStatus:
    """Return the input that moves an engagement."""
    return ChangeEngagementStatus(
        engagement_id=ref("Engagement", code).encode(),  # type: ignore[arg-type]
        to=to,
        reason="as agreed",
        **values,  # type: ignore[arg-type]
    )


def standing(firm: Firm, code: str, status: str) -> Firm:
    """Return the firm with an engagement that stands elsewhere."""
    engagements = (replace(one, status=status) if one.code == code else one for one in firm.engagements)  # type: ignore[arg-type]
    return replace(firm, engagements=tuple(engagements))


async def test_work_on_hold_takes_no_postings(asking: Asks, ref: Refs) -> None:
    """ENG-004 is put on hold in delivery, blocked in finance, and planned for as before."""
    engagement = ref("Engagement", "ENG-004")
    judged = await change_engagement_status(await asking(MANAGER), move(ref, "ENG-004", S.ON_HOLD))
    assert list(judged.plan.first) == [
        Step(
            name="psa.status",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.SetEngagementStatus(engagement=engagement, status=S.ON_HOLD, reason="as agreed"),
            undo=psa.SetEngagementStatus(engagement=engagement, status=S.ACTIVE),
        ),
        Step(
            name="erp.status",
            kind=Kind.PIVOT,
            binding="erp",
            write=erp.SetControlStatus(engagement=engagement, status=ErpProjectStatus.BLOCKED),
        ),
    ]
    assert read(said(judged.plan)) == judged.plan
    assert (judged.findings, judged.facts) == ((), {"closing": False})
    assert [row.ref for row in judged.scope] == [engagement]
    assert [(one.kind, one.key) for one in judged.claims] == [("engagement", engagement.encode())]


async def test_work_that_is_done_is_not_planned_for(asking: Asks, ref: Refs) -> None:
    """ENG-004 has no milestones: it can be completed, finance goes on billing, and the plan lets its people go."""
    judged = await change_engagement_status(await asking(MANAGER), move(ref, "ENG-004", S.COMPLETED))
    assert [step.name for step in judged.plan.first] == ["psa.status", "forecast.project"]
    assert judged.plan.first[-1] == Step(
        name="forecast.project",
        kind=Kind.RETRIABLE,
        binding="forecast",
        write=forecast.CloseProject(engagement=ref("Engagement", "ENG-004")),
        optional=Code.FORECAST_REJECTED,
    )
    assert judged.findings == ()


async def test_open_milestones_keep_work_from_being_done(asking: Asks, ref: Refs) -> None:
    """ENG-011 has two milestones to reach, which are named."""
    judged = await change_engagement_status(await asking(MANAGER), move(ref, "ENG-011", S.COMPLETED))
    (finding,) = judged.findings
    assert (finding.code, finding.path) == (Code.GATE_FAILED, ("input", "to"))
    assert finding.message == "milestones are open: ENG-011-M3, ENG-011-M4"


async def test_every_gate_that_keeps_an_engagement_open_is_named(asking: Asks, ref: Refs, firm: Firm) -> None:
    """ENG-004 has April's time unposted, April's retainer unbilled, and in this firm a draft."""
    invoices = (replace(one, document_status="DRAFT") if one.number == "INV-2603-004" else one for one in firm.invoices)
    changed = replace(standing(firm, "ENG-004", "COMPLETED"), invoices=tuple(invoices))
    judged = await change_engagement_status(await asking(MANAGER, changed), move(ref, "ENG-004", S.CLOSED))
    assert codes(judged.findings) == [Code.GATE_FAILED] * 3
    assert [finding.message for finding in judged.findings] == [
        "time is not posted: TE-03200, TE-03248, TE-03256, TE-03303, TE-03356 and 3 more",
        "billing events are not billed: BE-2604-004",
        "invoices are drafts: INV-2603-004",
    ]
    assert judged.facts == {"closing": True}


async def test_what_has_nothing_left_is_closed_everywhere(asking: Asks, ref: Refs, firm: Firm) -> None:
    """ENG-019 has no time and no event yet: completed, it can be closed, and nothing may be posted any more."""
    ask = await asking(MANAGER, standing(firm, "ENG-019", "COMPLETED"))
    judged = await change_engagement_status(ask, move(ref, "ENG-019", S.CLOSED))
    assert judged.findings == ()
    assert [(step.name, step.kind) for step in judged.plan.first] == [
        ("psa.status", Kind.COMPENSATABLE),
        ("erp.status", Kind.PIVOT),
        ("forecast.project", Kind.RETRIABLE),
    ]
    assert judged.plan.first[1].write == erp.SetControlStatus(
        engagement=ref("Engagement", "ENG-019"), status=ErpProjectStatus.CLOSED
    )


async def test_only_some_states_follow_others(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Every pair of states: what may follow goes ahead, where it stands already is done, all else stops."""
    codes_of = dict(zip(S, [f"ENG-{number:03}" for number in range(3, 10)], strict=True))
    changed = firm
    for status, code in codes_of.items():
        changed = standing(changed, code, status.value)
    ask = await asking(MANAGER, changed)
    for before, to in product(S, S):
        try:
            await change_engagement_status(ask, move(ref, codes_of[before], to))
            found = None
        except Stop as stop:
            (found,) = codes(stop.findings)
        allowed = None if to in FOLLOWING[before] else Code.INVALID_TRANSITION
        assert found is (Code.ALREADY_DONE if before is to else allowed), (before, to)


def test_which_states_follow_which() -> None:
    """The table itself: forwards, on hold and back, and cancelled from where nothing was begun or all rests."""
    assert {before.name: sorted(to.name for to in following) for before, following in FOLLOWING.items()} == {
        "PROPOSED": ["CANCELLED", "PLANNED"],
        "PLANNED": ["ACTIVE", "CANCELLED"],
        "ACTIVE": ["COMPLETED", "ON_HOLD"],
        "ON_HOLD": ["ACTIVE", "CANCELLED", "COMPLETED"],
        "COMPLETED": ["CLOSED"],
        "CLOSED": [],
        "CANCELLED": [],
    }


async def test_an_engagement_that_has_changed_is_decided_upon_again(asking: Asks, ref: Refs) -> None:
    """A version that is not the engagement's stops everything."""
    changed = move(ref, "ENG-004", S.ON_HOLD, expected_version="old")
    findings = await stopped(change_engagement_status(await asking(MANAGER), changed))
    assert codes(findings) == [Code.STALE_VERSION]


async def test_nobody_moves_on_from_what_is_not_known(asking: Asks, ref: Refs, firm: Firm, tmp_path: Path) -> None:
    """A status that cannot be read may be followed by none, and could not be brought back."""

    def unmapped(system: Bound) -> Bound:
        return rewritten(system, tmp_path, '310 = "ACTIVE"\n', "") if system.role == "psa" else system

    ask = await asking(MANAGER, firm, unmapped)
    (finding,) = await stopped(change_engagement_status(ask, move(ref, "ENG-004", S.ON_HOLD)))
    assert finding.code is Code.INVALID_TRANSITION
    assert finding.message == "where it stands is not known, and ON_HOLD does not follow on that"


async def test_an_engagement_that_nobody_has_is_not_found(asking: Asks, ref: Refs) -> None:
    """An unknown id is named by its place."""
    nobody = move(ref, "ENG-004", S.ON_HOLD)
    nobody.engagement_id = structs.replace(ref("Engagement", "ENG-004"), id="99").encode()  # type: ignore[assignment]
    (finding,) = await stopped(change_engagement_status(await asking(MANAGER), nobody))
    assert (finding.code, finding.path) == (Code.NOT_FOUND, ("input", "engagementId"))
