"""The firm's drift: 24 mutations and 6 negative controls, each of one system's copy and never of the truth.

A mutation is a line of the table: which system's table it spoils, and how. A vendor's `build` takes those of its system
as `changes`.

    M02, N05 and N06 have no line, because they are so without our doing: OPP-020 has been won and not yet converted,
    Dynamics writes 13125.400 as 13125.4, and what was approved on the evening before is not posted yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from demo import bamboohr, dynamics, kantata, runn, salesforce
from demo.dynamics.values import day
from demo.emulator import Change, Changes
from demo.firm.clock import AS_OF
from demo.runn.values import references
from demo.spoiling import Test, amended, copied, customized, has, spoilt, without

OLD_CODE: Final = "ENG-018-OLD"
OLD_WORKSPACE: Final = "4209018"
"""A second workspace for an engagement that has one: see also `demo.crossrefs.second_reference`."""
UNMAPPED_ROLE: Final = 70099
TENTATIVE_PROJECT, TENTATIVE_ASSIGNMENT = 50906, 6999001
STALE_COPY: Final = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One line: the number in the domain's list, the system, its table, and what becomes of it."""

    number: str
    system: str
    table: str
    change: Change


_P = dynamics.project_id
_POSTING: Final = "NBTimePostings"


def _contract(engagement: str) -> dict[str, str]:
    return {"ProjectContractId": dynamics.contract_id(engagement.replace("ENG", "CON"))}


def _posting(entry: str) -> Test:
    return has(TimeEntryCode=entry)


def _invoice(number: str, difference: Decimal) -> Change:
    return spoilt(
        has(InvoiceNumber=number),
        lambda row: {
            **row,
            "NetAmount": row["NetAmount"] + difference,
            "TotalAmount": row["TotalAmount"] + difference,
        },
    )


def _billed_by(invoice: str) -> Test:
    """Return the test whether a time entry of the PSA was billed by an invoice: engagement and month say which."""
    month, number = invoice.split("-")[1:]
    workspace, start = kantata.workspace_id(f"ENG-{number}"), f"20{month[:2]}-{month[2:]}"
    return lambda row: row["workspace_id"] == workspace and row["date_performed"][:7] == start


def _account(customer: str) -> Test:
    return has(Id=salesforce.account_id(customer))


_ENTITY: Final = {"dataAreaId": dynamics.data_area("NB-UK")}
_PROJECT_13, _CONTRACT_13 = has(ProjectID=_P("ENG-013")), has(**_contract("ENG-013"))
_CONTRACT_9 = has(**_contract("ENG-009"))
_TENTATIVE_NAME: Final = "Supplier Portal Rollout (tentative)"

MUTATIONS: Final = (
    Mutation("M01", "runn", "projects", without(has(id=int(runn.project_id("ENG-005"))))),
    Mutation("M01", "runn", "assignments", without(has(projectId=int(runn.project_id("ENG-005"))))),
    Mutation("M01", "runn", "role_demands", without(has(engagementProjectId=int(runn.project_id("ENG-005"))))),
    Mutation("M03", "dynamics", "ProjectsV2", amended(_PROJECT_13, **_ENTITY)),
    Mutation("M03", "dynamics", "ProjectContractHeaders", amended(_CONTRACT_13, **_ENTITY)),
    Mutation("M03", "dynamics", "ProjectContractLines", amended(_CONTRACT_13, **_ENTITY)),
    Mutation("M04", "dynamics", "ProjectsV2", amended(has(ProjectID=_P("ENG-009")), NBContractCurrencyCode="USD")),
    Mutation("M04", "dynamics", "ProjectContractHeaders", amended(_CONTRACT_9, SalesCurrencyCode="USD")),
    Mutation("M04", "dynamics", "ProjectContractLines", amended(_CONTRACT_9, SalesCurrencyCode="USD")),
    Mutation(
        *("M05", "dynamics", "ProjectsV2"),
        amended(has(ProjectID=_P("ENG-001")), NBContractValue=Decimal("450000.00")),
    ),
    Mutation(
        *("M05", "dynamics", "ProjectContractLines"),
        amended(has(**_contract("ENG-001")), LineAmount=Decimal("450000.00")),
    ),
    Mutation("M06", "dynamics", "ProjectsV2", amended(has(ProjectID=_P("ENG-008")), ProjectStage="Finished")),
    Mutation(
        *("M07", "kantata", "workspaces"),
        copied(
            has(id=kantata.workspace_id("ENG-018")),
            lambda row: {
                **row,
                "id": OLD_WORKSPACE,
                "title": f"{row['title']} (old)",
                "custom_fields": {**row["custom_fields"], "engagement_code": OLD_CODE, "opportunity": None},
            },
        ),
    ),
    Mutation("M08", "dynamics", _POSTING, amended(_posting("TE-02117"), Hours=Decimal("7.50"))),
    Mutation("M09", "dynamics", _POSTING, without(_posting("TE-02119"))),
    Mutation(
        "M10", "dynamics", _POSTING, copied(_posting("TE-02100"), lambda row: {**row, "TransactionId": "TR-902100"})
    ),
    Mutation("M11", "dynamics", _POSTING, amended(_posting("TE-02137"), SalesPrice=Decimal("158.00"))),
    Mutation(
        *("M12", "dynamics", _POSTING),
        amended(
            _posting("TE-02121"),
            AccountingDate=day(date(2026, 2, 28)),
            PeriodId=dynamics.period_id("NB-UK", "2026-P02"),
        ),
    ),
    Mutation(
        *("M13", "bamboohr", "employees"),
        amended(
            has(id=bamboohr.employee_id("RES-044")),
            status="Inactive",
            employmentHistoryStatus="Terminated",
            terminationDate="2026-03-31",
            lastChanged="2026-04-01T09:00:00+00:00",
        ),
    ),
    Mutation(
        *("M14", "dynamics", "Workers"),
        amended(has(PersonnelNumber=dynamics.personnel_number("RES-023")), DimensionDisplayValue="CC-UK-320"),
    ),
    Mutation(
        *("M15", "runn", "roles"),
        copied(
            has(id=int(runn.role_id("SENIOR"))),
            lambda row: {
                **row,
                "id": UNMAPPED_ROLE,
                "name": "Sr. Consultant",
                "references": references(Role="SR_CONS"),
                "personIds": [int(runn.person_id("RES-012"))],
            },
        ),
    ),
    Mutation("M15", "runn", "contracts", amended(has(personId=int(runn.person_id("RES-012"))), roleId=UNMAPPED_ROLE)),
    Mutation("M15", "runn", "assignments", amended(has(personId=int(runn.person_id("RES-012"))), roleId=UNMAPPED_ROLE)),
    Mutation("M16", "runn", "assignments", amended(has(note="ASG-024", endDate="2026-06-30"), endDate="2026-05-31")),
    Mutation("M17", "runn", "assignments", amended(has(note="ASG-055"), minutesPerDay=240)),
    Mutation("M18", "dynamics", "NBBillingEvents", without(has(MilestoneCode="ENG-002-M2"))),
    Mutation("M18", "dynamics", "NBBillingEventLines", without(has(MilestoneCode="ENG-002-M2"))),
    Mutation("M19", "kantata", "stories", customized(has(id=kantata.story_id("ENG-012-M3")), amount="33333.33")),
    Mutation("M20", "kantata", "time_entries", amended(_billed_by("INV-2602-010"), is_invoiced=False)),
    Mutation("M21", "dynamics", "NBProjectInvoices", _invoice("INV-2602-016", Decimal("-0.100"))),
    Mutation(
        *("M22", "warehouse", "exchange_rates"),
        amended(
            has(base_currency="GBP", quote_currency="USD", rate_type="SPOT", rate_date=date(2026, 3, 31)),
            rate=Decimal("1.2701"),
        ),
    ),
    Mutation("M23", "kantata", "nb_time_periods", amended(has(id="NB-UK-2026-P02"), locked=False)),
    Mutation("M24", "salesforce", "Account", amended(_account("CUS-12"), Tax_Number__c="DE811999001")),
    Mutation("N01", "dynamics", "NBProjectInvoices", _invoice("INV-2601-014", Decimal(1))),
    Mutation(
        *("N02", "dynamics", "ProjectsV2"),
        spoilt(has(ProjectID=_P("ENG-011")), lambda row: {**row, "ProjectName": f"{row['ProjectName'].upper()} "}),
    ),
    Mutation(
        *("N03", "runn", "projects"),
        copied(
            has(id=int(runn.project_id("ENG-006"))),
            lambda row: {**row, "id": TENTATIVE_PROJECT, "name": _TENTATIVE_NAME, "isConfirmed": False},
        ),
    ),
    Mutation(
        *("N03", "runn", "assignments"),
        copied(
            has(projectId=int(runn.project_id("ENG-006"))),
            lambda row: {
                **row,
                "id": TENTATIVE_ASSIGNMENT,
                "personId": int(runn.person_id("RES-021")),
                "projectId": TENTATIVE_PROJECT,
                "startDate": "2026-05-04",
                "endDate": "2026-06-26",
                "minutesPerDay": 120,
                "note": None,
            },
        ),
    ),
    Mutation(
        *("N04", "warehouse", "recognized_revenue"),
        amended(has(engagement_code="ENG-006"), recognized_amount=Decimal("180000.00"), copied_at=AS_OF - STALE_COPY),
    ),
)


def changes(system: str, numbers: Iterable[str] | None = None) -> Changes:
    """Return what becomes of a system's tables: by all mutations, or by those with these numbers."""
    chosen = None if numbers is None else frozenset(numbers)
    found: dict[str, list[Change]] = {}
    for mutation in MUTATIONS:
        if mutation.system == system and (chosen is None or mutation.number in chosen):
            found.setdefault(mutation.table, []).append(mutation.change)
    return found
