"""Empty stores, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from store import database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

POSTGRES = os.environ.get("COLONNADE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


def _dsn(url: str) -> str:
    return url.replace("+psycopg", "", 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store that is gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/store.db"
        return
    name = f"test_{uuid4().hex}"
    try:
        connection = psycopg.connect(_dsn(POSTGRES), autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        said = f"no PostgreSQL at {POSTGRES} (set COLONNADE_TEST_POSTGRES): {error}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield f"{POSTGRES}?options=-csearch_path%3D{name}"
        connection.execute(f"DROP SCHEMA IF EXISTS {name}_engine CASCADE")
        connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    """The store's engine, its tables not yet made."""
    engine = database.connect(url)
    yield engine
    await engine.dispose()
