"""The policy that comes with the product: a decision for every role, and every mistake in such a file refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colonnade.caller import ANONYMOUS, Caller
from colonnade.principals import Membership, Principals
from policies.access import KNOWN, SHIPPED, Policy
from schema.access import Bond, Claim, Grant, Grants, Key, Reach, either, keys
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.restriction import Restriction
from schema.rights import Documents
from schema.rows import Ref
from schema.tomlfile import FileError
from sources.questions import QUESTIONS

if TYPE_CHECKING:
    from pathlib import Path

A, S, M, F, E, C = Bond.ALL, Bond.SELF, Bond.MANAGED, Bond.STAFFED, Bond.ENTITIES, Bond.COMPANY
# By role, for the types of the head: the bond, None where nothing is read.
HEAD = (
    "Engagement",
    "TimeEntry",
    "Invoice",
    "Contract",
    "RateCard",
    "Resource",
    "Absence",
    "Customer",
    "CrossReference",
)
TABLE = {
    "sales-operations": (A, None, None, A, A, A, None, A, None),
    "engagement-manager": (M, M, M, M, A, A, None, A, None),
    "resource-manager": (A, None, None, None, None, A, A, A, None),
    "time-approver": (M, M, None, None, None, A, None, M, None),
    "contract-manager": (A, None, A, A, A, A, None, A, None),
    "pricing-admin": (A, None, None, A, A, A, None, A, None),
    "billing-analyst": (E, E, E, E, A, A, None, A, None),
    "finance": (E, E, E, E, A, A, None, A, None),
    "finance-controller": (A, A, A, A, A, A, None, A, None),
    "delivery-director": (A, A, A, A, A, A, None, A, None),
    "practice-lead": (A, None, None, None, A, A, None, A, None),
    "resourcing-lead": (A, None, None, None, None, A, A, A, None),
    "auditor": (A, A, A, A, A, A, A, A, A),
    "consultant": (F, S, None, None, None, A, S, F, None),
    "client-contact": (C, None, C, None, None, None, None, C, None),
    "analyst": (A, A, A, A, A, A, None, A, None),
    "integration-steward": (A, A, A, A, A, A, None, A, A),
    "operations": (None, None, None, None, None, None, None, None, A),
    "router": (None,) * 9,
    "anonymous": (None,) * 9,
}
KINDS = {
    Restriction.COST_RATE: {
        "pricing-admin": A,
        "finance": E,
        "finance-controller": A,
        "delivery-director": A,
        "auditor": A,
        "analyst": A,
    },
    Restriction.MARGIN: {
        "engagement-manager": M,
        "finance": E,
        "finance-controller": A,
        "delivery-director": A,
        "auditor": A,
        "analyst": A,
    },
    Restriction.PERSONAL: {"resource-manager": A, "resourcing-lead": A, "auditor": A, "consultant": S},
    Restriction.ABSENCE: {"resource-manager": A, "resourcing-lead": A, "auditor": A, "consultant": S},
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The policy that comes with the product."""
    return Policy.read()


def test_every_role_of_the_domain_is_there(policy: Policy) -> None:
    """The policy knows these roles and no other."""
    assert sorted(policy.roles) == sorted(TABLE)


@pytest.mark.parametrize("role", TABLE)
def test_what_a_role_reads(policy: Policy, role: str) -> None:
    """For every role the bonds by which it reads the types that people ask about."""
    grants = policy.grants([role])
    assert {type_: tuple(one.bond for one in grants.of(type_)) for type_ in HEAD} == {
        type_: (bond,) if bond else () for type_, bond in zip(HEAD, TABLE[role], strict=True)
    }
    assert {kind: set(grants.kinds.get(kind, ())) for kind in KINDS} == {
        kind: {bonds[role]} if role in bonds else set() for kind, bonds in KINDS.items()
    }


def test_rights(policy: Policy) -> None:
    """Who sends any document, who looks at the schema, and who acts as a router: the widest of what one holds."""
    rights = {role: policy.grants([role]).rights for role in TABLE}
    assert {role for role, one in rights.items() if one.documents is not Documents.OPEN} == {"anonymous"}
    assert rights["anonymous"].documents is Documents.TRUSTED
    assert {role for role, one in rights.items() if not one.introspection} == {"client-contact", "anonymous"}
    assert {role for role, one in rights.items() if one.federation} == {"router"}
    both = policy.grants(["client-contact", "consultant", "router"]).rights
    assert (both.documents, both.introspection, both.federation) == (Documents.OPEN, True, True)


@pytest.mark.parametrize("role", TABLE)
def test_what_is_read_behind_a_row_is_never_reached_from_rows_of_everybody(policy: Policy, role: str) -> None:
    """A type that a bond cannot decide is linked from types alone that are in somebody's scope, too."""
    grants = policy.grants([role])
    by_parent = {
        type_
        for type_ in KNOWN & HOMES.keys()
        if any(one.bond is not A and not keys(one.bond, HOMES[type_].scope) for one in grants.of(type_))
    }
    for name, home in HOMES.items():
        if any(one.whole for one in grants.of(name, home.restricted)):
            linked = {QUESTIONS[ask.question].rows.type for asks in home.fields.values() for ask in asks if ask}
            assert not (linked - {name}) & by_parent, name


def test_roles_add_up_and_unknown_ones_grant_nothing(policy: Policy) -> None:
    """The union of what is held; a role that nobody wrote down is none."""
    both = policy.grants(["consultant", "engagement-manager", "owner-of-everything"])
    assert {one.bond for one in both.of("Engagement")} == {F, M}
    assert both.roles == {"consultant", "engagement-manager"}
    assert policy.grants(["owner-of-everything"]) == Grants()
    assert Grants().of("Engagement") == ()


def test_posted_documents_alone_are_a_clients(policy: Policy) -> None:
    """What a row must be besides is data of the policy."""
    assert policy.grants(["client-contact"]).of("Invoice") == (
        Grant(C, frozenset({("document_status", frozenset({"POSTED"}))})),
    )


def test_callers_become_principals(policy: Policy) -> None:
    """Groups stand for roles and entities, a service key brings its own; unknown groups and nobody get nothing."""
    groups = {
        "uk": Membership(frozenset({"finance"}), frozenset({"NB-UK"})),
        "staff": Membership(frozenset({"consultant"})),
    }
    principals = Principals(policy, groups)
    caller = Caller(subject="s", groups=frozenset({"uk", "staff", "x"}), roles=frozenset({"auditor"}))
    held = principals.of(caller)
    assert (held.subject, held.token) == ("s", None)
    assert held.grants.roles == {"finance", "consultant", "auditor"}
    assert held.grants.entities == {"NB-UK"}
    assert principals.of(Caller(subject="s", groups=frozenset({"x"}))).grants == Grants()
    nobody = principals.of(ANONYMOUS)
    assert (nobody.subject, nobody.grants.types, nobody.rights.documents) == ("", {}, Documents.TRUSTED)
    # Who is somebody holds the roles that they were given, and not nobody's as well.
    assert principals.of(Caller(subject="s", roles=frozenset({"anonymous"}))).grants == Grants()
    assert principals.of(caller).grants is held.grants


def test_a_restricted_type_is_read_as_far_as_its_kind() -> None:
    """Neither the type's bond nor the kind's is enough."""
    absence = {"Absence": (Grant(A),)}
    kind = Restriction.ABSENCE
    assert Grants(absence).of("Absence", kind) == ()
    assert Grants(absence, {kind: frozenset({S})}).of("Absence", kind) == (Grant(S),)
    assert Grants({"Absence": (Grant(M),)}, {kind: frozenset({S})}).of("Absence", kind) == ()
    assert Grants({"Absence": (Grant(S),)}, {kind: frozenset({A})}).of("Absence", kind) == (Grant(S),)


def test_who_is_meant_decides_and_what_is_not_known_denies_nothing() -> None:
    """One of several grants is enough; where none is and one is unknown, that is the answer."""
    mine, other = Ref("Resource", "hr", "1"), Ref("Resource", "hr", "2")
    away = Problem(Code.SOURCE_UNAVAILABLE, "away")
    key = Key(Reach.PERSON, "resource")
    tests = [Claim(frozenset(), key, frozenset({mine})), Claim(frozenset(), key, away)]
    assert either(test.holds(mine) for test in tests) is True
    assert either(test.holds(other) for test in tests) is away
    assert either(test.holds(None) for test in tests) is False
    assert either([]) is False
    # The row itself decides before what it hangs on.
    assert [key.at for key in keys(M, HOMES["Engagement"].scope)] == ["ref", "manager"]
    assert keys(S, HOMES["Invoice"].scope) == []


MISTAKES = {
    'Invoice = { by = ["company"]': ('Invoice = { by = ["owner"]', "roles.client-contact.reads.Invoice.by.0"),
    'leave = "self"': ('leaves = "self"', "consultant reads 'leaves', which is neither a type nor a group"),
    'people = ["Resource"]': ('people = ["Resource", "Person"]', "['Person'] are no types of this graph"),
    'work = ["Expense", "TimeEntry"]': ('work = ["Expense"]', "['TimeEntry'] stand in no group of [types]"),
    'document_status = ["POSTED"]': ('document_status = ["SENT"]', "only where 'document_status' is ['SENT']"),
    "only = { document_status": ("only = { number", "only by 'number', which is no field of words"),
    'restricted = { MARGIN = "managed" }': ('restricted = { SALARY = "managed" }', "restricted.SALARY"),
    '[roles.operations]\ndocuments = "open"': ('[roles.operations]\ndocuments = "any"', "roles.operations.documents"),
    "federation = true\n": ("federations = true\n", "unknown key"),
    'facade = "all"\n\n# It asks': ('facade = "self"\n\n# It asks', "only 'all' can be granted"),
    '[roles.anonymous]\ndocuments = "trusted"': (
        '[roles.anonymous]\nreads = { people = "all" }',
        "[roles.anonymous] must be there and read nothing",
    ),
    "format = 1": ("format = 2", "format"),
}


@pytest.mark.parametrize("old", MISTAKES)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, old: str) -> None:
    """Unknown keys, types, bonds, kinds and words never grant or deny by accident."""
    new, complaint = MISTAKES[old]
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "access.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FileError, match=r"access\.toml:[0-9]+: ") as refused:
        Policy.read(path)
    assert complaint in str(refused.value)
