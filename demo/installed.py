"""What the installations of real systems have in common: where they lie, what they were made from, how they run."""

import hashlib
import json
import select
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self

ROOT: Final = Path(__file__).resolve().parents[1]
DEFAULT_DIRECTORY: Final = ROOT / ".systems"
START_SECONDS: Final = 120
STOP_SECONDS: Final = 10


class NotInstalledError(RuntimeError):
    """A system does not lie where it was looked for."""


class NotStartedError(RuntimeError):
    """A system ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The files of one installation, all below `home`. A subclass says by its name below which folder of systems."""

    NAME: ClassVar[str]
    home: Path

    @classmethod
    def of(cls, directory: Path | None) -> Self:
        """Return the installation below a directory of systems, by default the repository's own."""
        return cls((directory or DEFAULT_DIRECTORY).resolve() / cls.NAME)

    @property
    def marker(self) -> Path:
        """The digests of what its parts were made from."""
        return self.home / "installed.json"

    def made_from(self) -> Mapping[str, str]:
        """Return those digests, by part."""
        return dict(json.loads(self.marker.read_text(encoding="utf-8"))) if self.marker.exists() else {}

    def remember(self, part: str, digest: str) -> None:
        """Write down what a part was made from; nothing strikes it off."""
        digests = {**self.made_from(), part: digest}
        self.marker.write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Seeded(Installation):
    """An installation whose servers run on copies of a seeded database."""

    @property
    def base(self) -> Path:
        """A database with all tables and nothing of the firm in it."""
        return self.home / "base.sqlite"

    @property
    def template(self) -> Path:
        """The seeded database; servers run on copies of it."""
        return self.home / "template.sqlite"


def digest(parts: Iterable[object]) -> str:
    """Return a digest of values whose written form says all about them."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()


def keep(database: Path, target: Path) -> None:
    """Copy a database into one file, whatever its write-ahead log still holds, and put it in place at once."""
    complete = database.with_suffix(".whole")
    connection = sqlite3.connect(database)
    try:
        connection.execute("VACUUM INTO ?", (str(complete),))
    finally:
        connection.close()
    complete.replace(target)


@contextmanager
def ending(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End a process with the block, by force if it takes too long."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def listening_port(process: "subprocess.Popen[bytes]", errors: Path, what: str) -> int:
    """Wait for the port that a server prints when it answers, or raise NotStartedError with what it complained of."""
    line = b""
    if process.stdout and select.select([process.stdout], [], [], START_SECONDS)[0]:
        line = process.stdout.readline()
    if not line:
        raise NotStartedError(f"{what} did not start:\n{errors.read_text(encoding='utf-8')[-2000:]}")
    return int(line)
