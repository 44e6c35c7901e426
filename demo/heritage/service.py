"""The legacy ERP's SOAP service: its types, its operations and its faults. `python -m demo.heritage.service PORT`.

With a folder and a second port behind that, it takes files, too, over SFTP.

In a process of its own: spyne was written for older Pythons, and leaves things behind in the one that imports it.
"""

import base64
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal as Amount
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Final, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from spyne import Application, Array, ComplexModel, Date, Decimal, Fault, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from demo.firm import northbeam
from demo.heritage.exchange import Desk
from demo.heritage.ledger import PASSWORD, USER, Books, RefusedError
from demo.heritage.sftp import Road, serve

NAMESPACE: Final = "urn:heritage:ledger:7"
# What one answer holds at most.
PAGE: Final = 100
Ids = Unicode.customize(max_occurs="unbounded", min_occurs=0)


class Company(ComplexModel):
    """A legal entity."""

    __namespace__ = NAMESPACE
    code, name, currency, country = Unicode, Unicode, Unicode, Unicode


class Document(ComplexModel):
    """An invoice or credit note."""

    __namespace__ = NAMESPACE
    docno, number, kind, status, settled = Unicode, Unicode, Unicode, Unicode, Unicode
    company, debtor, project, currency, corrects = Unicode, Unicode, Unicode, Unicode, Unicode
    issued, due, booked = Date, Date, Date
    net, tax, total, open = Decimal, Decimal, Decimal, Decimal


class Project(ComplexModel):
    """An engagement under financial control."""

    __namespace__ = NAMESPACE
    projno, state, company, currency = Unicode, Unicode, Unicode, Unicode
    value = Decimal


class Position(ComplexModel):
    """A line of a document."""

    __namespace__ = NAMESPACE
    posno, docno, text, unit = Unicode, Unicode, Unicode, Unicode
    currency, taxcode, account = Unicode, Unicode, Unicode
    quantity, price, net, tax = Decimal, Decimal, Decimal, Decimal


class Debtor(ComplexModel):
    """A customer."""

    __namespace__ = NAMESPACE
    debtno, name, blocked = Unicode, Unicode, Unicode


class Period(ComplexModel):
    """A month of the books."""

    __namespace__ = NAMESPACE
    periodno, company, state = Unicode, Unicode, Unicode
    first, last = Date, Date


class Kind(NamedTuple):
    """A kind of row: in which table of the books, by which key, and what it is written as."""

    table: str
    key: str
    row: Any
    page: Any


def _kind(table: str, key: str, row: Any) -> Kind:
    members = {"__namespace__": NAMESPACE, "rows": Array(row), "next": Unicode}
    return Kind(table, key, row, type(f"{row.__name__}Page", (ComplexModel,), members))


COMPANIES, PROJECTS = _kind("companies", "code", Company), _kind("projects", "projno", Project)
DEBTORS, PERIODS = _kind("debtors", "debtno", Debtor), _kind("periods", "periodno", Period)
DOCUMENTS, POSITIONS = _kind("documents", "docno", Document), _kind("positions", "posno", Position)


def service(books: Books) -> type[ServiceBase]:
    """Return the operations over these books."""

    def page(kind: Kind, asked: Mapping[str, Any], after: str | None, limit: int | None) -> Any:
        by, wanted = next(((by, ids) for by, ids in asked.items() if ids), (kind.key, None))
        most = min(limit or PAGE, PAGE)
        found = books.found(kind.table, by, wanted, after)
        rows = [kind.row(**one) for one in found[:most]]
        return kind.page(rows=rows, next=found[most - 1][kind.key] if len(found) > most else None)

    class Ledger(ServiceBase):
        @rpc(Ids, Unicode, Integer, _returns=COMPANIES.page)
        def find_companies(self: Any, code: Any, after: Any, limit: Any) -> Any:
            return page(COMPANIES, {"code": code}, after, limit)

        @rpc(Ids, Unicode, Integer, _returns=PROJECTS.page)
        def find_projects(self: Any, projno: Any, after: Any, limit: Any) -> Any:
            return page(PROJECTS, {"projno": projno}, after, limit)

        @rpc(Ids, Unicode, Integer, _returns=DEBTORS.page)
        def find_debtors(self: Any, debtno: Any, after: Any, limit: Any) -> Any:
            return page(DEBTORS, {"debtno": debtno}, after, limit)

        @rpc(Ids, Ids, Unicode, Integer, _returns=PERIODS.page)
        def find_periods(self: Any, periodno: Any, company: Any, after: Any, limit: Any) -> Any:
            return page(PERIODS, {"periodno": periodno, "company": company}, after, limit)

        @rpc(Ids, Ids, Ids, Ids, Unicode, Integer, _returns=DOCUMENTS.page)
        def find_documents(  # noqa: PLR0917  the operation has as many
            self: Any, docno: Any, project: Any, debtor: Any, corrects: Any, after: Any, limit: Any
        ) -> Any:
            asked = {"docno": docno, "project": project, "debtor": debtor, "corrects": corrects}
            return page(DOCUMENTS, asked, after, limit)

        @rpc(Ids, Ids, Unicode, Integer, _returns=POSITIONS.page)
        def find_positions(self: Any, posno: Any, docno: Any, after: Any, limit: Any) -> Any:
            return page(POSITIONS, {"posno": posno, "docno": docno}, after, limit)

        @rpc(Unicode, Date, Decimal, Unicode, _returns=Document)
        def post_document(self: Any, docno: str, booked: date, total: Amount, requestid: str) -> Any:
            try:
                posted = books.post(docno, booked, total, requestid)
            except RefusedError as refused:
                raise Fault(refused.code, str(refused)) from refused
            return Document(**asdict(posted))

    return Ledger


class Ledgers:
    """The service as WSGI, behind its password; beside it how tests look at it and disturb it."""

    def __init__(self, books: Books, desk: Desk | None = None) -> None:
        spoken = Application([service(books)], NAMESPACE, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
        self._inner, self._books, self._desk = WsgiApplication(spoken), books, desk
        self._expected = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
        self._asked: list[dict[str, str]] = []
        self._loses = ""

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Answer a request."""
        if (path := environ["PATH_INFO"]).startswith("/_control/"):
            return self._controlled(environ["REQUEST_METHOD"], path.removeprefix("/_control/"), start)
        if environ["REQUEST_METHOD"] == "POST" and environ.get("HTTP_AUTHORIZATION") != self._expected:
            start("401 Unauthorized", [("Content-Length", "0")])
            return [b""]
        operation = environ.get("HTTP_SOAPACTION", "").strip('"')
        self._asked.append({"method": "POST", "path": operation})
        answer = b"".join(self._inner(environ, start))
        if operation and operation == self._loses:
            # It has been carried out, and nobody hears of it.
            self._loses = ""
            raise ConnectionAbortedError
        return [answer]

    def _controlled(self, method: str, what: str, start: Any) -> Iterable[bytes]:
        """Tell or clear the log, lose the next answer to an operation, reopen the books, or tell what was posted."""
        told: object = None
        match method, what.split("/"):
            case "GET", ["log"]:
                told = self._asked
            case "DELETE", ["log"]:
                self._asked.clear()
            case "PUT", ["lose", operation]:
                self._loses = operation
            case "PUT", ["closed", day]:
                self._books.closed_until = date.fromisoformat(day)
            case "PUT", ["booked", number]:
                own = self._books.documents[number]
                self._books.post(number, date(2026, 4, 8), own.total, f"somebody else's {number}")
            case "GET", ["posted"]:
                told = [
                    one.docno for one in self._books.documents.values() if one.number and one.number.startswith("H-")
                ]
            case "GET", ["files"] if self._desk:
                told = self._desk.seen
            case "PUT", ["files", mood] if self._desk:
                self._desk.mood = mood
            case "POST", ["restore"]:
                self._restore()
        body = json.dumps(told).encode()
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _restore(self) -> None:
        """Begin anew, as in the morning."""
        self._books.restore(northbeam())
        self._loses = ""
        if self._desk is not None:
            self._desk.mood = ""
            self._desk.forget()


def main(port: int, folder: str = "", files: int = 0) -> None:
    """Serve until killed."""
    books, desk = Books(northbeam()), None
    if folder:
        desk = Desk(books, Path(folder) / "files")
        serve(desk, Road(Path(folder), files))
    make_server("127.0.0.1", port, Ledgers(books, desk), _Server, _Quiet).serve_forever()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Write no log."""


if __name__ == "__main__":
    _, at, *road = sys.argv
    main(int(at), road[0] if road else "", int(road[1]) if road else 0)
