"""The register of identities on SQLite and PostgreSQL: what files, matchings and people change, all or nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert

from schema.cross_reference import Cardinality, CopyRole, Established, LinkState
from schema.rows import Ref
from store import database
from store.admission import Line
from store.crossrefs import CrossReferences
from store.reference import CrossReference, Score
from store.register import Decision, Kind, Register
from store.rekeying import Move
from store.tables import CROSS_REFERENCES

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

NOW = datetime(2026, 4, 8, 9, tzinfo=UTC)
CUSTOMERS = Kind("Customer", "erp")


# A row of the first version's table, which had fewer columns.
BEFORE = {
    "entity_type": "Customer",
    "canonical_id": Ref("Customer", "crm", "1").encode(),
    "system": "erp",
    "source_type": "Customer",
    "source_id": "C-1",
    "role": "REPLICA",
    "cardinality": "ONE",
    "state": "ACTIVE",
    "established_by": "IMPORT",
    "valid_from": NOW,
}


def link(home: str, other: str, **more: Any) -> CrossReference:
    """Return an active link of a customer to the ERP."""
    standing: dict[str, Any] = {"source_type": "Customer", "established_by": Established.IMPORT, "valid_from": NOW}
    return CrossReference(
        canonical=Ref("Customer", "crm", home), foreign=Ref("Customer", "erp", other), **(standing | more)
    )


def proposal(home: str, other: str, score: Score = Score.EXACT, **more: Any) -> CrossReference:
    """Return a proposal with its evidence."""
    evidence = {"agrees": ["KEY"], "differs": [], "home": {"name": "Ann"}, "source": {"name": "Ann"}}
    pending = {"state": LinkState.PENDING, "established_by": Established.MATCH, "score": score, "evidence": evidence}
    return link(home, other, **(pending | more))


def lines(*references: CrossReference) -> list[Line]:
    """Return references as the lines of a file, from the second on."""
    return [Line(number, reference) for number, reference in enumerate(references, 2)]


@pytest.fixture
async def register(engine: AsyncEngine) -> Register:
    """The register of a migrated, empty store."""
    await database.migrate(engine)
    return Register(engine)


async def stored(register: Register) -> list[tuple[str, str, str]]:
    """Return what is stored: home id, source id, state."""
    return [(one.canonical.id, one.source_id, one.state.value) for one in await register.references()]


async def admitted(register: Register, *references: CrossReference) -> None:
    """Store links that nothing contradicts."""
    assert (await register.admit(lines(*references), dry_run=False)).refused == []


async def proposed(register: Register, *proposals: CrossReference) -> list[int]:
    """Let these be the proposals, and return the ids of all references."""
    await register.propose({CUSTOMERS: proposals}, dry_run=False)
    return [one.id or 0 for one in await register.references()]


async def test_everything_of_a_reference_is_kept(register: Register) -> None:
    """What is read is what was written, to the last field and with its zone."""
    full = link(
        "1",
        "C-1",
        source_type="LegacyProject",
        source_key="ENG-018",
        role=CopyRole.LEGACY,
        cardinality=Cardinality.MANY_SEGMENTS,
        state=LinkState.BROKEN,
        established_by=Established.MANUAL,
        valid_to=NOW,
        last_verified_at=NOW.astimezone(tz=None),
        score=Score.WEAK,
        evidence={"agrees": ["NAME"]},
        decided_by="Ada",
        decided_at=NOW,
    )
    await admitted(register, full)
    assert [msgspec.structs.replace(one, id=None) for one in await register.references()] == [full]


async def test_a_file_is_stored_whole_and_only_once(register: Register) -> None:
    """The same file again changes nothing; a dry run says the same and writes nothing."""
    file = lines(link("1", "C-1"), link("2", "C-2"))
    tried = await register.admit(file, dry_run=True)
    assert (len(tried.added), await stored(register)) == (2, [])
    await register.admit(file, dry_run=False)
    before = await register.references()
    again = await register.admit(file, dry_run=False)
    assert (again.added, again.unchanged) == ([], 2)
    assert await register.references() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (link("2", "C-1"), "erp 'C-1' is linked to crm '1' already"),
        (link("1", "C-2"), "erp 'C-1' is linked to crm '1' already"),
        (link("3", "C-4"), "erp 'C-3' is linked to crm '3' by line 2"),
        (link("3", "C-3"), "line 2 says the same records"),
        (link("1", "C-1", state=LinkState.RETIRED), "this link is not retired here"),
    ],
    ids=["its record is another's", "it has another record", "the file contradicts itself", "twice", "retired"],
)
async def test_a_contradiction_refuses_the_whole_file(register: Register, wrong: CrossReference, said: str) -> None:
    """One line that contradicts what is stored, or another line, is named, and nothing of the file is stored."""
    await admitted(register, link("1", "C-1"))
    admission = await register.admit(lines(link("3", "C-3"), wrong, link("9", "C-9")), dry_run=False)
    assert [(refusal.number, refusal.wrong) for refusal in admission.refused] == [(3, said)]
    assert all(refusal.cure for refusal in admission.refused)
    assert await stored(register) == [("1", "C-1", "ACTIVE")]


async def test_segments_may_be_many(register: Register) -> None:
    """A record that another system keeps in several has a link to each of them."""
    many = {"cardinality": Cardinality.MANY_SEGMENTS}
    await admitted(register, link("1", "C-1", **many), link("1", "C-2", **many))
    assert (await register.admit(lines(link("2", "C-2", **many)), dry_run=False)).refused


async def test_a_fact_ends_proposals_and_never_a_reservation(register: Register) -> None:
    """An imported link settles a proposal that says the same, withdraws those that don't, and waits for a command."""
    await proposed(register, proposal("1", "C-1"), proposal("2", "C-2"), proposal("3", "C-3"))
    admission = await register.admit(lines(link("1", "C-1"), link("2", "C-3")), dry_run=False)
    assert (len(admission.activated), len(admission.added), len(admission.withdrawn)) == (1, 1, 2)
    assert await stored(register) == [("1", "C-1", "ACTIVE"), ("2", "C-3", "ACTIVE")]
    await admitted(register, link("4", "C-4", state=LinkState.PENDING, established_by=Established.COMMAND))
    for contradiction in (link("4", "C-4"), link("4", "C-5"), link("5", "C-4")):
        assert (await register.admit(lines(contradiction), dry_run=False)).refused


async def test_proposals_are_renewed(register: Register) -> None:
    """A matching brings new ones, keeps the ids of those that stand, and takes back what nothing speaks for."""
    one, two = await proposed(register, proposal("1", "C-1"), proposal("2", "C-2"))
    tried = await register.propose({CUSTOMERS: [proposal("2", "C-9")]}, dry_run=True)
    assert (len(tried.new), len(tried.kept), len(tried.withdrawn)) == (1, 0, 2)
    # 1 and 2 have changed places with 3: each record is claimed by another proposal than before.
    again = [proposal("2", "C-2", Score.WEAK), proposal("3", "C-1")]
    result = await register.propose({CUSTOMERS: again}, dry_run=False)
    assert (len(result.new), len(result.kept), len(result.withdrawn)) == (1, 1, 1)
    found = {one.source_id: one for one in await register.references()}
    assert (found["C-2"].id, found["C-2"].score) == (two, Score.WEAK)
    assert found["C-1"].canonical.id == "3"
    assert found["C-1"].id not in (one, two)


async def test_an_id_is_never_given_twice(register: Register) -> None:
    """The number of a proposal that was withdrawn never means another one."""
    (first,) = await proposed(register, proposal("1", "C-1"))
    assert await proposed(register) == []
    assert await proposed(register, proposal("2", "C-2")) != [first]


async def test_a_matching_leaves_facts_and_decisions_alone(register: Register) -> None:
    """What is linked is not proposed away, and what a person rejected is not proposed again."""
    await admitted(register, link("1", "C-1"))
    _, rejected = await proposed(register, proposal("2", "C-2"))
    await register.decide([Decision(rejected, accept=False)], "Ada", NOW)
    result = await register.propose(
        {CUSTOMERS: [proposal("1", "C-9"), proposal("9", "C-1"), proposal("2", "C-2"), proposal("1", "C-1")]},
        dry_run=False,
    )
    assert result.new == []
    assert await stored(register) == [("1", "C-1", "ACTIVE"), ("2", "C-2", "RETIRED")]


async def test_other_kinds_keep_their_proposals(register: Register) -> None:
    """A matching of one type and system leaves the proposals of all others."""
    await proposed(register, proposal("1", "C-1"))
    await register.propose({Kind("Customer", "psa"): [], Kind("Engagement", "erp"): []}, dry_run=False)
    assert await stored(register) == [("1", "C-1", "PENDING")]


async def test_of_those_that_compete_one_is_accepted(register: Register) -> None:
    """Proposals that compete wait side by side; the accepted one is active, its rivals go, and others stay."""
    doubtful = [proposal(home, other, Score.AMBIGUOUS) for home in ("1", "2") for other in ("C-1", "C-2")]
    ids = await proposed(register, *doubtful, proposal("3", "C-3"))
    decided = await register.decide([Decision(ids[0], accept=True, verified_at=NOW)], "Ada", NOW + timedelta(hours=1))
    assert (len(decided.accepted), decided.refused) == (1, [])
    assert await stored(register) == [("1", "C-1", "ACTIVE"), ("2", "C-2", "PENDING"), ("3", "C-3", "PENDING")]
    (accepted, *_) = await register.references()
    assert (accepted.decided_by, accepted.decided_at) == ("Ada", NOW + timedelta(hours=1))
    assert (accepted.last_verified_at, accepted.established_by) == (NOW, Established.MATCH)
    # The names that were shown are gone.
    assert accepted.evidence == {"agrees": ["KEY"], "differs": []}


async def test_decisions_that_contradict_are_refused_together(register: Register) -> None:
    """Two records for one, an id that is nobody's, both answers at once: nothing is decided, each is named."""
    ids = await proposed(register, proposal("1", "C-1", Score.AMBIGUOUS), proposal("1", "C-2", Score.AMBIGUOUS))
    both = [Decision(id_, accept=True) for id_ in ids]
    for wrong in (both, [Decision(999, accept=True)], [both[0], Decision(ids[0], accept=False)]):
        assert (await register.decide([*wrong], "Ada", NOW)).refused
    assert {state for *_, state in await stored(register)} == {"PENDING"}


async def test_a_decision_made_again_changes_nothing(register: Register) -> None:
    """The same file of decisions twice is no error; the other decision on something retired is one."""
    yes, no = await proposed(register, proposal("1", "C-1"), proposal("2", "C-2"))
    said = [Decision(yes, accept=True), Decision(no, accept=False)]
    await register.decide(said, "Ada", NOW)
    before = await register.references()
    again = await register.decide(said, "Bob", NOW)
    assert (again.unchanged, again.accepted, again.retired, again.refused) == (2, [], [], [])
    assert await register.references() == before
    assert (await register.decide([Decision(no, accept=True)], "Ada", NOW)).refused


async def test_rejecting_a_link_that_stands_retires_it(register: Register, engine: AsyncEngine) -> None:
    """A retired link is used no more, says until when it was so, and makes room for another one."""
    await admitted(register, link("1", "C-1"))
    (id_,) = [one.id for one in await register.references()]
    await register.decide([Decision(id_ or 0, accept=False)], "Ada", NOW)
    assert (await register.references())[0].valid_to == NOW
    await admitted(register, link("1", "C-2"))
    words = await CrossReferences(engine).words([Ref("Customer", "crm", "1")], "erp")
    assert [ref.id for ref in words[Ref("Customer", "crm", "1")]] == ["C-2"]


async def test_a_record_that_is_gone_breaks_its_link(register: Register, engine: AsyncEngine) -> None:
    """A broken link is used by nobody and makes room; whole again it stands, unless another one took its place."""
    await admitted(register, link("1", "C-1"), link("2", "C-2"), link("3", "C-3"))
    refs = {number: Ref("Customer", "erp", f"C-{number}") for number in "123"}
    homes = {Ref("Customer", "crm", number) for number in "12"}
    found = await register.verify({refs["2"], *homes}, {refs["1"]}, NOW)
    assert (len(found.seen), len(found.broken), len(found.mended)) == (1, 1, 0)
    assert await stored(register) == [("1", "C-1", "BROKEN"), ("2", "C-2", "ACTIVE"), ("3", "C-3", "ACTIVE")]
    # Of the third nobody knows: it was not looked for.
    assert [one.last_verified_at for one in await register.references()] == [None, NOW, None]
    customer = Ref("Customer", "crm", "1")
    assert (await CrossReferences(engine).words([customer], "erp"))[customer] == []
    everything = {*refs.values(), *homes}
    assert len((await register.verify(everything, (), NOW)).mended) == 1
    await register.verify((), {refs["1"]}, NOW)
    await admitted(register, link("1", "C-9"))
    assert (await register.verify(everything, (), NOW)).mended == []
    assert (await stored(register))[0] == ("1", "C-1", "BROKEN")


async def test_what_a_command_holds_is_not_decided(register: Register) -> None:
    """A reservation of a command is the command's."""
    await admitted(register, link("4", "C-4", state=LinkState.PENDING, established_by=Established.COMMAND))
    (id_,) = [one.id or 0 for one in await register.references()]
    for accept in (True, False):
        assert (await register.decide([Decision(id_, accept=accept)], "Ada", NOW)).refused


async def test_stewards_at_once_take_turns(register: Register, url: str) -> None:
    """Of many who link the same records at one time, one does; the others are told, and nothing breaks."""
    engines = [database.connect(url) for _ in range(6)]
    admissions = await asyncio.gather(
        *(
            Register(one).admit(lines(link(str(number), "C-1"), link("x", f"C-{number}x")), dry_run=False)
            for number, one in enumerate(engines)
        )
    )
    assert sorted(len(admission.refused) for admission in admissions) == [0, 2, 2, 2, 2, 2]
    assert len(await stored(register)) == 2
    await asyncio.gather(*(one.dispose() for one in engines))


def moved(old: str, new: str, number: int = 2) -> Move:
    """Return the line that gives a customer another id."""
    return Move(number, Ref("Customer", "crm", old), Ref("Customer", "crm", new))


async def test_an_old_id_leads_to_the_new_one(engine: AsyncEngine, register: Register) -> None:
    """References go over with the record, and an id that was moved twice leads to where it is now."""
    refs = CrossReferences(engine)
    await admitted(register, link("1", "C-1"))
    tried = await register.rekey([moved("1", "11")], "Ada", NOW, dry_run=True)
    old, between, new = (Ref("Customer", "crm", id_) for id_ in ("1", "11", "111"))
    assert (len(tried.moved), await refs.successors([old])) == (1, {})
    for move in (moved("1", "11"), moved("11", "111")):
        assert (await register.rekey([move], "Ada", NOW, dry_run=False)).refused == []
    assert await stored(register) == [("111", "C-1", "ACTIVE")]
    assert await refs.successors([old, between, new]) == {old: new, between: new}
    assert (await register.rekey([moved("11", "111")], "Ada", NOW, dry_run=False)).unchanged == 1


@pytest.mark.parametrize(
    "wrong",
    [
        [moved("1", "1")],
        [moved("1", "2"), moved("1", "3", 3)],
        [moved("1", "2"), moved("2", "3", 3)],
        [moved("8", "7")],
    ],
    ids=["nowhere", "to two", "through another", "to one that moved"],
)
async def test_a_move_that_leads_on_is_refused(register: Register, wrong: list[Move]) -> None:
    """An id leads to one other, which leads no further; else nothing moves."""
    await register.rekey([moved("7", "77")], "Ada", NOW, dry_run=False)
    assert (await register.rekey([*wrong, moved("5", "6", 9)], "Ada", NOW, dry_run=False)).refused
    assert (await register.rekey([moved("5", "6")], "Ada", NOW, dry_run=False)).unchanged == 0


async def test_merged_records_keep_one_link_a_system(register: Register) -> None:
    """Two customers that became one must not have two records in the ERP: one is retired first."""
    await admitted(register, link("1", "C-1"), link("2", "C-2"))
    merger = [moved("1", "9"), moved("2", "9", 3)]
    refused = (await register.rekey(merger, "Ada", NOW, dry_run=False)).refused
    assert [refusal.number for refusal in refused] == [3]
    second = (await register.references())[1].id or 0
    assert f"--reject {second}" in refused[0].cure
    await register.decide([Decision(second, accept=False)], "Ada", NOW)
    assert (await register.rekey(merger, "Ada", NOW, dry_run=False)).refused == []
    assert await stored(register) == [("9", "C-1", "ACTIVE"), ("9", "C-2", "RETIRED")]


async def test_links_of_the_release_before_are_kept(engine: AsyncEngine) -> None:
    """A store of the first version keeps its links through the migration."""

    def first(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "store/migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    async with engine.begin() as connection:
        await connection.run_sync(first)
        await connection.execute(insert(CROSS_REFERENCES), BEFORE)
    await database.migrate(engine)
    (kept,) = await Register(engine).references()
    assert msgspec.structs.replace(kept, id=None) == link("1", "C-1")
