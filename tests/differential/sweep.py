"""A hundred thousand documents and more, executed by plans and without: `make diff-sweep` writes DIFFERENCES.md.

Two processes, each over random schemas and over the firm's systems in turn, with numbers of their own: each draws other
documents. What differs is printed.
"""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.differential.drawing import over_random_schemas, over_the_product
from tests.differential.product import TROUBLES, house

if TYPE_CHECKING:
    from tests.differential.comparing import Verdict

AT_ONCE = 2
# Documents of one turn: over random schemas, and over the firm with each trouble.
RANDOM, FIRM = 2_000, 50
WRITTEN = Path(__file__).with_name("DIFFERENCES.md")
HEAD = """\
# Documents executed by plans and by graphql-core

`make diff-sweep`: documents drawn by hypothesis (`drawing.py`) over the product's schema with the firm's systems in
trouble or not (`product.py`) and over random schemas (`random_schemas.py`); what is compared: `comparing.py`. "More
calls" are answers without errors for which somebody was asked more often than by graphql-core. "Other effects": a
mutation did something else, or in another order; only random schemas have such.

| day | cores, Python | the product | random schemas | other data | other errors | more calls | other effects |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def turn(number: int) -> dict[str, Counter[Verdict]]:
    """Judge the documents of one number."""
    # graphql-core cancels what it has not begun, where null spreads over it: nobody has to be told.
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None
    found: dict[str, Counter[Verdict]] = {"product": Counter(), "random": Counter()}

    def over(kind: str, verdict: Verdict, what: Any) -> None:
        found[kind][verdict] += 1
        if verdict != "same":
            print(f"!! {kind}, number {number}, {verdict}: {what}", flush=True)  # noqa: T201

    over_random_schemas(RANDOM, lambda *said: over("random", *said), number)
    with house() as running:
        for trouble in TROUBLES:
            over_the_product(running, trouble, FIRM, lambda *said: over("product", *said), number)
    return found


def main() -> None:
    """Judge as many documents as DIFF_SWEEP says, and write down what came of it; a difference is a failure."""
    wanted = int(os.environ.get("DIFF_SWEEP", "100000"))
    first = int(os.environ.get("DIFF_SEED", "1"))
    turns = range(first, first + -(-wanted // (RANDOM + FIRM * len(TROUBLES))))
    product: Counter[Verdict] = Counter()
    random: Counter[Verdict] = Counter()
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        for found in pool.map(turn, turns):
            product += found["product"]
            random += found["random"]
            print(f"{product.total() + random.total()} documents, {product + random}", flush=True)  # noqa: T201
        both = product + random
        # Before the processes end, which may take them a while: threads of what they started have to give up.
        _written(product.total(), random.total(), both)
    print(f"{both.total()} documents, {both['data']} data differences, {both['errors']} error differences")  # noqa: T201
    sys.exit(both.total() != both["same"])


def _written(product: int, random: int, both: Counter[Verdict]) -> None:
    """Add a row to the table."""
    text = WRITTEN.read_text(encoding="utf-8") if WRITTEN.exists() else HEAD
    place = f"{os.cpu_count()}, {platform.python_version()}"
    counts = f"{both['data']} | {both['errors']} | {both['calls']} | {both['effects']}"
    row = f"| {datetime.now(UTC):%d %B %Y} | {place} | {product:,} | {random:,} | {counts} |\n"
    WRITTEN.write_text(text + row, encoding="utf-8")


if __name__ == "__main__":
    main()
