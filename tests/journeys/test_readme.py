"""What the README shows is what the graph says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import House


def test_the_readmes_query_has_the_readmes_answer(house: House) -> None:
    """The query of the first screen gives the answer beside it, to the last digit."""
    text = Path("README.md").read_text(encoding="utf-8")
    query, answer = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("graphql", "json"))
    assert query is not None
    assert answer is not None
    assert house.ask(query[1]).data == json.loads(answer[1])["data"]
