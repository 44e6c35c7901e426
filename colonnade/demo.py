"""`colonnade demo`: a fictional firm's systems of record as real servers on loopback, and the graph over them."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from colonnade.edge.heads import BoundedHeads
from colonnade.heap import settle
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo.crossrefs import cross_references
from demo.emulator import serve
from demo.firm import northbeam
from demo.issuer import AUDIENCE, CLIENT, GROUPS, PERSONAS, issuer
from demo.systems import emulated, forecast, psa
from demo.tour import tour
from store import database
from store.crossrefs import CrossReferences
from store.lock import alone
from store.subjects import Kind, Linked, Subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from demo.issuer import Issuer, Persona
    from demo.systems import Bound


Systems: TypeAlias = Literal["emulated", "mutated", "real"]
"""Who plays the firm's roles: emulated systems, the same with contradictions planted, or Tryton and Redmine."""


NO_REDMINE = "Redmine is not installed here (it comes from Debian): the PSA is the emulated Kantata."
UNLINKED = """\
The graph at {url}: no system knows what another one calls the same thing.
Link them as docs/onboard-a-firm.md says, with this configuration:

  colonnade identity coverage --config {config}"""


STAYING = """
The graph stays up at {url}; Ctrl-C ends it. To ask it as the auditor, who may read everything:

  curl {url} --json '{{"query": "{{ engagements(first: 3) {{ edges {{ node {{ name }} }} }} }}"}}' \\
      -H 'Authorization: Bearer {token}'"""
GUIDE = "auditor"
# Of a configuration that nobody is signed in by: commands ask no issuer.
ABSENT = "https://login.northbeam.example"


class Running(NamedTuple):
    """A running demo's graph, the systems beneath it, the configuration that binds them, and who signs people in."""

    url: str
    bound: Sequence[Bound]
    config: Path
    issuer: Issuer


def run(*, port: int, fast: bool, once: bool, systems: Systems, linked: bool = True) -> None:
    """Start everything, show it, and stay until interrupted; or end after the tour if `once` says so.

    Not `linked`, the systems don't know each other yet: there is nothing to show but how to go on.
    """
    mutated = systems == "mutated"
    with ExitStack() as running:
        bound = running.enter_context(_systems(systems))
        settle()
        demo = running.enter_context(over(bound, port, mutated=mutated, cached=True, linked=linked, commands=True))
        if fast:
            print(json.dumps(_said(demo)), flush=True)  # noqa: T201
        elif linked:
            tour(demo.url, demo.bound, demo.issuer.token)
        else:
            print(UNLINKED.format(url=demo.url, config=demo.config), flush=True)  # noqa: T201
        if once:
            return
        if not fast:
            print(STAYING.format(url=demo.url, token=demo.issuer.token(GUIDE)), flush=True)  # noqa: T201
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            signal.pause()


def _said(demo: Running) -> dict[str, Any]:
    """Return what a program needs to know to ask."""
    return {
        "graphql": demo.url,
        "graphiql": demo.url.removesuffix("graphql") + "graphiql",
        "issuer": demo.issuer.url,
        "systems": {system.role: system.address for system in demo.bound},
        "tokens": {name: demo.issuer.token(name) for name in PERSONAS},
        "config": str(demo.config),
    }


@contextmanager
def _systems(systems: Systems) -> Iterator[Sequence[Bound]]:
    firm = northbeam()
    if systems == "real":
        # They are installations of their own; without them the demo must still start.
        from demo.redmine.bound import with_redmine  # noqa: PLC0415
        from demo.redmine.install import outdated  # noqa: PLC0415
        from demo.tryton.bound import with_tryton  # noqa: PLC0415

        if missing := outdated():
            print(NO_REDMINE, flush=True)  # noqa: T201
        # What is planned stands in an emulated system, too: without one no deal could be handed over.
        with with_tryton(firm, psa if missing else with_redmine) as bound, forecast(firm) as planning:
            yield [*bound, planning]
    else:
        with emulated(firm, mutated=systems == "mutated") as bound:
            yield bound


@contextmanager
def over(
    bound: Sequence[Bound],
    port: int = 0,
    *,
    mutated: bool = False,
    cached: bool = False,
    linked: bool = True,
    policy: Path | None = None,
    commands: bool = False,
) -> Iterator[Running]:
    """Serve the graph over these systems by the very road a firm takes: a configuration file, a store, an issuer.

    Tests count calls, so that answers are only kept where `cached` says so. Not `linked`, the systems are strangers.
    With `commands` it runs them: only one graph of a process can.
    """
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-")))
        provider = running.enter_context(issuer())
        config = configure(folder, bound, provider.url, cached=cached, policy=policy)
        settings = Settings.read(config)
        running.enter_context(alone(settings.store.url))
        asyncio.run(_link(settings.store.url, bound if linked else (), mutated=mutated))
        application = Application(settings, role="both" if commands else "api")
        server = running.enter_context(serve(create(application), port, BoundedHeads))
        provider.register(server.url)
        yield Running(f"{server.url}/graphql", bound, config, provider)


def configure(
    folder: Path, bound: Sequence[Bound], issuer_url: str = ABSENT, *, cached: bool = True, policy: Path | None = None
) -> Path:
    """Write the configuration of these systems, each secret in a file of its own, and return its path."""
    lines = [
        "[server]",
        f"secret = {_secret(folder, 'cursors', secrets.token_hex())}",
        *([] if cached else ["cache_seconds = 0"]),
        # Its systems are broken and mended by hand: whoever ends a quirk wants to see it at once.
        "probe_interval = 0.2",
        "[store]",
        f"url = {json.dumps(f'sqlite+aiosqlite:///{folder}/colonnade.db')}",
    ]
    for system in bound:
        known = system.credentials.items()
        named = ", ".join(f"{key} = {_secret(folder, f'{system.role}.{key}', secret)}" for key, secret in known)
        lines += [
            f"[bindings.{json.dumps(system.role) if '.' in system.role else system.role}]",
            f"vendor = {json.dumps(system.vendor)}",
            f"address = {json.dumps(system.address)}",
            'environment = "sandbox"',
            'writes = "on"',
            f"credentials = {{ {named} }}",
        ]
    access = ["[access]", f"policy = {json.dumps(str(policy))}"] if policy else []
    path = folder / "colonnade.toml"
    path.write_text("\n".join([*lines, *access, *_identity(issuer_url), *_numbers()]) + "\n", encoding="utf-8")
    return path


def _numbers() -> list[str]:
    """Go on where the firm's own codes end."""
    last = {
        "engagement": ("ENG-", 23, 3),
        "assignment": ("ASG-", 57, 3),
        "role_demand": ("DEM-", 78, 3),
        "time_entry": ("TE-", 3495, 5),
    }
    return [
        f'[commands.numbers.{kind}]\nprefix = "{prefix}"\nfirst = {number + 1}\ndigits = {digits}'
        for kind, (prefix, number, digits) in last.items()
    ]


def _identity(issuer_url: str) -> list[str]:
    named = {"issuer": issuer_url, "audience": AUDIENCE, "client_id": CLIENT}
    lines = ["[identity]", *(f"{name} = {json.dumps(value)}" for name, value in named.items())]
    for group, granted in GROUPS.items():
        lines += [f"[identity.groups.{group}]", *(f"{what} = {json.dumps(names)}" for what, names in granted.items())]
    return lines


def _secret(folder: Path, name: str, value: str) -> str:
    path = folder / f"{name}.secret"
    path.touch(mode=0o600)
    path.write_text(value, encoding="utf-8")
    return json.dumps(f"file:{path}")


async def _link(url: str, bound: Sequence[Bound], *, mutated: bool) -> None:
    engine = database.connect(url)
    await database.migrate(engine)
    if bound:
        await CrossReferences(engine).add(cross_references(northbeam(), bound, mutated=mutated))
    # A contact is linked to what the CRM calls the customer.
    customers = next((system.words["Customer"] for system in bound if system.role == "crm"), str)
    links = (_linked(persona, customers) for persona in PERSONAS.values())
    await Subjects(engine).link(link for link in links if link is not None)
    await engine.dispose()


def _linked(persona: Persona, customers: Callable[[str], str | None]) -> Linked | None:
    number = persona.employee or (customers(persona.customer) if persona.customer else None)
    if number is None:
        return None
    kind = Kind.EMPLOYEE if persona.employee else Kind.CUSTOMER
    said_at = northbeam().as_of
    return Linked(subject=persona.subject, kind=kind, number=number, linked_by="the demo", valid_from=said_at)
