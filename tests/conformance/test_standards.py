"""What the public has agreed on, judged by its own programs: GraphQL over HTTP, federation, everyday clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.emulator import serve
from tests.conformance import products
from tests.conformance.programs import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.callers import Caller

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(180), pytest.mark.usefixtures("node")]

ENGAGEMENTS = "{ engagements(first: 5) { edges { node { id name customer { displayName } } } } }"
SYSTEMS = "subscription { systemHealthChanged { name health } }"
# Judged and planned, and nothing is done: it takes no key.
PLANNED = """mutation { createEngagement(input: {
  name: "Tried by a client", legalEntityId: "TGVnYWxFbnRpdHl8ZXJwfG5idWs", plannedStart: "2026-05-04", dryRun: true
}) { command { id } problems { code } } }"""
# A single connection for many streams is what a socket is for.
UNSUPPORTED = {"graphql-sse single connection"}


def test_graphql_over_http(widest: Caller, tell: Callable[[object], None]) -> None:
    """All audits of the specification's reference server are met: what it must, what it should, and what it may."""
    figure = run("http_audit.mjs", 120, url=widest.url, headers=widest.headers)
    tell(figure)
    assert (figure.met, figure.checks) == (61, 61)


def test_composition_and_a_routed_query(
    widest: Caller, router: dict[str, str], second: str, tell: Callable[[object], None]
) -> None:
    """Both libraries compose the graph with another subgraph, and a gateway joins the two in both directions."""
    headers = widest.through(router).headers
    edges = widest.ask(ENGAGEMENTS)["data"]["engagements"]["edges"]
    engagements = [edge["node"] for edge in edges]
    figure = run("compose.mjs", 120, url=widest.url, headers=headers, second=second, engagements=engagements)
    tell(figure)
    assert (figure.met, figure.checks) == (6, 6)


def test_apollos_assertions_on_a_subgraph(tell: Callable[[object], None]) -> None:
    """Apollo's `products`, by this project's factory and edge, is all that Apollo asserts of a subgraph but traced."""
    with serve(products.app()) as server:
        figure = run("subgraph_compat.mjs", 120, url=f"{server.url}/graphql")
    tell(figure)
    assert [line.split(" :: ")[0] for line in figure.failed] == ["FAIL ftv1"]  # what it costs is measured otherwise
    assert figure.checks == 15


def test_clients(widest: Caller, tell: Callable[[object], None]) -> None:
    """Every client that the README promises works; what does not is named, with its reason."""
    stream = f"{widest.url}/stream"
    told = {"url": widest.url, "stream": stream, "headers": widest.headers, "mutation": PLANNED}
    figure = run("clients.mjs", 170, **told, query=ENGAGEMENTS, subscription=SYSTEMS)
    tell(figure)
    assert {line.partition(" :: ")[0].removeprefix("FAIL ") for line in figure.failed} == UNSUPPORTED
    assert figure.checks == 14
