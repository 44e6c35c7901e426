"""JSON-RPC 1.0 for what changes something: context with every call, errors with status 200, and no error codes.

An error names the kind of its exception, and says the rest in a text in somebody's language. The kind alone is read,
and of what it means no more than this: whether the record was changed meanwhile, or a person should be asked. Anything
else is a refusal; what may be refused for a reason that matters is asked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code
from sources.contract import Request, SourceFailure
from sources.families.jsonrpc import spelled, typed
from sources.writes import Call

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

# What is kept of a refusal: that of a broken rule has the rule in it.
MOST_TOLD = 4_000


class WarnedError(SourceFailure):
    """The system wants somebody to say yes to a warning; nothing was done. `name` is the warning's."""

    def __init__(self, name: str, body: bytes) -> None:
        super().__init__(Code.SOURCE_REFUSED, "it warns, and nobody is to say yes to that", body=body)
        self.name = name


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """How a product is called: at which path, with which context, and what it calls a conflict and a warning.

    `version` is the field that tells how often a record was changed, and what a call that relies on it has in its
    context.
    """

    path: str
    hint: str
    context: Mapping[str, Any]
    version: str
    conflict: str
    warning: str

    def rpc(self, model: str, method: str, *params: Any, context: Mapping[str, Any] | None = None) -> Request:
        """Return a call of a model's method; its last parameter is the context, always."""
        said = [*params, {**self.context, **(context or {})}]
        body = {"id": 1, "method": f"model.{model}.{method}", "params": spelled(said, self.hint)}
        return Request(self.path, body=body)

    def search(
        self, model: str, domain: Sequence[Any], *fields: str, context: Mapping[str, Any] | None = None
    ) -> Request:
        """Ask for the records of a domain, by their ids."""
        return self.rpc(model, "search_read", domain, 0, None, [["id", "ASC"]], fields, context=context)

    def result(self, answer: Any) -> Any:
        """Return what was answered, or raise SourceFailure with what the refusal means."""
        error = answer.get("error")
        if not error:
            return typed(answer["result"], self.hint)
        body = msgspec.json.encode(error)[:MOST_TOLD]
        if error[0] == self.warning:
            raise WarnedError(str(error[1][0]), body)
        if error[0] == self.conflict:
            raise SourceFailure(Code.STALE_VERSION, "the record was changed meanwhile", body=body)
        raise SourceFailure(Code.SOURCE_REFUSED, "the call was answered with an error", body=body)

    def found(self, request: Request) -> Generator[Call, Any, Any]:
        """Ask for something in a talk, or raise LookupError: that a question is refused says nothing of a change."""
        answer = yield Call(request)
        return typed(answer["result"], self.hint)

    def only(self, request: Request, what: str) -> Generator[Call, Any, dict[str, Any]]:
        """Ask for the one record that there must be, or raise SourceFailure: there are none, or several."""
        rows = yield from self.found(request)
        if len(rows) != 1:
            raise SourceFailure(Code.SOURCE_REFUSED, f"there is not one {what}, but {len(rows)}")
        return dict(rows[0])

    def changed(self, request: Request) -> Generator[Call, Any, Any]:
        """Change something in a talk, or raise SourceFailure where that is refused."""
        return self.result((yield Call(request, changes=True)))

    def unchanged(self, model: str, *rows: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the context in which records are only changed if they are as they were when these rows were read."""
        return {self.version: {f"{model},{row['id']}": row[self.version] for row in rows}}


def numbered(id_: str | None) -> int:
    """Return an id as the number that it is here, or raise ValueError."""
    return int(id_ or "")
