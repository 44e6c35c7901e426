"""A developer with docs/add-a-source.md and an empty folder: the page is followed to the letter."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

import sources.dialects
import sources.fields
import sources.manifest
from colonnade.wiring import SystemClock
from demo.systems import HTTP
from schema.tomlfile import FileError, Strict
from sources.erp.writes import PostInvoice
from sources.registry import Binding, connect
from sources.wire.auth import NEEDED
from tests.journeys.page import Developer, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path("docs/add-a-source.md").absolute()
WSDL = Path("sources/erp/heritage/service.wsdl").absolute()
# Every protocol that a manifest may name.
DIALECTS = get_args(get_args(sources.dialects.Dialect)[0])
FAMILIES = [get_args(kind.model_fields["family"].annotation)[0] for kind in DIALECTS]
TOOLS = Path(sys.executable).parent


@pytest.fixture
def developer(tmp_path: Path) -> Iterator[Developer]:
    """Somebody in an empty folder; what they started ends with the test."""
    with ExitStack() as running:
        environment = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "PYTHONPATH": str(PAGE.parents[1])}
        yield Developer(tmp_path, environment, {"python3": "8900", "colonnade": "8010"}, running)


@pytest.mark.timeout(180)
def test_the_page_leads_to_its_answer(developer: Developer) -> None:
    """Every file is written, every command run, and the page's query gives the page's answer; no Python is written."""
    page = blocks(PAGE)
    for block in page:
        developer.follow(block)
    (query,) = (block.text for block in page if block.language == "graphql")
    (answer,) = (json.loads(block.text) for block in page if block.language == "json")
    graph = f"http://127.0.0.1:{developer.ports['8010']}/graphql"
    assert HTTP.post(graph, json={"query": query}).status_code == 401
    key = developer.said["colonnade token create trial --role auditor"].strip()
    given = HTTP.post(graph, json={"query": query}, headers={"Authorization": f"Bearer {key}"}).json()
    assert given == answer
    assert [path.name for path in (developer.folder / "staffbook").iterdir()] == ["source.toml"]
    assert set(developer.said) == {
        "colonnade sources check",
        "colonnade sources quality --config colonnade.toml",
        "colonnade token create trial --role auditor",
    }
    assert "wrong" not in "".join(developer.said.values())


def vocabulary() -> list[str]:
    """Return the rows of the page's table, as the models have them."""
    models = [
        (name, model)
        for module in (sources.manifest, sources.dialects, sources.fields)
        for name, model in vars(module).items()
        if isinstance(model, type) and issubclass(model, Strict) and model.__module__ == module.__name__
    ]
    return [
        f"| {name} | {', '.join(f'`{key}`' for key in model.model_fields)} | {meaning} |"
        for name, model in models
        if model.model_fields and (meaning := " ".join((model.__doc__ or "").partition("\n\n")[0].split()))
    ]


def test_the_table_is_the_whole_vocabulary() -> None:
    """The page lists every part and every key that a manifest may have, in the words of the models themselves."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    told = lines[lines.index("## All that a manifest can say") :]
    assert told[told.index("| --- | --- | --- |") + 1 :] == vocabulary()


def test_the_folder_that_takes_files_compiles(tmp_path: Path) -> None:
    """The page's folder is whole: it binds as it stands, and takes postings in files alone, where there is a road."""
    for block in blocks(PAGE):
        if block.file in {"handover/source.toml", "handover/files.py"}:
            (tmp_path / Path(block.file).name).write_text(block.text, encoding="utf-8")
    bound = Binding("erp", str(tmp_path), "http://127.0.0.1:9", {"user": "us", "password": "s3cret"})
    assert not connect(bound, SystemClock()).takes(PostInvoice)
    source = connect(bound._replace(by_files=True), SystemClock())
    assert (source.takes(PostInvoice), list(source.lines)) == (True, [PostInvoice])
    (tmp_path / "files.py").unlink()
    with pytest.raises(FileError, match="this vendor takes no files"):
        connect(bound._replace(by_files=True), SystemClock())


MANIFESTS = {block.file: block.text for block in blocks(PAGE) if block.file.endswith("source.toml")}


@pytest.mark.parametrize("file", MANIFESTS)
def test_every_manifest_of_the_page_is_whole(tmp_path: Path, file: str) -> None:
    """It binds as it stands."""
    (tmp_path / "source.toml").write_text(MANIFESTS[file], encoding="utf-8")
    shutil.copy(WSDL, tmp_path)
    said = tomllib.loads(MANIFESTS[file])
    web, secrets = said["auth"]["kind"] != "database", dict.fromkeys(NEEDED[said["auth"]["kind"]], "a-secret")
    address = "http://127.0.0.1:9" if web else "postgresql+psycopg://127.0.0.1:9/lake"
    source = connect(Binding(said["role"], str(tmp_path), address, secrets), SystemClock())
    assert source.manifest.dialect.family == said["dialect"]["family"]


def test_every_family_has_a_manifest_on_the_page() -> None:
    """Whoever has a system of a known protocol finds a complete one, and V2 beside V4."""
    spoken = [tomllib.loads(text)["dialect"] for text in MANIFESTS.values()]
    assert {one["family"] for one in spoken} == set(FAMILIES)
    assert {one.get("version", "v4") for one in spoken if one["family"] == "odata"} == {"v2", "v4"}
