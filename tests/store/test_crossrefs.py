"""Who is who, on SQLite and on PostgreSQL: in both directions, over two hops, and never by a contradicting link."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from schema.cross_reference import Established
from schema.rows import Ref
from store import database
from store.crossrefs import CrossReferences
from store.reference import CrossReference
from store.tables import CROSS_REFERENCES, METADATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

SINCE = datetime(2026, 4, 8, tzinfo=UTC)


@pytest.fixture
async def refs(engine: AsyncEngine) -> CrossReferences:
    """The cross-references of a migrated store."""
    await database.migrate(engine)
    return CrossReferences(engine)


def crm(id_: str) -> Ref:
    """Return a customer in the words of its home."""
    return Ref("Customer", "crm", id_)


def of(canonical: Ref, binding: str, id_: str, source_type: str = "Account") -> CrossReference:
    """Return a reference from a record to what a binding calls it."""
    return CrossReference(
        canonical=canonical,
        foreign=Ref(canonical.type, binding, id_),
        source_type=source_type,
        established_by=Established.IMPORT,
        valid_from=SINCE,
    )


async def stored(engine: AsyncEngine) -> int:
    """Count what is stored."""
    async with engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(CROSS_REFERENCES))).scalar_one()


async def store(engine: AsyncEngine, reference: CrossReference, state: str) -> None:
    """Store a reference in another state, as other writers will."""
    async with engine.begin() as connection:
        await connection.execute(
            insert(CROSS_REFERENCES),
            {
                "entity_type": reference.canonical.type,
                "canonical_id": reference.canonical.encode(),
                "system": reference.foreign.binding,
                "source_type": reference.source_type,
                "source_id": reference.foreign.id,
                "role": "REPLICA",
                "cardinality": "ONE",
                "state": state,
                "established_by": "IMPORT",
                "valid_from": SINCE,
            },
        )


async def words(refs: CrossReferences, ref: Ref, role: str) -> Sequence[Ref]:
    """Return what a role calls one record."""
    return (await refs.words([ref], role))[ref]


async def test_migrating_twice_is_harmless(engine: AsyncEngine, refs: CrossReferences) -> None:
    """A second migration changes nothing and loses nothing."""
    await refs.add([of(crm("1"), "erp", "C-1")])
    await database.migrate(engine)
    assert await words(CrossReferences(engine), crm("1"), "erp") == [Ref("Customer", "erp", "C-1")]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_replicas_that_start_together_migrate_once(url: str) -> None:
    """Several processes that find an empty store at one time all come up with the same tables."""
    engines = [database.connect(url) for _ in range(4)]
    await asyncio.gather(*(database.migrate(engine) for engine in engines))
    assert await stored(engines[0]) == 0
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_the_migrations_make_the_tables_of_the_code(engine: AsyncEngine, refs: CrossReferences) -> None:
    """What the migrations leave behind and what tables.py says are the same to alembic."""
    del refs

    def compared(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, METADATA))

    async with engine.connect() as connection:
        assert await connection.run_sync(compared) == []


async def test_both_directions(refs: CrossReferences) -> None:
    """From the home's words to another system's, and back."""
    await refs.add([of(crm("1"), "erp", "C-1"), of(crm("2"), "erp", "C-2")])
    assert await words(refs, crm("2"), "erp") == [Ref("Customer", "erp", "C-2")]
    assert await words(refs, Ref("Customer", "erp", "C-2"), "crm") == [crm("2")]


async def test_from_one_foreign_system_to_another(refs: CrossReferences) -> None:
    """What the PSA calls a customer is said in the ERP's words by way of its home, whichever way was stored first."""
    await refs.add([of(crm("1"), "erp", "C-1"), of(crm("2"), "erp", "C-2")])
    await refs.add([of(crm("2"), "psa", "700"), of(crm("1"), "psa", "800")])
    assert await words(refs, Ref("Customer", "psa", "700"), "erp") == [Ref("Customer", "erp", "C-2")]
    assert await words(refs, Ref("Customer", "erp", "C-1"), "psa") == [Ref("Customer", "psa", "800")]


async def test_many_at_once_each_with_its_own(refs: CrossReferences) -> None:
    """One look-up for references of several types and systems gives each its own words, and the unknown ones none."""
    engagement = Ref("Engagement", "psa", "1")
    await refs.add([of(crm("1"), "erp", "C-1"), of(engagement, "erp", "P-1", "Project"), of(crm("1"), "psa", "7")])
    asked = [crm("1"), engagement, Ref("Customer", "psa", "7"), crm("9"), crm("1"), Ref("Customer", "psa", "1")]
    assert await refs.words(iter(asked), "erp") == {
        crm("1"): [Ref("Customer", "erp", "C-1")],
        engagement: [Ref("Engagement", "erp", "P-1")],
        Ref("Customer", "psa", "7"): [Ref("Customer", "erp", "C-1")],
        crm("9"): [],
        Ref("Customer", "psa", "1"): [],
    }
    assert await refs.words([], "erp") == {}


async def test_several_bindings_of_a_role(refs: CrossReferences) -> None:
    """Both ERPs answer for the role, in the order in which they were linked; one's words are not the other's."""
    await refs.add([of(crm("1"), "erp", "C-1"), of(crm("1"), "erp.legacy", "C-1"), of(crm("2"), "erp.legacy", "C-2")])
    assert await words(refs, crm("1"), "erp") == [Ref("Customer", "erp", "C-1"), Ref("Customer", "erp.legacy", "C-1")]
    assert await words(refs, crm("2"), "erp") == [Ref("Customer", "erp.legacy", "C-2")]
    assert await words(refs, Ref("Customer", "erp.legacy", "C-2"), "crm") == [crm("2")]
    assert await words(refs, Ref("Customer", "erp", "C-2"), "crm") == []


async def test_a_role_is_no_prefix(refs: CrossReferences) -> None:
    """`erp` means erp and erp.something, not every binding whose name begins so."""
    await refs.add([of(crm("1"), "erpx", "C-1"), of(crm("1"), "erp_old", "C-1")])
    assert await words(refs, crm("1"), "erp") == []


async def test_ids_are_compared_to_the_letter(refs: CrossReferences) -> None:
    """Ids that differ in case, in blanks or in leading zeros are different records."""
    await refs.add([of(crm("a1"), "erp", "c-1"), of(crm("A1"), "erp", "C-1"), of(crm("01"), "erp", " C-1")])
    assert await words(refs, crm("A1"), "erp") == [Ref("Customer", "erp", "C-1")]
    assert await words(refs, Ref("Customer", "erp", "c-1"), "crm") == [crm("a1")]
    assert await words(refs, Ref("Customer", "erp", " C-1"), "crm") == [crm("01")]
    assert await words(refs, crm("1"), "erp") == []


@pytest.mark.parametrize("state", ["PENDING", "RETIRED"])
async def test_only_active_references_are_used(engine: AsyncEngine, refs: CrossReferences, state: str) -> None:
    """A reference that is proposed or was retired leads nowhere, in either direction."""
    await store(engine, of(crm("1"), "erp", "C-1"), state)
    assert await words(refs, crm("1"), "erp") == []
    assert await words(refs, Ref("Customer", "erp", "C-1"), "crm") == []


@pytest.mark.parametrize(
    "contradiction",
    [of(crm("2"), "erp", "C-1"), of(crm("1"), "erp", "C-9"), of(crm("1"), "erp", "C-1")],
    ids=["one record of two", "two records of one", "the same again"],
)
@pytest.mark.parametrize("state", ["ACTIVE", "PENDING"])
async def test_a_contradiction_is_refused_with_all_that_came_along(
    engine: AsyncEngine, refs: CrossReferences, state: str, contradiction: CrossReference
) -> None:
    """A second link of one record, or of one system, is refused, and so is everything in the same call."""
    await store(engine, of(crm("1"), "erp", "C-1"), state)
    with pytest.raises(IntegrityError):
        await refs.add([of(crm("7"), "erp", "C-7"), contradiction, of(crm("8"), "erp", "C-8")])
    assert await stored(engine) == 1
    assert await words(refs, crm("7"), "erp") == []
    assert await words(refs, crm("1"), "erp") == ([Ref("Customer", "erp", "C-1")] if state == "ACTIVE" else [])


async def test_a_retired_reference_makes_room(engine: AsyncEngine, refs: CrossReferences) -> None:
    """What was retired may be linked anew, to another record."""
    await refs.add([of(crm("1"), "erp", "C-1")])
    async with engine.begin() as connection:
        await connection.execute(update(CROSS_REFERENCES).values(state="RETIRED"))
    await refs.add([of(crm("1"), "erp", "C-2"), of(crm("2"), "erp", "C-1")])
    assert await words(refs, crm("1"), "erp") == [Ref("Customer", "erp", "C-2")]
    assert await words(refs, Ref("Customer", "erp", "C-1"), "crm") == [crm("2")]


async def test_a_change_made_here_is_seen_at_once(refs: CrossReferences) -> None:
    """That somebody was unknown a moment ago is not remembered over a change, nor is the answer of a refused one."""
    assert await words(refs, crm("1"), "erp") == []
    await refs.add([of(crm("1"), "erp", "C-1")])
    assert await words(refs, crm("1"), "erp") == [Ref("Customer", "erp", "C-1")]
    await refs.add([of(crm("1"), "erp.legacy", "L-1")])
    assert len(await words(refs, crm("1"), "erp")) == 2


async def test_an_answer_is_remembered(engine: AsyncEngine, refs: CrossReferences) -> None:
    """For a while the store is not asked again, also not for what it does not know."""
    await refs.add([of(crm("1"), "erp", "C-1")])
    before = await refs.words([crm("1"), crm("2")], "erp")
    async with engine.begin() as connection:
        await connection.execute(CROSS_REFERENCES.delete())
    assert await refs.words([crm("1"), crm("2")], "erp") == before
    assert await CrossReferences(engine).words([crm("1"), crm("2")], "erp") == {crm("1"): [], crm("2"): []}


async def test_a_change_during_a_look_up_is_seen_by_the_next(
    refs: CrossReferences, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that was read before a change and comes after it must not outlive it in the cache."""
    read, go_on = asyncio.Event(), asyncio.Event()
    look_up = refs._look_up  # noqa: SLF001  the moment between reading and remembering

    async def slow(*asked: Any) -> Any:
        found = await look_up(*asked)
        read.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(refs, "_look_up", slow)
    early = asyncio.create_task(refs.words([crm("1")], "erp"))
    await read.wait()
    await refs.add([of(crm("1"), "erp", "C-1")])
    go_on.set()
    assert await early == {crm("1"): []}
    assert await words(refs, crm("1"), "erp") == [Ref("Customer", "erp", "C-1")]


async def test_an_id_that_no_database_keeps_is_unknown(refs: CrossReferences) -> None:
    """A made-up id with a NUL is nobody's, and does not cost the others their look-up."""
    await refs.add([of(crm("1"), "erp", "C-1")])
    odd = [
        Ref("Customer", "crm", "1\0"),
        Ref("Cust\0mer", "crm", "1"),
        Ref("Customer", "crm\0", "1"),
        crm("\U0001f600"),
    ]
    found = await refs.words([*odd, crm("1")], "erp")
    assert found == {**{ref: [] for ref in odd}, crm("1"): [Ref("Customer", "erp", "C-1")]}
    assert (await refs.words([Ref("Customer", "erp", "C\0")], "crm")) == {Ref("Customer", "erp", "C\0"): []}


async def test_more_references_than_a_statement_takes(refs: CrossReferences) -> None:
    """Twelve thousand in one look-up, each with its own words."""
    count = 12_000
    await refs.add(of(crm(str(n)), "erp", f"C-{n}") for n in range(count))
    there = await refs.words([crm(str(n)) for n in range(count)], "erp")
    assert there == {crm(str(n)): [Ref("Customer", "erp", f"C-{n}")] for n in range(count)}
