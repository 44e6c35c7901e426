"""Links of subjects, and keys of tools, in either database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from store import database, subjects
from store.service_keys import SHOWN, ServiceKeys
from store.subjects import Kind, Linked, Subjects
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

NOW = datetime(2026, 4, 8, 9, tzinfo=UTC)
MANAGER = Linked(subject="northbeam.10022", kind=Kind.EMPLOYEE, number="10022", linked_by="Ada", valid_from=NOW)
CONTACT = Linked(subject="goldenfinch.3", kind=Kind.CUSTOMER, number="CUS-07", linked_by="Ada", valid_from=NOW)


async def test_who_a_subject_is(engine: AsyncEngine) -> None:
    """A link is found by the whole subject as it was written, and by nothing like it."""
    await database.migrate(engine)
    links = Subjects(engine)
    assert await links.link([MANAGER, CONTACT])
    assert [await links.person(one.subject) for one in (MANAGER, CONTACT)] == [MANAGER, CONTACT]
    for other in ("northbeam.1002", "NORTHBEAM.10022", "northbeam.10022 ", "%", ""):
        assert await links.person(other) is None
    assert await links.all() == [CONTACT, MANAGER]


async def test_all_links_or_none(engine: AsyncEngine) -> None:
    """One subject that is linked already keeps all of them out, and stays whom it was."""
    await database.migrate(engine)
    links = Subjects(engine)
    await links.link([MANAGER])
    assert not await links.link([CONTACT, MANAGER])
    assert await links.all() == [MANAGER]


async def test_an_unlinked_subject_is_nobody(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here at once, and in another process once what it remembers is old."""
    monkeypatch.setattr(subjects, "CACHE_SECONDS", 0)
    await database.migrate(engine)
    here, elsewhere = Subjects(engine), Subjects(engine)
    await here.link([MANAGER])
    assert await elsewhere.person(MANAGER.subject) == MANAGER
    assert await here.unlink(MANAGER.subject)
    assert not await here.unlink(MANAGER.subject)
    assert [await one.person(MANAGER.subject) for one in (here, elsewhere)] == [None, None]


async def test_a_store_without_tables(engine: AsyncEngine) -> None:
    """That it cannot be asked is not that nobody is linked."""
    with pytest.raises(StoreUnavailableError):
        await Subjects(engine).person(MANAGER.subject)


async def test_a_key_comes_back_as_it_was_made(engine: AsyncEngine) -> None:
    """Roles, entities and instants, and the secret alone opens it."""
    await database.migrate(engine)
    keys = ServiceKeys(engine)
    made = await keys.create("night", ["analyst"], ["NB-UK"], NOW, timedelta(days=1))
    match = SHOWN.fullmatch(made or "")
    assert match is not None
    key = await keys.find(match["id"])
    assert key is not None
    assert (key.name, key.roles, key.entities) == ("night", ["analyst"], ["NB-UK"])
    assert (key.created_at, key.expires_at, key.revoked_at) == (NOW, NOW + timedelta(days=1), None)
    assert (key.opened_by(match["secret"]), key.opened_by(match["secret"][::-1])) == (True, False)
    assert await keys.revoke("night", NOW) == 1
    (ended,) = await keys.all()
    assert (ended.revoked_at, ended.live(NOW)) == (NOW, False)
