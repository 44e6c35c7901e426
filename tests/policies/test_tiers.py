"""The tiers that come with the product: every exception of the domain, whose it is, and every mistake refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from policies.access import Policy
from policies.tiers import SHIPPED, Tiers
from schema.problems import Code
from schema.tier import Tier
from schema.tomlfile import FileError

if TYPE_CHECKING:
    from pathlib import Path

# As the domain lists them, and those by which its commands block or warn besides.
CODES = {
    Tier.BLOCK: """LEGAL_ENTITY_MISMATCH CURRENCY_MISMATCH CUSTOMER_ON_CREDIT_HOLD TAX_CODE_MISSING SOD_VIOLATION
        STALE_VERSION CAP_EXCEEDED DUPLICATE_POSTING SCHEDULE_SUM_MISMATCH RATE_GAP UNMAPPED_FINANCIAL_CODE
        ALLOCATION_EXCEEDED COMPENSATION_FAILED EVENT_NOT_READY EVENT_ON_DRAFT INTERCOMPANY_RATE_MISSING NUMBER_GAP
        PERIOD_LOCKED TARGET_REJECTED TOTAL_CHANGED INTERNAL_ERROR""",
    Tier.QUARANTINE_AND_CONTINUE: """FORECAST_ROLE_UNMAPPED FORECAST_ATTRIBUTE_MISSING FORECAST_REJECTED
        CRM_WRITEBACK_FAILED SKILL_UNKNOWN NOTIFICATION_FAILED""",
    Tier.WARN: """OVERALLOCATED CAP_NEAR MARGIN_BELOW_TARGET BACKDATED_ENTRY RATE_CHANGE_AFFECTS_UNBILLED
        UNEXPECTED_TRANSITION OVERSERVICED_FIXED_FEE OUTSIDE_CONTRACT TIME_AFTER_ROLL_OFF""",
}
WITHIN = {Tier.BLOCK: timedelta(hours=4), Tier.QUARANTINE_AND_CONTINUE: timedelta(days=2), Tier.WARN: None}


@pytest.fixture(scope="module")
def tiers() -> Tiers:
    """The tiers that come with the product."""
    return Tiers.read()


@pytest.mark.parametrize("code", Code)
def test_what_is_done_about_a_code(tiers: Tiers, code: Code) -> None:
    """Its tier and age limit, a role of the firm that sees to it, and what to do; a plain refusal has none of it."""
    tier = next((tier for tier, names in CODES.items() if code.name in names.split()), None)
    handling = tiers.of(code)
    if tier is None or handling is None:
        assert (tier, handling) == (None, None)
        return
    assert (handling.tier, handling.within) == (tier, WITHIN[tier])
    assert handling.team in Policy.read().roles
    assert handling.remedy.endswith(".")


def test_every_exception_of_the_domain_is_there(tiers: Tiers) -> None:
    """Each is in its tier and no other is in any."""
    listed = {tier: {code.name for code in one.codes} for tier, one in tiers.tiers.items()}
    assert listed == {tier: set(names.split()) for tier, names in CODES.items()}


MISTAKES = {
    "\nRATE_GAP =": ("\nRATE_GAPS =", "tiers.BLOCK.codes.RATE_GAPS.[key]: is no code of schema/problems.py"),
    "[tiers.WARN]": ("[tiers.NOTE]", "tiers.NOTE"),
    "within_hours = 48": ("within_hours = 0", "tiers.QUARANTINE_AND_CONTINUE.within_hours"),
    'CAP_NEAR = { team = "contract-manager"': ('CAP_NEAR = { owner = "contract-manager"', "unknown key"),
    "\nCAP_NEAR =": ("\nCAP_EXCEEDED =", "['CAP_EXCEEDED'] are WARN and of another tier too"),
    "format = 1": ("format = 2", "format"),
}


@pytest.mark.parametrize("old", MISTAKES)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, old: str) -> None:
    """Unknown codes, tiers and keys, and a code of two tiers."""
    new, complaint = MISTAKES[old]
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "tiers.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FileError, match=r"tiers\.toml:[0-9]+: ") as refused:
        Tiers.read(path)
    assert complaint in str(refused.value)
