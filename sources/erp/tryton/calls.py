"""How Tryton is called, and how somebody agrees to what it warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import SourceFailure
from sources.families.jsonrpc_calls import Calls, WarnedError

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

    from sources.contract import Request
    from sources.writes import Call

TRYTON = Calls(
    path="/rpc/",
    hint="__class__",
    context={"active_test": False},
    version="_timestamp",
    conflict="ConcurrencyException",
    warning="UserWarning",
)


def agreed(request: Request, warnings: Collection[str]) -> Generator[Call, Any, Any]:
    """Change something although Tryton warns of it, if these are the warnings that were meant; else it is refused.

    Agreeing holds for this user and these records, once. A warning's name is `<digest of the records>.<kind>`.
    """
    for _ in range(len(warnings) + 1):
        try:
            return (yield from TRYTON.changed(request))
        except WarnedError as warned:
            if warned.name.rpartition(".")[2] not in warnings:
                raise
            yield from TRYTON.changed(TRYTON.rpc("res.user.warning", "skip", warned.name))
    raise SourceFailure(Code.SOURCE_REFUSED, "it warns again of what was agreed to")
