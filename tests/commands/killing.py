"""Commands that are disturbed on their way, wherever they can be, and what comes of them.

A server is killed at each point that it comes to (`forge`), and while a system has one of its calls: before the effect,
which is made all the same while nobody listens any more, and after it. It is started again, and whoever gave the
command does what clients must: what was not answered is asked again under the same key. Or the answers are lost to
every call that has had its effect. In the end everything has to be as if nothing had happened.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import httpx

from tests.commands.left import Before, Left, left
from tests.commands.rig import OVER
from tests.commands.scenarios import Ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.commands.rig import Rig
    from tests.commands.scenarios import Scenario

# For how many seconds a system keeps a call back; a command that has not ended after so many never will.
HELD, PATIENCE, POLL = 1.5, 40.0, 0.03
# More often than any step is tried.
OFTEN = 20
ENDED = OVER | {"DEAD_LETTERED"}
STATUS = "query($id: ID!) { command(id: $id) { status } }"
PENDING = "{ approvals { id } }"
DECIDE = "mutation($id: ID!) { decideApproval(id: $id, approve: true) { problems { code } } }"

When: TypeAlias = Literal["point", "hold_before", "hold_after"]
Faults: TypeAlias = dict[str, list[dict[str, Any]]]


class Call(NamedTuple):
    """A call that changes something in a role's system, such as `POST /projects/`."""

    role: str
    said: str

    def fault(self, what: str, nth: int, **more: Any) -> dict[str, Any]:
        """Return what goes wrong with the nth of them."""
        return {"match": rf"^{re.escape(self.said)}(\?|$)", "what": what, "nth": nth, **more}


class Kill(NamedTuple):
    """Where a server is killed: the nth time that it comes to a point, or that a system has this call for seconds."""

    at: str | Call
    nth: int
    when: When = "point"
    seconds: float = HELD

    def __str__(self) -> str:
        """Say where in a few words."""
        return f"{self.at if isinstance(self.at, str) else ' '.join(self.at)} #{self.nth} {self.when}"


class Course(NamedTuple):
    """How a command went that nobody disturbed: its end, what it left, and where it can be disturbed."""

    status: str
    left: Left
    points: Counter[str]
    calls: Counter[Call]

    def kills(self) -> Iterator[Kill]:
        """List every place to be killed at."""
        for point, often in self.points.items():
            yield from (Kill(point, nth) for nth in range(1, often + 1))
        for call, often in self.calls.items():
            for nth in range(1, often + 1):
                yield Kill(call, nth, "hold_before")
                yield Kill(call, nth, "hold_after")


class Outcome(NamedTuple):
    """What came of it: what the status should be and is, rows that are lost or doubled, and how many seconds."""

    statuses: tuple[str, str]
    lost: list[tuple[str, str]]
    doubled: list[tuple[str, str]]
    seconds: float

    @property
    def whole(self) -> bool:
        """Whether all is as if nothing had happened."""
        return self.statuses[0] == self.statuses[1] and not self.lost and not self.doubled


class Client:
    """Whoever gives a scenario's command, and those who approve it."""

    def __init__(self, rig: Rig, scenario: Scenario) -> None:
        self._rig, self._scenario = rig, scenario
        self.id, self.status = "", ""

    def go_on(self) -> bool:
        """Do what is left for people to do, and tell whether the command has ended; raise httpx.TransportError."""
        scenario = self._scenario
        if not self.id:
            said = {"input": scenario.input(Ids(self._rig.bound))}
            answer = self._rig.ask(scenario.persona, scenario.mutation, said, key="once")
            payload = answer["data"][scenario.command]
            assert payload["problems"] == [], payload
            self.id = payload["command"]["id"]
        answer = self._rig.ask(scenario.persona, STATUS, {"id": self.id})
        self.status = answer["data"]["command"]["status"]
        if self.status == "AWAITING_APPROVAL":
            self._approve()
        return self.status in ENDED

    def _approve(self) -> None:
        for persona in self._scenario.approvers:
            for request in self._rig.ask(persona, PENDING)["data"]["approvals"]:
                decided = self._rig.ask(persona, DECIDE, {"id": request["id"]})["data"]["decideApproval"]
                # Of a decision that was not answered, nobody knows whether it was taken.
                assert {one["code"] for one in decided["problems"]} <= {"ALREADY_DONE"}, decided


def undisturbed(rig: Rig, scenario: Scenario, before: Before) -> Course:
    """Let a command take its course."""
    client = _given(rig, scenario)
    _until(client.go_on)
    rig.kill()
    calls = Counter(Call(*one) for one in rig.changes())
    return Course(client.status, left(rig, before, client.id), Counter(rig.points()), calls)


def killed(rig: Rig, scenario: Scenario, before: Before, course: Course, kill: Kill) -> Outcome | None:
    """Kill the server of a command on its way and start another: it has so many seconds, from the start to the end.

    None if the command has ended without coming to that place: on a busy machine a run may be begun twice, and the next
    time once.
    """
    client = _given(rig, scenario, _held(kill), kill if kill.when == "point" else None)
    try:
        _until(lambda: _gone(rig, client, kill))
    except AssertionError:
        if client.status not in ENDED:
            raise
        return None
    finally:
        rig.kill()
    at = time.monotonic()
    rig.start()
    _until(client.go_on)
    seconds = time.monotonic() - at
    # Nobody waits for what a system still keeps back, and it is not for the next one to find.
    time.sleep(max(0.0, kill.seconds - seconds))
    rig.kill()
    return _compared(rig, client, before, course, seconds)


def unanswered(rig: Rig, scenario: Scenario, before: Before, course: Course, what: str) -> Outcome:
    """Lose the first answer to every call that has had its effect: on the way, or to `fail_after`."""
    faults: Faults = {}
    for call, often in course.calls.items():
        faults.setdefault(call.role, []).extend(call.fault(what, nth) for nth in range(1, often + 1))
    client = _given(rig, scenario, faults)
    at = time.monotonic()
    _until(client.go_on)
    seconds = time.monotonic() - at
    assert [one for role in faults for one in rig.faults_to_come(role) if one["what"] == what] == []
    rig.kill()
    return _compared(rig, client, before, course, seconds)


def _held(kill: Kill) -> Faults:
    if not isinstance(kill.at, Call):
        return {}
    return {kill.at.role: [kill.at.fault(kill.when, kill.nth, seconds=kill.seconds)]}


def _given(rig: Rig, scenario: Scenario, faults: Faults | None = None, kill: Kill | None = None) -> Client:
    """Begin anew, with the faults that there will be."""
    rig.fresh()
    faults = faults or {}
    if scenario.refused:
        call = Call(*scenario.refused)
        faults.setdefault(call.role, []).extend(call.fault("refuse", nth) for nth in range(1, OFTEN))
    for role, listed in faults.items():
        rig.faults(role, listed)
    rig.start(*(str(kill.at), kill.nth) if kill else ())
    return Client(rig, scenario)


def _gone(rig: Rig, client: Client, kill: Kill) -> bool:
    """Tell whether the server was killed, or is at the place where it has to be."""
    try:
        client.go_on()
    except httpx.TransportError:
        return True
    if isinstance(kill.at, Call):
        return all(fault["what"] != kill.when for fault in rig.faults_to_come(kill.at.role))
    return not rig.alive


def _until(over: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not over():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(POLL)


def _compared(rig: Rig, client: Client, before: Before, course: Course, seconds: float) -> Outcome:
    now = left(rig, before, client.id)
    return Outcome((course.status, client.status), course.left.lost(now), course.left.doubled(now), seconds)
