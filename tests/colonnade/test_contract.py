"""`colonnade schema`: the gate between the contract and its release, and the pages printed from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from colonnade.demo import configure
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application, graph
from demo.emulator import serve
from demo.systems import HTTP
from schema.problems import Code
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    import pytest

    from tests.conftest import House


RELEASED = Path("schema/released.graphql")
EXTRA = "\ntype Ledger {\n  id: ID!\n}\n"


def test_the_contract_keeps_what_was_released() -> None:
    """Nothing in the committed contract breaks a client of the last release."""
    said = invoke("schema", "check")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[-1].endswith(", 0 breaking")


def test_what_breaks_a_client_ends_the_check(tmp_path: Path) -> None:
    """A released field that the contract no longer has is named, and the exit code is 1."""
    released = tmp_path / "released.graphql"
    released.write_text(RELEASED.read_text(encoding="utf-8") + EXTRA, encoding="utf-8")
    said = invoke("schema", "check", "--against", released)
    assert (said.exit_code, said.stdout.splitlines()[0]) == (1, "BREAKING: Ledger was removed.")


def test_a_file_that_is_no_contract(tmp_path: Path) -> None:
    """What cannot be read as a contract is named, with the cure, and the exit code is 2."""
    broken = tmp_path / "broken.graphql"
    broken.write_text("type {", encoding="utf-8")
    said = invoke("schema", "check", "--against", broken)
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr.startswith(f"{broken}: no contract can be read from it")


def test_every_code_is_documented() -> None:
    """docs/errors.md is what the codes say of themselves, a line each."""
    said = invoke("schema", "errors")
    assert said.stdout == Path("docs/errors.md").read_text(encoding="utf-8")
    assert said.stdout.count("\n| `") == len(Code)


NEW = "{ engagements(first: 1) { edges { node { code } } } }"
OLD = "{ engagements(first: 1) { edges { node { plannedHours } } } }"
COUNTED = 'colonnade_deprecated_fields_total{client="portal",field="Engagement.plannedHours",version="1.2"} 2.0'


def test_who_uses_what_will_go_is_told(running: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations that use a deprecated field are counted by client: at once in /metrics, for good by the command."""
    field = graph().core.type_map["Engagement"].fields["plannedHours"]  # type: ignore[attr-defined]
    monkeypatch.setattr(field, "deprecation_reason", "Use `tasks`. Removal: 2027-06-30")
    portal = {"GraphQL-Client-Name": "portal", "GraphQL-Client-Version": "1.2"}
    config = configure(tmp_path, running.bound, running.running.issuer.url)
    with serve(create(Application(Settings.read(config), role="api"))) as server:
        for query, more in (
            (OLD, portal),
            (OLD, portal),
            (OLD, {"GraphQL-Client-Name": "a<b>"}),
            (OLD, {}),
            (NEW, portal),
        ):
            answer = HTTP.post(f"{server.url}/graphql", json={"query": query}, headers=running.signed | more).json()
            assert "errors" not in answer
        assert COUNTED in HTTP.get(f"{server.url}/metrics").text.splitlines()
    rows = cells(invoke("schema", "usage", "--config", config).stdout)
    assert [row[:5] for row in rows] == [
        ("Engagement.plannedHours", "2027-06-30", "(unnamed)", "(unnamed)", "2"),
        ("Engagement.plannedHours", "2027-06-30", "portal", "1.2", "2"),
    ]
