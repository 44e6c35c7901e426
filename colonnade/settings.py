"""The configuration: one TOML file that binds each role to a system. The only reader of files and environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from policies.access import SHIPPED
from schema.tomlfile import FileError, Strict, load
from sources.registry import Binding

BINDING_NAME = r"(crm|psa|erp|hr|forecast|warehouse)(\.[a-z][a-z0-9_]*)?"


Reference: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]


def _address(text: str) -> str:
    try:
        host = urlsplit(text).hostname or ""
        _ = urlsplit(text).port
        host.encode("idna")
    except ValueError as error:
        raise ValueError(f"no address: {error}") from error
    return text


# Never with a name or password: secrets are references.
WEB = r"https?://[^\s/?#@]+(/[^\s?#]*)?"
DATABASE = r"postgresql\+psycopg://[^\s/?#@]+/[^\s/?#]+|(sqlite\+aiosqlite|duckdb):////[^\s?#]+"
# Plain HTTP on loopback alone, where it is a demo's or a test's; `colonnade serve` refuses that too.
ISSUER = r"(https://[^\s/?#@]+|http://(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?)(/[^\s?#]*)?"
Address: TypeAlias = Annotated[str, StringConstraints(pattern=rf"^({WEB}|{DATABASE})$"), AfterValidator(_address)]


class Server(Strict):
    """Where the graph is served, and what one operation may cost: seconds, and calls to each system.

    `cache_seconds` is how long an answer of a source may be kept; what the domain wants fresher is never kept so long,
    and with 0 nothing is kept at all. `probe_interval` is how often, in seconds, a system that has failed is tried
    whether it is back. Operations are executed by plans; without `planned` graphql-core does it, value by value: the
    same answers, more slowly.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    deadline: float = Field(default=30.0, gt=0, le=300)
    cache_seconds: float = Field(default=300.0, ge=0, le=86_400)
    calls: int = Field(default=200, ge=1, le=10_000)
    probe_interval: float = Field(default=5.0, gt=0, le=300)
    planned: bool = True
    secret: Reference


class Store(Strict):
    """The facade's own database, as an SQLAlchemy address with an asynchronous driver."""

    url: str = Field(default="sqlite+aiosqlite:///colonnade.db", pattern=r"^(sqlite\+aiosqlite|postgresql\+psycopg)://")


class Numbers(Strict):
    """How the codes of a kind of record are written: what stands before the number, the first one, and its digits."""

    prefix: str = Field(min_length=1, max_length=20)
    first: int = Field(default=1, ge=1)
    digits: int = Field(default=3, ge=1, le=12)


class Commands(Strict):
    """How commands are run: at most `at_once` at a time in one process; `numbers` are the codes of what they make."""

    at_once: int = Field(default=8, ge=1, le=100)
    numbers: dict[str, Numbers] = {}


class Audit(Strict):
    """How long the audit trail is kept: its records, in years, and their free texts and personal data, in days."""

    keep_years: int = Field(default=10, ge=1, le=100)
    keep_personal_days: int = Field(default=730, ge=1, le=36_500)


class Granted(Strict):
    """What a group of the identity provider stands for: roles, and codes of legal entities."""

    roles: list[str] = []
    entities: list[str] = []


class Identity(Strict):
    """The firm's identity provider: an OpenID Connect issuer, and how its tokens are read.

    `audience` is what the provider calls this graph in access tokens, `client_id` what it calls the graph's own pages,
    and `scope` what these ask it for.
    `groups_claim` names the claim that lists a caller's groups; one that is not listed here stands for nothing.
    """

    issuer: str
    audience: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    scope: str = Field(default="openid", min_length=1)
    groups_claim: str = Field(default="groups", min_length=1)
    groups: dict[str, Granted] = {}

    @field_validator("issuer")
    @classmethod
    def _encrypted(cls, issuer: str) -> str:
        if not re.fullmatch(ISSUER, issuer):
            raise ValueError("name the https address that the provider calls its issuer, without a query")
        return _address(issuer)


class Demand(Strict):
    """How much one request may ask for, and one caller in a minute, in the measure of cost.

    `values` is how many values an answer may have. Not to `enforce` is to measure only: nothing is refused, and each
    answer tells what it cost.
    """

    cost: int = Field(default=250_000, ge=1)
    values: int = Field(default=800_000, ge=1)
    per_minute: int = Field(default=1_000_000, ge=1)
    enforce: bool = True


class Documents(Strict):
    """The documents that anybody may have executed: a folder of .graphql files, or a manifest of a client's build."""

    trusted: str | None = None


Origin: TypeAlias = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@*]+$")]


class Cors(Strict):
    """The web pages, by their origins, that may ask from a browser; the graph's own pages always may."""

    origins: list[Origin] = []


class FileRoad(Strict):
    """Where files are exchanged with a system, over SFTP: as whom, with which private key, every so many seconds.

    `known_hosts` is a file of the keys by which the host is known, as OpenSSH writes it.
    """

    address: Annotated[str, StringConstraints(pattern=r"^sftp://[^\s/?#@]+(/[^\s?#]*)?$"), AfterValidator(_address)]
    user: str = Field(min_length=1, max_length=80)
    key: Reference
    known_hosts: Path
    seconds: float = Field(default=900.0, gt=0, le=86_400)


class BoundSystem(Strict):
    """One system of record, where it logs in if that is elsewhere, and where it is given files.

    Credentials are references: `env:NAME` or `file:PATH`, never the secret itself. `writes` says whether commands may
    change anything there; a firm begins with reading.
    """

    vendor: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]*|\.{0,2}/.+)$")]
    address: Address
    login_address: Address | None = None
    environment: Literal["sandbox", "production"]
    writes: Literal["off", "dry_run", "on"] = "off"
    credentials: dict[str, Reference] = {}
    exchange: FileRoad | None = None


class Contract(Strict):
    """The file with the shapes in which the systems' records were accepted (`colonnade sources check --contract`).

    Every so many `hours` the systems are looked at beside it; 0 is never.
    """

    shapes: Path = Path("shapes.json")
    hours: float = Field(default=24.0, ge=0, le=720)


class Access(Strict):
    """Who may read what: the firm's own policy, if not the one that comes with the product."""

    policy: Path = SHIPPED


class Settings(Strict):
    """A whole `colonnade.toml`."""

    server: Server
    store: Store = Store()
    audit: Audit = Audit()
    access: Access = Access()
    contract: Contract = Contract()
    identity: Identity
    demand: Demand = Demand()
    documents: Documents = Documents()
    cors: Cors = Cors()
    commands: Commands = Commands()
    bindings: dict[str, BoundSystem] = Field(min_length=1)

    @field_validator("bindings")
    @classmethod
    def _roles(cls, bindings: dict[str, BoundSystem]) -> dict[str, BoundSystem]:
        wrong = sorted(name for name in bindings if not re.fullmatch(BINDING_NAME, name))
        if wrong:
            raise ValueError(
                f"{wrong}: name a binding after its role (crm, psa, erp, hr, forecast, warehouse), with '.name' for a "
                "second one"
            )
        return bindings

    @model_validator(mode="after")
    def _one_environment(self) -> Settings:
        environments = {bound.environment for bound in self.bindings.values()}
        if len(environments) > 1:
            raise ValueError("sandbox and production systems are mixed; bind one environment only")
        return self

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read the file, or raise FileError. What has a relative path stands beside the file."""
        settings, here = load(path, cls), path.absolute().parent
        bindings = {name: _beside(bound, here) for name, bound in settings.bindings.items()}
        trusted = settings.documents.trusted
        documents = Documents(trusted=None if trusted is None else str(here / trusted))
        access = Access(policy=here / settings.access.policy)
        contract = settings.contract.model_copy(update={"shapes": here / settings.contract.shapes})
        return settings.model_copy(
            update={"bindings": bindings, "documents": documents, "access": access, "contract": contract}
        )

    def connections(self) -> list[Binding]:
        """Return the bindings with their secrets."""
        return [
            Binding(
                name,
                bound.vendor,
                bound.address.rstrip("/"),
                {
                    key: secret(reference, f"bindings.{name}.credentials.{key}")
                    for key, reference in bound.credentials.items()
                },
                (bound.login_address or "").rstrip("/"),
                self.server.probe_interval,
                bound.exchange is not None,
            )
            for name, bound in self.bindings.items()
        ]


def _beside(bound: BoundSystem, here: Path) -> BoundSystem:
    vendor = str((here / bound.vendor).resolve()) if "/" in bound.vendor else bound.vendor
    road = bound.exchange
    if road is not None:
        road = road.model_copy(update={"known_hosts": here / road.known_hosts})
    return bound.model_copy(update={"vendor": vendor, "exchange": road})


def secret(reference: str, where: str) -> str:
    """Follow a reference to a secret, or raise FileError with what is missing."""
    kind, _, name = reference.partition(":")
    if kind == "env" and (value := os.environ.get(name)):
        return value
    if kind == "file" and (value := _written(Path(name))):
        return value
    cure = f"set the environment variable {name}" if kind == "env" else f"write the secret to the file {name}"
    raise FileError(f"{where}: the secret {reference!r} is missing; {cure}")


def _written(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
