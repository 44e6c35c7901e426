"""How dear a field is and how long its lists are, in the words of Apollo Federation: `@cost` and `@listSize`."""

from __future__ import annotations

from typing import Final

import strawberry
from strawberry.federation.schema_directives import Cost, ListSize

# How many records a list holds that nothing else is known of.
TYPICAL: Final = 10

# How many rows a page has that nobody has chosen the size of.
PAGE: Final = 20

# Another system is asked for this value alone: as dear as a record.
ASKED: Final = Cost(weight=1)

# The whole list is read, at most thousands of rows, whatever page is wanted.
READ_WHOLE: Final = Cost(weight=20)

# A command asks several systems what it has to know, and changes them.
COMMANDED: Final = Cost(weight=100)

# An act on a command changes the house's own store, and may have the command go on.
ACTED: Final = Cost(weight=10)

# A page: as many edges as are asked for.
PAGED: Final = ListSize(
    assumed_size=PAGE, slicing_arguments=["first"], sized_fields=["edges"], require_one_slicing_argument=False
)


# A list of so many records as are asked for.
PAGED_LIST: Final = ListSize(
    assumed_size=PAGE,
    slicing_arguments=["first"],
    sized_fields=strawberry.UNSET,
    require_one_slicing_argument=False,
)


def sized(about: int) -> ListSize:
    """Return what says that a list holds about so many records."""
    # Not None: composition takes no null for a list of names.
    return ListSize(
        assumed_size=about,
        slicing_arguments=strawberry.UNSET,
        sized_fields=strawberry.UNSET,
        require_one_slicing_argument=False,
    )
