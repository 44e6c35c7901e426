"""One process at a time on an SQLite store: a second one would carry out every command again."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from schema.tomlfile import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold the store at this address, or raise FileError while another process does. PostgreSQL is for several.

    The lock is the system's, so that it goes with the process, however that ends; its file stays.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        yield
        return
    path = Path(f"{address.database}.lock")
    try:
        file = path.open("a")
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); correct store.url") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FileError(
                f"{path}: another process serves this store; stop it first, or use PostgreSQL for several (store.url)"
            ) from error
        yield
