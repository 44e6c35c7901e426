"""An identity provider that tests rule over: it shows the keys and documents they want, signs anything, and counts."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from demo.emulator import serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request

AUDIENCE, CLIENT = "colonnade", "colonnade-pages"
SUBJECT = "northbeam.10022"


class Settable:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 4, 8, 9, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.instant += timedelta(seconds=seconds)


def public(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """Return a key as a JWK Set lists it."""
    if isinstance(key, rsa.RSAPrivateKey):
        said: Any = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        said = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        said = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    said.pop("key_ops", None)
    return {**said, "kid": kid, **more}


def elliptic(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """Make a key."""
    return ec.generate_private_key(curve())


def edwards() -> ed25519.Ed25519PrivateKey:
    """Make a key."""
    return ed25519.Ed25519PrivateKey.generate()


class Provider:
    """The server. `said` and `shown` are its two documents; `answers` stand in place of one, by path."""

    def __init__(self, clock: Settable) -> None:
        self.url, self._clock = "", clock
        self.key = elliptic()
        self.forget()

    def forget(self) -> None:
        """Be as at first, and count anew."""
        self.shown: list[dict[str, Any]] = [public(self.key, "one")]
        self.said: dict[str, Any] = {}
        self.answers: dict[str, Response] = {}
        self.asked: Counter[str] = Counter()

    def claims(self, **other: Any) -> dict[str, Any]:
        """Return good claims, but for these; None leaves one out."""
        now = int(self._clock.now().timestamp())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "nbf": now, "exp": now + 600}
        return {name: value for name, value in (good | {"groups": ["auditor"]} | other).items() if value is not None}

    def token(self, headers: Mapping[str, Any] | None = None, **other: Any) -> str:
        """Sign good claims, but for these."""
        return signed(self.claims(**other), self.key, "ES256", {"kid": "one", **(headers or {})})

    async def answer(self, request: Request) -> Response:
        """Show a document."""
        path = request.url.path
        self.asked[path] += 1
        if path in self.answers:
            return self.answers[path]
        discovery = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | self.said
        content = {"keys": self.shown} if path == "/jwks" else discovery
        return Response(json.dumps(content), media_type="application/json")


def signed(claims: Any, key: Any, algorithm: str, headers: Mapping[str, Any]) -> str:
    """Sign whatever is given, be it claims or not."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    kept = {name: value for name, value in headers.items() if value is not None}
    with warnings.catch_warnings(action="ignore", category=jwt.InsecureKeyLengthWarning):
        return jwt.PyJWS().encode(payload, key, algorithm=algorithm, headers=kept)


@contextmanager
def provider(clock: Settable) -> Iterator[Provider]:
    """Run one on loopback."""
    one = Provider(clock)
    routes = [Route(path, one.answer) for path in ("/.well-known/openid-configuration", "/jwks", "/elsewhere")]
    with serve(Starlette(routes=routes)) as server:
        one.url = server.url
        yield one
