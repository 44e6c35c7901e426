"""The issuer's endpoints: authorization code with PKCE, for the pages of the graphs that were registered with it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from cachetools import TTLCache
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.emulator import serve
from demo.issuer import pages
from demo.issuer.asking import LONGEST, Asked, Refused, back, destination, fields, hidden, judged, proves
from demo.issuer.personas import PERSONAS, Persona
from demo.issuer.tokens import CLIENT, LIFETIME, Signer

CODE_SECONDS: Final = 60
CODES: Final = 1_000


class Issuer:
    """A running issuer. `url` is its name and address."""

    def __init__(self) -> None:
        self.url = ""
        self._origins: set[str] = set()
        self._signer = Signer()
        self._codes: TTLCache[str, tuple[Asked, Persona]] = TTLCache(CODES, CODE_SECONDS)

    def register(self, origin: str) -> None:
        """Let the pages of a graph at this origin sign people in."""
        self._origins.add(origin)

    def token(self, persona: str | Persona) -> str:
        """Return an access token without asking anybody, for tests and for the demo's JSON line."""
        return self._signer.access_token(self.url, PERSONAS[persona] if isinstance(persona, str) else persona)

    async def discovery(self, request: Request) -> Response:
        """Say where everything is (OpenID Connect Discovery 1.0)."""
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "scopes_supported": ["openid"],
            "authorization_response_iss_parameter_supported": True,
        }
        return self._answer(request, said)

    async def jwks(self, request: Request) -> Response:
        """Show the public key."""
        return self._answer(request, self._signer.jwks())

    async def authorize(self, request: Request) -> Response:
        """Ask whom to be, or take the choice and go back to the page with a code."""
        try:
            posted = request.method == "POST"
            said = fields(await _body(request) if posted else request.url.query)
            redirect = destination(said, self._origins)
        except Refused as refused:
            return HTMLResponse(pages.refusal(str(refused)), 400, headers=pages.headers())
        kept = pages.headers(_origin(redirect))
        try:
            asked = judged(said, redirect)
            if posted:
                return RedirectResponse(asked.back(code=self._code(asked, said), iss=self.url), 303, kept)
        except Refused as refused:
            answer = {"error": refused.error, "error_description": str(refused), "iss": self.url}
            return RedirectResponse(back(redirect, said.get("state"), **answer), 303, kept)
        return HTMLResponse(pages.choice(hidden(said)), headers=kept)

    def _code(self, asked: Asked, said: dict[str, str]) -> str:
        if (persona := PERSONAS.get(said.get("persona", ""))) is None:
            raise Refused("access_denied", "there is nobody of that name")
        code = secrets.token_urlsafe(32)
        self._codes[code] = asked, persona
        return code

    async def token_endpoint(self, request: Request) -> Response:
        """Give an access token for a code, once."""
        try:
            return self._answer(request, self._granted(fields(await _body(request))))
        except Refused as refused:
            return self._answer(request, {"error": refused.error, "error_description": str(refused)}, 400)

    def _granted(self, said: dict[str, str]) -> dict[str, Any]:
        if said.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type", "grant_type must be authorization_code")
        # Spent by being shown, whatever else is wrong: nobody may try verifiers on it.
        asked, persona = self._codes.pop(said.get("code", ""), (None, None))
        if asked is None or persona is None or said.get("client_id") != CLIENT:
            raise Refused("invalid_grant", "the code is not known, too old or used")
        if said.get("redirect_uri") != asked.redirect or not proves(said.get("code_verifier", ""), asked.challenge):
            raise Refused("invalid_grant", "the code was given to another page")
        granted = {"access_token": self._signer.access_token(self.url, persona), "token_type": "Bearer"}
        if asked.openid:
            granted["id_token"] = self._signer.id_token(self.url, persona, asked.nonce)
        return {**granted, "expires_in": LIFETIME}

    def _answer(self, request: Request, content: dict[str, Any], status: int = 200) -> Response:
        headers = {"Cache-Control": "no-store", "Vary": "Origin", "X-Content-Type-Options": "nosniff"}
        if (origin := request.headers.get("origin")) in self._origins:
            headers["Access-Control-Allow-Origin"] = str(origin)
        return JSONResponse(content, status, headers)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise Refused("invalid_request", "the form is too long")
    return body


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def issuer() -> Iterator[Issuer]:
    """Run one on a free loopback port."""
    one = Issuer()
    routes = [
        Route("/.well-known/openid-configuration", one.discovery, methods=["GET"]),
        Route("/jwks", one.jwks, methods=["GET"]),
        Route("/authorize", one.authorize, methods=["GET", "POST"]),
        Route("/token", one.token_endpoint, methods=["POST"]),
    ]
    with serve(Starlette(routes=routes)) as server:
        one.url = server.url
        yield one
