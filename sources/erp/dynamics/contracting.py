"""Projects, their contracts, changes to these, and prices, as Dynamics is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sources.contract import Request
from sources.erp.dynamics.records import DATA, KEY, amount, at, deleting, keyed, noon, send
from sources.erp.writes import (
    ActivateAmendment,
    CreateProject,
    DeleteAmendment,
    DraftAmendment,
    ReplanRevenue,
    ReplicateRates,
    SetControlStatus,
    SetProjectDates,
)
from sources.families.odata import literal
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.erp.writes import Due, Line
    from sources.writes import Acts, Said, Write


def _create_project(write: CreateProject, said: Said) -> Request:
    body = {
        KEY: said.key,
        "NBEngagementCode": write.code,
        "dataAreaId": said.id(write.legal_entity),
        "ProjectName": write.name,
        "CustomerAccount": said.id(write.customer),
        "CurrencyCode": write.currency,
        "ProjectedStartDate": noon(write.start),
        "ProjectedEndDate": noon(write.end),
        "ContractLines": [_line(line, said) for line in write.lines],
    }
    return send(at("ProjectsV2", action="NBSetUpProject"), body)


def _line(line: Line, said: Said) -> dict[str, Any]:
    terms = {
        "Description": line.description,
        "NBBillingModel": said.code("billing_model", line.model),
        "LineAmount": amount(line.amount),
        "NBCapAmount": amount(line.cap),
        "NBCapBehavior": None if line.cap_behavior is None else said.code("cap_behavior", line.cap_behavior),
        "NBRateCardCode": said.id(line.rate_card),
        "SalesTaxGroup": line.tax_code,
        "ScheduleLines": [_due(due, said) for due in line.schedule],
    }
    return {column: value for column, value in terms.items() if value is not None}


def _due(due: Due, said: Said) -> dict[str, Any]:
    return {
        "DueDate": noon(due.due_date),
        "Amount": due.amount.amount,
        "MilestoneCode": said.id(due.milestone) or "",
    }


def _project(_write: Write, answer: Any) -> Done:
    lines = answer["ContractLineIds"]
    values = {"reference": answer["NBProjectReference"], "contract": answer["ProjectContractID"] or None}
    return Done(answer["ProjectID"], {**values, "line": lines[0] if lines else None})


def _look_for_project(_write: Write, said: Said) -> Request:
    """Ask for the project and for its lines in one batch: they came in one act."""
    wanted = (
        ("ProjectsV2", "ProjectID,NBProjectReference,ProjectContractID"),
        ("ProjectContractLines", "ContractLineId"),
    )
    chosen = quote(f"{KEY} eq {literal(said.key)}")
    parts = [
        {"id": name, "method": "GET", "url": f"{name}?cross-company=true&$filter={chosen}&$select={columns}"}
        for name, columns in wanted
    ]
    return Request(f"{DATA}/$batch", body={"requests": parts})


def _project_seen(write: Write, answer: Any) -> Done | None:
    found = {part["id"]: part["body"]["value"] for part in answer["responses"]}
    lines = [line["ContractLineId"] for line in found["ProjectContractLines"]]
    return _project(write, {**found["ProjectsV2"][0], "ContractLineIds": lines}) if found["ProjectsV2"] else None


def _set_project_dates(write: SetProjectDates, said: Said) -> Request:
    body = {"ProjectedStartDate": noon(write.start), "ProjectedEndDate": noon(write.end)}
    return send(at("ProjectsV2", said.id(write.engagement)), body, "PATCH")


def _set_control_status(write: SetControlStatus, said: Said) -> Request:
    body = {"ProjectStage": said.code("project_stage", write.status)}
    return send(at("ProjectsV2", said.id(write.engagement)), body, "PATCH")


def _draft_amendment(write: DraftAmendment, said: Said) -> Request:
    body = {
        KEY: said.key,
        "ProjectContractId": said.id(write.contract),
        "ContractLineId": said.id(write.line),
        "Description": write.reference,
        "EffectiveDate": noon(write.effective_date),
        "ValueChange": 0 if write.change is None else write.change.amount,
        "NBBillingModel": None if write.model is None else said.code("billing_model", write.model),
        "LineAmount": amount(write.amount),
        "NBCapAmount": amount(write.cap),
        "NBRateCardCode": said.id(write.rate_card),
        "ScheduleLines": None if write.schedule is None else [_due(due, said) for due in write.schedule],
    }
    return send(at("NBContractAmendments"), body)


def _amendment(_write: Write, answer: Any) -> Done:
    return Done(answer["AmendmentId"])


def _activate(write: ActivateAmendment, said: Said) -> Request:
    body = {"SignedDate": noon(write.signed_date)}
    return send(at("NBContractAmendments", said.id(write.amendment), "NBActivate"), body)


def _replan(write: ReplanRevenue, said: Said) -> Request:
    return send(at("ProjectContractLines", said.id(write.line), "NBReplanRevenue"), {})


def _replicate(write: ReplicateRates, said: Said) -> Request:
    prices = [
        {
            "CategoryId": said.id(rate.card_role),
            "PersonnelNumber": said.id(rate.resource) or "",
            "Price": rate.amount.amount,
            "EffectiveDate": noon(rate.start),
            "ExpirationDate": noon(rate.end),
        }
        for rate in write.rates
    ]
    body = {
        "PriceListId": write.card,
        "dataAreaId": said.id(write.legal_entity),
        "CurrencyCode": write.currency,
        "Prices": prices,
    }
    return send(at("NBSalesHourPrices", action="NBReplace"), body)


ACTS: Acts = {
    CreateProject: Act(_create_project, _project, _look_for_project, _project_seen),
    SetProjectDates: Act(_set_project_dates),
    SetControlStatus: Act(_set_control_status),
    DraftAmendment: keyed("NBContractAmendments", ["AmendmentId"], _draft_amendment, _amendment),
    DeleteAmendment: deleting("NBContractAmendments", "AmendmentId", lambda write: write.amendment),
    ActivateAmendment: Act(_activate),
    ReplanRevenue: Act(_replan),
    ReplicateRates: Act(_replicate),
}
