"""Every command killed wherever it can be, on both databases, and every answer lost: `make kill-sweep` writes KILLS.md.

Four houses at a time, for what recovers mostly waits. What is not as it should be is printed with its rows. The table
is written anew with every command that is through: a sweep that is broken off has shown something.
"""

from __future__ import annotations

import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.commands import left
from tests.commands.killing import Outcome, killed, unanswered, undisturbed
from tests.commands.rig import Forge, rig, store_on
from tests.commands.scenarios import MANY, REFUSED, SCENARIOS, firm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

AT_ONCE = 4
LOST = ("lose_answer", "fail_after")
DATABASES = ("sqlite", "postgresql")
WRITTEN = Path(__file__).with_name("KILLS.md")
HEAD = """\
# Commands whose servers are killed

`make kill-sweep`, {when}, {cores} cores, Python {python}; how: `killing.py`, what is compared: `left.py`.

Killed with SIGKILL at every point of a run, and inside of every call that changes something: before its effect and
after it. "refused" are commands that are undone, for the ERP refuses the step of no return. Recovery is from the start
of the next server to the command's end, in seconds. Answers are lost after the effect: on the way, or to a 500.

| command | database | kills | lost | doubled | slowest recovery | lost answers | lost | doubled |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


class Count(NamedTuple):
    """How often something was done to a command, and after how many of these something was lost or doubled."""

    times: int
    lost: int
    doubled: int


class Row(NamedTuple):
    """What came of one command on one database."""

    name: str
    database: str
    kills: Count
    slowest: float
    answers: Count

    def __str__(self) -> str:
        """Return the row of the table."""
        kills = f"{self.kills.times} | {self.kills.lost} | {self.kills.doubled} | {self.slowest:.1f}"
        answers = f"{self.answers.times} | {self.answers.lost} | {self.answers.doubled}"
        return f"| {self.name} | {self.database} | {kills} | {answers} |"


def swept(name: str, database: str) -> Row:
    """Kill one command's server everywhere, and lose its answers."""
    forge = Forge()
    try:
        with store_on(database) as store, rig(firm(), forge, store) as house:
            house.fresh()
            before = left.before(house)
            scenario = next(one for one in (*SCENARIOS, *REFUSED, MANY) if one.name == name)
            course = undisturbed(house, scenario, before)
            places = [] if scenario is MANY else list(course.kills())
            tried = {str(one): _tried(partial(killed, house, scenario, before, course, one)) for one in places}
            losses = _came({one: _tried(partial(unanswered, house, scenario, before, course, one)) for one in LOST})
    finally:
        forge.stop()
    kills = _came(tried)
    for where in tried.keys() - kills.keys():
        print(f"-- {name} on {database} did not come to {where}", flush=True)  # noqa: T201
    for where, outcome in (kills | losses).items():
        if not outcome.whole:
            print(f"!! {name} on {database}, {where}: {outcome}", flush=True)  # noqa: T201
    answers = len(losses) * sum(course.calls.values())
    slowest = max((outcome.seconds for outcome in kills.values()), default=0.0)
    return Row(name, database, _count(len(kills), kills.values()), slowest, _count(answers, losses.values()))


def _came(tried: Mapping[str, Outcome | None]) -> dict[str, Outcome]:
    """Return the outcomes of what was come to: nobody was killed elsewhere."""
    return {where: outcome for where, outcome in tried.items() if outcome is not None}


def _tried(what: Callable[[], Outcome | None]) -> Outcome | None:
    try:
        return what()
    except AssertionError as error:
        # It never came to its end: all of it is lost.
        return Outcome(("", str(error)), [], [], 0.0)


def _count(times: int, outcomes: Iterable[Outcome]) -> Count:
    listed = list(outcomes)
    lost = sum(bool(one.lost) or one.statuses[0] != one.statuses[1] for one in listed)
    return Count(times, lost, sum(bool(one.doubled) for one in listed))


def _sum(counts: Iterable[Count]) -> Count:
    return Count(*(sum(one) for one in zip(*counts, strict=True)))


def main() -> None:
    """Kill everything, and write down what came of it; a loss is a failure."""
    names = [one.name for one in (*SCENARIOS, *REFUSED, MANY)]
    jobs = list(product(names, DATABASES))
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        rows = []
        for row in pool.map(swept, *zip(*jobs, strict=True)):
            rows.append(row)
            print(row, flush=True)  # noqa: T201
            kills, answers = _written(rows)
    sys.exit(bool(kills.lost or kills.doubled or answers.lost or answers.doubled))


def _written(rows: Sequence[Row]) -> tuple[Count, Count]:
    """Write the table of what is through, and return what comes of its kills and of its lost answers."""
    kills, answers = _sum(row.kills for row in rows), _sum(row.answers for row in rows)
    head = HEAD.format(when=f"{datetime.now(UTC):%d %B %Y}", cores=os.cpu_count(), python=platform.python_version())
    said = [
        *rows,
        "",
        f"{answers.times} lost answers, {answers.lost} lost, {answers.doubled} doubled",
        "",
        f"{kills.times} kills, {kills.lost} lost, {kills.doubled} doubled",
    ]
    WRITTEN.write_text(head + "\n".join(map(str, said)) + "\n", encoding="utf-8")
    return kills, answers


if __name__ == "__main__":
    main()
