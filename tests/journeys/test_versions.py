"""Which version of a record was read: in its owner's own words, and never by a call of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo import bamboohr, dynamics, kantata, runn, salesforce
from demo.systems import CLIENT_ID, CLIENT_SECRET, HTTP
from schema.rows import Ref

if TYPE_CHECKING:
    from tests.conftest import House

ENGAGEMENT = Ref("Engagement", "psa", kantata.workspace_id("ENG-007")).encode()
# A day before the firm's day, in each product's own way to write it; HR's is of the person's own last change.
VERSIONS = [
    ("Engagement", "psa", kantata.workspace_id("ENG-007"), "2026-04-07T09:00:00+00:00"),
    ("RateCard", "psa", kantata.rate_card_version_id("RC-BILL-NB-UK-V2"), "2026-04-07T09:00:00+00:00"),
    ("Customer", "crm", salesforce.account_id("CUS-07"), "2026-04-08T09:00:00.000+0000"),
    ("Resource", "hr", bamboohr.employee_id("RES-023"), "2026-03-08T23:38:00+00:00"),
    ("RoleDemand", "forecast", runn.demand_id("DEM-001"), "2026-04-07T09:00:00.000Z"),
]


@pytest.mark.parametrize(("type_", "role", "id_", "version"), VERSIONS)
def test_a_version_is_told_as_its_owner_tells_it(whole: House, type_: str, role: str, id_: str, version: str) -> None:
    """It is the owner's text to the letter: nothing but itself is compared with it."""
    fields = f"... on {type_} {{ provenance {{ system sourceId version }} }}"
    answer = whole.ask(f'{{ node(id: "{Ref(type_, role, id_).encode()}") {{ {fields} }} }}')
    said = {"system": role.upper(), "sourceId": id_, "version": version}
    assert (answer.errors, answer.data["node"]["provenance"]) == ([], [said])


def etag(house: House) -> str:
    """Ask the ERP itself for its project of the engagement, and return the row's ETag."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    token = HTTP.post(f"{house.address['erp']}{dynamics.LOGIN_PATH}", data=form).json()["access_token"]
    number = dynamics.project_id("ENG-007")
    content = HTTP.get(
        f"{house.address['erp']}/data/ProjectsV2",
        params={"$filter": f"ProjectID eq '{number}'", "$select": "ProjectID", "cross-company": "true"},
        headers={"Authorization": f"Bearer {token}"},
    ).json()
    (row,) = content["value"]
    return str(row["@odata.etag"])


def test_each_owner_of_a_record_has_a_version_of_its_own(whole: House) -> None:
    """The ERP's is the row's ETag; a warehouse's view has none."""
    fields = "... on Engagement { provenance(systems: [PSA, ERP, WAREHOUSE]) { system version } }"
    answer = whole.ask(f'{{ node(id: "{ENGAGEMENT}") {{ {fields} }} }}')
    assert (answer.errors, answer.data["node"]["provenance"]) == (
        [],
        [
            {"system": "PSA", "version": "2026-04-07T09:00:00+00:00"},
            {"system": "ERP", "version": etag(whole)},
            {"system": "WAREHOUSE", "version": None},
        ],
    )


def test_a_version_costs_no_call(whole: House) -> None:
    """The same calls are made whether somebody asks for it or not."""
    calls = []
    for asked in ("erpStatus customer { displayName }", "erpStatus provenance(systems: [PSA, ERP]) { version }"):
        for system in whole.bound:
            system.traffic.clear()
        assert whole.ask(f'{{ node(id: "{ENGAGEMENT}") {{ ... on Engagement {{ {asked} }} }} }}').errors == []
        calls.append(whole.calls("psa", "erp"))
    assert calls[0] == calls[1]
    assert len(calls[0]) == 2
