"""Policies under change approval: those of the product, and a firm's own with its lock beside it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policies import rules
from policies.access import Policy
from policies.authority import SHIPPED, Authority
from policies.tiers import Tiers
from schema.tomlfile import FileError
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = "over = { amount = 100_000 }"
PLACE = "commands.completeMilestone.approvals.milestone-large.over.amount"
READERS: dict[str, Callable[[Path], object]] = {
    "access": Policy.read,
    "authority": Authority.read,
    "tiers": Tiers.read,
}


def run(*args: object) -> tuple[int, str]:
    """Run the command; return how it ended and what it said."""
    result = invoke(*args)
    return result.exit_code, result.output


def changed(path: Path, old: str, new: str) -> None:
    """Change one line of a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


VERSION = re.compile(r"^version = (\d+)$", re.MULTILINE)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A firm's own authority in its first version, not pinned."""
    path = tmp_path / "authority.toml"
    path.write_text(VERSION.sub("version = 1", SHIPPED.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    return path


def test_a_firms_own_file_is_held_to_the_lock_beside_it(own: Path) -> None:
    """Without one it is read as it is; once pinned it is refused until a change is approved under a new version."""
    changed(own, LARGE, "over = { amount = 90_000 }")
    Authority.read(own)
    lock = own.with_suffix(".lock")
    assert run("rules", "lock", "--policy", own) == (0, f"1 sets of rules are pinned in {lock}\n")
    Authority.read(own)
    changed(own, "over = { amount = 90_000 }", LARGE)
    relock = f"run 'colonnade rules lock --policy {own}'"
    with pytest.raises(FileError) as refused:
        Authority.read(own)
    assert str(refused.value) == (
        f"{own}: {PLACE} and 0 more have changed since version 1 was approved by finance controller; undo that, or "
        f"raise 'version', have it approved and {relock}"
    )
    code, said = run("rules", "lock", "--policy", own)
    assert (code, said.partition(";")[0]) == (
        2,
        "policies/authority: has changed under version 1, which finance controller approved",
    )
    changed(own, "version = 1", "version = 2")
    with pytest.raises(FileError) as refused:
        Authority.read(own)
    assert str(refused.value) == f"{own}: is version 2, but 1 was approved; have version 2 approved, then {relock}"
    assert cells(run("rules", "diff", "--policy", own)[1]) == [
        ("policies/authority", PLACE, "90000", "100000"),
        ("policies/authority", "version", "1", "2"),
    ]
    assert run("rules", "lock", "--policy", own)[0] == 0
    assert run("rules", "diff", "--policy", own) == (0, "")
    assert Authority.read(own).version == 2


def test_a_comment_is_no_rule_and_a_day_is_one(own: Path) -> None:
    """Comments and layout change freely; until when authority is delegated does not."""
    summer = 'summer = { from = "finance-controller", to = "finance", by = "all", until = 2027-05-31 }'
    changed(own, "[duties]\n", f"[delegations]\n{summer}\n\n[duties]\n")
    assert run("rules", "lock", "--policy", own)[0] == 0
    changed(own, "[duties]\n", "# Identity counts, not roles.\n\n[duties]\n")
    Authority.read(own)
    changed(own, "2027-05-31", "2027-06-30")
    assert cells(run("rules", "diff", "--policy", own)[1]) == [
        ("policies/authority", "delegations.summer.until", '"2027-05-31"', '"2027-06-30"')
    ]
    with pytest.raises(FileError, match=r"delegations\.summer\.until and 0 more have changed"):
        Authority.read(own)


@pytest.mark.parametrize("name", READERS)
def test_the_products_own_are_held_to_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """None is read that has changed, or that nobody has approved, or without the lock."""
    here = tmp_path / "policies"
    shutil.copytree("policies", here)
    monkeypatch.setattr(rules, "HERE", here)
    path = here / f"{name}.toml"
    READERS[name](path)
    (old,) = VERSION.findall(path.read_text(encoding="utf-8"))
    new = int(old) + 1
    changed(path, f"version = {old}", f"version = {new}")
    wrong = rf"{name}\.toml: is version {new}, but {old} was approved; .*'colonnade rules lock'$"
    with pytest.raises(FileError, match=wrong):
        READERS[name](path)
    (here / "policies.lock").unlink()
    with pytest.raises(FileError, match=rf"{name}\.toml: version {new} is not in .*/policies\.lock; have it approved"):
        READERS[name](path)


def test_an_earlier_lock_is_compared_with_what_it_is_about(tmp_path: Path) -> None:
    """A lock of an earlier release tells what its own rules were, be they policies or translation."""
    for lock, old, new, expected in (
        ("policies/policies.lock", 'release" = ["operations"', 'release" = ["auditor"', "policies/authority"),
        (
            "sources/rules.lock",
            '"codes.workspace_status.310" = "ACTIVE"',
            '"codes.workspace_status.310" = "X"',
            "psa/kantata",
        ),
    ):
        earlier = Path(shutil.copy(lock, tmp_path / "earlier.lock"))
        changed(earlier, old, new)
        code, said = run("rules", "diff", "--since", earlier)
        assert (code, [row[0] for row in cells(said)]) == (1, [expected])
