"""Protocols without a vendor: REST, OData V4 and V2, JSON-RPC, query languages, lists that are read whole, SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.dialects import ODataDialect, QueryDialect, RestDialect, ScanDialect, SqlDialect
from sources.families.jsonrpc import JsonRpc
from sources.families.odata import OData
from sources.families.odata_batch import ODataBatch
from sources.families.odata_v2 import ODataV2
from sources.families.query import Query
from sources.families.rest import Rest
from sources.families.scan import Scan
from sources.families.sql import Sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sources.contract import Family
    from sources.dialects import Dialect
    from sources.manifest import Told


def family(dialect: Dialect, errors: Sequence[Told]) -> Family:
    """Return the protocol client that speaks a manifest's dialect, and knows what its refusals mean."""
    if isinstance(dialect, RestDialect):
        return Rest(dialect)
    if isinstance(dialect, ODataDialect):
        return _odata(dialect, errors)
    if isinstance(dialect, QueryDialect):
        return Query(dialect)
    if isinstance(dialect, ScanDialect):
        return Scan(dialect)
    if isinstance(dialect, SqlDialect):
        return Sql()
    return JsonRpc(dialect)


def _odata(dialect: ODataDialect, errors: Sequence[Told]) -> OData:
    if dialect.version == "v2":
        return ODataV2(dialect)
    return ODataBatch(dialect, errors) if dialect.ids == "batch" else OData(dialect)
