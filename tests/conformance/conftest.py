"""The demo's graph over its emulated systems, those who ask it, and the node programs that judge it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from colonnade.demo import over
from demo.emulator import serve
from demo.systems import emulated
from tests.conformance import remarks
from tests.conformance.callers import Caller
from tests.conformance.programs import NODE
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from colonnade.demo import Running
    from demo.firm.model import Firm


@pytest.fixture(scope="session")
def node() -> None:
    """Node and the programs' packages. Without them nothing is judged, and said to be."""
    if NODE.exists():
        return
    what = "node and the packages of tests/conformance/node are not installed: run 'make test-conformance'"
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(f"NOT CHECKED: {what}")


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[object], None]:
    """What prints a figure past pytest, which would keep it to itself."""

    def tell(figure: object) -> None:
        with capsys.disabled():
            print(f"\n{figure}")  # noqa: T201

    return tell


@pytest.fixture(scope="session")
def demo(firm: Firm) -> Iterator[Running]:
    """The graph over the firm's systems, each in the dialect of its product."""
    with emulated(firm) as bound, over(bound, cached=True) as running:
        yield running


@pytest.fixture(scope="session")
def widest(demo: Running) -> Caller:
    """Who may read everything, send any document, and read the schema."""
    return Caller.signed(demo, "auditor")


@pytest.fixture(scope="session")
def narrow(demo: Running) -> Caller:
    """Who may read every record but leave, send any document, and read nothing that is restricted."""
    return Caller.signed(demo, "integration-steward")


@pytest.fixture(scope="session")
def router(demo: Running) -> dict[str, str]:
    """What a supergraph's router shows beside the credentials of the one who asks."""
    key = invoke("token", "create", "router", "--role", "router", "--config", str(demo.config))
    return {"Router-Authorization": f"Bearer {key.stdout.split()[0]}"}


@pytest.fixture(scope="session")
def second() -> Iterator[str]:
    """A second subgraph: somebody else's remarks on engagements."""
    with serve(remarks.app) as server:
        yield f"{server.url}/"
