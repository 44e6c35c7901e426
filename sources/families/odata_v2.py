"""OData V2 (as SAP's gateways speak it): a chain of `or` (batch strategy C), rows in an envelope, pages by `__next`.

Decimals come as texts and are read as such. A moment is `/Date(milliseconds)/`: with an offset it is an instant,
without one a day, if it is a midnight.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from schema.problems import Code
from sources.contract import Answer, Get, Request, SourceFailure, counted, follow, walk
from sources.families.odata import OData, following, literal
from sources.selection import instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sources.selection import Form, Since

MOMENT = re.compile(r"/Date\((-?[0-9]{1,15})([+-][0-9]{4})?\)/")
COUNT = re.compile(r"[0-9]{1,15}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ODataV2(OData):
    """What is asked is asked as in V4, with other words; an answer stands in an envelope."""

    control = "__"
    counting: ClassVar[Mapping[str, str]] = {"$inlinecount": "allpages"}

    def at(self, path: str) -> Get:
        """Follow the path, into what the protocol says, too: `__metadata.etag`."""
        return follow(path)

    def _page(self, request: Request, content: Any) -> Answer:
        rows = walk(content, "d.results")
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no 'd.results'")
        link, total = walk(content, "d.__next"), walk(content, "d.__count")
        typed = [{name: _typed(value) for name, value in row.items()} if isinstance(row, dict) else row for row in rows]
        return Answer(typed, following(request, link) if link else None, None if total is None else _counted(total))

    def _since(self, since: Since) -> str:
        terms = [f"{stamp.at} ge datetimeoffset'{instant(since)}'" for stamp in since.stamps]
        return f"({' or '.join(terms)})"

    def _written(self, form: Form, text: str) -> str:
        if form in {"day", "noon"}:
            day, _, hours = text.removesuffix("Z").partition("T")
            return f"datetime'{day}T{hours or '00:00:00'}'"
        return super()._written(form, text)

    def _contains(self, column: str, word: str) -> str:
        return f"substringof({literal(word)},tolower({column}))"


def _counted(total: Any) -> int:
    """Read a number of rows, which is a text here."""
    return counted(int(total) if isinstance(total, str) and COUNT.fullmatch(total) else total)


def _typed(value: Any) -> date | datetime | Any:
    """Turn a moment into what it spells; all else stays what it is."""
    said = MOMENT.fullmatch(value) if isinstance(value, str) else None
    if said is None:
        return value
    try:
        moment = EPOCH + timedelta(milliseconds=int(said[1]))
    except OverflowError:
        return value
    return moment.date() if said[2] is None and moment.time() == time() else moment
