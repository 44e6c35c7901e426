"""A door of one's own: an identity provider, a clock and an empty store, behind which a graph may be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colonnade.edge.identity.doorkeeper import Doorkeeper
from colonnade.settings import Identity
from store import database
from store.service_keys import ServiceKeys
from tests.colonnade.edge.identity.provider import AUDIENCE, CLIENT, Provider, Settable, provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture(scope="module")
def clock() -> Settable:
    """A clock that the test moves."""
    return Settable()


@pytest.fixture(scope="module")
def running_idp(clock: Settable) -> Iterator[Provider]:
    """The identity provider."""
    with provider(clock) as running:
        yield running


@pytest.fixture
def idp(running_idp: Provider) -> Provider:
    """The same, as at first."""
    running_idp.forget()
    return running_idp


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty store."""
    engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await database.migrate(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
async def door(idp: Provider, clock: Settable, engine: AsyncEngine) -> AsyncIterator[Doorkeeper]:
    """A doorkeeper who has asked the provider for nothing yet."""
    identity = Identity(issuer=idp.url, audience=AUDIENCE, client_id=CLIENT)
    keeper = Doorkeeper(identity, ServiceKeys(engine), clock)
    yield keeper
    await keeper.aclose()
