"""What Dynamics takes: single records by OData, several together by this tenant's own actions, each all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.erp.dynamics import billing, contracting

if TYPE_CHECKING:
    from sources.writes import Acts

ACTS: Acts = {**contracting.ACTS, **billing.ACTS}
