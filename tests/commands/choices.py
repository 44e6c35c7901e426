"""What people of the firm may give, well or badly; a number chooses, so that a seed repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from schema.rows import Ref
from tests.commands.scenarios import SCENARIOS, SPENT, Ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CHANGED = {one.command: one for one in SCENARIOS}
SUBMITTED = ("TE-03417", "TE-03418", "TE-03420", "TE-03426", "TE-03428", "TE-03430", "TE-03178")
DRAFTS = ("TE-03462", "TE-03463")
BOOKINGS = ("ASG-029", "ASG-024", "ASG-025")
BILLED = ("ENG-001", "ENG-002", "ENG-004", "ENG-005", "ENG-016")
MILESTONES = ("ENG-019-M1", "ENG-019-M2", "ENG-011-M3", "ENG-011-M4")
STATUSES = ("ON_HOLD", "ACTIVE", "COMPLETED", "CLOSED")


class Choice(NamedTuple):
    """A command, who gives it, and with what."""

    command: str
    persona: str
    input: Mapping[str, Any]

    @property
    def mutation(self) -> str:
        """The mutation that gives it."""
        return CHANGED[self.command].mutation


def _of(items: Sequence[str], number: int) -> str:
    return items[number % len(items)]


def _some(items: Sequence[str], number: int) -> list[str]:
    """Return one to three of these."""
    first = number % len(items)
    return [*items, *items][first : first + 1 + number % 3]


def _hours(ids: Ids, number: int) -> dict[str, Any]:
    if number % 3 == 0:
        return {"entryIds": [ids("TimeEntry", code) for code in _some(DRAFTS, number)]}
    said: dict[str, Any] = CHANGED["submitTimeEntries"].input(ids)
    return {"entries": [{**one, "hours": f"{1 + number % 4}.25"} for one in said["entries"][: 1 + number % 3]]}


def _booking(ids: Ids, number: int) -> dict[str, Any]:
    month = 5 + number % 8
    days = {"start": f"2026-{month:02}-01", "end": f"2026-{month:02}-28"}
    return {**CHANGED["staffAssignment"].input(ids), "range": days, "allocation": "0.25"}


def _draft(number: int, drafts: Sequence[Mapping[str, Any]], ids: Ids) -> dict[str, Any]:
    if not drafts:
        return CHANGED["postInvoice"].input(ids)
    draft = drafts[number % len(drafts)]
    total = {"amount": str(draft["TotalAmount"]), "currency": draft["CurrencyCode"]}
    invoice = Ref("Invoice", "erp", draft["InvoiceId"]).encode()
    return {"invoiceId": invoice, "expectedTotal": total, "postingDate": "2026-04-08"}


def _mapping(ids: Ids, number: int) -> dict[str, Any]:
    word = _of(("4711", "4712"), number // 2)
    said = CHANGED["mapCrossReference"].input(ids)
    return {**said, "sourceId": word, "action": _of(("LINK", "LINK", "RETIRE", "MOVE"), number)}


def _changed(command: str, **more: Callable[[Ids, int], Any]) -> Callable[[Ids, int], dict[str, Any]]:
    """Return what a command is given in its scenario, with some of it chosen."""
    return lambda ids, number: {
        **CHANGED[command].input(ids),
        **{name: choose(ids, number) for name, choose in more.items()},
    }


INPUTS: Mapping[str, Callable[[Ids, int], dict[str, Any]]] = {
    "createEngagement": _changed("createEngagement", name=lambda _, number: f"Water quality review {number % 3}"),
    "changeEngagementStatus": _changed(
        "changeEngagementStatus",
        engagementId=lambda ids, number: ids("Engagement", _of(("ENG-004", "ENG-019"), number)),
        to=lambda _, number: _of(STATUSES, number // 2),
    ),
    "staffAssignment": _booking,
    "rollOffAssignment": _changed(
        "rollOffAssignment",
        assignmentId=lambda ids, number: ids("Assignment", _of(BOOKINGS, number)),
        lastDay=lambda _, number: f"2026-05-{15 + number % 14}",
    ),
    "submitTimeEntries": _hours,
    "approveTimeEntries": _changed(
        "approveTimeEntries",
        entryIds=lambda ids, number: [ids("TimeEntry", code) for code in _some(SUBMITTED, number)],
        action=lambda _, number: _of(("APPROVE", "APPROVE", "APPROVE", "APPROVE", "REJECT"), number),
        reason=lambda *_: "looked at",
    ),
    "approveExpenses": _changed(
        "approveExpenses", expenseIds=lambda ids, number: [ids("Expense", code) for code in _some(SPENT, number)]
    ),
    "completeMilestone": _changed(
        "completeMilestone", milestoneId=lambda ids, number: ids("Milestone", _of(MILESTONES, number))
    ),
    "changeBillingTerms": _changed("changeBillingTerms", amendmentRef=lambda _, number: f"CO-2026-{17 + number % 2}"),
    "changeRateCard": _changed("changeRateCard"),
    "prepareInvoice": _changed(
        "prepareInvoice", engagementId=lambda ids, number: ids("Engagement", _of(BILLED, number))
    ),
    "creditInvoice": _changed(
        "creditInvoice", invoiceId=lambda ids, number: ids("Invoice", _of(("INV-2601-004", "INV-2602-005"), number))
    ),
    "convertOpportunity": _changed(
        "convertOpportunity",
        opportunityId=lambda ids, number: ids("Opportunity", _of(("OPP-020", "OPP-020", "OPP-020", "OPP-026"), number)),
    ),
    "mapCrossReference": _mapping,
}
KINDS = (*INPUTS, "postInvoice")
GIVERS = {name: CHANGED[name].persona for name in KINDS}
STRANGERS = ("auditor", "client-contact", "analyst", "consultant", "finance")


def choose(kind: str, number: int, ids: Ids, drafts: Sequence[Mapping[str, Any]], stranger: int | None) -> Choice:
    """Return a command of a kind; given by somebody who may not, if a `stranger` is said."""
    persona = GIVERS[kind] if stranger is None else _of(STRANGERS, stranger)
    said = _draft(number, drafts, ids) if kind == "postInvoice" else INPUTS[kind](ids, number)
    return Choice(kind, persona, said)
