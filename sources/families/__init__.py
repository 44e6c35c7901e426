"""Protocols without a vendor: REST, OData V4, JSON-RPC, query languages, lists that are read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.families.jsonrpc import JsonRpc
from sources.families.odata import OData
from sources.families.query import Query
from sources.families.rest import Rest
from sources.families.scan import Scan
from sources.manifest import ODataDialect, QueryDialect, RestDialect, ScanDialect

if TYPE_CHECKING:
    from sources.contract import Family
    from sources.manifest import Dialect


def family(dialect: Dialect) -> Family:
    """Return the protocol client that speaks a manifest's dialect."""
    if isinstance(dialect, RestDialect):
        return Rest(dialect)
    if isinstance(dialect, ODataDialect):
        return OData(dialect)
    if isinstance(dialect, QueryDialect):
        return Query(dialect)
    if isinstance(dialect, ScanDialect):
        return Scan(dialect)
    return JsonRpc(dialect)
