"""The roots: pages that join without a seam, cursors that nobody can forge, and nodes in the order of their ids."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from colonnade.demo import over
from demo import dynamics, kantata
from schema.rows import Ref
from tests.conftest import Answer, House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.firm.model import Firm

ROOTS = {"engagements": ("psa", "code"), "invoices": ("erp", "number"), "resources": ("hr", "employeeNumber")}


class NearHouse(House):
    """The house asked over one connection: a walk in steps of one is many requests."""

    def __init__(self, house: House, http: httpx.Client) -> None:
        """Stand in for a house."""
        super().__init__(house.running)
        self._http = http

    def ask(self, query: str, variables: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Ask the graph over HTTP."""
        response = self._http.post(
            self.url, json={"query": query, "variables": variables or {}}, headers=self.signed | (headers or {})
        )
        content = response.json()
        return Answer(content.get("data"), content.get("errors", []), response.headers)


@pytest.fixture(scope="module")
def near(running: House) -> Iterator[NearHouse]:
    """The running house over one connection."""
    running.calm()
    with httpx.Client(trust_env=False, verify=False, timeout=30) as http:  # noqa: S501  there is no TLS here
        yield NearHouse(running, http)


def codes(firm: Firm, root: str) -> list[str]:
    """Return what the list must show, in the order of the owner's ids."""
    if root == "engagements":
        return [engagement.code for engagement in firm.engagements]
    if root == "invoices":
        return sorted(invoice.number for invoice in firm.invoices)
    return [person.employee_number for person in sorted(firm.people, key=lambda person: person.code)]


def page(house: House, root: str, first: int, after: str | None = None) -> Answer:
    """Ask for one page."""
    return house.ask(
        f"""query ($first: Int!, $after: String) {{ {root}(first: $first, after: $after) {{
            totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
            edges {{ cursor node {{ code: {ROOTS[root][1]} }} }} }} }}""",
        {"first": first, "after": after},
    )


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("first", [1, 7, 200])
def test_pages_join_without_a_seam(near: NearHouse, firm: Firm, root: str, first: int) -> None:
    """Every record exactly once and in order; whether more follows and how many there are is exact on every page."""
    expected = codes(firm, root)
    seen: list[str] = []
    after = None
    while True:
        answer = page(near, root, first, after)
        assert answer.errors == []
        said = answer.data[root]
        cursors = [edge["cursor"] for edge in said["edges"]]
        assert [edge["node"]["code"] for edge in said["edges"]] == expected[len(seen) : len(seen) + first]
        seen += [edge["node"]["code"] for edge in said["edges"]]
        assert said["totalCount"] == len(expected)
        assert said["pageInfo"] == {
            "hasNextPage": len(seen) < len(expected),
            "hasPreviousPage": after is not None,
            "startCursor": cursors[0],
            "endCursor": cursors[-1],
        }
        if not said["pageInfo"]["hasNextPage"]:
            break
        after = cursors[-1]
    assert seen == expected


@pytest.mark.parametrize("root", ROOTS)
def test_a_list_goes_on_behind_any_of_its_rows(near: NearHouse, firm: Firm, root: str) -> None:
    """A cursor is a place, not a page: from the middle of one page on, with pages of another size."""
    edges = page(near, root, 20).data[root]["edges"]
    rest = page(near, root, 4, edges[10]["cursor"]).data[root]["edges"]
    assert [edge["node"]["code"] for edge in rest] == codes(firm, root)[11:15]
    assert [edge["cursor"] for edge in rest] == [edge["cursor"] for edge in edges[11:15]]


@pytest.mark.parametrize("root", ROOTS)
def test_behind_the_last_row_there_is_nothing(near: NearHouse, root: str) -> None:
    """The page behind the end is empty, and still knows how many there are."""
    last = page(near, root, 200).data[root]
    said = page(near, root, 5, last["pageInfo"]["endCursor"])
    assert said.errors == []
    assert said.data[root] == {
        "totalCount": last["totalCount"],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None},
        "edges": [],
    }


def raw(cursor: str) -> bytes:
    """Return a cursor's bytes."""
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def text(cursor: bytes) -> str:
    """Return the cursor that these bytes would be."""
    return base64.urlsafe_b64encode(cursor).decode().rstrip("=")


FORGERIES: dict[str, Callable[[str], str]] = {
    "empty": lambda _cursor: "",
    "truncated": lambda cursor: cursor[:-1],
    "half": lambda cursor: cursor[: len(cursor) // 2],
    "signature alone": lambda cursor: text(raw(cursor)[:16]),
    "signature cut": lambda cursor: text(raw(cursor)[1:]),
    "no signature": lambda cursor: text(bytes(16) + raw(cursor)[16:]),
    "another place": lambda cursor: text(raw(cursor).replace(b"INV-26", b"INV-27")),
    "another list": lambda cursor: text(raw(cursor).replace(b"Invoice", b"Contract")),
    "another binding": lambda cursor: text(raw(cursor).replace(b"erp", b"crm")),
    "one bit": lambda cursor: text(raw(cursor)[:-1] + bytes([raw(cursor)[-1] ^ 1])),
    "longer": lambda cursor: cursor + "AAAA",
    "padded": lambda cursor: cursor + "=" * (-len(cursor) % 4 or 4),
    "line break": lambda cursor: f"{cursor[:8]}\n{cursor[8:]}",
    "foreign signs": lambda cursor: f"{cursor[:8]}!*{cursor[8:]}",
    "no base64": lambda _cursor: "\u20ac\U0001f600",
    "an id": lambda _cursor: Ref("Invoice", "erp", "INV-2602-008").encode(),
    "a number": lambda _cursor: "20",
    "a book": lambda cursor: cursor * 200,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_cursor_that_was_not_issued_is_refused(near: NearHouse, forgery: str) -> None:
    """Forged, cut or decorated: MALFORMED_CURSOR, and the owner is not even asked."""
    cursor = page(near, "invoices", 5).data["invoices"]["pageInfo"]["endCursor"]
    forged = FORGERIES[forgery](cursor)
    assert forged != cursor
    near.calm()
    answer = page(near, "invoices", 5, forged)
    assert answer.data == {"invoices": None}
    assert answer.codes == [("MALFORMED_CURSOR", ["invoices"])]
    assert answer.errors[0]["message"] == "this cursor was not issued for this list"
    assert near.calls() == []


@pytest.mark.parametrize("root", ["engagements", "resources", "customers", "opportunities", "legalEntities"])
def test_a_cursor_of_another_list_is_refused(near: NearHouse, root: str) -> None:
    """A place among the invoices is none among others."""
    cursor = page(near, "invoices", 5).data["invoices"]["pageInfo"]["endCursor"]
    answer = near.ask(f'{{ {root}(after: "{cursor}") {{ totalCount }} }}')
    assert (answer.data, answer.codes) == ({root: None}, [("MALFORMED_CURSOR", [root])])


def test_a_cursor_of_another_firms_graph_is_refused(near: NearHouse) -> None:
    """The same list over the same systems, signed with another secret."""
    with over(near.bound) as other:
        cursor = page(House(other), "invoices", 5).data["invoices"]["pageInfo"]["endCursor"]
    assert page(near, "invoices", 5, cursor).codes == [("MALFORMED_CURSOR", ["invoices"])]


@pytest.mark.parametrize("first", [0, 201, -1, 10_000])
@pytest.mark.parametrize("root", ROOTS)
def test_a_page_has_from_one_to_two_hundred_rows(near: NearHouse, root: str, first: int) -> None:
    """Any other size is the caller's mistake, and nobody is asked."""
    near.calm()
    answer = page(near, root, first)
    if first > 1_000_000:
        # What it would cost is seen before anything is executed.
        assert answer.errors[0]["extensions"]["code"] == "COST_EXCEEDED"
    else:
        assert answer.data == {root: None}
        assert answer.codes == [("BAD_INPUT", [root])]
        assert answer.errors[0]["message"] == "'first' must be from 1 to 200"
    assert answer.errors[0]["extensions"]["retryable"] is False
    assert near.calls() == []


NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


def test_nodes_come_in_the_order_of_their_ids(near: NearHouse) -> None:
    """Each id has its own record at its own place, twice if it was asked twice; the owner is asked once."""
    engagements = [Ref("Engagement", "psa", kantata.workspace_id(f"ENG-{n:03}")).encode() for n in (3, 1, 2, 3, 1)]
    invoice = Ref("Invoice", "erp", dynamics.invoice_number("INV-2602-008")).encode()
    ids = [*engagements[:2], invoice, *engagements[2:]]
    near.calm()
    answer = near.ask(NODES, {"ids": ids})
    assert answer.errors == []
    assert [node["id"] for node in answer.data["nodes"]] == ids
    assert [node["__typename"] for node in answer.data["nodes"]] == ["Engagement"] * 2 + ["Invoice"] + [
        "Engagement"
    ] * 3
    assert len(near.calls("psa")) == 1
    assert len(near.calls("erp")) == 1


def test_an_unknown_id_is_null_without_an_error(near: NearHouse) -> None:
    """That nobody is there is an answer (Relay's convention), for `node` as for `nodes`; the others are there."""
    known = Ref("Resource", "hr", dynamics.personnel_number("RES-023")).encode()
    nobody = [Ref("Resource", "hr", "999999").encode(), Ref("Engagement", "psa", "1").encode()]
    answer = near.ask(NODES, {"ids": [nobody[0], known, nobody[1]]})
    assert answer.errors == []
    assert [node and node["id"] for node in answer.data["nodes"]] == [None, known, None]
    for id_ in nobody:
        answer = near.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": id_})
        assert (answer.data, answer.errors) == ({"node": None}, [])


def test_an_id_that_was_not_issued_is_null_with_its_error(near: NearHouse) -> None:
    """It can't be anybody's: MALFORMED_ID at its place, the others stand."""
    known = Ref("Resource", "hr", dynamics.personnel_number("RES-023")).encode()
    ids = ["nonsense", known, "", Ref("Resource", "psa", "8100023").encode(), Ref("Nobody", "hr", "1").encode()]
    answer = near.ask(NODES, {"ids": ids})
    assert [node and node["id"] for node in answer.data["nodes"]] == [None, known, None, None, None]
    assert sorted(answer.codes) == [("MALFORMED_ID", ["nodes", index]) for index in (0, 2, 3, 4)]


def test_a_binding_that_is_not_there_is_not_offered(near: NearHouse) -> None:
    """An id of a second HR that this firm does not run: null, and why."""
    answer = near.ask(NODES, {"ids": [Ref("Resource", "hr.north", "000123").encode()]})
    assert answer.data == {"nodes": [None]}
    assert answer.codes == [("NOT_OFFERED", ["nodes", 0])]


def test_two_hundred_nodes_at_once_and_no_more(near: NearHouse, firm: Firm) -> None:
    """Two hundred ids are one batch; one more is refused before anybody is asked."""
    ids = [Ref("Resource", "hr", dynamics.personnel_number(person.code)).encode() for person in firm.people] * 5
    near.calm()
    answer = near.ask(NODES, {"ids": ids[:200]})
    assert answer.errors == []
    assert [node["id"] for node in answer.data["nodes"]] == ids[:200]
    assert len(near.calls()) == 1
    near.calm()
    answer = near.ask(NODES, {"ids": ids[:201]})
    assert answer.data == {"nodes": None}
    assert answer.codes == [("BAD_INPUT", ["nodes"])]
    assert answer.errors[0]["message"] == "'ids' may hold 200 at most"
    assert near.calls() == []
    assert near.ask(NODES, {"ids": []}).data == {"nodes": []}
