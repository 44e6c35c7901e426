"""Answers as HTTP writes them: JSON in UTF-8, of the type that was agreed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response

from colonnade.edge.negotiation import JSON
from colonnade.edge.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

Outcome = dict[str, Any] | Refusal
VARY: Final = {"Vary": "Accept"}


def answer(
    outcome: Outcome | list[Outcome], kind: str, correlation_id: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Write what came of a request. A batch was executed as a whole, whatever became of its parts."""
    if isinstance(outcome, list):
        body: Any = [written(one, correlation_id) for one in outcome]
    else:
        body = written(outcome, correlation_id)
    status, more = 200, headers or {}
    if isinstance(outcome, Refusal):
        status, more = outcome.status(legacy=kind == JSON), {**more, **outcome.headers}
    content_type = {"Content-Type": f"{kind}; charset=utf-8"}
    return Response(orjson.dumps(body), status, headers={**VARY, **more, **content_type})


def written(outcome: Outcome, correlation_id: str) -> dict[str, Any]:
    """Return the body of one answer."""
    return outcome.formatted(correlation_id) if isinstance(outcome, Refusal) else outcome
