"""The firm's published figures about money, asked of the graph: contracts, billing, documents, revenue, periods."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from tests.conftest import House

# Currency and value; the four internal engagements have no contract.
CONTRACTS = {
    "ENG-001": ("GBP", "480000.00"),
    "ENG-002": ("GBP", "320000.00"),
    "ENG-003": ("USD", "115000.00"),
    "ENG-004": ("GBP", "432000.00"),
    "ENG-005": ("GBP", "520000.00"),
    "ENG-006": ("USD", "900000.00"),
    "ENG-007": ("USD", "1400000.00"),
    "ENG-008": ("USD", "780000.00"),
    "ENG-009": ("EUR", "310000.00"),
    "ENG-010": ("USD", "420000.00"),
    "ENG-011": ("GBP", "610000.00"),
    "ENG-012": ("EUR", "100000.00"),
    "ENG-013": ("EUR", "720000.00"),
    "ENG-014": ("JPY", "190000000"),
    "ENG-015": ("JPY", "108000000"),
    "ENG-016": ("KWD", "140000.000"),
    "ENG-017": ("USD", "480000.00"),
    "ENG-018": ("EUR", "760000.00"),
    "ENG-019": ("GBP", "95000.00"),
}


def engagements(house: House, fields: str) -> dict[str, Any]:
    """Read all engagements by their codes, without an error."""
    answer = house.ask(f"{{ engagements(first: 50) {{ edges {{ node {{ code {fields} }} }} }} }}")
    assert answer.errors == []
    return {edge["node"].pop("code"): edge["node"] for edge in answer.data["engagements"]["edges"]}


def entities(house: House, fields: str) -> dict[str, Any]:
    """Read all legal entities by their codes, without an error."""
    answer = house.ask(f"{{ legalEntities(first: 10) {{ edges {{ node {{ code {fields} }} }} }} }}")
    assert answer.errors == []
    return {edge["node"].pop("code"): edge["node"] for edge in answer.data["legalEntities"]["edges"]}


def test_contract_values(house: House) -> None:
    """The table of the engagements: each contract's currency and value, and none for internal work."""
    found = engagements(house, "contractValue { amount currency } contract { lines { amount { amount } } }")
    values = {code: node["contractValue"] for code, node in found.items()}
    assert {code: (money["currency"], money["amount"]) for code, money in values.items() if money} == CONTRACTS
    assert [code for code, money in values.items() if money is None] == ["ENG-020", "ENG-021", "ENG-022", "ENG-023"]
    assert all(
        sum(Decimal(line["amount"]["amount"]) for line in node["contract"]["lines"]) == Decimal(CONTRACTS[code][1])
        for code, node in found.items()
        if code in CONTRACTS
    )


def test_terms_of_the_contract_lines(house: House, firm: Firm) -> None:
    """Caps, fees, schedules and amendments are the firm's, and null where the billing model has none."""
    found = engagements(
        house,
        """contract { customerReference signedDate range { start end } revenueMethod
            amendments { code signedDate effectiveDate description change { amount currency } }
            lines { model cap { amount currency } capBehavior frequency inAdvance retainerRollover expensesBillable
                expenseMarkup taxCode revenueMethod schedule { dueDate amount { amount currency } } } }""",
    )
    for truth in firm.contracts:
        contract, (line,) = found[truth.engagement]["contract"], truth.lines
        assert contract == {
            "customerReference": truth.customer_reference,
            "signedDate": str(truth.signed_date),
            "range": {"start": str(truth.start), "end": str(truth.end)},
            "revenueMethod": truth.revenue_method,
            "amendments": [
                {
                    "code": f"PC-000{truth.code[-3:]}-A{number}",
                    "signedDate": str(amendment.signed_date),
                    "effectiveDate": str(amendment.effective_date),
                    "description": amendment.description,
                    "change": {"amount": str(amendment.change), "currency": truth.currency},
                }
                for number, amendment in enumerate(truth.amendments, 1)
            ],
            "lines": [
                {
                    "model": line.model,
                    "cap": {"amount": str(line.cap), "currency": truth.currency} if line.cap is not None else None,
                    "capBehavior": line.cap_behavior,
                    "frequency": line.frequency,
                    "inAdvance": line.in_advance,
                    "retainerRollover": line.retainer_rollover,
                    "expensesBillable": line.expenses_billable,
                    "expenseMarkup": None if line.expense_markup is None else f"{line.expense_markup:.4f}",
                    "taxCode": line.tax_code,
                    "revenueMethod": line.revenue_method,
                    "schedule": [
                        {
                            "dueDate": str(entry.due_date),
                            "amount": {"amount": str(entry.amount), "currency": truth.currency},
                        }
                        for entry in line.schedule
                    ],
                }
            ],
        }
    capped = {code: node["contract"]["lines"][0] for code, node in found.items() if code in ("ENG-003", "ENG-010")}
    assert {code: (line["cap"]["amount"], line["capBehavior"]) for code, line in capped.items()} == {
        "ENG-003": ("115000.00", "SPLIT"),
        "ENG-010": ("420000.00", "BLOCK"),
    }
    assert sum(len(node["contract"]["amendments"]) for node in found.values() if node["contract"]) == 3


def test_what_a_contract_line_is_for(house: House, firm: Firm) -> None:
    """A line names the delivery project that it pays for, and each entry of a fixed fee its milestone."""
    found = engagements(
        house, "contract { lines { project { code } schedule { milestone { code billingEvent { code } } } } }"
    )
    billed = {event.milestone: {"code": event.code} for event in firm.billing_events if event.milestone}
    for truth in firm.contracts:
        assert found[truth.engagement]["contract"]["lines"] == [
            {
                "project": {"code": f"{truth.engagement}-P"},
                "schedule": [
                    {"milestone": {"code": entry.milestone, "billingEvent": billed.get(entry.milestone)}}
                    if entry.milestone
                    else {"milestone": None}
                    for entry in line.schedule
                ],
            }
            for line in truth.lines
        ]


SOURCES = """billingEvents { code hours amount { amount } sources(first: 200) { totalCount edges { node {
    hours amount { amount } timeEntry { code billableHours } milestone { code } expense { code } } } } }"""


def test_the_work_behind_an_event(house: House, firm: Firm) -> None:
    """Every event lists its time entries or its milestone, as the PSA has them, and they add up to what it bills."""
    events = {event["code"]: event for node in engagements(house, SOURCES).values() for event in node["billingEvents"]}
    for truth in firm.billing_events:
        sources = [edge["node"] for edge in events[truth.code]["sources"]["edges"]]
        assert [(source["timeEntry"] or source["milestone"])["code"] for source in sources] == [
            *truth.time_entries,
            *([truth.milestone] if truth.milestone else []),
        ]
        if truth.kind == "TIME":
            assert sum(Decimal(source["amount"]["amount"]) for source in sources) == truth.amount
            assert sum(Decimal(source["hours"]) for source in sources) == truth.hours
            assert all(source["hours"] == source["timeEntry"]["billableHours"] for source in sources)
        assert events[truth.code]["sources"]["totalCount"] == len(sources)


EVENTS = """billingEvents { code kind status holdReasons readyAt period { start end } amount { amount currency } hours
    contractLine { description } invoiceLines { invoice { number } } }"""


def test_what_is_due_and_what_holds_it(house: House) -> None:
    """Seventeen events are due: ENG-007 waits for time, ENG-011's milestone for its acceptance, fifteen are ready."""
    events = {event["code"]: event for node in engagements(house, EVENTS).values() for event in node["billingEvents"]}
    due = {code: event for code, event in events.items() if event["status"] != "INVOICED"}
    assert (len(events), len(due)) == (53, 17)
    assert Counter((event["kind"], event["status"]) for event in due.values()) == {
        ("TIME", "READY"): 10,
        ("TIME", "PENDING"): 1,
        ("MILESTONE", "READY"): 2,
        ("MILESTONE", "HELD"): 1,
        ("RETAINER", "READY"): 3,
    }
    assert {code: event["holdReasons"] for code, event in due.items() if event["status"] != "READY"} == {
        "BE-2603-007": [],
        "BE-2603-011": ["ACCEPTANCE_OUTSTANDING"],
    }
    assert (due["BE-2603-007"]["readyAt"], due["BE-2603-002"]["readyAt"]) == (None, "2026-03-31T17:00:00.000Z")
    ready = sum(event["status"] == "READY" for event in due.values())
    assert f"{Decimal(ready) / len(due):.4f}" == "0.8824"


def test_monthly_values(house: House) -> None:
    """What ENG-007, ENG-014 and ENG-016 billed or may bill of each month, to the last digit of their currencies."""
    found = engagements(house, EVENTS)

    def months(code: str) -> dict[str, str]:
        return {event["period"]["start"][:7]: event["amount"]["amount"] for event in found[code]["billingEvents"]}

    assert months("ENG-007") == {"2026-01": "129680.00", "2026-02": "130060.00", "2026-03": "161480.00"}
    assert months("ENG-014")["2026-01"] == "19713000"
    assert (months("ENG-016")["2026-01"], months("ENG-016")["2026-02"]) == ("13125.400", "14470.800")


def test_every_event_is_the_firms(house: House, firm: Firm) -> None:
    """All 53 events come with the firm's amounts, hours, days, contract lines and documents."""
    found = engagements(house, EVENTS)
    for engagement in firm.engagements:
        assert found[engagement.code]["billingEvents"] == [
            {
                "code": event.code,
                "kind": event.kind,
                "status": event.status,
                "holdReasons": list(event.hold_reasons),
                "readyAt": f"{event.ready_at:%Y-%m-%dT%H:%M:%S.000Z}" if event.ready_at else None,
                "period": {"start": str(event.period_start), "end": str(event.period_end)},
                "amount": {"amount": str(event.amount), "currency": event.currency},
                "hours": None if event.hours is None else str(event.hours),
                "contractLine": {"description": event.contract_line},
                "invoiceLines": [{"invoice": {"number": event.invoice}} for _ in event.invoice_lines],
            }
            for event in sorted(firm.billing_events, key=lambda event: (len(event.code), event.code))
            if event.engagement == engagement.code
        ]


def test_the_documents(house: House, firm: Firm) -> None:
    """Thirty-six documents with their kinds and payments; the credit note points back, and its invoice forward."""
    answer = house.ask("""{ invoices(first: 50) { totalCount edges { node {
        number kind documentStatus paymentStatus lifecycle net { amount } corrects { number } correctedBy { number }
        totalInEntityCurrency { money { amount currency } original { amount currency } rate rateType rateDate }
        lines { description quantity unitPrice { amount } net { amount } taxCode revenueAccount
            contractLine { description } billingEvents { code } } } } } }""")
    assert answer.errors == []
    found = {edge["node"].pop("number"): edge["node"] for edge in answer.data["invoices"]["edges"]}
    assert answer.data["invoices"]["totalCount"] == len(found) == 36
    assert Counter((node["kind"], node["paymentStatus"]) for node in found.values()) == {
        ("INVOICE", "PAID"): 15,
        ("INVOICE", "PARTIAL"): 1,
        ("INVOICE", "UNPAID"): 19,
        ("CREDIT_NOTE", "UNPAID"): 1,
    }
    credit = found["CRN-2603-008"]
    assert (credit["net"]["amount"], credit["corrects"]) == ("-3600.00", {"number": "INV-2602-008"})
    assert (credit["lines"][0]["quantity"], credit["lines"][0]["unitPrice"]) == ("-20", {"amount": "180.00"})
    assert found["INV-2602-008"]["correctedBy"] == [{"number": "CRN-2603-008"}]
    for truth in firm.invoices:
        assert_converted(found[truth.number]["totalInEntityCurrency"], truth)
        assert sorted(
            (line["description"], line["taxCode"], line["revenueAccount"]) for line in found[truth.number]["lines"]
        ) == sorted((line.description, line.tax_code, line.revenue_account) for line in truth.lines)
        assert all(
            (line["contractLine"], line["billingEvents"])
            == ({"description": truth.lines[0].contract_line}, [{"code": truth.lines[0].billing_event}])
            for line in found[truth.number]["lines"]
        )


def assert_converted(shown: dict[str, Any], truth: Any) -> None:
    """Compare a document's total in the entity's currency with the firm's."""
    assert Decimal(shown["rate"]) == truth.entity_rate
    assert {**shown, "rate": None} == {
        "money": {"amount": str(truth.entity_total), "currency": truth.entity_currency},
        "original": {"amount": str(truth.total), "currency": truth.currency},
        "rate": None,
        "rateType": "SPOT",
        "rateDate": str(truth.accounting_date),
    }


def test_revenue(house: House, firm: Firm) -> None:
    """ENG-006 has 198 000.00 recognised of 900 000.00; every schedule's periods and balances are the firm's."""
    found = engagements(
        house,
        """contract { lines { revenueSchedule { method transactionPrice { amount } progress contractAsset { amount }
            contractLiability { amount } entries { fiscalPeriod { code legalEntity { code } }
            planned { amount currency } recognized { amount } status } } } }""",
    )
    portal = found["ENG-006"]["contract"]["lines"][0]["revenueSchedule"]
    assert sum(Decimal(entry["recognized"]["amount"]) for entry in portal["entries"]) == Decimal("198000.00")
    assert (portal["progress"], portal["contractAsset"], portal["contractLiability"]) == (
        *("0.2200", {"amount": "18000.00"}, {"amount": "0.00"}),
    )
    for truth in firm.revenue_schedules:
        assert found[truth.engagement]["contract"]["lines"] == [
            {
                "revenueSchedule": {
                    "method": truth.method,
                    "transactionPrice": {"amount": str(truth.transaction_price)},
                    "progress": f"{truth.progress:.4f}",
                    "contractAsset": {"amount": str(truth.contract_asset)},
                    "contractLiability": {"amount": str(truth.contract_liability)},
                    "entries": [
                        {
                            "fiscalPeriod": {"code": entry.fiscal_period, "legalEntity": {"code": truth.entity}},
                            "planned": {"amount": str(entry.planned), "currency": truth.currency},
                            "recognized": {"amount": str(entry.recognized)},
                            "status": entry.status,
                        }
                        for entry in sorted(truth.entries, key=lambda entry: entry.fiscal_period)
                    ],
                }
            }
        ]


def test_march_is_closed_entity_by_entity_and_module_by_module(house: House) -> None:
    """P03 ends on another day in the US, and each entity's modules close by themselves."""
    fields = "code range { start end } status moduleStatus { module status } closeScheduledAt"
    found = entities(house, f"fiscalPeriods {{ {fields} }}")
    march = {
        code: next(period for period in node["fiscalPeriods"] if period["code"] == period_of(code))
        for code, node in found.items()
    }
    assert march["NB-US"]["range"] == {"start": "2026-03-01", "end": "2026-04-04"}
    modules = {
        code: {item["module"]: item["status"] for item in period["moduleStatus"]} for code, period in march.items()
    }
    assert {code: period["status"] for code, period in march.items()} == {
        "NB-DE": "OPEN",
        "NB-JP": "CLOSED",
        "NB-UK": "CLOSING",
        "NB-US": "CLOSING",
    }
    assert modules == {
        "NB-DE": dict.fromkeys(("TIME", "AR", "GL", "REVENUE"), "OPEN"),
        "NB-JP": dict.fromkeys(("TIME", "AR", "GL", "REVENUE"), "CLOSED"),
        "NB-UK": {"TIME": "CLOSED", "AR": "OPEN", "GL": "CLOSING", "REVENUE": "CLOSING"},
        "NB-US": {"TIME": "OPEN", "AR": "OPEN", "GL": "CLOSING", "REVENUE": "CLOSING"},
    }
    assert {code: period["closeScheduledAt"] for code, period in march.items()} == {
        **dict.fromkeys(("NB-DE", "NB-UK", "NB-US"), "2026-04-10T16:00:00.000Z"),
        "NB-JP": None,
    }


def period_of(entity: str) -> str:
    """Return the code of the period that contains March 2026: Japan's fiscal year began in April 2025."""
    return "2025-P12" if entity == "NB-JP" else "2026-P03"


def test_calendars_and_cost_centers(house: House, firm: Firm) -> None:
    """Each entity says how its year is cut, under which tax it stands, and where it collects cost."""
    found = entities(
        house,
        """taxRegime roundingMode taxRounding fiscalCalendar { pattern yearEndRule yearLabelRule }
        costCenters { code name active range { start end } legalEntity { code } }""",
    )
    assert found["NB-US"]["fiscalCalendar"] == {
        "pattern": "WEEKS_445",
        "yearEndRule": "Saturday nearest 31 December",
        "yearLabelRule": "NEAREST_DECEMBER",
    }
    assert found["NB-JP"]["fiscalCalendar"] == {
        "pattern": "CALENDAR_MONTH",
        "yearEndRule": None,
        "yearLabelRule": "START_YEAR",
    }
    assert {code: (node["taxRegime"], node["roundingMode"], node["taxRounding"]) for code, node in found.items()} == {
        entity.code: (entity.tax_regime, entity.rounding_mode, entity.tax_rounding) for entity in firm.legal_entities
    }
    tops = {node.code: node.cost_center for node in firm.projects if node.kind == "PROJECT"}
    projects = engagements(house, "projects { code costCenter { code } }")
    assert {
        node["code"]: node["costCenter"]["code"] for found in projects.values() for node in found["projects"]
    } == tops
    assert {code: node["costCenters"] for code, node in found.items()} == {
        entity.code: [
            {
                "code": center.code,
                "name": center.name,
                "active": True,
                "range": {"start": str(center.start), "end": None},
                "legalEntity": {"code": entity.code},
            }
            for center in firm.cost_centers
            if center.entity == entity.code
        ]
        for entity in firm.legal_entities
    }


@pytest.mark.parametrize(
    ("quoted", "rate"),
    [
        (("SPOT", "GBP", "USD", "2026-03-31"), "1.2710"),
        (("PERIOD_AVERAGE", "GBP", "USD", "2026-03-31"), "1.2701"),
        (("SPOT", "JPY", "USD", "2026-03-31"), "0.006520"),
        (("CONTRACT_FIXED", "KWD", "GBP", "2025-12-31"), "2.560000"),
    ],
)
def test_exchange_rates(house: House, quoted: tuple[str, str, str, str], rate: str) -> None:
    """A rate is what one unit costs, though the ERP keeps the yen's for a hundred of them."""
    kind, base, quote, day = quoted
    answer = house.ask(
        """query ($wanted: ExchangeRateFilter) { exchangeRates(filter: $wanted) { edges { node {
        from to type date rate source } } } }""",
        {"wanted": {"type": [kind], "from": [base], "to": [quote], "date": {"from": day, "to": day}}},
    )
    assert answer.errors == []
    (found,) = (edge["node"] for edge in answer.data["exchangeRates"]["edges"])
    assert Decimal(found.pop("rate")) == Decimal(rate)
    assert found == {"from": base, "to": quote, "type": kind, "date": day, "source": "TREASURY"}


@pytest.mark.parametrize(
    ("root", "count"),
    [
        ("contracts", 19),
        ('contracts(filter: {currency: ["EUR"]})', 4),
        ("billingEvents", 53),
        ('billingEvents(filter: {kind: [TIME], periodStart: {from: "2026-03-01"}})', 11),
        ('billingEvents(search: "2604")', 3),
        ("costCenters(filter: {active: true})", 12),
        ('costCenters(search: "advisory")', 4),
        ("costCenters(filter: {active: false})", 0),
        ("exchangeRates", 36),
        ("revenueSchedules(filter: {method: [AS_INVOICED]})", 11),
    ],
)
def test_lists_of_the_ledger(house: House, root: str, count: int) -> None:
    """What finance starts from is listed and chosen by the ERP itself, in one call."""
    answer = house.ask(
        f"{{ list: {root.replace(')', ', first: 100)') if '(' in root else f'{root}(first: 100)'} {BODY}"
    )
    assert answer.errors == []
    assert (answer.data["list"]["totalCount"], len(answer.data["list"]["edges"])) == (count, count)
    assert len(house.calls()) == len(house.calls("erp")) == 1


BODY = "{ totalCount edges { node { id } } } }"


def test_the_call_law_of_money(house: House) -> None:
    """However many engagements, lines, events and schedules there are, each question is one call a level."""
    engagements(
        house,
        """billingEvents { contractLine { model } invoiceLines { taxCode billingEvents { kind } } }
        contract { amendments { code } lines { schedule { dueDate } billingEvents { code }
            revenueSchedule { progress entries { status fiscalPeriod { code } } } } }""",
    )
    assert Counter(urlsplit(call.removeprefix("GET ")).path.rpartition("/")[2] for call in house.calls("erp")) == {
        "ProjectContractHeaders": 1,
        "ProjectContractLines": 2,  # by contract, and as the events name them
        "NBContractAmendments": 1,
        "NBBillingScheduleLines": 1,
        "NBBillingEvents": 3,  # by engagement, by contract line, and as the invoice lines name them
        "NBProjectInvoiceLines": 1,
        "NBRevenueSchedules": 1,
        "NBRevenueScheduleLines": 1,
        "NBFiscalPeriods": 1,
    }
