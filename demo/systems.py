"""The firm's systems of record, started: who plays which role, where, and what each of them calls the firm's things."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import httpx

from demo import bamboohr, dynamics, kantata, mutations, runn, salesforce, warehouse
from demo.emulator import UNCHANGED, Changes, serve
from demo.firm.model import Firm

# Well below the 5 s after which the servers close an idle connection: a request that meets the close is lost.
HTTP = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(keepalive_expiry=2.0))
KANTATA_TOKEN = "kantata-demo-token"
CLIENT_ID, CLIENT_SECRET = "colonnade-demo", "dynamics-demo-secret"
SALES_ID, SALES_SECRET = "colonnade-demo", "salesforce-demo-secret"
PEOPLE_KEY = "bamboohr-demo-key"
FORECAST_TOKEN = "runn-demo-token"

Words: TypeAlias = Mapping[str, Callable[[str], str | None]]
"""For each of our types that a system knows: from the firm's code to that system's id, None where it has none."""


class Traffic(Protocol):
    """What a system was asked."""

    def calls(self) -> list[str]:
        """Return the calls since they were last cleared, oldest first."""
        ...

    def clear(self) -> None:
        """Forget them."""
        ...


@dataclass(frozen=True, slots=True)
class Emulated:
    """The log that an emulated system keeps of itself: method and path with query."""

    address: str

    def calls(self) -> list[str]:
        """Return the calls since they were last cleared, oldest first."""
        log = HTTP.get(f"{self.address}/_control/log").json()
        return [f"{line['method']} {line['path']}" for line in log]

    def clear(self) -> None:
        """Forget them."""
        HTTP.delete(f"{self.address}/_control/log")


@dataclass(frozen=True, slots=True)
class Silent:
    """A system that keeps no log of what it was asked."""

    def calls(self) -> list[str]:
        """Return nothing: nobody wrote it down."""
        return []

    def clear(self) -> None:
        """There is nothing to forget."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One role's system: its vendor's folder, its address, the secrets to enter, and its words."""

    role: str
    vendor: str
    address: str
    credentials: Mapping[str, str]
    words: Words
    traffic: "Traffic"


def kantata_words(firm: Firm) -> Words:
    """Return what the PSA calls the firm's things. It knows an opportunity as the workspace that came of it."""
    engagements = {deal.code: deal.engagement for deal in firm.opportunities}

    def opportunity(code: str) -> str | None:
        engagement = engagements[code]
        return kantata.workspace_id(engagement) if engagement else None

    return {
        "Assignment": kantata.allocation_id,
        "Customer": kantata.group_id,
        "Engagement": kantata.workspace_id,
        "Expense": kantata.expense_id,
        "FiscalPeriod": str,
        "LegalEntity": str,
        "Milestone": kantata.story_id,
        "Opportunity": opportunity,
        "Project": kantata.story_id,
        "RateCard": kantata.rate_card_version_id,
        "Resource": kantata.user_id,
        "Role": kantata.role_id,
        "RoleDemand": str,
        "TimeEntry": kantata.time_entry_id,
    }


def _controlled(node: str) -> str | None:
    """Return the ERP's project of a delivery node: it has one for each engagement's topmost."""
    return dynamics.project_id(node.removesuffix("-P")) if node.endswith("-P") else None


def _period(code: str) -> str:
    entity, _, period = code.rpartition("-20")
    return dynamics.period_id(entity, f"20{period}")


DYNAMICS_WORDS: Mapping[str, Words] = {
    "erp": {
        "Customer": dynamics.customer_account,
        "Engagement": dynamics.project_id,
        # What comes from the PSA it keeps under the PSA's own code.
        "Expense": str,
        "CostCenter": str,
        "ExchangeRate": dynamics.exchange_rate_id,
        "FiscalPeriod": _period,
        "LegalEntity": dynamics.data_area,
        "Milestone": str,
        "Project": _controlled,
        "RateCard": str,
        "Resource": dynamics.personnel_number,
        "Role": dynamics.labor_category,
        "TimeEntry": str,
    },
    "crm": {
        "Customer": dynamics.customer_account,
        "LegalEntity": dynamics.data_area,
        "Opportunity": dynamics.opportunity_id,
    },
    "hr": {"CostCenter": str, "LegalEntity": dynamics.data_area, "Resource": dynamics.personnel_number},
}


@contextmanager
def psa(firm: Firm, changes: Changes = UNCHANGED) -> Iterator[Bound]:
    """Run the emulated Kantata."""
    with serve(kantata.build(firm, token=KANTATA_TOKEN, changes=changes)) as server:
        yield Bound("psa", "kantata", server.url, {"token": KANTATA_TOKEN}, kantata_words(firm), Emulated(server.url))


@contextmanager
def dynamics_as(firm: Firm, *roles: str, changes: Changes = UNCHANGED) -> Iterator[list[Bound]]:
    """Run one emulated Dynamics that plays these roles."""
    with serve(dynamics.build(firm, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, changes=changes)) as server:
        log = Emulated(server.url)
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        yield [Bound(role, "dynamics", server.url, client, DYNAMICS_WORDS[role], log) for role in roles]


@contextmanager
def crm(firm: Firm, changes: Changes = UNCHANGED) -> Iterator[Bound]:
    """Run the emulated Salesforce."""
    words: Words = {
        "Customer": salesforce.account_id,
        "LegalEntity": str,
        "Opportunity": salesforce.opportunity_id,
    }
    with serve(salesforce.build(firm, client_id=SALES_ID, client_secret=SALES_SECRET, changes=changes)) as server:
        client = {"client_id": SALES_ID, "client_secret": SALES_SECRET}
        yield Bound("crm", "salesforce", server.url, client, words, Emulated(server.url))


@contextmanager
def hr(firm: Firm, changes: Changes = UNCHANGED) -> Iterator[Bound]:
    """Run the emulated BambooHR."""
    with serve(bamboohr.build(firm, key=PEOPLE_KEY, changes=changes)) as server:
        address = f"{server.url}/api/gateway.php/{bamboohr.COMPANY}/v1"
        key = {"user": PEOPLE_KEY, "password": "x"}
        words: Words = {"CostCenter": str, "LegalEntity": str, "Resource": bamboohr.employee_id}
        yield Bound("hr", "bamboohr", address, key, words, Emulated(server.url))


@contextmanager
def forecast(firm: Firm, changes: Changes = UNCHANGED) -> Iterator[Bound]:
    """Run the emulated Runn."""
    words: Words = {
        "Assignment": str,
        "Customer": runn.client_id,
        "Engagement": runn.project_id,
        "LegalEntity": runn.team_id,
        "Opportunity": runn.project_id,
        "Project": str,
        "Resource": runn.person_id,
        "Role": runn.role_id,
        "RoleDemand": runn.demand_id,
    }
    with serve(runn.build(firm, token=FORECAST_TOKEN, changes=changes)) as server:
        yield Bound("forecast", "runn", server.url, {"token": FORECAST_TOKEN}, words, Emulated(server.url))


@contextmanager
def history(firm: Firm, changes: Changes = UNCHANGED) -> Iterator[Bound]:
    """Fill a data warehouse in an SQLite file; it is the real thing, for a file needs no server."""
    with tempfile.TemporaryDirectory(prefix="colonnade-warehouse-") as folder:
        warehouse.fill(f"sqlite:///{folder}/warehouse.db", firm, changes)
        copied = {schedule.engagement: schedule.engagement for schedule in firm.revenue_schedules}
        words: Words = {"Engagement": copied.get, "ExchangeRate": str}
        yield Bound("warehouse", "reporting_views", f"sqlite+aiosqlite:///{folder}/warehouse.db", {}, words, Silent())


@contextmanager
def emulated(firm: Firm, *, mutated: bool = False) -> Iterator[list[Bound]]:
    """Run the firm's systems, each in the dialect of its product; `mutated`, they contradict each other as planted."""
    told = mutations.changes if mutated else _unchanged
    with (
        psa(firm, told("kantata")) as delivery,
        dynamics_as(firm, "erp", changes=told("dynamics")) as money,
        crm(firm, told("salesforce")) as sales,
        hr(firm, told("bamboohr")) as people,
        forecast(firm, told("runn")) as capacity,
        history(firm, told("warehouse")) as copies,
    ):
        yield [delivery, *money, sales, people, capacity, copies]


def _unchanged(_system: str) -> Changes:
    return UNCHANGED


def misbehave(address: str, quirk: str, **details: object) -> None:
    """Make an emulated system misbehave; `none` ends it."""
    HTTP.put(f"{address}/_control/quirk", json={"name": quirk, **details}).raise_for_status()
