"""Large relationships: pages of a list that is asked whole, without a seam, behind cursors that nobody can forge."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from colonnade.demo import over
from demo import kantata
from schema.rows import Ref
from tests.conftest import House, rewritten

if TYPE_CHECKING:
    from pathlib import Path

    from demo.firm.model import Firm
    from tests.conftest import Answer

PAGE = """query ($id: ID!, $first: Int!, $after: String) { node(id: $id) { ... on Engagement {
    timeEntries(first: $first, after: $after) { totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { code hours } } } } } }"""
PLACE = ["node", "timeEntries"]


def page(house: House, first: int, after: str | None = None, engagement: str = "ENG-009") -> Answer:
    """Ask for one page of an engagement's hours."""
    id_ = Ref("Engagement", "psa", kantata.workspace_id(engagement)).encode()
    return house.ask(PAGE, {"id": id_, "first": first, "after": after})


def shown(answer: Answer) -> Any:
    """Return the connection of an answer without errors."""
    assert answer.errors == []
    return answer.data["node"]["timeEntries"]


def codes(connection: Any) -> list[str]:
    """Return the codes on a page."""
    return [edge["node"]["code"] for edge in connection["edges"]]


@pytest.mark.parametrize("first", [30, 101, 200])
def test_pages_join_without_a_seam(house: House, firm: Firm, first: int) -> None:
    """Every entry once and in order; how many there are and whether more follows is exact on every page."""
    expected = [entry.code for entry in firm.time_entries if entry.engagement == "ENG-009"]
    assert len(expected) == 101
    seen: list[str] = []
    after = None
    while True:
        said = shown(page(house, first, after))
        cursors = [edge["cursor"] for edge in said["edges"]]
        seen += codes(said)
        assert said["totalCount"] == 101
        assert said["pageInfo"] == {
            "hasNextPage": len(seen) < 101,
            "hasPreviousPage": after is not None,
            "startCursor": cursors[0],
            "endCursor": cursors[-1],
        }
        after = cursors[-1]
        if not said["pageInfo"]["hasNextPage"]:
            break
    assert seen == expected
    behind = shown(page(house, first, after))
    assert (behind["edges"], behind["totalCount"], behind["pageInfo"]["hasNextPage"]) == ([], 101, False)


@pytest.mark.parametrize("first", [0, -1, 201])
def test_a_page_has_from_one_to_two_hundred_rows(house: House, first: int) -> None:
    """Any other size is refused before the list is asked for."""
    answer = page(house, first)
    assert answer.codes == [("BAD_INPUT", PLACE)]
    assert not [call for call in house.calls("psa") if "time_entries" in call]


def test_a_cursor_of_another_list_is_refused(house: House) -> None:
    """One of another engagement, of another field, of a root or of nobody; and the root takes none of ours."""
    ours = shown(page(house, 1))["pageInfo"]["endCursor"]
    root = house.ask("{ engagements(first: 1) { pageInfo { endCursor } } }").data["engagements"]["pageInfo"][
        "endCursor"
    ]
    spent = house.ask(
        """{ engagements(first: 1) { edges { node { expenses(first: 1) { pageInfo { endCursor } } } } } }"""
    )
    expense = spent.data["engagements"]["edges"][0]["node"]["expenses"]["pageInfo"]["endCursor"]
    house.calm()
    for cursor in (shown(page(house, 1, engagement="ENG-001"))["pageInfo"]["endCursor"], root, expense, ours[:-1], ""):
        house.calm()
        assert page(house, 1, cursor).codes == [("MALFORMED_CURSOR", PLACE)]
        assert not [call for call in house.calls("psa") if "time_entries" in call]
    assert house.ask(f'{{ engagements(after: "{ours}") {{ totalCount }} }}').codes == [
        ("MALFORMED_CURSOR", ["engagements"])
    ]


def test_a_list_that_changes_behind_a_cursor(house: House) -> None:
    """A place is its row: the next ones follow it wherever it has moved, and nothing is guessed once it is gone."""
    edges = shown(page(house, 5))["edges"]
    house.misbehave("psa", "gap", entity="time_entries")
    said = shown(page(house, 2, edges[2]["cursor"]))
    assert codes(said) == [edge["node"]["code"] for edge in edges[3:]]
    assert said["totalCount"] == 100
    gone = page(house, 2, edges[0]["cursor"])
    assert gone.codes == [("MALFORMED_CURSOR", PLACE)]
    assert gone.errors[0]["message"] == "the list has changed behind this cursor; begin again"


def test_an_entry_that_cannot_be_read_keeps_its_place(house: House) -> None:
    """It is null with its error, counted, and the list goes on behind it."""
    house.misbehave("psa", "bad_row", entity="time_entries")
    first = page(house, 1)
    assert first.codes == [("BAD_ROW", [*PLACE, "edges", 0, "node"])]
    said = first.data["node"]["timeEntries"]
    assert (said["totalCount"], said["edges"][0]["node"]) == (101, None)
    behind = shown(page(house, 1, said["pageInfo"]["endCursor"]))
    house.calm()
    assert codes(behind) == codes(shown(page(house, 2)))[1:]


def test_a_silent_gap_is_no_shorter_list(house: House) -> None:
    """An answer that counts more than it shows is not believed, and nothing of it is shown."""
    house.misbehave("psa", "lost", entity="time_entries")
    assert page(house, 10).codes == [("SOURCE_MISBEHAVED", PLACE)]


def test_more_than_may_be_read_at_once(house: House, tmp_path: Path) -> None:
    """Beyond the source's bound the list is TOO_MANY, not its beginning."""
    (delivery,) = (system for system in house.bound if system.role == "psa")
    bounded = rewritten(delivery, tmp_path, "[limits]", "[limits]\npages = 1")
    with over([bounded]) as graph:
        small = House(graph)
        assert shown(page(small, 1))["totalCount"] == 101
        assert page(small, 1, engagement="ENG-007").codes == [("TOO_MANY", PLACE)]


def test_the_call_law(house: House, firm: Firm) -> None:
    """Twenty engagements a call and the source's own pages for time, one a call for expenses; facets two hundred."""
    answer = house.ask("""{ engagements(first: 50) { edges { node {
        timeEntries(first: 3) { edges { node { postingStatus lifecycle } } }
        expenses(first: 3) { edges { node { postingStatus } } } } } } }""")
    assert answer.errors == []
    asked = [parse_qs(urlsplit(call).query) for call in house.calls("psa") if "/time_entries" in call]
    chunks = {tuple(query["workspace_ids"][0].split(",")) for query in asked}
    assert sorted(len(chunk) for chunk in chunks) == [3, 20]
    worked = Counter(kantata.workspace_id(entry.engagement) for entry in firm.time_entries)
    assert len(asked) == sum(ceil(sum(worked[id_] for id_ in chunk) / 200) for chunk in chunks)
    calls = Counter(urlsplit(call).path for call in house.calls("psa", "erp"))
    assert calls["GET /api/v1/expenses.json"] == 23
    assert calls["GET /data/NBTimePostings"] == calls["GET /data/NBExpensePostings"] == 1


def test_two_roads_to_the_same_hours_are_one_question(house: House) -> None:
    """A project's and a booking's entries are the engagement's, kept by their parent: asked once for all of them."""
    id_ = Ref("Engagement", "psa", kantata.workspace_id("ENG-009")).encode()
    answer = house.ask(
        """query ($id: ID!) { node(id: $id) { ... on Engagement {
            projects { children { children { timeEntries(first: 200) { totalCount } } } } } } }""",
        {"id": id_},
    )
    phases = [
        phase["timeEntries"]["totalCount"]
        for project in answer.data["node"]["projects"]
        for stream in project["children"]
        for phase in stream["children"]
    ]
    assert (answer.errors, sum(phases)) == ([], 101)
    assert len([call for call in house.calls("psa") if "/time_entries" in call]) == 1
