"""The door: headers in, a caller out. Whatever is wrong with what was shown, the answer is the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from colonnade.caller import ANONYMOUS
from colonnade.edge.identity.keyring import KeyRing
from colonnade.edge.identity.provider import Provider
from colonnade.edge.identity.tokens import Tokens, sound
from schema.problems import Code, Problem
from store.service_keys import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colonnade.caller import Caller
    from colonnade.settings import Identity
    from schema.context import Clock
    from store.service_keys import ServiceKeys

# RFC 6750, 2.1.
BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+={0,2})")
MESSAGE = "this needs a caller that can be told who it is"


class Doorkeeper:
    """Tells who asks."""

    def __init__(self, identity: Identity, keys: ServiceKeys, clock: Clock) -> None:
        self._provider = Provider(identity.issuer, clock)
        self._tokens, self._keys = Tokens(identity, self._provider, clock), KeyRing(keys, clock)

    async def caller(self, authorization: Sequence[str], on_behalf_of: Sequence[str] = ()) -> Caller | Problem:
        """Return who sends these values of `Authorization` and `On-Behalf-Of`, or a Problem."""
        if not authorization and not on_behalf_of:
            return ANONYMOUS
        found = await self._found(authorization, on_behalf_of)
        return Problem(Code.UNAUTHENTICATED, MESSAGE) if found is None else found

    async def aclose(self) -> None:
        """Close the connections to the identity provider."""
        await self._provider.aclose()

    async def _found(self, authorization: Sequence[str], on_behalf_of: Sequence[str]) -> Caller | Problem | None:
        # Of two that disagree, a proxy before us may have checked the other one.
        match = BEARER.fullmatch(authorization[0]) if len(authorization) == 1 else None
        if match is None:
            return None
        shown = match[1]
        if not shown.startswith(PREFIX):
            return None if on_behalf_of else await self._tokens.caller(shown)
        if not on_behalf_of:
            return await self._keys.caller(shown, None)
        subject = on_behalf_of[0]
        plain = len(on_behalf_of) == 1 and subject.isascii() and subject == subject.strip()
        return await self._keys.caller(shown, subject) if plain and sound(subject) else None
