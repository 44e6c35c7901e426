"""Whatever people, systems and crashes do to commands, each ends with one effect in every system, or none, or waits.

Hypothesis draws what happens next. Numbers choose among what there is at the moment, so that what is drawn depends on
nothing but the seed: FUZZ_SEED brings it back, and STATEFUL_EXAMPLES asks for more than the suite's few.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from demo.systems import HTTP
from store import audit_verdict, database
from tests.commands.choices import KINDS, choose
from tests.commands.everybody import Everybody
from tests.commands.reckoning import COMMAND, Books, reckon
from tests.commands.rig import Forge, Rig, rig
from tests.commands.scenarios import Ids, firm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.commands.choices import Choice

    Drawn = tuple[str, int]

pytestmark = [pytest.mark.commands, pytest.mark.timeout(3600)]

SEED = int(os.environ.get("FUZZ_SEED", "20261126"))
EXAMPLES = int(os.environ.get("STATEFUL_EXAMPLES", "6"))
STEPS = 25
REST_SECONDS = 60.0
# A call that changes something; tokens are fetched, and rows are asked for, by POST as well.
WRITES = "^(POST|PUT|PATCH|DELETE) (?!.*(token|oauth|batch))"
MOVING = {"ACCEPTED", "RUNNING", "COMPENSATING"}
WRITTEN_TO = ("psa", "erp", "forecast", "crm")
SEEN_TO = {
    "cancelCommand": ("AWAITING_APPROVAL", "PARKED"),
    "releaseCommand": ("PARKED",),
    "replayCommand": ("DEAD_LETTERED", "SUCCEEDED_WITH_EXCEPTIONS"),
}
number = st.integers(0, 999)
commands = st.tuples(st.sampled_from(KINDS), number)
roles = st.sampled_from(WRITTEN_TO)
faults = st.sampled_from(["lose_answer", "fail_before", "fail_after", "refuse", "hold_before", "hold_after"])
broken = st.tuples(faults, st.integers(1, 3), st.sampled_from([500, 503]))
decisions = st.tuples(number, st.sampled_from([True, True, True, False]), st.integers(1, 2))
points = st.sampled_from([None, "accepted", "started", "begun", "answered", "recorded", "ended"])
periods = st.sampled_from(["nbuk-2026-P04", "nbus-2026-P04"])
modules = st.sampled_from(["ProjectCloseState", "ReceivablesCloseState"])


class Days(RuleBasedStateMachine):
    """People give and decide, systems fail, the server dies; at the end of the day all of it is reckoned up."""

    house: ClassVar[Rig]
    before: ClassVar[Books]
    counted: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.house.kill()
        self.house.fresh()
        self.house.start()
        self.everybody = Everybody(self.house, self.counted)
        self.ids = Ids(self.house.bound)
        self.closed: set[tuple[str, str]] = set()

    @initialize(some=st.lists(commands, min_size=3, max_size=6))
    def begin(self, some: list[Drawn]) -> None:
        """In the morning all is well."""
        for one in some:
            self._new(one)

    @rule(one=commands, another=commands, seconds=st.sampled_from([0, 0.3]))
    def give(self, one: Drawn, another: Drawn, seconds: float) -> None:
        """People give commands, one soon after another."""
        self._new(one)
        time.sleep(seconds)
        self._new(another)

    @rule(one=commands, stranger=number)
    def presume(self, one: Drawn, stranger: int) -> None:
        """Somebody gives a command that is not for them."""
        self._new(one, stranger)

    @rule(which=number)
    def repeat(self, which: int) -> None:
        """A command is delivered once more."""
        gave = list(self.everybody.gave.items())
        at, choice = gave[which % len(gave)]
        self.everybody.give(choice, at.key)

    @rule(one=commands)
    def deliver_at_once(self, one: Drawn) -> None:
        """A command is delivered three times at the same moment."""
        choice, key = self._choice(one), self.everybody.new_key()
        asked = (choice.persona, choice.mutation, {"input": choice.input}, key)
        with ThreadPoolExecutor(3) as three:
            answers = list(three.map(lambda _: self.everybody.ask(*asked), range(3)))
        for answer in answers:
            self.everybody.answered(choice, key, answer)

    @rule(which=number, other=number)
    def use_a_key_again(self, which: int, other: int) -> None:
        """A key comes with another input."""
        answers = list(self.everybody.answers)
        at = answers[which % len(answers)] if answers else None
        choice = at and self._choice((at.command, other))
        if at and choice and choice.persona == at.persona and choice.input != self.everybody.gave[at].input:
            self.everybody.conflict(at, choice)

    @rule(some=st.lists(decisions, min_size=1, max_size=3))
    def decide(self, some: list[tuple[int, bool, int]]) -> None:
        """People decide on requests, perhaps twice on the same."""
        for which, approve, times in some:
            self.everybody.decide(which, approve=approve, times=times)

    @rule(one=commands, another=commands, broken=st.lists(broken, min_size=4, max_size=4))
    def break_calls(self, one: Drawn, another: Drawn, broken: list[tuple[str, int, int]]) -> None:
        """One of the next writes to each system goes wrong, and commands meet that."""
        for role, (what, nth, status) in zip(WRITTEN_TO, broken, strict=True):
            self._faults(role, [{"match": WRITES, "what": what, "nth": nth, "status": status, "seconds": 0.7}])
        self.counted["faults"] += len(broken)
        self._new(one)
        self._new(another)

    @rule(one=commands, role=roles, times=st.integers(3, 20))
    def lose_a_system(self, one: Drawn, role: str, times: int) -> None:
        """A system is away for so many calls, soon after a command was given."""
        self._new(one)
        down = [{"match": "", "what": "fail_before", "nth": nth, "status": 503} for nth in range(1, times + 1)]
        self._faults(role, down)
        self.counted["absences"] += 1

    @rule(role=roles)
    def mend(self, role: str) -> None:
        """A system behaves again."""
        self._faults(role, [])

    @rule(one=commands, period=periods, module=modules)
    def close_or_reopen(self, one: Drawn, period: str, module: str) -> None:
        """Finance closes a period, or opens it again, while a command may be at it."""
        self._new(one)
        self._period(period, module, close=(period, module) not in self.closed)

    @rule(one=commands, point=points, nth=st.integers(1, 4))
    def crash(self, one: Drawn, point: str | None, nth: int) -> None:
        """The server is killed in the midst of a command, or at one of its points, and comes back."""
        if point is None:
            self._new(one)
        self.everybody.tell(f"kill, and then at {point} {nth}")
        self.house.kill()
        self.counted["kills"] += 1
        self.house.start(point, nth)
        if point is not None:
            self._new(one)

    @rule(act=st.sampled_from(sorted(SEEN_TO)), which=number)
    def see_to(self, act: str, which: int) -> None:
        """Operations withdraw, release or repeat a command."""
        self.everybody.act(act, which, *SEEN_TO[act])

    @rule(which=number)
    def give_up(self, which: int) -> None:
        """Operations give up what was set aside."""
        self.everybody.discard(which)

    @rule(seconds=st.sampled_from([0.1, 0.3, 1.0]))
    def a_while_passes(self, seconds: float) -> None:
        """Nothing happens; this is also what Hypothesis, which sorts rules by name, tries first."""
        time.sleep(seconds)

    def teardown(self) -> None:
        """Let everything come to rest, and reckon it up."""
        try:
            self._rest()
        except BaseException:
            print("\n".join(self.everybody.story))  # noqa: T201  pytest shows it when the test fails
            raise

    def _rest(self) -> None:
        for role in WRITTEN_TO:
            self._faults(role, [])
        self.house.kill()
        self.house.start()
        self._until(lambda one: bool(self.closed) and one["waitingFor"] == "PERIOD_CLOSED")
        for period, module in sorted(self.closed):
            self._period(period, module, close=False)
        self._until(lambda _: False)
        found = [self.everybody.ask("auditor", COMMAND, {"id": one["id"]}) for one in self.everybody.listed()]
        given = {one["data"]["command"]["id"]: one["data"]["command"] for one in found}
        lost = [at for at, answer in self.everybody.answers.items() if answer["command"]["id"] not in given]
        assert lost == [], "acknowledged, and not there"
        effects = reckon(self.house, self.before, list(given.values()))
        self.counted.update(days=1, commands=len(given), effects=effects, records=self._trail())
        self.counted.update(one["status"] for one in given.values())
        self.counted.update(f"step {step['state']}" for one in given.values() for step in one["steps"])

    def _trail(self) -> int:
        async def verified() -> audit_verdict.Verdict:
            engine = database.connect(f"sqlite+aiosqlite:///{self.house.folder}/colonnade.db")
            try:
                return await audit_verdict.verify(engine)
            finally:
                await engine.dispose()

        self.house.kill()
        verdict = asyncio.run(verified())
        assert verdict.broken is None
        return verdict.records

    def _until(self, may_wait: Callable[[Any], bool]) -> None:
        """Wait until every command has come to an end, or to a wait that is true."""
        deadline = time.monotonic() + REST_SECONDS
        while True:
            listed = self.everybody.listed()
            parked = [one for one in listed if one["status"] == "PARKED" and not may_wait(one)]
            moving = [one for one in listed if one["status"] in MOVING]
            if not parked and not moving:
                return
            assert time.monotonic() < deadline, f"never at rest: {parked} {moving}"
            time.sleep(0.2)

    def _new(self, one: Drawn, stranger: int | None = None) -> None:
        """Give a command under a key of its own."""
        self.everybody.give(self._choice(one, stranger), self.everybody.new_key())

    def _choice(self, one: Drawn, stranger: int | None = None) -> Choice:
        return choose(*one, self.ids, self.everybody.drafts(), stranger)

    def _faults(self, role: str, listed: list[Any]) -> None:
        self.everybody.tell(f"faults of {role}: {[(one['what'], one['nth']) for one in listed]}")
        HTTP.put(f"{self.house.address[role]}/_control/faults", json=listed).raise_for_status()

    def _period(self, period: str, module: str, *, close: bool) -> None:
        self.everybody.tell(f"{'close' if close else 'open'} {period} {module}")
        address = f"{self.house.address['erp']}/_control/table/NBFiscalPeriods/{period}"
        HTTP.put(address, json={module: "Closed" if close else "Open"}).raise_for_status()
        (self.closed.add if close else self.closed.discard)((period, module))


@pytest.fixture(scope="module")
def house() -> Iterator[Rig]:
    """The firm's systems, and a server over them."""
    forge = Forge()
    try:
        with rig(firm(), forge) as made:
            yield made
    finally:
        forge.stop()


def test_every_command_ends_with_one_effect_or_none(house: Rig) -> None:
    """Given, repeated, decided, broken, killed and repaired as drawn: nothing is lost, and nothing is done twice."""
    Days.house, Days.before = house, Books.of(house)
    print(f"FUZZ_SEED={SEED}")  # noqa: T201  it brings the run back
    run_state_machine_as_test(
        seed(SEED)(Days),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"seed {SEED}: {dict(Days.counted)}")  # noqa: T201  the judged figures
