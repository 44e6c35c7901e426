"""The chassis of the emulated systems of record: a real HTTP server over SQLite that speaks a vendor's dialect.

A vendor brings a `Dialect`; the chassis gives it a log of what was asked and quirks to misbehave with, both reachable
under `/_control`. Those routes ask for no credentials: they may stand here because `serve` listens on loopback only.

    GET    /_control/log      what was asked: method, path with query, selected headers, rows answered, status
    DELETE /_control/log      forget it
    GET    /_control/quirk    how the server misbehaves now
    PUT    /_control/quirk    {"name": "gap", "entity": "workspaces"}; "none" ends it
    GET    /_control/effects  a line for each row that came, changed or went: by which call, under which key
    DELETE /_control/effects  forget it
    GET    /_control/faults   which calls are still to go wrong
    PUT    /_control/faults   [{"match": "POST /api/v1/workspaces", "nth": 2, "what": "lose_answer"}]
    PUT    /_control/table/<name>/<key>   {"column": value}: a record as a person in the system changes it
    POST   /_control/restore  all data as at the start; no quirk, no fault, nothing asked and nothing changed
"""

from demo.emulator.chassis import Call, Dialect, application
from demo.emulator.faults import Fault
from demo.emulator.paces import PACES
from demo.emulator.quirks import ANSWER_QUIRKS, ROW_QUIRKS, Answer, Listing, Quirk, listing
from demo.emulator.server import Server, serve
from demo.emulator.tables import UNCHANGED, Change, Changes, Database, Effect, Row, Table

__all__ = [
    "ANSWER_QUIRKS",
    "PACES",
    "ROW_QUIRKS",
    "UNCHANGED",
    "Answer",
    "Call",
    "Change",
    "Changes",
    "Database",
    "Dialect",
    "Effect",
    "Fault",
    "Listing",
    "Quirk",
    "Row",
    "Server",
    "Table",
    "application",
    "listing",
    "serve",
]
