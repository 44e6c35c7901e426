"""The lock on an SQLite store: one process serves it, until it is gone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from schema.tomlfile import FileError
from store.lock import alone

if TYPE_CHECKING:
    from pathlib import Path

HOLD = "import sys\nfrom store.lock import alone\nwith alone(sys.argv[1]):\n    print('held', flush=True)\n    input()"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """A second process is refused while the first lives, and may serve when that one was killed."""
    url = f"sqlite+aiosqlite:///{tmp_path}/store.db"
    words = [sys.executable, "-c", HOLD, url]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(FileError) as refusal, alone(url):
            pytest.fail("two hold it")
        cure = "stop it first, or use PostgreSQL for several (store.url)"
        assert str(refusal.value) == f"{tmp_path}/store.db.lock: another process serves this store; {cure}"
        first.kill()
    with alone(url):
        pass


def test_postgresql_is_for_several() -> None:
    """There a replica keeps nobody away."""
    url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    with alone(url), alone(url):
        pass


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    """Where the store cannot be, the lock says so first."""
    path = tmp_path / "missing" / "store.db"
    with pytest.raises(FileError) as refusal, alone(f"sqlite+aiosqlite:///{path}"):
        pytest.fail("held")
    assert str(refusal.value) == f"{path}.lock: cannot be written (No such file or directory); correct store.url"
