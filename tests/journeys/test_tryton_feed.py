"""People are changed in a running Tryton behind the graph's back; the graph, which keeps what it hears, knows."""

from __future__ import annotations

import os
import random
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo.tryton.access import ADMIN
from demo.tryton.bound import Log, with_tryton
from demo.tryton.layout import Layout
from tests.conftest import House, rewritten
from tests.demo.test_tryton import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.firm.model import Firm

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(240)]

EDITS, BURST = 1_000, 50
CONTEXT_ONLY: tuple[bool, dict[str, Any]] = (True, {})
# The feed looks every second; an edit must show by the second look after it.
WITHIN = 3.0
PEOPLE = "{ resources(first: 200) { edges { node { id employeeNumber } } } }"
NAMES = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Resource { employeeNumber displayName terminationDate } } }"


class Personnel:
    """Tryton's people, changed over its own API."""

    def __init__(self, caller: Caller, chance: random.Random) -> None:
        self._caller, self._chance = caller, chance
        self._context = caller.call("model.res.user.get_preferences", *CONTEXT_ONLY) | {"active_test": False}
        rows = caller.rows("company.employee", [], "party", "party.code")
        self._people = [(row["id"], row["party"], row["party."]["code"]) for row in rows]
        self.edits = 0

    def edit(self) -> None:
        """Rename somebody, or change the day on which they leave; both stand in one person, in two records of it."""
        employee, party, _ = self._chance.choice(self._people)
        if self._chance.random() < 0.5:
            self._write("party.party", party, {"name": f"Name {self._chance.randrange(10**6)}"})
        else:
            day = {"__class__": "date", "year": 2030, "month": 1, "day": self._chance.randrange(1, 29)}
            self._write("company.employee", employee, {"end_date": day})
        self.edits += 1

    def _write(self, model: str, id_: int, values: dict[str, Any]) -> None:
        assert "error" not in self._caller.answer(f"model.{model}.write", [id_], values, self._context)

    def said(self) -> dict[str, tuple[str, str | None]]:
        """Return everybody's name and last day, as Tryton has them."""
        rows = self._caller.rows("company.employee", [], "party.code", "party.name", "end_date")
        return {row["party."]["code"]: (row["party."]["name"], _day(row["end_date"])) for row in rows}


def _day(value: dict[str, int] | None) -> str | None:
    return None if value is None else f"{value['year']:04}-{value['month']:02}-{value['day']:02}"


@pytest.fixture
def house(firm: Firm, tmp_path: Path) -> Iterator[tuple[House, Caller]]:
    """The graph, which keeps Tryton's answers and follows its changes every second; and Tryton's own API."""
    if not Layout.of(None).template.exists() and "CI" not in os.environ:
        pytest.skip("Tryton is not installed: run 'make systems' (two minutes, once)")
    with ExitStack() as stack:
        bound = stack.enter_context(with_tryton(firm))
        followed = [
            rewritten(one, tmp_path / one.role, "[limits]\n", "[limits]\nfollow = 1\n") if one.role == "hr" else one
            for one in bound
        ]
        house = House(stack.enter_context(over(followed, cached=True)))
        (traffic,) = {one.traffic for one in bound if isinstance(one.traffic, Log) and one.role == "hr"}
        yield house, stack.enter_context(closing(Caller(traffic.server, ADMIN)))


def test_a_thousand_changes_behind_our_back(house: tuple[House, Caller]) -> None:
    """After every burst of edits, during which the graph is asked and keeps what it hears, it says what Tryton says."""
    graph, caller = house
    seed = int(os.environ.get("FEED_SEED", time.time_ns() % 10**6))
    print(f"FEED_SEED={seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311
    personnel = Personnel(caller, chance)
    found = graph.ask(PEOPLE).data["resources"]["edges"]
    ids = [edge["node"]["id"] for edge in found]

    def shown() -> dict[str, tuple[str, str | None]]:
        people = graph.ask(NAMES, {"ids": ids}).data["nodes"]
        return {one["employeeNumber"]: (one["displayName"], one["terminationDate"]) for one in people}

    slowest = 0.0
    while personnel.edits < EDITS:
        for _ in range(BURST):
            personnel.edit()
            if chance.random() < 0.2:
                shown()
        edited, wanted = time.monotonic(), personnel.said()
        while (seen := shown()) != wanted:
            missed = {number for number, said in wanted.items() if seen[number] != said}
            assert time.monotonic() - edited < WITHIN, f"{personnel.edits} edits, missed: {sorted(missed)}"
            time.sleep(0.05)
        slowest = max(slowest, time.monotonic() - edited)
    print(f"FIGURE Tryton feed: {personnel.edits} edits, 0 missed, shown after {slowest:.1f} s at the latest")  # noqa: T201
