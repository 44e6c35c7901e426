"""Service keys at the door: an internal tool, on whose behalf it says."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from cachetools import TTLCache
from sqlalchemy.exc import SQLAlchemyError

from colonnade.caller import Caller
from schema.problems import Code, Problem
from store.service_keys import OWN, SHOWN

if TYPE_CHECKING:
    from schema.context import Clock
    from store.service_keys import ServiceKey, ServiceKeys

log = structlog.get_logger("colonnade.identity")

# What another process revokes is felt this late.
KEPT_SECONDS = 4.0
KEPT = 1_000


class KeyRing:
    """Knows the keys that were shown a moment ago, and those that are none."""

    def __init__(self, keys: ServiceKeys, clock: Clock) -> None:
        self._keys, self._clock = keys, clock
        self._kept: TTLCache[str, ServiceKey | None] = TTLCache(KEPT, KEPT_SECONDS, timer=self._now)

    async def caller(self, shown: str, subject: str | None) -> Caller | Problem | None:
        """Return who shows a key, None if it opens nothing; a Problem if that cannot be told now."""
        match = SHOWN.fullmatch(shown)
        if match is None:
            return None
        try:
            key = await self._known(match["id"])
        except (SQLAlchemyError, OSError):
            log.exception("store unavailable")
            return Problem(Code.STORE_UNAVAILABLE, "service keys cannot be looked up now")
        if key is None or not key.opened_by(match["secret"]) or not key.live(self._clock.now()):
            return None
        return Caller(
            subject=subject or f"{OWN}{key.name}",
            roles=frozenset(key.roles),
            entities=frozenset(key.entities),
            expires=key.expires_at.timestamp(),
            key=key.name,
        )

    async def _known(self, id_: str) -> ServiceKey | None:
        # Looked at once: between two looks it may expire.
        with suppress(KeyError):
            return self._kept[id_]
        key = self._kept[id_] = await self._keys.find(id_)
        return key

    def _now(self) -> float:
        return self._clock.now().timestamp()
