"""Time on three axes with a writer each, and the one word that is derived of them: never a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from demo import kantata
from schema.problems import Code, Problem
from schema.rows import Ref
from schema.time_entry import ApprovalStatus, BillingStatus, PostingStatus, TimeLifecycle, before_posting, lifecycle

if TYPE_CHECKING:
    from tests.conftest import House

UNREAD = Problem(Code.UNMAPPED_VALUE, "a code that no rule maps")
POSTED, REVERSED, NOT_POSTED = PostingStatus.POSTED, PostingStatus.REVERSED, PostingStatus.NOT_POSTED
BILLED, UNBILLED = BillingStatus.BILLED, BillingStatus.UNBILLED


@pytest.mark.parametrize(
    ("posting", "billing", "word"),
    [
        (REVERSED, BILLED, TimeLifecycle.REVERSED),
        (REVERSED, UNREAD, TimeLifecycle.REVERSED),
        (POSTED, BILLED, TimeLifecycle.BILLED),
        (NOT_POSTED, BILLED, TimeLifecycle.BILLED),
        (POSTED, UNBILLED, TimeLifecycle.POSTED),
        (POSTED, BillingStatus.NOT_BILLABLE, TimeLifecycle.POSTED),
        (POSTED, BillingStatus.WRITTEN_OFF, TimeLifecycle.POSTED),
        (NOT_POSTED, UNBILLED, TimeLifecycle.APPROVED),
        (PostingStatus.REFUSED, UNBILLED, TimeLifecycle.APPROVED),
        (UNREAD, BILLED, UNREAD),
        (POSTED, UNREAD, UNREAD),
        (None, BILLED, None),
        (POSTED, None, None),
    ],
)
def test_the_furthest_axis_tells(posting: Any, billing: Any, word: Any) -> None:
    """Reversed before billed before posted before the approval; behind what cannot be read nothing is known."""
    assert lifecycle(ApprovalStatus.APPROVED, posting, billing) is word


@pytest.mark.parametrize("approval", ApprovalStatus)
def test_without_a_posting_the_approval_tells(approval: ApprovalStatus) -> None:
    """All six states of the PSA are words of their own."""
    assert before_posting(approval) == TimeLifecycle[approval.name]
    assert lifecycle(approval, NOT_POSTED, UNBILLED) == TimeLifecycle[approval.name]


def test_an_approval_that_cannot_be_read_is_no_word() -> None:
    """It stays what it is: a Problem, or nothing."""
    assert before_posting(UNREAD) is UNREAD
    assert before_posting(None) is None


ENTRIES = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on TimeEntry {
    code hours approvalStatus postingStatus postedHours lifecycle fiscalPeriod { code } } } }"""


def test_while_the_erp_is_away_nothing_is_said_on_its_behalf(house: House) -> None:
    """What the PSA says stands; posting, billing and the derived word are null with one error, and so for drafts."""
    codes = ("TE-00019", "TE-03495")
    house.misbehave("erp", "status_503")
    ids = [Ref("TimeEntry", "psa", kantata.time_entry_id(code)).encode() for code in codes]
    answer = house.ask(ENTRIES, {"ids": ids})
    nothing = dict.fromkeys(("postingStatus", "postedHours", "lifecycle", "fiscalPeriod"))
    assert answer.data["nodes"] == [
        {"code": "TE-00019", "hours": "8.00", "approvalStatus": "APPROVED", **nothing},
        {"code": "TE-03495", "hours": "7.50", "approvalStatus": "DRAFT", **nothing},
    ]
    (error,) = answer.errors
    assert (error["extensions"]["code"], error["extensions"]["count"]) == ("SOURCE_UNAVAILABLE", 8)


def test_a_cost_rate_is_not_for_everybody(house: House) -> None:
    """It is refused, and the posting is not even asked for."""
    ids = [Ref("TimeEntry", "psa", kantata.time_entry_id("TE-00019")).encode()]
    answer = house.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on TimeEntry { costRate { amount } } } }", {"ids": ids}
    )
    assert answer.data == {"nodes": [{"costRate": None}]}
    assert answer.codes == [("FORBIDDEN", ["nodes", 0, "costRate"])]
    assert house.calls("erp") == []


FAULTS = {
    "reverse": {},
    "lost": {},
    "duplicates": {},
    "strangers": {},
    "unfiltered": {},
    "bad_row": {},
    "short_page": {"rows": 1},
    "status_500": {},
    "truncated": {},
    "wrong_type": {},
}
CODES = ("TE-00019", "TE-02117", "TE-02118", "TE-03300", "TE-03495")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("role", "table"), [("psa", "time_entries"), ("erp", "NBTimePostings")])
def test_no_fault_makes_another_word(house: House, role: str, table: str, fault: str) -> None:
    """Under every fault of either owner each value is the calm one, or null with its error: never a third."""
    ids = [Ref("TimeEntry", "psa", kantata.time_entry_id(code)).encode() for code in CODES]
    calm = house.ask(ENTRIES, {"ids": ids})
    assert calm.errors == []
    assert [node["lifecycle"] for node in calm.data["nodes"]] == ["BILLED", "POSTED", "POSTED", "APPROVED", "DRAFT"]
    house.misbehave(role, fault, entity=table, **FAULTS[fault])
    answer = house.ask(ENTRIES, {"ids": ids})
    named = {tuple(path) for error in answer.errors for path in error["extensions"].get("paths", [error["path"]])}
    for index, (was, now) in enumerate(zip(calm.data["nodes"], answer.data["nodes"], strict=True)):
        if now is None:
            assert ("nodes", index) in named
            continue
        for name, value in was.items():
            assert now[name] == value or (now[name] is None and ("nodes", index, name) in named)


def test_each_owner_is_named_with_its_own_record(house: House) -> None:
    """The PSA's entry and the ERP's posting of it have ids of their own."""
    id_ = Ref("TimeEntry", "psa", kantata.time_entry_id("TE-02117")).encode()
    answer = house.ask(
        "query ($id: ID!) { node(id: $id) { ... on TimeEntry {"
        " provenance(systems: [PSA, ERP]) { system sourceId } } } }",
        {"id": id_},
    )
    assert (answer.errors, answer.data["node"]["provenance"]) == (
        [],
        [{"system": "PSA", "sourceId": "9002117"}, {"system": "ERP", "sourceId": "TR-002117"}],
    )
