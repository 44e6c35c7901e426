"""Stores on PostgreSQL for tests, each of its own and gone afterwards."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER: Final = os.environ.get("COLONNADE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


def connect(url: str = SERVER) -> psycopg.Connection:
    """Connect to a database as a test's own hand in it; fail in CI if there is no server, and skip elsewhere."""
    try:
        return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        said = f"no PostgreSQL at {SERVER} (set COLONNADE_TEST_POSTGRES): {error}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)


@contextmanager
def database() -> Iterator[str]:
    """Yield the address of an empty database."""
    name = f"test_{uuid4().hex}"
    with connect() as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def schema(url: str = SERVER) -> Iterator[str]:
    """Yield the address of an empty store: a schema in a database."""
    name = f"test_{uuid4().hex}"
    with connect(url) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{url}?options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def store() -> Iterator[str]:
    """Yield the address of an empty store that an engine is launched over, in a database of its own.

    A schema would not be enough: the engine builds its indexes concurrently, which waits for every transaction of the
    same database, and so for the frozen process of another test.
    """
    with database() as url, schema(url) as address:
        yield address
