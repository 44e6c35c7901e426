"""The rules that come with the product: who runs, who approves, at which limit, and what every mistake in them says."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from policies.access import Policy
from policies.authority import FORBIDDEN, SHIPPED, Authority, Decision, Effect, Facts, Required
from policies.authority_file import Act
from schema.access import Bond
from schema.problems import Code
from schema.tomlfile import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from policies.conditions import Fact

ME, OTHER, PERSON = "subject-1", "subject-2", "Resource:1"
UK = "NB-UK"
# By command: the roles that run it with their bonds, and facts of which no conditional rule applies, each at its limit.
RUNS: dict[str, tuple[dict[str, Bond], dict[str, Fact]]] = {
    "convertOpportunity": (
        {"sales-operations": Bond.ALL, "engagement-manager": Bond.ALL},
        {"amount": Decimal(250_000), "margin": Decimal("0.25")},
    ),
    "changeProjectPhase": ({"engagement-manager": Bond.MANAGED}, {"backward": False, "days_moved": 30}),
    "staffAssignment": ({"resource-manager": Bond.ALL}, {"firm": True, "days": 90, "cross_border": False}),
    "rollOffAssignment": ({"resource-manager": Bond.ALL, "engagement-manager": Bond.MANAGED}, {}),
    "approveTimeEntries": ({"time-approver": Bond.MANAGED}, {"override": Decimal("0.20")}),
    "completeMilestone": ({"engagement-manager": Bond.MANAGED}, {"amount": Decimal("100000.00")}),
    "changeBillingTerms": ({"contract-manager": Bond.ALL}, {"change": Decimal("0.10")}),
    "changeRateCard": ({"pricing-admin": Bond.ALL}, {"decrease": Decimal("0.05")}),
    "prepareInvoice": ({"billing-analyst": Bond.ENTITIES, "finance": Bond.ENTITIES}, {}),
    "postInvoice": ({"finance": Bond.ENTITIES}, {"amount": Decimal("250000.00"), "credit_note": False}),
    "createEngagement": ({"engagement-manager": Bond.ALL}, {}),
    "submitTimeEntries": ({"consultant": Bond.SELF}, {}),
    "approveExpenses": ({"time-approver": Bond.MANAGED}, {"amount": Decimal("1000.00")}),
    "changeEngagementStatus": ({"engagement-manager": Bond.MANAGED}, {"closing": False}),
    "creditInvoice": ({"finance": Bond.ENTITIES}, {"amount": Decimal("10000.00")}),
    "mapCrossReference": ({"integration-steward": Bond.ALL}, {"financial": False}),
}
PARTIES = {
    "approveTimeEntries": ("worker",),
    "changeRateCard": ("card_engagement_manager",),
    "postInvoice": ("preparer", "terms_changer"),
    "approveExpenses": ("spender",),
    "creditInvoice": ("poster",),
}
# The rules that apply whatever the facts are.
ALWAYS = {
    "changeBillingTerms": [("terms-changed", "finance-controller")],
    "changeRateCard": [("rates-changed", "finance-controller")],
    "createEngagement": [("engagement-without-deal", "delivery-director")],
}


class Limit(NamedTuple):
    """The facts that are the least to make a rule of a command apply, and the rules that apply then besides."""

    command: str
    role: str
    over: dict[str, Fact]
    besides: tuple[str, ...] = ()


LIMITS = {
    "convert-large": Limit("convertOpportunity", "finance-controller", {"amount": Decimal("250000.01")}),
    "convert-very-large": Limit(
        "convertOpportunity", "delivery-director", {"amount": Decimal("1000000.01")}, ("convert-large",)
    ),
    "convert-thin-margin": Limit("convertOpportunity", "delivery-director", {"margin": Decimal("0.2499")}),
    "phase-backward": Limit("changeProjectPhase", "delivery-director", {"backward": True}),
    "phase-end-moved": Limit("changeProjectPhase", "delivery-director", {"days_moved": 31}),
    "staff-long": Limit("staffAssignment", "resourcing-lead", {"days": 91}),
    "staff-cross-border": Limit("staffAssignment", "resourcing-lead", {"cross_border": True}),
    "time-override": Limit("approveTimeEntries", "engagement-manager", {"override": Decimal("0.2001")}),
    "milestone-large": Limit("completeMilestone", "delivery-director", {"amount": Decimal("100000.01")}),
    "terms-amount": Limit("changeBillingTerms", "delivery-director", {"change": Decimal("0.1001")}),
    "rates-lowered": Limit("changeRateCard", "practice-lead", {"decrease": Decimal("0.0501")}),
    "post-large": Limit("postInvoice", "finance-controller", {"amount": Decimal("250000.01")}),
    "post-credit-note": Limit(
        "postInvoice", "finance-controller", {"amount": Decimal("10000.01"), "credit_note": True}
    ),
    "expense-large": Limit("approveExpenses", "engagement-manager", {"amount": Decimal("1000.01")}),
    "engagement-closed": Limit("changeEngagementStatus", "finance-controller", {"closing": True}),
    "credit-large": Limit("creditInvoice", "finance-controller", {"amount": Decimal("10000.01")}),
    "map-financial": Limit("mapCrossReference", "finance-controller", {"financial": True}),
}
# Below another limit of the same rule, so that nothing is to be approved however great the fact is.
SHORT_OF: dict[str, dict[str, Fact]] = {
    "staff-long": {"firm": False, "days": 1_000},
    "post-credit-note": {"credit_note": True, "amount": Decimal("10000.00")},
}
# By duty: the command, the party, and who has to approve instead of a refusal.
DUTIES = {
    "own-time": ("approveTimeEntries", "worker", None),
    "own-expense": ("approveExpenses", "spender", None),
    "own-draft": ("postInvoice", "preparer", None),
    "own-posting": ("creditInvoice", "poster", None),
    "own-rates": ("changeRateCard", "card_engagement_manager", None),
    "own-terms": ("postInvoice", "terms_changer", "finance-controller"),
}
ACTS = {
    Act.SEE: {"actor", "auditor"},
    Act.WATCH: {"actor", "auditor", "operations", "integration-steward"},
    Act.INSPECT: {"auditor", "integration-steward"},
    Act.CANCEL: {"actor", "operations"},
    Act.RELEASE: {"operations", "integration-steward"},
    Act.REPAIR: {"integration-steward"},
    Act.REPLAY: {"operations", "integration-steward"},
    Act.DISCARD: {"operations"},
}


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The rules that come with the product."""
    return Authority.read()


def changed(folder: Path, old: str, new: str) -> Path:
    """Return a firm's own file: the shipped one with other words in it."""
    path = folder / "authority.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def added(folder: Path, text: str) -> Authority:
    """Return the shipped rules with more of them at the end."""
    return Authority.read(changed(folder, 'discard = ["operations"]\n', f'discard = ["operations"]\n{text}'))


def of(command: str, role: str | None = None, over: Mapping[str, Fact] | None = None, **said: Any) -> Facts:
    """Return the facts of a command that nothing stands against, run by the first role, or as they are said."""
    roles, quiet = RUNS[command]
    held = next(iter(roles)) if role is None else role
    parties = {party: frozenset({OTHER}) for party in PARTIES.get(command, ())}
    return Facts(
        command=command,
        **{
            "roles": frozenset({held}),
            "bonds": {held: True},
            "actor": frozenset({ME, PERSON}),
            "entity": UK,
            "parties": parties,
            "facts": {**quiet, **(over or {})},
            **said,
        },
    )


def test_every_rule_of_the_file_is_tested_here() -> None:
    """A rule that is added without a test of its own is noticed."""
    said = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    commands = said["commands"].items()
    assert {(name, role) for name, one in commands for role in one["runs"]} == {
        (name, role) for name, (roles, _) in RUNS.items() for role in roles
    }
    always = {rule for rules in ALWAYS.values() for rule, _ in rules}
    assert {rule for _, one in commands for rule in one.get("approvals", {})} == always | LIMITS.keys()
    assert said["duties"].keys() == DUTIES.keys()
    assert said["acts"].keys() == {act.value for act in ACTS}
    assert "delegations" not in said


def test_the_sixteen_commands_and_no_role_that_nobody_has(authority: Authority) -> None:
    """The file names the commands of the domain, and roles that the policy of reading knows."""
    assert authority.commands == RUNS.keys()
    assert authority.roles - Policy.read().roles.keys() == set()


@pytest.mark.parametrize(("command", "role"), [(name, role) for name, (roles, _) in RUNS.items() for role in roles])
def test_who_runs_a_command(authority: Authority, command: str, role: str) -> None:
    """The role with its bond over the subject runs it; at the limits, what is always approved alone is approved."""
    rules = ALWAYS.get(command, [])
    expected = Decision(
        Effect.ALLOW,
        (f"{command}:{role}", *(rule for rule, _ in rules)),
        tuple(Required(command, rule, by, UK) for rule, by in rules),
    )
    assert authority.decide(of(command, role)) == expected
    assert authority.asks(command).bonds == RUNS[command][0]
    without = expected if RUNS[command][0][role] is Bond.ALL else FORBIDDEN
    assert authority.decide(of(command, role, bonds={})) == without
    assert authority.decide(of(command, role, bonds={role: False})) == without


@pytest.mark.parametrize("command", RUNS)
def test_what_is_not_granted_is_denied(authority: Authority, command: str) -> None:
    """Every other role, roles that nobody wrote down, no role, and nobody: forbidden, by no rule."""
    for role in Policy.read().roles.keys() - RUNS[command][0].keys() | {"owner-of-everything", ""}:
        assert authority.decide(of(command, role)) == FORBIDDEN
    assert authority.decide(of(command, roles=frozenset())) == FORBIDDEN
    assert authority.decide(of(command, actor=frozenset())) == FORBIDDEN


def test_a_command_that_nobody_wrote_down_is_denied(authority: Authority) -> None:
    """Whatever roles somebody has."""
    roles = frozenset(Policy.read().roles)
    for command in ("closePeriod", "postinvoice", ""):
        facts = Facts(command=command, roles=roles, actor=frozenset({ME}), bonds=dict.fromkeys(roles, True))
        assert authority.decide(facts) == FORBIDDEN
        assert authority.asks(command) == ({}, {}, frozenset())


@pytest.mark.parametrize("rule", LIMITS)
def test_what_has_to_be_approved(authority: Authority, rule: str) -> None:
    """A rule applies just above its limit, not at it; each role approves once, named by its first rule."""
    command, role, over, besides = LIMITS[rule]
    before = [name for name, _ in ALWAYS.get(command, [])]
    ran = f"{command}:{next(iter(RUNS[command][0]))}"
    assert authority.decide(of(command)).rules == (ran, *before)
    assert authority.decide(of(command, over=SHORT_OF.get(rule, {}))).rules == (ran, *before)
    decision = authority.decide(of(command, over=over))
    assert (decision.effect, decision.rules) == (Effect.ALLOW, (ran, *before, *besides, rule))
    assert Required(command, rule, role, UK) in decision.approvals
    assert len(decision.approvals) == len({one.role for one in decision.approvals}) == len([*before, *besides]) + 1


def test_a_magnitude_is_meant(authority: Authority) -> None:
    """A credit note of -10 000.01 and an end that moves 31 days to the front are over their limits, too."""
    credit: dict[str, Fact] = {"credit_note": True, "amount": Decimal("-10000.01")}
    assert authority.decide(of("postInvoice", over=credit)).rules == ("postInvoice:finance", "post-credit-note")
    earlier = authority.decide(of("changeProjectPhase", over={"days_moved": -31}))
    assert earlier.rules == ("changeProjectPhase:engagement-manager", "phase-end-moved")


def test_two_rules_of_one_role_are_one_approval(authority: Authority) -> None:
    """A large credit note that one posts whose terms one changed: one finance controller, and all rules are named."""
    over: dict[str, Fact] = {"credit_note": True, "amount": Decimal(300_000)}
    parties = {"preparer": frozenset({OTHER}), "terms_changer": frozenset({PERSON})}
    decision = authority.decide(of("postInvoice", over=over, parties=parties))
    assert decision.rules == ("postInvoice:finance", "own-terms", "post-large", "post-credit-note")
    assert decision.approvals == (Required("postInvoice", "own-terms", "finance-controller", UK),)


NO_NUMBERS = ("250000", 1.5, True, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"))
NO_FLAGS = (0, 1, "false")


@pytest.mark.parametrize(("rule", "fact"), [(rule, fact) for rule, one in LIMITS.items() for fact in one.over])
def test_what_is_not_known_is_approved_by_somebody(authority: Authority, rule: str, fact: str) -> None:
    """A fact that is missing, a float, a word, no finite number or no flag counts as if the condition held."""
    command, _, over, _ = LIMITS[rule]
    known = {name: value for name, value in (RUNS[command][1] | over).items() if name != fact}
    assert rule in authority.decide(of(command, facts=known)).rules
    for unknown in NO_FLAGS if isinstance(over[fact], bool) else NO_NUMBERS:
        assert rule in authority.decide(of(command, facts=known | {fact: unknown})).rules


def test_what_a_decision_asks_for(authority: Authority) -> None:
    """The bonds, parties and facts that a command's file names, so that nothing else is looked up."""
    asked = authority.asks("postInvoice")
    assert asked.bonds == {"finance": Bond.ENTITIES}
    assert asked.parties == {"preparer": None, "terms_changer": 30}
    assert asked.facts == {"amount", "credit_note"}
    for command, (_, quiet) in RUNS.items():
        assert authority.asks(command).facts == quiet.keys()
        assert set(authority.asks(command).parties) == set(PARTIES.get(command, ()))


def test_limits_are_a_legal_entitys_own(tmp_path: Path) -> None:
    """A legal entity's limit stands in the place of the default one, in its own currency, for it alone."""
    own = added(
        tmp_path,
        "[entities.NB-JP]\nconvert-large = { amount = 35_000_000 }\nconvert-thin-margin = { margin = '0.3' }\n",
    )
    for entity, amount, rules in (
        ("NB-JP", "35000000", ["convert-very-large"]),
        ("NB-JP", "35000001", ["convert-large", "convert-very-large"]),
        (UK, "250000", []),
        (UK, "250000.01", ["convert-large"]),
        (None, "250000.01", ["convert-large"]),
    ):
        facts = {"amount": Decimal(amount), "margin": Decimal("0.3")}
        decision = own.decide(of("convertOpportunity", entity=entity, facts=facts))
        assert decision.rules == ("convertOpportunity:sales-operations", *rules)
    thin = own.decide(of("convertOpportunity", entity="NB-JP", facts={"amount": 1, "margin": Decimal("0.2999")}))
    assert thin.approvals == (Required("convertOpportunity", "convert-thin-margin", "delivery-director", "NB-JP"),)


def test_running_may_have_conditions(tmp_path: Path) -> None:
    """Whoever may post small documents alone may not post what is large, or of an amount that is not known."""
    runs = 'runs = { finance = { by = "entities", over = { amount = 0 }, when = { credit_note = false } } }'
    path = changed(
        tmp_path, '[commands.postInvoice]\nruns = { finance = "entities" }', f"[commands.postInvoice]\n{runs}"
    )
    own = Authority.read(path)
    assert own.decide(of("postInvoice")).rules == ("postInvoice:finance",)
    for facts in ({"amount": 1, "credit_note": True}, {"amount": 0, "credit_note": False}, {"credit_note": False}, {}):
        assert own.decide(of("postInvoice", facts=facts)) == FORBIDDEN


@pytest.mark.parametrize("duty", DUTIES)
def test_nobody_does_both(authority: Authority, duty: str) -> None:
    """Whoever is of the party is refused, by any of their names, and so is everybody while the party is not known."""
    command, party, instead = DUTIES[duty]
    others = {name: frozenset({OTHER}) for name in PARTIES[command] if name != party}
    always = tuple(Required(command, rule, by, UK) for rule, by in ALWAYS.get(command, []))
    for parties in (others | {party: frozenset({OTHER, PERSON})}, others | {party: frozenset({ME})}, others):
        decision = authority.decide(of(command, parties=parties))
        if instead is None:
            assert decision == Decision(Effect.DENY, (duty,), code=Code.SOD_VIOLATION)
        else:
            assert decision.approvals == (Required(command, duty, instead, UK),)
    free = authority.decide(of(command, parties=others | {party: frozenset()}))
    assert (free.effect, free.approvals) == (Effect.ALLOW, always)


@pytest.mark.parametrize("act", Act)
def test_what_is_done_with_commands(authority: Authority, act: Act) -> None:
    """By these roles and no other, and some of it by whoever runs the command."""
    for role in Policy.read().roles:
        rules = (f"{act.value}:{role}",) if role in ACTS[act] else ()
        expected = Decision(Effect.ALLOW, rules) if rules else FORBIDDEN
        assert authority.may(act, frozenset({role}), own=False) == expected
    own = Decision(Effect.ALLOW, (f"{act.value}:actor",)) if "actor" in ACTS[act] else FORBIDDEN
    assert authority.may(act, frozenset(), own=True) == own
    # A role that somebody calls like that makes nobody the one who runs the command.
    assert authority.may(act, frozenset({"actor"}), own=False) == FORBIDDEN


MISTAKES = {
    'runs = { finance = "entities" }': ('runs = { finance = "mine" }', "commands.postInvoice.runs.finance"),
    "over = { amount = 1_000 }": ("over = { amount = 1_000.5 }", "is no exact number; write 250_000 or"),
    "over = { amount = 100_000 }": ("over = { amount = -1 }", "a magnitude is over every negative limit"),
    'under = { margin = "0.25" }': ('under = { margin = "a quarter" }', "is no exact number"),
    "when = { firm = true }, over = { days = 90 }": (
        "when = { days = 9 }, over = { days = 90 }",
        "['days'] stand in two conditions",
    ),
    'rates-changed = { by = "finance-controller", always = true }': (
        'rates-changed = { by = "finance-controller" }',
        "has no condition; write 'always = true'",
    ),
    'terms-changed = { by = "finance-controller", always = true }': (
        'terms-changed = { by = "finance-controller", always = true, over = { change = 1 } }',
        "'always' leaves no room",
    ),
    'engagement-without-deal = { by = "delivery-director"': (
        'engagement-without-deal = { by = "chief"',
        "'chief' approves by no bond; add it to [approvers]",
    ),
    "staff-long =": ("staff_long =", "commands.staffAssignment.approvals.staff_long"),
    "credit-large =": ("post-large =", "['post-large'] are the ids of two rules"),
    'commands = ["approveExpenses"]': ('commands = ["approveExpense"]', "['approveExpense'] are no commands of"),
    'unless_approved_by = "finance-controller"': ('unless_approved_by = "finance"', "'finance' approves by no bond"),
    "within_days = 30": ("within_weeks = 4", "unknown key"),
    'discard = ["operations"]\n': ('delete = ["operations"]\n', "acts.delete"),
    "[acts]\n": ("[entities.NB-UK]\npost-large = { sum = 1 }\n[acts]\n", "NB-UK: 'post-large' has no limit of ['sum']"),
    "[duties]\n": (
        '[delegations]\nsummer = { from = "chief", to = "finance", by = "all", until = 2026-08-31 }\n[duties]\n',
        "summer: 'chief' approves by no bond",
    ),
    "format = 1": ("format = 2", "format"),
}


@pytest.mark.parametrize("old", MISTAKES)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, old: str) -> None:
    """Unknown keys, bonds, roles, commands and words, numbers that are not exact: none grants or denies by accident."""
    new, complaint = MISTAKES[old]
    path = changed(tmp_path, old, new)
    with pytest.raises(FileError, match=r"authority\.toml:[0-9]+: ") as refused:
        Authority.read(path)
    assert complaint in str(refused.value)


def test_a_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    """The line is the one to correct."""
    path = changed(tmp_path, "over = { amount = 100_000 }", "over = { amount = 1.5 }")
    lines = path.read_text(encoding="utf-8").splitlines()
    line = 1 + next(number for number, text in enumerate(lines) if text.startswith("milestone-large"))
    with pytest.raises(FileError) as refused:
        Authority.read(path)
    place = "commands.completeMilestone.approvals.milestone-large.over.amount"
    assert str(refused.value) == f'{path}:{line}: {place}: is no exact number; write 250_000 or "0.25"'
