"""Every registered source keeps the laws of a batch on a live server, and says truly against what that was verified."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from colonnade.demo import configure
from colonnade.wiring import SystemClock
from demo.systems import Emulated, misbehave
from schema.tomlfile import load
from sources.conformance import SINGLY, judge, worth
from sources.manifest import CASES, CHANGING, READING, Manifest
from sources.registry import Binding, vendors
from tests.conformance.servers import REAL, SERVERS, SOURCES, emulations, engine, real, redmine
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from demo.systems import Bound
    from sources.conformance import Verdict

__all__ = ["emulations", "engine", "real", "redmine"]


def verdicts(system: Bound) -> dict[str, Verdict]:
    """Try all cases on a system."""
    binding = Binding(system.role, system.vendor, system.address, system.credentials)
    return {one.case: one for one in asyncio.run(judge(binding, SystemClock()))}


@pytest.mark.parametrize(("role", "vendor"), SOURCES)
def test_what_the_manifest_says_was_verified_holds(request: pytest.FixtureRequest, role: str, vendor: str) -> None:
    """Every case that is verified holds on the server, and a case is exempt only where it cannot be tried."""
    (path,) = (path for at, name, path in vendors() if (at, name) == (role, vendor))
    said = load(path, Manifest).quality
    servers = request.getfixturevalue(SERVERS.get(vendor, "emulations"))
    found = verdicts(servers[role, vendor])
    assert (list(said), list(found)) == (list(CASES), list(READING))
    assert {case: one.wrong for case, one in found.items() if one.wrong} == {}
    assert {case for case in READING if said[case].startswith("exempt")} == {
        case for case, one in found.items() if not one.tried
    }
    level = "real server" if vendor in REAL else "demo server only"
    assert {each for each in said.values() if not each.startswith("exempt")} == {level}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("role", "vendor"), SOURCES)
def test_what_a_batch_is_worth(
    request: pytest.FixtureRequest, tell: Callable[[object], None], role: str, vendor: str
) -> None:
    """It is told for each source but those whose lists are read whole; a figure, and no bound."""
    system = request.getfixturevalue(SERVERS.get(vendor, "emulations"))[role, vendor]
    found = asyncio.run(worth(Binding(system.role, system.vendor, system.address, system.credentials), SystemClock()))
    whole = vendor in {"bamboohr", "runn"}
    assert (found is None) is whole
    if found is not None:
        assert 1 < found.ids <= SINGLY
        tell(f"FIGURE batch {role}/{vendor}: {found.ids} of {found.type} singly / in one batch = {found.times:.1f}")


@pytest.mark.parametrize(("role", "vendor", "table"), [("psa", "kantata", "users"), ("crm", "salesforce", "Account")])
def test_a_case_can_fail(emulations: Mapping[tuple[str, str], Bound], role: str, vendor: str, table: str) -> None:
    """A server that leaves the first row out of every answer is found out; on another table than that none is wrong."""
    system = emulations[role, vendor]
    assert isinstance(system.traffic, Emulated)
    misbehave(system.traffic.address, "gap", entity=table)
    try:
        found = verdicts(system)
    finally:
        misbehave(system.traffic.address, "none")
    assert {case for case, one in found.items() if one.wrong} >= {"one", "many", "beyond", "whole"}
    assert len({one.wrong.partition(":")[0] for one in found.values() if one.wrong and one.case != "renewal"}) == 1


@pytest.mark.parametrize(("role", "vendor"), [("erp", "dynamics"), ("crm", "salesforce")])
def test_an_expired_credential_is_renewed_in_passing(
    emulations: Mapping[tuple[str, str], Bound], role: str, vendor: str
) -> None:
    """A credential that the server takes no longer costs a login, and no case."""
    system = emulations[role, vendor]
    assert isinstance(system.traffic, Emulated)
    misbehave(system.traffic.address, "expired")
    try:
        found = verdicts(system)
    finally:
        misbehave(system.traffic.address, "none")
    assert {case: one.wrong for case, one in found.items() if one.wrong} == {}


def test_the_table_shows_every_source() -> None:
    """`sources quality` prints a line a registered source, with the level of each case."""
    said = invoke("sources", "quality")
    rows = cells(said.output)
    assert said.exit_code == 0
    assert "hr/bamboohr beyond exempt: read whole, no ids travel" in said.output.splitlines()
    assert [row[0] for row in rows] == [f"{role}/{vendor}" for role, vendor, _ in vendors()] * 2
    assert [len(row) for row in rows] == [len(cases) + 1 for cases in (READING, CHANGING) for _ in vendors()]
    assert rows[0] == ("crm/dynamics", *["demo server only"] * len(READING))


def test_a_firms_own_systems_are_tried(emulations: Mapping[tuple[str, str], Bound], tmp_path: Path) -> None:
    """With a configuration the cases are tried there and then; a broken law is named, and the command fails."""
    system = emulations["hr", "dynamics"]
    config = configure(tmp_path, [system])
    said = invoke("sources", "quality", "--config", config)
    assert "hr: 36 records of Resource read one by one take" in said.output
    assert (said.exit_code, cells(said.output)) == (0, [("hr", *["right"] * 6, "not tried", "right", "right")])
    assert isinstance(system.traffic, Emulated)
    misbehave(system.traffic.address, "lost")
    try:
        said = invoke("sources", "quality", "--config", config)
    finally:
        misbehave(system.traffic.address, "none")
    assert said.exit_code == 2
