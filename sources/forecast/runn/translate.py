"""What other systems call a record, which the product keeps as a list of references: a name and an id each."""

from __future__ import annotations

from typing import Any


def engagement(references: list[dict[str, Any]] | None) -> str | None:
    """Return the code of the engagement that a project is."""
    return _external(references, "Engagement")


def opportunity(references: list[dict[str, Any]] | None) -> str | None:
    """Return the code of the deal that a tentative project may become."""
    return _external(references, "Opportunity")


def customer(references: list[dict[str, Any]] | None) -> str | None:
    """Return the code of the customer that a client is."""
    return _external(references, "Customer")


def employee(references: list[dict[str, Any]] | None) -> str | None:
    """Return the number of a person at the firm."""
    return _external(references, "Employee-ID")


def name(firstName: str | None, lastName: str | None) -> str | None:  # noqa: N803  the columns' names
    """Return a person's whole name."""
    return f"{firstName} {lastName}" if firstName and lastName else None


def role(references: list[dict[str, Any]] | None) -> str | None:
    """Return the code of a role."""
    return _external(references, "Role")


def _external(references: list[dict[str, Any]] | None, name: str) -> str | None:
    found = {item["externalId"] for item in references or () if item["referenceName"] == name}
    # Two references of one name contradict each other: neither is the code.
    return found.pop() if len(found) == 1 else None
