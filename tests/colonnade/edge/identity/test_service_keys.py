"""Keys of internal tools: made by commands, shown once, ended on time, and never used to be somebody by accident."""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from colonnade.caller import Caller
from colonnade.demo import configure
from colonnade.edge.identity.keyring import KeyRing
from demo.systems import Bound, Silent
from schema.problems import Problem
from store.service_keys import ServiceKeys
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine
    from typer.testing import Result

    from colonnade.edge.identity.doorkeeper import Doorkeeper
    from tests.colonnade.edge.identity.provider import Provider, Settable

YEAR, HOUR = timedelta(days=365), 3600
KEY = re.compile(r"ck_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n")


class Running:
    """A clock by which some time passes with every look at it."""

    def __init__(self, clock: Settable, step: timedelta) -> None:
        self._clock, self._step, self._looks = clock, step, 0

    def now(self) -> datetime:
        """Return the time of this look."""
        self._looks += 1
        return self._clock.now() + self._looks * self._step


async def shown(door: Doorkeeper, key: str, *on_behalf_of: str) -> str:
    """Return as whom a key asks, or the code of the refusal."""
    found = await door.caller([f"Bearer {key}"], on_behalf_of)
    return found.code.name if isinstance(found, Problem) else str(found.subject)


@pytest.fixture
async def key(engine: AsyncEngine, clock: Settable) -> str:
    """The key of a tool."""
    made = await ServiceKeys(engine).create("night", ["analyst", "router"], ["NB-UK"], clock.now(), YEAR)
    assert made is not None
    return made


async def test_what_a_key_says(door: Doorkeeper, key: str, clock: Settable) -> None:
    """A key is its tool, or whom the tool names; it has its own roles and entities, and no token for systems."""
    expires = (clock.now() + YEAR).timestamp()
    tool = Caller(
        subject="key:night",
        roles=frozenset({"analyst", "router"}),
        entities=frozenset({"NB-UK"}),
        expires=expires,
        key="night",
    )
    assert await door.caller([f"Bearer {key}"]) == tool
    named = await door.caller([f"bearer {key}"], ["northbeam.10022"])
    assert isinstance(named, Caller)
    assert (named.subject, named.key, named.roles, named.token) == ("northbeam.10022", "night", tool.roles, None)


@pytest.mark.parametrize("seconds", [0.7, 1.5, 1.9])
async def test_a_key_is_forgotten_between_two_looks(
    engine: AsyncEngine, key: str, clock: Settable, seconds: float
) -> None:
    """However the moment falls in which what is remembered of a key becomes too old, the key opens."""
    ring = KeyRing(ServiceKeys(engine), Running(clock, timedelta(seconds=seconds)))
    found = [await ring.caller(key, None) for _ in range(20)]
    assert [caller.key for caller in found if isinstance(caller, Caller)] == ["night"] * 20


@pytest.mark.parametrize("subject", ["", " ", "x" * 256, "a\tb", "key:night", "key:other", "Zoë", " northbeam.10022"])
async def test_subjects_that_are_none(door: Doorkeeper, key: str, subject: str) -> None:
    """A tool names a person in the words of the identity provider, and never another tool."""
    assert await shown(door, key, subject) == "UNAUTHENTICATED"


async def test_one_subject_at_a_time(door: Doorkeeper, key: str, idp: Provider) -> None:
    """Two subjects are none, and only a key may name one: not a user, and not nobody."""
    assert await shown(door, key, "northbeam.10022", "northbeam.10018") == "UNAUTHENTICATED"
    assert await shown(door, idp.token(), "northbeam.10018") == "UNAUTHENTICATED"
    assert isinstance(await door.caller([], ["northbeam.10022"]), Problem)


async def test_a_key_that_is_nearly_one(door: Doorkeeper, key: str) -> None:
    """Another secret, another id, a part, or more: nothing opens."""
    id_, secret = key[3:19], key[20:]
    wrong = [
        f"ck_{id_}_{'A' if secret[0] != 'A' else 'B'}{secret[1:]}",
        f"ck_{'0' * 16}_{secret}",
        f"ck_{id_}_{secret[:-1]}",
        f"ck_{id_}_{secret}A",
        f"ck_{id_}_",
        f"ck_{id_.upper()}_{secret}",
        f"CK_{id_}_{secret}",
        f"{id_}_{secret}",
        f"ck_%_{secret}",
    ]
    assert {await shown(door, one) for one in wrong} == {"UNAUTHENTICATED"}
    assert await shown(door, key) == "key:night"


def contents(folder: Path) -> bytes:
    """Return all that a database's files hold."""
    return b"".join(path.read_bytes() for path in folder.glob("store.db*"))


async def test_the_store_holds_no_secret(key: str, engine: AsyncEngine, tmp_path: Path) -> None:
    """Who reads the database's files finds a hash, and no key."""
    await engine.dispose()
    stored = await asyncio.to_thread(contents, tmp_path)
    assert key[3:19].encode() in stored
    assert key[20:].encode() not in stored


async def test_a_key_ends(door: Doorkeeper, key: str, clock: Settable) -> None:
    """It opens until its last second."""
    clock.wait(YEAR.total_seconds() - 1)
    assert await shown(door, key) == "key:night"
    clock.wait(1)
    assert await shown(door, key) == "UNAUTHENTICATED"


async def test_a_revoked_key(door: Doorkeeper, key: str, engine: AsyncEngine, clock: Settable) -> None:
    """Another process revokes it: within five seconds it opens nothing, and the name is free for a new one."""
    keys = ServiceKeys(engine)
    assert await shown(door, key) == "key:night"
    assert await keys.revoke("night", clock.now()) == 1
    clock.wait(5)
    assert await shown(door, key) == "UNAUTHENTICATED"
    again = await keys.create("night", ["analyst"], [], clock.now(), YEAR)
    assert again is not None
    assert await shown(door, again) == "key:night"


async def test_a_rotation_overlaps(door: Doorkeeper, key: str, engine: AsyncEngine, clock: Settable) -> None:
    """The next key may do the same for as long; the old one opens beside it until the overlap has passed."""
    keys = ServiceKeys(engine)
    assert await keys.create("night", ["auditor"], [], clock.now(), YEAR) is None
    clock.wait(100 * HOUR)
    following = await keys.rotate("night", clock.now(), timedelta(hours=24))
    assert following is not None
    clock.wait(24 * HOUR - 1)
    assert [await shown(door, one) for one in (key, following)] == ["key:night", "key:night"]
    clock.wait(1)
    assert [await shown(door, one) for one in (key, following)] == ["UNAUTHENTICATED", "key:night"]
    old, new = await keys.all()
    assert (new.roles, new.entities, new.expires_at - new.created_at) == (old.roles, old.entities, YEAR)


async def test_a_rotation_lengthens_no_key(key: str, engine: AsyncEngine, clock: Settable) -> None:
    """An overlap beyond a key's own end leaves that end as it is."""
    keys = ServiceKeys(engine)
    (before,) = await keys.all()
    assert key
    await keys.rotate("night", clock.now(), 2 * YEAR)
    assert (await keys.all())[0].expires_at == before.expires_at
    assert await keys.rotate("nobody", clock.now(), YEAR) is None


async def test_a_store_that_is_away(door: Doorkeeper, key: str, engine: AsyncEngine, tmp_path: Path) -> None:
    """Nobody can tell whose key it is: that is said, and nobody is let in."""
    await engine.dispose()
    await asyncio.to_thread(shutil.rmtree, tmp_path)
    assert await shown(door, key) == "STORE_UNAVAILABLE"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration over nothing."""
    return configure(tmp_path, [Bound("psa", "kantata", "http://127.0.0.1:9", {"token": "t"}, {}, Silent())])


def run(config: Path, *args: str) -> Result:
    """Run a command on a configuration."""
    return invoke(*args, "--config", config)


def test_the_commands_of_keys(config: Path) -> None:
    """A key is made, listed without its secret, rotated and revoked; each is printed once, alone on its line."""
    made = run(config, "token", "create", "night", "--role", "analyst", "--role", "router", "--entity", "NB-UK")
    assert (made.exit_code, bool(KEY.fullmatch(made.stdout))) == (0, True)
    assert made.stderr == "This is shown once: the store keeps no more than its hash.\n"
    twice = run(config, "token", "create", "night", "--role", "analyst")
    assert (twice.exit_code, twice.stdout) == (2, "")
    assert twice.stderr == "night: has a key already; rotate it, or revoke it first\n"
    rotated = run(config, "token", "rotate", "night", "--overlap", "0")
    assert KEY.fullmatch(rotated.stdout)
    rows = cells(run(config, "token", "list").stdout)
    assert [(row[0], row[2], row[3], row[6]) for row in rows] == [
        ("night", "analyst router", "NB-UK", "expired"),
        ("night", "analyst router", "NB-UK", "valid"),
    ]
    assert [row[1] for row in rows] == [made.stdout[3:19], rotated.stdout[3:19]]
    assert run(config, "token", "revoke", "night").stdout == "revoked 1\n"
    again = run(config, "token", "revoke", "night")
    assert (again.exit_code, again.stderr) == (2, "night: has no key that is valid; nothing was revoked\n")
    assert run(config, "token", "rotate", "night").exit_code == 2


@pytest.mark.parametrize(
    "args",
    [
        ("Night", "--role", "analyst"),
        ("night watch", "--role", "analyst"),
        ("n" * 81, "--role", "analyst"),
        ("night", "--role", "Analyst"),
        ("night", "--role", "analyst", "--entity", "NB UK"),
        ("night", "--role", "analyst", "--days", "0"),
        ("night",),
    ],
)
def test_a_key_that_is_not_made(config: Path, args: tuple[str, ...]) -> None:
    """A name, role or entity of another form, no role, or no time makes no key."""
    refused = run(config, "token", "create", *args)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert cells(run(config, "token", "list").stdout) == []


def test_the_commands_of_links(config: Path) -> None:
    """A subject is linked once, to one person, by somebody who is named; and unlinked."""
    link = ("subject", "link", "northbeam.10022", "--by", "Ada")
    assert run(config, *link, "--employee", "10022").stdout == "linked\n"
    assert run(config, "subject", "link", "goldenfinch.3", "--by", "Ada", "--customer", "CUS-07").exit_code == 0
    rows = [row[:4] for row in cells(run(config, "subject", "list").stdout)]
    assert rows == [("goldenfinch.3", "customer", "CUS-07", "Ada"), ("northbeam.10022", "employee", "10022", "Ada")]
    twice = run(config, *link, "--employee", "10023")
    told = "northbeam.10022: is linked already; unlink it first, if it is somebody else now\n"
    assert (twice.exit_code, twice.stderr) == (2, told)
    assert run(config, "subject", "unlink", "northbeam.10022").stdout == "unlinked\n"
    again = run(config, "subject", "unlink", "northbeam.10022")
    assert (again.exit_code, again.stderr) == (2, "northbeam.10022: is not linked; nothing was changed\n")
    assert [row[0] for row in cells(run(config, "subject", "list").stdout)] == ["goldenfinch.3"]


@pytest.mark.parametrize(
    "args",
    [
        ("s", "--by", "Ada"),
        ("s", "--by", "Ada", "--employee", "1", "--customer", "CUS-07"),
        ("s", "--by", "Ada", "--employee", " "),
        ("s", "--by", " ", "--employee", "1"),
        ("s", "--employee", "1"),
        ("key:night", "--by", "Ada", "--employee", "1"),
        ("a\nb", "--by", "Ada", "--employee", "1"),
        ("x" * 256, "--by", "Ada", "--employee", "1"),
    ],
)
def test_a_link_that_is_not_made(config: Path, args: tuple[str, ...]) -> None:
    """Nobody, two at once, no name of who says so, or what no token could say: nothing is linked."""
    refused = run(config, "subject", "link", *args)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert cells(run(config, "subject", "list").stdout) == []
