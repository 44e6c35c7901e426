"""From the firm's codes to Redmine's ids: the seed gives the records the numbers of their codes."""

from functools import cache
from typing import Final

from demo.firm import northbeam

# The first users are the product's own.
FIRST_USER: Final = 100
# The firm's lists are projects, and what stands in them issues, behind all others.
ROLES: Final = 500
FIRST_CARD: Final = 501
FIRST_ROLE: Final = 90_000


def project_id(engagement: str) -> str:
    """Return the project of an engagement: ENG-007 is 7."""
    return _number(engagement)


def identifier(engagement: str) -> str:
    """Return how a project is called in addresses: small letters, digits and hyphens."""
    return engagement.lower()


def user_id(person: str) -> str:
    """Return the user of a person: RES-023 is 123."""
    return str(FIRST_USER + int(_number(person)))


def time_entry_id(entry: str) -> str:
    """Return a time entry: TE-00042 is 42."""
    return _number(entry)


def issue_id(task: str) -> str:
    """Return the issue of a task: they are numbered as the firm lists them."""
    return str(_issues()[task])


@cache
def _issues() -> dict[str, int]:
    return {task.code: number for number, task in enumerate(northbeam().tasks, start=1)}


def role_id(role: str) -> str | None:
    """Return the issue of a role in the list of roles."""
    codes = [one.code for one in northbeam().roles]
    return str(FIRST_ROLE + codes.index(role)) if role in codes else None


def bill_cards() -> list[str]:
    """Return the codes of the cards by which customers are billed: the others are the ledger's."""
    return [card.code for card in northbeam().rate_cards if card.kind == "BILL"]


def rate_card_id(card: str) -> str | None:
    """Return the project of a rate card."""
    return str(FIRST_CARD + bill_cards().index(card)) if card in bill_cards() else None


def _number(code: str) -> str:
    return str(int(code.rpartition("-")[2]))
