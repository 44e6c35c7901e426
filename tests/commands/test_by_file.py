"""Postings that go by file: each is booked once, whatever becomes of the file, of its answer, or of us."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncssh
import httpx
import pytest
from sqlalchemy import select

from colonnade.settings import Settings
from demo.firm.clock import AS_OF
from demo.heritage.ledger import DRAFT, DRAFTS
from schema.rows import Ref
from store import audit_verdict, database
from store.audit_tables import AUDIT
from tests.commands.by_file import CLERK, POLL, SECONDS, Files, house
from tests.commands.rig import Forge, store_on
from tests.journeys.test_two_erps import LEGACY
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.firm.model import Firm

PLACES = ("collected", "begun", "answered", "meaning", "looked", "part", "renamed", "put", "believed", "recorded")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, firm: Firm) -> Iterator[Files]:
    """The house on either database, for all of this file."""
    forge = Forge()
    try:
        with store_on(request.param) as store, house(firm, forge, store) as made:
            yield made
    finally:
        forge.stop()


@pytest.fixture
def files(running: Files) -> Files:
    """The same in the morning, with a server."""
    running.fresh()
    running.start()
    return running


def trail(files: Files) -> list[dict[str, Any]]:
    """Return what the trail says of files, in order; it must be whole."""

    async def read() -> list[dict[str, Any]]:
        engine = database.connect(Settings.read(files.config).store.url)
        try:
            verdict = await audit_verdict.verify(engine, None)
            assert verdict.broken is None
            async with engine.connect() as connection:
                told = select(AUDIT.c.content).where(AUDIT.c.kind == "FILE").order_by(AUDIT.c.sequence)
                return [json.loads(one)["body"] for one in (await connection.execute(told)).scalars()]
        finally:
            await engine.dispose()

    return asyncio.run(read())


def until(there: Callable[[], bool]) -> None:
    """Wait for something."""
    end = time.monotonic() + SECONDS
    while not there():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(POLL)


def once(files: Files, *numbers: str) -> None:
    """Hold that these documents, and no others, were booked, each by one line of one file."""
    assert sorted(files.posted()) == sorted(numbers)
    keys = [key for file in files.taken() for key in file.keys]
    assert len(keys) == len(set(keys)) == len(numbers)


def test_a_posting_goes_by_a_file(files: Files) -> None:
    """It waits for the answer, ends with the ledger's number, and the trail has the file with its command."""
    files.mood("held")
    id_ = files.give(DRAFT, "one")
    assert files.ended(id_, "PARKED")["waitingFor"] == "FILE_ANSWER"
    assert files.posted() == []
    files.mood("none")
    found = files.ended(id_)
    assert found["status"] == "SUCCEEDED"
    assert [step["state"] for step in found["steps"]] == ["DONE", "DONE"]
    once(files, DRAFT)
    told = trail(files)
    assert [one["what"] for one in told] == ["MEANT", "SENT", "ACKNOWLEDGED"]
    assert [(one["file"], one["sequence"], one["commands"]) for one in told] == [("COL000001", 1, [id_])] * 3
    assert len({one["digest"] for one in told}) == 1
    shown = invoke("files", "--command", id_, "--config", files.config)
    assert shown.exit_code == 0
    assert cells(shown.stdout)[-1][:3] == (LEGACY, "COL000001", "ANSWERED")
    assert cells(shown.stdout)[-1][-3:-1] == (id_, "ACKNOWLEDGED")
    assert DRAFT not in shown.stdout


def test_many_go_in_one(files: Files) -> None:
    """What was given while a file could not be made goes in few files, each line to its own command."""
    ids = [files.give(number, number) for number in DRAFTS]
    assert [files.ended(id_)["status"] for id_ in ids] == ["SUCCEEDED"] * len(DRAFTS)
    once(files, *DRAFTS)


def test_a_lost_acknowledgement(files: Files) -> None:
    """The file is sent again under its name, with the same bytes, and is answered as before: nothing is doubled."""
    files.mood("lost")
    id_ = files.give(DRAFT, "one")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    once(files, DRAFT)
    assert files.came() == ["COL000001", "COL000001"]
    told = trail(files)
    assert [one["what"] for one in told] == ["MEANT", "SENT", "RESENT", "ACKNOWLEDGED"]
    assert len({one["digest"] for one in told}) == 1


def test_an_acknowledgement_that_was_changed(files: Files) -> None:
    """Its checksum is wrong: nothing of it is believed, and the file is sent again."""
    files.mood("spoilt")
    id_ = files.give(DRAFT, "one")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    once(files, DRAFT)
    assert [one["what"] for one in trail(files)] == ["MEANT", "SENT", "NOT_BELIEVED", "RESENT", "ACKNOWLEDGED"]


def test_a_file_that_arrives_damaged(files: Files) -> None:
    """It is refused as a whole, nothing of it is booked, and it is sent again at once."""
    files.mood("corrupt")
    id_ = files.give(DRAFT, "one")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    once(files, DRAFT)
    assert [one["what"] for one in trail(files)] == ["MEANT", "SENT", "REFUSED", "RESENT", "ACKNOWLEDGED"]


def test_a_line_that_nobody_sent(files: Files) -> None:
    """It is told in the trail and changes nothing; ours is acknowledged."""
    files.mood("stranger")
    id_ = files.give(DRAFT, "one")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    once(files, DRAFT)
    (told,) = [one for one in trail(files) if one["what"] == "ACKNOWLEDGED"]
    assert (told["strange"], told["commands"]) == (["somebody/else"], [id_])


def test_a_line_that_is_rejected(files: Files) -> None:
    """Its command ends with a stable code; the other one of the file is booked."""
    files.mood("held")
    taken, ours = files.give(DRAFT, "one"), files.give(DRAFTS[1], "two")
    until(lambda: len(list((files.road.folder / "files" / "in").iterdir())) > 0)
    files.booked_by_others(DRAFT)
    files.mood("none")
    found = files.ended(taken)
    assert (found["status"], found["steps"][0]["code"]) == ("FAILED", "STALE_VERSION")
    assert files.ended(ours)["status"] == "SUCCEEDED"
    assert sorted(files.posted()) == sorted([DRAFT, DRAFTS[1]])
    assert {one["what"] for one in trail(files)} >= {"REJECTED", "ACKNOWLEDGED"}


def test_what_is_in_a_file_is_not_called_back(files: Files) -> None:
    """The command cannot be withdrawn any more, and ends as it was given."""
    files.mood("held")
    id_ = files.give(DRAFT, "one")
    files.ended(id_, "PARKED")
    cancel = 'mutation ($id: ID!) { done: cancelCommand(id: $id, reason: "no") { problems { code } } }'
    answer = files.ask(CLERK, cancel, {"id": Ref("Command", "facade", id_).encode()})
    assert answer["data"]["done"]["problems"] == [{"code": "INVALID_TRANSITION"}]
    files.mood("none")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    once(files, DRAFT)


def test_a_closed_period(files: Files) -> None:
    """Nothing is put in a file until it is open, and then once."""
    files.closed("2026-04-30")
    id_ = files.give(DRAFT, "one")
    assert files.ended(id_, "PARKED")["waitingFor"] == "PERIOD_CLOSED"
    time.sleep(1.0)
    assert (files.came(), trail(files)) == ([], [])
    files.closed("2026-03-31")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    once(files, DRAFT)


def test_a_period_that_closes_before_the_file(running: Files) -> None:
    """What was collected while it was open stays out of every file until it is open again."""
    running.fresh()
    running.start("collected")
    running.revived = False
    with suppress(httpx.TransportError):
        running.give(DRAFT, "one")
    until(lambda: not running.alive)
    running.closed("2026-04-30")
    running.revived = True
    running.start()
    id_ = running.give(DRAFT, "one")
    assert running.ended(id_, "PARKED")["waitingFor"] == "FILE_ANSWER"
    time.sleep(1.0)
    assert (running.came(), trail(running)) == ([], [])
    running.closed("2026-03-31")
    assert running.ended(id_)["status"] == "SUCCEEDED"
    once(running, DRAFT)


def test_a_period_that_closes_on_the_way(files: Files) -> None:
    """The line is rejected for it, waits for the period, and goes in another file when that is open."""
    files.mood("held")
    id_ = files.give(DRAFT, "one")
    until(lambda: len(list((files.road.folder / "files" / "in").iterdir())) > 0)
    files.closed("2026-04-30")
    files.mood("none")
    until(lambda: files.ended(id_, "PARKED")["waitingFor"] == "PERIOD_CLOSED")
    assert files.posted() == []
    files.closed("2026-03-31")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    assert files.posted() == [DRAFT]
    assert files.came() == ["COL000001", "COL000002"]


def unanswered(files: Files) -> tuple[float, float]:
    """Return what the server has counted: how many files have no answer, and since when the oldest one."""
    said = httpx.get(files.url.replace("/graphql", "/metrics"), trust_env=False).text
    counted = dict(line.rsplit(" ", 1) for line in said.splitlines() if line.startswith("colonnade_files_"))
    labels = f'{{role="erp",system="{LEGACY}"}}'
    names = ("colonnade_files_unanswered", "colonnade_files_unanswered_since_timestamp_seconds")
    count, since = (float(counted[f"{name}{labels}"]) for name in names)
    return count, since


def test_a_host_that_is_another(files: Files) -> None:
    """Nothing is sent to a host that has not the key by which it is known; to the right one it goes, once."""
    known = files.road.folder / "known_hosts"
    ours = known.read_text("ascii")
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    known.write_text(f"{ours.split()[0]} {other}\n", "ascii")
    try:
        id_ = files.give(DRAFT, "one")
        until(lambda: "HostKeyNotVerifiable" in files.output.read_text("utf-8"))
        assert (files.came(), files.posted()) == ([], [])
        assert files.ended(id_, "PARKED")["waitingFor"] == "FILE_ANSWER"
        until(lambda: unanswered(files)[0] == 1)
        assert unanswered(files)[1] > AS_OF.timestamp()
    finally:
        known.write_text(ours, "ascii")
    assert files.ended(id_)["status"] == "SUCCEEDED"
    once(files, DRAFT)
    until(lambda: unanswered(files) == (0, 0))
    secret = (files.road.folder / "client_key").read_text("ascii").splitlines()[1]
    assert secret not in files.output.read_text("utf-8")


@pytest.mark.parametrize("place", PLACES)
def test_a_kill_at_every_step(running: Files, place: str, record_property: Callable[[str, object], None]) -> None:
    """Killed there, the next server goes on: both documents are booked, each by one line of one file."""
    running.fresh()
    running.start(place)
    ids = [running.give(number, number) for number in DRAFTS[:2]]
    began = time.monotonic()
    assert [running.ended(id_)["status"] for id_ in ids] == ["SUCCEEDED"] * 2
    once(running, *DRAFTS[:2])
    assert running.killed == 1
    record_property("kill", time.monotonic() - began)
    assert {id_ for one in trail(running) if one["what"] == "MEANT" for id_ in one["commands"]} == set(ids)
