"""Credentials: fetched once for everybody who waits, renewed when the source no longer takes them."""

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import httpx

from schema.problems import Code
from sources.contract import SourceFailure, decode
from sources.manifest import Auth, BasicAuth, BearerAuth, ClientCredentialsAuth, SessionAuth
from sources.wire.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

EARLY = 30.0
ANSWER_BYTES = 100_000
DENIALS = (400, 401, 403)


class Login(ABC):
    """The value of the Authorization header, shared by all calls of a binding."""

    renewable = True

    def __init__(self, credentials: Mapping[str, str], at: str = "") -> None:
        """Take the secrets, and the address of the login where that is not the system's own."""
        self._secret, self._at = credentials, at
        self._one = asyncio.Lock()
        self._credential: str | None = None
        self._until = float("inf")
        self._failure: SourceFailure | None = None
        self._failed_at = 0.0

    async def credential(self, http: httpx.AsyncClient, came: float) -> str:
        """Return the credential; of all who wait, the first one fetches it, and they share what it met.

        `came` is the loop's instant since when the caller waits, be it for this or for its turn.
        """
        async with self._one:
            if self._credential is None or asyncio.get_running_loop().time() > self._until:
                if self._failure is not None and self._failed_at > came:
                    # Each of them trying a wrong password anew would lock the service account.
                    raise SourceFailure(self._failure.code, str(self._failure), self._failure.status)
                self._credential = await self._renewed(http)
            return self._credential

    async def _renewed(self, http: httpx.AsyncClient) -> str:
        try:
            return _sendable(await self._fetch(http))
        except SourceFailure as failure:
            self._failure, self._failed_at = failure, asyncio.get_running_loop().time()
            raise

    async def forget(self, credential: str) -> None:
        """Drop a credential that was refused, unless somebody has already renewed it."""
        async with self._one:
            if self._credential == credential:
                self._credential = None

    @abstractmethod
    async def _fetch(self, http: httpx.AsyncClient) -> str: ...

    async def _post(self, http: httpx.AsyncClient, path: str, **content: object) -> object:
        status, body = await exchange(http, "POST", self._at + path, ANSWER_BYTES, **content)
        if httpx.codes.is_success(status):
            return decode(body)
        # 400 is how OAuth 2 refuses a client (RFC 6749, 5.2); any other status is not a word on the credentials.
        code = Code.SOURCE_DENIED if status in DENIALS else Code.SOURCE_UNAVAILABLE
        raise SourceFailure(code, f"login: status {status}", status)


def _sendable(credential: str) -> str:
    if not (credential.isascii() and credential.isprintable()):
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "login: what was issued cannot stand in a header")
    return credential


class Bearer(Login):
    """A token that an administrator issued."""

    renewable = False

    async def _fetch(self, http: httpx.AsyncClient) -> str:
        del http
        return f"Bearer {self._secret['token']}"


class Basic(Login):
    """A name and a password with every call (RFC 7617)."""

    renewable = False

    async def _fetch(self, http: httpx.AsyncClient) -> str:
        del http
        spelled = base64.b64encode(f"{self._secret['user']}:{self._secret['password']}".encode()).decode()
        return f"Basic {spelled}"


class ClientCredentials(Login):
    """OAuth 2 client credentials (RFC 6749, 4.4)."""

    def __init__(self, auth: ClientCredentialsAuth, credentials: Mapping[str, str], at: str) -> None:
        super().__init__(credentials, at)
        self.auth = auth

    async def _fetch(self, http: httpx.AsyncClient) -> str:
        scope = self.auth.scope.replace("{address}", str(http.base_url).rstrip("/"))
        form = {"grant_type": "client_credentials", "scope": scope, **self._secret}
        granted = await self._post(http, self.auth.path, data=form)
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


class RpcSession(Login):
    """A session opened by a JSON-RPC call."""

    def __init__(self, auth: SessionAuth, credentials: Mapping[str, str], at: str) -> None:
        super().__init__(credentials, at)
        self.auth = auth

    async def _fetch(self, http: httpx.AsyncClient) -> str:
        user, password = self._secret["user"], self._secret["password"]
        call = {"id": 0, "method": self.auth.method, "params": [user, {"password": password}, "en"]}
        match await self._post(http, self.auth.path, json=call):
            case {"result": [int(user_id), str(token), *_]}:
                spelled = base64.b64encode(f"{user}:{user_id}:{token}".encode()).decode()
                return f"{self.auth.scheme} {spelled}"
        raise SourceFailure(Code.SOURCE_DENIED, "login: no session was opened")


NEEDED: dict[str, tuple[str, ...]] = {
    "bearer": ("token",),
    "basic": ("user", "password"),
    "client_credentials": ("client_id", "client_secret"),
    "rpc_session": ("user", "password"),
}


def login(auth: Auth, credentials: Mapping[str, str], at: str = "") -> Login:
    """Return the way in that a manifest names. The credentials must be those in NEEDED; `at` is the login's address."""
    if isinstance(auth, BearerAuth):
        return Bearer(credentials)
    if isinstance(auth, BasicAuth):
        return Basic(credentials)
    if isinstance(auth, ClientCredentialsAuth):
        return ClientCredentials(auth, credentials, at)
    return RpcSession(auth, credentials, at)
