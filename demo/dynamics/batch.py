"""`$batch` in JSON (OData 4.01): many reads in one POST, each with an answer of its own below an outer 200."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

import msgspec

from demo.emulator import Answer, Call, Quirk

NAME: Final = "$batch"
MOST: Final = 1_000
GOES_ON: Final = "continue-on-error"


class Part(msgspec.Struct, frozen=True):
    """One read; its address counts from the service's root."""

    id: str
    method: Literal["GET"]
    url: str


class Parts(msgspec.Struct, frozen=True):
    """All of them."""

    requests: Annotated[list[Part], msgspec.Meta(max_length=MOST)]


def batch(call: Call, quirk: Quirk, root: str, one: Callable[[Call], Answer]) -> Answer:
    """Answer each request by `one`. After the first that fails the others are not tried, unless that is preferred."""
    said: list[dict[str, Any]] = []
    rows, stopped = 0, False
    for part in msgspec.json.decode(call.body, type=Parts).requests:
        path, _, query = part.url.partition("?")
        answer = Answer(424) if stopped else one(replace(call, method=part.method, path=root + path, query=query))
        stopped = stopped or (answer.status != 200 and GOES_ON not in call.headers.get("prefer", ""))  # noqa: PLR2004
        rows += answer.rows
        said.append({"id": part.id, "status": answer.status, "body": _body(answer)})
    return Answer(200, {"responses": _spoilt(said, quirk)}, {"OData-Version": "4.01"}, entity=NAME, rows=rows)


def _body(answer: Answer) -> Any:
    return answer.content if answer.raw is None else answer.raw.decode(errors="replace")


def _spoilt(said: list[dict[str, Any]], quirk: Quirk) -> list[dict[str, Any]]:
    """Do to the parts what a quirk does to rows."""
    if not quirk.spoils(NAME):
        return said
    spoilt = {
        "reverse": said[::-1],
        "gap": said[1:],
        "duplicates": [*said[:1], *said],
        "strangers": [*said, {**said[0], "id": "nobody"}],
    }
    return spoilt.get(quirk.name, said)
