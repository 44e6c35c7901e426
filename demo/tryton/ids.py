"""Tryton's numeric ids by the firm's codes, kept beside the template database; cross-references are made of them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from demo.tryton.layout import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class TrytonIds:
    """For each kind of record, the firm's code and the id of its row; `fiscal_periods` has keys like NB-UK/2026-P03."""

    legal_entities: dict[str, int]
    customers: dict[str, int]
    people: dict[str, int]
    engagements: dict[str, int]
    analytic_accounts: dict[str, int]
    invoices: dict[str, int]
    opportunities: dict[str, int]
    fiscal_periods: dict[str, int]


def write_ids(file: Path, ids: TrytonIds) -> None:
    """Write the ids where `load_ids` finds them."""
    file.write_text(json.dumps(asdict(ids), indent=1) + "\n", encoding="utf-8")


def load_ids(directory: Path | None = None) -> TrytonIds:
    """Read the ids of the database installed in this directory, by default the repository's own."""
    layout = Layout.of(directory)
    layout.require()
    return TrytonIds(**json.loads(layout.ids.read_text(encoding="utf-8")))
