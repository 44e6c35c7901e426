"""The whole firm, each role played by its own product, asked by two personas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from colonnade.demo import over
from demo.systems import emulated
from policies.access import SHIPPED
from tests.commands.rig import Forge, rig
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from demo.firm.model import Firm
    from demo.systems import Bound
    from tests.commands.rig import Rig


@pytest.fixture(scope="session")
def systems(firm: Firm) -> Iterator[Sequence[Bound]]:
    """The firm's systems, which tests leave as they are."""
    with emulated(firm) as bound:
        yield bound


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped policy, but that everybody may send any document: which rows they see is the question here."""
    path = tmp_path_factory.mktemp("policy") / "access.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    opened = re.sub(r'documents = "(apq|trusted)"', 'documents = "open"', text)
    # Whoever comes without a router's key comes as from a router.
    path.write_text(opened.replace("[roles.anonymous]\n", "[roles.anonymous]\nfederation = true\n"), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def whole(systems: Sequence[Bound], opened: Path) -> Iterator[House]:
    """The graph over all of them, asked by somebody who may read nothing restricted."""
    with over(systems, policy=opened) as running:
        yield House(running)


@pytest.fixture(scope="session")
def trusted(whole: House) -> House:
    """The same graph, asked by somebody who may read what is restricted."""
    return House(whole.running, persona="auditor")


@pytest.fixture(scope="session")
def contradicting(firm: Firm) -> Iterator[Sequence[Bound]]:
    """The systems as an auditor finds them."""
    with emulated(firm, mutated=True) as bound:
        yield bound


@pytest.fixture(scope="session")
def mutated(contradicting: Sequence[Bound]) -> Iterator[House]:
    """The graph over the systems that contradict each other, asked by somebody who may read nothing restricted."""
    with over(contradicting, mutated=True) as running:
        yield House(running)


@pytest.fixture(scope="session")
def auditor(mutated: House) -> House:
    """The same graph, asked by somebody who may read what is restricted."""
    return House(mutated.running, persona="auditor")


@pytest.fixture(scope="module")
def _rig(firm: Firm) -> Iterator[Rig]:
    forge = Forge()
    try:
        with rig(firm, forge) as made:
            yield made
    finally:
        forge.stop()


@pytest.fixture
def living(_rig: Rig) -> Iterator[Rig]:
    """A house that changes the firm's systems, and whose server can be killed: as on the first morning."""
    _rig.fresh()
    _rig.start()
    yield _rig
    _rig.kill()
