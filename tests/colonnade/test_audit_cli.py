"""The command `colonnade audit`, over both databases: verify, export, erase, prune."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import text

from store import database
from store.audit import Entry, Kind, append
from store.transaction import transaction
from tests.store.conftest import url
from tests.terminal import invoke

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

__all__ = ["url"]  # a fixture of the store's tests

NOW = datetime.now(UTC)
CONFIG = """
[server]
secret = "env:COLONNADE_SECRET"
[store]
url = {url}
[audit]
keep_years = 2
keep_personal_days = 30
[identity]
issuer = "https://login.northbeam.example"
audience = "colonnade"
client_id = "pages"
[bindings.psa]
vendor = "kantata"
address = "https://psa.northbeam.example"
environment = "sandbox"
"""


class Desk(NamedTuple):
    """A store, and the configuration that names it."""

    url: str
    config: Path

    def run(self, command: str, *args: object) -> Result:
        """Run `colonnade audit`."""
        return invoke("audit", command, *args, "--config", self.config)

    def exported(self, *args: object) -> list[dict[str, Any]]:
        """Return the records that an export prints."""
        said = self.run("export", *args)
        assert said.exit_code == 0
        return [json.loads(line) for line in said.stdout.splitlines()]

    def write(self, count: int, at: datetime = NOW, **personal: str) -> None:
        """Append records to the trail."""
        one = Entry(
            kind=Kind.DECISION, actor="northbeam.10022", correlation_id="c-1", body={"step": "é"}, personal=personal
        )

        async def act() -> None:
            engine = database.connect(self.url)
            await database.migrate(engine)
            async with transaction(engine) as connection:
                await append(connection, at, [one] * count)
            await engine.dispose()

        asyncio.run(act())

    def tamper(self, statement: str) -> None:
        """Change the tables by hand."""

        async def act() -> None:
            engine = database.connect(self.url)
            async with engine.begin() as connection:
                await connection.execute(text(statement))
            await engine.dispose()

        asyncio.run(act())


@pytest.fixture
def desk(url: str, tmp_path: Path) -> Desk:
    """A store without tables."""
    config = tmp_path / "colonnade.toml"
    config.write_text(CONFIG.format(url=json.dumps(url)), encoding="utf-8")
    return Desk(url, config)


def judged(lines: str, anchor: dict[str, Any]) -> str:
    """Verify an export as an auditor would, with nothing of ours: by the format that docs/operate.md describes."""

    def hashed(*parts: str) -> str:
        framed = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)
        return hashlib.sha256(framed).hexdigest()

    previous, expected = hashed("colonnade audit genesis 1"), 1
    for line in lines.splitlines():
        record = json.loads(line)
        parts = [str(record["sequence"]), record["at"], record["kind"], record["content"]]
        if record["sequence"] != expected or record["previous"] != previous:
            return f"{expected} does not follow"
        if record["hash"] != hashed("colonnade audit record 1", previous, *parts):
            return f"{expected} was changed"
        previous, expected = record["hash"], expected + 1
    return "whole" if (anchor["sequence"], anchor["hash"]) == (expected - 1, previous) else "cut off"


def test_an_export_can_be_verified_by_others(desk: Desk, tmp_path: Path) -> None:
    """Twenty lines of an auditor's own find the export whole, and what was changed in it."""
    desk.write(5, reason="Jane Doe rang")
    file = tmp_path / "anchor.json"
    said = desk.run("export", "--anchor-out", file)
    assert said.exit_code == 0
    anchor = json.loads(file.read_text(encoding="utf-8"))
    lines = said.stdout.splitlines()
    assert anchor == {key: json.loads(lines[-1])[key] for key in ("sequence", "hash", "at")}
    assert "Jane" not in said.stdout
    assert judged(said.stdout, anchor) == "whole"
    assert judged("\n".join(lines[:-1]), anchor) == "cut off"
    assert judged("\n".join(lines[:2] + lines[3:]), anchor) == "3 does not follow"
    assert judged(said.stdout.replace("10022", "10023", 1), anchor) == "1 was changed"


def test_an_export_goes_on_where_the_last_ended(desk: Desk, tmp_path: Path) -> None:
    """From a number on, also where nothing has come since: the anchor is then where the trail stands."""
    desk.write(5)
    assert [record["sequence"] for record in desk.exported("--since", 4)] == [4, 5]
    anchor = tmp_path / "anchor.json"
    assert desk.exported("--since", 6, "--anchor-out", anchor) == []
    assert json.loads(anchor.read_text(encoding="utf-8"))["sequence"] == 5


def test_a_whole_trail(desk: Desk, tmp_path: Path) -> None:
    """It says how much is whole and where it stands, by configuration or by address, with and without an anchor."""
    desk.write(3, reason="Jane Doe rang")
    anchor = tmp_path / "anchor.json"
    last = desk.exported("--anchor-out", anchor)[-1]["hash"]
    expected = f"3 records are whole, 0 of their texts are erased; the last is 3 {last}\n"
    assert [(said.exit_code, said.stdout) for said in (desk.run("verify"), desk.run("verify", "--anchor", anchor))] == [
        (0, expected)
    ] * 2
    alone = invoke("audit", "verify", "--store", desk.url, "--config", tmp_path / "none.toml")
    assert (alone.exit_code, alone.stdout) == (0, expected)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit SET actor = 'northbeam.10023' WHERE sequence = 3", "record 3: is listed as what it is not\n"),
        ("UPDATE audit SET at = replace(at, '20', '21') WHERE sequence = 3", "record 3: was changed\n"),
        ("DELETE FROM audit WHERE sequence = 3", "record 3: is missing\n"),
        ("DELETE FROM audit WHERE sequence > 3", "record 4: has a text, but no record\n"),
        ("DELETE FROM audit_personal WHERE sequence = 3", "record 3: has other texts than were recorded\n"),
        (
            "UPDATE audit_personal SET text = 'No' WHERE sequence = 3",
            "record 3: has another text than was recorded: reason\n",
        ),
    ],
)
def test_a_broken_trail(desk: Desk, statement: str, found: str) -> None:
    """The first break ends it with exit code 1, and names its record; nothing is pruned of a broken trail."""
    desk.write(5, NOW - timedelta(days=1_000), reason="Jane Doe rang")
    desk.tamper(statement)
    before = desk.exported()
    for said in (desk.run("verify"), desk.run("prune", "--by", "Ada Steward")):
        assert (said.exit_code, said.stdout) == (1, found)
    assert desk.exported() == before


def test_an_anchor_finds_a_missing_end(desk: Desk, tmp_path: Path) -> None:
    """Without one nobody can tell that there was more."""
    desk.write(5)
    anchor = tmp_path / "anchor.json"
    desk.exported("--anchor-out", anchor)
    desk.tamper("DELETE FROM audit WHERE sequence > 3")
    assert desk.run("verify").exit_code == 0
    for said in (desk.run("verify", "--anchor", anchor), desk.run("prune", "--by", "Ada", "--anchor", anchor)):
        assert (said.exit_code, said.stdout) == (1, "record 4: is missing: the trail ends before its anchor\n")


def test_a_persons_texts_are_erased(desk: Desk) -> None:
    """A dry run says of which records; then they are gone, the trail is whole, and tells who erased them."""
    desk.write(2, reason="Jane Doe rang")
    desk.write(2, reason="agreed")
    trial = desk.run("erase", "--mentions", "jane doe", "--by", "Ada Steward", "--dry-run")
    assert (trial.exit_code, trial.stdout) == (0, "would erase the texts of records 1-2\n")
    assert len(desk.exported()) == 4
    said = desk.run("erase", "--mentions", "jane doe", "--by", "Ada Steward")
    assert (said.exit_code, said.stdout) == (0, "erased the texts of records 1-2\n")
    last = desk.exported()[-1]
    assert (last["sequence"], last["kind"], json.loads(last["content"])["actor"]) == (5, "ERASURE", "Ada Steward")
    assert desk.run("verify").stdout.startswith("5 records are whole, 2 of their texts are erased;")
    again = desk.run("erase", "--mentions", "jane doe", "--by", "Ada Steward")
    assert again.stdout == "erased the texts of no record\n"
    rest = desk.run("erase", "--subject", "northbeam.10022", "--record", 3, "--by", "Ada Steward")
    assert rest.stdout == "erased the texts of records 3-4\n"
    assert desk.run("verify").stdout.startswith("6 records are whole, 4 of their texts are erased;")


def test_what_is_too_old_is_pruned(desk: Desk) -> None:
    """By the configuration's rule; what remains is whole, and prints where it begins."""
    desk.write(3, NOW - timedelta(days=1_000), reason="old")
    desk.write(2, NOW - timedelta(days=40), reason="older than a month")
    desk.write(1, reason="new")
    said = desk.run("prune", "--by", "Ada Steward")
    assert (said.exit_code, said.stdout) == (0, "removed 3 records, erased the texts of 2\n")
    assert [(record["sequence"], record["kind"]) for record in desk.exported()] == [
        (4, "DECISION"),
        (5, "DECISION"),
        (6, "DECISION"),
        (7, "RETENTION"),
        (8, "ERASURE"),
    ]
    assert desk.run("verify").stdout.startswith("5 records are whole, 2 of their texts are erased;")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["erase", "--by", "Ada"], "say whose texts: --subject, --mentions or --record"),
        (["erase", "--by", "Ada", "--mentions", " "], "say whose texts: --subject, --mentions or --record"),
        (["erase", "--by", " ", "--record", "1"], "--by: write a name of 1 to 100 printable characters"),
        (["prune", "--by", ""], "--by: write a name of 1 to 100 printable characters"),
        (["verify", "--anchor", "none.json"], "--anchor: none.json cannot be read (No such file or directory); "),
        (["verify", "--anchor", "pyproject.toml"], "--anchor: pyproject.toml is no anchor; "),
        (["export", "--anchor-out", "none/a.json"], "--anchor-out: none/a.json cannot be written (No such file "),
        (["verify", "--store", "mysql://x/y"], "--store: write it as store.url is written, beginning sqlite+aiosqlite"),
        (
            ["verify", "--store", "sqlite+aiosqlite:///none.db"],
            "there is no such store; see to store.url, or to --store",
        ),
    ],
)
def test_what_is_refused(desk: Desk, args: list[str], said: str) -> None:
    """The cause and the cure, exit code 2, and nothing is changed."""
    desk.write(2, reason="Jane Doe rang")
    result = desk.run(args[0], *args[1:])
    assert (result.exit_code, result.stderr[: len(said)]) == (2, said)
    assert desk.run("verify").stdout.startswith("2 records are whole, 0 of")


def test_a_store_without_a_trail(desk: Desk) -> None:
    """A store that no server of this release has written to is not taken for an empty trail, nor is one made."""

    async def touch() -> None:
        engine = database.connect(desk.url)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE other (id INTEGER)"))
        await engine.dispose()

    asyncio.run(touch())
    for command in ("verify", "export"):
        said = desk.run(command)
        assert (said.exit_code, said.stdout) == (2, "")
        assert said.stderr.startswith("the store has no audit trail;")
