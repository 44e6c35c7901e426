"""Salesforce, emulated: the REST API in version 62.0 in an org with several currencies.

Confirmed by the product's documents: the token's answer, which has no `expires_in`; query pages of 2,000 with `done`,
`totalSize` and `nextRecordsUrl`; collections by POST and GET with the order kept and null for an absent or malformed
id; the list of errors with `message` and `errorCode`; 401 INVALID_SESSION_ID; 403 REQUEST_LIMIT_EXCEEDED; 100,000
characters a statement, 4,000 a string, 16,384 bytes of URI; the check of an 18-character id.

Confirmed too: PATCH of a record by its id, answered 204 without a body; a field given as null or "" is emptied.

Assumed, for want of a document: the wording of most messages, the codes EXCEEDED_ID_LIMIT, INVALID_QUERY_LOCATOR and
SERVER_UNAVAILABLE, the code for a string that is too long, the body of 414. The product keeps a cursor two days, this
server the last hundred. Fields that end in `__c` are this org's own.
"""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from demo.emulator import UNCHANGED, Changes, Database, application
from demo.firm.model import Firm
from demo.salesforce.ids import account_id, line_id, opportunity_id, user_id
from demo.salesforce.objects import SOBJECTS
from demo.salesforce.reader import DATA
from demo.salesforce.service import LOGIN_PATH, Service

__all__ = ["DATA", "LOGIN_PATH", "account_id", "build", "line_id", "opportunity_id", "user_id"]

PAGE: Final = 2000
DAILY: Final = 100_000


def build(
    firm: Firm,
    *,
    client_id: str,
    client_secret: str,
    page: int = PAGE,
    daily: int = DAILY,
    database: Path | None = None,
    changes: Changes = UNCHANGED,
) -> Starlette:
    """Return the application for a firm; the database is in memory unless a file is given."""
    kept = Database(database, changes)
    for name, sobject in SOBJECTS.items():
        kept.create(name, sobject.project(firm), key="Id", mandatory=sobject.mandatory)
    issued_at = str(int(firm.as_of.timestamp() * 1000))
    return application(Service(kept, (client_id, client_secret), issued_at, page, daily), kept)
