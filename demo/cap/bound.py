"""The firm with SAP CAP as its ERP."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from demo.cap.server import CREDENTIALS, serve
from demo.systems import Bound, Silent, Words

# Its records have the firm's own codes.
WORDS: Final[Words] = dict.fromkeys(("Customer", "Engagement", "LegalEntity"), str)
VENDORS: Final = ("sap_cap", "sap_cap_v2")


@contextmanager
def with_cap() -> Iterator[Mapping[str, Bound]]:
    """Run the installed CAP, and yield it by the vendors' folders that read it."""
    with serve() as address:
        yield {vendor: Bound("erp", vendor, address, CREDENTIALS, WORDS, Silent()) for vendor in VENDORS}
