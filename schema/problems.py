"""What can go wrong, as values: a Problem may stand wherever a value stands, and becomes null plus its error there.

    Problem                    one value could not be had; everything else in the answer still can
    └── carries a Code         stable: clients switch on it

graphql-core turns a *returned* exception into null plus an error with the right path, so no other code is needed for
unmapped codes, bad rows and absent owners. `fold` then makes one error of all that say the same.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATHS_SHOWN = 100


@unique
class Code(Enum):
    """The error codes of the graph: whether asking again can help, and the cure. A code never changes its meaning."""

    BAD_INPUT = False, "Correct the argument that the message names."
    MALFORMED_ID = False, "Use an id exactly as this graph gave it."
    MALFORMED_CURSOR = False, "Use a cursor of the same list, exactly as this graph gave it."
    NOT_FOUND = False, "Restore the record in its owner, or correct the reference that points to it."
    REFERENCE_UNKNOWN = False, "Link the two records in the cross-references."
    REFERENCE_AMBIGUOUS = False, "Retire all but one of the record's cross-references."
    UNMAPPED_VALUE = False, "Add the code to the translation table of the source."
    BAD_ROW = False, "Correct the record in its system, or the translation of the source."
    TOO_MANY = False, "Ask the paged list instead."
    NOT_OFFERED = False, "Bind the role to a system that answers this."
    STORE_UNAVAILABLE = True, "Ask again later; an operator must see to the store."
    SOURCE_UNAVAILABLE = True, "Ask again later."
    SOURCE_TIMEOUT = True, "Ask again later, or for less."
    SOURCE_THROTTLED = True, "Ask again later and less often."
    SOURCE_DENIED = False, "Have an operator renew the credential of the source."
    SOURCE_REFUSED = False, "Have an operator compare the source's manifest with what the source takes."
    SOURCE_MISBEHAVED = False, "Have an operator compare the source's manifest with what the source answers."
    INTERNAL_ERROR = False, "Report the correlation id."

    def __init__(self, retryable: bool, cure: str) -> None:  # noqa: FBT001  a member's two values
        self.retryable = retryable
        self.cure = cure


class Problem(Exception):
    """A coded failure of one value: an exception only because graphql-core asks for one.

    `extensions` is what the client reads beside the message.
    """

    def __init__(self, code: Code, message: str, **details: str) -> None:
        """Say what failed; `details` are names and ids, never a source's own text."""
        super().__init__(message)
        self.code = code
        # Whom an unreadable record means, as far as that can still be read: it tells in which list its hole is.
        self.refs: Mapping[str, Any] = {}
        self.extensions: dict[str, Any] = {"code": code.name, "retryable": code.retryable, **details}

    def __eq__(self, other: object) -> bool:
        """Two problems that say the same are the same: they fold into one error."""
        return isinstance(other, Problem) and (str(self), self.extensions) == (str(other), other.extensions)

    __hash__ = Exception.__hash__


def fold(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """One error per cause: errors that say the same become one, at the first path, with a count and all paths.

    They come in the order of their paths, whichever system answered first.
    """
    groups: dict[bytes | int, list[GraphQLError]] = {}
    for error in sorted(errors, key=_place):
        said = msgspec.json.encode([error.message, error.extensions], order="sorted")
        groups.setdefault(said if isinstance(error.original_error, Problem) else id(error), []).append(error)
    return [group[0] if len(group) == 1 else _folded(group) for group in groups.values()]


def _place(error: GraphQLError) -> list[tuple[bool, str | int]]:
    return [(isinstance(step, str), step) for step in error.path or ()]


def _folded(group: list[GraphQLError]) -> GraphQLError:
    first = group[0]
    paths = [error.path for error in group[:PATHS_SHOWN]]
    extensions = {**(first.extensions or {}), "count": len(group), "paths": paths}
    return GraphQLError(first.message, nodes=first.nodes, path=first.path, extensions=extensions)
