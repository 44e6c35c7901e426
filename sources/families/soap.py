"""SOAP 1.1 by a stored WSDL: the id list travels in a body (batch strategy A), pages follow an id."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Error, Fault
from zeep.helpers import serialize_object
from zeep.transports import Transport

from schema.problems import Code
from schema.tomlfile import FileError
from sources.contract import Answer, Document, Request, SourceFailure, follow, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources.contract import Get, Position
    from sources.dialects import SoapDialect
    from sources.manifest import Asked, Entity
    from sources.selection import Selection

XML: Final = "text/xml; charset=utf-8"
# An answer is data: no DTD, no entity of its own, nothing that stands elsewhere.
SAFE: Final = Settings(strict=True, xml_huge_tree=False, forbid_dtd=True, forbid_entities=True, forbid_external=True)


class _Shelf(Transport):
    """Reads what stands in a vendor's folder, and nothing else: a WSDL is never fetched."""

    def load(self, url: str) -> bytes:
        """Return a file's bytes, or raise OSError: a network address is the path of no file."""
        return Path(url).read_bytes()


class _Reply(NamedTuple):
    """An answer as zeep reads one."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    encoding: str


class Service:
    """The operations of a stored WSDL: calls are written by it, and answers read. Raises FileError where it is none."""

    def __init__(self, wsdl: Path) -> None:
        try:
            self._client = Client(str(wsdl), transport=_Shelf(), settings=SAFE)  # type: ignore[no-untyped-call]
        except (Error, etree.LxmlError, OSError) as error:
            said = f"{wsdl}: cannot be read as a WSDL ({type(error).__name__}); put the service's own, whole, there"
            raise FileError(said) from error
        (service, *_) = self._client.wsdl.services.values()
        (port, *_) = service.ports.values()
        self._binding = port.binding

    def call(self, path: str, operation: str, said: Mapping[str, Any]) -> Request:
        """Return the call of an operation, or raise LookupError where it has no words for what is said."""
        try:
            message = self._client.create_message(self._client.service, operation, **said)  # type: ignore[no-untyped-call]
            action = self._binding.get(operation).soapaction
        except (Error, AttributeError, TypeError, ValueError) as error:
            raise LookupError(operation) from error
        headers = {"SOAPAction": f'"{action}"', "Accept": "text/xml"}
        body = Document(etree.tostring(message), XML, partial(self._read, operation), (operation, said))
        return Request(path, body=body, headers=headers)

    def _read(self, operation: str, body: bytes) -> Any:
        """Read the answer to an operation as plain values, or raise SourceFailure."""
        reply = _Reply(200, body, {"Content-Type": XML}, "utf-8")
        try:
            said = self._binding.process_reply(self._client, self._binding.get(operation), reply)
        except Fault as fault:
            raise SourceFailure(Code.SOURCE_REFUSED, "the call was answered with a fault") from fault
        # Beside what zeep says itself: XML that is none, values that are not of their type.
        except (Error, etree.LxmlError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, f"the answer is not SOAP: {type(error).__name__}") from error
        return serialize_object(said, dict)  # type: ignore[no-untyped-call]


class Soap:
    """One operation for each type, which takes the ids of a list and pages by an id."""

    numbered, several = False, False

    def __init__(self, dialect: SoapDialect, folder: Path) -> None:
        self.dialect, self.service = dialect, Service(folder / dialect.wsdl)

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows of these ids."""
        del columns  # the operation says what comes
        return self._call(entity.path, {asked.name: list(ids), self.dialect.size: size, **entity.where, **asked.where})

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for the rows behind an id."""
        del columns
        behind = {} if after is None else {self.dialect.after: after.id}
        chosen = {one.by: list(one.values) for one in wanted.conditions}
        return self._call(entity.path, {self.dialect.size: size, **behind, **entity.where, **chosen})

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows; the next page is asked as this one was, from further on."""
        operation, said = request.body.said
        content = request.body.read(body)
        if not isinstance(content, dict):
            # It may be the answer to something else.
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no page")
        rows, behind = _items(walk(content, self.dialect.rows)), walk(content, self.dialect.next)
        following = None if behind is None else self._call(operation, {**said, self.dialect.after: behind})
        return Answer(rows, following)

    def at(self, path: str) -> Get:
        """Follow the path."""
        return follow(path)

    def _call(self, operation: str, said: Mapping[str, Any]) -> Request:
        try:
            return self.service.call(self.dialect.path, operation, said)
        except LookupError as error:
            raise SourceFailure(Code.SOURCE_REFUSED, "the WSDL has no words for this question", unsent=True) from error


def _items(found: Any) -> list[Any]:
    """Return the items of a list, which may stand in an element of its own; without items nothing stands there."""
    if isinstance(found, dict) and len(found) == 1:
        (found,) = found.values()
    if found is not None and not isinstance(found, list):
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no rows")
    return found or []
