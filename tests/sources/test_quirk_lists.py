"""The lists of the roots under every quirk: no record twice, none lost without a word, none with another's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from tests.sources.conftest import NearHouse

pytestmark = pytest.mark.sweep

# Root: the role that owns it, what is asked of each record, how many there are.
LISTS = {
    "engagements": ("psa", "id name plannedRevenue { amount }", 23),
    "invoices": ("erp", "id number net { amount }", 36),
    "resources": ("hr", "id displayName workSchedule { hoursPerWeek }", 48),
}
FIRST = 7


class Walked(NamedTuple):
    """A list walked by its cursors to its end, or to the page that is an error."""

    nodes: list[Any]
    cursors: list[str]
    totals: list[int | None]
    bad: list[str]
    ended: str | None


def walk(house: NearHouse, root: str, first: int = FIRST) -> Walked:
    """Follow a list from page to page."""
    query = f"""query ($after: String) {{ {root}(first: {first}, after: $after) {{
        totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {LISTS[root][1]} }} }} }} }}"""
    walked = Walked([], [], [], [], None)
    after = None
    while True:
        answer = house.ask(query, {"after": after})
        page = answer.data[root]
        if page is None:
            ((code, _),) = answer.codes
            return walked._replace(ended=code)
        walked.totals.append(page["totalCount"])
        walked.bad.extend(code for code, _ in answer.codes)
        walked.nodes.extend(edge["node"] for edge in page["edges"])
        walked.cursors.extend(edge["cursor"] for edge in page["edges"])
        assert len(page["edges"]) <= first
        if not page["pageInfo"]["hasNextPage"]:
            return walked
        after = page["pageInfo"]["endCursor"]


@pytest.fixture(scope="module")
def calm(near: NearHouse) -> dict[str, Walked]:
    """The lists while every system behaves."""
    near.calm()
    return {root: walk(near, root) for root in LISTS}


def assert_true(walked: Walked, calm: Walked) -> None:
    """Assert that every record is one of the calm list, with its own values, and that none comes twice."""
    truth = {node["id"]: node for node in calm.nodes}
    nodes = [node for node in walked.nodes if node is not None]
    assert [node for node in nodes if node != truth[node["id"]]] == []
    assert len({node["id"] for node in nodes}) == len(nodes)
    assert len(set(walked.cursors)) == len(walked.cursors) == len(walked.nodes)


@pytest.mark.parametrize("root", LISTS)
def test_calm_lists_are_whole(calm: dict[str, Walked], root: str) -> None:
    """Every record is there once, and every page tells how many there are."""
    walked = calm[root]
    assert_true(walked, walked)
    assert (len(walked.nodes), walked.bad, walked.ended) == (LISTS[root][2], [], None)
    assert set(walked.totals) == {LISTS[root][2]}


@pytest.mark.parametrize("root", LISTS)
@pytest.mark.parametrize("rows", [1, 3])
def test_short_pages_are_walked_exactly_once(house: NearHouse, calm: dict[str, Walked], root: str, rows: int) -> None:
    """A server whose pages are shorter than asked changes nothing: same records, same cursors, same totals."""
    house.misbehave(LISTS[root][0], "short_page", rows=rows)
    assert walk(house, root) == calm[root]


@pytest.mark.parametrize("root", LISTS)
def test_a_record_that_comes_twice_is_shown_once(house: NearHouse, calm: dict[str, Walked], root: str) -> None:
    """Doubled rows are dropped, and a source that counts them so is not believed on the total."""
    house.misbehave(LISTS[root][0], "duplicates")
    walked = walk(house, root)
    assert walked.nodes == calm[root].nodes
    assert (walked.bad, walked.ended, walked.totals[0]) == ([], None, None)


@pytest.mark.parametrize("root", LISTS)
def test_a_bad_record_is_null_in_its_place(house: NearHouse, calm: dict[str, Walked], root: str) -> None:
    """A record that cannot be read is null with BAD_ROW, has its cursor, and the list goes on behind it."""
    house.misbehave(LISTS[root][0], "bad_row")
    walked = walk(house, root)
    holes = [index for index, node in enumerate(walked.nodes) if node is None]
    assert walked.nodes == [None if i in holes else node for i, node in enumerate(calm[root].nodes)]
    assert (walked.cursors, walked.totals, walked.ended) == (calm[root].cursors, calm[root].totals, None)
    # Its first row is bad in every answer: of a counted list that is the first of all, else the first of each page.
    assert holes == ([0] if root == "engagements" else list(range(0, LISTS[root][2], FIRST)))
    assert walked.bad == ["BAD_ROW"] * len(holes)


def test_a_counted_list_in_another_order_is_walked_in_that_order(house: NearHouse, calm: dict[str, Walked]) -> None:
    """Where places are counted, a list in reverse is whole all the same."""
    house.misbehave("psa", "reverse")
    walked = walk(house, "engagements")
    assert walked.nodes == calm["engagements"].nodes[::-1]
    assert (walked.bad, walked.ended) == ([], None)


@pytest.mark.parametrize("root", ["invoices", "resources"])
def test_a_list_by_id_in_another_order_is_refused(house: NearHouse, root: str) -> None:
    """Where ids are the places, going on from an id of a list in reverse would pass records over: not a page of it."""
    house.misbehave(LISTS[root][0], "reverse")
    assert walk(house, root) == Walked([], [], [], [], "SOURCE_MISBEHAVED")


@pytest.mark.parametrize("root", LISTS)
def test_rows_that_are_counted_and_not_sent_end_in_an_error(
    house: NearHouse, calm: dict[str, Walked], root: str
) -> None:
    """A list that ends before its count is not taken for whole."""
    house.misbehave(LISTS[root][0], "lost")
    walked = walk(house, root)
    assert_true(walked, calm[root])
    assert walked.ended == "SOURCE_MISBEHAVED"
    assert walk(house, root, first=200) == Walked([], [], [], [], "SOURCE_MISBEHAVED")


@pytest.mark.parametrize("root", LISTS)
def test_what_a_source_does_not_know_of_is_not_there(house: NearHouse, calm: dict[str, Walked], root: str) -> None:
    """A row that is neither sent nor counted is absent, once for every answer; all others are there, in order."""
    house.misbehave(LISTS[root][0], "gap")
    walked = walk(house, root)
    assert_true(walked, calm[root])
    assert (walked.bad, walked.ended) == ([], None)
    kept = [node["id"] for node in walked.nodes]
    assert kept == [node["id"] for node in calm[root].nodes if node["id"] in kept]
    assert len(walk(house, root, first=200).nodes) == LISTS[root][2] - 1


@pytest.mark.parametrize("root", LISTS)
@pytest.mark.parametrize("quirk", ["strangers", "unfiltered"])
def test_strangers_are_not_shown_as_further_records(
    house: NearHouse, calm: dict[str, Walked], quirk: str, root: str
) -> None:
    """A row from before the cursor is never shown again: the list is whole, or the page that it comes on an error."""
    house.misbehave(LISTS[root][0], quirk)
    walked = walk(house, root)
    assert_true(walked, calm[root])
    if root == "engagements":
        assert walked == calm[root]
    else:
        assert walked.ended == "SOURCE_MISBEHAVED"
        assert walked.nodes == calm[root].nodes[: len(walked.nodes)]


@pytest.mark.parametrize("quirk", ["gap", "reverse"])
def test_a_counted_list_that_changes_under_a_cursor_says_so(house: NearHouse, quirk: str) -> None:
    """Counting on after records went or moved would lose one or show one twice: the cursor is no longer taken."""
    query = "query ($after: String) { engagements(first: 5, after: $after) { pageInfo { endCursor } } }"
    cursor = house.ask(query).data["engagements"]["pageInfo"]["endCursor"]
    house.misbehave("psa", quirk)
    answer = house.ask(query, {"after": cursor})
    assert answer.data == {"engagements": None}
    assert answer.codes == [("MALFORMED_CURSOR", ["engagements"])]
    assert answer.errors[0]["message"] == "the list of PSA has changed behind this cursor; begin again"
    house.calm()
    assert house.ask(query, {"after": cursor}).errors == []
