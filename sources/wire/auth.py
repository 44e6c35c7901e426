"""Credentials: fetched once for everybody who waits, renewed when the source no longer takes them."""

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import httpx

from schema.problems import Code
from sources.contract import SourceFailure, decode
from sources.manifest import Auth, BearerAuth, ClientCredentialsAuth, SessionAuth

if TYPE_CHECKING:
    from collections.abc import Mapping

EARLY = 30.0


class Login(ABC):
    """The value of the Authorization header, shared by all calls of a binding."""

    renewable = True

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._secret = credentials
        self._one = asyncio.Lock()
        self._credential: str | None = None
        self._until = float("inf")

    async def credential(self, http: httpx.AsyncClient) -> str:
        """Return the credential; of all who wait, the first one fetches it."""
        async with self._one:
            if self._credential is None or asyncio.get_running_loop().time() > self._until:
                self._credential = await self._fetch(http)
            return self._credential

    async def forget(self, credential: str) -> None:
        """Drop a credential that was refused, unless somebody has already renewed it."""
        async with self._one:
            if self._credential == credential:
                self._credential = None

    @abstractmethod
    async def _fetch(self, http: httpx.AsyncClient) -> str: ...

    async def _post(self, http: httpx.AsyncClient, path: str, **content: object) -> object:
        try:
            response = await http.post(path, **content)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise SourceFailure(Code.SOURCE_UNAVAILABLE, f"login: {type(error).__name__}") from error
        if response.is_success:
            return decode(response.content)
        denied = response.is_client_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS
        code = Code.SOURCE_DENIED if denied else Code.SOURCE_UNAVAILABLE
        raise SourceFailure(code, f"login: status {response.status_code}", response.status_code)


class Bearer(Login):
    """A token that an administrator issued."""

    renewable = False

    async def _fetch(self, http: httpx.AsyncClient) -> str:
        del http
        return f"Bearer {self._secret['token']}"


class ClientCredentials(Login):
    """OAuth 2 client credentials (RFC 6749, 4.4)."""

    def __init__(self, auth: ClientCredentialsAuth, credentials: Mapping[str, str]) -> None:
        super().__init__(credentials)
        self.auth = auth

    async def _fetch(self, http: httpx.AsyncClient) -> str:
        form = {"grant_type": "client_credentials", "scope": self.auth.scope, **self._secret}
        granted = await self._post(http, self.auth.path, data=form)
        match granted:
            case {"access_token": str(token), "expires_in": int(seconds)}:
                self._until = asyncio.get_running_loop().time() + max(0.0, seconds - EARLY)
                return f"Bearer {token}"
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "login: the answer holds no token")


class RpcSession(Login):
    """A session opened by a JSON-RPC call."""

    def __init__(self, auth: SessionAuth, credentials: Mapping[str, str]) -> None:
        super().__init__(credentials)
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
    "client_credentials": ("client_id", "client_secret"),
    "rpc_session": ("user", "password"),
}


def login(auth: Auth, credentials: Mapping[str, str]) -> Login:
    """Return the way in that a manifest names. The credentials must be those in NEEDED."""
    if isinstance(auth, BearerAuth):
        return Bearer(credentials)
    if isinstance(auth, ClientCredentialsAuth):
        return ClientCredentials(auth, credentials)
    return RpcSession(auth, credentials)
