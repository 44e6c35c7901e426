"""Every command once, as somebody of the firm gives it on the morning of its day, and what it comes to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from demo.firm import northbeam
from schema.graph import HOMES
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from demo.firm.model import Firm
    from demo.systems import Bound

DAY = "2026-04-08"
DRAFT, SPENT = "INV-2602-004", ("EXP-0040", "EXP-0041")


class Refused(NamedTuple):
    """The call that a role's system refuses, however often it is made."""

    role: str
    call: str


class Scenario(NamedTuple):
    """A command, who gives it with what, who approves it, and where it ends; `input` makes ids of the firm's codes."""

    name: str
    command: str
    persona: str
    input: Callable[[Ids], dict[str, Any]]
    approvers: Sequence[str] = ()
    ends: str = "SUCCEEDED"
    refused: Refused | None = None

    @property
    def mutation(self) -> str:
        """The mutation that gives it."""
        type_ = self.command[0].upper() + self.command[1:]
        asked = "command { id status } problems { code message path }"
        return f"mutation($input: {type_}Input!) {{ {self.command}(input: $input) {{ {asked} }} }}"


class Ids:
    """Makes our ids of the firm's codes."""

    def __init__(self, bound: Sequence[Bound]) -> None:
        self._words = {system.role: system.words for system in bound}

    def __call__(self, type_: str, code: str, as_: str | None = None) -> str:
        """Return the id of a record; `as_` is its type, where the firm counts it among another."""
        role = HOMES[type_].system.value
        word = self._words[role].get(type_, str)(code)
        assert word is not None
        return Ref(as_ or type_, role, word).encode()


def firm() -> Firm:
    """Return the firm with an invoice that is a draft, and two expenses that wait for approval."""
    truth = northbeam()
    waiting = {"approval_status": "SUBMITTED", "approver": None}
    drafted: dict[str, Any] = {"document_status": "DRAFT", "payment_status": "UNPAID"}
    return replace(
        truth,
        expenses=tuple(replace(one, **waiting) if one.code in SPENT else one for one in truth.expenses),  # type: ignore[arg-type]
        invoices=tuple(replace(one, **drafted) if one.number == DRAFT else one for one in truth.invoices),
        billing_events=tuple(
            replace(one, status="ON_DRAFT") if one.invoice == DRAFT else one for one in truth.billing_events
        ),
    )


def _hours(ids: Ids, *hours: str) -> list[dict[str, Any]]:
    task = {
        "projectId": ids("Project", "ENG-005-W1-BUILD"),
        "taskId": ids("Project", "ENG-005-W1-BUILD-T1", as_="Task"),
    }
    return [{**task, "workDate": DAY, "hours": one} for one in hours]


SCENARIOS = (
    Scenario(
        "convertOpportunity",
        "convertOpportunity",
        "sales-operations",
        lambda ids: {"opportunityId": ids("Opportunity", "OPP-020")},
        approvers=("finance-controller",),
    ),
    Scenario(
        "createEngagement",
        "createEngagement",
        "engagement-manager",
        lambda ids: {
            "name": "Water quality review",
            "legalEntityId": ids("LegalEntity", "NB-UK"),
            "plannedStart": "2026-05-04",
            "customerId": ids("Customer", "CUS-05"),
            "billingTerms": {"model": "TIME_AND_MATERIALS", "amount": {"amount": "60000.00", "currency": "GBP"}},
        },
        approvers=("delivery-director",),
    ),
    Scenario(
        "changeEngagementStatus",
        "changeEngagementStatus",
        "engagement-manager",
        lambda ids: {"engagementId": ids("Engagement", "ENG-004"), "to": "ON_HOLD", "reason": "as agreed"},
    ),
    Scenario(
        "changeProjectPhase",
        "changeProjectPhase",
        "engagement-manager",
        lambda ids: {
            "projectId": ids("Project", "ENG-001-P"),
            "toPhase": "TEST",
            "effectiveDate": DAY,
            "newPlannedEnd": "2026-09-20",
        },
    ),
    Scenario(
        "staffAssignment",
        "staffAssignment",
        "resource-manager",
        lambda ids: {
            "projectId": ids("Project", "ENG-005-W1"),
            "resourceId": ids("Resource", "RES-018"),
            "roleId": ids("Role", "CONSULTANT"),
            "range": {"start": "2026-07-01", "end": "2026-07-31"},
            "commitment": "FIRM",
            "allocation": "0.5",
        },
    ),
    Scenario(
        "rollOffAssignment",
        "rollOffAssignment",
        "resource-manager",
        lambda ids: {
            "assignmentId": ids("Assignment", "ASG-029"),
            "lastDay": "2026-05-29",
            "reason": "goes to another customer",
            "replacementDemand": True,
        },
    ),
    Scenario(
        "submitTimeEntries",
        "submitTimeEntries",
        "consultant",
        lambda ids: {"entries": _hours(ids, "1.00", "1.50", "2.00")},
    ),
    Scenario(
        "approveTimeEntries",
        "approveTimeEntries",
        "time-approver",
        lambda ids: {
            "action": "APPROVE",
            "entryIds": [ids("TimeEntry", "TE-03417"), ids("TimeEntry", "TE-03426")],
        },
    ),
    Scenario(
        "approveExpenses",
        "approveExpenses",
        "time-approver",
        lambda ids: {"action": "APPROVE", "expenseIds": [ids("Expense", code) for code in SPENT]},
    ),
    Scenario(
        "completeMilestone",
        "completeMilestone",
        "engagement-manager",
        lambda ids: {
            "milestoneId": ids("Milestone", "ENG-019-M1"),
            "actualDate": "2026-04-07",
            "acceptanceEvidence": "mail of 7 April",
        },
    ),
    Scenario(
        "changeBillingTerms",
        "changeBillingTerms",
        "contract-manager",
        lambda ids: {
            "engagementId": ids("Engagement", "ENG-001"),
            "lineId": ids("ContractLine", "PC-000001-1"),
            "change": {"cap": {"amount": "900000.00", "currency": "GBP"}},
            "effectiveDate": DAY,
            "amendmentRef": "CO-2026-17",
        },
        approvers=("finance-controller",),
    ),
    Scenario(
        "changeRateCard",
        "changeRateCard",
        "pricing-admin",
        lambda ids: {
            "rateCardId": ids("RateCard", "RC-BILL-NB-UK-V2"),
            "changes": [
                {
                    "roleId": ids("Role", "CONSULTANT"),
                    "amount": {"amount": "190.00", "currency": "GBP"},
                    "effectiveFrom": "2026-07-01",
                }
            ],
        },
        approvers=("finance-controller",),
    ),
    Scenario(
        "prepareInvoice",
        "prepareInvoice",
        "billing-analyst",
        lambda ids: {
            "legalEntityId": ids("LegalEntity", "NB-UK"),
            "engagementId": ids("Engagement", "ENG-016"),
            "cutoffDate": DAY,
        },
    ),
    Scenario(
        "postInvoice",
        "postInvoice",
        "finance",
        lambda ids: {
            "invoiceId": ids("Invoice", DRAFT),
            "expectedTotal": _total(DRAFT),
            "postingDate": DAY,
        },
    ),
    Scenario(
        "creditInvoice",
        "creditInvoice",
        "finance",
        lambda ids: {"invoiceId": ids("Invoice", "INV-2601-004"), "purpose": "REBILL", "reason": "wrong order"},
        approvers=("finance-controller",),
    ),
    Scenario(
        "mapCrossReference",
        "mapCrossReference",
        "integration-steward",
        lambda ids: {
            "canonicalId": ids("Customer", "CUS-01"),
            "system": "hr",
            "sourceId": "4711",
            "action": "LINK",
        },
        approvers=("finance-controller",),
    ),
)

# What is undone: finance refuses the engagement that delivery has made, and the event of a milestone that is reached.
REFUSED = tuple(
    next(one for one in SCENARIOS if one.name == name)._replace(name=f"{name} refused", ends="FAILED", refused=refused)
    for name, refused in (
        (
            "convertOpportunity",
            Refused("erp", "POST /data/ProjectsV2/Microsoft.Dynamics.DataEntities.NBSetUpProject"),
        ),
        ("completeMilestone", Refused("erp", "POST /data/NBBillingEvents")),
    )
)

# What a consultant has never done in one day: as many calls at once as a command may make.
MANY = next(one for one in SCENARIOS if one.name == "submitTimeEntries")._replace(
    name="submitTimeEntries of 200", input=lambda ids: {"entries": _hours(ids, *(["0.10"] * 200))}
)


def _total(number: str) -> dict[str, str]:
    (invoice,) = (one for one in northbeam().invoices if one.number == number)
    return {"amount": str(invoice.total), "currency": invoice.currency}
