"""Nobody judges what is their own: four eyes, delegated authority, and every pair of roles at every command."""

from __future__ import annotations

from datetime import date
from itertools import combinations_with_replacement, product
from typing import TYPE_CHECKING

import pytest

from policies.access import Policy
from policies.authority import FORBIDDEN, SHIPPED, Approver, Authority, Decision, Effect, Facts, Required
from schema.access import Bond
from schema.problems import Code
from schema.tomlfile import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

APPROVERS = ("delivery-director", "engagement-manager", "finance-controller", "practice-lead", "resourcing-lead")
DAY = date(2026, 8, 31)
NEXT = date(2026, 9, 1)
ME, OTHER = frozenset({"subject-1", "Resource:1"}), frozenset({"subject-2", "Resource:2"})
LARGE = Required("postInvoice", "post-large", "finance-controller", "NB-UK")
PARTIES = {"preparer": frozenset({"Resource:3"}), "terms_changer": frozenset[str]()}
SUMMER = (
    '[delegations]\nsummer = { from = "finance-controller", to = "finance", by = "entities", until = 2026-08-31 }\n'
)
MANAGED = Required("approveExpenses", "expense-large", "engagement-manager", "NB-UK")


def refused(rule: str) -> Decision:
    """Return the refusal by a duty."""
    return Decision(Effect.DENY, (rule,), code=Code.SOD_VIOLATION)


def approver(*roles: str, actor: frozenset[str] = ME, held: bool = True) -> Approver:
    """Return somebody with these roles, who holds their bonds or none."""
    return Approver(roles=frozenset(roles), actor=actor, bonds=dict.fromkeys(roles, held))


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The rules that come with the product."""
    return Authority.read()


@pytest.fixture
def delegated(tmp_path: Path) -> Authority:
    """The same rules, and the finance controller's authority is finance's for a summer."""
    path = tmp_path / "authority.toml"
    path.write_text(f"{SHIPPED.read_text(encoding='utf-8')}\n{SUMMER}", encoding="utf-8")
    return Authority.read(path)


def test_another_one_of_the_role_approves(authority: Authority) -> None:
    """A colleague of the role may, by the rule that asks for it; another role, no role and nobody may not."""
    controller = approver("finance-controller")
    assert authority.may_approve(LARGE, controller, OTHER, PARTIES, DAY) == Decision(Effect.ALLOW, ("post-large",))
    for role in Policy.read().roles.keys() - {"finance-controller"}:
        assert authority.may_approve(LARGE, approver(role), OTHER, PARTIES, DAY) == FORBIDDEN
    assert authority.may_approve(LARGE, approver(), OTHER, PARTIES, DAY) == FORBIDDEN
    strange = Required("closePeriod", "post-large", "finance-controller", "NB-UK")
    assert authority.may_approve(strange, controller, OTHER, PARTIES, DAY) == FORBIDDEN


def test_a_bond_is_needed_to_approve(authority: Authority) -> None:
    """An engagement manager approves what is of an engagement of their own."""
    parties = {"spender": frozenset({"Resource:3"})}
    assert authority.approvers("engagement-manager") == {"engagement-manager": Bond.MANAGED}
    allowed = authority.may_approve(MANAGED, approver("engagement-manager"), OTHER, parties, DAY)
    assert allowed == Decision(Effect.ALLOW, ("expense-large",))
    strange = approver("engagement-manager", held=False)
    assert authority.may_approve(MANAGED, strange, OTHER, parties, DAY) == FORBIDDEN


@pytest.mark.parametrize(
    "requester", [ME, frozenset({"subject-1"}), frozenset({"subject-9", "Resource:1"}), frozenset()]
)
def test_one_who_asks_does_not_approve(authority: Authority, requester: frozenset[str]) -> None:
    """By whatever of their names they asked; and nobody approves what nobody is known to have asked for."""
    found = authority.may_approve(LARGE, approver("finance-controller"), requester, PARTIES, DAY)
    assert found == refused("four-eyes")


def test_nobody_unknown_approves(authority: Authority) -> None:
    """Whose name is not known cannot be told from the one who asked."""
    nobody = approver("finance-controller", actor=frozenset())
    assert authority.may_approve(LARGE, nobody, OTHER, PARTIES, DAY) == refused("four-eyes")


@pytest.mark.parametrize(("party", "duty"), [("preparer", "own-draft"), ("terms_changer", "own-terms")])
def test_one_who_may_not_run_it_does_not_approve_it(authority: Authority, party: str, duty: str) -> None:
    """The preparer of an invoice, and who changed its terms; nor anybody, while it is not known who that is."""
    controller = approver("finance-controller")
    found = authority.may_approve(LARGE, controller, OTHER, PARTIES | {party: frozenset({"Resource:1"})}, DAY)
    assert found == refused(duty)
    unknown = {name: one for name, one in PARTIES.items() if name != party}
    assert authority.may_approve(LARGE, controller, OTHER, unknown, DAY) == refused(duty)


def test_authority_is_delegated_up_to_a_day(delegated: Authority) -> None:
    """Whom it was given to approves up to and with that day, and the decision names by what; then no more."""
    finance = approver("finance")
    assert delegated.approvers("finance-controller") == {"finance": Bond.ENTITIES, "finance-controller": Bond.ALL}
    by_delegate = Decision(Effect.ALLOW, ("post-large", "summer"))
    assert delegated.may_approve(LARGE, finance, OTHER, PARTIES, DAY) == by_delegate
    assert delegated.may_approve(LARGE, finance, OTHER, PARTIES, NEXT) == FORBIDDEN
    assert delegated.may_approve(LARGE, approver("finance", held=False), OTHER, PARTIES, DAY) == FORBIDDEN
    controller = approver("finance-controller")
    assert delegated.may_approve(LARGE, controller, OTHER, PARTIES, NEXT) == Decision(Effect.ALLOW, ("post-large",))


def test_a_delegate_has_four_eyes_as_well(delegated: Authority) -> None:
    """Whoever posts does not approve it as somebody's delegate, nor does the preparer; other roles are not given."""
    finance = approver("finance")
    assert delegated.may_approve(LARGE, finance, ME, PARTIES, DAY) == refused("four-eyes")
    prepared = PARTIES | {"preparer": ME}
    assert delegated.may_approve(LARGE, finance, OTHER, prepared, DAY) == refused("own-draft")
    director = Required("convertOpportunity", "convert-very-large", "delivery-director", "NB-UK")
    assert delegated.may_approve(director, finance, OTHER, {}, DAY) == FORBIDDEN


@pytest.mark.parametrize(
    "second",
    [
        'autumn = { from = "finance-controller", to = "finance", by = "all", until = 2026-10-31 }\n',
        'self = { from = "finance-controller", to = "finance-controller", by = "all", until = 2026-10-31 }\n',
    ],
)
def test_a_delegation_that_says_nothing_new_is_refused(tmp_path: Path, second: str) -> None:
    """Two of the same roles would leave it open by which bond."""
    path = tmp_path / "authority.toml"
    path.write_text(f"{SHIPPED.read_text(encoding='utf-8')}\n{SUMMER}{second}", encoding="utf-8")
    with pytest.raises(FileError, match=r"authority\.toml:[0-9]+: delegations: .* says nothing new"):
        Authority.read(path)


# Of these nothing has to be approved, but what always has.
QUIET = {"amount": 0, "margin": 1, "backward": False, "days_moved": 0, "firm": False, "days": 1, "cross_border": False}
QUIET |= {"override": 0, "change": 0, "decrease": 0, "credit_note": False, "closing": False, "financial": False}


def parties_of(authority: Authority) -> dict[str, list[str]]:
    """Return by command the parties that may not do it."""
    return {command: list(authority.asks(command).parties) for command in sorted(authority.commands)}


def cases(parties: Mapping[str, Sequence[str]]) -> Iterator[tuple[Facts, str | None]]:
    """Yield every pair of roles at every command: of no party and of each, on known facts and on none."""
    pairs = combinations_with_replacement(sorted(Policy.read().roles), 2)
    for pair, command, facts in product(pairs, parties, (QUIET, {})):
        for own in (None, *parties[command]):
            yield (
                Facts(
                    command=command,
                    roles=frozenset(pair),
                    actor=ME,
                    bonds=dict.fromkeys(pair, True),
                    parties={party: ME if party == own else OTHER for party in parties[command]},
                    facts=facts,
                ),
                own,
            )


def violates(authority: Authority, facts: Facts, own: str | None) -> bool:
    """Tell whether somebody runs alone what is their own, approves what they run, or what is their own for another."""
    decision = authority.decide(facts)
    who = Approver(roles=facts.roles, actor=facts.actor, bonds=facts.bonds)
    alone = own is not None and decision.allowed and not (own == "terms_changer" and decision.approvals)
    for_themselves = any(authority.may_approve(one, who, ME, facts.parties, DAY).allowed for one in decision.approvals)
    for_another = own is not None and any(
        authority.may_approve(Required(facts.command, "", role, None), who, OTHER, facts.parties, DAY).allowed
        for role in APPROVERS
    )
    return alone or for_themselves or for_another


def test_no_pair_of_roles_violates_segregation(delegated: Authority) -> None:
    """Of all the authority that two roles give one person, none is over what is their own; delegated or not."""
    tried = list(cases(parties_of(delegated)))
    allowed = sum(delegated.decide(facts).allowed for facts, _ in tried)
    violations = sum(violates(delegated, facts, own) for facts, own in tried)
    print(f"segregation: {len(tried)} decisions, {allowed} allowed, {violations} violations")  # noqa: T201
    assert (len(tried), violations) == (210 * 22 * 2, 0)
    assert allowed > 0


@pytest.mark.parametrize("duty", ["own-time", "own-expense", "own-draft", "own-posting", "own-rates", "own-terms"])
def test_a_duty_that_is_missing_is_noticed(tmp_path: Path, authority: Authority, duty: str) -> None:
    """The count above is not 0 because nothing is counted: without any of the duties there are violations."""
    path = tmp_path / "authority.toml"
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(f"{duty} =")), encoding="utf-8")
    without = Authority.read(path)
    assert any(violates(without, facts, own) for facts, own in cases(parties_of(authority)))
