"""`colonnade commands`: through the running server, by a service key, for somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schema.problems import Code
from tests.commands.facing import facing
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

    from tests.commands.facing import Face

MANAGER, OPERATIONS = "engagement-manager", "operations"
SUBJECT, OPERATOR = "northbeam.10022", "northbeam.10028"


@pytest.fixture(scope="module")
def face() -> Iterator[Face]:
    """The firm, once for the file."""
    with facing() as running:
        yield running


@pytest.fixture(scope="module")
def key(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a service key of operations."""
    made = invoke("token", "create", "ops", "--role", OPERATIONS, "--config", face.running.config)
    path = tmp_path_factory.mktemp("key") / "ops.key"
    path.write_text(made.stdout.split()[0], encoding="utf-8")
    return path


def aside(face: Face, code: str) -> str:
    """Have a milestone completed whose place in the plan is refused, and return the command's id."""
    face.fault("forecast", "POST /projects/.*/milestones")
    said = {"milestoneId": face.id("Milestone", code), "actualDate": "2026-04-07"}
    id_ = face.given(MANAGER, "completeMilestone", said, code)
    face.settled(id_, "SUCCEEDED_WITH_EXCEPTIONS")
    return id_


def run(face: Face, key: Path, *args: str, behalf: str | None = OPERATOR) -> Result:
    """Run the command against the running server."""
    options = ["--url", face.url, "--key", f"file:{key}"]
    return invoke("commands", *args, *options, *(["--on-behalf-of", behalf] if behalf else []))


def test_commands_are_listed_and_shown_without_their_values(face: Face, key: Path) -> None:
    """Operations see states, steps, codes and remedies; what was given and written they do not."""
    id_ = aside(face, "ENG-019-M1")
    listed = run(face, key, "list", "--name", "completeMilestone", behalf=None)
    assert listed.exit_code == 0
    assert any(row[:3] == (id_, "completeMilestone", "SUCCEEDED_WITH_EXCEPTIONS") for row in cells(listed.stdout))
    assert cells(run(face, key, "list", "--status", "PARKED", behalf=None).stdout) == []
    shown = run(face, key, "show", id_, behalf=None)
    assert shown.exit_code == 0
    rows = cells(shown.stdout)
    assert ("actor", SUBJECT) in rows
    assert [row[1:3] for row in rows if row[1:2] == ("forecast.milestone",)] == [("forecast.milestone", "RETRIABLE")]
    assert "FORECAST_REJECTED" in shown.stdout
    assert "input" not in shown.stdout
    assert "2026-04-07" not in shown.stdout
    replayed = run(face, key, "replay", id_, "--reason", "it is well again")
    assert (replayed.exit_code, replayed.stdout) == (0, "RUNNING\n")
    assert face.settled(id_, "SUCCEEDED")["exceptions"][0]["resolvedBy"] == OPERATOR


def test_what_was_set_aside_is_discarded(face: Face, key: Path) -> None:
    """By the id of the exception; a second time there is nothing to discard."""
    id_ = aside(face, "ENG-019-M2")
    (found,) = face.look("auditor", id_).data["exceptions"]
    discarded = run(face, key, "discard", found["id"], "--reason", "entered by hand")
    assert (discarded.exit_code, discarded.stdout) == (0, "SUCCEEDED_WITH_EXCEPTIONS\n")
    again = run(face, key, "discard", found["id"], "--reason", "entered by hand")
    assert again.exit_code == 2
    assert again.stderr.startswith("ALREADY_DONE: this exception is no longer open. ")


def test_what_is_wrong_is_told(face: Face, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that there is not, a key on nobody's behalf or none at all, and a server that is not there."""
    monkeypatch.delenv("COLONNADE_KEY", raising=False)
    wrong = tmp_path / "wrong.key"
    wrong.write_text("ck_wrong", encoding="utf-8")
    missing = run(face, key, "show", "unknown")
    alone = run(face, key, "replay", "unknown", "--reason", "?", behalf=None)
    unknown = run(face, key, "replay", "unknown", "--reason", "?")
    stranger = run(face, wrong, "list", behalf=None)
    keyless = invoke("commands", "list", "--url", face.url)
    nobody = invoke("commands", "list", "--url", "http://127.0.0.1:9/graphql", "--key", f"file:{key}")
    other = invoke("commands", "list", "--url", face.url.replace("graphql", "metrics"), "--key", f"file:{key}")
    said = [missing, alone, unknown, stranger, keyless, nobody, other]
    assert [one.exit_code for one in said] == [2] * len(said)
    assert [one.stderr.strip().splitlines()[-1] for one in said] == [
        "unknown: there is no such command, or you may see nothing of it; see 'commands list'",
        "FORBIDDEN: a service key gives commands on somebody's behalf: name them in the header On-Behalf-Of",
        f"NOT_FOUND: there is nothing of this id. {Code.NOT_FOUND.cure}",
        "UNAUTHENTICATED: this needs a caller that can be told who it is",
        "--key: the secret 'env:COLONNADE_KEY' is missing; set the environment variable COLONNADE_KEY",
        "http://127.0.0.1:9/graphql: nobody answers there (ConnectError); start the server, or name --url",
        f"{face.url.replace('graphql', 'metrics')}: what answers there is no graph; name --url",
    ]
