"""changeBillingTerms: a signed change order changes what a line of the contract says, from a day on.

C  ERP  the change order is drafted            undone: deleted
P  ERP  it is in force
R  PSA  its copy of the contract's value       where the amount changes
R  ERP  time that is billed no more            where the line is by the hour no longer, as the input says
R  ERP  the line's revenue is planned anew
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.amending import Amending, ChangeBillingTerms, amending_of, dropped_by, possible
from commands.command import Claimed, Fact, Finding, Judgement, command
from commands.plan import Kind, Plan, Step
from schema.billing_event import BillingEventRow, BillingEventStatus
from schema.problems import Code
from schema.rows import Ref, System
from schema.values import Money
from sources.writes import Later

if TYPE_CHECKING:
    from datetime import date

    from commands.asking import Asking


@command(
    "changeBillingTerms",
    ChangeBillingTerms,
    changes=(
        psa.SetPlannedRevenue,
        erp.DraftAmendment,
        erp.DeleteAmendment,
        erp.ActivateAmendment,
        erp.ReleaseEvents,
        erp.ReplanRevenue,
    ),
)
async def change_billing_terms(ask: Asking, said: ChangeBillingTerms) -> Judgement:
    """Change what a contract's line says by a signed change order; currency and legal entity never change."""
    amending = await amending_of(ask, said)
    await possible(ask, amending)
    dropped = dropped_by(amending)
    engagement, contract, line = amending.terms.engagement, amending.contract, amending.line
    return Judgement(
        plan=Plan(
            first=(
                _drafted(amending),
                _active(line.ref, said.signed_date or said.effective_date),
                *_copied(ask, amending),
                *_written_off(line.ref, dropped),
                _planned(line.ref),
            )
        ),
        subjects=(engagement.ref, contract.ref, line.ref),
        scope=(engagement,),
        entity=amending.terms.entity.code,
        facts=_facts(amending),
        findings=tuple(_unusual(amending)),
        claims=(Claimed("contract_line", line.ref.encode()),),
    )


def _facts(amending: Amending) -> dict[str, Fact]:
    """Return which part of the contract's value changes; of a contract without a value it is not known."""
    before, after = amending.values
    if amending.new.amount is None:
        return {"change": Decimal(0)}
    if before is None or after is None or not before.amount:
        return {}
    return {"change": abs(after.amount - before.amount) / before.amount}


def _unusual(amending: Amending) -> list[Finding]:
    range_, on = amending.contract.range, amending.said.effective_date
    found: list[Finding] = []
    if range_ is not None and not (range_.start <= on and (range_.end is None or on <= range_.end)):
        found.append(Finding(Code.OUTSIDE_CONTRACT, "the day lies outside the contract's", ("input", "effectiveDate")))
    priced = [event.code for event in amending.unbilled if event.period and (event.period.end or on) >= on]
    if amending.new.card is not None and priced:
        said = f"the time of {', '.join(priced)} is not billed yet, and stays priced as it is"
        found.append(Finding(Code.RATE_CHANGE_AFFECTS_UNBILLED, said))
    return found


def _drafted(amending: Amending) -> Step:
    new, before, after = amending.new, *amending.values
    change = Money.of(after.amount - before.amount, after.currency) if before and after else None
    return Step(
        name="erp.amendment",
        kind=Kind.COMPENSATABLE,
        binding=amending.line.ref.binding,
        write=erp.DraftAmendment(
            contract=amending.contract.ref,
            line=amending.line.ref,
            reference=amending.said.amendment_ref,
            effective_date=amending.said.effective_date,
            model=new.model,
            amount=new.amount,
            cap=new.cap,
            rate_card=new.card.ref if new.card else None,
            schedule=new.schedule,
            change=change,
        ),
        undo=erp.DeleteAmendment(amendment=Later("erp.amendment")),
    )


def _active(line: Ref, on: date) -> Step:
    write = erp.ActivateAmendment(amendment=Later("erp.amendment"), signed_date=on)
    return Step(name="erp.active", kind=Kind.PIVOT, binding=line.binding, write=write)


def _copied(ask: Asking, amending: Amending) -> list[Step]:
    _, after = amending.values
    if amending.new.amount is None or after is None:
        return []
    engagement = amending.terms.engagement.ref
    write = psa.SetPlannedRevenue(engagement=engagement, planned_revenue=after)
    binding = ask.binding(System.PSA, engagement)
    return [Step(name="psa.revenue", kind=Kind.RETRIABLE, binding=binding, write=write)]


def _written_off(line: Ref, dropped: list[BillingEventRow]) -> list[Step]:
    if not dropped:
        return []
    events = tuple(event.ref for event in dropped)
    write = erp.ReleaseEvents(events=events, status=BillingEventStatus.CANCELLED)
    return [Step(name="erp.events", kind=Kind.RETRIABLE, binding=line.binding, write=write)]


def _planned(line: Ref) -> Step:
    write = erp.ReplanRevenue(line=line)
    return Step(name="erp.revenue", kind=Kind.RETRIABLE, binding=line.binding, write=write)
