"""Who stands at the edge: the one place where credentials become a principal."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

from colonnade.edge.refusal import Refusal
from colonnade.usage import Client
from schema.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import HTTPConnection

    from colonnade.caller import Caller
    from colonnade.wiring import Application
    from schema.context import Principal


class Credentials(NamedTuple):
    """What was shown, header by header, from which host, and by which client."""

    authorization: Sequence[str]
    on_behalf_of: Sequence[str]
    router: Sequence[str]
    host: str
    client: Client = Client()

    @classmethod
    def of(cls, connection: HTTPConnection) -> Credentials:
        """Read them from a request, or from the upgrade to a socket."""
        shown = connection.headers.getlist
        host = connection.client.host if connection.client else ""
        return cls(
            shown("authorization"),
            shown("on-behalf-of"),
            shown("router-authorization"),
            host,
            Client.of(connection.headers),
        )


class Visitor(NamedTuple):
    """Who asks: `account` is whom rates and open streams are counted for, `expires` when the proof ends (epoch).

    `known` is False for somebody who has shown nothing. `federates` says that a supergraph's router stands between.
    """

    principal: Principal
    account: str
    known: bool = True
    federates: bool = False
    expires: float | None = None
    client: Client = Client()


class Visitors(Protocol):
    """Tells who asks, or raises Refusal."""

    async def __call__(self, shown: Credentials) -> Visitor:
        """Return the visitor."""
        ...


def visitors(application: Application) -> Visitors:
    """Return who tells the visitors of an application apart."""

    async def visitor(shown: Credentials) -> Visitor:
        caller = await _caller(application, shown.authorization, shown.on_behalf_of)
        router = await _caller(application, shown.router)
        known = caller.subject is not None
        # A tool has one account, on whomever's behalf it asks; who shows nothing is counted by where they come from.
        who = f"key {caller.key}" if caller.key else f"subject {caller.subject}" if known else f"from {shown.host}"
        return Visitor(
            application.principals.of(caller),
            account=hashlib.sha256(who.encode()).hexdigest(),
            known=known,
            federates=application.principals.of(router).rights.federation,
            expires=caller.expires,
            client=shown.client,
        )

    return visitor


async def _caller(application: Application, authorization: Sequence[str], on_behalf_of: Sequence[str] = ()) -> Caller:
    caller = await application.doorkeeper.caller(authorization, on_behalf_of)
    if isinstance(caller, Problem):
        raise Refusal(caller)
    return caller
