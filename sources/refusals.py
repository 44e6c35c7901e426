"""What a refusal means, whether it is a whole answer or a part of one."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sources.manifest import Told

# What a status says when the source's manifest says nothing better.
KINDS = {
    HTTPStatus.UNAUTHORIZED: Code.SOURCE_DENIED,
    HTTPStatus.FORBIDDEN: Code.SOURCE_DENIED,
    HTTPStatus.REQUEST_TIMEOUT: Code.SOURCE_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS: Code.SOURCE_THROTTLED,
    HTTPStatus.SERVICE_UNAVAILABLE: Code.SOURCE_UNAVAILABLE,
}
# What a write was refused for.
MEANT = {"period_closed": Code.PERIOD_CLOSED, "conflict": Code.STALE_VERSION, "taken": Code.ALREADY_DONE}
# Of a part of an answer, which has no headers that say anything of it.
NONE: Final[Mapping[str, str]] = {}
CLIENT_ERRORS, SERVER_ERRORS = range(400, 500), range(500, 600)


def meaning(status: int, body: bytes, errors: Iterable[Told], headers: Mapping[str, str] = NONE) -> Code:
    """Say what it means, by the manifest's table first: some throttle with 403, some with 503."""
    for told in errors:
        if told.status == status and told.has.encode() in body and (not told.header or told.header in headers):
            return MEANT.get(told.means) or Code[f"SOURCE_{told.means.upper()}"]
    if status in KINDS:
        return KINDS[HTTPStatus(status)]
    if status in SERVER_ERRORS:
        return Code.SOURCE_UNAVAILABLE
    return Code.SOURCE_REFUSED if status in CLIENT_ERRORS else Code.SOURCE_MISBEHAVED
