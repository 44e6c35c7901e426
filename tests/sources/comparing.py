"""A deep query over every system, and the law for its answers under a fault: the calm value, or null with its error."""

from __future__ import annotations

from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from demo import dynamics, kantata
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Answer, House

Path: TypeAlias = tuple[str | int, ...]

# One with a credit note, one in dinars, and an internal one.
ENGAGEMENTS = ("ENG-008", "ENG-016", "ENG-020")
IDS = [
    *(Ref("Engagement", "psa", kantata.workspace_id(code)).encode() for code in ENGAGEMENTS),
    Ref("Invoice", "erp", dynamics.invoice_number("INV-2602-008")).encode(),
    Ref("Invoice", "erp", dynamics.invoice_number("CRN-2603-008")).encode(),
    Ref("Resource", "hr", dynamics.personnel_number("RES-023")).encode(),
    Ref("Customer", "crm", dynamics.customer_account("CUS-07")).encode(),
    Ref("Opportunity", "crm", dynamics.opportunity_id("OPP-019")).encode(),
]
DEEP = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    id
    ... on Engagement {
      name deliveryStatus erpStatus plannedRevenue { amount currency } contractValue { amount currency }
      customer { id displayName legalName creditStatus }
      contractingEntity { id code fiscalPeriods { id status } costCenters { id code active } }
      projects { id code children { id code children { id code progress tasks { id code progress } } } }
      assignments {
        id code allocation range { start end } billRate { amount currency }
        resource { id displayName legalEntity { id code } }
      }
      contract {
        id code range { start end }
        lines {
          id description amount { amount currency }
          revenueSchedule { id progress entries { id status recognized { amount currency } } }
        }
      }
      billingEvents { id status holdReasons amount { amount currency } }
      invoices { id number net { amount } lines { id description net { amount } billingEvents { id status } } }
    }
    ... on Invoice { number lifecycle total { amount currency } engagement { id name } corrects { id number } }
    ... on Resource { displayName bookable billableTarget assignments { id code project { id name } } }
    ... on Customer {
      displayName legalName engagements { id name } invoices { id number } opportunities { id stage probability }
    }
    ... on Opportunity { stage amount { amount currency } engagement { id name } }
  }
}
"""


def deep(house: House) -> Answer:
    """Ask the deep query."""
    return house.ask(DEEP, {"ids": IDS})


class Differences(NamedTuple):
    """Where an answer is not the calm one: other values, nulls in the place of values, lists with fewer records."""

    wrong: list[Path]
    null: set[Path]
    short: set[Path]


def differences(calm: Any, given: Any) -> Differences:
    """Compare an answer's data with the calm one, record by record."""
    found: dict[str, list[Path]] = {"wrong": [], "null": [], "short": []}
    for kind, path in _compared(calm, given, ()):
        found[kind].append(path)
    return Differences(found["wrong"], set(found["null"]), set(found["short"]))


def _compared(calm: Any, given: Any, path: Path) -> Iterator[tuple[str, Path]]:
    if given == calm:
        return
    if given is None:
        yield "null", path
    elif isinstance(calm, dict) and isinstance(given, dict) and calm.keys() == given.keys():
        for name in calm:
            yield from _compared(calm[name], given[name], (*path, name))
    elif isinstance(calm, list) and isinstance(given, list):
        if len(given) < len(calm):
            yield "short", path
            # A record stands for itself, not for its place; and the others keep their order.
            ids = [item["id"] for item in given]
            calm = [item for item in calm if item["id"] in ids]
        if len(given) != len(calm):
            yield "wrong", path
        for index, (was, item) in enumerate(zip(calm, given, strict=False)):
            yield from _compared(was, item, (*path, index))
    else:
        yield "wrong", path


def paths(answer: Answer) -> set[Path]:
    """Return every path that an error names: all that it counts are shown, and null stands at each."""
    named: set[Path] = set()
    for error in answer.errors:
        shown = error["extensions"].get("paths", [error["path"]])
        assert len(shown) == error["extensions"].get("count", 1)
        named |= {tuple(path) for path in shown}
    assert {path for path in named if reduce(getitem, path, answer.data) is not None} == set()
    return named


def codes(answer: Answer) -> set[str]:
    """Return the codes of an answer's errors."""
    return {error["extensions"]["code"] for error in answer.errors}
