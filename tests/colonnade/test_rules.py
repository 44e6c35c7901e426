"""Rules under change approval: pinned, refused when they changed unseen, shown rule by rule; unmapped codes counted."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from colonnade.demo import configure, over
from colonnade.wiring import SystemClock
from demo.systems import HTTP, Bound, Silent
from schema.tomlfile import FileError, load
from sources import registry, rules
from sources.manifest import Manifest
from sources.registry import Binding, vendors
from tests.conftest import House
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import House as Running

ACTIVE = '310 = "ACTIVE"'
KANTATA = next(path for role, vendor, path in vendors() if (role, vendor) == ("psa", "kantata"))
# The version of its rules that is approved.
NOW = load(KANTATA, Manifest).version
CURE = "undo that, or raise 'version', have it approved and run 'colonnade rules lock --folder {}'"


def run(*args: object) -> tuple[int, str]:
    """Run the command; return how it ended and what it said."""
    result = invoke(*args)
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the PSA's folder outside the house, its rules pinned."""
    copy = tmp_path / "psa" / "ours"
    shutil.copytree("sources/psa/kantata", copy)
    assert run("rules", "lock", "--folder", copy) == (0, f"1 sets of rules are pinned in {copy}/rules.lock\n")
    return copy


def changed(folder: Path, old: str, new: str) -> None:
    """Change one line of the folder's manifest."""
    path = folder / "source.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def check(folder: Path, running: Running, tmp_path: Path) -> tuple[int, str]:
    """Check a binding of the folder to the running PSA."""
    (delivery,) = (system for system in running.bound if system.role == "psa")
    bound = Bound("psa", str(folder), delivery.address, delivery.credentials, {}, Silent())
    return run("sources", "check", "--config", configure(tmp_path, [bound]))


def test_the_rules_of_this_house_are_the_approved_ones() -> None:
    """Nothing has changed since the lock was written: `make check` asks the same."""
    assert run("rules", "diff") == (0, "")


def test_a_changed_rule_is_refused_until_it_is_approved(folder: Path, running: Running, tmp_path: Path) -> None:
    """A code mapped otherwise, then a version that nobody pinned: neither is loaded; pinned, it is."""
    changed(folder, ACTIVE, '310 = "ON_HOLD"')
    code, said = check(folder, running, tmp_path)
    assert code == 2
    assert said == (
        f"{folder}/source.toml: codes.workspace_status.310 and 0 more have changed since version {NOW} was approved by "
        f"integration steward; {CURE.format(folder)}\n"
    )
    code, said = run("rules", "lock", "--folder", folder)
    assert code == 2
    assert said == (
        f"psa/ours: has changed under version {NOW}, which integration steward approved; raise 'version' and name in "
        "'approved_by' who approved the new one\n"
    )
    changed(folder, f"version = {NOW}", f"version = {NOW + 1}")
    code, said = check(folder, running, tmp_path)
    assert code == 2
    assert said == (
        f"{folder}/source.toml: is version {NOW + 1}, but {NOW} was approved; have version {NOW + 1} approved, "
        f"then run 'colonnade rules lock --folder {folder}'\n"
    )
    assert run("rules", "lock", "--folder", folder)[0] == 0
    assert check(folder, running, tmp_path)[0] == 0


def test_this_houses_own_folders_are_held_to_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the folders that come with the house, none is bound that has changed, or that nobody has approved."""
    here = tmp_path / "sources"
    shutil.copytree("sources", here)
    for module in (registry, rules):
        monkeypatch.setattr(module, "HERE", here)
    binding = Binding("psa", "kantata", "http://127.0.0.1:9", {"token": "a-secret"})
    rules.verify(binding.manifest_path)
    shutil.copytree(here / "psa" / "kantata", here / "psa" / "nobodys")
    with pytest.raises(FileError, match=r"nobodys/source\.toml: version \d+ is not in .*/sources/rules\.lock"):
        registry.connect(binding._replace(vendor="nobodys"), SystemClock())
    changed(here / "psa" / "kantata", ACTIVE, '310 = "ON_HOLD"')
    with pytest.raises(FileError, match=r"codes\.workspace_status\.310 and 0 more have changed since version"):
        registry.connect(binding, SystemClock())


def test_a_change_is_shown_rule_by_rule(folder: Path, tmp_path: Path) -> None:
    """What is new, gone or other stands with what was and what is, also against the lock of an earlier release."""
    earlier = shutil.copy(folder / "rules.lock", tmp_path / "earlier.lock")
    changed(folder, ACTIVE, '310 = "ON_HOLD"\n311 = "ACTIVE"')
    changed(folder, 'region = "custom_fields.region"\n', "")
    changed(folder, f"version = {NOW}", f"version = {NOW + 1}")
    expected = [
        ("psa/ours", "codes.workspace_status.310", '"ACTIVE"', '"ON_HOLD"'),
        ("psa/ours", "codes.workspace_status.311", "", '"ACTIVE"'),
        ("psa/ours", "entities.Project.fields.region", '"custom_fields.region"', ""),
        ("psa/ours", "version", str(NOW), str(NOW + 1)),
    ]
    code, said = run("rules", "diff", "--folder", folder)
    assert (code, cells(said)) == (1, expected)
    assert run("rules", "lock", "--folder", folder)[0] == 0
    assert run("rules", "diff", "--folder", folder) == (0, "")
    code, said = run("rules", "diff", "--folder", folder, "--since", earlier)
    assert (code, cells(said)) == (1, expected)


def test_a_comment_is_no_rule(folder: Path, running: Running, tmp_path: Path) -> None:
    """Comments and layout of a manifest change freely."""
    changed(folder, ACTIVE, f"# under way\n\n{ACTIVE}")
    assert run("rules", "diff", "--folder", folder) == (0, "")
    assert check(folder, running, tmp_path)[0] == 0


@pytest.mark.parametrize("name", ["translate.py", "writes.py", "made.py", "another.py"])
def test_code_is_pinned_whole(folder: Path, running: Running, tmp_path: Path, name: str) -> None:
    """It says what values mean and what a system is told: none of it changes unseen, nor does a file come to it."""
    with (folder / name).open("a", encoding="utf-8") as code:
        code.write("\n# changed\n")
    ended, said = check(folder, running, tmp_path)
    assert (ended, said.partition(" and ")[0]) == (2, f"{folder}/source.toml: {name}")


def test_a_lock_that_cannot_be_read_is_refused(folder: Path, running: Running, tmp_path: Path) -> None:
    """A lock spoilt by hand stops the load, and names itself."""
    (folder / "rules.lock").write_text("spoilt", encoding="utf-8")
    code, said = check(folder, running, tmp_path)
    lock = folder / "rules.lock"
    assert (code, said) == (
        2,
        f"{lock}: is no lock of rules (TOMLDecodeError); restore it from the last release\n",
    )


@pytest.fixture
def unmapping(running: Running, tmp_path: Path) -> Iterator[tuple[House, Bound]]:
    """The graph over a PSA whose manifest lacks the code for active engagements."""
    copy = tmp_path / "psa" / "short"
    shutil.copytree("sources/psa/kantata", copy)
    changed(copy, ACTIVE + "\n", "")
    (delivery,) = (system for system in running.bound if system.role == "psa")
    bound = Bound("psa", str(copy), delivery.address, delivery.credentials, {}, Silent())
    with ExitStack() as stack:
        yield House(stack.enter_context(over([bound]))), bound


def test_unmapped_codes_are_counted_and_shown(unmapping: tuple[House, Bound], tmp_path: Path) -> None:
    """Each is null with its error; `systems`, the metrics and `sources check` tell how many, the last one which."""
    house, bound = unmapping
    answer = house.ask("{ engagements(first: 50) { edges { node { deliveryStatus } } } }")
    nulls = sum(edge["node"]["deliveryStatus"] is None for edge in answer.data["engagements"]["edges"])
    (error,) = answer.errors
    assert (error["extensions"]["code"], error["extensions"]["count"]) == ("UNMAPPED_VALUE", nulls)
    # A correlation id may have any digits.
    told = [{**one, "extensions": {**one["extensions"], "correlationId": ""}} for one in answer.errors]
    assert "310" not in str(told)
    (system,) = house.ask("{ systems { name unmapped { field codes count lastSeen } } }").data["systems"]
    (field,) = system["unmapped"]
    assert {**field, "lastSeen": None} == {
        "field": "Engagement.delivery_status",
        "codes": 1,
        "count": nulls,
        "lastSeen": None,
    }
    metrics = HTTP.get(house.url.replace("/graphql", "/metrics")).text
    labels = 'field="Engagement.delivery_status",role="psa",system="psa"'
    assert f"colonnade_unmapped_values_total{{{labels}}} {float(nulls)}" in metrics
    code, said = run("sources", "check", "--config", configure(tmp_path, [bound]))
    assert code == 1
    assert [row for row in cells(said) if row[1] == "Engagement.delivery_status"] == [
        (
            "psa",
            "Engagement.delivery_status",
            f"the code '310' is in no table ({nulls} times)",
            "add it to the table of codes of the manifest, under a new version",
        )
    ]
