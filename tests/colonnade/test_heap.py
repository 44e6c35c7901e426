"""What a request has read is let go with its last word: under load no garbage collector comes round for a minute."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

import pytest

from colonnade.wiring import RequestContext
from schema.rows import Ref
from sources.gathering import Gathering
from sources.loaders import Loaders
from sources.screening import Screen

if TYPE_CHECKING:
    from tests.conftest import House

ENGAGEMENT = Ref("Engagement", "psa", "4200001").encode()
FIELDS = "code customer { displayName } manager { displayName } invoices { number } setupState provenance { system }"
ASKED = {
    "a list": f"{{ engagements(first: 20) {{ edges {{ node {{ {FIELDS} }} }} }} }}",
    "a record": f'{{ node(id: "{ENGAGEMENT}") {{ ... on Engagement {{ {FIELDS} }} }} }}',
    "nobody": '{ node(id: "RW5nYWdlbWVudHxwc2F8MQ") { id } }',
    "a caller": "{ viewer { subject } }",
}


def held() -> dict[int, str]:
    """Name what is there that belongs to one request alone, by who it is: to hold it here would keep it alive."""
    kinds = (RequestContext, Loaders, Gathering, Screen)
    return {id(one): type(one).__name__ for one in gc.get_objects() if type(one) in kinds}


@pytest.mark.parametrize("document", ASKED.values(), ids=ASKED)
def test_a_request_leaves_no_cycles(house: House, document: str) -> None:
    """With the collector switched off nothing of a request is left when it has been answered."""
    gc.collect()
    gc.disable()
    # What another test still holds is none of these requests'.
    others = held().keys()
    try:
        for _ in range(3):
            assert house.ask(document).data is not None
        deadline = time.monotonic() + 5
        while (left := held().keys() - others) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not left, held()
    finally:
        gc.enable()
