"""Vendors change what they send: what is gone, what has become another kind, and what they announce, is told."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from colonnade.demo import configure
from colonnade.drifting import Drifting
from colonnade.principals import Facade
from colonnade.settings import Contract
from demo.systems import Bound, Silent
from sources.drift import CURE, compare, drift, shape, write
from sources.wire.metrics import Metrics
from tests.sources.hostile import ODATA, SECRETS
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sources.source import Source
    from tests.sources.hostile import Hostile

INVOICE = {"Number": "1", "Company": "USA", "Date": "2026-03-31T12:00:00Z", "Net": 5, "Currency": "USD"}
ENTITY = {"Id": "1", "Code": "USA", "Name": "Northbeam", "Currency": "USD", "Country": None, "WeekStart": "Monday"}
ROW = INVOICE | ENTITY
CHANGED = [
    ({"Net": "5.00"}, {}, [("Invoice.Net", "was number, is text now")]),
    ({"Net": {"amount": 5}}, {}, [("Invoice.Net", "was number, is object now")]),
    ({"Date": None}, {}, []),
    ({"Country": "US"}, {}, []),
    ({}, {"Company"}, [("Invoice.Company", "no record has this column any more")]),
    ({}, {"Country"}, [("LegalEntity.Country", "no record has this column any more")]),
]


@pytest.fixture
def source(bound: Callable[..., Source], server: Hostile) -> Source:
    """A source whose records are all alike."""
    server.say = server.rows(ROW)
    return bound(ODATA)


@pytest.mark.parametrize(("other", "without", "said"), CHANGED)
async def test_what_has_changed_is_told(
    source: Source, server: Hostile, other: dict[str, Any], without: set[str], said: list[tuple[str, str]]
) -> None:
    """A column that is gone or holds another kind; not one that is empty today, or is filled for the first time."""
    accepted = await shape(source, Facade())
    now = {name: value for name, value in (ROW | other).items() if name not in without}
    server.say = server.rows(now)
    found, _ = await drift(source, accepted, Facade())
    assert [(one.subject, one.wrong) for one in found if one.wrong] == said
    assert {one.cure for one in found if one.wrong} <= {CURE}


async def test_an_empty_sample_says_nothing(source: Source, server: Hostile) -> None:
    """Where there is no record today, nothing is gone."""
    accepted = await shape(source, Facade())
    server.say = server.rows()
    found = compare("erp", accepted, await shape(source, Facade()))
    assert [(one.subject, one.wrong) for one in found] == [("contract", "")]


async def test_a_system_that_cannot_be_read(source: Source, server: Hostile) -> None:
    """It is told by its code, without a word of what it said."""
    accepted = await shape(source, Facade())
    server.say = server.text(b"<html>secret words", 500)
    found, now = await drift(source, accepted, Facade())
    assert [one.wrong for one in found] == ["cannot be read (SOURCE_UNAVAILABLE)"]
    assert now is None


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Sunset": "Sat, 31 Oct 2026 23:59:59 GMT"}, "it ends on 2026-10-31"),
        ({"Deprecation": "@1688169599"}, "it is not to be used any more, deprecated since 2023-06-30"),
        (
            {"Deprecation": "@1688169599", "Sunset": "Sun, 30 Jun 2024 23:59:59 GMT"},
            "it ends on 2024-06-30, deprecated since 2023-06-30",
        ),
        ({"Deprecation": "true; DROP TABLE"}, "it is not to be used any more"),
        ({"Sunset": "@99999999999999999999"}, "it is not to be used any more"),
    ],
)
async def test_an_announced_end_is_told(source: Source, server: Hostile, headers: dict[str, str], said: str) -> None:
    """Each path once, in dates of ours, and logged when it is new."""
    accepted = await shape(source, Facade())
    server.say = server.text(json.dumps({"value": [ROW]}).encode(), 200, **headers)
    with capture_logs() as logged:
        found, _ = await drift(source, accepted, Facade())
        await drift(source, accepted, Facade())
    paths = ["/data/Entities", "/data/Invoices"]
    assert [(one.subject, one.wrong) for one in found if one.wrong] == [(path, said) for path in paths]
    told = [(line["path"], line["said"]) for line in logged if line["event"] == "upstream announces its end"]
    assert sorted(told) == [(path, said) for path in paths]


@pytest.fixture
def config(tmp_path: Path, server: Hostile) -> Path:
    """A configuration of the hostile server alone."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "source.toml").write_text(ODATA, encoding="utf-8")
    server.say = server.rows(ROW)
    system = Bound("erp", str(tmp_path / "vendor"), server.url, SECRETS[ODATA], {}, Silent())
    return configure(tmp_path, [system])


def checked(config: Path, *options: str) -> tuple[int, list[tuple[str, ...]]]:
    """Run the check; return how it ended, and its table without the cures."""
    said = invoke("sources", "check", "--contract", *options, "--config", config)
    return said.exit_code, [row[:3] for row in cells(said.stdout)]


def test_a_shape_is_accepted_and_compared(config: Path, server: Hostile) -> None:
    """Nothing passes before it was accepted; then what changed fails, until that is accepted, too."""
    assert checked(config) == (1, [("erp", "contract", "nobody has accepted its shape")])
    assert checked(config, "--accept") == (0, [("erp", "contract accepted in shapes.json", "right")])
    assert checked(config) == (0, [("erp", "contract", "right")])
    server.say = server.rows(ROW | {"Net": "5.00"})
    assert checked(config) == (1, [("erp", "Invoice.Net", "was number, is text now")])
    assert checked(config, "--accept")[0] == 0
    assert checked(config) == (0, [("erp", "contract", "right")])


def test_what_cannot_be_read_is_not_accepted(config: Path, server: Hostile) -> None:
    """The file of shapes stays as it is, and a broken one is named."""
    checked(config, "--accept")
    shapes = config.with_name("shapes.json")
    before = shapes.read_bytes()
    server.say = server.text(b"", 500)
    assert checked(config, "--accept") == (1, [("erp", "contract", "cannot be read (SOURCE_UNAVAILABLE)")])
    assert shapes.read_bytes() == before
    shapes.write_text('{"erp": 5}', encoding="utf-8")
    said = invoke("sources", "check", "--contract", "--config", config)
    assert (said.exit_code, said.stdout) == (2, "")
    assert re.search(r"shapes\.json: holds no shapes .*accept them anew: --contract --accept", said.stderr)


async def test_the_scheduled_look(config: Path, server: Hostile, bound: Callable[..., Source]) -> None:
    """It compares what was accepted, counts what has changed, and logs it; what nobody accepted it leaves alone."""
    source, metrics = bound(ODATA), Metrics()
    looking = Drifting([source], Contract(shapes=config.with_name("shapes.json")), metrics)

    def drifted() -> float | None:
        return metrics.registry.get_sample_value("colonnade_contract_drift", {"role": "erp", "system": "erp"})

    await looking.look()
    assert drifted() is None
    write(config.with_name("shapes.json"), {"erp": await shape(source, Facade())})
    await looking.look()
    assert drifted() == 0
    server.say = server.rows(ROW | {"Net": True})
    with capture_logs() as logged:
        await looking.look()
    assert drifted() == 1
    assert [(line["event"], line["binding"], line["place"]) for line in logged if "place" in line] == [
        ("contract drift", "erp", "Invoice.Net")
    ]
