"""The start-up checks: a declaration that would be a wrong or an accidental null later is refused, in exact words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pytest

from colonnade.wiring import graph
from resolvers.graph import build
from schema.checks import Answers, OwnershipError, Questions, check
from schema.graph import HOMES, Node, Traced, derived, derived_with, facet, home, link, restricted
from schema.restriction import Restriction
from schema.rows import Ref, Row, System
from sources.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator


class ShipRow(Row):
    """What the PSA says of a ship."""

    type: ClassVar[str] = "Ship"

    name: str
    port_ref: Annotated[Ref, "Port"] | None = None


class ShipErpRow(Row):
    """What the ERP says of it."""

    type: ClassVar[str] = "Ship"

    value: str | None = None
    yard_ref: Annotated[Ref, "Port"] | None = None


class ShipCrmRow(Row):
    """What the CRM says of it."""

    type: ClassVar[str] = "Ship"

    value: str | None = None


class PortRow(Row):
    """What the CRM says of a port."""

    type: ClassVar[str] = "Port"

    name: str | None = None


ASKED: Questions = {
    "ships_by_id": Answers(System.PSA, ShipRow, "Ship"),
    "ships_erp": Answers(System.ERP, ShipErpRow, "Ship"),
    "ships_crm": Answers(System.CRM, ShipCrmRow, "Ship"),
    "ports_by_id": Answers(System.CRM, PortRow, "Port"),
    "ships_by_port": Answers(System.PSA, ShipRow, "Port", many=True),
}


@pytest.fixture(autouse=True)
def _homes() -> Iterator[None]:
    """Forget the types that a test declares; the graph's own are the same before and after."""
    before = dict(HOMES)
    yield
    HOMES.clear()
    HOMES.update(before)


def findings(*types: type, questions: Questions = ASKED) -> list[str]:
    """Return what the check says of types, a line each."""
    try:
        check(types, questions)
    except OwnershipError as error:
        return str(error).splitlines()
    return []


def test_the_graphs_own_types_pass() -> None:
    """The types of the graph agree with each other and with what the roles answer."""
    assert type(graph()).__name__ == "Schema"


def test_a_whole_declaration_passes() -> None:
    """Home, facet, links on both rows, and fields derived of one row and of two: nothing to say."""

    @facet(System.ERP, "ships_erp")
    class ShipErp:
        value: str | None

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(ShipErp, Traced, Node):
        name: str
        loud: str = derived(lambda self: self.name.upper())
        dear: str | None = derived_with(System.ERP, "ships_erp", lambda ship, erp: f"{ship.name} {erp.value}")
        port: str | None = link(System.CRM, "ports_by_id", key="port_ref")
        yard: str | None = link(System.CRM, "ports_by_id", key="yard_ref", of="ships_erp")

    assert findings(Ship) == []


def test_two_facets_may_not_own_one_field() -> None:
    """Strawberry would silently keep the first of two facets' declarations."""

    @facet(System.ERP, "ships_erp")
    class ShipErp:
        value: str | None

    @facet(System.CRM, "ships_crm")
    class ShipCrm:
        value: str | None

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(ShipErp, ShipCrm, Traced, Node):
        name: str

    assert findings(Ship) == ["Ship.value is declared 2 times, by ERP and CRM: keep one owner"]


def test_the_home_and_a_facet_may_not_own_one_field() -> None:
    """The type's own declaration would hide the facet's."""

    class NamedRow(ShipErpRow):
        """The ERP has a name for it too."""

        name: str | None = None

    @facet(System.ERP, "ships_erp")
    class ShipErp:
        name: str | None

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(ShipErp, Traced, Node):
        name: str

    assert findings(Ship, questions={**ASKED, "ships_erp": Answers(System.ERP, NamedRow, "Ship")}) == [
        "Ship.name is declared 2 times, by PSA and ERP: keep one owner"
    ]


def test_a_link_and_a_facet_may_not_own_one_field() -> None:
    """A link is a declaration like any other."""

    @facet(System.ERP, "ships_erp")
    class ShipErp:
        value: str | None

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(ShipErp, Traced, Node):
        name: str
        value: str | None = link(System.CRM, "ports_by_id", key="port_ref")

    assert findings(Ship) == ["Ship.value is declared 2 times, by CRM and ERP: keep one owner"]


def test_another_owners_field_may_not_be_non_null() -> None:
    """A promise that another system must keep would cost the parent when that system is away."""

    @facet(System.ERP, "ships_erp")
    class ShipErp:
        value: str

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(ShipErp, Traced, Node):
        name: str
        port: str = link(System.CRM, "ports_by_id", key="port_ref")

    assert findings(Ship) == [
        "Ship.value is non-null but ERP is asked for it: only the home's own row may promise a value",
        "Ship.port is non-null but CRM is asked for it: only the home's own row may promise a value",
    ]


def test_a_link_to_a_question_that_nobody_answers() -> None:
    """A link names a system and a question; no loader for it is a field that could never be had."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        port: str | None = link(System.CRM, "ports_by_ship")

    assert findings(Ship) == ["Ship.port asks CRM for 'ports_by_ship': no loader of that role answers it"]


def test_a_link_to_a_question_of_another_role() -> None:
    """The system that a link names is the one that is asked."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        port: str | None = link(System.HR, "ports_by_id", key="port_ref")

    assert findings(Ship) == ["Ship.port asks HR for 'ports_by_id': no loader of that role answers it"]


def test_a_facet_field_without_an_attribute() -> None:
    """A facet's field must stand on the row that answers the facet."""

    @facet(System.ERP, "ships_erp")
    class ShipErp:
        value: str | None
        tonnage: str | None

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(ShipErp, Traced, Node):
        name: str

    assert findings(Ship) == ["Ship.tonnage is no attribute of ShipErpRow: add it there or declare its owner"]


def test_a_home_field_without_an_attribute() -> None:
    """A field without an owner of its own must stand on the home's row."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        tonnage: str | None

    assert findings(Ship) == ["Ship.tonnage is no attribute of ShipRow: add it there or declare its owner"]


def test_a_key_that_is_no_attribute_of_the_home() -> None:
    """A link's key must stand on the home's row."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        port: str | None = link(System.CRM, "ports_by_id", key="harbour")

    assert findings(Ship) == ["Ship.port is keyed by 'harbour', which is no attribute of the row it stands on"]


@pytest.mark.parametrize(("key", "of"), [("port_ref", "ships_erp"), ("yard_ref", "ships_hr")])
def test_a_key_that_is_no_attribute_of_the_facet(key: str, of: str) -> None:
    """A link that stands on a facet needs its key on the facet's row, and a facet that somebody answers."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        port: str | None = link(System.CRM, "ports_by_id", key=key, of=of)

    assert findings(Ship) == [f"Ship.port is keyed by {key!r}, which is no attribute of the row it stands on"]


@pytest.mark.parametrize(
    "answer",
    [None, Answers(System.CRM, ShipRow, "Ship"), Answers(System.PSA, PortRow, "Ship")],
    ids=["nobody", "another role", "other rows"],
)
def test_a_home_that_its_question_does_not_read(answer: Answers | None) -> None:
    """A type's home must answer the question that reads it, with the type's rows."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str

    assert findings(Ship, questions={"ships_by_id": answer} if answer else {}) == [
        "Ship is read by 'ships_by_id': PSA does not answer it with ShipRow"
    ]


@pytest.mark.parametrize(
    ("declared", "wrong"),
    [
        (
            link(System.PSA, "ships_by_port", key="port_ref"),
            "is one record, which 'ships_by_port' does not answer",
        ),
        (
            link(System.CRM, "ports_by_id", key="port_ref", paged=True),
            "is a list, which 'ports_by_id' does not answer",
        ),
        (
            derived_with(System.CRM, "ships_erp", lambda ship, erp: (ship, erp)),
            "asks CRM for 'ships_erp': no loader of that role answers it",
        ),
        (
            derived_with(System.CRM, "ports_by_id", lambda ship, port: (ship, port)),
            "is keyed by 'ref', which means Ship, but 'ports_by_id' is asked by Port",
        ),
        (
            link(System.CRM, "ports_by_id"),
            "is keyed by 'ref', which means Ship, but 'ports_by_id' is asked by Port",
        ),
        (
            link(System.CRM, "ports_by_id", key="name"),
            "is keyed by 'name', which means None, but 'ports_by_id' is asked by Port",
        ),
        (
            link(System.CRM, "ports_by_id", key="port_ref", where="flag"),
            "keeps records by 'flag', which is no attribute of PortRow",
        ),
    ],
)
def test_a_link_that_asks_what_its_question_does_not_answer(declared: Any, wrong: str) -> None:
    """A link must ask one for one and many for many, by a reference to whom the question means, and keep by a field."""

    @home(System.CRM, "ports_by_id", PortRow)
    class Port(Traced, Node):
        name: str | None

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        port: str | None = declared

    assert findings(Port, Ship) == [f"Ship.port {wrong}"]


def test_what_is_restricted_must_be_able_to_be_null() -> None:
    """A refused value is null, and a non-null field would take its record along."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str = restricted(Restriction.PERSONAL)

    assert findings(Ship) == [
        "Ship.name is non-null but restricted: whoever may not read it would lose the whole record"
    ]


def test_a_link_is_as_restricted_as_the_type_it_leads_to() -> None:
    """A link to nobody is null without an error: unmarked, it would tell who has such a record."""

    @home(System.CRM, "ports_by_id", PortRow, restricted=Restriction.TAX_ID)
    class Port(Traced, Node):
        name: str | None

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        port: str | None = link(System.CRM, "ports_by_id", key="port_ref")
        yard: str | None = link(System.CRM, "ports_by_id", key="port_ref", restricted=Restriction.TAX_ID)

    assert findings(Port, Ship) == ["Ship.port leads to Port, but is not restricted as TAX_ID"]


def test_all_findings_come_at_once() -> None:
    """Whoever mends the declarations sees every fault of every type in one run."""

    @home(System.PSA, "ships_by_id", ShipRow)
    class Ship(Traced, Node):
        name: str
        port: str = link(System.HR, "ports_by_id", key="harbour")

    @home(System.CRM, "ports_by_id", PortRow)
    class Port(Traced, Node):
        name: str | None
        depth: str | None

    assert findings(Ship, Port) == [
        "Ship.port asks HR for 'ports_by_id': no loader of that role answers it",
        "Ship.port is non-null but HR is asked for it: only the home's own row may promise a value",
        "Ship.port is keyed by 'harbour', which is no attribute of the row it stands on",
        "Port.depth is no attribute of PortRow: add it there or declare its owner",
    ]


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("invoices_by_engagement", "Engagement.invoices asks ERP for 'invoices_by_engagement'"),
        ("customers_by_id", "Customer is read by 'customers_by_id'"),
        ("resources_psa", "Resource.bookable asks PSA for 'resources_psa'"),
    ],
)
def test_the_graph_does_not_start_without_a_loader(lost: str, said: str) -> None:
    """A loader that somebody removes stops the graph from being built: nothing waits for a query."""
    asked: dict[str, Any] = {
        name: Answers(question.role, question.rows, question.by, question.many) for name, question in QUESTIONS.items()
    }
    del asked[lost]
    with pytest.raises(OwnershipError) as refused:
        build(asked)
    assert said in {line.partition(":")[0] for line in str(refused.value).splitlines()}
