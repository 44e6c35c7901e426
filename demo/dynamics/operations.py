"""The changes that this environment takes: what each is asked with, and who makes it."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec

from demo.dynamics import amending, billing, events, invoicing, posting, pricing, revenue_plan, setting_up
from demo.dynamics.books import Asked, Books, Refused
from demo.emulator import Row

_ADDRESS: Final = re.compile(
    r"(?P<set>\w+)(?:\('(?P<record>(?:[^']|'')*)'\))?(?:/Microsoft\.Dynamics\.DataEntities\.(?P<action>\w+))?"
)
KEYS: Final = ("NBFacadeKey", "NBPostingKey")


_METHODS: Final = {"POST": HTTPStatus.CREATED, "PATCH": HTTPStatus.NO_CONTENT, "DELETE": HTTPStatus.NO_CONTENT}


class Operation(NamedTuple):
    """A change: what it is asked with, and who makes it."""

    asked: type[Asked]
    make: Callable[[Books, str, Any], Row]


# Method, entity set, with a record or without, action.
OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST ProjectsV2/NBSetUpProject": Operation(setting_up.Project, setting_up.set_up),
    "PATCH ProjectsV2()": Operation(setting_up.ProjectChange, setting_up.change),
    "POST NBContractAmendments": Operation(amending.Amendment, amending.draft),
    "DELETE NBContractAmendments()": Operation(Asked, amending.delete),
    "POST NBContractAmendments()/NBActivate": Operation(amending.Activation, amending.activate),
    "POST ProjectContractLines()/NBReplanRevenue": Operation(Asked, revenue_plan.replan),
    "POST NBSalesHourPrices/NBReplace": Operation(pricing.PriceList, pricing.replace),
    "POST NBTimePostings": Operation(posting.Hours, posting.post_time),
    "POST NBExpensePostings": Operation(posting.Spent, posting.post_expense),
    "POST NBBillingEvents": Operation(events.WholeEvent, events.create),
    "PATCH NBBillingEvents()": Operation(billing.EventChange, billing.cancel),
    "POST NBBillingEvents/NBAddLine": Operation(events.AddedLine, events.add_line),
    "POST NBBillingEvents/NBLock": Operation(billing.Locked, billing.lock),
    "POST NBBillingEvents/NBRelease": Operation(billing.Released, billing.release),
    "POST NBBillingEvents/NBSettle": Operation(billing.Settled, billing.settle),
    "POST NBProjectInvoices/NBCreateProposal": Operation(invoicing.Proposal, invoicing.propose),
    "DELETE NBProjectInvoices()": Operation(Asked, invoicing.delete),
    "POST NBProjectInvoices()/NBPost": Operation(invoicing.Posted, invoicing.post),
    "POST NBProjectInvoices()/NBCredit": Operation(invoicing.Credit, invoicing.credit),
}


class Made(NamedTuple):
    """A change that was made: its answer's status and content, and the client's own key."""

    status: HTTPStatus
    row: Row
    key: str | None


def perform(books: Books, method: str, path: str, body: bytes) -> Made:
    """Make the change that is asked for below the service's root, or raise Refused."""
    found = _ADDRESS.fullmatch(path)
    if found is None or found["set"] not in books.database.tables:
        raise Refused(404, f"No HTTP resource was found that matches the request URI '{path}'.")
    record, action = found["record"], found["action"]
    place = f"{found['set']}{'' if record is None else '()'}{f'/{action}' if action else ''}"
    operation = OPERATIONS.get(f"{method} {place}")
    if operation is None:
        raise Refused(405, f"The requested resource does not support http method '{method}'.")
    try:
        asked = msgspec.json.decode(body or b"{}", type=operation.asked)
    except msgspec.DecodeError as error:
        raise Refused(400, f"An error has occurred. The request body is not valid: {error}") from error
    row = operation.make(books, (record or "").replace("''", "'"), asked)
    key = next((value for name in KEYS if (value := getattr(asked, name, None))), None)
    return Made(HTTPStatus.OK if action else _METHODS[method], row, key)
