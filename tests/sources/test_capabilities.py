"""The table of changes says of every vendor whether it takes each one, how a lost answer is made good, or why not."""

from __future__ import annotations

from pathlib import Path

from sources.capabilities import WORDS, tables
from tests.terminal import cells, invoke


def test_every_change_has_a_word_or_a_reason() -> None:
    """Whoever plays a role is told for every change of it."""
    found = tables()
    assert [table.role.value for table in found] == ["crm", "erp", "forecast", "psa"]
    for table in found:
        for vendor in table.vendors:
            assert list(vendor.words) == list(table.changes)
            assert set(vendor.words.values()) <= set(WORDS)
            assert vendor.reasons.keys() == {called for called, word in vendor.words.items() if word == "exempt"}
            assert all(vendor.reasons.values())


def test_the_table_is_shown() -> None:
    """As a table for people, and as the document has it."""
    shown = invoke("sources", "writes")
    told = [row for row in cells(shown.stdout) if row[0]]
    assert (shown.exit_code, ("crm.RecordInvoice", "exempt", "state", "state") in told) == (0, True)
    assert ("erp.PostInvoice", "marker", "key", "marker", "exempt", "marker") in told
    # In the CRM and in the ERP; the PSA takes its part of it everywhere.
    assert [row for row in told if row[0] == "postInvoice"] == [
        ("postInvoice", "none", "all", "all"),
        ("postInvoice", "all", "not SettleEvents", "all", "none", "all"),
        ("postInvoice", "all", "all"),
    ]
    written = invoke("sources", "writes", "--markdown")
    assert written.stdout == Path("docs/capabilities.md").read_text(encoding="utf-8")
