"""The number sequences, each behind the last number that the firm's records have."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from demo.dynamics import ids
from demo.emulator import Row
from demo.firm.model import Firm

PROJECTS, TIME, EXPENSES, PROPOSALS = "Projects", "TimePostings", "ExpensePostings", "InvoiceProposals"
_LAST: Final = re.compile(r"\d+$")


def documents(company: str, invoice_type: str) -> str:
    """Return the name of the sequence of a company's invoices or credit notes, which must not have a gap."""
    return f"{company}/{invoice_type}"


def sequences(firm: Firm) -> Iterator[Row]:
    """Yield NBNumberSequences."""
    posted = [entry.code for entry in firm.time_entries if entry.posting_status == "POSTED"]
    spent = [expense.code for expense in firm.expenses if expense.posting_status == "POSTED"]
    used = {
        PROJECTS: _last(engagement.code for engagement in firm.engagements),
        TIME: _last(posted),
        EXPENSES: _last(spent),
        PROPOSALS: 0,
    }
    invoiced = Counter((invoice.entity, invoice.kind) for invoice in firm.invoices)
    for entity in firm.legal_entities:
        company = ids.data_area(entity.code)
        used[documents(company, "Invoice")] = invoiced[entity.code, "INVOICE"]
        used[documents(company, "CreditNote")] = invoiced[entity.code, "CREDIT_NOTE"]
    for name, last in used.items():
        yield {"NumberSequenceCode": name, "NextNumber": last + 1}


def _last(codes: Iterable[str]) -> int:
    return max((int(found[0]) for code in codes if (found := _LAST.search(code))), default=0)
