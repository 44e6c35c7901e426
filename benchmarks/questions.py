"""What every server is asked. The documents are the same for all, and so must the answers be."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson

from benchmarks.firm import ENGAGEMENTS
from schema.rows import Ref

FLAT: Final = "id name deliveryStatus plannedStart plannedHours"
LINKS: Final = "customer { id displayName } manager { id displayName workEmail } demands { hoursPerWeek }"
JOIN3: Final = f"{FLAT} {LINKS}"
FULL: Final = f"id name deliveryStatus {LINKS} invoices {{ number total {{ amount currency }} paymentStatus }}"


class Case(NamedTuple):
    """A document with its variables: how many rows answer it, and how often it is asked, by how many at a time."""

    name: str
    operation: str
    document: str
    variables: dict[str, Any]
    rows: int
    times: int
    connections: int = 8

    @property
    def body(self) -> bytes:
        """The request's body."""
        return orjson.dumps({"query": self.document, "operationName": self.operation, "variables": self.variables})


def _one(name: str, type_: str, asked: str, ref: Ref) -> Case:
    document = f"query {name}($id: ID!) {{ node(id: $id) {{ ... on {type_} {{ {asked} }} }} }}"
    return Case(name, name, document, {"id": ref.encode()}, 1, 600)


def _listed(name: str, operation: str, asked: str) -> Case:
    document = f"query {operation}($n: Int!) {{ engagements(first: $n) {{ edges {{ node {{ {asked} }} }} }} }}"
    return Case(name, operation, document, {"n": 100}, 100, 120)


def _nested(name: str, operation: str, asked: str, customers: int) -> Case:
    inner = f"edges {{ node {{ engagements {{ {asked} }} }} }}"
    document = f"query {operation}($n: Int!) {{ customers(first: $n) {{ {inner} }} }}"
    return Case(name, operation, document, {"n": customers}, customers * ENGAGEMENTS, 10)


CASES: Final = (
    _one("one", "Engagement", FULL, Ref("Engagement", "psa", "E00007")),
    # What the domain lets be kept for a day, and so may come from the entity cache; an engagement is always read.
    _one("person", "Resource", "id displayName workEmail", Ref("Resource", "hr", "P07")),
    _listed("flat100", "flat", FLAT),
    _listed("join3", "join", JOIN3),
    _listed("full100", "full", FULL),
    # A page has 200 rows at most; links have no such bound, so a thousand engagements are those of 20 customers.
    _nested("full1000", "fullOfCustomers", FULL, 20)._replace(connections=4),
)
# What nobody else can tell: which system says so, and whether it may be older than the domain grants.
TRACED: Final = (_listed("traced100", "traced", f"{JOIN3} provenance {{ system sourceId stale }}"),)
# The same question of ever more rows, one at a time.
GROWTH: Final = (
    _nested("grown100", "joinOfCustomers", JOIN3, 2)._replace(times=60, connections=1),
    _nested("grown1000", "joinOfCustomers", JOIN3, 20)._replace(connections=1),
    _nested("grown10000", "joinOfCustomers", JOIN3, 200)._replace(times=2, connections=1),
)
