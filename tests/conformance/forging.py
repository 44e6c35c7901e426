"""Tokens that must open nothing, made of one that does and of what the issuer shows everybody: its public key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGESTS = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}


def forgeries(good: str, jwk: Mapping[str, Any]) -> dict[str, str]:
    """Return tokens by what is wrong with them; `jwk` is the public key under which the good one is verified."""
    head, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    return {**_cut_up(good, claims), **_by_public_knowledge(head, claims, jwk), **_by_other_keys(head, claims)}


def _cut_up(good: str, claims: Mapping[str, Any]) -> dict[str, str]:
    head, body, signature = good.split(".")
    flipped = signature[:5] + ("B" if signature[5] == "A" else "A") + signature[6:]
    return {
        "garbage": "x.y.z",
        "16 kB": "a" * 16_000,
        "another's claims": f"{head}.{_part({**claims, 'sub': 'root', 'groups': ['auditor']})}.{signature}",
        "never expires": f"{head}.{_part({**claims, 'exp': 2**40})}.{signature}",
        "no signature": f"{head}.{body}.",
        "no third part": f"{head}.{body}",
        "a flipped bit": f"{head}.{body}.{flipped}",
        "twice": f"{good}.{good}",
    }


def _by_public_knowledge(head: Mapping[str, Any], claims: Mapping[str, Any], jwk: Mapping[str, Any]) -> dict[str, str]:
    key = ECAlgorithm.from_jwk(dict(jwk))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    attacker = {"kty": "oct", "k": _encoded(b"k")}
    return {
        "alg none": f"{_part({**head, 'alg': 'none'})}.{_part(claims)}.",
        "alg NoNe": f"{_part({**head, 'alg': 'NoNe'})}.{_part(claims)}.",
        "HS256 by the public key in PEM": _mac(head, claims, pem),
        "HS512 by the public key in PEM": _mac(head, claims, pem, "HS512"),
        "HS256 by the public key as JWK": _mac(head, claims, json.dumps(dict(jwk)).encode()),
        "HS256 by nothing": _mac(head, claims, b""),
        "HS256 by a guess": _mac(head, claims, b"secret"),
        "a key from a path": _mac({**head, "kid": "../../../../dev/null"}, claims, b""),
        "a key from a table": _mac({**head, "kid": "x' UNION SELECT 'k'--"}, claims, b"k"),
        "a key by jku": _mac({**head, "jku": "http://127.0.0.1:1/jwks"}, claims, b"k"),
        "a key by x5u": _mac({**head, "x5u": "http://127.0.0.1:1/x5u"}, claims, b"k"),
        "a key it brings itself": _mac({**head, "jwk": attacker}, claims, b"k"),
        "an unknown crit": _mac({**head, "crit": ["x"], "x": 1}, claims, b"k"),
    }


def _by_other_keys(head: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, str]:
    """Well signed, but not by the issuer: under its key's name, under another, and by another kind of key."""
    curve, classic = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    own = {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": head["kid"]}
    extra = {"typ": head["typ"], "kid": head["kid"]}
    return {
        "ES256 by another key": jwt.encode(dict(claims), curve, "ES256", extra),
        "ES256 by a key it brings itself": jwt.encode(dict(claims), curve, "ES256", {**extra, "jwk": own}),
        "ES256 under an unknown name": jwt.encode(dict(claims), curve, "ES256", {**extra, "kid": "mine"}),
        "RS256 by another key": jwt.encode(dict(claims), classic, "RS256", extra),
    }


def stale(head: Mapping[str, Any], claims: Mapping[str, Any], key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return tokens that the issuer itself signed, and that are not for this graph, not for now, or for nobody."""
    now = int(time.time())
    changes: dict[str, dict[str, Any]] = {
        "expired": {"exp": now - 120},
        "not valid yet": {"nbf": now + 120},
        "for another audience": {"aud": "payroll"},
        "for the pages": {"aud": "colonnade-pages"},
        "of another issuer": {"iss": "http://127.0.0.1:1"},
        **{f"without {name}": {name: None} for name in ("exp", "nbf", "sub", "aud", "iss")},
    }
    extra = {"typ": head["typ"], "kid": head["kid"]}
    told = {name: {k: v for k, v in {**claims, **change}.items() if v is not None} for name, change in changes.items()}
    return {name: jwt.encode(said, key, "ES256", extra) for name, said in told.items()}


def _mac(head: Mapping[str, Any], claims: Mapping[str, Any], key: bytes, algorithm: str = "HS256") -> str:
    signed = f"{_part({**head, 'alg': algorithm})}.{_part(claims)}"
    return f"{signed}.{_encoded(hmac.new(key, signed.encode(), DIGESTS[algorithm]).digest())}"


def _part(said: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(said, separators=(",", ":")).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
