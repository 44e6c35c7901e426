"""A store that cannot be written: new commands are refused and counted, reads go on, and what was accepted is done."""

from __future__ import annotations

import resource
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from tests import postgresql
from tests.commands.guarded import COMMANDS, DECIDE, House, guarded
from tests.commands.scenarios import firm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import psycopg

pytestmark = [pytest.mark.commands, pytest.mark.timeout(180)]

# For so long the ERP keeps its answer back, and for so long the store is away: the answer cannot be written down.
HELD_SECONDS, AWAY_SECONDS = 1.0, 3.0
ENDS_WITHIN = 30.0
MANAGER, DIRECTOR = "engagement-manager", "delivery-director"
GIVE = """mutation($input: CreateEngagementInput!) { done: createEngagement(input: $input) {
  command { id } problems { code retryable message } } }"""
COUNTED = 'colonnade_commands_total{command="createEngagement",outcome="STORE_UNAVAILABLE"} 1.0'
READ = """{ engagements(first: 1) { edges { node { name } } } commands { edges { node { status } } }
  approvals { id } quarantine { id } }"""


@contextmanager
def full(house: House) -> Iterator[None]:
    """Let no file of the server grow, which is what a full disk does, and a quota."""
    pid = house.rig.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk() -> None:
    """On SQLite, whose file cannot grow."""
    with guarded(firm()) as house:
        away(house, full(house), "the store does not answer; see to it, then try again")


def test_a_database_that_is_read_only() -> None:
    """On PostgreSQL, where another server has taken over and this one takes no changes."""
    with postgresql.connect() as admin, another(admin) as name, postgresql.store() as url:
        store = make_url(url).set(username=name).render_as_string(hide_password=False)

        @contextmanager
        def read_only() -> Iterator[None]:
            admin.execute(f"ALTER ROLE {name} SET default_transaction_read_only = on")
            reconnect()
            yield
            admin.execute(f"ALTER ROLE {name} RESET default_transaction_read_only")
            reconnect()

        def reconnect() -> None:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [name])

        with guarded(firm(), store) as house:
            away(house, read_only(), "the store is read-only; make it writable, then try again")


@contextmanager
def another(admin: psycopg.Connection) -> Iterator[str]:
    """Yield a role that nobody else uses, so that its connections can be told from others'."""
    name = f"test_{uuid4().hex}"
    admin.execute(f"CREATE ROLE {name} LOGIN SUPERUSER")
    yield name
    admin.execute(f"DROP ROLE {name}")


def away(house: House, unwritable: AbstractContextManager[None], said: str) -> None:
    """Have the store away while one command is at the ERP and another one waits for approval."""
    given = COMMANDS["createEngagement"].input(house.ids)
    (approval,) = house.give(MANAGER, "createEngagement", given).command["approvals"]
    house.rig.fault("erp", match="POST .*NBBillingEvents", nth=1, what="hold_after", seconds=HELD_SECONDS)
    milestone = COMMANDS["completeMilestone"]
    going = house.give(milestone.persona, "completeMilestone", milestone.input(house.ids)).command["id"]
    while not house.rig.effects():
        time.sleep(0.01)
    with unwritable:
        answering(house)
        back = time.monotonic() + AWAY_SECONDS
        assert refused(house, given) == {"code": "STORE_UNAVAILABLE", "retryable": True, "message": said}
        assert COUNTED in house.metrics()
        decided = house.ask(DIRECTOR, DECIDE, {"id": approval["id"], "approve": True})
        assert [error["extensions"]["code"] for error in decided["errors"]] == ["STORE_UNAVAILABLE"]
        time.sleep(back - time.monotonic())
        assert house.look(going)["status"] == "RUNNING"
    answering(house)
    began = time.monotonic()
    assert house.settled(going, within=ENDS_WITHIN)["status"] == "SUCCEEDED"
    print(f"FIGURE store away: 0 lost, done {time.monotonic() - began:.1f} s after it was back")  # noqa: T201
    assert refused(house, given) is None
    waits = house.decide(DIRECTOR, approval["id"])
    assert waits["problems"] == []
    events = {line["id"] for line in house.rig.effects() if line["table"] == "NBBillingEvents"}
    assert len(events) == 1


def answering(house: House) -> None:
    """Assert that reads go on, once a connection that was cut has been found out."""
    answers = [house.ask("auditor", READ) for _ in range(3)]
    assert "errors" not in answers[-1]


def refused(house: House, given: dict[str, Any]) -> Any:
    """Give a command under one key; return why it was not taken in, None if it was."""
    answer = house.ask(MANAGER, GIVE, {"input": {**given, "idempotencyKey": "once"}})
    assert "errors" not in answer
    problems = answer["data"]["done"]["problems"]
    if not problems:
        return None
    assert answer["data"]["done"]["command"] is None
    return problems[0] | {"message": problems[0]["message"].removeprefix("the command was not taken in: ")}
