"""From the firm's codes to Salesforce's ids: 15 characters whose case matters, and three more so that it does not.

The first three characters name the object: 001 an account, 005 a user, 006 an opportunity, 00k an opportunity's line.
"""

import re
from typing import Final

_CODE: Final = re.compile(r"(?P<kind>[A-Z]+)-(?P<number>\d+)")
_ID: Final = re.compile(r"[0-9A-Za-z]{15}")
_SUFFIX: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE: Final = "Nb0000"
SHORT, LONG = 15, 18
LINES: Final = 1000


def _number(code: str, kind: str) -> int:
    found = _CODE.fullmatch(code)
    if not found or found["kind"] != kind:
        message = f"{code!r} is no code such as {kind}-007"
        raise ValueError(message)
    return int(found["number"])


def made(prefix: str, number: int) -> str:
    """Return the id of the nth record of an object."""
    short = f"{prefix}{_INSTANCE}{number:06}"
    return short + _checked(short)


def _checked(short: str) -> str:
    """Return the three characters that say which of the fifteen are capitals, five by five."""
    fives = (short[start : start + 5] for start in range(0, SHORT, 5))
    return "".join(_SUFFIX[sum(1 << place for place, letter in enumerate(five) if letter.isupper())] for five in fives)


def whole(text: str) -> str | None:
    """Return the 18 characters of an id given by 15 or 18; None for what is no id."""
    short = text[:SHORT]
    if len(text) not in {SHORT, LONG} or not _ID.fullmatch(short):
        return None
    long = short + _checked(short)
    return long if len(text) == SHORT or text == long else None


def account_id(customer: str) -> str:
    """Return the account of a customer: CUS-07 is 001Nb0000000007IAA."""
    return made("001", _number(customer, "CUS"))


def opportunity_id(opportunity: str) -> str:
    """Return the id of an opportunity: OPP-020 is 006Nb0000000020IAA."""
    return made("006", _number(opportunity, "OPP"))


def line_id(opportunity: str, position: int) -> str:
    """Return the id of an opportunity's nth line: the second of OPP-020 is 00kNb0000020002IAA."""
    return made("00k", LINES * _number(opportunity, "OPP") + position)


def user_id(person: str) -> str:
    """Return the user of a person: RES-008 is 005Nb0000000008IAA."""
    return made("005", _number(person, "RES"))
