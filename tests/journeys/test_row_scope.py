"""Everybody sees their own rows, on every road, and nobody learns whether there are others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from colonnade.demo import over
from demo import bamboohr, dynamics, kantata, salesforce
from demo.issuer import Persona
from demo.systems import Emulated, misbehave
from schema.rows import Ref
from sources import bonds
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from demo.firm.model import Engagement, Firm, Invoice, TimeEntry
    from demo.systems import Bound
    from tests.conftest import Answer

NODE = """query($id: ID!) { node(id: $id) { __typename
  ... on Engagement { code } ... on TimeEntry { code } ... on Invoice { number } } }"""
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
ENTITIES = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Node { id } } }"
OWN = "{ engagements(first: 50) { totalCount edges { node { code } } } }"
REFUSED = "you may not read this"


# By a short name: a persona of the demo, or somebody else with a link of the demo's, or with none.
PEOPLE: dict[str, str | Persona] = {
    "cora": "consultant",
    "mona": "engagement-manager",
    "finn": "finance",
    "clara": "client-contact",
    "both": Persona("both", "northbeam.10022", "", ("consultant", "engagement-manager")),
    "stella": Persona("stella", "northbeam.10005", "", ("integration-steward", "consultant")),
    "una": Persona("una", "strangers.1", "", ("consultant",)),
    "noel": Persona("noel", "northbeam.10018", "", ("unheard-of",)),
}


class Scoped(NamedTuple):
    """The graph, asked as somebody."""

    house: House

    def token(self, who: str) -> dict[str, str]:
        """Return how somebody signs in."""
        return {"Authorization": f"Bearer {self.house.running.issuer.token(PEOPLE[who])}"}

    def ask(self, who: str, query: str, **variables: Any) -> Answer:
        """Ask as somebody."""
        return self.house.ask(query, variables, self.token(who))

    def called(self, who: str, query: str, **variables: Any) -> tuple[Answer, list[tuple[str, str]]]:
        """Ask, and tell which systems were called on which paths."""
        for system in self.house.bound:
            system.traffic.clear()
        answer = self.ask(who, query, **variables)
        calls = [(system.role, call) for system in self.house.bound for call in system.traffic.calls()]
        return answer, sorted((role, call.partition("?")[0]) for role, call in calls)


@pytest.fixture(scope="module")
def scoped(systems: Sequence[Bound], opened: Path) -> Iterator[Scoped]:
    """The whole firm, asked by its people; what belongs to them is found once, for calls are counted."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bonds, "SECONDS", 3_600)
        with over(systems, policy=opened) as running:
            yield Scoped(House(running))


@pytest.fixture
def fresh(systems: Sequence[Bound], opened: Path) -> Iterator[Scoped]:
    """The same, and nothing is known yet of who holds what."""
    with over(systems, policy=opened) as running:
        yield Scoped(House(running))


def staffed(firm: Firm, person: str) -> set[str]:
    """Return the engagements that somebody is assigned to."""
    return {booking.engagement for booking in firm.assignments if booking.person == person}


def held(firm: Firm, who: str) -> set[str]:
    """Return the codes of somebody's engagements, as the firm knows them."""
    own: dict[str, Callable[[Engagement], bool]] = {
        "cora": lambda one: one.code in staffed(firm, "RES-018"),
        "mona": lambda one: one.manager == "RES-022",
        "both": lambda one: one.manager == "RES-022" or one.code in staffed(firm, "RES-022"),
        "finn": lambda one: one.entity == "NB-UK",
        "clara": lambda one: one.customer == "CUS-07",
    }
    return {one.code for one in firm.engagements if own[who](one)}


def hours(firm: Firm, who: str) -> set[str]:
    """Return the codes of the time entries that somebody sees."""
    engagements = held(firm, who)
    own: dict[str, Callable[[TimeEntry], bool]] = {
        "cora": lambda one: one.person == "RES-018",
        "mona": lambda one: one.engagement in engagements,
        "both": lambda one: one.person == "RES-022" or one.engagement in held(firm, "mona"),
        "finn": lambda one: one.engagement in engagements,
        "clara": lambda _: False,
    }
    return {one.code for one in firm.time_entries if own[who](one)}


def billed(firm: Firm, who: str) -> set[str]:
    """Return the numbers of the documents that somebody sees."""
    engagements = held(firm, who)
    own: dict[str, Callable[[Invoice], bool]] = {
        "cora": lambda _: False,
        "mona": lambda one: one.engagement in engagements,
        "finn": lambda one: one.entity == "NB-UK",
        "clara": lambda one: one.customer == "CUS-07" and one.document_status == "POSTED",
    }
    return {one.number for one in firm.invoices if own[who](one)}


def engagement(code: str) -> str:
    """Return an engagement's id."""
    return Ref("Engagement", "psa", kantata.workspace_id(code)).encode()


def entry(code: str) -> str:
    """Return a time entry's id."""
    return Ref("TimeEntry", "psa", kantata.time_entry_id(code)).encode()


def document(number: str) -> str:
    """Return an invoice's id."""
    return Ref("Invoice", "erp", number).encode()


def nodes(answer: Answer, root: str) -> list[Any]:
    """Return the records of a list that came without an error."""
    assert answer.errors == []
    return [edge["node"] for edge in answer.data[root]["edges"]]


def pages(scoped: Scoped, who: str, root: str, field: str) -> set[str]:
    """Read a root list to its end; its count is that of what was seen."""
    found: list[str] = []
    after, total = None, None
    while True:
        answer = scoped.ask(
            who,
            f"query($after: String) {{ {root}(first: 200, after: $after)"
            f" {{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {field} }} }} }} }}",
            after=after,
        )
        found += [node[field] for node in nodes(answer, root)]
        total = answer.data[root]["totalCount"]
        if not answer.data[root]["pageInfo"]["hasNextPage"]:
            break
        after = answer.data[root]["pageInfo"]["endCursor"]
    assert len(found) == len(set(found))
    assert total in {len(found), None}
    return set(found)


@pytest.mark.parametrize("who", ["cora", "mona", "both", "finn", "clara"])
def test_own_engagements_on_every_road(scoped: Scoped, firm: Firm, who: str) -> None:
    """The list, ids, ids of another subgraph and an alias lead to the same ones, and to no other."""
    mine = held(firm, who)
    assert mine
    assert mine != {one.code for one in firm.engagements}
    assert pages(scoped, who, "engagements", "code") == mine
    codes = [one.code for one in firm.engagements]
    ids = [engagement(code) for code in codes]
    by_id = scoped.ask(who, NODES, ids=ids)
    assert [node is not None for node in by_id.data["nodes"]] == [code in mine for code in codes]
    references = [{"__typename": "Engagement", "id": id_} for id_ in ids]
    federated = scoped.ask(who, ENTITIES, r=references)
    assert [node is not None for node in federated.data["_entities"]] == [code in mine for code in codes]
    aliased = " ".join(f'a{n}: node(id: "{id_}") {{ ...one }}' for n, id_ in enumerate(ids))
    fragment = scoped.ask(who, f"{{ {aliased} }} fragment one on Engagement {{ code projects {{ code }} }}")
    assert {node["code"] for node in fragment.data.values() if node} == mine
    for answer in (by_id, federated):
        assert {(error["message"], error["extensions"]["code"]) for error in answer.errors} == {(REFUSED, "FORBIDDEN")}


@pytest.mark.parametrize("who", ["cora", "mona", "finn"])
def test_own_hours_on_every_road(scoped: Scoped, firm: Firm, who: str) -> None:
    """The list, an engagement's and a project's hours, ids: what may be seen is counted, and nothing else."""
    mine = hours(firm, who)
    assert pages(scoped, who, "timeEntries", "code") == mine
    answer = scoped.ask(
        who,
        "{ engagements(first: 50) { edges { node { code timeEntries(first: 200) { totalCount edges { node { code } } }"
        " projects { timeEntries(first: 1) { totalCount } } } } } }",
    )
    assert answer.errors == []
    of = {one.code: one.engagement for one in firm.time_entries}
    for node in nodes(answer, "engagements"):
        expected = {code for code in mine if of[code] == node["code"]}
        assert node["timeEntries"]["totalCount"] == len(expected)
        assert {edge["node"]["code"] for edge in node["timeEntries"]["edges"]} <= expected
        assert all(one["timeEntries"]["totalCount"] <= len(expected) for one in node["projects"])
    sample = sorted(of)[::35]
    by_id = scoped.ask(who, NODES, ids=[entry(code) for code in sample])
    assert [node is not None for node in by_id.data["nodes"]] == [code in mine for code in sample]


def test_a_colleagues_rows_are_left_out_and_not_asked_for(scoped: Scoped, firm: Firm) -> None:
    """Everybody is seen by name; hours, bookings, leave and addresses of all but one are not, and cost no call."""
    cora = next(person for person in firm.people if person.code == "RES-018")
    answer, calls = scoped.called(
        "cora",
        "{ resources(first: 50) { edges { node { displayName workEmail assignments { code }"
        " timeEntries(first: 1) { totalCount } absences { id } } } } }",
    )
    people = {edge["node"].pop("displayName"): edge["node"] for edge in answer.data["resources"]["edges"]}
    assert people.keys() == {person.name for person in firm.people}
    own = people.pop(cora.name)
    assert own["workEmail"] == cora.email
    assert {one["code"] for one in own["assignments"]} == {
        booking.code for booking in firm.assignments if booking.person == cora.code
    }
    assert own["timeEntries"]["totalCount"] == len(hours(firm, "cora"))
    assert len(own["absences"]) == len([one for one in firm.absences if one.person == cora.code])
    nothing: dict[str, Any] = {"workEmail": None, "assignments": [], "timeEntries": {"totalCount": 0}, "absences": None}
    assert list(people.values()) == [nothing] * (len(firm.people) - 1)
    assert {error["extensions"]["restriction"] for error in answer.errors} == {"ABSENCE", "PERSONAL"}
    # One person's hours and bookings, not those of forty-eight.
    assert [call for call in calls if call[0] == "psa"] == [
        ("psa", "GET /api/v1/time_entries.json"),
        ("psa", "GET /api/v1/workspace_allocations.json"),
    ]


@pytest.mark.parametrize("who", ["mona", "finn", "clara"])
def test_own_documents_on_every_road(scoped: Scoped, firm: Firm, who: str) -> None:
    """The list, a customer's documents and ids; their lines come with them, and not by their own ids."""
    mine = billed(firm, who)
    assert pages(scoped, who, "invoices", "number") == mine
    linked = scoped.ask(who, "{ customers(first: 50) { edges { node { invoices { number lines { id } } } } } }")
    found = [one for node in nodes(linked, "customers") for one in node["invoices"]]
    assert {one["number"] for one in found} == mine
    lines = {line["id"] for one in found for line in one["lines"]}
    assert len(lines) == sum(len(one.lines) for one in firm.invoices if one.number in mine)
    numbers = [one.number for one in firm.invoices]
    by_id = scoped.ask(who, NODES, ids=[document(number) for number in numbers])
    assert [node is not None for node in by_id.data["nodes"]] == [number in mine for number in numbers]
    for id_ in (min(lines), Ref("InvoiceLine", "erp", "INV-0").encode()):
        answer, calls = scoped.called(who, NODE, id=id_)
        assert (answer.data, [error["message"] for error in answer.errors], calls) == ({"node": None}, [REFUSED], [])


def test_a_row_behind_a_row_is_held_against_the_scope_again(scoped: Scoped, firm: Firm) -> None:
    """There and back: from the hours of a project to the person, and from the person to what others may not see."""
    answer = scoped.ask(
        "mona",
        "{ engagements(first: 50) { edges { node { assignments { resource { displayName assignments {"
        " engagement { code } } timeEntries(first: 200) { edges { node { engagement { code } } } } } } } } } }",
    )
    assert answer.errors == []
    seen = {
        one["engagement"]["code"]
        for node in nodes(answer, "engagements")
        for booking in node["assignments"]
        for one in (
            *booking["resource"]["assignments"],
            *(edge["node"] for edge in booking["resource"]["timeEntries"]["edges"]),
        )
    }
    assert seen
    assert seen <= held(firm, "mona")


def test_a_client_sees_nothing_of_people_rates_and_margins(scoped: Scoped, firm: Firm) -> None:
    """Engagements, milestones and posted documents, and no call for anything else."""
    answer, calls = scoped.called(
        "clara",
        "{ engagements { edges { node { code plannedCost { amount } manager { displayName } assignments { id }"
        " timeEntries { totalCount } billingEvents { id } contract { id }"
        " milestones { code billingEvent { id } } } } } }",
    )
    for edge in answer.data["engagements"]["edges"]:
        node = edge["node"]
        codes = {one["code"] for one in node.pop("milestones")}
        assert codes == {one.code for one in firm.milestones if one.engagement == node["code"]}
        assert {value for name, value in node.items() if name != "code"} == {None}
    assert {error["extensions"]["code"] for error in answer.errors} == {"FORBIDDEN"}
    assert {role for role, _ in calls} == {"psa"}
    roots = [
        "resources",
        "absences",
        "timeEntries",
        "expenses",
        "rateCards",
        "opportunities",
        "contracts",
        "billingEvents",
        "projects",
    ]
    everything = scoped.ask("clara", "{" + " ".join(f"{root} {{ totalCount }}" for root in roots) + "}")
    assert set(everything.data.values()) == {None}


def said(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
    """Return what the errors say, without what every request has of its own."""
    return [
        (error["message"], {name: value for name, value in error["extensions"].items() if name != "correlationId"})
        for error in answer.errors
    ]


PROBES = {
    "engagement": ("Engagement", "psa", kantata.workspace_id("ENG-014"), "99999999"),
    "hours": ("TimeEntry", "psa", kantata.time_entry_id("TE-00001"), "99999999"),
    "document": ("Invoice", "erp", "INV-2601-003", "INV-2601-999"),
    "leave": ("Absence", "hr", bamboohr.request_id("ABS-001"), "99999"),
    "customer": ("Customer", "crm", salesforce.account_id("CUS-13"), salesforce.account_id("CUS-13")[:-1] + "Z"),
    "task": ("Task", "psa", kantata.story_id("ENG-014-W1-DESIGN-T1"), "99999999"),
    "contract": ("Contract", "erp", dynamics.contract_id("CON-003"), "CON-999"),
    "line": ("ContractLine", "erp", dynamics.contract_line_id("CON-003-L1"), "CON-999-1"),
}


# Who manages engagements and who bills reads every customer.
PROBED = [
    (who, what)
    for who in ("cora", "mona", "finn", "clara")
    for what in PROBES
    if what != "customer" or who in {"cora", "clara"}
]


@pytest.mark.parametrize(("who", "what"), PROBED)
def test_what_is_there_and_what_is_not_look_alike(scoped: Scoped, who: str, what: str) -> None:
    """By id, among others and from another subgraph: the same refusal, after the same calls."""
    type_, binding, *ids = PROBES[what]
    scoped.ask(who, "{ engagements { totalCount } invoices { totalCount } timeEntries { totalCount } }")
    # HR's leave is read as a whole, once for a while.
    scoped.ask(who, NODE, id=Ref("Absence", "hr", "99998").encode())
    for query in (NODE, NODES, ENTITIES):
        answers = []
        for id_ in ids:
            ref = Ref(type_, binding, id_).encode()
            given = {"id": ref, "ids": [ref], "r": [{"__typename": type_, "id": ref}]}
            answer, calls = scoped.called(who, query, **given)
            answers.append((answer.data, said(answer), calls))
        assert answers[0] == answers[1]
        assert answers[0][1][0][1]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("who", ["cora", "mona", "finn", "clara"])
def test_names_of_other_systems_are_for_those_who_keep_them(scoped: Scoped, who: str) -> None:
    """Neither a record by its foreign name nor a reference is told, and nobody is asked."""
    for id_ in (dynamics.project_id("ENG-014"), "PRJ-999"):
        named = f'(entityType: Engagement, system: ERP, sourceId: "{id_}")'
        answer, calls = scoped.called(
            who,
            f"{{ nodeBySource{named} {{ id }} crossReference{named} {{ state }}"
            f' crossReferences(id: "{engagement("ENG-014")}") {{ state }} systems {{ name }} }}',
        )
        assert answer.data == {"nodeBySource": None, "crossReference": None, "crossReferences": None, "systems": None}
        assert {text for text, _ in said(answer)} == {REFUSED}
        assert calls == []


def test_a_steward_finds_any_record_by_any_name(scoped: Scoped) -> None:
    """Who keeps the references reads them; a second role takes nothing away."""
    named = f'(entityType: Engagement, system: ERP, sourceId: "{dynamics.project_id("ENG-014")}")'
    answer = scoped.ask("stella", f"{{ nodeBySource{named} {{ ... on Engagement {{ code }} }} }}")
    assert (answer.data, answer.errors) == ({"nodeBySource": {"code": "ENG-014"}}, [])


def test_two_bonds_need_a_filter_that_lies_within_one(scoped: Scoped, firm: Firm) -> None:
    """One list of both cannot be asked of its owner: it is refused with the filters to give, and each part is there."""
    scoped.ask("both", "{ timeEntries { totalCount } }")
    refused, calls = scoped.called("both", "{ timeEntries { totalCount } }")
    message = "you may read a part of this list: give the filter 'engagement' or 'resource', with what is yours"
    assert (refused.data, said(refused)[0][0], calls) == ({"timeEntries": None}, message, [])
    me = Ref("Resource", "hr", bamboohr.employee_id("RES-022")).encode()
    query = "query($f: TimeEntryFilter) { timeEntries(first: 1, filter: $f) { totalCount } }"
    managed = held(firm, "mona")
    own = len([one for one in firm.time_entries if one.person == "RES-022"])
    led = len([one for one in firm.time_entries if one.engagement in managed])
    assert scoped.ask("both", query, f={"resource": [me]}).data["timeEntries"]["totalCount"] == own
    ids = [engagement(code) for code in managed]
    assert scoped.ask("both", query, f={"engagement": ids}).data["timeEntries"]["totalCount"] == led


def test_a_filter_by_what_is_not_ones_own_is_refused_and_tells_nothing(scoped: Scoped) -> None:
    """By a foreign engagement and by one that is nobody's: the same words, and no call."""
    query = "query($f: TimeEntryFilter) { timeEntries(first: 1, filter: $f) { totalCount } }"
    for who in ("mona", "finn", "cora"):
        scoped.ask(who, OWN)
        answers = [
            scoped.called(who, query, f={"engagement": [id_]})
            for id_ in (engagement("ENG-014"), Ref("Engagement", "psa", "99999999").encode())
        ]
        assert (answers[0][0].data, said(answers[0][0]), answers[0][1]) == (
            {"timeEntries": None},
            [(REFUSED, {"code": "FORBIDDEN", "retryable": False})],
            [],
        )
        assert said(answers[0][0]) == said(answers[1][0])
        assert answers[0][1] == answers[1][1]


def test_a_list_that_its_owner_cannot_narrow_is_refused(scoped: Scoped, firm: Firm) -> None:
    """The PSA lists expenses of one engagement at a time: they are asked for so, or behind the engagement."""
    scoped.ask("mona", OWN)
    refused, calls = scoped.called("mona", "{ expenses { totalCount } }")
    message = "you may read a part of this list: give the filter 'engagement', with what is yours"
    assert (refused.data, said(refused)[0][0], calls) == ({"expenses": None}, message, [])
    query = "query($f: ExpenseFilter) { expenses(first: 1, filter: $f) { totalCount } }"
    spent = len([one for one in firm.expenses if one.engagement == "ENG-001"])
    given = scoped.ask("mona", query, f={"engagement": [engagement("ENG-001")]})
    assert (given.data, given.errors) == ({"expenses": {"totalCount": spent}}, [])


def test_a_cursor_is_for_whom_it_was_issued(scoped: Scoped) -> None:
    """One person's place in the list of their engagements is none in another one's."""
    query = "query($a: String) { engagements(first: 1, after: $a) { edges { cursor node { code } } } }"
    first = scoped.ask("mona", query, a=None)
    cursor = first.data["engagements"]["edges"][0]["cursor"]
    assert scoped.ask("mona", query, a=cursor).errors == []
    assert scoped.ask("finn", query, a=cursor).codes == [("MALFORMED_CURSOR", ["engagements"])]


def test_margins_are_for_those_who_run_the_engagement(scoped: Scoped, firm: Firm) -> None:
    """A manager who is also staffed elsewhere sees the planned cost of what she manages alone."""
    answer = scoped.ask("both", "{ engagements(first: 50) { edges { node { code plannedCost { amount } } } } }")
    seen = {edge["node"]["code"]: edge["node"]["plannedCost"] for edge in answer.data["engagements"]["edges"]}
    assert {code for code, cost in seen.items() if cost} == held(firm, "mona")
    staff = scoped.ask("cora", "{ engagements { edges { node { plannedCost { amount } } } } }")
    assert [edge["node"] for edge in staff.data["engagements"]["edges"]] == [{"plannedCost": None}] * 2


def test_who_has_no_link_or_no_role_has_nothing(scoped: Scoped) -> None:
    """Without a link there is no row of one's own; without a role no document is executed. Nobody is called."""
    query = "{ engagements { totalCount } timeEntries { totalCount } }"
    unlinked, calls = scoped.called("una", query)
    assert (unlinked.data, calls) == ({"engagements": {"totalCount": 0}, "timeEntries": {"totalCount": 0}}, [])
    roleless, calls = scoped.called("noel", query)
    assert (roleless.data, said(roleless)[0][1]["code"], calls) == (None, "UNTRUSTED_DOCUMENT", [])


def test_who_asks(scoped: Scoped) -> None:
    """Whoever is signed in is told by subject, roles, entities and links."""
    query = "{ viewer { subject roles entities person { employeeNumber workEmail } company { displayName } } }"
    viewer = scoped.ask("cora", query).data["viewer"]
    person = {"employeeNumber": "10018", "workEmail": "rohan.bhattal@northbeam.example"}
    assert viewer == {
        "subject": "northbeam.10018",
        "roles": ["consultant"],
        "entities": [],
        "person": person,
        "company": None,
    }
    client = scoped.ask("clara", query).data["viewer"]
    assert (client["person"], client["company"]) == (None, {"displayName": "Goldenfinch Retail"})
    assert scoped.ask("finn", query).data["viewer"]["entities"] == ["NB-UK"]


@pytest.mark.parametrize(
    ("who", "away"), [("cora", "hr"), ("cora", "psa"), ("mona", "psa"), ("finn", "erp"), ("clara", "psa")]
)
def test_a_bond_that_cannot_be_found_now_is_neither_nothing_nor_a_refusal(fresh: Scoped, who: str, away: str) -> None:
    """While the system that knows is away, its error stands in the place of list, own record and foreign record."""
    (address,) = (
        one.traffic.address for one in fresh.house.bound if one.role == away and isinstance(one.traffic, Emulated)
    )
    misbehave(address, "status_503")
    own = {"cora": "ENG-002", "mona": "ENG-001", "finn": "ENG-001", "clara": "ENG-007"}[who]
    try:
        answers = [fresh.ask(who, OWN), *(fresh.ask(who, NODE, id=engagement(code)) for code in (own, "ENG-014"))]
    finally:
        misbehave(address, "none")
    assert [set(answer.data.values()) for answer in answers] == [{None}] * 3
    found = {(text["system"], text["retryable"]) for answer in answers for _, text in said(answer)}
    assert found == {(away.upper(), True)}


async def test_two_at_once_never_see_each_others_rows(scoped: Scoped, firm: Firm) -> None:
    """Two hundred rounds of two people: each answer is the one of who asked."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:

        async def seen(who: str) -> set[str]:
            answer = (await client.post(scoped.house.url, json={"query": OWN}, headers=scoped.token(who))).json()
            assert "errors" not in answer
            return {edge["node"]["code"] for edge in answer["data"]["engagements"]["edges"]}

        for _ in range(20):
            found = await asyncio.gather(*(seen(who) for _ in range(10) for who in ("cora", "mona")))
            assert found == [held(firm, who) for _ in range(10) for who in ("cora", "mona")]


def test_what_hangs_on_a_row_is_refused_whether_there_is_anything_or_not(scoped: Scoped, firm: Firm) -> None:
    """Nobody learns which hours are on an invoice from where the refusals stand, and the ERP is not asked."""
    query = "{ timeEntries(first: 200) { edges { node { invoiceLine { id } } } } }"
    answer, calls = scoped.called("cora", query)
    count = len(hours(firm, "cora"))
    assert [edge["node"] for edge in answer.data["timeEntries"]["edges"]] == [{"invoiceLine": None}] * count
    assert [(error["extensions"]["code"], error["extensions"]["count"]) for error in answer.errors] == [
        ("FORBIDDEN", count)
    ]
    assert {role for role, _ in calls} <= {"psa", "hr"}


def test_a_list_of_references_shows_no_hole_for_what_is_not_seen(scoped: Scoped) -> None:
    """Of those who are on a task a consultant sees themselves, and not how many others there are."""
    query = (
        "query($id: ID!) { node(id: $id) { ... on Engagement { tasks { assignments { resource { displayName } } } } } }"
    )
    id_ = engagement("ENG-002")
    all_of_them = [task["assignments"] for task in scoped.ask("stella", query, id=id_).data["node"]["tasks"]]
    mine = scoped.ask("cora", query, id=id_)
    name = scoped.ask("cora", "{ viewer { person { displayName } } }").data["viewer"]["person"]
    assert mine.errors == []
    assert [task["assignments"] for task in mine.data["node"]["tasks"]] == [
        [one for one in booked if one["resource"] == name] for booked in all_of_them
    ]
    assert any(one["resource"] != name for booked in all_of_them for one in booked)
