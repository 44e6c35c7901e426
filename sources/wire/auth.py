"""Credentials: fetched once for everybody who waits, renewed when the source no longer takes them."""

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from cachetools import LRUCache

from schema.problems import Code
from sources.contract import Request, SourceFailure, decode
from sources.dialects import (
    Auth,
    BasicAuth,
    BearerAuth,
    ClientCredentialsAuth,
    DatabaseAuth,
    OnBehalfOfAuth,
    SessionAuth,
)
from sources.wire.gate import Withheld

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from schema.context import Principal
    from sources.wire.transport import Answered

    Ask: TypeAlias = Callable[[Request], Awaitable[Answered]]

EARLY = 30.0
# 400 is how OAuth 2 refuses a client (RFC 6749, 5.2); any other status is not a word on the credentials.
DENIALS = (400, 401, 403)
# So long is a credential kept that was refused as soon as it was renewed: another one would be refused as well.
VAIN_SECONDS = 30.0
# Callers whose tokens are held at one time; who comes back after so many others is logged in anew.
CALLERS = 1_000


class Entrance(Protocol):
    """How a binding lets calls in. Where it is not `shared`, each principal's login is theirs alone."""

    shared: bool
    renewable: bool

    def of(self, principal: Principal) -> Login:
        """Return the login to use for a principal, or raise SourceFailure where there is none."""
        ...


class Login(ABC):
    """The value of the Authorization header, shared by all calls of a binding."""

    shared = True
    renewable = True

    def __init__(self, credentials: Mapping[str, str], at: str = "") -> None:
        """Take the secrets, and the address of the login where that is not the system's own."""
        self._secret, self._at = credentials, at
        self._one = asyncio.Lock()
        self._credential: str | None = None
        self._until = float("inf")
        self._failure: SourceFailure | None = None
        self._failed_at = 0.0
        self._vain: tuple[str, float] | None = None

    def of(self, principal: Principal) -> Login:
        """Return itself: it is the firm's own, whoever asks."""
        del principal
        return self

    async def credential(self, ask: Ask, came: float) -> str:
        """Return the credential; of all who wait, the first one fetches it, and they share what it met.

        `ask` sends a request without a credential. `came` is the loop's instant since when the caller waits, be it for
        this or for its turn.
        """
        if (known := self._held()) is not None:
            return known
        async with self._one:
            if (known := self._held()) is None:
                if self._failure is not None and self._failed_at > came:
                    # Each of them trying a wrong password anew would lock the service account.
                    raise Withheld(self._failure.code, str(self._failure), self._failure.status)
                known = self._credential = await self._renewed(ask)
            return known

    def _held(self) -> str | None:
        return None if asyncio.get_running_loop().time() > self._until else self._credential

    async def _renewed(self, ask: Ask) -> str:
        try:
            return _sendable(await self._fetch(ask))
        except SourceFailure as failure:
            self._failure, self._failed_at = failure, asyncio.get_running_loop().time()
            raise

    async def forget(self, credential: str) -> None:
        """Drop a credential that was refused, unless somebody has already renewed it."""
        async with self._one:
            if self._credential == credential:
                self._credential = None

    def may_renew(self, credential: str) -> bool:
        """Tell whether there may be a better one than this, which was refused."""
        if not self.renewable or self._vain is None:
            return self.renewable
        vain, until = self._vain
        return credential != vain or asyncio.get_running_loop().time() >= until

    def renewed_in_vain(self, credential: str) -> None:
        """Note that this one, just issued, was refused like the one before."""
        self._vain = credential, asyncio.get_running_loop().time() + VAIN_SECONDS

    @abstractmethod
    async def _fetch(self, ask: Ask) -> str: ...

    async def _post(self, ask: Ask, request: Request) -> Any:
        try:
            answered = await ask(request)
        except SourceFailure as failure:
            if failure.status is None:
                raise
            code = Code.SOURCE_DENIED if failure.status in DENIALS else failure.code
            raise SourceFailure(code, f"login: {failure}", failure.status) from failure
        return decode(bytes(answered))


def _sendable(credential: str) -> str:
    if not (credential.isascii() and credential.isprintable()):
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "login: what was issued cannot stand in a header")
    return credential


class Bearer(Login):
    """A token that an administrator issued."""

    renewable = False

    async def _fetch(self, ask: Ask) -> str:
        del ask
        return f"Bearer {self._secret['token']}"


class Basic(Login):
    """A name and a password with every call (RFC 7617)."""

    renewable = False

    async def _fetch(self, ask: Ask) -> str:
        del ask
        spelled = base64.b64encode(f"{self._secret['user']}:{self._secret['password']}".encode()).decode()
        return f"Basic {spelled}"


class ClientCredentials(Login):
    """OAuth 2 client credentials (RFC 6749, 4.4)."""

    def __init__(
        self, auth: ClientCredentialsAuth | OnBehalfOfAuth, credentials: Mapping[str, str], address: str, at: str
    ) -> None:
        super().__init__(credentials, at)
        self.auth, self._scope = auth, auth.scope.replace("{address}", address)

    def _grant(self) -> Mapping[str, str]:
        return {"grant_type": "client_credentials"}

    async def _fetch(self, ask: Ask) -> str:
        form = {**self._grant(), "scope": self._scope, **self._secret}
        granted = await self._post(ask, Request(self.auth.path, form=form, at=self._at))
        match granted:
            case {"access_token": str(token), **told}:
                self._until = asyncio.get_running_loop().time() + _lifetime(told.get("expires_in"))
                return f"Bearer {token}"
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "login: the answer holds no token")


def _lifetime(seconds: object) -> float:
    """Return how long a token is used. Its lifetime may be left out (RFC 6749, 5.1), and some write it as text."""
    text = str(seconds)
    if not (text.isascii() and text.isdigit()):
        return float("inf")
    # Renewed early, but never before half its time: a token of 20 seconds must serve more than one call.
    return max(float(text) - EARLY, float(text) / 2)


class TokenExchange(ClientCredentials):
    """One caller's token, exchanged for one that the system takes (RFC 8693, 2.1)."""

    def __init__(
        self, auth: OnBehalfOfAuth, credentials: Mapping[str, str], address: str, at: str, subject_token: str
    ) -> None:
        super().__init__(auth, credentials, address, at)
        self._token, self._audience = subject_token, {"audience": auth.audience} if auth.audience else {}

    def _grant(self) -> Mapping[str, str]:
        return {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": self._token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            **self._audience,
        }


class OnBehalfOf:
    """A login for each caller. What one of them met, a refusal too, is no other's."""

    shared = False
    renewable = True

    def __init__(self, auth: OnBehalfOfAuth, credentials: Mapping[str, str], address: str, at: str) -> None:
        self._exchange = partial(TokenExchange, auth, credentials, address, at)
        self._logins: LRUCache[str, Login] = LRUCache(CALLERS)

    def of(self, principal: Principal) -> Login:
        """Return the caller's own login; without a token of theirs there is none."""
        if principal.token is None:
            raise SourceFailure(Code.UNAUTHENTICATED, "nobody to ask in the name of")
        # By the token: the same caller's next one outlives it, and is what must be exchanged then.
        if (login := self._logins.get(principal.token)) is None:
            login = self._logins[principal.token] = self._exchange(principal.token)
        return login


class RpcSession(Login):
    """A session opened by a JSON-RPC call."""

    def __init__(self, auth: SessionAuth, credentials: Mapping[str, str], at: str) -> None:
        super().__init__(credentials, at)
        self.auth = auth

    async def _fetch(self, ask: Ask) -> str:
        user, password = self._secret["user"], self._secret["password"]
        call = {"id": 0, "method": self.auth.method, "params": [user, {"password": password}, "en"]}
        match await self._post(ask, Request(self.auth.path, body=call, at=self._at)):
            case {"result": [int(user_id), str(token), *_]}:
                spelled = base64.b64encode(f"{user}:{user_id}:{token}".encode()).decode()
                return f"{self.auth.scheme} {spelled}"
        raise SourceFailure(Code.SOURCE_DENIED, "login: no session was opened")


class Connected(Login):
    """A connection that logs in by itself: nothing goes with its calls."""

    renewable = False

    async def _fetch(self, ask: Ask) -> str:
        del ask
        return ""


NEEDED: dict[str, tuple[str, ...]] = {
    "bearer": ("token",),
    "basic": ("user", "password"),
    "client_credentials": ("client_id", "client_secret"),
    "on_behalf_of": ("client_id", "client_secret"),
    "rpc_session": ("user", "password"),
    "database": ("user", "password"),
}


def login(auth: Auth, credentials: Mapping[str, str], address: str, at: str = "") -> Entrance:
    """Return the way in that a manifest names. The credentials must be those in NEEDED.

    `at` is the login's address where that is not the system's.
    """
    if isinstance(auth, BearerAuth):
        return Bearer(credentials)
    if isinstance(auth, BasicAuth):
        return Basic(credentials)
    if isinstance(auth, ClientCredentialsAuth):
        return ClientCredentials(auth, credentials, address, at)
    if isinstance(auth, OnBehalfOfAuth):
        return OnBehalfOf(auth, credentials, address, at)
    if isinstance(auth, DatabaseAuth):
        return Connected(credentials)
    return RpcSession(auth, credentials, at)
