"""What the CRM can be told, whichever product plays it: the deal is its own, what became of it is ours to say."""

from __future__ import annotations

from schema.rows import Ref, System
from sources.writes import Text, Write, write


@write(System.CRM)
class RecordEngagement(Write, frozen=True, kw_only=True):
    """The code of the engagement that a won opportunity became."""

    opportunity: Ref
    code: Text


@write(System.CRM)
class RecordInvoice(Write, frozen=True, kw_only=True):
    """The number of the last invoice that was posted for an opportunity's engagement."""

    opportunity: Ref
    number: Text
