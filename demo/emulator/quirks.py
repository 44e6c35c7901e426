"""How a server misbehaves on demand: small functions in two tables, the same for every vendor.

Row quirks change which rows a list answer is made of; the vendor then renders them as if all were well. Answer quirks
change the finished answer of a list. `short_page` is a number that the vendor asks for; the quirks that take their time
with an answer stand in `demo.emulator.paces`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from demo.emulator.paces import PACES, Pace
from demo.emulator.tables import Row, Table

QuirkName: TypeAlias = Literal[
    "none",
    "reverse",
    "gap",
    "lost",
    "duplicates",
    "strangers",
    "unfiltered",
    "bad_row",
    "short_page",
    "status_500",
    "status_503",
    "throttled",
    "html",
    "truncated",
    "wrong_type",
    "huge",
    "redirect",
    "expired",
    "slow",
    "drip",
    "hang",
]
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer. `entity` is set on lists alone, `rows` says how many it shows; `raw` replaces the content.

    `key` is the client's own key of what it wrote, where the call carried one.
    """

    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    entity: str | None = None
    rows: int = 0
    raw: bytes | None = None
    media_type: str = "application/json"
    key: str | None = None

    def body(self) -> bytes:
        """Return the bytes to send: JSON with decimals as exact numbers."""
        if self.raw is not None:
            return self.raw
        return b"" if self.content is None else _ENCODER.encode(self.content)


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows a list will show page by page, how many it says there are, and the table they come from."""

    rows: list[Row]
    total: int
    table: Table


def listing(rows: list[Row], table: Table) -> Listing:
    """Return an honest listing."""
    return Listing(rows, len(rows), table)


def _reverse(asked: Listing) -> Listing:
    return replace(asked, rows=asked.rows[::-1])


def _gap(asked: Listing) -> Listing:
    return listing(asked.rows[1:], asked.table)


def _lost(asked: Listing) -> Listing:
    return replace(asked, rows=asked.rows[1:])


def _duplicates(asked: Listing) -> Listing:
    return listing([*asked.rows[:1], *asked.rows], asked.table)


def _strangers(asked: Listing) -> Listing:
    key, known = asked.table.key, {row[asked.table.key] for row in asked.rows}
    stranger = [row for row in asked.table.select() if row[key] not in known][:1]
    return listing([*asked.rows, *stranger], asked.table)


def _unfiltered(asked: Listing) -> Listing:
    return listing(asked.table.select(), asked.table)


def _bad_row(asked: Listing) -> Listing:
    spoilt = [{**row, **dict.fromkeys(asked.table.mandatory, BAD_VALUE)} for row in asked.rows[:1]]
    return replace(asked, rows=[*spoilt, *asked.rows[1:]])


BAD_VALUE: Final = 12345
"""Stands where a text must be."""

ROW_QUIRKS: Final[Mapping[QuirkName, Callable[[Listing], Listing]]] = {
    "reverse": _reverse,  # all rows in reverse order
    "gap": _gap,  # the first row is left out, and nobody counts it
    "lost": _lost,  # the first row is left out, but still counted
    "duplicates": _duplicates,  # the first row comes twice
    "strangers": _strangers,  # one more row comes that nobody asked for
    "unfiltered": _unfiltered,  # all rows of the table come, whatever was asked
    "bad_row": _bad_row,  # the first row has numbers for its mandatory texts
}

Refuse: TypeAlias = Callable[[int], Answer]
"""The vendor's own words for a status."""

HTML: Final = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"


def _unavailable(_answer: Answer, refuse: Refuse, _quirk: "Quirk") -> Answer:
    refused = refuse(503)
    return replace(refused, headers={**refused.headers, "Retry-After": "1"})


def _truncated(answer: Answer, _refuse: Refuse, _quirk: "Quirk") -> Answer:
    body = answer.body()
    return replace(answer, raw=body[: len(body) // 2], rows=0)


def _wrong_type(answer: Answer, _refuse: Refuse, _quirk: "Quirk") -> Answer:
    content = {"items": answer.content} if isinstance(answer.content, list) else [answer.content]
    return replace(answer, content=content, rows=0)


def _huge(answer: Answer, _refuse: Refuse, quirk: "Quirk") -> Answer:
    # Blanks after its end leave JSON as it was: whoever reads it all is told the truth.
    return replace(answer, raw=answer.body() + b" " * (quirk.megabytes * MEGABYTE))


def _redirect(_answer: Answer, _refuse: Refuse, quirk: "Quirk") -> Answer:
    return Answer(302, headers={"Location": quirk.location})


MEGABYTE: Final = 1_000_000

ANSWER_QUIRKS: Final[Mapping[QuirkName, Callable[[Answer, Refuse, "Quirk"], Answer]]] = {
    "status_500": lambda _answer, refuse, _quirk: refuse(500),
    "status_503": _unavailable,  # and a second to wait
    "throttled": lambda _answer, refuse, _quirk: refuse(429),  # in the vendor's way, whatever its status
    "html": lambda _answer, _refuse, _quirk: Answer(200, raw=HTML, media_type="text/html"),
    "truncated": _truncated,  # the first half of the body
    "wrong_type": _wrong_type,  # a list where an object is expected, or the other way about
    "huge": _huge,  # the right answer, and so many megabytes of blanks after it
    "redirect": _redirect,  # another address, which is nobody's
    "expired": lambda _answer, refuse, _quirk: refuse(401),
}
ONE_SHOT: Final = frozenset({"expired"})


class Quirk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The misbehaviour switched on, for the lists of one entity or of all.

    `rows` is the page of `short_page`, `seconds` the wait of `slow` and of each byte of `drip`, `megabytes` the blanks
    of `huge`, `location` where `redirect` leads.
    """

    name: QuirkName = "none"
    entity: str | None = None
    rows: Annotated[int, msgspec.Meta(ge=1)] = 3
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    megabytes: Annotated[int, msgspec.Meta(ge=1, le=200)] = 40
    location: str = "http://elsewhere.invalid/"

    def listing(self, asked: Listing) -> Listing:
        """Return the listing as it will be shown."""
        return ROW_QUIRKS[self.name](asked) if self.name in ROW_QUIRKS and self.spoils(asked.table.name) else asked

    def page_size(self, entity: str, size: int) -> int:
        """Return the rows of a page: what was asked, unless pages are short."""
        return min(size, self.rows) if self.name == "short_page" and self.spoils(entity) else size

    def answer(self, honest: Answer, refuse: Refuse) -> Answer:
        """Return the answer that is sent in place of the honest one."""
        if self.name in ANSWER_QUIRKS and honest.entity and self.spoils(honest.entity):
            return ANSWER_QUIRKS[self.name](honest, refuse, self)
        return honest

    def pace(self, honest: Answer) -> Pace | None:
        """Return how the answer takes its time, if it does."""
        return PACES.get(self.name) if honest.entity and self.spoils(honest.entity) else None

    def spoils(self, entity: str) -> bool:
        """Tell whether it is meant for this entity."""
        return self.entity in {None, entity}
