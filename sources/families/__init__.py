"""Protocols without a vendor: REST, OData V4, JSON-RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.families.jsonrpc import JsonRpc
from sources.families.odata import OData
from sources.families.rest import Rest
from sources.manifest import ODataDialect, RestDialect

if TYPE_CHECKING:
    from sources.contract import Family
    from sources.manifest import Dialect


def family(dialect: Dialect) -> Family:
    """Return the protocol client that speaks a manifest's dialect."""
    if isinstance(dialect, RestDialect):
        return Rest(dialect)
    if isinstance(dialect, ODataDialect):
        return OData(dialect)
    return JsonRpc(dialect)
