"""The warehouse over SQL, in files and in PostgreSQL: exact values, read only, and every way to be away."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE, Popen, run
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import duckdb
import pytest

from colonnade.demo import configure, over
from colonnade.wiring import SystemClock
from demo import warehouse
from demo.systems import Bound, Silent, psa
from sources.conformance import judge
from sources.registry import Binding
from tests import postgresql
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.firm.model import Firm

REPORTED = "{ engagements(first: 50) { edges { node { code reportedRevenue { amount currency } reportedAt } } } }"
MANIFEST = Path("sources/warehouse/reporting_views/source.toml")
# What the warehouse calls three engagements of which it has no copy.
HOSTILE = {"ENG-020": "x' OR '1'='1", "ENG-021": "'; DROP TABLE recognized_revenue; --", "ENG-022": "%"}


class Warehouse(NamedTuple):
    """A house whose warehouse can be changed: `run` executes a statement in the warehouse, and returns its rows."""

    house: House
    run: Callable[[str], Any]

    @contextmanager
    def showing(self, amount: str, where: str = "1 = 1") -> Iterator[None]:
        """Put a view in the place of the table: this amount, of the rows that are meant."""
        self.run("ALTER TABLE recognized_revenue RENAME TO recognized_exactly")
        try:
            self.run(
                f"CREATE VIEW recognized_revenue AS SELECT engagement_code, currency, copied_at, {amount} "  # noqa: S608
                f"AS recognized_amount FROM recognized_exactly WHERE {where}"
            )
            if self.house.bound[1].credentials:
                self.run("GRANT SELECT ON recognized_revenue TO PUBLIC")
            yield
        finally:
            self.run("DROP VIEW recognized_revenue")
            self.run("ALTER TABLE recognized_exactly RENAME TO recognized_revenue")


def _reported(house: House) -> dict[str, tuple[str, str]]:
    answer = house.ask(REPORTED)
    nodes = [edge["node"] for edge in answer.data["engagements"]["edges"]]
    assert answer.errors == []
    return {
        node["code"]: (node["reportedRevenue"]["amount"], node["reportedAt"])
        for node in nodes
        if node["reportedRevenue"]
    }


@pytest.fixture(scope="module", params=["duckdb", "postgresql", "sqlite"])
def filled(request: pytest.FixtureRequest, firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The graph over the PSA and a warehouse of a second's patience."""
    folder = tmp_path_factory.mktemp("warehouse")
    vendor = folder / "warehouse" / "patient"
    vendor.mkdir(parents=True)
    manifest = MANIFEST.read_text(encoding="utf-8").replace("[limits]", "[limits]\nseconds = 1")
    (vendor / "source.toml").write_text(manifest, encoding="utf-8")
    with ExitStack() as stack:
        address, credentials, run = DATABASES[request.param](folder, stack, firm)
        known = {schedule.engagement: schedule.engagement for schedule in firm.revenue_schedules}
        words = {"Engagement": (known | HOSTILE).get}
        copies = Bound("warehouse", str(vendor), address, credentials, words, Silent())
        bound = [stack.enter_context(psa(firm)), copies]
        yield Warehouse(House(stack.enter_context(over(bound))), run)


def _file(folder: Path, stack: ExitStack, firm: Firm) -> tuple[str, dict[str, str], Callable[[str], object]]:
    path = folder / "warehouse.db"
    warehouse.fill(f"sqlite:///{path}", firm)
    connection = sqlite3.connect(path, isolation_level=None)
    stack.callback(connection.close)
    return f"sqlite+aiosqlite:///{path}", {}, lambda statement: connection.execute(statement).fetchall()


def _columns(folder: Path, stack: ExitStack, firm: Firm) -> tuple[str, dict[str, str], Callable[[str], object]]:
    del stack
    path = folder / "warehouse.duckdb"
    warehouse.fill(f"duckdb:///{path}", firm)

    def run(statement: str) -> object:
        # Whoever writes has the file alone, and the graph has it from then on.
        with duckdb.connect(path) as connection:
            return connection.execute(statement).fetchall()

    return f"duckdb:///{path}", {}, run


def _server(folder: Path, stack: ExitStack, firm: Firm) -> tuple[str, dict[str, str], Callable[[str], object]]:
    del folder
    name = f"warehouse_{uuid4().hex}"
    server = stack.enter_context(postgresql.connect())
    server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'a-secret'")
    stack.callback(server.execute, f"DROP ROLE {name}")
    url = stack.enter_context(postgresql.database())
    warehouse.fill(url, firm)
    inside = stack.enter_context(postgresql.connect(url))
    inside.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")

    def run(statement: str) -> object:
        found = inside.execute(statement.encode())
        return found.fetchall() if found.description else []

    return f"postgresql+psycopg://{url.rpartition('@')[2]}", {"user": name, "password": "a-secret"}, run


DATABASES = {"duckdb": _columns, "postgresql": _server, "sqlite": _file}


def test_the_copies_are_the_firms_to_the_last_digit(filled: Warehouse, firm: Firm) -> None:
    """Each engagement with a contract shows what was recognized, and when that was copied; the others show nothing."""
    expected = {
        schedule.engagement: (str(sum(entry.recognized for entry in schedule.entries)), "2026-04-08T06:00:00.000Z")
        for schedule in firm.revenue_schedules
    }
    assert _reported(filled.house) == expected
    assert expected["ENG-006"] == ("198000.00", "2026-04-08T06:00:00.000Z")


@pytest.mark.parametrize("amount", ["'NaN'", "CAST(1.5 AS double precision)", "'1e999'", "'1.2.3'"])
def test_one_bad_copy_costs_itself_alone(filled: Warehouse, amount: str) -> None:
    """An amount that is no number, or a binary fraction that was rounded before, is null with its error."""
    with filled.showing(f"(CASE engagement_code WHEN 'ENG-003' THEN {amount} END)", "engagement_code = 'ENG-003'"):
        answer = filled.house.ask(REPORTED)
    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_ROW"]
    assert {edge["node"]["reportedRevenue"] is None for edge in answer.data["engagements"]["edges"]} == {True}


@pytest.mark.parametrize(
    ("statement", "undo", "code"),
    [
        (
            "ALTER TABLE recognized_revenue RENAME TO elsewhere",
            "ALTER TABLE elsewhere RENAME TO recognized_revenue",
            "SOURCE_REFUSED",
        ),
        (
            "ALTER TABLE recognized_revenue RENAME COLUMN currency TO money",
            "ALTER TABLE recognized_revenue RENAME COLUMN money TO currency",
            "SOURCE_REFUSED",
        ),
    ],
)
def test_a_view_that_changed_its_form_is_no_answer(filled: Warehouse, statement: str, undo: str, code: str) -> None:
    """A table or column that is not there any more is one error for the facet, and nothing of the database's words."""
    filled.run(statement)
    try:
        answer = filled.house.ask(REPORTED)
    finally:
        filled.run(undo)
    assert [(error["extensions"]["code"], error["extensions"]["system"]) for error in answer.errors] == [
        (code, "WAREHOUSE")
    ]
    assert answer.errors[0]["message"] == "WAREHOUSE refused the question"
    assert _reported(filled.house)["ENG-006"][0] == "198000.00"


def test_a_copy_that_stands_there_twice_is_no_guess(filled: Warehouse) -> None:
    """Two rows of one engagement that say different things are null with an error; one that is alone is believed."""
    again = "SELECT engagement_code, currency, copied_at, '1.00' FROM recognized_exactly"
    with filled.showing("recognized_amount", f"1 = 1 UNION ALL {again} WHERE engagement_code = 'ENG-003'"):
        answer = filled.house.ask(REPORTED)
    shown = {edge["node"]["code"]: edge["node"]["reportedRevenue"] for edge in answer.data["engagements"]["edges"]}
    assert (shown["ENG-003"], shown["ENG-006"]) == (None, {"amount": "198000.00", "currency": "USD"})
    assert {error["extensions"]["system"] for error in answer.errors} == {"WAREHOUSE"}


@pytest.mark.parametrize(
    ("address", "credentials"),
    [
        ("sqlite+aiosqlite:////nowhere/warehouse.db", {}),
        ("duckdb:////nowhere/warehouse.duckdb", {}),
        ("postgresql+psycopg://127.0.0.1:9/warehouse", {"user": "reader", "password": "a-secret"}),
    ],
)
def test_a_warehouse_that_is_away_costs_its_own_field(firm: Firm, address: str, credentials: dict[str, str]) -> None:
    """No file, or nobody at the port: null with one error without an address, and what delivery says is complete."""
    known = {schedule.engagement: schedule.engagement for schedule in firm.revenue_schedules}
    away = Bound("warehouse", "reporting_views", address, credentials, {"Engagement": known.get}, Silent())
    with psa(firm) as delivery, over([delivery, away]) as running:
        answer = House(running).ask(REPORTED)
    assert [edge["node"]["code"] for edge in answer.data["engagements"]["edges"]] == [
        engagement.code for engagement in firm.engagements
    ]
    assert {edge["node"]["reportedRevenue"] is None for edge in answer.data["engagements"]["edges"]} == {True}
    assert {error["extensions"]["code"] for error in answer.errors} == {"SOURCE_UNAVAILABLE"}
    assert [word for word in ("nowhere", "127.0.0.1", "sqlite", "reader", "Operational") if word in str(answer)] == []


def test_a_file_that_is_being_loaded_is_away_and_free_in_between(firm: Firm, tmp_path: Path) -> None:
    """Who loads a DuckDB file has it alone: meanwhile it is away, and between two reads the graph does not hold it."""
    path = tmp_path / "warehouse.duckdb"
    warehouse.fill(f"duckdb:///{path}", firm)
    known = {schedule.engagement: schedule.engagement for schedule in firm.revenue_schedules}
    copies = Bound("warehouse", "reporting_views", f"duckdb:///{path}", {}, {"Engagement": known.get}, Silent())
    load = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print(c, flush=True); sys.stdin.read()"
    with psa(firm) as delivery, over([delivery, copies]) as running:
        house = House(running)
        assert _reported(house)["ENG-006"][0] == "198000.00"
        with Popen([sys.executable, "-c", load], stdin=PIPE, stdout=PIPE) as loading:
            assert loading.stdout is not None
            assert loading.stdout.readline()
            answer = house.ask(REPORTED)
        assert (loading.returncode, _reported(house)["ENG-006"][0]) == (0, "198000.00")
    assert {error["extensions"]["code"] for error in answer.errors} == {"SOURCE_UNAVAILABLE"}


def test_a_file_may_take_anothers_place(firm: Firm, tmp_path: Path) -> None:
    """A new file that is loaded beside the old one and renamed is read from then on, and nobody was away meanwhile."""
    path, beside = tmp_path / "warehouse.duckdb", tmp_path / "next.duckdb"
    warehouse.fill(f"duckdb:///{path}", firm)
    known = {schedule.engagement: schedule.engagement for schedule in firm.revenue_schedules}
    copies = Bound("warehouse", "reporting_views", f"duckdb:///{path}", {}, {"Engagement": known.get}, Silent())
    with psa(firm) as delivery, over([delivery, copies]) as running:
        house = House(running)
        assert _reported(house)["ENG-006"][0] == "198000.00"
        shutil.copy(path, beside)
        with duckdb.connect(beside) as loading:
            loading.execute("UPDATE recognized_revenue SET recognized_amount = 7 WHERE engagement_code = 'ENG-006'")
            assert _reported(house)["ENG-006"][0] == "198000.00"
        beside.rename(path)
        assert _reported(house)["ENG-006"][0] == "7.00"


@pytest.mark.parametrize("missing", ["duckdb", "duckdb_engine"])
def test_without_its_extra_it_says_what_to_install(tmp_path: Path, missing: str) -> None:
    """A driver that is not installed is named with its cure, and the server does not start."""
    bound = Bound("warehouse", "reporting_views", f"duckdb:///{tmp_path}/w.duckdb", {}, {}, Silent())
    config = configure(tmp_path, [bound])
    without = f"import sys; sys.modules[{missing!r}] = None; from colonnade.cli import app; app()"
    command = [sys.executable, "-c", without, "sources", "check", "--config", str(config)]
    done = run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "DuckDB needs the extra: pip install 'colonnade[duckdb]'" in done.stderr


def test_a_read_that_takes_too_long_ends_in_time_and_in_the_database(filled: Warehouse) -> None:
    """A view that computes for a minute costs its field after a second, and the next question is answered at once."""
    forever = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000000) SELECT count(*) FROM n"
    )
    with filled.showing("recognized_amount", f"({forever}) > 0"):
        started = time.monotonic()
        answer = filled.house.ask(REPORTED)
        spent = time.monotonic() - started
    assert [error["extensions"]["code"] for error in answer.errors] == ["SOURCE_TIMEOUT"]
    assert spent < 2.0
    assert _reported(filled.house)["ENG-006"][0] == "198000.00"


def test_the_laws_of_a_batch_hold(filled: Warehouse) -> None:
    """Every case that can be tried on a warehouse is right, whatever database it is in; a file is never away."""
    bound = filled.house.bound[1]
    tried = asyncio.run(judge(Binding("warehouse", bound.vendor, bound.address, bound.credentials), SystemClock()))
    away = "right" if bound.address.startswith("postgresql") else "not tried"
    assert [one.word for one in tried] == ["right"] * 7 + ["not tried", away]


def test_what_is_asked_for_is_never_a_part_of_the_statement(filled: Warehouse) -> None:
    """An id in the warehouse that is written like SQL is nobody's: no other row comes, and nothing is dropped."""
    assert set(_reported(filled.house)).isdisjoint(HOSTILE)
    assert filled.run("SELECT count(*) FROM recognized_revenue") == [(19,)]
