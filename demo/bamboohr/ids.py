"""From the firm's codes to BambooHR's ids: numbers, written as strings in JSON."""

import re
from typing import Final

_CODE: Final = re.compile(r"(?P<kind>[A-Z]+)-(?P<number>\d+)")


def _id(first: int, code: str, kind: str) -> str:
    found = _CODE.fullmatch(code)
    if not found or found["kind"] != kind:
        message = f"{code!r} is no code such as {kind}-007"
        raise ValueError(message)
    return str(first + int(found["number"]))


def employee_id(person: str) -> str:
    """Return the id of a person, which is not the employee number: RES-023 is 2023."""
    return _id(2000, person, "RES")


def request_id(absence: str) -> str:
    """Return the time off request of an absence: ABS-074 is 50074."""
    return _id(50_000, absence, "ABS")


def holiday_calendar_id(calendar: str) -> str:
    """Return a holiday calendar's id in this tenant's own list, which is its code: HOL-UK."""
    return calendar
