"""How Tryton is called to change something: context with every call, errors with status 200, and no error codes.

An error names the kind of its exception and a text in somebody's language. The kind alone is read, and of what it means
no more than this: whether the record was changed meanwhile, or a person should be asked. Anything else is a refusal;
what may be refused for a reason that matters is asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code
from sources.contract import Request, SourceFailure
from sources.families.jsonrpc import spelled, typed
from sources.writes import Call

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping, Sequence

PATH, HINT = "/rpc/", "__class__"
CONFLICT, WARNING = "ConcurrencyException", "UserWarning"
# What is kept of a refusal: that of a broken domain has the domain in it.
MOST_TOLD = 4_000
EVERYBODY: Mapping[str, Any] = {"active_test": False}


class WarnedError(SourceFailure):
    """Tryton wants somebody to say yes to a warning; nothing was done. `name` is the warning's, for this record."""

    def __init__(self, name: str, body: bytes) -> None:
        super().__init__(Code.SOURCE_REFUSED, "a warning that nobody is to say yes to", body=body)
        self.name = name


def rpc(model: str, method: str, *params: Any, context: Mapping[str, Any] = EVERYBODY) -> Request:
    """Return a call of a model's method; its last parameter is the context, always."""
    said = [*params, dict(context)]
    return Request(PATH, body={"id": 1, "method": f"model.{model}.{method}", "params": spelled(said, HINT)})


def search(
    model: str, domain: Sequence[Any], *fields: str, limit: int | None = None, context: Mapping[str, Any] = EVERYBODY
) -> Request:
    """Ask for the records of a domain, the oldest first."""
    return rpc(model, "search_read", domain, 0, limit, [["id", "ASC"]], fields, context=context)


def result(answer: Any) -> Any:
    """Return what was answered, or raise SourceFailure with what the refusal means."""
    error = answer.get("error")
    if not error:
        return typed(answer["result"], HINT)
    body = msgspec.json.encode(error)[:MOST_TOLD]
    if error[0] == WARNING:
        raise WarnedError(str(error[1][0]), body)
    if error[0] == CONFLICT:
        raise SourceFailure(Code.STALE_VERSION, "the record was changed meanwhile", body=body)
    raise SourceFailure(Code.SOURCE_REFUSED, "the call was answered with an error", body=body)


def found(request: Request) -> Generator[Call, Any, Any]:
    """Ask for records in a talk."""
    return result((yield Call(request)))


def only(request: Request, what: str) -> Generator[Call, Any, dict[str, Any]]:
    """Ask for the one record that there must be, or raise SourceFailure: there are none, or several."""
    rows = yield from found(request)
    if len(rows) != 1:
        raise SourceFailure(Code.SOURCE_REFUSED, f"there is not one {what}, but {len(rows)}")
    return dict(rows[0])


def changed(request: Request) -> Generator[Call, Any, Any]:
    """Change something in a talk, or raise SourceFailure where that is refused."""
    return result((yield Call(request, changes=True)))


def agreed(request: Request, warnings: Collection[str]) -> Generator[Call, Any, Any]:
    """Change something although Tryton warns of it, if these are the warnings that were meant; else it is refused.

    Saying yes holds for this user, this record and once. A warning's name is `<digest of the records>.<kind>`.
    """
    for _ in range(len(warnings) + 1):
        try:
            return (yield from changed(request))
        except WarnedError as warned:
            if warned.name.rpartition(".")[2] not in warnings:
                raise
            yield from _said_yes(warned.name)
    raise SourceFailure(Code.SOURCE_REFUSED, "it warns again of what was agreed to")


def _said_yes(name: str) -> Generator[Call, Any, None]:
    yield from changed(rpc("res.user.warning", "skip", name))


def unchanged(model: str, row: Mapping[str, Any], context: Mapping[str, Any] = EVERYBODY) -> Mapping[str, Any]:
    """Return the context in which a record is only changed if it is as it was when this row of it was read."""
    return {**context, "_timestamp": {f"{model},{row['id']}": row["_timestamp"]}}


def numbered(id_: str | None) -> int:
    """Return an id as the number that it is here, or raise ValueError."""
    return int(id_ or "")
