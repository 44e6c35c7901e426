"""Whatever comes for an answer in XML: values exact, pages to their end, and nothing is ever fetched or unfolded."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.responses import Response

from colonnade.wiring import SystemClock
from schema.invoice import InvoiceRow
from schema.tomlfile import FileError
from sources.families.soap import Service
from sources.registry import Binding, connect
from tests.sources.hostile import ask, coded, scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from sources.source import Source
    from tests.sources.hostile import Hostile

WSDL = Path("sources/erp/heritage/service.wsdl")
BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


def envelope(inner: str, head: str = "") -> bytes:
    """Write an answer's envelope."""
    return (
        f'<?xml version="1.0"?>{head}<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:t="urn:heritage:ledger:7"><e:Body>{inner}</e:Body></e:Envelope>'
    ).encode()


def documents(*rows: str, after: str = "") -> bytes:
    """Write an answer with these documents, and where the next page begins."""
    listed = "".join(f"<t:Document>{row}</t:Document>" for row in rows)
    following = f"<t:next>{after}</t:next>" if after else ""
    page = f"<t:find_documentsResult><t:rows>{listed}</t:rows>{following}</t:find_documentsResult>"
    return envelope(f"<t:find_documentsResponse>{page}</t:find_documentsResponse>")


def document(number: int, net: str = "10.00") -> str:
    """Write one document."""
    return f"<t:docno>{number}</t:docno><t:number>{number}</t:number><t:currency>EUR</t:currency><t:net>{net}</t:net>"


@pytest.fixture
def source(server: Hostile, tmp_path: Path) -> Source:
    """The legacy ERP's manifest bound to a hostile server."""
    folder = shutil.copytree("sources/erp/heritage", tmp_path / "heritage")
    return connect(Binding("erp", str(folder), server.url, {"user": "us", "password": "s3cret"}), SystemClock())


def text(server: Hostile, *bodies: bytes, status: int = 200) -> None:
    """Answer with these bodies, one after the other; the last one again and again."""
    left: Iterator[bytes] = iter(bodies[:-1])

    async def say(_request: Request) -> Response:
        return Response(next(left, bodies[-1]), status, media_type="text/xml")

    server.say = say


async def test_values_are_exact(source: Source, server: Hostile) -> None:
    """An amount is the decimal that was written; the ids go out together, with our name and the action."""
    text(server, documents(document(1, "0.10"), document(2, "123456789012.345")))
    found = await ask(source, "invoices_by_id", "1", "2")
    assert {id_: row.net.amount for id_, row in found.items()} == {
        "1": Decimal("0.10"),
        "2": Decimal("123456789012.345"),
    }
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/ledger")
    assert call.body.count(b"docno>") == 4
    await source.wire.aclose()


async def test_pages_are_followed_to_the_end(source: Source, server: Hostile) -> None:
    """An answer that is cut goes on behind the id that it names, with all that was asked."""
    text(server, documents(document(1), after="1"), documents(document(2)))
    found = await ask(source, "invoices_by_id", "1", "2", "3")
    assert {id_: getattr(row, "number", row) for id_, row in found.items()} == {"1": "1", "2": "2", "3": None}
    assert [b"after>1<" in call.body for call in server.calls] == [False, True]
    assert all(call.body.count(b"docno>") == 6 for call in server.calls)
    await source.wire.aclose()


async def test_an_empty_list_is_one(source: Source, server: Hostile) -> None:
    """Without rows there is no record, and no error."""
    text(server, documents())
    assert await ask(source, "invoices_by_id", "1") == {"1": None}
    await source.wire.aclose()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 200, "SOURCE_MISBEHAVED"),
        (b"<html><body>Sign in</body></html>", 200, "SOURCE_MISBEHAVED"),
        (documents(document(1))[:-40], 200, "SOURCE_MISBEHAVED"),
        (envelope("<t:somethingElse/>"), 200, "SOURCE_MISBEHAVED"),
        (envelope("<t:find_documentsResponse/>"), 200, "SOURCE_MISBEHAVED"),
        (documents(document(1)).replace(b"t:rows", b"t:lines"), 200, "SOURCE_MISBEHAVED"),
        (documents(document(1)).replace(b"t:Document", b"t:Paper"), 200, "SOURCE_MISBEHAVED"),
        (documents(document(1)).replace(b"t:net", b"t:nett"), 200, "SOURCE_MISBEHAVED"),
        (documents(document(1, "twelve")), 200, "SOURCE_MISBEHAVED"),
        (documents(document(1)).replace(b"?>", f"?>{BOMB}".encode()), 200, "SOURCE_MISBEHAVED"),
        (documents(document(1)).replace(b"?>", f"?>{OUTSIDE}".encode()), 200, "SOURCE_MISBEHAVED"),
        (documents("<t:docno>" + "<t:x>" * 5_000 + "</t:x>" * 5_000 + "</t:docno>"), 200, "SOURCE_MISBEHAVED"),
        (
            envelope("<e:Fault><faultcode>e:Server</faultcode><faultstring>x</faultstring></e:Fault>"),
            200,
            "SOURCE_REFUSED",
        ),
        (envelope("<e:Fault><faultcode>e:Client.NotFound</faultcode></e:Fault>"), 500, "SOURCE_REFUSED"),
        (envelope("<e:Fault><faultcode>e:Server</faultcode></e:Fault>"), 500, "SOURCE_UNAVAILABLE"),
    ],
)
async def test_what_is_no_answer_is_none(source: Source, server: Hostile, body: bytes, status: int, code: str) -> None:
    """Whatever it is, it is told by its kind, and nothing of it is believed."""
    text(server, body, status=status)
    assert await ask(source, "invoices_by_id", "1") == {"1": code}
    await source.wire.aclose()


async def test_an_amount_of_no_firm_costs_its_record(source: Source, server: Hostile) -> None:
    """XML's decimals have no end; ours have."""
    text(server, documents(document(1, "1" * 40), document(2)))
    found = await ask(source, "invoices_by_id", "1", "2")
    assert (coded(found["1"]), found["2"].number) == ("BAD_ROW", "2")
    await source.wire.aclose()


def test_a_wsdl_is_never_fetched(server: Hostile, tmp_path: Path) -> None:
    """One that stands elsewhere, or means another one elsewhere, is not loaded, and nobody is asked for it."""
    with pytest.raises(FileError, match="cannot be read as a WSDL"):
        Service(Path(f"{server.url}/service.wsdl"))
    written = WSDL.read_text(encoding="utf-8")
    imported = f'<wsdl:import namespace="urn:x" location="{server.url}/other.wsdl"/><wsdl:types>'
    (tmp_path / "service.wsdl").write_text(written.replace("<wsdl:types>", imported, 1), encoding="utf-8")
    with pytest.raises(FileError, match="ExternalReferenceForbidden"):
        Service(tmp_path / "service.wsdl")
    (tmp_path / "service.wsdl").write_text("<html/", encoding="utf-8")
    with pytest.raises(FileError, match="cannot be read as a WSDL"):
        Service(tmp_path / "service.wsdl")
    assert server.calls == []


async def test_an_operation_that_the_wsdl_does_not_know(server: Hostile, tmp_path: Path) -> None:
    """What the manifest and the WSDL do not agree on is a refusal of its own question, and nothing is sent."""
    folder = Path(shutil.copytree("sources/erp/heritage", tmp_path / "heritage"))
    manifest = folder / "source.toml"
    said = manifest.read_text(encoding="utf-8").replace("find_documents", "find_papers")
    manifest.write_text(said, encoding="utf-8")
    source = connect(Binding("erp", str(folder), server.url, {"user": "us", "password": "s3cret"}), SystemClock())
    assert await ask(source, "invoices_by_id", "1") == {"1": "SOURCE_REFUSED"}
    assert server.calls == []
    await source.wire.aclose()


async def test_a_list_goes_on_behind_an_id(source: Source, server: Hostile) -> None:
    """A page is asked for by the id behind which it begins."""
    text(server, documents(document(1), document(2), after="2"), documents(document(3)))
    places, total = await source.page(InvoiceRow, None, 2, scope())
    assert ([place.position.id for place in places], total) == (["1", "2"], None)
    text(server, documents(document(3)))
    places, _ = await source.page(InvoiceRow, places[-1].position, 2, scope())
    assert [place.position.id for place in places] == ["3"]
    assert b"after>2<" in server.calls[-1].body
    await source.wire.aclose()


@pytest.mark.parametrize("id_", ["a\x00b", "a\x01b", "\ufffe"])
async def test_an_id_that_xml_cannot_carry(source: Source, server: Hostile, id_: str) -> None:
    """It is nobody's, costs no other id anything, and is never sent."""
    text(server, documents(document(1)))
    found = await ask(source, "invoices_by_id", id_, "1")
    assert (found[id_], found["1"].number) == (None, "1")
    (call,) = server.calls
    assert call.body.count(b"docno>") == 2
    await source.wire.aclose()


def test_a_list_is_chosen_by_an_argument_alone(server: Hostile, tmp_path: Path) -> None:
    """An order is refused at the start: no operation has a word for one."""
    folder = Path(shutil.copytree("sources/erp/heritage", tmp_path / "heritage"))
    manifest = folder / "source.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('filters = ["code"]', 'orders = ["code"]'), encoding="utf-8")
    with pytest.raises(FileError, match="in SOAP a list is chosen by the values of an operation's argument alone"):
        connect(Binding("erp", str(folder), server.url, {"user": "us", "password": "s3cret"}), SystemClock())
