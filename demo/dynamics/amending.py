"""Change orders: what a contract's line will say, drafted, and said once the order is in force."""

from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from demo.dynamics.books import KEY, Asked, Books, Name, Noon, Refused
from demo.dynamics.projects import BILLING_METHOD, BILLING_MODEL
from demo.dynamics.setting_up import Due, revenue_method, schedule
from demo.dynamics.values import NO_DAY
from demo.emulator import Row

AMENDMENTS: Final = "NBContractAmendments"
DRAFT, ACTIVE = "Draft", "Active"
_MODEL: Final = {code: model for model, code in BILLING_MODEL.items()}


class Terms(Asked, kw_only=True):
    """The new terms of a line; what is not said stays as it is."""

    NBBillingModel: Literal["TM", "TMCAP", "FIXED", "RETAINER"] | None = None
    LineAmount: Decimal | None = None
    NBCapAmount: Decimal | None = None
    NBRateCardCode: str | None = None
    ScheduleLines: tuple[Due, ...] | None = None


class Amendment(Terms, kw_only=True):
    """A change order."""

    NBFacadeKey: Name
    ProjectContractId: Name
    ContractLineId: Name
    Description: Name
    EffectiveDate: Noon
    ValueChange: Decimal


class Activation(Asked, kw_only=True):
    """The signature that puts it in force."""

    SignedDate: Noon


def draft(books: Books, _record: str, asked: Amendment) -> Row:
    """Draft a change order under the contract's next number."""
    line = books.record("ProjectContractLines", asked.ContractLineId)
    if line["ProjectContractId"] != asked.ProjectContractId:
        raise Refused(400, f"Line {asked.ContractLineId} is of another contract than {asked.ProjectContractId}.")
    known = len(books.rows(AMENDMENTS, ProjectContractId=asked.ProjectContractId))
    number = books.next_number(f"{asked.ProjectContractId}/Amendments", first=known + 1)
    terms = {name: getattr(asked, name) for name in Terms.__struct_fields__}
    return books.insert(
        AMENDMENTS,
        {
            "dataAreaId": line["dataAreaId"],
            "AmendmentId": f"{asked.ProjectContractId}-A{number}",
            "ProjectContractId": asked.ProjectContractId,
            "ContractLineId": asked.ContractLineId,
            "Description": asked.Description,
            "SignedDate": NO_DAY,
            "EffectiveDate": asked.EffectiveDate,
            "ValueChange": asked.ValueChange,
            "CurrencyCode": line["SalesCurrencyCode"],
            "AmendmentStatus": DRAFT,
            "NBNewTerms": {name: value for name, value in terms.items() if value is not None},
            KEY: asked.NBFacadeKey,
        },
    )


def delete(books: Books, record: str, _asked: Asked) -> Row:
    """Delete a change order that is not in force."""
    amendment = books.record(AMENDMENTS, record)
    if amendment["AmendmentStatus"] != DRAFT:
        raise Refused(409, f"Amendment {record} is in force and cannot be deleted.")
    books.database.tables[AMENDMENTS].delete(amendment)
    return {}


def activate(books: Books, record: str, asked: Activation) -> Row:
    """Put a change order in force: the line has its new terms, the project its new value."""
    amendment = books.record(AMENDMENTS, record)
    if amendment["AmendmentStatus"] == ACTIVE:
        return amendment
    terms = msgspec.convert(amendment["NBNewTerms"], Terms)
    line = books.record("ProjectContractLines", amendment["ContractLineId"])
    line = books.update("ProjectContractLines", line, **_changed(terms))
    if terms.ScheduleLines is not None:
        schedule(books, line, terms.ScheduleLines)
    lines = books.rows("ProjectContractLines", NBProjectID=line["NBProjectID"])
    value = sum((one["LineAmount"] or Decimal(0) for one in lines), Decimal(0))
    books.update("ProjectsV2", books.record("ProjectsV2", line["NBProjectID"]), NBContractValue=value)
    return books.update(AMENDMENTS, amendment, AmendmentStatus=ACTIVE, SignedDate=asked.SignedDate)


def _changed(terms: Terms) -> dict[str, Any]:
    said = {"LineAmount": terms.LineAmount, "NBCapAmount": terms.NBCapAmount, "NBRateCardCode": terms.NBRateCardCode}
    model = terms.NBBillingModel
    if model is not None:
        method = {"BillingMethod": BILLING_METHOD[_MODEL[model]], "NBRevenueMethod": revenue_method(model)}
        said |= {"NBBillingModel": model, **method}
    return {column: value for column, value in said.items() if value is not None}
