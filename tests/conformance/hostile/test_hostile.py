"""Nothing that a client sends keeps the event loop from everybody else, and nothing is answered with 500."""

from __future__ import annotations

import gc
import threading
import time
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from colonnade import demo
from colonnade.heap import settle
from colonnade.wiring import graph
from demo.firm import northbeam
from demo.systems import emulated
from execution.documents import Documents
from execution.limits import Limits
from tests.conformance.hostile.callbacks import watched
from tests.conformance.hostile.documents import MOST, corpus
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conformance.hostile.callbacks import Watch

pytestmark = [pytest.mark.hostile, pytest.mark.timeout(900)]

CONFIGURE = demo.configure
# What `[server] deadline` grants a request, where nobody says otherwise.
DEADLINE = 30.0
# Of processor time: what one callback may take of the event loop.
SECONDS = 0.1


class Served(NamedTuple):
    """The graph over the whole firm, its event loop under watch."""

    house: House
    watch: Watch
    documents: Documents


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The graph, asked by somebody who may read everything: the dearest caller there is."""
    with ExitStack() as stack:
        watch = stack.enter_context(watched())
        bound = stack.enter_context(emulated(northbeam(), mutated=False))
        before = set(threading.enumerate())
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(demo, "configure", _generous)
        running = stack.enter_context(demo.over(bound))
        # As `colonnade serve` does; beside the graph's heap there are the systems' and the tests' in this process.
        stack.callback(gc.unfreeze)
        stack.callback(gc.set_threshold, *gc.get_threshold())
        settle()
        # The last one that was started: the identity provider's came before it.
        watch.thread = [thread.ident for thread in threading.enumerate() if _serves(thread, before)][-1]
        yield Served(House(running, persona="auditor"), watch, Documents(graph()._schema, Limits()))  # noqa: SLF001


def _generous(*said: Any, **more: Any) -> Path:
    """Configure the demo so that nothing is refused for having asked much before: each request is to be dear."""
    path = CONFIGURE(*said, **more)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n[demand]\nper_minute = 1_000_000_000\n")
    return path


def _serves(thread: threading.Thread, before: set[threading.Thread]) -> bool:
    return thread not in before and thread.name.endswith("(run)")


@contextmanager
def alive(url: str) -> Iterator[list[float]]:
    """Ask all the while whether the server lives, and collect how long each answer took."""
    seconds: list[float] = []
    done = threading.Event()

    def ask() -> None:
        with httpx.Client() as client:
            while not done.wait(0.05):
                began = time.monotonic()
                assert client.get(url, timeout=10).status_code == 200
                seconds.append(time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seconds
    finally:
        done.set()
        thread.join()


def test_the_whole_corpus(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Every request is answered in JSON, none with 500, and no callback takes longer than it may."""
    house = served.house
    wrong: list[str] = []
    longest: list[tuple[float, str, str]] = []
    slowest: list[tuple[float, str]] = []
    with httpx.Client(timeout=60) as client, alive(house.url.replace("/graphql", "/livez")) as lives:
        for name, body in corpus(served.documents):
            assert len(body) <= MOST, name
            served.watch.reset()
            began = time.monotonic()
            response = client.post(
                house.url, content=body, headers={"Content-Type": "application/json", **house.signed}
            )
            slowest.append((time.monotonic() - began, name))
            longest.append((served.watch.longest, name, served.watch.what))
            if not _well(response):
                wrong.append(name)
    longest.sort(reverse=True)
    slowest.sort(reverse=True)
    with capsys.disabled():
        milliseconds, name, _ = longest[0]
        print(  # noqa: T201  the figure that is asked for
            f"\nhostile: {len(longest)} requests, longest callback {milliseconds * 1000:.0f} ms ({name}), "
            f"slowest {slowest[0][1]} in {slowest[0][0]:.1f} s, /livez within {max(lives) * 1000:.0f} ms"
        )
    assert wrong == []
    assert len(lives) > 10
    assert slowest[0][0] < DEADLINE * 1.1
    assert [each for each in longest if each[0] > SECONDS] == []


def _well(response: httpx.Response) -> bool:
    """Tell whether it is an answer in JSON that does not blame the server, and not put off till later either."""
    try:
        response.json()
    except ValueError:
        return False
    return 200 <= response.status_code < 500 and response.status_code != HTTPStatus.TOO_MANY_REQUESTS
