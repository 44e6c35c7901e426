"""The project module's rows: projects, and the contracts that they are billed by."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from demo.dynamics import ids
from demo.dynamics.values import day, text, yes_no
from demo.emulator import Row
from demo.firm.model import Contract, Engagement, Firm

PROJECT_TYPE: Final = {
    "TIME_AND_MATERIALS": "TimeMaterial",
    "TIME_AND_MATERIALS_CAPPED": "TimeMaterial",
    "FIXED_FEE_MILESTONE": "FixedPrice",
    "RETAINER": "FixedPrice",
    "INTERNAL": "Internal",
}
BILLING_METHOD: Final = {
    "TIME_AND_MATERIALS": "TimeAndMaterial",
    "TIME_AND_MATERIALS_CAPPED": "TimeAndMaterial",
    "FIXED_FEE_MILESTONE": "Milestone",
    "RETAINER": "Fee",
}
BILLING_MODEL: Final = {
    "TIME_AND_MATERIALS": "TM",
    "TIME_AND_MATERIALS_CAPPED": "TMCAP",
    "FIXED_FEE_MILESTONE": "FIXED",
    "RETAINER": "RETAINER",
}
CAP_BEHAVIOR: Final = {None: "None", "BLOCK": "Block", "SPLIT": "Split", "WARN": "Warn"}
FREQUENCY: Final = {None: "None", "MONTHLY": "Monthly"}
TIMING: Final = {None: "None", True: "InAdvance", False: "InArrears"}
UNUSED_HOURS: Final = {None: "None", True: "CarriedOver", False: "Lapse"}
REVENUE_METHOD: Final = {
    "OVER_TIME_INPUT": "PercentOfCost",
    "OVER_TIME_OUTPUT": "PercentOfOutput",
    "AS_INVOICED": "RightToInvoice",
    "POINT_IN_TIME": "CompletedContract",
}


def _stage(engagement: Engagement) -> str:
    """Return the stage: finance blocks a project by a stage of the tenant's own, and closes it as finished."""
    if engagement.erp_status != "OPEN":
        return {"BLOCKED": "UserDefined1", "CLOSED": "Finished"}[engagement.erp_status]
    return {"PROPOSED": "Created", "PLANNED": "Estimated"}.get(engagement.status, "InProcess")


def projects(firm: Firm) -> Iterator[Row]:
    """Yield ProjectsV2, one for every engagement."""
    contracts = {contract.engagement: contract for contract in firm.contracts}
    tops = {node.engagement: node for node in firm.projects if node.kind == "PROJECT"}
    for engagement in firm.engagements:
        contract, top = contracts.get(engagement.code), tops[engagement.code]
        yield {
            "dataAreaId": ids.data_area(engagement.entity),
            "ProjectID": ids.project_id(engagement.code),
            "ProjectName": engagement.name,
            "ProjectStage": _stage(engagement),
            "ProjectType": PROJECT_TYPE[engagement.model],
            "ProjectContractID": ids.contract_id(contract.code) if contract else "",
            "CustomerAccount": ids.customer_account(engagement.customer) if engagement.customer else "",
            "WorkerResponsiblePersonnelNumber": ids.personnel_number(engagement.manager),
            "ProjectedStartDate": day(engagement.planned_start),
            "ProjectedEndDate": day(engagement.planned_end),
            "DimensionDisplayValue": top.cost_center,
            "NBProjectReference": text(top.erp_reference),
            "NBContractValue": _value(contract),
            "NBContractCurrencyCode": contract.currency if contract else "",
            "NBFacadeKey": "",
        }


def _value(contract: Contract | None) -> Decimal | None:
    return sum((line.amount for line in contract.lines), Decimal(0)) if contract else None


def contracts(firm: Firm) -> Iterator[Row]:
    """Yield ProjectContractHeaders."""
    names = {engagement.code: engagement.name for engagement in firm.engagements}
    for contract in firm.contracts:
        yield {
            "dataAreaId": ids.data_area(contract.entity),
            "ProjectContractId": ids.contract_id(contract.code),
            "Name": names[contract.engagement],
            "CustomerAccountNumber": ids.customer_account(contract.customer),
            "SalesCurrencyCode": contract.currency,
            "CustomersOrderReference": contract.customer_reference,
            "NBProjectID": ids.project_id(contract.engagement),
            "NBSignedDate": day(contract.signed_date),
            "NBStartDate": day(contract.start),
            "NBEndDate": day(contract.end),
            "NBRevenueMethod": REVENUE_METHOD[contract.revenue_method],
        }


def contract_lines(firm: Firm) -> Iterator[Row]:
    """Yield ProjectContractLines; without a cap NBCapAmount is null."""
    for contract in firm.contracts:
        for line in contract.lines:
            yield {
                "dataAreaId": ids.data_area(contract.entity),
                "ContractLineId": ids.contract_line_id(line.code),
                "ProjectContractId": ids.contract_id(contract.code),
                "Description": line.code,
                "BillingMethod": BILLING_METHOD[line.model],
                "LineAmount": line.amount,
                "SalesCurrencyCode": contract.currency,
                "SalesTaxGroup": line.tax_code,
                "NBProjectID": ids.project_id(contract.engagement),
                "NBBillingModel": BILLING_MODEL[line.model],
                "NBCapAmount": line.cap,
                "NBCapBehavior": CAP_BEHAVIOR[line.cap_behavior],
                "NBStartDate": day(contract.start),
                "NBEndDate": day(contract.end),
                "NBInvoiceFrequency": FREQUENCY[line.frequency],
                "NBInvoiceTiming": TIMING[line.in_advance],
                "NBUnusedHours": UNUSED_HOURS[line.retainer_rollover],
                "NBAreExpensesBillable": yes_no(line.expenses_billable),
                "NBExpenseMarkupPercent": None if line.expense_markup is None else line.expense_markup * 100,
                "NBRevenueMethod": REVENUE_METHOD[line.revenue_method],
                "NBRateCardCode": text(line.rate_card),
                "NBFacadeKey": "",
            }


def billing_schedule(firm: Firm) -> Iterator[Row]:
    """Yield NBBillingScheduleLines: what a contract line bills on which day, for which milestone if for one."""
    for contract in firm.contracts:
        for line in contract.lines:
            for position, entry in enumerate(line.schedule, 1):
                yield {
                    "dataAreaId": ids.data_area(contract.entity),
                    "ScheduleLineId": f"{ids.contract_line_id(line.code)}-{position:02}",
                    "ContractLineId": ids.contract_line_id(line.code),
                    "DueDate": day(entry.due_date),
                    "MilestoneCode": text(entry.milestone),
                    "Amount": entry.amount,
                    "CurrencyCode": contract.currency,
                }


def amendments(firm: Firm) -> Iterator[Row]:
    """Yield NBContractAmendments: signed ones, whose new terms the lines already have."""
    for contract in firm.contracts:
        for amendment in contract.amendments:
            yield {
                "dataAreaId": ids.data_area(contract.entity),
                "AmendmentId": ids.amendment_id(amendment.code),
                "ProjectContractId": ids.contract_id(amendment.contract),
                "Description": amendment.description,
                "SignedDate": day(amendment.signed_date),
                "EffectiveDate": day(amendment.effective_date),
                "ValueChange": amendment.change,
                "CurrencyCode": contract.currency,
                "AmendmentStatus": "Active",
                "ContractLineId": ids.contract_line_id(contract.lines[0].code),
                "NBNewTerms": {},
                "NBFacadeKey": "",
            }
