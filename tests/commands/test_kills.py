"""Servers killed with SIGKILL while they run commands, and answers lost on the way: nothing is lost, nothing doubled.

Each command is killed at a few of all the places where it can be, which the seed in pytest's header draws; all of them
are killed at by `make kill-sweep`.
"""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.commands import left
from tests.commands.killing import Kill, killed, unanswered, undisturbed
from tests.commands.rig import Forge, rig, store_on
from tests.commands.scenarios import REFUSED, SCENARIOS, firm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.commands.left import Before
    from tests.commands.rig import Rig
    from tests.commands.scenarios import Scenario

    Record = Callable[[str, object], None]

pytestmark = [pytest.mark.kills, pytest.mark.timeout(300)]

EACH = 3
RECOVERED = 10.0
ALL = [*SCENARIOS, *REFUSED]


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    """Makes servers."""
    forge = Forge()
    yield forge
    forge.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, forge: Forge) -> Iterator[tuple[Rig, Before]]:
    """A house on either database, and how its systems are at first."""
    with store_on(request.param) as store, rig(firm(), forge, store) as made:
        made.fresh()
        yield made, left.before(made)


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.name)
def test_kills_and_lost_answers(
    house: tuple[Rig, Before], scenario: Scenario, pytestconfig: pytest.Config, record_property: Record
) -> None:
    """Killed wherever the server was, the command ends as if it had not been, in ten seconds; so it does unanswered."""
    rig, before = house
    course = undisturbed(rig, scenario, before)
    assert course.status == scenario.ends
    draw = Random(f"{pytestconfig.getoption('randomly_seed')} {scenario.name}")  # noqa: S311  repeatable, not secret
    places = list(course.kills())
    tried = ((kill, killed(rig, scenario, before, course, kill)) for kill in draw.sample(places, len(places)))
    came = list(islice(((kill, outcome) for kill, outcome in tried if outcome is not None), EACH))
    assert len(came) == EACH
    for kill, outcome in came:
        assert outcome.whole, (str(kill), outcome)
        assert outcome.seconds <= RECOVERED, str(kill)
        record_property("kill", outcome.seconds)
    outcome = unanswered(rig, scenario, before, course, draw.choice(["lose_answer", "fail_after"]))
    assert outcome.whole, outcome
    record_property("lost answers", sum(course.calls.values()))


def test_what_comes_late_is_undone(house: tuple[Rig, Before]) -> None:
    """A call whose caller was killed has its effect seconds later: the command is undone after that, not before."""
    rig, before = house
    scenario = next(one for one in REFUSED if one.command == "completeMilestone")
    course = undisturbed(rig, scenario, before)
    (completed,) = (call for call in course.calls if call.role == "psa")
    outcome = killed(rig, scenario, before, course, Kill(completed, 1, "hold_before", seconds=4.0))
    assert outcome is not None
    assert outcome.whole, outcome
