"""A page read column by column says what its rows say one by one, whatever stands in them; one that cannot is not."""

from __future__ import annotations

import asyncio
import copy
import os
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from colonnade.wiring import SystemClock
from demo.firm import northbeam
from demo.systems import emulated
from schema.problems import Problem
from schema.rows import Origin, System
from sources.registry import Binding, connect
from tests.sources.hostile import scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schema.rows import Row
    from sources.source import Source
    from sources.translation import RowReader

SEED = int(os.environ.get("FUZZ_SEED", "20261127"))
ROWS, PAGES, LENGTH = 60, 40, 12
ORIGIN = Origin(System.ERP, "erp", datetime(2026, 4, 8, tzinfo=UTC))
# What stands in a column of an ordinary source, and what does not.
ODD: tuple[Any, ...] = (
    *(None, "", " ", "x", "X" * 256, "0", "00", "-0", "-0.00", "+5", "1e3", "1,5", "1,", ",", "1.50", "1.5"),
    *(
        "1.2345",
        "NaN",
        "Infinity",
        "1" * 21,
        "1" * 29,
        "0.1234567890123456789012345678901",
        "true",
        "2026-02-30",
        "2026-W14-2",
    ),
    *("2026-03-31", "2026-03-31T12:00:00Z", "EUR", "eur", "\ud800", "\0", 0, 1, -1, 2**31, 2**70, True, False),
    *(Decimal("1.50"), Decimal("1.5"), Decimal("1E+5"), Decimal(10) ** 40, Decimal("-0")),
    *([], ["x"], {}, {"id": "x"}, date(2026, 3, 31), datetime(2026, 3, 31, tzinfo=UTC)),
)


class Read(NamedTuple):
    """One row type of one system: what reads it, by what it is asked, some of its rows, and its unmapped codes."""

    name: str
    reader: RowReader
    asked: list[str]
    raws: list[Any]
    source: Source


@pytest.fixture(scope="module")
def kinds() -> Iterator[list[Read]]:
    """Every type of every emulated system, with rows that contradict each other as planted."""
    with emulated(northbeam(), mutated=True) as bound:
        sources = [connect(Binding(one.role, one.vendor, one.address, one.credentials), SystemClock()) for one in bound]
        yield asyncio.run(_gathered(sources))


async def _gathered(sources: list[Source]) -> list[Read]:
    found = []
    for source in sources:
        for row in list(source.known()):
            entity, reader = source.manifest.entities[row.type], source.reader(row)
            asked = [reader.id, *(one.at for one in entity.ask.values())]
            columns = source._columns.behind([*reader.columns, *asked], row.type)  # noqa: SLF001  as a batch asks
            raws: list[Any] = []
            async with aclosing(source.raw(row, columns, scope(), page=ROWS)) as rows:
                async for raw in rows:
                    raws.append(raw)
                    if len(raws) == ROWS:
                        break
            found.append(Read(f"{source.binding}: {row.type}", reader, asked, raws, source))
        await source.wire.aclose()
    return found


def spoiled(raws: list[Any], random: Random, cells: int) -> list[Any]:
    """Return a copy of rows in which some values are others."""
    rows = copy.deepcopy(raws)
    for _ in range(cells):
        row = random.choice(rows)
        while isinstance(row, dict) and row:
            name = random.choice(list(row))
            if not isinstance(row[name], dict) or random.random() < 0.3:
                row[name] = random.choice(ODD)
                break
            row = row[name]
    return rows


def said(row: Row | Problem) -> Any:
    """Return a row in a form by which it is compared to the last zero and the kind of every value."""
    if isinstance(row, Problem):
        return row.code, str(row), row.refs if hasattr(row, "refs") else None
    return repr(row)


def test_a_page_says_what_its_rows_say(kinds: list[Read]) -> None:
    """Pages of real rows, some with one or more values out of the ordinary, read both ways; and most go by columns."""
    print(f"FUZZ_SEED={SEED}")  # noqa: T201  with which it is repeated
    random, together, alone = Random(SEED), 0, 0  # noqa: S311  no secret hangs on it
    assert len(kinds) > 40
    for kind in kinds:
        if not kind.raws:
            continue
        for number in range(PAGES):
            raws = spoiled(random.sample(kind.raws, min(LENGTH, len(kind.raws))), random, number % 4)
            at = random.choice(kind.asked)
            page = kind.reader.page(raws, at, ORIGIN)
            if page is None:
                alone += 1
                continue
            together += 1
            refs = [kind.reader.ref(raw) for raw in raws]
            assert page.refs == refs, kind.name
            assert [[key] for key in page.keys] == [kind.reader.keys(raw, at) for raw in raws], kind.name
            assert all(kind.reader.belongs(raw) and not kind.reader.nobodys(raw, at) for raw in raws), kind.name
            rows = [kind.reader.read(raw, ref, ORIGIN) for raw, ref in zip(raws, refs, strict=True) if ref]
            assert list(map(said, page.rows)) == list(map(said, rows)), kind.name
    assert together > alone > 0


def test_codes_without_a_word_are_counted_for_every_row(kinds: list[Read]) -> None:
    """A code that no rule maps counts once for each row that has it, read together or alone."""
    (kind,) = (one for one in kinds if one.name == "psa: Engagement")
    raws = copy.deepcopy(kind.raws[:LENGTH])
    for raw in raws:
        raw["status"] = {"key": "9999"} if isinstance(raw.get("status"), dict) else "9999"
    noted = kind.source.unmapped
    before = sum(one.count for one in noted.sightings())
    page = kind.reader.page(raws, kind.reader.id, ORIGIN)
    assert page is not None
    assert sum(one.count for one in noted.sightings()) - before == LENGTH
