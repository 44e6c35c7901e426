"""The product over the upstream, as a firm would have it: a configuration, linked systems, and who asks."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.firm import ENTITY, systems
from benchmarks.processes import PYTHON, ROOT
from demo.issuer import AUDIENCE, CLIENT, Persona
from schema.cross_reference import Established
from schema.rows import Ref
from store import database
from store.crossrefs import CrossReferences
from store.reference import CrossReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE: Final = Path(__file__).parent
ROLES: Final = ("psa", "crm", "hr", "erp", "forecast")
# A benchmark is a caller without measure, and is reckoned like any other.
MOST: Final = 10**12
SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
# Nobody signs in by it where the benchmark asks with a service key.
ABSENT: Final = "https://login.example.com"
# Whom the issuer's tokens prove: of a group that stands for what the service key of the first server may do.
BENCH: Final = Persona("bench", "bench", "Who measures", ("bench",))


def configure(folder: Path, upstream: str, port: int, more: Sequence[str], issuer: str = ABSENT) -> Path:
    """Write a configuration like any firm's over the upstream, link its systems, and return its path."""
    secret, store = folder / "secret", f"sqlite+aiosqlite:///{folder}/colonnade.db"
    secret.write_text(secrets.token_hex(), encoding="utf-8")
    kept = json.dumps(f"file:{secret}")
    tables: dict[str, list[str]] = {
        "server": [f"port = {port}", f"secret = {kept}", *more],
        "store": [f"url = {json.dumps(store)}"],
        "access": [f"policy = {json.dumps(str(HERE / 'access.toml'))}"],
        "identity": [f"issuer = {json.dumps(issuer)}", f'audience = "{AUDIENCE}"', f'client_id = "{CLIENT}"'],
        "identity.groups.bench": ['roles = ["whole"]', f'entities = ["{ENTITY}"]'],
        "demand": [f"{name} = {MOST}" for name in ("cost", "values", "per_minute")],
    }
    for role in ROLES:
        vendor, credentials = json.dumps(str(HERE / "sources" / role)), f"credentials = {{ token = {kept} }}"
        bound = [f"vendor = {vendor}", f"address = {json.dumps(upstream)}", 'environment = "sandbox"', credentials]
        tables[f"bindings.{role}"] = bound
    path = folder / "colonnade.toml"
    path.write_text("\n".join(line for name, lines in tables.items() for line in [f"[{name}]", *lines]), "utf-8")
    asyncio.run(_link(store))
    return path


def key(config: Path, role: str) -> str:
    """Make a service key of a role for the firm's entity, and return it."""
    command = [*PYTHON, "colonnade", "token", "create", "bench", "--role", role, "--entity", ENTITY]
    made = subprocess.run([*command, "--config", str(config)], cwd=ROOT, capture_output=True, text=True, check=True)
    return made.stdout.split()[0]


async def _link(store: str) -> None:
    """Tell who is who: every system calls everything by the same id, but only the cross-references know that."""
    engine = database.connect(store)
    await database.migrate(engine)
    await CrossReferences(engine).add(_references())
    await engine.dispose()


def _references() -> Iterator[CrossReference]:
    lists = systems()
    known = (
        ("Customer", "crm", "/crm/customers", ("psa",)),
        ("Resource", "hr", "/hr/people", ("psa",)),
        ("LegalEntity", "erp", "/erp/entities", ("hr",)),
        ("Engagement", "psa", "/psa/engagements", ("erp", "forecast")),
    )
    for type_, home, path, others in known:
        for row in lists[path]:
            for other in others:
                yield _reference(Ref(type_, home, row["id"]), Ref(type_, other, row["id"]))


def _reference(canonical: Ref, foreign: Ref) -> CrossReference:
    return CrossReference(
        canonical=canonical,
        foreign=foreign,
        source_type=canonical.type,
        source_key=canonical.id,
        established_by=Established.IMPORT,
        valid_from=SINCE,
    )
