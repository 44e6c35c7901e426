"""OData V4 where ids can only be asked for one by one: all the reads in one JSON batch (4.01, batch strategy C).

The outer status says nothing. Each part has one of its own; they come in any order, and one that does not come may have
been anything: it fails its own id, and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from schema.problems import Code
from sources.contract import Answer, Request, SourceFailure, decode, walk
from sources.families.odata import OData, literal
from sources.refusals import meaning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources.dialects import ODataDialect
    from sources.manifest import Asked, Entity, Told

OK, REFUSED = 200, 400


class Part(msgspec.Struct, frozen=True):
    """One read of a batch, and how many rows it still has to come to, where the source has counted them."""

    read: Request
    due: int | None = None


class Parts(Request, frozen=True):
    """A batch: its reads by the places of their ids."""

    parts: Mapping[int, Part] = {}


class ODataBatch(OData):
    """Lists are read as ever; only what is asked by ids goes in parts."""

    def __init__(self, dialect: ODataDialect, errors: Sequence[Told]) -> None:
        super().__init__(dialect)
        self._path, self._errors = str(dialect.batch), errors

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for each id by a read of its own."""
        del size
        terms = (f"{asked.name} eq {literal(id_)}" for id_ in ids)
        return self._together(
            {place: Part(self._asking(entity, asked, term, columns)) for place, term in enumerate(terms)}
        )

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the rows of all parts, and go on with those that have more, again together."""
        if not isinstance(request, Parts):
            return super().read(request, body)
        answers = _answers(body)
        rows: list[Any] = []
        following: dict[int, Part] = {}
        failed: dict[int, SourceFailure] = {}
        for place, part in request.parts.items():
            try:
                page = self._of(part, answers.pop(str(place), []))
            except SourceFailure as failure:
                failed[place] = failure
                continue
            rows += page.rows
            if page.following is not None:
                following[place] = Part(page.following, page.total)
        return Answer(rows, self._together(following) if following else None, failed=failed, strangers=len(answers))

    def _together(self, parts: Mapping[int, Part]) -> Parts:
        requests = [{"id": str(place), "method": "GET", "url": self._url(part.read)} for place, part in parts.items()]
        return Parts(self._path, body={"requests": requests}, parts=parts)

    def _url(self, read: Request) -> str:
        # Relative to the service's root, wherever the binding says that it is.
        root = self._path.rpartition("/")[0] + "/"
        return f"{read.path.removeprefix(root)}?{urlencode(read.params, quote_via=quote, safe='$,()')}"

    def _of(self, part: Part, answers: Sequence[Any]) -> Answer:
        """Read a part's page; its total is what is still due behind it."""
        if not answers or any(answer != answers[0] for answer in answers):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a part of the batch has no answer, or two")
        status, content = answers[0].get("status"), answers[0].get("body")
        if not isinstance(status, int):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a part of the batch has no status")
        if status != OK:
            said = meaning(status, msgspec.json.encode(content), self._errors)
            raise SourceFailure(said, f"status {status} of a part", status)
        page = self._page(part.read, content)
        due = page.total if part.due is None else part.due
        left = None if due is None else due - len(page.rows)
        if page.following is None and left is not None and left > 0:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a part has fewer rows than it counts")
        return msgspec.structs.replace(page, total=left)


def together(path: str, changes: Sequence[Request]) -> Request:
    """Return changes as one batch that is done as a whole or not at all; `path` is the batch's, below the root."""
    root = path.rpartition("/")[0] + "/"
    parts = [
        {
            "id": str(place),
            "atomicityGroup": "all",
            "method": change.method,
            "url": change.path.removeprefix(root),
            # In a batch their names are in lower case (OData JSON 4.01, 19.1): others are not seen.
            "headers": {"content-type": "application/json"}
            | {name.lower(): said for name, said in change.headers.items()},
            "body": change.body,
        }
        for place, change in enumerate(changes)
    ]
    return Request(path, body={"requests": parts})


def refuse_parts(content: Any, asked: int, errors: Sequence[Told]) -> None:
    """Raise SourceFailure if any part of a group failed: then none was done, whatever the others' statuses say.

    What was rolled back may show a 201. A part that is not told at all leaves the whole unknown.
    """
    said = _responses(content)
    for one in said:
        status = one.get("status")
        if isinstance(status, int) and status >= REFUSED:
            meant = meaning(status, msgspec.json.encode(one.get("body")), errors)
            raise SourceFailure(meant, f"status {status} of a part, and so of all", status)
    if {str(one.get("id")) for one in said} != {str(place) for place in range(asked)}:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "a part of the group has no answer")


def _answers(body: bytes) -> dict[str, list[Any]]:
    """Return the parts' answers by the ids of the parts."""
    answers: dict[str, list[Any]] = {}
    for answer in _responses(decode(body)):
        answers.setdefault(str(answer.get("id")), []).append(answer)
    return answers


def _responses(content: Any) -> list[dict[str, Any]]:
    said = walk(content, "responses")
    if not isinstance(said, list) or not all(isinstance(answer, dict) for answer in said):
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer is no batch")
    return said
