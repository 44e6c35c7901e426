"""Who has proven to be whom. What they may do is decided elsewhere."""

from __future__ import annotations

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A verified subject, with what the token or the service key says of it; nobody, if `subject` is None.

    `groups` are the identity provider's, `roles` and `entities` (codes of legal entities) a service key's own. `token`
    is the verified bearer token, for systems that are asked in the caller's name. `expires` is when the proof ends, in
    seconds since the epoch. `key` names the service key that acts on the subject's behalf.
    """

    subject: str | None = None
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    token: str | None = None
    expires: float | None = None
    key: str | None = None

    def __repr__(self) -> str:
        """Name the subject alone: whatever is written down must hold no token."""
        return f"Caller({self.subject!r})"


ANONYMOUS = Caller()
