"""From the firm's codes to Kantata's ids: numbers, written as strings in JSON, one range for each kind of thing."""

import re
from typing import Final, get_args

from demo.firm.vocabulary import ProjectPhase

_CODE: Final = re.compile(r"([A-Z]+)-(\d+)")
_MILESTONE: Final = re.compile(r"(?P<engagement>ENG-\d+)-M(?P<number>\d)")
_STORY: Final = re.compile(r"ENG-(?P<engagement>\d+)-(?:P|W(?P<stream>\d)(?:-(?P<phase>[A-Z_]+)(?:-T(?P<task>\d))?)?)")
_PHASES: Final[tuple[str, ...]] = get_args(ProjectPhase)
_BILL_CARD: Final = re.compile(r"RC-BILL-(?:ENG-(?P<engagement>\d+)|(?P<entity>NB-[A-Z]{2}))-V(?P<version>\d)")
_ENTITIES: Final = ("NB-US", "NB-UK", "NB-DE", "NB-JP")
_ROLES: Final = ("ANALYST", "CONSULTANT", "SENIOR", "MANAGER", "PRINCIPAL")


def _id(first: int, code: str, kind: str) -> str:
    found = _CODE.fullmatch(code)
    if not found or found[1] != kind:
        message = f"{code!r} is no code such as {kind}-007"
        raise ValueError(message)
    return str(first + int(found[2]))


def workspace_id(engagement: str) -> str:
    """Return the workspace of an engagement: ENG-007 is 4200007."""
    return _id(4_200_000, engagement, "ENG")


def group_id(customer: str) -> str:
    """Return the workspace group of a customer: CUS-07 is 7300007."""
    return _id(7_300_000, customer, "CUS")


def user_id(person: str) -> str:
    """Return the user of a person: RES-023 is 8100023."""
    return _id(8_100_000, person, "RES")


def allocation_id(assignment: str) -> str:
    """Return the workspace allocation of an assignment: ASG-053 is 5600053."""
    return _id(5_600_000, assignment, "ASG")


def resource_id(assignment: str) -> str:
    """Return the workspace resource that an assignment books: ASG-053 is 5700053."""
    return _id(5_700_000, assignment, "ASG")


def role_id(role: str) -> str:
    """Return the id of a role: SENIOR is 6100003. Kantata knows the firm's five roles and no other."""
    return str(6_100_001 + _ROLES.index(role))


def time_entry_id(entry: str) -> str:
    """Return the id of a time entry: TE-02117 is 9002117."""
    return _id(9_000_000, entry, "TE")


def expense_id(expense: str) -> str:
    """Return the id of an expense: EXP-0042 is 9500042."""
    return _id(9_500_000, expense, "EXP")


def rate_card_id(code: str) -> str:
    """Return the rate card of a bill card's version: RC-BILL-NB-UK-V2 is 8600902, RC-BILL-ENG-007-V1 is 8600007."""
    found = _BILL_CARD.fullmatch(code)
    if not found:
        message = f"{code!r} is no code of a bill card"
        raise ValueError(message)
    engagement, entity = found["engagement"], found["entity"]
    return str(8_600_000 + (int(engagement) if engagement else 901 + _ENTITIES.index(entity)))


def rate_card_version_id(code: str) -> str:
    """Return the id of one version of a bill card: RC-BILL-NB-UK-V2 is 86009022."""
    return f"{rate_card_id(code)}{code[-1]}"


def rate_card_role_id(code: str, role: str) -> str:
    """Return the id of a role's rate in a version: that of RC-BILL-NB-UK-V2 for SENIOR is 860090223."""
    return f"{rate_card_version_id(code)}{_ROLES.index(role)}"


def story_id(code: str) -> str:
    """Return the story of a project node, task or milestone.

    ENG-007-P is 310007000, ENG-007-W1-BUILD-T2 is 310007132, ENG-012-M3 is 310012903.
    """
    milestone = _MILESTONE.fullmatch(code)
    if milestone:
        return _id_of_story(milestone["engagement"], 900 + int(milestone["number"]))
    found = _STORY.fullmatch(code)
    if not found:
        message = f"{code!r} is no code of a project node, a task or a milestone"
        raise ValueError(message)
    phase = 1 + _PHASES.index(found["phase"]) if found["phase"] else 0
    inside = 100 * int(found["stream"] or 0) + 10 * phase + int(found["task"] or 0)
    return _id_of_story(f"ENG-{found['engagement']}", inside)


def _id_of_story(engagement: str, inside: int) -> str:
    return str(310_000_000 + 1000 * int(engagement.removeprefix("ENG-")) + inside)
