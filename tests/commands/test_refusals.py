"""Every command refused in every way in which it can be: nothing happens in any system, and the refusal is recorded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from demo.firm import northbeam
from demo.issuer import PERSONAS
from tests.commands.guarded import COMMANDS, as_, guarded, persona
from tests.commands.scenarios import firm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.firm.model import Firm
    from demo.issuer import Persona
    from tests.commands.guarded import Answered, House
    from tests.commands.scenarios import Ids

pytestmark = [pytest.mark.commands, pytest.mark.timeout(120)]

ALL = sorted(COMMANDS)
NOBODY = "nobody"
MAIN = {
    "approveExpenses": "expenseIds",
    "approveTimeEntries": "entryIds",
    "changeBillingTerms": "engagementId",
    "changeEngagementStatus": "engagementId",
    "changeProjectPhase": "projectId",
    "changeRateCard": "rateCardId",
    "completeMilestone": "milestoneId",
    "convertOpportunity": "opportunityId",
    "createEngagement": "legalEntityId",
    "creditInvoice": "invoiceId",
    "mapCrossReference": "canonicalId",
    "postInvoice": "invoiceId",
    "prepareInvoice": "legalEntityId",
    "rollOffAssignment": "assignmentId",
    "staffAssignment": "projectId",
    "submitTimeEntries": "entryIds",
}
"""By command the field of its input that names the record."""
ELSEWHERE = {
    "approveExpenses": as_("practice-lead", "time-approver"),
    "approveTimeEntries": as_("practice-lead", "time-approver"),
    "changeEngagementStatus": as_("practice-lead", "engagement-manager"),
    "changeProjectPhase": as_("practice-lead", "engagement-manager"),
    "completeMilestone": as_("practice-lead", "engagement-manager"),
    "creditInvoice": as_("finance", "finance", "nb-jp"),
    "postInvoice": as_("finance", "finance", "nb-jp"),
    "prepareInvoice": as_("billing-analyst", "billing-analyst", "nb-jp"),
    "rollOffAssignment": as_("delivery-director", "engagement-manager"),
    "submitTimeEntries": PERSONAS["consultant"],
}
"""By command somebody who may run it on other records."""


class Approved(NamedTuple):
    """A command that takes an approval: who gives it with what, by which rule, and who else may approve."""

    who: str | Persona
    input: Callable[[Ids], dict[str, Any]]
    rule: str
    approver: str | None = None


UNVERSIONED = {"createEngagement", "mapCrossReference", "submitTimeEntries"}
# It writes to no system.
OURS = {"mapCrossReference"}
BLOCKED: dict[tuple[str, str], Callable[[Ids], dict[str, Any]]] = {
    ("convertOpportunity", "LEGAL_ENTITY_MISMATCH"): lambda ids: {"legalEntityId": ids("LegalEntity", "NB-UK")},
    ("createEngagement", "SCHEDULE_SUM_MISMATCH"): lambda _: {
        "billingTerms": {
            "model": "FIXED_FEE_MILESTONE",
            "amount": {"amount": "60000.00", "currency": "GBP"},
            "schedule": [{"amount": {"amount": "59999.99", "currency": "GBP"}, "dueDate": "2026-06-30"}],
        }
    },
    ("staffAssignment", "ALLOCATION_EXCEEDED"): lambda _: {"allocation": "2.5"},
    ("postInvoice", "TOTAL_CHANGED"): lambda _: {"expectedTotal": {"amount": "1.00", "currency": "GBP"}},
    ("changeBillingTerms", "CURRENCY_MISMATCH"): lambda _: {
        "change": {"cap": {"amount": "900000.00", "currency": "USD"}}
    },
}
"""By command and code what of its input blocks it."""
JPY, DEAR = "INV-2602-014", "EXP-0041"


def _without_change(_: Ids) -> dict[str, Any]:
    return {}


def _half_billable(ids: Ids) -> dict[str, Any]:
    return {"billableHoursOverrides": [{"entryId": ids("TimeEntry", "TE-03417"), "billableHours": "3.00"}]}


APPROVED = {
    command: Approved(COMMANDS[command].persona, _without_change, rule, approver)
    for command, rule, approver in (
        ("changeBillingTerms", "terms-changed", "finance-controller"),
        ("changeRateCard", "rates-changed", "finance-controller"),
        ("convertOpportunity", "convert-large", "finance-controller"),
        ("createEngagement", "engagement-without-deal", "delivery-director"),
        ("creditInvoice", "credit-large", "finance-controller"),
        ("mapCrossReference", "map-financial", "finance-controller"),
    )
} | {
    "approveExpenses": Approved("time-approver", _without_change, "expense-large"),
    "changeEngagementStatus": Approved(
        "engagement-manager",
        lambda ids: {"engagementId": ids("Engagement", "ENG-019"), "to": "CLOSED"},
        "engagement-closed",
        "finance-controller",
    ),
    "approveTimeEntries": Approved("time-approver", _half_billable, "time-override"),
    "changeProjectPhase": Approved(
        "engagement-manager", lambda _: {"newPlannedEnd": "2026-12-31"}, "phase-end-moved", "delivery-director"
    ),
    "completeMilestone": Approved(
        "engagement-manager",
        lambda ids: {"milestoneId": ids("Milestone", "ENG-011-M3")},
        "milestone-large",
        "delivery-director",
    ),
    "postInvoice": Approved(
        as_("finance", "finance", "nb-jp"),
        lambda ids: {"invoiceId": ids("Invoice", JPY), "expectedTotal": total(JPY)},
        "post-large",
        "finance-controller",
    ),
    "staffAssignment": Approved(
        "resource-manager",
        lambda _: {"range": {"start": "2026-07-01", "end": "2026-10-31"}},
        "staff-long",
        "resourcing-lead",
    ),
}
"""By command that takes approvals one that does."""


def total(number: str) -> dict[str, str]:
    """Return the total of an invoice."""
    (invoice,) = (one for one in northbeam().invoices if one.number == number)
    return {"amount": str(invoice.total), "currency": invoice.currency}


def waiting_firm() -> Firm:
    """Return the firm of the scenarios with a dear expense, a dear draft, and work that is done."""
    truth = firm()
    return replace(
        truth,
        expenses=tuple(replace(one, amount=Decimal("1200.00")) if one.code == DEAR else one for one in truth.expenses),
        invoices=tuple(
            replace(one, document_status="DRAFT", payment_status="UNPAID") if one.number == JPY else one
            for one in truth.invoices
        ),
        billing_events=tuple(
            replace(one, status="ON_DRAFT") if one.invoice == JPY else one for one in truth.billing_events
        ),
        engagements=tuple(
            replace(one, status="COMPLETED") if one.code == "ENG-019" else one for one in truth.engagements
        ),
    )


@pytest.fixture(scope="module")
def guarded_house() -> Iterator[House]:
    """The firm with drafts and expenses to decide on, once for the file."""
    with guarded(waiting_firm()) as house:
        yield house
        states = house.select("SELECT state, count(*) FROM commands GROUP BY state ORDER BY state")
        print(f"FIGURE refusals {dict(states)}, 0 effects in any system")  # noqa: T201


@pytest.fixture
def house(guarded_house: House) -> Iterator[House]:
    """The same, of which nothing is ever done in any system."""
    guarded_house.calm()
    yield guarded_house
    assert guarded_house.rig.effects() == []


def said(house: House, command: str, **more: Any) -> dict[str, Any]:
    """Return the input of a command as it would be done, with other values."""
    return {**COMMANDS[command].input(house.ids), **more}


def refused(house: House, who: str | Persona, command: str, given: dict[str, Any]) -> Answered:
    """Give a command; assert that nothing was changed anywhere, and that a record has who was refused what, and why."""
    before = len(house.trail())
    answered = house.give(who, command, given)
    assert answered.errors == []
    assert answered.payload["plan"] is None
    (told,) = house.trail(before)
    stands = answered.command["status"]
    assert (told.kind, told.actor, told.command) == ("REFUSED", persona(who).subject, command)
    assert (told.body["state"], told.body["problems"]) == (stands, answered.codes)
    assert house.look(answered.command["id"])["steps"] == []
    return answered


@pytest.mark.parametrize("command", ALL)
def test_whoever_has_no_such_role(house: House, command: str) -> None:
    """Somebody whose roles never run the command is refused, whatever it is about."""
    house.run()
    answered = refused(house, "analyst", command, said(house, command))
    assert (answered.codes, answered.command["status"]) == (["FORBIDDEN"], "REFUSED")


@pytest.mark.parametrize("command", sorted(ELSEWHERE))
def test_whoever_has_the_role_elsewhere(house: House, command: str) -> None:
    """Somebody whose role reaches other records alone is refused."""
    house.run()
    given = said(house, command)
    if command == "submitTimeEntries":
        # Nobody submits somebody else's.
        given = {"entryIds": [house.ids("TimeEntry", "TE-03417")]}
    answered = refused(house, ELSEWHERE[command], command, given)
    assert (answered.codes, answered.command["status"]) == (["FORBIDDEN"], "REFUSED")


@pytest.mark.parametrize("command", ALL)
def test_what_is_no_record(house: House, command: str) -> None:
    """An input that names nothing is refused."""
    house.run()
    field = MAIN[command]
    given = said(house, command, **{field: [NOBODY] if field.endswith("Ids") else NOBODY})
    given.pop("entries", None)
    answered = refused(house, COMMANDS[command].persona, command, given)
    assert (set(answered.codes), answered.command["status"]) == ({"BAD_INPUT"}, "REFUSED")


@pytest.mark.parametrize("command", ALL)
def test_another_version_than_the_expected_one(house: House, command: str) -> None:
    """Whoever decided upon an older record has the command fail; where none or several are named, it is refused."""
    house.run()
    given = said(house, command, expectedVersion="0")
    if (field := MAIN[command]).endswith("Ids") and field in given:
        given[field] = given[field][:1]
    answered = refused(house, COMMANDS[command].persona, command, given)
    unversioned = command in UNVERSIONED
    assert answered.codes == (["BAD_INPUT"] if unversioned else ["STALE_VERSION"])
    assert answered.command["status"] == ("REFUSED" if unversioned else "FAILED")


@pytest.mark.parametrize(("command", "code"), sorted(BLOCKED))
def test_what_blocks(house: House, command: str, code: str) -> None:
    """Wrong money, a wrong entity or too much of somebody's time has the command fail within the request."""
    house.run()
    answered = refused(
        house, COMMANDS[command].persona, command, said(house, command, **BLOCKED[command, code](house.ids))
    )
    assert (answered.codes, answered.command["status"]) == ([code], "FAILED")


def test_systems_that_are_read_only(house: House) -> None:
    """With writes off every command that writes to a system is refused."""
    house.run(writes="off")
    for command in sorted(COMMANDS.keys() - OURS):
        answered = refused(house, COMMANDS[command].persona, command, said(house, command))
        assert (set(answered.codes), answered.command["status"]) == ({"WRITES_OFF"}, "REFUSED")


def test_systems_that_are_bound_for_dry_runs(house: House) -> None:
    """The plan is answered and nothing is stored, but that it was asked; who may not is refused as ever."""
    house.run(writes="dry_run")
    for command in sorted(COMMANDS.keys() - OURS):
        assert tried(house, command, said(house, command)).payload["plan"]
        assert refused(house, "analyst", command, said(house, command)).codes == ["FORBIDDEN"]


@pytest.mark.parametrize("command", ALL)
def test_a_dry_run(house: House, command: str) -> None:
    """It answers the plan, or why there is none, needs no key, and is recorded."""
    house.run()
    assert tried(house, command, said(house, command, dryRun=True), key="").payload["plan"]
    field = MAIN[command]
    wrong = said(house, command, dryRun=True, **{field: [NOBODY] if field.endswith("Ids") else NOBODY})
    wrong.pop("entries", None)
    answered = tried(house, command, wrong, key="")
    assert (answered.payload["plan"], set(answered.codes)) == (None, {"BAD_INPUT"})


def tried(house: House, command: str, given: dict[str, Any], key: str | None = None) -> Answered:
    """Have a command tried alone; assert that nothing was done or stored, and that a record has who asked."""
    before, stored = len(house.trail()), house.select("SELECT count(*) FROM commands")
    answered = house.give(COMMANDS[command].persona, command, given, key=key)
    assert (answered.errors, answered.command) == ([], None)
    (told,) = house.trail(before)
    assert (told.kind, told.actor) == ("DECISION", persona(COMMANDS[command].persona).subject)
    # Of what is only found, warnings are told beside the plan.
    refusals = [] if answered.payload["plan"] else answered.codes
    assert (told.command, told.body["dry_run"], told.body["problems"]) == (command, True, refusals)
    assert house.select("SELECT count(*) FROM commands") == stored
    return answered


@pytest.mark.parametrize("command", ALL)
def test_a_key_that_is_none(house: House, command: str) -> None:
    """Without a key, with two, with one that is none or that stands for another input, the request is refused."""
    house.run()
    who, given = COMMANDS[command].persona, said(house, command)
    house.give(who, command, {**given, "reason": "the first", "expectedVersion": "0"}, key=f"taken {command}")
    before = house.trail()
    wrong = [
        (given, "", "IDEMPOTENCY_KEY_MISSING"),
        ({**given, "idempotencyKey": "one"}, "another", "BAD_INPUT"),
        (given, "x" * 256, "BAD_INPUT"),
        ({**given, "idempotencyKey": "two\nlines"}, "", "BAD_INPUT"),
        (given, f"taken {command}", "IDEMPOTENCY_CONFLICT"),
    ]
    for one, key, code in wrong:
        answered = house.give(who, command, one, key=key)
        assert (answered.payload, answered.errors) == (None, [code])
    assert house.trail() == before


def waiting(house: House, command: str) -> Any:
    """Give a command that takes an approval, and return it."""
    given = APPROVED[command]
    answered = house.give(given.who, command, said(house, command, **given.input(house.ids)))
    assert (answered.errors, answered.codes) == ([], [])
    assert answered.command["status"] == "AWAITING_APPROVAL"
    assert given.rule in [one["rule"] for one in answered.command["approvals"]]
    return answered.command


def ended(house: House, id_: str, status: str, approvals: str) -> None:
    """Assert that a command has ended so, that no step was begun, and that nobody can approve it any more."""
    found = house.settled(id_, status)
    assert {one["state"] for one in found["steps"]} == {"PENDING"}
    assert approvals in {one["state"] for one in found["approvals"]}
    assert "PENDING" not in {one["state"] for one in found["approvals"]}
    before = len(house.trail())
    deciding = [one for one in found["approvals"] if one["role"] != "engagement-manager"]
    for one in deciding:
        late = house.decide(one["role"], one["id"])
        assert [problem["code"] for problem in late["problems"]] in (
            ["APPROVAL_VOID"],
            ["APPROVAL_EXPIRED"],
            ["ALREADY_DONE"],
        )
    assert [told.kind for told in house.trail(before)] == ["APPROVAL"] * len(deciding)
    assert all(told.body["outcome"].startswith("REFUSED: ") for told in house.trail(before))
    assert house.look(id_)["status"] == status


@pytest.mark.parametrize("command", sorted(name for name, one in APPROVED.items() if one.approver))
def test_an_approval_that_is_rejected(house: House, command: str) -> None:
    """One no is enough: the command is REJECTED, and the record has whose it was."""
    house.run()
    stands, before = waiting(house, command), len(house.trail())
    approver = str(APPROVED[command].approver)
    (asked,) = [one for one in stands["approvals"] if one["role"] == approver]
    done = house.decide(approver, asked["id"], approve=False)
    assert (done["command"]["status"], done["problems"]) == ("REJECTED", [])
    (told,) = house.trail(before)
    assert (told.kind, told.actor) == ("APPROVAL", persona(approver).subject)
    assert (told.body["outcome"], told.body["approval"]) == ("REJECTED", told.body["approval"])
    ended(house, stands["id"], "REJECTED", "REJECTED")


@pytest.mark.parametrize("command", sorted(APPROVED))
def test_a_command_that_is_withdrawn(house: House, command: str) -> None:
    """Whoever gave it withdraws it; somebody else may not, which is recorded too."""
    house.run()
    stands, before = waiting(house, command), len(house.trail())
    # Whoever sees nothing of it is told that there is no such command.
    assert [one["code"] for one in house.cancel("analyst", stands["id"])["problems"]] == ["NOT_FOUND"]
    assert house.cancel(APPROVED[command].who, stands["id"])["problems"] == []
    refusal, done = house.trail(before)
    assert (refusal.kind, refusal.actor, refusal.body["refused"]) == ("REPAIR", persona("analyst").subject, "FORBIDDEN")
    assert (done.kind, done.actor, done.body["act"]) == ("REPAIR", persona(APPROVED[command].who).subject, "CANCEL")
    ended(house, stands["id"], "CANCELLED", "VOID")


def test_approvals_that_nobody_gives(house: House) -> None:
    """After seven days every command that waits is EXPIRED by itself, and not a day before."""
    house.run()
    waits = {command: waiting(house, command) for command in sorted(APPROVED)}
    house.run(ahead=6.9)
    assert {house.look(one["id"])["status"] for one in waits.values()} == {"AWAITING_APPROVAL"}
    before = len(house.trail())
    house.run(ahead=7.1)
    for one in waits.values():
        house.settled(one["id"], "EXPIRED")
    told = house.trail(before)
    assert sorted(str(one.command) for one in told) == sorted(APPROVED)
    assert {(one.kind, one.body["after"]) for one in told} == {("STATE", "EXPIRED")}
    for one in waits.values():
        ended(house, one["id"], "EXPIRED", "EXPIRED")
