"""The steward's queue as CSV: proposals with what speaks for them, and an empty column for the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colonnade.linkfile import read
from store.admission import Refusal
from store.register import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from store.reference import CrossReference

SIGNS = ("key", "name", "email", "tax_number")
IDENTIFYING = ("id", "type", "system", "home_id", "source_id")
COLUMNS = (
    *(*IDENTIFYING, "decision", "score", "agrees", "differs"),
    *(f"home_{sign}" for sign in SIGNS),
    *(f"source_{sign}" for sign in SIGNS),
)
DECISIONS = {"accept": True, "reject": False}


def row_of(one: CrossReference) -> dict[str, str]:
    """Return a proposal as a row, not yet decided."""
    evidence = one.evidence or {}
    return {
        **dict(zip(IDENTIFYING, _identity(one), strict=True)),
        "score": one.score.value if one.score else "",
        "agrees": " ".join(evidence.get("agrees", ())),
        "differs": " ".join(evidence.get("differs", ())),
        **{f"{side}_{sign}": evidence.get(side, {}).get(sign, "") for side in ("home", "source") for sign in SIGNS},
    }


def decisions(path: Path, known: Iterable[CrossReference]) -> tuple[list[Decision], list[Refusal]]:
    """Read the decisions of a file, and every line whose decision or whose proposal is not to be understood."""
    by_id = {str(one.id): one for one in known}
    found: list[Decision] = []
    refused: list[Refusal] = []
    for number, row in read(path, (*IDENTIFYING, "decision"), COLUMNS):
        word = row["decision"].strip().lower()
        if not word:
            continue
        one = by_id.get(row["id"])
        if word not in DECISIONS:
            refused.append(Refusal(number, f"{word!r:.40} is no decision", "write accept or reject, or nothing"))
        elif one is None or one.id is None or _identity(one) != tuple(row[name] for name in IDENTIFYING):
            refused.append(Refusal(number, "this is not what was proposed", "list the queue again, and decide on that"))
        else:
            found.append(Decision(one.id, accept=DECISIONS[word]))
    return found, refused


def _identity(one: CrossReference) -> tuple[str, ...]:
    return str(one.id), one.entity_type, one.binding, one.canonical.id, one.source_id
