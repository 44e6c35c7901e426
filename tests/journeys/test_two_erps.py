"""Two ERPs under one graph: NB-DE's finance in a second one, bound beside the first, with no Python written for it."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo import dynamics
from demo.emulator import serve
from demo.systems import CLIENT_ID, CLIENT_SECRET, DYNAMICS_WORDS, Bound, Emulated, dynamics_as, psa
from schema.rows import Ref
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from demo.emulator import Changes, Row
    from demo.firm.model import Firm

GERMAN = ("ENG-009", "ENG-012", "ENG-013", "ENG-018", "ENG-022")
LEGACY = "erp.legacy"
COMPANY = dynamics.data_area("NB-DE")
# Aerospace: ENG-006 is billed by NB-US, ENG-018 by NB-DE.
BOTH = "CUS-06"


def kept(*, german: bool) -> Changes:
    """Return what leaves one company's rows in a system, or all others'. Every system knows all customers."""

    def keep(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            company = row.get("dataAreaId") or row.get("LegalEntityId")
            if not company or ("CustomerAccount" in row and "NameAlias" in row) or (company == COMPANY) is german:
                yield row

    return {table: [keep] for table in dynamics.ENTITY_SETS}


@contextmanager
def finance(firm: Firm, role: str, vendor: str, *, german: bool) -> Iterator[Bound]:
    """Run an ERP that keeps the books of some companies, and knows the engagements of those alone."""
    app = dynamics.build(firm, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, changes=kept(german=german))
    entities = {engagement.code: engagement.entity for engagement in firm.engagements}

    def mine(word: Callable[[str], str | None], entity: Callable[[str], str]) -> Callable[[str], str | None]:
        return lambda code: word(code) if (entity(code) == "NB-DE") is german else None

    every = DYNAMICS_WORDS["erp"]
    words = {
        "Customer": every["Customer"],
        "Engagement": mine(every["Engagement"], entities.__getitem__),
        "LegalEntity": mine(every["LegalEntity"], str),
    }
    with serve(app) as server:
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        yield Bound(role, vendor, server.url, client, words, Emulated(server.url))


class TwoErps(House):
    """A house of which the first page of every list asks the first ERP alone."""

    def recover(self) -> None:
        """Ask what both ERPs answer until every breaker has closed."""
        # Nine failures are one call short of opening a breaker: a good call of the next test would do it.
        for _ in range(2):
            self.ask(QUERY)
        deadline = time.monotonic() + 10
        while any(system["breaker"] == "OPEN" for system in self.ask("{ systems { breaker } }").data["systems"]):
            assert time.monotonic() < deadline
            self.ask(QUERY)


@pytest.fixture(scope="module")
def running(firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The graph over both ERPs; the second one's manifest is a folder outside the house, cut to pages of its own."""
    folder = copytree("sources/erp/dynamics", tmp_path_factory.mktemp("erp") / "ours")
    with ExitStack() as stack:
        bound = [
            stack.enter_context(psa(firm)),
            stack.enter_context(finance(firm, "erp", "dynamics", german=False)),
            stack.enter_context(finance(firm, LEGACY, str(folder), german=True)),
            *stack.enter_context(dynamics_as(firm, "crm")),
        ]
        yield TwoErps(stack.enter_context(over(bound)))


@pytest.fixture
def house(running: House) -> Iterator[House]:
    """The same, calm before and after."""
    running.calm()
    yield running
    running.calm()


QUERY = """{ engagements(first: 50) { edges { node {
  code erpStatus contractValue { amount currency } contractingEntity { id code }
  contract { id code } invoices { id number net { amount } provenance { binding } }
} } } }"""


def nodes(house: House) -> dict[str, Any]:
    """Return every engagement's money by code."""
    answer = house.ask(QUERY)
    assert answer.errors == []
    return {edge["node"]["code"]: edge["node"] for edge in answer.data["engagements"]["edges"]}


def binding(id_: str) -> str:
    """Return the binding in a global id."""
    ref = Ref.decode(id_)
    assert isinstance(ref, Ref)
    return ref.binding


def test_each_entitys_money_comes_from_its_own_erp(house: House, firm: Firm) -> None:
    """Status, contract, entity and invoices of NB-DE are the second system's, all others the first's, and all true."""
    found = nodes(house)
    contracts = {contract.engagement: contract for contract in firm.contracts}
    for engagement in firm.engagements:
        node = found[engagement.code]
        home = LEGACY if engagement.entity == "NB-DE" else "erp"
        assert node["contractingEntity"]["code"] == engagement.entity
        assert node["erpStatus"] == engagement.erp_status
        assert binding(node["contractingEntity"]["id"]) == home
        assert [item["number"] for item in node["invoices"] or ()] == sorted(
            invoice.number for invoice in firm.invoices if invoice.engagement == engagement.code
        )
        assert {one["binding"] for item in node["invoices"] or () for one in item["provenance"]} <= {home}
        if engagement.code in contracts:
            code = dynamics.contract_id(contracts[engagement.code].code)
            assert (node["contract"]["code"], binding(node["contract"]["id"])) == (code, home)


def test_the_call_law_holds_for_each_of_them(house: House) -> None:
    """Each ERP is asked once a question and level, for its own engagements alone."""
    nodes(house)
    for role in ("erp", LEGACY):
        paths = [call.partition("?")[0].removeprefix("GET ") for call in house.calls(role)]
        assert sorted(paths) == sorted(
            f"/data/{table}" for table in ("LegalEntities", "NBProjectInvoices", "ProjectContractHeaders", "ProjectsV2")
        )


CUSTOMER = """query($id: ID!) { node(id: $id) { ... on Customer {
  displayName legalName invoices { number provenance { binding } } } } }"""


def customer(code: str) -> str:
    """Return a customer's id."""
    return Ref("Customer", "crm", dynamics.customer_account(code)).encode()


def test_a_customer_of_both_has_the_invoices_of_both(house: House, firm: Firm) -> None:
    """Their invoices are one list, each with the system that says so; what only one could say is not guessed."""
    answer = house.ask(CUSTOMER, {"id": customer(BOTH)})
    german = {engagement.code for engagement in firm.engagements if engagement.entity == "NB-DE"}
    expected = [
        (invoice.number, LEGACY if invoice.engagement in german else "erp")
        for own in (False, True)
        for invoice in firm.invoices
        if invoice.customer == BOTH and (invoice.engagement in german) is own
    ]
    assert {binding for _, binding in expected} == {"erp", LEGACY}
    node = answer.data["node"]
    assert [(one["number"], one["provenance"][0]["binding"]) for one in node["invoices"]] == expected
    assert node["legalName"] is None
    assert answer.codes == [("REFERENCE_AMBIGUOUS", ["node", "legalName"])]


def test_without_one_of_them_the_other_is_complete(house: House) -> None:
    """NB-DE's money is null with its error, all else the calm one; a list over both is unknown, and never shorter."""
    calm = nodes(house)
    house.misbehave(LEGACY, "status_500")
    answer = house.ask(QUERY)
    lost = ("erpStatus", "contractValue", "contractingEntity", "contract", "invoices")
    for edge in answer.data["engagements"]["edges"]:
        node = edge["node"]
        if node["code"] in GERMAN:
            assert [node[name] for name in lost] == [None] * len(lost)
        else:
            assert node == calm[node["code"]]
    assert {code for code, _ in answer.codes} == {"SOURCE_UNAVAILABLE"}
    both = house.ask(CUSTOMER, {"id": customer(BOTH)})
    assert both.data["node"]["invoices"] is None
    assert both.codes == [
        ("SOURCE_UNAVAILABLE", ["node", "invoices"]),
        ("REFERENCE_AMBIGUOUS", ["node", "legalName"]),
    ]


def test_a_root_list_runs_through_both(house: House, firm: Firm) -> None:
    """The pages of one follow those of the other, none twice and none left out, and an id of either leads back."""
    found: list[tuple[str, str]] = []
    after = None
    while True:
        page = house.ask(
            """query($after: String) { invoices(first: 10, after: $after) { totalCount
            pageInfo { hasNextPage endCursor } edges { node { id number } } } }""",
            {"after": after},
        ).data["invoices"]
        found += [(edge["node"]["id"], edge["node"]["number"]) for edge in page["edges"]]
        assert page["totalCount"] is None
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert sorted(number for _, number in found) == sorted(invoice.number for invoice in firm.invoices)
    assert [binding(id_) for id_, _ in found] == sorted((binding(id_) for id_, _ in found), key=("erp", LEGACY).index)
    ids = [id_ for id_, _ in found]
    again = house.ask("query($ids: [ID!]!) { nodes(ids: $ids) { ... on Invoice { number } } }", {"ids": ids})
    assert [node["number"] for node in again.data["nodes"]] == [number for _, number in found]
