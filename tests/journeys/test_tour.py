"""Whoever sees the product for the first time: the tour of the demo, and the command of the README."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.commands.facing import facing
from tests.journeys.page import blocks
from tests.terminal import cells, invoke

pytestmark = pytest.mark.commands

README = Path("README.md")
# What converting the deal writes, in this order.
WRITTEN = [
    *("FACADE DrawCode", "PSA CreateEngagement", *["PSA CreateProject"] * 3, "ERP CreateProject"),
    *("FACADE LinkReference", "PSA ActivateEngagement", "FORECAST OpenProject", *["FORECAST CreateDemand"] * 3),
    "CRM RecordEngagement",
]


def test_the_tour_shows_a_query_a_command_and_an_outage() -> None:
    """Each system is asked once for each thing, a deal becomes an engagement, and the ERP alone is missing."""
    said = invoke("demo", "--once", "--port", "0")
    assert said.exit_code == 0
    rows = cells(said.stdout)
    calls = [row[2] for row in rows if row[0] in {"kantata", "dynamics", "salesforce", "bamboohr", "runn"}]
    assert calls == ["1"] * 11
    done = [f"{system} {operation}" for system, operation, _, state in (row for row in rows if row[-1] == "DONE")]
    assert done == WRITTEN
    assert "the command is SUCCEEDED, the engagement ENG-024" in " ".join(said.stdout.split())
    assert said.stdout.count('"code": "SOURCE_UNAVAILABLE"') == 1


def test_the_readmes_command_gets_the_readmes_answer() -> None:
    """Its `curl` is run as it stands there, twice: the answer is the same, and it takes the steps that are told."""
    page = blocks(README)
    curl = next(block.text for block in page if block.language == "sh" and block.text.startswith("curl"))
    answer = json.loads(page[[block.text for block in page].index(curl) + 1].text)
    with facing() as face:
        token = face.running.issuer.token("sales-operations")
        line = curl.replace("127.0.0.1:8000", urlsplit(face.url).netloc)
        for _ in range(2):
            run = subprocess.run(
                ["/bin/bash", "-c", line], env=os.environ | {"TOKEN": token}, capture_output=True, check=True
            )
            assert json.loads(run.stdout) == answer
        (command,) = face.ask("auditor", "{ commands { edges { node { steps { name } } } } }").data["commands"]["edges"]
        assert len(command["node"]["steps"]) == len(WRITTEN)
        assert face.effects() == []
