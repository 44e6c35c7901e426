"""What the issuer signs, with a key that lives as long as it does."""

import time
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from demo.issuer.personas import Persona

AUDIENCE: Final = "colonnade"
CLIENT: Final = "colonnade-pages"
# A working day: there is nothing to refresh a token with.
LIFETIME: Final = 8 * 3600


class Signer:
    """An ES256 key, made at the start."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kid = uuid4().hex

    def jwks(self) -> dict[str, Any]:
        """Return the public half."""
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self._kid, "use": "sig", "alg": "ES256"}]}

    def access_token(self, issuer: str, persona: Persona) -> str:
        """Return what opens the graph (RFC 9068)."""
        claims = {"aud": AUDIENCE, "client_id": CLIENT, "jti": uuid4().hex, "groups": list(persona.groups)}
        return self._signed(issuer, persona, claims, "at+jwt")

    def id_token(self, issuer: str, persona: Persona, nonce: str | None) -> str:
        """Return what tells the page who has signed in; it opens nothing."""
        return self._signed(issuer, persona, {"aud": CLIENT} | ({"nonce": nonce} if nonce else {}), "JWT")

    def _signed(self, issuer: str, persona: Persona, claims: dict[str, Any], kind: str) -> str:
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + LIFETIME}
        payload = {"iss": issuer, "sub": persona.subject, "name": persona.person, **times, **claims}
        return jwt.encode(payload, self._key, algorithm="ES256", headers={"typ": kind, "kid": self._kid})
