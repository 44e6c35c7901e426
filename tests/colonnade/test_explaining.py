"""A plan, told: by the command before anybody asks, and beside the answer to whoever may see the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.systems import HTTP
from tests.terminal import invoke

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import House

DOCUMENT = """query ($more: Boolean = false) { engagements(first: 5) { edges { node {
    erpStatus contractValue { amount }
    manager @include(if: $more) { primaryRole { name } }
    invoices { customer { displayName } } opportunity { customer { displayName } } } } } }"""
TOLD = """\
answer
└── engagements  level 0: by its resolver
    ├── edges.node.erpStatus  level 1: ERP engagements_erp
    ├── edges.node.contractValue  level 1: ERP engagements_erp
    ├── edges.node.manager  level 1: HR resources_by_id
    │   └── primaryRole  level 2: PSA resources_psa, then level 3: PSA roles_by_id
    ├── edges.node.invoices  level 1: ERP invoices_by_engagement
    │   └── customer  level 2: CRM customers_by_id
    └── edges.node.opportunity  level 1: CRM opportunities_by_id
        └── customer  level 2: CRM customers_by_id
levels: one call for each batch of keys that a system takes
├── level 1
│   ├── ERP engagements_erp, asked by 2 fields for 5 keys
│   ├── ERP invoices_by_engagement, asked by 1 field for 5 keys
│   ├── CRM opportunities_by_id, asked by 1 field for 5 keys
│   └── HR resources_by_id, asked by 1 field for 5 keys
├── level 2
│   ├── CRM customers_by_id, asked by 2 fields for 15 keys
│   └── PSA resources_psa, asked by 1 field for 5 keys
└── level 3
    └── PSA roles_by_id, asked by 1 field for 5 keys
"""


def told(house: House, query: str, persona: str) -> Any:
    """Ask for an answer with its plan, and return the plan."""
    signed = {"Authorization": f"Bearer {house.running.issuer.token(persona)}"}
    body = {"query": query, "extensions": {"plan": True}}
    return HTTP.post(house.url, json=body, headers=signed).json().get("extensions", {}).get("plan")


def test_a_document_is_explained_as_a_tree(tmp_path: Path) -> None:
    """Every field that asks, whom and on which level; what a variable may leave out is there; then the levels."""
    file = tmp_path / "board.graphql"
    file.write_text(DOCUMENT, encoding="utf-8")
    said = invoke("schema", "explain", file)
    assert (said.exit_code, said.stdout) == (0, TOLD)


def test_calls_are_reckoned_for_the_bound_systems(house: House, tmp_path: Path) -> None:
    """With a configuration, each question's calls: as many as the keys make chunks of what the system takes."""
    file = tmp_path / "many.graphql"
    file.write_text("{ customers(first: 200) { edges { node { engagements { tasks { id } } } } } }", encoding="utf-8")
    said = invoke("schema", "explain", file, "--config", house.running.config)
    assert (said.exit_code, said.stdout.splitlines()[-4:]) == (
        0,
        [
            "├── level 1",
            "│   └── PSA engagements_by_customer, asked by 1 field for 200 keys: 1 call to psa",
            "└── level 2",
            "    └── PSA tasks_by_engagement, asked by 1 field for 400 keys: 2 calls to psa",
        ],
    )


def test_changes_share_no_call(tmp_path: Path) -> None:
    """What is changed is done in turn: what two changes ask for their receipts is asked for each of them."""
    asking = "command { subjects { ... on Engagement { customer { displayName } } } }"
    roots = " ".join(f'{name}: cancelCommand(id: "Q", reason: "no") {{ {asking} }}' for name in ("one", "other"))
    file = tmp_path / "changes.graphql"
    file.write_text(f"mutation {{ {roots} }}", encoding="utf-8")
    said = invoke("schema", "explain", file)
    line = "CRM customers_by_id, asked by 1 field for 3 keys"
    assert (said.exit_code, [one for one in said.stdout.splitlines() if "customers_by_id, asked" in one]) == (
        0,
        [f"    ├── {line}", f"    └── {line}"],
    )


def test_what_is_not_planned_or_no_document(tmp_path: Path) -> None:
    """The reason is told; what is wrong with a document ends it with exit code 2."""
    file = tmp_path / "it.graphql"
    file.write_text("{ __schema { queryType { name } } }", encoding="utf-8")
    said = invoke("schema", "explain", file)
    assert (said.exit_code, said.stdout) == (0, "not planned: introspection. graphql-core executes it\n")
    file.write_text("{ nothing }", encoding="utf-8")
    said = invoke("schema", "explain", file)
    assert (said.exit_code, said.stderr) == (2, f"{file}: Cannot query field 'nothing' on type 'Query'.\n")


def test_an_answer_tells_its_plan_to_whoever_may_see_the_schema(house: House) -> None:
    """Levels, questions and the calls that were made; to a customer's contact, nothing."""
    query = "{ engagements(first: 5) { edges { node { erpStatus contractValue { amount } } } } }"
    question = {"system": "ERP", "question": "engagements_erp", "fields": 2, "keys": 5, "calls": {"erp": 1}}
    assert told(house, query, "finance-controller") == {
        "planned": True,
        "levels": [{"level": 1, "questions": [question]}],
        "calls": {"psa": 1, "erp": 1},
    }
    assert told(house, "{ __typename __schema { queryType { name } } }", "finance-controller") == {
        "planned": False,
        "reason": "introspection",
        "calls": {},
    }
    assert told(house, query, "client-contact") is None
