"""What an hour costs, and at what price it is lent: the ERP's own cards, whose amounts are not for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from demo import dynamics, kantata
from schema.rows import Ref
from tests.conftest import House

if TYPE_CHECKING:
    from demo.firm.model import Firm


# Each entity's card, its currency, and what an hour costs by role (domain model, 9); lent, it is 10 % more.
ROLES = ("ANALYST", "CONSULTANT", "SENIOR", "MANAGER", "PRINCIPAL")
COSTS = {
    "NB-US": ("USD", ["62.00", "84.00", "104.00", "126.00", "160.00"]),
    "NB-UK": ("GBP", ["49.60", "67.20", "83.20", "100.80", "128.00"]),
    "NB-DE": ("EUR", ["55.80", "75.60", "93.60", "113.40", "144.00"]),
    "NB-JP": ("JPY", ["9300", "12600", "15600", "18900", "24000"]),
}
LENT = ["54.56", "73.92", "91.52", "110.88", "140.80"]
CARD = "code name kind currency version status legalEntity { code } borrowingEntity { code }"
RATES = """rates { role { code } resource { displayName } amount { amount currency } unit effective { start end }
    ledgerRateCard { code } }"""
CARDS = f"{{ ledgerRateCards(first: 50) {{ totalCount edges {{ node {{ {CARD} RATES_HERE }} }} }} }}"
TRANSFER = Ref("LedgerRateCard", "erp", "RC-TRANSFER-NB-UK-NB-US-V1").encode()
RATE = Ref("LedgerRate", "erp", "RC-COST-NB-UK-V1-SENIOR").encode()
SENIOR = Ref("Role", "psa", kantata.role_id("SENIOR")).encode()
OF_ROLE = f'{{ node(id: "{SENIOR}") {{ ... on Role {{ ledgerRates {{ amount {{ amount }} }} }} }} }}'


def expected(kind: str, entity: str, borrower: str | None) -> dict[str, Any]:
    """Return a card with its rates, in the order of the ERP's ids."""
    currency, amounts = COSTS[entity]
    code = f"RC-{kind}-{f'{entity}-{borrower}' if borrower else entity}-V1"
    priced = zip(ROLES, LENT if borrower else amounts, strict=True)
    return {
        "code": code,
        "kind": kind,
        "currency": currency,
        "version": 1,
        "status": "ACTIVE",
        "legalEntity": {"code": entity},
        "borrowingEntity": {"code": borrower} if borrower else None,
        "rates": [
            {
                "role": {"code": role},
                "resource": None,
                "amount": {"amount": amount, "currency": currency},
                "unit": "HOUR",
                "effective": {"start": "2025-07-01", "end": None},
                "ledgerRateCard": {"code": code},
            }
            for role, amount in sorted(priced, key=lambda pair: (len(pair[0]), pair[0]))
        ],
    }


def test_every_entity_has_its_costs_and_one_pair_lends(trusted: House, firm: Firm) -> None:
    """Four cost cards, and one transfer card at cost and a tenth: to the last digit, for whoever may read them."""
    answer = trusted.ask(CARDS.replace("RATES_HERE", RATES))
    assert answer.errors == []
    assert answer.data["ledgerRateCards"]["totalCount"] == 5
    found = [edge["node"] for edge in answer.data["ledgerRateCards"]["edges"]]
    names = {card.code: card.name for card in firm.rate_cards}
    assert {card["code"]: card.pop("name") for card in found} == {card["code"]: names[card["code"]] for card in found}
    cards = [*(expected("COST", entity, None) for entity in COSTS), expected("TRANSFER", "NB-UK", "NB-US")]
    assert sorted(found, key=lambda card: card["code"]) == sorted(cards, key=lambda card: card["code"])


def test_cards_are_chosen_and_reached_from_their_entity(whole: House) -> None:
    """By kind, and from the lending entity: the cards themselves are no secret, and neither is who lends to whom."""
    asked = "{ ledgerRateCards(filter: {kind: [TRANSFER]}) { edges { node { code borrowingEntity { code } } } } }"
    answer = whole.ask(asked)
    lent = {"code": "RC-TRANSFER-NB-UK-NB-US-V1", "borrowingEntity": {"code": "NB-US"}}
    assert (answer.errors, answer.data["ledgerRateCards"]["edges"]) == ([], [{"node": lent}])
    id_ = Ref("LegalEntity", "erp", dynamics.data_area("NB-UK")).encode()
    answer = whole.ask(f'{{ node(id: "{id_}") {{ ... on LegalEntity {{ ledgerRateCards {{ code kind }} }} }} }}')
    cards = [
        {"code": "RC-COST-NB-UK-V1", "kind": "COST"},
        {"code": "RC-TRANSFER-NB-UK-NB-US-V1", "kind": "TRANSFER"},
    ]
    assert (answer.errors, answer.data["node"]["ledgerRateCards"]) == ([], cards)


def test_a_role_has_its_costs_in_every_entity(trusted: House) -> None:
    """The role's code is the PSA's, the ERP's category another: the cross-references lead from one to the other."""
    answer = trusted.ask(OF_ROLE)
    assert answer.errors == []
    amounts = [rate["amount"]["amount"] for rate in answer.data["node"]["ledgerRates"]]
    assert sorted(amounts) == sorted([*(costs[2] for _, costs in COSTS.values()), LENT[2]])


@pytest.mark.parametrize(
    ("query", "path", "asked"),
    [
        (
            f'{{ node(id: "{TRANSFER}") {{ ... on LedgerRateCard {{ code {RATES} }} }} }}',
            ["node", "rates"],
            {"NBHourPriceLists"},
        ),
        (OF_ROLE, ["node", "ledgerRates"], {"roles.json"}),
        (f'{{ node(id: "{RATE}") {{ id }} }}', ["node"], set()),
        (f'{{ node(id: "{RATE[:-4]}AAAA") {{ id }} }}', ["node"], set()),
    ],
    ids=["of a card", "of a role", "by id", "of nothing"],
)
def test_a_rate_is_refused_before_it_is_asked_for(
    whole: House, query: str, path: list[str | int], asked: set[str]
) -> None:
    """Null and FORBIDDEN on every road, and no call for it: whether there is one is not told either."""
    for system in whole.bound:
        system.traffic.clear()
    answer = whole.ask(query)
    assert answer.codes == [("FORBIDDEN", path)]
    assert answer.errors[0]["extensions"]["restriction"] == "COST_RATE"
    calls = [call for system in whole.bound for call in system.traffic.calls() if call.startswith("GET ")]
    assert {call.partition("?")[0].rpartition("/")[2] for call in calls} == asked


def test_finance_reads_the_rates_of_its_own_entities(whole: House) -> None:
    """NB-UK's finance sees what NB-UK pays and lends for; a role is no entity's, and all its rates are the group's."""
    finance = House(whole.running, persona="finance")
    answer = finance.ask(
        "{ ledgerRateCards(first: 50) { totalCount edges { node { code rates { amount { amount } } } } } }"
    )
    assert answer.errors == []
    found = {edge["node"]["code"]: edge["node"]["rates"] for edge in answer.data["ledgerRateCards"]["edges"]}
    assert answer.data["ledgerRateCards"]["totalCount"] == 2
    assert {code: sorted(rate["amount"]["amount"] for rate in rates) for code, rates in found.items()} == {
        "RC-COST-NB-UK-V1": sorted(COSTS["NB-UK"][1]),
        "RC-TRANSFER-NB-UK-NB-US-V1": sorted(LENT),
    }
    answer = finance.ask(OF_ROLE)
    assert (answer.data["node"]["ledgerRates"], answer.codes) == (None, [("FORBIDDEN", ["node", "ledgerRates"])])


def test_who_staffs_sees_the_cards_and_no_rate(whole: House) -> None:
    """That a pair of entities has a card is what staffing must know; a consultant is told not even that."""
    manager = House(whole.running, persona="resource-manager")
    answer = manager.ask("{ ledgerRateCards(filter: {kind: [TRANSFER]}) { edges { node { code rates { id } } } } }")
    assert answer.data["ledgerRateCards"]["edges"] == [{"node": {"code": "RC-TRANSFER-NB-UK-NB-US-V1", "rates": None}}]
    assert answer.codes == [("FORBIDDEN", ["ledgerRateCards", "edges", 0, "node", "rates"])]
    consultant = House(whole.running, persona="consultant")
    answer = consultant.ask("{ ledgerRateCards { totalCount } }")
    assert (answer.data, answer.codes) == ({"ledgerRateCards": None}, [("FORBIDDEN", ["ledgerRateCards"])])
