"""Protocols without a vendor: REST, OData V4 and V2, JSON-RPC, SOAP, query languages, whole lists, SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sources.dialects import ODataDialect, QueryDialect, RestDialect, RpcDialect, ScanDialect, SoapDialect, SqlDialect
from sources.families.jsonrpc import JsonRpc
from sources.families.odata import OData
from sources.families.odata_batch import ODataBatch
from sources.families.odata_v2 import ODataV2
from sources.families.query import Query
from sources.families.rest import Rest
from sources.families.scan import Scan
from sources.families.soap import Soap
from sources.families.sql import Sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sources.contract import Family
    from sources.dialects import Dialect
    from sources.manifest import Told


SPOKEN: Final[Mapping[type, Callable[[Any], Family]]] = {
    RestDialect: Rest,
    QueryDialect: Query,
    ScanDialect: Scan,
    RpcDialect: JsonRpc,
}


def family(dialect: Dialect, errors: Sequence[Told], folder: Path) -> Family:
    """Return the protocol client that speaks a manifest's dialect, and knows what its refusals mean.

    `folder` is the vendor's: what is too long for the manifest stands beside it.
    """
    if isinstance(dialect, ODataDialect):
        return _odata(dialect, errors)
    if isinstance(dialect, SoapDialect):
        return Soap(dialect, folder)
    return Sql() if isinstance(dialect, SqlDialect) else SPOKEN[type(dialect)](dialect)


def _odata(dialect: ODataDialect, errors: Sequence[Told]) -> OData:
    if dialect.version == "v2":
        return ODataV2(dialect)
    return ODataBatch(dialect, errors) if dialect.ids == "batch" else OData(dialect)
