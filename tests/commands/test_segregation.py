"""One person with two roles tries both halves of what two must do: the second half is refused, and leaves nothing.

Duties are told by who somebody is, by whatever token, key or account they come, and never by their roles.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from colonnade.settings import Settings
from demo.firm.clock import AS_OF
from demo.issuer import PERSONAS, Persona
from store import database
from store.subjects import Kind, Linked, Subjects
from tests.commands.guarded import COMMANDS, as_, guarded, persona
from tests.commands.scenarios import DAY, DRAFT, firm
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from demo.firm.model import Firm
    from tests.commands.guarded import Answered, House

pytestmark = [pytest.mark.commands, pytest.mark.timeout(120)]

# Of the time approver, who manages the engagements that they are of.
OWN_TIME, OWN_EXPENSE = "TE-03178", "EXP-0004"
COLLEAGUE = as_("finance-controller", "finance", "nb-uk")
MANAGER = as_("engagement-manager", "engagement-manager", "delivery-director")


def spent(truth: Firm) -> Firm:
    """Return the firm with an expense of the time approver that waits for approval."""
    mine: dict[str, Any] = {"person": "RES-006", "approval_status": "SUBMITTED", "approver": None}
    return replace(
        truth, expenses=tuple(replace(one, **mine) if one.code == OWN_EXPENSE else one for one in truth.expenses)
    )


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The firm, in which each test is about records of its own."""
    with guarded(spent(firm())) as house:
        yield house
        tried = sum("SOD_VIOLATION" in str(told.body) for told in house.trail())
        print(f"FIGURE segregation {tried} attempts, 0 violations")  # noqa: T201


def refused(house: House, who: str | Persona, command: str, given: Mapping[str, Any], duty: str) -> None:
    """Assert that a duty keeps somebody from a command, that it is recorded, and that nothing happens anywhere."""
    effects, before = house.rig.effects(), len(house.trail())
    answered = house.give(who, command, given)
    assert (answered.errors, answered.codes, answered.command["status"]) == ([], ["SOD_VIOLATION"], "FAILED")
    (told,) = house.trail(before)
    assert (told.kind, told.actor, told.body["rules"]) == ("REFUSED", persona(who).subject, [duty])
    assert told.body["problems"] == ["SOD_VIOLATION"]
    assert house.rig.effects() == effects


def done(house: House, who: str | Persona, command: str, given: Mapping[str, Any], *approvers: str | Persona) -> Any:
    """Have a command done, approved by these, and return it."""
    answered = house.give(who, command, given)
    assert (answered.errors, answered.codes) == ([], [])
    for one, approver in zip(answered.command["approvals"], approvers, strict=True):
        assert house.decide(approver, one["id"])["problems"] == []
    ended = house.settled(answered.command["id"])
    assert ended["status"] == "SUCCEEDED", ended
    return ended


def said(house: House, command: str, **more: Any) -> dict[str, Any]:
    """Return the input of a command as it would be done, with other values."""
    return {**COMMANDS[command].input(house.ids), **more}


def may(answered: Answered) -> bool:
    """Tell whether a command was taken in."""
    return answered.errors == [] and answered.codes == []


def test_nobody_approves_their_own_time(house: House) -> None:
    """The time approver's own hours, on an engagement that they manage."""
    given = said(house, "approveTimeEntries", entryIds=[house.ids("TimeEntry", OWN_TIME)])
    refused(house, "time-approver", "approveTimeEntries", given, "own-time")


def test_nobody_approves_their_own_expense(house: House) -> None:
    """The time approver's own expense, on an engagement that they manage."""
    given = said(house, "approveExpenses", expenseIds=[house.ids("Expense", OWN_EXPENSE)])
    refused(house, "time-approver", "approveExpenses", given, "own-expense")


def test_nobody_changes_the_rates_of_their_own_engagement(house: House) -> None:
    """Whoever manages an engagement that a card prices is kept from the card; a pricing admin is not."""
    rate = {
        "roleId": house.ids("Role", "CONSULTANT"),
        "amount": {"amount": "185.00", "currency": "USD"},
        "effectiveFrom": "2026-07-01",
    }
    given = {"rateCardId": house.ids("RateCard", "RC-BILL-NB-US-V1"), "changes": [rate]}
    refused(house, as_("time-approver", "engagement-manager", "pricing-admin"), "changeRateCard", given, "own-rates")
    assert may(house.give("pricing-admin", "changeRateCard", given))


def test_nobody_posts_what_they_prepared(house: House) -> None:
    """Whoever prepared an invoice does not post it; a colleague does."""
    both = as_("finance", "billing-analyst", "finance", "nb-uk")
    prepared = done(house, both, "prepareInvoice", said(house, "prepareInvoice"))
    query = "query($id: ID!) { command(id: $id) { result { id ... on Invoice { total { amount currency } } } } }"
    (invoice,) = house.ask("auditor", query, {"id": prepared["id"]})["data"]["command"]["result"]
    given = {"invoiceId": invoice["id"], "expectedTotal": invoice["total"], "postingDate": DAY}
    refused(house, both, "postInvoice", given, "own-draft")
    assert done(house, COLLEAGUE, "postInvoice", given)


def test_nobody_credits_what_they_posted(house: House) -> None:
    """Whoever posted an invoice does not credit it; a colleague may."""
    done(house, "finance", "postInvoice", said(house, "postInvoice"))
    given = {"invoiceId": house.ids("Invoice", DRAFT), "purpose": "REBILL", "reason": "wrong order"}
    refused(house, "finance", "creditInvoice", given, "own-posting")
    assert may(house.give(COLLEAGUE, "creditInvoice", given))


def test_nobody_approves_their_own_command(house: House) -> None:
    """Whoever gave a command that a director approves is no director for it: it still waits, and is recorded."""
    answered = house.give(MANAGER, "createEngagement", said(house, "createEngagement"))
    own_approval(house, MANAGER, answered.command)


def own_approval(house: House, who: Persona, command: Any) -> None:
    """Assert that somebody cannot approve a command, that this is recorded, and that it goes on waiting."""
    effects, before = house.rig.effects(), len(house.trail())
    for one in command["approvals"]:
        assert [problem["code"] for problem in house.decide(who, one["id"])["problems"]] == ["SOD_VIOLATION"]
    told = house.trail(before)
    assert {(one.kind, one.actor, one.body["outcome"]) for one in told} == {
        ("APPROVAL", who.subject, "REFUSED: SOD_VIOLATION")
    }
    assert house.look(command["id"])["status"] == "AWAITING_APPROVAL"
    assert house.rig.effects() == effects


def test_a_second_account_is_the_same_person(house: House) -> None:
    """Whoever has two accounts approves with neither what they gave with the other."""
    known = PERSONAS["engagement-manager"]
    other = Persona("other", "contractors.22", known.person, ("delivery-director",), employee=known.employee)
    asyncio.run(linked(house, other))
    answered = house.give(known, "createEngagement", said(house, "createEngagement"))
    own_approval(house, other, answered.command)


async def linked(house: House, who: Persona) -> None:
    """Link an account to its person."""
    engine = database.connect(Settings.read(house.rig.config).store.url)
    link = Linked(
        subject=who.subject, kind=Kind.EMPLOYEE, number=str(who.employee), linked_by="a test", valid_from=AS_OF
    )
    await Subjects(engine).link([link])
    await engine.dispose()


def test_of_a_stranger_nobody_can_tell_who_they_are(house: House) -> None:
    """An account that is linked to nobody approves nothing, and gives nothing that somebody would have to approve."""
    director = Persona("stranger", "contractors.44", "", ("delivery-director",))
    answered = house.give("engagement-manager", "createEngagement", said(house, "createEngagement"))
    own_approval(house, director, answered.command)
    manager = Persona("stranger", "contractors.44", "", ("delivery-director", "engagement-manager"))
    effects, before = house.rig.effects(), len(house.trail())
    answered = house.give(manager, "createEngagement", said(house, "createEngagement"))
    assert (answered.errors, answered.codes) == ([], ["SOD_VIOLATION"])
    (told,) = house.trail(before)
    assert (told.kind, told.actor, told.body["problems"]) == ("REFUSED", manager.subject, ["SOD_VIOLATION"])
    assert house.rig.effects() == effects


def test_a_delegate_is_whom_they_act_for(house: House) -> None:
    """What a portal gives on somebody's behalf, no other portal approves on behalf of the same."""
    keys = {
        role: invoke("token", "create", role, "--role", role, "--config", house.rig.config).stdout.split()[0]
        for role in ("engagement-manager", "delivery-director")
    }
    subject = PERSONAS["engagement-manager"].subject
    query = """mutation($input: CreateEngagementInput!) {
      done: createEngagement(input: $input) { command { id approvals { id } } }
    }"""
    given = said(house, "createEngagement", idempotencyKey="for them")
    command = house.through(keys["engagement-manager"], subject, query, {"input": given})["data"]["done"]["command"]
    decide = "mutation($id: ID!) { done: decideApproval(id: $id, approve: true) { problems { code } } }"
    effects, before = house.rig.effects(), len(house.trail())
    (approval,) = command["approvals"]
    refusal = house.through(keys["delivery-director"], subject, decide, approval)
    assert refusal["data"]["done"]["problems"] == [{"code": "SOD_VIOLATION"}]
    (told,) = house.trail(before)
    assert (told.kind, told.actor, told.body["outcome"]) == (
        "APPROVAL",
        "delivery-director",
        "REFUSED: SOD_VIOLATION",
    )
    assert house.rig.effects() == effects


def test_whoever_changed_the_terms_does_not_post_alone(house: House) -> None:
    """Within thirty days of a change of terms its author's posting takes the controller, who must be somebody else."""
    both = as_("finance", "contract-manager", "billing-analyst", "finance", "finance-controller", "nb-uk")
    given = said(house, "changeBillingTerms")
    done(house, both, "changeBillingTerms", given, "finance-controller")
    drafting = said(house, "prepareInvoice", engagementId=given["engagementId"])
    prepared = done(house, "billing-analyst", "prepareInvoice", drafting)
    query = "query($id: ID!) { command(id: $id) { result { id ... on Invoice { total { amount currency } } } } }"
    (invoice,) = house.ask("auditor", query, {"id": prepared["id"]})["data"]["command"]["result"]
    posting = {"invoiceId": invoice["id"], "expectedTotal": invoice["total"], "postingDate": DAY}
    answered = house.give(both, "postInvoice", posting)
    assert (answered.codes, answered.command["status"]) == ([], "AWAITING_APPROVAL")
    assert [one["rule"] for one in answered.command["approvals"]] == ["own-terms"]
    own_approval(house, both, answered.command)
    (approval,) = answered.command["approvals"]
    assert house.decide("finance-controller", approval["id"])["problems"] == []
    assert house.settled(answered.command["id"])["status"] == "SUCCEEDED"
