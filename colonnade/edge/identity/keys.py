"""The identity provider's keys: each verifies by one algorithm, which the key says and never the token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

if TYPE_CHECKING:
    from collections.abc import Mapping

# By type and curve; the first one is meant where the key names none (RFC 7518, 8037).
ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
RSA_BITS = range(2048, 8192 + 1)
KEYS = 100
NAME_LENGTH = 255


def usable(document: Mapping[str, Any]) -> dict[str, PyJWK] | None:
    """Return the keys of a JWK Set that tokens may be verified with, by their ids; None if it is no JWK Set."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > KEYS:
        return None
    found: dict[str, PyJWK] = {}
    for jwk in listed:
        if isinstance(jwk, dict) and (key := _key(jwk)) is not None:
            # Of two keys with one id, a second one that was slipped in must not take the first one's place.
            found.setdefault(str(key.key_id), key)
    return found


def _key(jwk: dict[str, Any]) -> PyJWK | None:
    """Return a public signing key of a kind that is known to be sound, None for every other one."""
    kid, algorithm = jwk.get("kid"), _algorithm(jwk)
    named = isinstance(kid, str) and 0 < len(kid) <= NAME_LENGTH
    # A private key that stands in public is everybody's.
    if not named or algorithm is None or "d" in jwk or jwk.get("use", "sig") != "sig" or not _verifies(jwk):
        return None
    try:
        key = PyJWK(jwk, algorithm)
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    weak = isinstance(key.key, RSAPublicKey) and key.key.key_size not in RSA_BITS
    return None if weak else key


def _algorithm(jwk: Mapping[str, Any]) -> str | None:
    kind, curve = jwk.get("kty"), jwk.get("crv")
    known = [names for (kty, crv), names in ALGORITHMS.items() if kty == kind and crv in (None, curve)]
    if not known:
        return None
    stated = jwk.get("alg", known[0][0])
    return stated if stated in known[0] else None


def _verifies(jwk: Mapping[str, Any]) -> bool:
    return "key_ops" not in jwk or (isinstance(jwk["key_ops"], list) and "verify" in jwk["key_ops"])
