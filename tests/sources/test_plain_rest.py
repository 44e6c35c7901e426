"""REST whose lists stand in the answer as they are, whose ids are said in its own way, or one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from starlette.responses import JSONResponse, Response

from schema.tomlfile import FileError
from tests.sources.hostile import HEAD, SECRETS, Hostile, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from sources.source import Source

    Bound: TypeAlias = Callable[..., Source]

PLAIN = (
    HEAD
    + """
role = "psa"
auth = { kind = "bearer" }
limits = { rows = 2 }
[dialect]
family = "rest"
rows = { "/tasks" = "tasks" }
size = "limit"
total_at = "total"
size_at = "limit"

[entities.Task]
path = "/tasks"
id = { at = "id", form = "[0-9]+", alone = { path = "/tasks/{id}", row = "task" } }
[entities.Task.ask]
Engagement = { at = "project", param = "p[]", joined = "" }
[entities.Task.fields]
name = "title"
"""
)
SECRETS[PLAIN] = {"token": "s3cret"}


def task(id_: int, project: int = 1) -> dict[str, Any]:
    """Return a task as such a system writes it."""
    return {"id": id_, "project": project, "title": f"Task {id_}"}


async def test_pages_are_counted_by_their_size(server: Hostile, bound: Bound) -> None:
    """Three rows in pages of two: the second page is asked for, and both projects in each call."""
    rows = [task(1), task(2), task(3, project=2)]

    async def say(request: Request) -> Response:
        first = (int(request.query_params["page"]) - 1) * 2
        asked.append(request.query_params.getlist("p[]"))
        return JSONResponse({"tasks": rows[first : first + 2], "total": 3, "limit": 2})

    asked: list[list[str]] = []
    server.say = say
    found = await ask(bound(PLAIN), "tasks_by_engagement", "1", "2", "3", by="Engagement")
    assert {id_: [row.name for row in each] for id_, each in found.items()} == {
        "1": ["Task 1", "Task 2"],
        "2": ["Task 3"],
        "3": [],
    }
    assert asked == [["1", "2", "3"]] * 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(JSONResponse({"task": task(7)}), "Task 7", id="there"),
        pytest.param(Response(status_code=404), None, id="nobody's"),
        pytest.param(JSONResponse({"task": None}), "SOURCE_MISBEHAVED", id="no record in the answer"),
        pytest.param(Response(status_code=403), "SOURCE_DENIED", id="denied"),
        pytest.param(JSONResponse({"task": task(8)}), None, id="somebody else"),
    ],
)
async def test_one_record_is_read_by_its_path(
    server: Hostile, bound: Bound, answer: Response, expected: str | None
) -> None:
    """It is there, or it is absent, or it is not known; whatever the answer, it is asked below its path alone."""
    server.say = server.always(lambda: answer)
    row = (await ask(bound(PLAIN), "tasks_by_id", "7"))["7"]
    assert getattr(row, "name", row) == expected
    assert {call.path for call in server.calls} == {"/tasks/7"}


async def test_an_id_stays_below_its_path(server: Hostile, bound: Bound) -> None:
    """What is no id of theirs is nobody's, and is not asked for."""
    server.say = server.always(lambda: Response(status_code=404))
    assert await ask(bound(PLAIN), "tasks_by_id", "7/../../admin?all") == {"7/../../admin?all": None}
    assert server.calls == []


def test_ids_in_a_path_have_a_form(bound: Bound) -> None:
    """A manifest that puts any id into a path is refused, with the cure."""
    open_ = PLAIN.replace('form = "[0-9]+", ', "")
    SECRETS[open_] = SECRETS[PLAIN]
    with pytest.raises(FileError, match="say the 'form' of ids that become a part of a path"):
        bound(open_)
