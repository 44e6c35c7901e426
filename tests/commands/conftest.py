"""The firm's real servers on the morning of its day, and whoever is asked to judge a command over them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest

from colonnade.caller import Caller
from colonnade.demo import over
from colonnade.settings import Settings
from colonnade.wiring import Application
from commands.asking import Asking
from commands.command import Stop
from demo.firm.clock import AS_OF
from demo.issuer import PERSONAS
from demo.systems import HTTP, Emulated, emulated
from schema.graph import HOMES
from schema.rows import Ref
from sources.contract import Scope
from sources.writes import Write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from datetime import datetime

    from colonnade.demo import Running
    from commands.command import Finding, Judgement
    from demo.firm.model import Firm
    from demo.systems import Bound
    from schema.problems import Code

    Bind = Callable[[Bound], Bound]
    Start = Callable[[Firm | None, Bind], Running]

W = TypeVar("W", bound=Write)
SECONDS = 60.0


class Morning:
    """The clock of the firm's day: Wednesday, 8 April 2026, nine o'clock in UTC."""

    def now(self) -> datetime:
        """Return that instant."""
        return AS_OF


def as_it_is(system: Bound) -> Bound:
    """Bind a system as it comes."""
    return system


def without_roles(system: Bound) -> Bound:
    """Bind forecasting so that no role is linked to what it calls it."""
    words = {type_: word for type_, word in system.words.items() if type_ != "Role"}
    return replace(system, words=words) if system.role == "forecast" else system


class Asks(Protocol):
    """Makes a persona ask: the firm as it is, or a firm that differs in what a test is about."""

    async def __call__(self, persona: str, firm: Firm | None = None, bind: Bind = as_it_is) -> Asking:
        """Return what a judgement of this persona's commands may ask; `bind` may bind a system otherwise."""
        ...


def effects(bound: Sequence[Bound]) -> list[dict[str, object]]:
    """Return every change that was made in any of these systems."""
    addresses = {system.traffic.address for system in bound if isinstance(system.traffic, Emulated)}
    return [line for address in addresses for line in HTTP.get(f"{address}/_control/effects").json()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that stands here takes real systems in motion: it has a target of its own."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.commands)


@pytest.fixture(scope="session")
def office(firm: Firm) -> Iterator[Running]:
    """The firm as it is, in systems that know each other."""
    with emulated(firm) as bound, over(bound) as running:
        yield running


@pytest.fixture
def ref(office: Running) -> Callable[..., Ref]:
    """Says what a system calls a thing of the firm: `ref("Engagement", "ENG-007")`; its home, unless a role is said."""
    words = {system.role: system.words for system in office.bound}

    def ref(type_: str, code: str, role: str | None = None) -> Ref:
        role = role or HOMES[type_].system.value
        word = words[role][type_](code)
        assert word is not None
        return Ref(type_, role, word)

    return ref


@pytest.fixture(scope="module")
def offices(office: Running) -> Iterator[Start]:
    """Starts a firm that differs in what tests are about: once for all of a module that ask the same one."""
    started: dict[tuple[int, Bind], Running] = {}
    with ExitStack() as stack:

        def start(firm: Firm | None, bind: Bind) -> Running:
            if firm is None:
                return office
            if (id(firm), bind) not in started:
                bound = [bind(system) for system in stack.enter_context(emulated(firm))]
                started[id(firm), bind] = stack.enter_context(over(bound))
            return started[id(firm), bind]

        yield start


@pytest.fixture
async def asking(offices: Start) -> AsyncIterator[Asks]:
    """Makes personas ask. Whatever is judged, nothing is changed in any system."""
    async with AsyncExitStack() as stack:
        watched: list[Running] = []

        async def asking(persona: str, firm: Firm | None = None, bind: Bind = as_it_is) -> Asking:
            # It fills its store in an event loop of its own.
            running = await asyncio.to_thread(offices, firm, bind)
            watched.append(running)
            app = Application(Settings.read(running.config), Morning(), role="api")
            stack.push_async_callback(app.stop)
            known = PERSONAS[persona]
            principal = app.principals.of(Caller(subject=known.subject, groups=frozenset(known.groups)))
            scope = Scope(principal, "test", asyncio.get_running_loop().time() + SECONDS)
            return Asking(app.commanding.live, scope)

        yield asking
        assert [effects(running.bound) for running in watched] == [[] for _ in watched]


async def stopped(judging: Awaitable[Judgement]) -> tuple[Finding, ...]:
    """Return why a judgement stops; one that goes on fails the test."""
    with pytest.raises(Stop) as stop:
        await judging
    return stop.value.findings


def written(judged: Judgement, name: str, kind: type[W]) -> W:
    """Return what a step of the plan's first chain writes, which must be of this kind."""
    (write,) = (step.write for step in judged.plan.first if step.name == name)
    assert isinstance(write, kind)
    return write


def codes(findings: Sequence[Finding]) -> list[Code]:
    """Return the codes of what was found, in order."""
    return [finding.code for finding in findings]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often servers were killed and answers lost, in those tests that do that."""
    passed = terminalreporter.stats.get("passed", [])
    told = [one for report in passed for one in report.user_properties]
    kills = [seconds for name, seconds in told if name == "kill"]
    answers = sum(count for name, count in told if name == "lost answers")
    if kills or answers:
        slowest = max(kills, default=0.0)
        terminalreporter.write_line(f"{len(kills)} kills, 0 lost, 0 doubled; the slowest recovered in {slowest:.1f} s")
        terminalreporter.write_line(f"{answers} lost answers, 0 doubled")
