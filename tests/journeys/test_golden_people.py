"""The published figures of the firm's people, demand and capacity, as the graph answers them."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo import salesforce
from demo.spoiling import amended, has
from demo.systems import crm, emulated
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm

PEOPLE = """{ resources(first: 100) { edges { node {
    employeeNumber displayName workerType employmentStatus hireDate terminationDate timeZone holidayCalendar
    legalEntity { code } manager { displayName } workSchedule { hoursPerWeek workingDays } %s
} } } }"""
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def nodes(house: House, query: str, root: str) -> list[dict[str, Any]]:
    """Return the records of a list that is answered without an error."""
    answer = house.ask(query)
    assert answer.errors == []
    return [edge["node"] for edge in answer.data[root]["edges"]]


def test_every_person_is_hrs(whole: House, firm: Firm) -> None:
    """All 48 people come with everything that HR and the PSA say of them, in the firm's words."""
    names = {person.code: person.name for person in firm.people}
    delivery = "costCenter { code legalEntity { code } } primaryRole { code } bookable billableTarget practice { code }"
    assert nodes(whole, PEOPLE % delivery, "resources") == [
        {
            "employeeNumber": person.employee_number,
            "displayName": person.name,
            "workerType": person.worker_type,
            "employmentStatus": person.employment_status,
            "hireDate": str(person.hire_date),
            "terminationDate": None,
            "timeZone": person.time_zone,
            "holidayCalendar": person.holiday_calendar,
            "legalEntity": {"code": person.entity},
            "manager": {"displayName": names[person.manager]} if person.manager else None,
            "costCenter": {"code": person.cost_center, "legalEntity": {"code": person.entity}},
            "primaryRole": {"code": person.role},
            "bookable": person.bookable,
            "billableTarget": f"{person.billable_target:.4f}",
            "practice": {"code": person.practice} if person.practice else None,
            "workSchedule": {"hoursPerWeek": "40.00", "workingDays": ["MON", "TUE", "WED", "THU", "FRI"]},
        }
        for person in firm.people
    ]


def test_people_by_entity_and_role(whole: House) -> None:
    """16, 14, 10 and 8 people work for the four entities, 7, 18, 12, 6 and 5 in the five roles."""
    found = nodes(whole, PEOPLE % "primaryRole { code }", "resources")
    roles = Counter(node["primaryRole"]["code"] for node in found)
    assert roles == {"ANALYST": 7, "CONSULTANT": 18, "SENIOR": 12, "MANAGER": 6, "PRINCIPAL": 5}
    assert Counter(node["legalEntity"]["code"] for node in found) == {
        "NB-US": 16,
        "NB-UK": 14,
        "NB-DE": 10,
        "NB-JP": 8,
    }


def test_holiday_calendars(whole: House) -> None:
    """The four calendars have the firm's days, the same for everybody who has the calendar."""
    calendars = nodes(whole, "{ holidayCalendars { edges { node { code days { date } } } } }", "holidayCalendars")
    assert {calendar["code"]: [day["date"] for day in calendar["days"]] for calendar in calendars} == {
        "HOL-US": ["2026-01-19", "2026-02-16"],
        "HOL-UK": ["2026-04-03", "2026-04-06"],
        "HOL-DE": ["2026-04-03", "2026-04-06"],
        "HOL-JP": ["2026-01-12", "2026-02-11", "2026-02-23", "2026-03-20"],
    }
    people = nodes(whole, PEOPLE % "holidays { code }", "resources")
    assert [node["holidays"]["code"] for node in people] == [node["holidayCalendar"] for node in people]


def test_absences(trusted: House) -> None:
    """The 74 drawn days are approved leave of eight hours each; RES-044 is away from April on."""
    query = "{ absences: resources(first: 100) { edges { node { displayName absences { %s } } } } }"
    found = nodes(trusted, query % "range { start end } hoursPerDay kind approved", "absences")
    absences = [absence for node in found for absence in node["absences"]]
    assert len(absences) == len(nodes(trusted, "{ absences(first: 200) { edges { node { id } } } }", "absences"))
    single = [one for one in absences if one["range"]["start"] == one["range"]["end"]]
    (long,) = (one for one in absences if one not in single)
    assert len(single) == 74
    assert {(one["hoursPerDay"], one["kind"], one["approved"]) for one in single} == {("8.00", "VACATION", True)}
    assert long == {
        "range": {"start": "2026-04-01", "end": "2026-06-30"},
        "hoursPerDay": "8.00",
        "kind": "UNPAID_LEAVE",
        "approved": True,
    }
    assert found[43]["absences"][-1] == long


FEBRUARY = [date(2026, 2, 1) + timedelta(number) for number in range(28)]


def available(person: dict[str, Any]) -> Decimal:
    """Return the hours of February that a person's schedule leaves after holidays and approved leave."""
    schedule = person["workSchedule"]
    daily = Decimal(schedule["hoursPerWeek"]) / len(schedule["workingDays"])
    off = {day["date"] for day in person["holidays"]["days"]}
    worked = [day for day in FEBRUARY if DAYS[day.weekday()] in schedule["workingDays"] and str(day) not in off]
    leave = sum(
        (
            Decimal(absence["hoursPerDay"])
            for day in worked
            for absence in person["absences"]
            if absence["approved"] and absence["range"]["start"] <= str(day) <= absence["range"]["end"]
        ),
        Decimal(0),
    )
    return daily * len(worked) - leave


@pytest.mark.parametrize("argument", ["", '(range: {start: "2026-02-01", end: "2026-02-28"})'], ids=["all", "February"])
def test_available_hours_of_february(trusted: House, argument: str) -> None:
    """Schedules less holidays and approved leave are the published net hours of each entity."""
    fields = f"holidays {{ days {{ date }} }} absences{argument} {{ range {{ start end }} hoursPerDay approved }}"
    hours: Counter[str] = Counter()
    for node in nodes(trusted, PEOPLE % fields, "resources"):
        hours[node["legalEntity"]["code"]] += available(node)  # type: ignore[assignment]
    assert hours == {"NB-US": 2288, "NB-UK": 2200, "NB-DE": 1584, "NB-JP": 1120}


def test_a_range_chooses_by_days(whole: House) -> None:
    """A booking that has no day in the range is left out; a range that ends before it begins is refused unasked."""
    query = (
        "{ resources(first: 100) { edges { node { assignments(range: {start: %s, end: %s}) { range { end } } } } } }"
    )
    assert all(
        item["range"]["end"] >= "2026-12-01"
        for node in nodes(whole, query % ('"2026-12-01"', '"2026-12-31"'), "resources")
        for item in node["assignments"]
    )
    refused = whole.ask(query % ('"2026-12-31"', '"2026-12-01"'))
    assert {error["extensions"]["code"] for error in refused.errors} == {"BAD_INPUT"}


def test_customers_are_sales(whole: House, firm: Firm) -> None:
    """The 14 customers come with their industries and owners from the CRM, and what finance says of them."""
    people = {person.code: person.name for person in firm.people}
    query = """{ customers(first: 50) { edges { node { displayName industry accountOwner parent { displayName }
        legalName billingCountry billingCurrency paymentTermsDays creditStatus } } } }"""
    assert nodes(whole, query, "customers") == [
        {
            "displayName": customer.name,
            "industry": customer.industry,
            "accountOwner": people[customer.account_owner],
            "parent": None,
            "legalName": customer.legal_name,
            "billingCountry": customer.country,
            "billingCurrency": customer.currency,
            "paymentTermsDays": customer.payment_terms_days,
            "creditStatus": customer.credit_status,
        }
        for customer in firm.customers
    ]


DEALS = """{ opportunities(first: 100) { edges { node {
    code name stage probability amount { amount currency } closedDate expectedStartDate billingModel
    customer { displayName parent { displayName } } proposedLegalEntity { code } engagement { code }
    lines { roleCode hours unitPrice { amount currency } workstream region opportunity { code } }
} } } }"""


def test_thirty_opportunities(whole: House) -> None:
    """20 are won, all but OPP-020 with their engagement; seven are open at their probabilities; three are lost."""
    found = {node["code"]: node for node in nodes(whole, DEALS, "opportunities")}
    assert len(found) == 30
    assert Counter(node["stage"] for node in found.values() if node["stage"] in {"WON", "LOST"}) == {
        "WON": 20,
        "LOST": 3,
    }
    assert [found[f"OPP-{number:03}"]["probability"] for number in range(21, 28)] == [
        *("0.1000", "0.2000", "0.3000", "0.4000", "0.6000", "0.7500", "0.9000")
    ]
    assert {code: node["engagement"] and node["engagement"]["code"] for code, node in found.items()} == {
        f"OPP-{number:03}": f"ENG-{number:03}" if number < 20 else None for number in range(1, 31)
    }
    assert found["OPP-021"]["proposedLegalEntity"] is None


def test_the_deal_that_waits(whole: House) -> None:
    """OPP-020 is worth 480,000.00 and offers 484,800.00 at list, in two workstreams."""
    deal = next(node for node in nodes(whole, DEALS, "opportunities") if node["code"] == "OPP-020")
    assert {key: deal[key] for key in ("name", "amount", "closedDate", "expectedStartDate", "billingModel")} == {
        "name": "Network rollout wave 2",
        "amount": {"amount": "480000.00", "currency": "USD"},
        "closedDate": "2026-04-06",
        "expectedStartDate": "2026-05-04",
        "billingModel": "TIME_AND_MATERIALS",
    }
    assert (deal["customer"]["displayName"], deal["proposedLegalEntity"]) == ("Hollin Telecom", {"code": "NB-US"})
    lines = [
        (line["roleCode"], line["hours"], line["unitPrice"]["amount"], line["workstream"]) for line in deal["lines"]
    ]
    assert lines == [
        ("MANAGER", "480.00", "260.00", "East"),
        ("SENIOR", "900.00", "220.00", "East"),
        ("CONSULTANT", "900.00", "180.00", "West"),
    ]
    assert sum(Decimal(hours) * Decimal(price) for _, hours, price, _ in lines) == Decimal("484800.00")
    assert {line["opportunity"]["code"] for line in deal["lines"]} == {"OPP-020"}


@pytest.fixture(scope="module")
def sales(firm: Firm) -> Iterator[House]:
    """The CRM alone, with a customer that belongs to a group, and a deal of which nobody knows how likely it is."""
    unsure = amended(has(Opportunity_Code__c="OPP-022"), Probability=None, ForecastCategory="Pipeline")
    owned = amended(has(Name="Hollin Telecom"), ParentId=salesforce.account_id("CUS-05"))
    with crm(firm, {"Opportunity": [unsure], "Account": [owned]}) as bound, over([bound]) as running:
        yield House(running)


def test_a_pipeline_without_a_probability_has_no_stage(sales: House) -> None:
    """Whether OPP-022 is a prospect or qualified nobody can tell: null with its reason, and the others have theirs."""
    answer = sales.ask("{ opportunities(first: 50) { edges { node { code stage } } } }")
    stages = {edge["node"]["code"]: edge["node"]["stage"] for edge in answer.data["opportunities"]["edges"]}
    assert [code for code, stage in stages.items() if stage is None] == ["OPP-022"]
    assert answer.codes == [("UNMAPPED_VALUE", ["opportunities", "edges", 21, "node", "stage"])]


def test_a_customer_in_a_group(sales: House) -> None:
    """A customer's parent is the customer that the CRM names."""
    found = nodes(
        sales, "{ customers(first: 50) { edges { node { displayName parent { displayName } } } } }", "customers"
    )
    parents = {node["displayName"]: node["parent"]["displayName"] for node in found if node["parent"]}
    assert parents == {"Hollin Telecom": "Eastholm Water"}


def test_every_line_of_every_deal(whole: House, firm: Firm) -> None:
    """All lines are the firm's, OPP-022's unmapped role code as the CRM has it."""
    found = {node["code"]: node["lines"] for node in nodes(whole, DEALS, "opportunities")}
    assert found == {
        deal.code: [
            {
                "roleCode": line.role,
                "hours": f"{line.hours:.2f}",
                "unitPrice": {"amount": str(line.unit_price), "currency": deal.currency},
                "workstream": line.workstream,
                "region": line.region,
                "opportunity": {"code": deal.code},
            }
            for line in deal.lines
        ]
        for deal in firm.opportunities
    }
    known = {role.code for role in firm.roles}
    assert {line["roleCode"] for lines in found.values() for line in lines} - known == {"CLOUD_ARCHITECT"}


DEMANDS = """{ roleDemands(first: 200) { edges { node {
    code status count hoursPerWeek range { start end } probabilityWeight scenario { name }
    role { code forecastRoleCode } project { code } opportunity { code } filledBy { code }
} } } }"""


def test_demands_filled_and_open(whole: House, firm: Firm) -> None:
    """57 demands are filled, each by the assignment of its number; 21 are open, weighted by their deals' chances."""
    found = nodes(whole, DEMANDS, "roleDemands")
    assert Counter(node["status"] for node in found) == {"FILLED": 57, "OPEN": 21}
    for node, demand in zip(found, firm.role_demands, strict=True):
        assert (node["code"], node["project"]) == (demand.code, {"code": demand.project} if demand.project else None)
        assert [item["code"] for item in node["filledBy"]] == list(demand.filled_by)
        assert node["role"] == {"code": demand.role, "forecastRoleCode": demand.role}
        assert node["scenario"] == {"name": "Baseline"}
    wanted = [node for node in found if node["status"] == "OPEN"]
    assert {(node["hoursPerWeek"], node["count"]) for node in wanted} == {("30.00", 1)}
    assert {node["opportunity"]["code"]: node["probabilityWeight"] for node in wanted} == {
        f"OPP-{number:03}": weight
        for number, weight in zip(
            range(21, 28), ["0.1000", "0.2000", "0.3000", "0.4000", "0.6000", "0.7500", "0.9000"], strict=True
        )
    }
    assert Counter(node["role"]["code"] for node in wanted) == {"CONSULTANT": 7, "SENIOR": 7, "MANAGER": 7}


def days(range_: dict[str, str]) -> set[date]:
    """Return all days of a range."""
    start, end = date.fromisoformat(range_["start"]), date.fromisoformat(range_["end"])
    return {start + timedelta(number) for number in range((end - start).days + 1)}


def test_segments_are_assignments_cut_at_leave(trusted: House) -> None:
    """The 146 segments are the 57 assignments without the days of leave, no day twice; RES-044's resume in July."""
    query = """{ resources(first: 100) { edges { node { absences { range { start end } } assignments {
        range { start end } hoursPerDay segments { range { start end } hoursPerDay } } } } } }"""
    found = nodes(trusted, query, "resources")
    for node in found:
        away = {day for absence in node["absences"] for day in days(absence["range"])}
        for item in node["assignments"]:
            planned = [day for segment in item["segments"] for day in days(segment["range"])]
            assert len(planned) == len(set(planned))
            assert set(planned) == days(item["range"]) - away
            assert {segment["hoursPerDay"] for segment in item["segments"]} == {item["hoursPerDay"]}
    assert sum(len(item["segments"]) for node in found for item in node["assignments"]) == 146
    assert found[43]["assignments"][0]["segments"][-1]["range"]["start"] == "2026-07-01"


BASELINE = """{ capacityScenarios { edges { node { name kind createdAt approved
    buckets%s { weekStart role { code } legalEntity { code } resource { id }
        capacityHours firmHours tentativeHours demandHours } } } } }"""


def baseline(house: House, argument: str = "") -> dict[str, Any]:
    """Return the one plan."""
    (plan,) = nodes(house, BASELINE % argument, "capacityScenarios")
    return plan


def test_the_baseline(whole: House, firm: Firm) -> None:
    """26 weeks for each role in each entity, and for the demand of deals without one, are the firm's."""
    plan = baseline(whole)
    assert {key: plan[key] for key in ("name", "kind", "createdAt", "approved")} == {
        "name": "Baseline",
        "kind": "BASELINE",
        "createdAt": "2026-01-02T09:00:00.000Z",
        "approved": True,
    }
    assert plan["buckets"] == [
        {
            "weekStart": str(bucket.week_start),
            "role": {"code": bucket.role},
            "legalEntity": {"code": bucket.entity} if bucket.entity else None,
            "resource": None,
            "capacityHours": f"{bucket.capacity_hours:.2f}",
            "firmHours": f"{bucket.firm_hours:.2f}",
            "tentativeHours": "0.00",
            "demandHours": f"{bucket.demand_hours:.2f}",
        }
        for bucket in firm.capacity_buckets
    ]
    assert len({bucket["weekStart"] for bucket in plan["buckets"]}) == 26
    assert baseline(whole, '(range: {start: "2026-04-08", end: "2026-04-12"})')["buckets"] == plan["buckets"][:20]


def test_everybodys_availability_adds_up_to_the_plan(whole: House) -> None:
    """The weeks of all people are the weeks of their roles and entities; RES-044 has none before July."""
    query = """{ resources(first: 100) { edges { node { availability%s {
        weekStart role { code } legalEntity { code } capacityHours firmHours } } } } }"""
    found = nodes(whole, query % "", "resources")
    added: Counter[tuple[str, ...]] = Counter()
    for bucket in (bucket for node in found for bucket in node["availability"]):
        place = (bucket["weekStart"], bucket["role"]["code"], bucket["legalEntity"]["code"])
        added[*place, "capacity"] += Decimal(bucket["capacityHours"])  # type: ignore[assignment]
        added[*place, "firm"] += Decimal(bucket["firmHours"])  # type: ignore[assignment]
    planned: Counter[tuple[str, ...]] = Counter()
    for bucket in baseline(whole)["buckets"]:
        if bucket["legalEntity"] is not None:
            place = (bucket["weekStart"], bucket["role"]["code"], bucket["legalEntity"]["code"])
            planned[*place, "capacity"] += Decimal(bucket["capacityHours"])  # type: ignore[assignment]
            planned[*place, "firm"] += Decimal(bucket["firmHours"])  # type: ignore[assignment]
    assert +added == +planned
    (person,) = (node for node in found if node["availability"][0]["capacityHours"] == "0.00")
    assert [bucket["weekStart"] for bucket in person["availability"] if bucket["capacityHours"] == "0.00"] == [
        str(date(2026, 4, 6) + timedelta(7 * number)) for number in range(12)
    ]
    two_weeks = nodes(whole, query % '(range: {start: "2026-04-12", end: "2026-04-13"})', "resources")
    assert {len(node["availability"]) for node in two_weeks} == {2}


def test_the_bench(whole: House) -> None:
    """The last person of each entity is booked on its internal engagement alone, and nobody else is."""
    query = """{ resources(first: 100) { edges { node { displayName legalEntity { code }
        assignments { engagement { code customer { id } } } } } } }"""
    bench = [
        (node["legalEntity"]["code"], node["assignments"][0]["engagement"]["code"])
        for node in nodes(whole, query, "resources")
        if all(item["engagement"]["customer"] is None for item in node["assignments"])
    ]
    assert bench == [("NB-US", "ENG-020"), ("NB-UK", "ENG-021"), ("NB-DE", "ENG-022"), ("NB-JP", "ENG-023")]


def test_a_scanned_list_is_read_once_for_any_number_of_questions(firm: Firm) -> None:
    """Leave, people, holidays, segments, demands and capacity cost one read of each list a window."""
    query = """{ resources(first: 100) { edges { node { absences { kind } holidays { code } manager { displayName }
        segments { hoursPerDay } availability { weekStart scenario { name } }
        assignments { segments { range { end } } role { forecastRoleCode } } } } }
        roleDemands(first: 200) { edges { node { code scenario { buckets { weekStart } } } } } }"""
    with emulated(firm) as bound, over(bound) as running:
        house = House(running, persona="auditor")
        assert house.ask(query).errors == []
        assert house.ask(query).errors == []
        traffic = {system.role: system.traffic.calls() for system in bound}
    lists = [call.partition("?")[0].rpartition("v1")[2] for call in traffic["hr"]]
    assert sorted(lists) == ["/nb_holiday_calendars", "/reports/custom", "/time_off/requests"]
    paths = Counter(call.partition("?")[0].removeprefix("GET ") for call in traffic["forecast"])
    assert paths == {
        "/nb-role-demands/": 1,
        "/assignments/": 1,
        "/roles/": 1,
        "/nb-capacity-scenarios/": 1,
        "/nb-capacity-buckets/": 9,  # 1,780 rows in pages of 200
    }
