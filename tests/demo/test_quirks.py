"""The quirks that every emulated system has, seen in all five of them over real HTTP."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, get_args

import httpx
import pytest
from starlette.applications import Starlette

from demo import bamboohr, dynamics, kantata, runn, salesforce
from demo.emulator import ANSWER_QUIRKS, PACES, ROW_QUIRKS, Server, serve
from demo.emulator.quirks import QuirkName
from demo.firm import northbeam
from demo.firm.model import Firm

Rows: TypeAlias = Callable[[Any], list[Any]]
KEY = "a-secret"
FORM = {"grant_type": "client_credentials", "client_id": KEY, "client_secret": KEY}
HOLIDAYS = f"/api/gateway.php/{bamboohr.COMPANY}/v1/nb_holiday_calendars"
SOQL = "SELECT Id FROM Account WHERE Name = 'Aldermoor Rail'"


@dataclass(frozen=True)
class System:
    """A running system: a client that may enter, a list of one or few rows, its rows, and how many the table has.

    `invalid` is the status of what is not valid.
    """

    client: httpx.Client
    path: str
    params: dict[str, str]
    rows: Rows
    whole: int
    invalid: int

    def get(self) -> httpx.Response:
        """Ask for the list, following nothing."""
        return self.client.get(self.path, params=self.params)

    def misbehave(self, **quirk: object) -> None:
        """Switch a quirk on."""
        assert self.client.put("/_control/quirk", json=quirk).status_code == 204


def _logged_in(client: httpx.Client, path: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.post(path, data=FORM).json()['access_token']}"}


def _salesforce(client: httpx.Client) -> System:
    client.headers.update(_logged_in(client, salesforce.LOGIN_PATH))
    return System(client, f"{salesforce.DATA}/query", {"q": SOQL}, lambda content: content["records"], 14, 400)


def _dynamics(client: httpx.Client) -> System:
    client.headers.update(_logged_in(client, dynamics.LOGIN_PATH))
    params = {"cross-company": "true", "$filter": "LegalEntityId eq 'nbuk'"}
    return System(client, "/data/LegalEntities", params, lambda content: content["value"], 4, 400)


def _kantata(client: httpx.Client) -> System:
    client.headers["Authorization"] = f"Bearer {KEY}"
    return System(client, "/api/v1/roles.json", {"only": "6100001"}, lambda content: content["results"], 5, 422)


def _bamboohr(client: httpx.Client) -> System:
    client.auth = httpx.BasicAuth(KEY, "x")
    return System(client, HOLIDAYS, {}, list, 4, 422)


def _runn(client: httpx.Client) -> System:
    client.headers.update({"Authorization": f"Bearer {KEY}", "Accept-Version": runn.VERSION})
    return System(client, "/roles/", {"name": "principal"}, lambda content: content["values"], 5, 422)


# How each is built and entered; built in the worker that needs it, not in each that reads this file.
SYSTEMS: dict[str, tuple[Callable[[Firm], Starlette], Callable[[httpx.Client], System]]] = {
    "salesforce": (partial(salesforce.build, client_id=KEY, client_secret=KEY), _salesforce),
    "dynamics": (partial(dynamics.build, client_id=KEY, client_secret=KEY), _dynamics),
    "kantata": (partial(kantata.build, token=KEY), _kantata),
    "bamboohr": (partial(bamboohr.build, key=KEY), _bamboohr),
    "runn": (partial(runn.build, token=KEY), _runn),
}


@pytest.fixture(scope="module", params=SYSTEMS)
def running(request: pytest.FixtureRequest, firm: Firm) -> Iterator[System]:
    """Each system in turn, for the whole file."""
    build, enter = SYSTEMS[request.param]
    with serve(build(firm)) as server, httpx.Client(base_url=server.url) as client:
        yield enter(client)


@pytest.fixture
def system(running: System) -> System:
    """A running system that behaves."""
    running.misbehave(name="none")
    return running


def test_every_quirk_stands_in_a_table() -> None:
    """A name is in exactly one of the tables, but for the one that means none and the one that is a number."""
    tabled = [*ROW_QUIRKS, *ANSWER_QUIRKS, *PACES]
    assert sorted([*tabled, "none", "short_page"]) == sorted(get_args(QuirkName))


def test_an_ignored_filter_shows_the_whole_table(system: System) -> None:
    """The answer looks right and has all rows of the table."""
    system.misbehave(name="unfiltered")
    assert len(system.rows(system.get().json())) == system.whole


def test_the_top_level_is_of_another_type(system: System) -> None:
    """Where there was an object there is a list, and the other way about."""
    honest = system.get().json()
    system.misbehave(name="wrong_type")
    wrong = system.get().json()
    assert (type(honest), type(wrong)) in {(dict, list), (list, dict)}
    assert honest in (wrong if isinstance(wrong, list) else wrong.values())


def test_a_huge_body_is_still_right(system: System) -> None:
    """So many megabytes come, and after the answer nothing but blanks."""
    honest = system.get()
    system.misbehave(name="huge", megabytes=2)
    huge = system.get()
    assert len(huge.content) == len(honest.content) + 2_000_000
    assert huge.json() == honest.json()


def test_a_redirect_leads_to_nobody(system: System) -> None:
    """The answer is another address: by default one that there is not, else the one given."""
    system.misbehave(name="redirect")
    away = system.get()
    assert (away.status_code, away.headers["Location"], away.content) == (302, "http://elsewhere.invalid/", b"")
    system.misbehave(name="redirect", location="http://127.0.0.1:1/secret")
    assert system.get().headers["Location"] == "http://127.0.0.1:1/secret"


def test_a_drip_comes_byte_by_byte(system: System) -> None:
    """The first byte is there long before the last, and together they are the answer."""
    honest = system.get()
    system.misbehave(name="drip", seconds=0.0005)
    with system.client.stream("GET", system.path, params=system.params) as response:
        drops = list(response.iter_raw())
    assert b"".join(drops) == honest.content
    assert len(drops) > len(honest.content) / 10
    assert response.headers["Content-Length"] == honest.headers["Content-Length"]


def test_a_hung_server_never_answers(system: System) -> None:
    """The client gives up; the call is in the log all the same, and other calls are answered meanwhile."""
    system.client.delete("/_control/log")
    system.misbehave(name="hang")
    with pytest.raises(httpx.ReadTimeout):
        system.client.get(system.path, params=system.params, timeout=0.2)
    assert len(system.client.get("/_control/log").json()) == 1
    system.misbehave(name="none")
    assert system.get().status_code == 200


def test_too_many_calls_in_the_products_words(running: System, request: pytest.FixtureRequest) -> None:
    """Each product has its own status for it, and not all say how long to wait."""
    name = next(name for name, (_, enter) in SYSTEMS.items() if f"[{name}]" in request.node.name)
    running.misbehave(name="throttled")
    answer = running.get()
    assert (name, answer.status_code, answer.headers.get("Retry-After")) in {
        ("salesforce", 403, None),
        ("dynamics", 429, "1"),
        ("kantata", 429, None),
        ("bamboohr", 503, "1"),
        ("runn", 429, "1"),
    }


def test_quirks_have_their_entity(system: System) -> None:
    """A quirk meant for another entity spoils nothing."""
    honest = system.get().content
    for name in ("wrong_type", "huge", "redirect", "unfiltered", "throttled", "drip", "hang"):
        system.misbehave(name=name, entity="moons")
        assert system.get().content == honest


def test_a_hung_call_ends_with_its_server() -> None:
    """A server that is stopped while somebody waits for it is gone within seconds, and so is the wait."""
    server = Server(kantata.build(northbeam(), token=KEY), port=0)
    httpx.put(f"{server.url}/_control/quirk", json={"name": "hang"})
    url, headers = f"{server.url}/api/v1/roles.json", {"Authorization": f"Bearer {KEY}"}
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(httpx.get, url, headers=headers, timeout=30)
        while not httpx.get(f"{server.url}/_control/log").json():
            time.sleep(0.01)
        began = time.monotonic()
        server.stop()
        error = answer.exception(timeout=10)
    assert isinstance(error, httpx.TransportError) or answer.result().status_code == 500
    assert time.monotonic() - began < 4


def test_a_fault_refuses_one_call_in_the_systems_own_words(system: System) -> None:
    """One call is not valid, with the status that the product has for it; the next is answered."""
    system.client.put("/_control/faults", json=[{"match": "GET", "what": "refuse"}]).raise_for_status()
    assert [system.get().status_code for _ in range(2)] == [system.invalid, 200]
