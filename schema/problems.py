"""What can go wrong, as values: a Problem may stand wherever a value stands, and becomes null plus its error there.

    Problem                    one value could not be had; everything else in the answer still can
    └── carries a Code         stable: clients switch on it

graphql-core turns a *returned* exception into null plus an error with the right path, so no other code is needed for
unmapped codes, bad rows and absent owners. `fold` then makes one error of all that say the same.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATHS_SHOWN = 100


@unique
class Code(Enum):
    """The error codes of the graph: whether asking again can help, the cure, and the HTTP status of a whole request.

    The status is told where the request was not executed for this reason; an error beside data travels with 200. A code
    never changes its meaning.
    """

    BAD_REQUEST = False, "Send a GraphQL request as JSON, as the message says.", 400
    METHOD_NOT_ALLOWED = False, "POST the request, or GET it if it is a query.", 405
    NOT_ACCEPTABLE = False, "Accept application/graphql-response+json or application/json.", 406
    TOO_LARGE = False, "Send less at once.", 413
    UNSUPPORTED_MEDIA_TYPE = False, "Send Content-Type: application/json in UTF-8, not compressed.", 415
    GRAPHQL_PARSE_FAILED = False, "Correct the document's syntax at the place that is named.", 400
    GRAPHQL_VALIDATION_FAILED = False, "Correct the document: compare it with the schema.", 400
    OPERATION_RESOLUTION_FAILURE = False, "Name one operation of the document.", 400
    TOO_COMPLEX = False, "Ask for less in one document, or in several documents.", 400
    COST_EXCEEDED = False, "Ask for smaller pages, or for fewer lists within lists.", 400
    PERSISTED_QUERY_NOT_FOUND = False, "Send the document's text once, with its hash.", 400
    UNTRUSTED_DOCUMENT = False, "Have the document registered, or ask as somebody who may send any.", 403
    RATE_LIMITED = True, "Ask again after the seconds of Retry-After, or for less.", 429
    DEADLINE_EXCEEDED = True, "Ask again later, or for less.", 503
    IDENTITY_UNAVAILABLE = True, "Ask again later; an operator must see to the identity provider.", 503
    UNAUTHENTICATED = False, "Sign in: send a valid token as Authorization: Bearer.", 401
    FORBIDDEN = False, "Ask as somebody who may read or do this.", 403
    BAD_INPUT = False, "Correct the argument that the message names.", 400
    MALFORMED_ID = False, "Use an id exactly as this graph gave it.", 400
    MALFORMED_CURSOR = False, "Use a cursor of the same list, exactly as this graph gave it.", 400
    NOT_FOUND = False, "Restore the record in its owner, or correct the reference that points to it.", 404
    REFERENCE_UNKNOWN = False, "Link the two records in the cross-references.", 422
    REFERENCE_AMBIGUOUS = False, "Retire all but one of the record's cross-references.", 422
    UNMAPPED_VALUE = False, "Add the code to the translation table of the source.", 422
    BAD_ROW = False, "Correct the record in its system, or the translation of the source.", 422
    TOO_MANY = False, "Ask the paged list instead.", 422
    CALL_BUDGET = False, "Ask for less at once: fewer roots, smaller pages, or several operations.", 422
    NOT_OFFERED = False, "Bind the role to a system that answers this.", 501
    STORE_UNAVAILABLE = True, "Ask again later; an operator must see to the store.", 503
    SOURCE_UNAVAILABLE = True, "Ask again later.", 503
    SOURCE_TIMEOUT = True, "Ask again later, or for less.", 504
    SOURCE_THROTTLED = True, "Ask again later and less often.", 503
    SOURCE_DENIED = False, "Have an operator renew the credential of the source.", 502
    SOURCE_REFUSED = False, "Have an operator compare the source's manifest with what the source takes.", 502
    SOURCE_MISBEHAVED = False, "Have an operator compare the source's manifest with what the source answers.", 502
    INTERNAL_ERROR = False, "Report the correlation id.", 500
    # Of commands: their keys, what they were judged by, and what became of them.
    IDEMPOTENCY_KEY_MISSING = False, "Send an Idempotency-Key of your own choice with every command.", 400
    IDEMPOTENCY_CONFLICT = False, "Choose another Idempotency-Key: this one stands for another input.", 422
    IDEMPOTENCY_IN_PROGRESS = True, "Follow the command that runs under this Idempotency-Key.", 409
    DUPLICATE_COMMAND = False, "Follow the command that is named: it does the same.", 409
    ALREADY_DONE = False, "Read the record: what was asked for is so already.", 409
    STALE_VERSION = False, "Read the record again, and decide on what it says now.", 409
    INVALID_TRANSITION = False, "Read the record's state, and choose one that may follow it.", 409
    SOD_VIOLATION = False, "Have a colleague do this who has no part in it.", 403
    APPROVAL_VOID = False, "Have it approved anew: what was approved has changed since.", 409
    APPROVAL_EXPIRED = False, "Run the command anew: nobody decided in time.", 409
    WRITES_OFF = False, "Ask for a dry run, or have an operator turn on writes to the system.", 403
    PERIOD_CLOSED = True, "Wait: it goes on by itself when the period is opened.", 409
    PERIOD_LOCKED = False, "Choose a date of a period that can still be opened.", 409
    TARGET_UNAVAILABLE = True, "Wait: it goes on by itself when the system is back.", 503
    TARGET_REJECTED = False, "Correct what the system refuses, and run the command anew.", 422
    OUTCOME_UNKNOWN = False, "Wait: the system is asked whether it did it; do not do it again.", 504
    COMPENSATION_FAILED = False, "Have an operator undo by hand what the step has done.", 500
    AWAITING_MASTER_DATA = True, "Complete the record that is named: it then goes on by itself.", 409
    MASTER_DATA_MISSING = False, "Complete the attributes that are named, and run the command anew.", 422
    # Of the firm's own rules. Those that do not simply refuse stand in policies/tiers.toml.
    LEGAL_ENTITY_MISMATCH = False, "Name the legal entity that the record belongs to, or correct the record.", 422
    CURRENCY_MISMATCH = False, "Use one currency: that of the contract.", 422
    CUSTOMER_ON_CREDIT_HOLD = False, "Have finance release the customer's credit hold.", 422
    TAX_CODE_MISSING = False, "Have finance enter the customer's tax code.", 422
    SCHEDULE_SUM_MISMATCH = False, "Make the schedule add up to the contract's amount.", 422
    RATE_GAP = False, "Have a rate entered that is valid on the day of the work.", 422
    INTERCOMPANY_RATE_MISSING = False, "Have a transfer rate entered between the two legal entities.", 422
    UNMAPPED_FINANCIAL_CODE = False, "Have the code added to the translation table, and run the command anew.", 422
    CAP_EXCEEDED = False, "Have the cap raised by an amendment, or make the work non-billable.", 422
    CAP_NEAR = False, "Talk to the customer about the cap before it is reached.", 422
    DUPLICATE_POSTING = False, "Compare with the document that is named: the ERP has it already.", 409
    NUMBER_GAP = False, "Have finance account for the missing document number.", 409
    EVENT_NOT_READY = False, "See to the gates that hold the billing event.", 409
    EVENT_ON_DRAFT = False, "Post or delete the draft invoice that holds the billing event.", 409
    TOTAL_CHANGED = False, "Read the draft's total again, and post it if that is right.", 409
    RESOURCE_NOT_ACTIVE = False, "Choose days on which the person is employed, or somebody else.", 422
    PROJECT_CLOSED = False, "Choose an open project, or have this one opened again.", 409
    GATE_FAILED = False, "See to what the message names, and run the command anew.", 409
    ALLOCATION_EXCEEDED = False, "Plan fewer hours, other days or somebody else.", 422
    OVERALLOCATED = False, "Plan fewer hours unless the overtime is meant.", 422
    SKILL_UNKNOWN = False, "Have the skill added to the catalogue.", 422
    FORECAST_ROLE_UNMAPPED = False, "Have the role mapped to the forecasting tool's, and replay the step.", 422
    FORECAST_ATTRIBUTE_MISSING = False, "Complete the attribute in the forecasting tool, and replay the step.", 422
    FORECAST_REJECTED = False, "Correct what the forecasting tool refuses, and replay the step.", 422
    CRM_WRITEBACK_FAILED = True, "Replay the step when the CRM takes it.", 502
    NOTIFICATION_FAILED = True, "Replay the step, or tell the person yourself.", 502
    MARGIN_BELOW_TARGET = False, "Review the plan's rates and staffing.", 422
    BACKDATED_ENTRY = False, "Check the day of the work: its period is closed.", 422
    OUTSIDE_CONTRACT = False, "Check the dates against the contract's.", 422
    TIME_AFTER_ROLL_OFF = False, "Check the time that was submitted for days after the last one.", 422
    RATE_CHANGE_AFFECTS_UNBILLED = False, "Check the unbilled time that is priced anew.", 422
    UNEXPECTED_TRANSITION = False, "Check the record's history: a state was skipped.", 422
    OVERSERVICED_FIXED_FEE = False, "Review the estimate: more was worked than the fee covers.", 422

    def __init__(self, retryable: bool, cure: str, status: int) -> None:  # noqa: FBT001  a member's values
        self.retryable = retryable
        self.cure = cure
        self.status = status


class Problem(Exception):
    """A coded failure of one value: an exception only because graphql-core asks for one.

    `extensions` is what the client reads beside the message.
    """

    def __init__(self, code: Code, message: str, **details: str) -> None:
        """Say what failed; `details` are names and ids, never a source's own text."""
        super().__init__(message)
        self.code = code
        # Whom an unreadable record means, as far as that can still be read: it tells in which list its hole is.
        self.refs: Mapping[str, Any] = {}
        self.extensions: dict[str, Any] = {"code": code.name, "retryable": code.retryable, **details}

    def __eq__(self, other: object) -> bool:
        """Two problems that say the same are the same: they fold into one error."""
        return isinstance(other, Problem) and (str(self), self.extensions) == (str(other), other.extensions)

    __hash__ = Exception.__hash__


def fold(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """One error per cause: errors that say the same become one, at the first path, with a count and all paths.

    They come in the order of their paths, whichever system answered first.
    """
    groups: dict[bytes | int, list[GraphQLError]] = {}
    for error in sorted(errors, key=_place):
        said = msgspec.json.encode([error.message, error.extensions], order="sorted")
        groups.setdefault(said if isinstance(error.original_error, Problem) else id(error), []).append(error)
    return [group[0] if len(group) == 1 else _folded(group) for group in groups.values()]


def _place(error: GraphQLError) -> list[tuple[bool, str | int]]:
    return [(isinstance(step, str), step) for step in error.path or ()]


def _folded(group: list[GraphQLError]) -> GraphQLError:
    first = group[0]
    paths = [error.path for error in group[:PATHS_SHOWN]]
    extensions = {**(first.extensions or {}), "count": len(group), "paths": paths}
    return GraphQLError(first.message, nodes=first.nodes, path=first.path, extensions=extensions)
