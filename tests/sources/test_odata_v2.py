"""Answers of OData V2 in the wrong shape: a value that cannot be read is a problem of its own, never a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schema.rows import Row
from schema.tomlfile import FileError
from tests.sources.hostile import HEAD, ODATA, SECRETS, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.source import Source
    from tests.sources.hostile import Hostile

V2 = ODATA.replace(
    'dialect = { family = "odata" }', 'dialect = { family = "odata", version = "v2", ids = "or" }'
).replace(', unit = "noon"', "")
SECRETS[V2] = SECRETS[ODATA]
MISBEHAVED = "SOURCE_MISBEHAVED"


def invoice(**changed: Any) -> dict[str, Any]:
    """Return a row as a gateway writes it."""
    row = {"Number": "1", "Company": "C", "Date": "/Date(1775606400000)/", "Net": "12345678901.10", "Currency": "EUR"}
    return {**row, "__metadata": {"etag": 'W/"1"'}, **changed}


def page(*rows: Any, **beside: Any) -> dict[str, Any]:
    """Return an answer."""
    return {"d": {"results": list(rows), **beside}}


async def test_a_row_is_read_exactly(bound: Callable[..., Source], server: Hostile) -> None:
    """A day is a day, a decimal keeps its digits, and ids are asked for by a chain."""
    server.say = server.json(page(invoice(), __count="1"))
    row = (await ask(bound(V2), "invoices_by_id", "1", "2"))["1"]
    assert isinstance(row, Row)
    assert (str(row.issue_date), str(row.net.amount)) == ("2026-04-08", "12345678901.10")  # type: ignore[attr-defined]
    (call,) = server.calls
    assert call.query["$filter"] == "(Number eq '1' or Number eq '2')"
    assert call.query["$inlinecount"] == "allpages"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"value": []}, MISBEHAVED),
        ({"d": []}, MISBEHAVED),
        (page(__count="many"), MISBEHAVED),
        (page(__count=-1), MISBEHAVED),
        (page(__count="1"), MISBEHAVED),
        (page(__count="0"), None),
        (page(), None),
        (page(invoice(), __next="http://127.0.0.1/data/Others?$skiptoken=1"), MISBEHAVED),
    ],
)
async def test_an_answer_of_the_wrong_shape(
    bound: Callable[..., Source], server: Hostile, content: object, said: str | None
) -> None:
    """What is no page, counts more rows than come, or leads elsewhere, is not believed."""
    server.say = server.json(content)
    assert await ask(bound(V2), "invoices_by_id", "1") == {"1": said}


@pytest.mark.parametrize(
    "moment",
    ["/Date(1775606400001)/", "/Date(999999999999999)/", "/Date(now)/", "/Date(1775606400000+0000)/"],
)
async def test_what_is_no_day_is_none(bound: Callable[..., Source], server: Hostile, moment: str) -> None:
    """An instant is no day, nor is what cannot be read: nothing is guessed of the row."""
    server.say = server.json(page(invoice(Date=moment)))
    assert await ask(bound(V2), "invoices_by_id", "1") == {"1": "BAD_ROW"}


@pytest.mark.parametrize("option", ['ids = "in"', 'ids = "or", contains = "wildcard"'])
def test_a_manifest_cannot_ask_for_what_is_not_there(bound: Callable[..., Source], option: str) -> None:
    """V2 has no list of ids, and asks for texts by its function."""
    text = HEAD + ODATA.removeprefix(HEAD).replace('family = "odata"', f'family = "odata", version = "v2", {option}')
    SECRETS[text] = SECRETS[ODATA]
    with pytest.raises(FileError, match="V2 asks for ids by a chain"):
        bound(text)
