"""Global ids: opaque, reversible without a store, and nobody else can make one."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from schema.problems import Code, Problem
from schema.rows import ID_BYTES, Ref

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from tests.conftest import Answer, House

NODE = "query($id: ID!) { node(id: $id) { id __typename } }"
CUSTOMER = Ref("Customer", "crm", "C-10002")
ID = CUSTOMER.encode()


def written(text: str) -> str:
    """Return a text as an id is written, whatever it says."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def asked(house: House, id_: str) -> Answer:
    """Ask for a record by an id."""
    return house.ask(NODE, {"id": id_})


@pytest.mark.parametrize(
    "ref",
    [
        CUSTOMER,
        Ref("Engagement", "psa", "4200007"),
        Ref("Invoice", "erp.legacy", "INV-2601-014"),
        Ref("Customer", "crm", "A|B"),
        Ref("Customer", "crm", "|"),
        Ref("Customer", "crm", "a||b|"),
        Ref("Customer", "crm", "Ærø Strømpe, 東京"),
        Ref("Customer", "crm", " "),
        Ref("Customer", "crm", "a/b+c?d=e&f"),
        Ref("Customer", "crm", "x" * 300),
    ],
    ids=lambda ref: f"{ref.type} {ref.binding} {ref.id[:20]}",
)
def test_an_id_says_who_is_meant(ref: Ref) -> None:
    """An id reads back as the very reference it was made from, bars and all, and can stand in a URL."""
    text = ref.encode()
    assert Ref.decode(text) == ref
    assert text.replace("-", "").replace("_", "").isalnum()


def test_the_role_of_a_second_binding() -> None:
    """A second binding of a role is named after it."""
    assert (Ref("Invoice", "erp.legacy", "1").role, Ref("Invoice", "erp", "1").role) == ("erp", "erp")


def test_every_id_of_the_graph_leads_back(running: House, firm: Firm) -> None:
    """Every id that a list gives is resolved by `nodes`, in the order of the ids, to the record it came from."""
    listed = running.ask("{ customers(first: 200) { edges { node { id displayName } } } }")
    nodes = [edge["node"] for edge in listed.data["customers"]["edges"]]
    assert sorted(node["displayName"] for node in nodes) == sorted(customer.name for customer in firm.customers)
    turned = list(reversed(nodes))
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { displayName } } }"
    answer = running.ask(query, {"ids": [node["id"] for node in turned]})
    assert (answer.errors, answer.data["nodes"]) == ([], turned)


def test_an_id_resolves(running: House) -> None:
    """The id that the graph would give for a record is the record's."""
    assert asked(running, ID).data == {"node": {"id": ID, "__typename": "Customer"}}


def test_a_well_formed_id_of_nobody(running: House) -> None:
    """An id that could have been issued here, but whose record is gone, is null without an error; a bar is no harm."""
    for gone in (Ref("Customer", "crm", "C-999999"), Ref("Customer", "crm", "A|B"), Ref("Customer", "crm", "' or 1")):
        answer = asked(running, gone.encode())
        assert (answer.data, answer.errors) == ({"node": None}, [])


def test_an_id_of_a_binding_that_is_gone(running: House) -> None:
    """An id of a system that is bound no longer is an honest one: it says that nobody answers."""
    answer = asked(running, Ref("Customer", "crm.old", "C-10002").encode())
    assert (answer.data, answer.codes) == ({"node": None}, [("NOT_OFFERED", ["node"])])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ID[:-1], id="truncated"),
        pytest.param(ID[:-2], id="truncated by two"),
        pytest.param(ID[: len(ID) // 2], id="half"),
        pytest.param(ID[1:], id="beheaded"),
        pytest.param(ID + "=", id="re-padded"),
        pytest.param(ID + "==", id="re-padded twice"),
        pytest.param(f"{ID[:9]}!{ID[9:]}", id="a foreign character"),
        pytest.param(f"{ID[:9]}\n{ID[9:]}", id="a line break"),
        pytest.param(f" {ID}", id="a space"),
        pytest.param(f"{ID[:9]}é{ID[9:]}", id="a letter beyond ASCII"),
        pytest.param(f"{ID[:9]}\x00{ID[9:]}", id="a zero byte"),
        pytest.param(ID.lower(), id="lower case"),
        pytest.param("", id="empty"),
        pytest.param("1", id="a number"),
        pytest.param("C-10002", id="a system's own id"),
        pytest.param("A" * (ID_BYTES + 1), id="endless"),
        pytest.param(written("Customer|crm|" + "x" * 600), id="too long"),
        pytest.param(written("Customer|crm"), id="two parts"),
        pytest.param(written("Customer|crm|"), id="no id"),
        pytest.param(written("|crm|C-10002"), id="no type"),
        pytest.param(written("Customer||C-10002"), id="no binding"),
        pytest.param(written("Ship|crm|C-10002"), id="another type"),
        pytest.param(written("Query|crm|C-10002"), id="a type without a home"),
        pytest.param(written("CustomerErp|crm|C-10002"), id="a facet"),
        pytest.param(written("customer|crm|C-10002"), id="the type in lower case"),
        pytest.param(written("Customer|erp|C-10002"), id="another role"),
        pytest.param(written("Customer|CRM|C-10002"), id="the role in upper case"),
        pytest.param(written("Customer|facade|C-10002"), id="the facade"),
        pytest.param(written("Customer|.crm|C-10002"), id="a binding of nobody"),
        pytest.param(base64.urlsafe_b64encode(b"Customer|crm|\xff\xfe").decode().rstrip("="), id="no UTF-8"),
    ],
)
def test_what_was_not_issued_here_is_refused(running: House, text: str) -> None:
    """Whatever is not letter for letter an id of this graph is null and MALFORMED_ID, and no system is asked."""
    answer = asked(running, text)
    assert (answer.data, answer.codes) == ({"node": None}, [("MALFORMED_ID", ["node"])])
    (error,) = answer.errors
    assert (error["message"], error["extensions"]["retryable"]) == ("this id was not issued here", False)
    assert len(error["extensions"]["id"]) <= 80


def test_half_a_surrogate_pair_is_refused(running: House) -> None:
    """JSON's escapes let half a surrogate pair through, which no answer could repeat: nothing is executed for it."""
    body = json.dumps({"query": NODE, "variables": {"id": "\ud800" + ID}})
    headers = running.signed | {"Content-Type": "application/json"}
    answer = httpx.post(running.url, content=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert "data" not in answer.json()


def test_the_last_characters_spare_bits_are_no_second_name() -> None:
    """Base 64 leaves bits of the last character unused: with another value there it is not the same id."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    id_ = Ref("Customer", "crm", "C-00002").encode()
    assert len(id_) % 4
    twin = id_[:-1] + alphabet[alphabet.index(id_[-1]) + 1]
    padding = "=" * (-len(id_) % 4)
    assert base64.urlsafe_b64decode(twin + padding) == base64.urlsafe_b64decode(id_ + padding)
    said = Ref.decode(twin)
    assert isinstance(said, Problem)
    assert said.code is Code.MALFORMED_ID


def test_a_foreign_id_costs_no_call(house: House) -> None:
    """No system is asked for what was not issued here, and good ids beside it are answered."""
    ids: list[Any] = [f"{ID}=", ID, written("Customer|erp|C-10002")]
    answer = house.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    assert answer.data == {"nodes": [None, {"id": ID}, None]}
    assert answer.codes == [("MALFORMED_ID", ["nodes", 0]), ("MALFORMED_ID", ["nodes", 2])]
    assert len(house.calls()) == 1
