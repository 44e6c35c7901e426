"""What stands behind an invoice: its lines, their billing events, the engagements, and the hours to be flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sources.psa.writes as psa
from commands.command import Finding, Stop
from commands.plan import Branch, Kind, Step
from schema.billing_event import BillingEventRow
from schema.customer import CreditStatus, CustomerErpRow
from schema.invoice import InvoiceLineRow
from schema.problems import Code
from schema.time_entry import TimeEntryRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from commands.asking import Asking
    from schema.billing_event import BillingSourceRow
    from schema.rows import Ref


async def lines_of(ask: Asking, invoice: Ref) -> list[InvoiceLineRow]:
    """Return the lines of a document."""
    return await ask.many("invoice_lines_by_invoice", invoice, row=InvoiceLineRow)


async def events_of(ask: Asking, lines: Iterable[InvoiceLineRow]) -> list[BillingEventRow]:
    """Return the events that lines bill."""
    refs = list(dict.fromkeys(ref for line in lines for ref in line.billing_events or ()))
    found = await ask.all("billing_events_by_id", refs)
    return [row for row in found.values() if isinstance(row, BillingEventRow)]


async def sources_of(ask: Asking, events: Sequence[Ref]) -> dict[Ref, list[BillingSourceRow]]:
    """Return the records behind events."""
    found = await ask.all("billing_sources_by_billing_event", events)
    return {ref: rows or [] for ref, rows in found.items()}


async def entries_of(ask: Asking, sources: Iterable[BillingSourceRow]) -> dict[Ref, TimeEntryRow]:
    """Return the time behind events, as delivery has it, by what finance calls it."""
    refs = list(dict.fromkeys(source.time_entry for source in sources if source.time_entry))
    found = await ask.all("time_entries_by_id", refs)
    return {ref: row for ref, row in found.items() if isinstance(row, TimeEntryRow)}


def flags(entries: Iterable[TimeEntryRow], *, billed: bool) -> tuple[Branch, ...]:
    """Return a branch for each entry that tells delivery whether it stands on an invoice."""
    refs = dict.fromkeys(entry.ref for entry in entries)
    return tuple(
        Branch(
            ref.encode(),
            (
                Step(
                    name="psa.flag",
                    kind=Kind.RETRIABLE,
                    binding=ref.binding,
                    write=psa.FlagTime(entry=ref, billed=billed),
                ),
            ),
        )
        for ref in refs
    )


async def creditworthy(ask: Asking, customer: Ref) -> None:
    """Stop where finance lets nothing more be billed to a customer."""
    debtor = await ask.maybe("customers_erp", customer, row=CustomerErpRow)
    if debtor is None:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "finance does not know the customer"), subjects=(customer,))
    if debtor.credit_status is not CreditStatus.OK:
        said = "finance lets nothing be billed to the customer now"
        raise Stop(Finding(Code.CUSTOMER_ON_CREDIT_HOLD, said), subjects=(customer,))
