"""Bearer tokens: signed by the identity provider, for this graph, for now; of everything else nothing is said."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import jwt
from cachetools import TLRUCache

from colonnade.caller import Caller
from schema.problems import Problem
from store.service_keys import OWN

if TYPE_CHECKING:
    from colonnade.edge.identity.provider import Provider
    from colonnade.settings import Identity
    from schema.context import Clock

MOST_BYTES = 8 * 1024
LEEWAY = 60.0
# A signature costs more than everything else at the door, and a page shows its token with every request.
KEPT_SECONDS = 60.0
KEPT = 2_000
LONGEST_SUBJECT = 255

REQUIRED = ("iss", "aud", "exp", "nbf", "sub")
# The library would ask the machine's clock; the times are judged here, by the graph's.
CHECKED: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": list(REQUIRED)}


class Tokens:
    """Verifies tokens of one issuer for one audience."""

    def __init__(self, identity: Identity, provider: Provider, clock: Clock) -> None:
        self._identity, self._provider, self._clock = identity, provider, clock
        self._kept: TLRUCache[bytes, Caller] = TLRUCache(KEPT, self._until, timer=self._now)

    async def caller(self, token: str) -> Caller | Problem | None:
        """Return whom a token proves, None if it proves nobody; a Problem if that cannot be told now."""
        if len(token) > MOST_BYTES:
            return None
        hashed = hashlib.sha256(token.encode()).digest()
        if (known := self._kept.get(hashed)) is not None:
            return known
        proven = await self._verified(token)
        if isinstance(proven, Caller):
            self._kept[hashed] = proven
        return proven

    async def _verified(self, token: str) -> Caller | Problem | None:
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            # What is critical we don't know, so that it may change what the rest means (RFC 7515, 4.1.11).
            if "crit" in header or not isinstance(kid, str):
                return None
            key = await self._provider.key(kid)
            if key is None or isinstance(key, Problem):
                return key
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._identity.audience,
                issuer=self._identity.issuer,
                options=CHECKED,
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return self._caller(token, claims) if self._in_time(claims) and sound(claims["sub"]) else None

    def _in_time(self, claims: dict[str, Any]) -> bool:
        """Compare the way round in which what is no number, and what is not a number, are both out of time."""
        times = (claims["nbf"], claims["exp"])
        if any(isinstance(time, bool) or not isinstance(time, int | float) for time in times):
            return False
        now = self._now()
        return bool(times[0] <= now + LEEWAY and now - LEEWAY < times[1] < float("inf"))

    def _caller(self, token: str, claims: dict[str, Any]) -> Caller:
        groups = claims.get(self._identity.groups_claim)
        named = isinstance(groups, list) and all(isinstance(group, str) for group in groups)
        return Caller(
            subject=claims["sub"],
            groups=frozenset(groups) if named and groups else frozenset(),
            token=token,
            expires=float(claims["exp"]),
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()

    @staticmethod
    def _until(_hashed: bytes, caller: Caller, now: float) -> float:
        return min(now + KEPT_SECONDS, caller.expires or now)


def sound(subject: object) -> bool:
    """Tell whether this may be a person's name in logs, caches and links."""
    return (
        isinstance(subject, str)
        and 0 < len(subject) <= LONGEST_SUBJECT
        and subject.isprintable()
        and not subject.startswith(OWN)
    )
