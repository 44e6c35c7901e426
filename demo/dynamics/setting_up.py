"""Setting projects up with the contracts they are billed by, and what may be changed of a project afterwards."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from demo.dynamics import sequences
from demo.dynamics.books import KEY, Asked, Books, Name, Noon, Refused
from demo.dynamics.ledger import COST_CENTER
from demo.dynamics.projects import BILLING_METHOD, BILLING_MODEL, PROJECT_TYPE, REVENUE_METHOD
from demo.dynamics.revenue_plan import plan
from demo.dynamics.values import NO_DAY, yes_no
from demo.emulator import Row

_MODEL: Final = {code: model for model, code in BILLING_MODEL.items()}
BY_THE_HOUR: Final = frozenset({"TM", "TMCAP"})


class Due(Asked, kw_only=True):
    """An entry of a schedule."""

    DueDate: Noon
    Amount: Decimal
    MilestoneCode: str = ""


class ContractLine(Asked, kw_only=True):
    """The terms of a line."""

    Description: Name
    NBBillingModel: Literal["TM", "TMCAP", "FIXED", "RETAINER"]
    LineAmount: Decimal | None = None
    NBCapAmount: Decimal | None = None
    NBCapBehavior: Literal["None", "Block", "Split", "Warn"] = "None"
    NBRateCardCode: str = ""
    SalesTaxGroup: str = ""
    ScheduleLines: tuple[Due, ...] = ()


class Project(Asked, kw_only=True):
    """A project with the lines of its contract; an internal one has neither lines nor a customer."""

    NBFacadeKey: Name
    NBEngagementCode: Name
    company: Name = msgspec.field(name="dataAreaId")
    ProjectName: Name
    CustomerAccount: str = ""
    CurrencyCode: Name
    ProjectedStartDate: Noon
    ProjectedEndDate: Noon
    ContractLines: tuple[ContractLine, ...] = ()


class ProjectChange(Asked, kw_only=True):
    """What a project may be told."""

    ProjectedStartDate: Noon | None = None
    ProjectedEndDate: Noon | None = None
    ProjectStage: Literal["Created", "Estimated", "InProcess", "UserDefined1", "Finished"] | None = None


def set_up(books: Books, _record: str, asked: Project) -> Row:
    """Make the project, its contract, and the lines with their schedules and revenue; all have the project's number."""
    if asked.company not in books.companies:
        raise Refused(404, f"Company {asked.company} does not exist.")
    if bool(asked.ContractLines) is not bool(asked.CustomerAccount):
        raise Refused(400, "A project contract needs a customer and a line; an internal project has neither.")
    number = books.next_number(sequences.PROJECTS)
    contract = _contract(books, asked, number) if asked.ContractLines else ""
    project = books.insert(
        "ProjectsV2", {**_project(books, asked), "ProjectID": _id(number), "ProjectContractID": contract}
    )
    lines = [_line(books, asked, line, f"{contract}-{place}") for place, line in enumerate(asked.ContractLines, 1)]
    for line in lines:
        plan(books, line)
    return {**project, "ContractLineIds": [line["ContractLineId"] for line in lines]}


def _id(number: int) -> str:
    return f"P-{number:06}"


def _project(books: Books, asked: Project) -> Row:
    lines, centers = asked.ContractLines, {"FinancialDimension": COST_CENTER, "LegalEntityId": asked.company}
    value = sum((line.LineAmount or Decimal(0) for line in lines), Decimal(0))
    return {
        "dataAreaId": asked.company,
        "ProjectName": asked.ProjectName,
        "ProjectStage": "Estimated",
        "ProjectType": PROJECT_TYPE[_MODEL[lines[0].NBBillingModel] if lines else "INTERNAL"],
        "CustomerAccount": asked.CustomerAccount,
        "ProjectedStartDate": asked.ProjectedStartDate,
        "ProjectedEndDate": asked.ProjectedEndDate,
        "DimensionDisplayValue": books.rows("FinancialDimensionValues", **centers)[0]["DimensionValue"],
        "NBProjectReference": f"ERP-{asked.NBEngagementCode}",
        "NBContractValue": value if lines else None,
        "NBContractCurrencyCode": asked.CurrencyCode if lines else "",
        KEY: asked.NBFacadeKey,
    }


def _contract(books: Books, asked: Project, number: int) -> str:
    books.record("CustomersV3", asked.CustomerAccount)
    row = books.insert(
        "ProjectContractHeaders",
        {
            "dataAreaId": asked.company,
            "ProjectContractId": f"PC-{number:06}",
            "Name": asked.ProjectName,
            "CustomerAccountNumber": asked.CustomerAccount,
            "SalesCurrencyCode": asked.CurrencyCode,
            "NBProjectID": _id(number),
            "NBSignedDate": NO_DAY,
            "NBStartDate": asked.ProjectedStartDate,
            "NBEndDate": asked.ProjectedEndDate,
            "NBRevenueMethod": revenue_method(asked.ContractLines[0].NBBillingModel),
        },
    )
    return str(row["ProjectContractId"])


def _line(books: Books, asked: Project, line: ContractLine, line_id: str) -> Row:
    taxed = books.companies[asked.company].tax_code
    if line.SalesTaxGroup not in {"", taxed}:
        raise Refused(400, f"Sales tax group {line.SalesTaxGroup} does not exist in {asked.company}.")
    retainer, fixed = line.NBBillingModel == "RETAINER", line.NBBillingModel == "FIXED"
    contract = line_id.rpartition("-")[0]
    row = books.insert(
        "ProjectContractLines",
        {
            "dataAreaId": asked.company,
            "ContractLineId": line_id,
            "ProjectContractId": contract,
            "Description": line.Description,
            "BillingMethod": BILLING_METHOD[_MODEL[line.NBBillingModel]],
            "LineAmount": line.LineAmount,
            "SalesCurrencyCode": asked.CurrencyCode,
            "SalesTaxGroup": taxed,
            "NBProjectID": f"P-{contract.removeprefix('PC-')}",
            "NBBillingModel": line.NBBillingModel,
            "NBCapAmount": line.NBCapAmount,
            "NBCapBehavior": line.NBCapBehavior,
            "NBStartDate": asked.ProjectedStartDate,
            "NBEndDate": asked.ProjectedEndDate,
            "NBInvoiceFrequency": "Monthly" if retainer else "None",
            "NBInvoiceTiming": "InAdvance" if retainer else "None",
            "NBUnusedHours": "Lapse" if retainer else "None",
            "NBAreExpensesBillable": yes_no(not fixed),
            "NBExpenseMarkupPercent": None if fixed else Decimal(0),
            "NBRevenueMethod": revenue_method(line.NBBillingModel),
            "NBRateCardCode": line.NBRateCardCode,
            # Each line is found by it; the first has the act's own key, and no two may have the same.
            KEY: asked.NBFacadeKey if line_id.endswith("-1") else "",
        },
    )
    schedule(books, row, line.ScheduleLines)
    return row


def schedule(books: Books, line: Row, entries: Sequence[Due]) -> None:
    """Write what a line bills on which day, in the place of what it said before."""
    for old in books.rows("NBBillingScheduleLines", ContractLineId=line["ContractLineId"]):
        books.database.tables["NBBillingScheduleLines"].delete(old)
    for position, entry in enumerate(entries, 1):
        books.insert(
            "NBBillingScheduleLines",
            {
                **msgspec.structs.asdict(entry),
                "dataAreaId": line["dataAreaId"],
                "ScheduleLineId": f"{line['ContractLineId']}-{position:02}",
                "ContractLineId": line["ContractLineId"],
                "CurrencyCode": line["SalesCurrencyCode"],
            },
        )


def revenue_method(model: str) -> str:
    """Return how a line becomes revenue: hours as invoiced, fees as the output is delivered."""
    return REVENUE_METHOD["AS_INVOICED" if model in BY_THE_HOUR else "OVER_TIME_OUTPUT"]


def change(books: Books, record: str, asked: ProjectChange) -> Row:
    """Change a project's planned days or its stage."""
    said = {column: value for column, value in msgspec.structs.asdict(asked).items() if value is not None}
    return books.update("ProjectsV2", books.record("ProjectsV2", record), **said)
