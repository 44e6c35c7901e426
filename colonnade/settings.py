"""The configuration: one TOML file that binds each role to a system. The only reader of files and environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import httpx
from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from schema.tomlfile import FileError, Strict, load
from sources.registry import Binding

BINDING_NAME = r"(crm|psa|erp|hr|forecast)(\.[a-z][a-z0-9_]*)?"


Reference: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]


def _address(text: str) -> str:
    try:
        httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(f"no address: {error}") from error
    return text


Address: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$"), AfterValidator(_address)
]


class Server(Strict):
    """Where the graph is served, and how long one request may take in seconds."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    deadline: float = Field(default=30.0, gt=0, le=300)
    secret: Reference


class Store(Strict):
    """The facade's own database, as an SQLAlchemy address with an asynchronous driver."""

    url: str = Field(default="sqlite+aiosqlite:///colonnade.db", pattern=r"^(sqlite\+aiosqlite|postgresql\+psycopg)://")


class BoundSystem(Strict):
    """One system of record, and where it logs in if that is elsewhere.

    Credentials are references: `env:NAME` or `file:PATH`, never the secret itself.
    """

    vendor: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]*|/.+)$")]
    address: Address
    login_address: Address | None = None
    environment: Literal["sandbox", "production"]
    credentials: dict[str, Reference] = {}


class Settings(Strict):
    """A whole `colonnade.toml`."""

    server: Server
    store: Store = Store()
    bindings: dict[str, BoundSystem] = Field(min_length=1)

    @field_validator("bindings")
    @classmethod
    def _roles(cls, bindings: dict[str, BoundSystem]) -> dict[str, BoundSystem]:
        wrong = sorted(name for name in bindings if not re.fullmatch(BINDING_NAME, name))
        if wrong:
            raise ValueError(
                f"{wrong}: name a binding after its role (crm, psa, erp, hr, forecast), with '.name' for a second one"
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
        """Read the file, or raise FileError."""
        return load(path, cls)

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
            )
            for name, bound in self.bindings.items()
        ]


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
