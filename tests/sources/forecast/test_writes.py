"""What forecasting is asked to change, carried out at the emulated Runn and read back in our own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from msgspec.structs import replace

from colonnade.wiring import SystemClock
from demo import runn
from demo.firm import northbeam
from demo.systems import forecast
from schema.problems import Code
from schema.role_demand import RoleDemandRow, RoleDemandStatus
from schema.rows import Ref, System
from schema.values import DateRange
from sources.batching import Desk
from sources.contract import SourceFailure
from sources.forecast.writes import (
    CloseProject,
    CreateAllocation,
    CreateDemand,
    FillDemand,
    OpenProject,
    RecordActual,
    RecordMilestone,
    SetAllocationDates,
    SetDemandDates,
)
from sources.registry import Binding, connect
from sources.writes import WRITES, Done, Write
from sources.writing import OutcomeUnknownError, UnwordedError, Words, Writer
from tests.sources.hostile import NoReferences, scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.systems import Bound
    from schema.source_segment import SourceSegmentRow
    from sources.source import Source

NOW = datetime(2026, 4, 8, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ENGAGEMENT, NEW = Ref("Engagement", "psa", "ENG-014"), Ref("Engagement", "psa", "ENG-024")
PERSON, ROLE = Ref("Resource", "hr", "RES-044"), Ref("Role", "psa", "SENIOR")
DEAL, WON = Ref("Opportunity", "crm", "OPP-026"), Ref("Opportunity", "crm", "OPP-020")
CUSTOMER, ENTITY = Ref("Customer", "crm", "CUS-08"), Ref("LegalEntity", "erp", "NB-US")
ASSIGNMENT, DEMAND = Ref("Assignment", "psa", "ASG-053"), Ref("RoleDemand", "forecast", "40073")
MILESTONE, STRANGER = Ref("Milestone", "psa", "930001"), Ref("Engagement", "psa", "a stranger")
IDS = {
    ENGAGEMENT: runn.project_id("ENG-014"),
    PERSON: runn.person_id("RES-044"),
    ROLE: runn.role_id("SENIOR"),
    DEAL: runn.project_id("OPP-026"),
    WON: runn.project_id("OPP-020"),
    CUSTOMER: runn.client_id("CUS-08"),
    ENTITY: runn.team_id("NB-US"),
    ASSIGNMENT: "ASG-053",
    DEMAND: runn.demand_id("DEM-073"),
    STRANGER: "59999",
}
# RES-044 is on leave from April to June.
OPEN = OpenProject(engagement=NEW, opportunity=WON, code="ENG-024", name="Network rollout 2", legal_entity=ENTITY)
BEGIN = OpenProject(engagement=NEW, customer=CUSTOMER, code="ENG-024", name="Network rollout 2", legal_entity=ENTITY)
WANT = CreateDemand(
    engagement=ENGAGEMENT,
    code="ENG-014-D1",
    role=ROLE,
    role_code="SENIOR",
    start=date(2026, 5, 4),
    end=date(2026, 7, 31),
    hours_per_week=Decimal("37.50"),
    region="US-EAST",
)
PLAN = CreateAllocation(
    assignment=Ref("Assignment", "psa", "new"),
    code="ASG-058",
    engagement=ENGAGEMENT,
    resource=PERSON,
    role=ROLE,
    start=date(2026, 3, 30),
    end=date(2026, 7, 10),
    hours_per_day=Decimal("7.33"),
    billable=True,
)
WORKED = RecordActual(
    engagement=ENGAGEMENT,
    resource=PERSON,
    role=ROLE,
    work_date=date(2026, 7, 1),
    hours=Decimal("7.50"),
    billable=True,
)
REACHED = RecordMilestone(engagement=ENGAGEMENT, milestone=MILESTONE, name="Go-live agreed", reached=date(2026, 4, 7))
MOVE = SetDemandDates(demand=DEMAND, start=date(2026, 6, 1), end=date(2026, 6, 30))
FILL = FillDemand(demand=DEMAND, assignment=ASSIGNMENT)
SHORTEN = SetAllocationDates(assignment=ASSIGNMENT, start=date(2026, 1, 5), end=date(2026, 7, 3))
CLOSE = CloseProject(engagement=ENGAGEMENT)
MADE = [OPEN, BEGIN, WANT, PLAN, REACHED]
SET = [OPEN, CLOSE, MOVE, FILL, SHORTEN, WORKED]


@dataclass(frozen=True)
class Runn:
    """The account, asked as the house asks it and, for what the house does not read, as a person would."""

    source: Source
    http: httpx.Client

    async def do(self, write: Write, attempted: datetime | None = None, at: datetime = NOW) -> Done:
        """Carry a write out."""
        words = Words("a-key", at, IDS, self.source.manifest.codes)
        return await Writer(self.source).perform(write, words, scope(), attempted)

    def rows(self, path: str, **params: str) -> list[dict[str, Any]]:
        """Return the first page of a list."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["values"]
        return rows

    def project(self, id_: str) -> dict[str, Any]:
        """Return a project."""
        project: dict[str, Any] = self.http.get(f"/projects/{id_}").json()
        return project

    def effects(self) -> list[tuple[str, str, str | None]]:
        """Return what was changed: call, table, the firm's own code."""
        lines = self.http.get("/_control/effects").json()
        return [(f"{line['method']} {line['path']}", line["table"], line["key"]) for line in lines]

    def fault(self, what: str) -> None:
        """Have the next change go wrong."""
        fault = {"match": "^(POST|PUT|PATCH) ", "what": what}
        assert self.http.put("/_control/faults", json=[fault]).status_code == 204

    async def demands(self, ref: Ref) -> list[RoleDemandRow]:
        """Return the demands of a project."""
        by = {"Engagement": "role_demands_by_engagement", "Opportunity": "role_demands_by_opportunity"}[ref.type]
        found: list[RoleDemandRow] = await self._ask(by, ref)
        return found

    async def segments(self, assignment: str) -> list[tuple[str, str, str]]:
        """Return from when to when an assignment is planned, and its hours a day, in our own words."""
        ref = Ref("Assignment", "forecast", assignment)
        found: list[SourceSegmentRow] = await self._ask("source_segments_by_assignment", ref)
        return [(*_days(row.range), str(row.hours_per_day)) for row in found]

    async def _ask(self, question: str, ref: Ref) -> Any:
        return (await Desk([self.source], NoReferences()).answer(question, [ref], scope()))[ref]


def _days(days: DateRange | None) -> tuple[str, str]:
    assert days is not None
    return str(days.start), str(days.end)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Bound, httpx.Client]]:
    """Run the firm's Runn for the whole file."""
    with forecast(northbeam()) as bound:
        headers = {"Authorization": f"Bearer {bound.credentials['token']}", "Accept-Version": runn.VERSION}
        with httpx.Client(base_url=bound.address, headers=headers, trust_env=False) as http:
            yield bound, http


@pytest.fixture
async def account(server: tuple[Bound, httpx.Client]) -> AsyncIterator[Runn]:
    """The account as at the start, bound anew."""
    bound, http = server
    assert http.post("/_control/restore").status_code == 204
    source = connect(Binding("forecast", "runn", bound.address, bound.credentials), SystemClock())
    yield Runn(source, http)
    await source.wire.aclose()


def test_every_change_of_forecasting_is_offered() -> None:
    """Nothing that forecasting can be asked is beyond Runn."""
    binding = Binding("forecast", "runn", "http://127.0.0.1:1", {"token": "none"})
    asked = {kind for kind in WRITES.values() if kind.system is System.FORECAST}
    assert connect(binding, SystemClock()).acts.keys() == asked


async def test_a_deal_goes_on_as_the_engagement(account: Runn) -> None:
    """Its tentative project is confirmed, under the engagement's name, and what it would have wanted is wanted."""
    deal = OpenProject(engagement=NEW, opportunity=DEAL, code="ENG-024", name="Recovery", legal_entity=ENTITY)
    assert await account.do(deal) == Done("55026")
    project = account.project("55026")
    assert (project["name"], project["isConfirmed"], project["teamId"]) == ("Recovery", True, 11)
    assert project["references"] == [{"referenceName": "Engagement", "externalId": "ENG-024"}]
    wanted = await account.demands(Ref("Engagement", "forecast", "55026"))
    assert [(row.code, row.probability_weight) for row in wanted] == [
        (code, Decimal("1.0000")) for code in ("DEM-073", "DEM-074", "DEM-075")
    ]


async def test_a_won_deal_is_still_a_tentative_project(account: Runn) -> None:
    """Until it is converted, a deal that was won is planned as before; then it is the engagement's."""
    assert account.project("55020")["isConfirmed"] is False
    assert await account.do(OPEN) == Done("55020")
    assert account.project("55020")["isConfirmed"] is True
    assert account.effects() == [("PATCH /projects/55020", "projects", "ENG-024")]


async def test_an_engagement_without_a_deal_is_a_new_project(account: Runn) -> None:
    """It gets the next id, and its customer's client; internal work is the firm's own."""
    assert await account.do(BEGIN) == Done("55028")
    project = account.project("55028")
    assert (project["clientId"], project["teamId"], project["isConfirmed"]) == (20008, 11, True)
    assert account.effects() == [("POST /projects/", "projects", "ENG-024")]
    assert await account.do(OpenProject(engagement=NEW, code="ENG-025", name="Ours", legal_entity=ENTITY)) == Done(
        "55029"
    )
    assert account.project("55029")["clientId"] == 20000


async def test_a_project_is_closed(account: Runn) -> None:
    """Nobody is planned for an archived project, and it is still there."""
    await account.do(CLOSE)
    assert account.project("50014")["isArchived"] is True


async def test_a_demand_is_wanted(account: Runn) -> None:
    """It is read back as it was said, and has its placeholder with what that one would do."""
    done = await account.do(WANT)
    (row,) = [row for row in await account.demands(Ref("Engagement", "forecast", "50014")) if row.code == WANT.code]
    assert (done, row.ref) == (Done("40079"), Ref("RoleDemand", "forecast", "40079"))
    assert (row.role, row.status, row.count) == (Ref("Role", "forecast", "70003"), RoleDemandStatus.OPEN, 1)
    assert (row.range, row.hours_per_week, row.region) == (
        *(DateRange(start=date(2026, 5, 4), end=date(2026, 7, 31)), Decimal("37.50")),
        "US-EAST",
    )
    (seat,) = [seat for seat in account.rows("/projects/50014/assignments/") if seat["isPlaceholder"]]
    assert (seat["personId"], seat["note"], seat["minutesPerDay"], seat["startDate"]) == (
        *(90079, "ENG-014-D1", 450),
        "2026-05-04",
    )
    assert account.rows("/placeholders/")[-1]["references"][0]["externalId"] == "ENG-014-D1"
    assert account.rows("/person-requests/")[-1]["personId"] == 90079


async def test_no_demand_without_a_role(account: Runn) -> None:
    """A role that Runn has no word for is not said at all, and no role is refused: nothing happens either way."""
    unmapped = Ref("Role", "psa", "PARTNER")
    with pytest.raises(UnwordedError) as unworded:
        await account.do(replace(WANT, role=unmapped))
    assert unworded.value.ref == unmapped
    with pytest.raises(SourceFailure) as refused:
        await account.do(replace(WANT, role=None))
    assert refused.value.code is Code.SOURCE_REFUSED
    assert account.effects() == []


async def test_a_demand_that_is_there_already_is_found(account: Runn) -> None:
    """The tenant's list takes each code once: asked again without a word, it is the same demand."""
    first = await account.do(WANT)
    effects = account.effects()
    assert await account.do(WANT) == Done(first.id, found=True)
    assert account.effects() == effects


async def test_a_demand_moves_and_is_filled(account: Runn) -> None:
    """Its placeholder moves along, and goes with all its belongings when somebody takes its place."""
    await account.do(MOVE)
    (seat,) = account.rows("/people/90073/assignments/")
    assert (seat["startDate"], seat["endDate"]) == ("2026-06-01", "2026-06-30")
    await account.do(FILL)
    (row,) = [row for row in await account.demands(Ref("Opportunity", "forecast", "55026")) if row.code == "DEM-073"]
    assert (row.status, row.range) == (
        RoleDemandStatus.FILLED,
        DateRange(start=date(2026, 6, 1), end=date(2026, 6, 30)),
    )
    assert row.filled_by == [Ref("Assignment", "forecast", "ASG-053")]
    assert account.rows("/people/90073/assignments/") == []
    assert 90073 not in [row["id"] for row in account.rows("/placeholders/")]
    assert 90073 not in [row["personId"] for row in account.rows("/person-requests/")]


async def test_an_allocation_is_split_at_leave(account: Runn) -> None:
    """One assignment becomes as many segments as its person's leave makes of it, each with its hours."""
    done = await account.do(PLAN)
    assert done == Done("ASG-058", {"segments": ["7000079", "7000080"]})
    assert await account.segments("ASG-058") == [
        ("2026-03-30", "2026-03-31", "7.33"),
        ("2026-07-01", "2026-07-10", "7.33"),
    ]
    assert account.effects() == [("POST /assignments/", "assignments", "ASG-058")] * 2


async def test_what_lies_behind_the_last_day_is_free(account: Runn) -> None:
    """Whole segments go, and the one with the last day ends there: each is counted, none touched for nothing."""
    await account.do(SHORTEN)
    assert await account.segments("ASG-053") == [
        ("2026-01-05", "2026-03-31", "8.00"),
        ("2026-07-01", "2026-07-03", "8.00"),
    ]
    call = ("PUT /nb-allocations/ASG-053", "assignments", None)
    assert account.effects() == [call]
    await account.do(replace(SHORTEN, end=date(2026, 2, 27)))
    assert account.effects() == [call] * 3


async def test_the_days_before_bring_back_the_segments_before(account: Runn) -> None:
    """Set back, an assignment is planned as it was, in as many segments."""
    before = await account.segments("ASG-053")
    await account.do(replace(SHORTEN, end=date(2026, 2, 27)))
    assert await account.segments("ASG-053") == [("2026-01-05", "2026-02-27", "8.00")]
    await account.do(replace(SHORTEN, end=date(2026, 9, 30)))
    assert await account.segments("ASG-053") == before


async def test_actuals_are_totals_of_a_day(account: Runn) -> None:
    """A day's total is said again, not added to; the other kind of minutes stays."""
    await account.do(WORKED)
    await account.do(replace(WORKED, hours=Decimal("1.25"), billable=False))
    await account.do(replace(WORKED, hours=Decimal("6.00")))
    (actual,) = account.rows("/actuals/", personId="30044", minDate="2026-07-01")
    assert (actual["billableMinutes"], actual["nonbillableMinutes"], actual["roleId"]) == (360, 75, 70003)
    assert account.effects() == [("POST /actuals/", "actuals", None)] * 3


async def test_a_milestone_is_shown(account: Runn) -> None:
    """It stands below its project, with a note of whose it is."""
    done = await account.do(REACHED)
    (shown,) = account.rows("/projects/50014/milestones/")
    assert (str(shown["id"]), shown["title"], shown["date"], shown["note"]) == (
        *(done.id, "Go-live agreed", "2026-04-07"),
        "psa 930001",
    )


@pytest.mark.parametrize("write", MADE, ids=lambda write: write.called)
async def test_a_lost_answer_makes_one_record(account: Runn, write: Write) -> None:
    """The outcome is unknown until it is looked up; then it is found, and nothing is made again."""
    account.fault("lose_answer")
    with pytest.raises(OutcomeUnknownError):
        await account.do(write)
    effects = account.effects()
    assert effects
    found = await account.do(write, attempted=NOW)
    assert found.found
    assert account.effects() == effects
    assert await account.do(write, attempted=NOW, at=LATER) == found


@pytest.mark.parametrize("write", MADE, ids=lambda write: write.called)
async def test_what_was_not_made_is_made_once_it_is_certain(account: Runn, write: Write) -> None:
    """A call that failed may still take effect: only later, not to find it means that it must be sent again."""
    account.fault("fail_before")
    with pytest.raises(OutcomeUnknownError):
        await account.do(write)
    with pytest.raises(OutcomeUnknownError):
        await account.do(write, attempted=NOW, at=NOW + timedelta(seconds=1))
    assert account.effects() == []
    done = await account.do(write, attempted=NOW, at=LATER)
    assert (done.id is not None, done.found) == (True, False)
    effects = account.effects()
    assert await account.do(write, attempted=LATER, at=LATER) == Done(done.id, done.values, found=True)
    assert account.effects() == effects


@pytest.mark.parametrize("write", SET, ids=lambda write: write.called)
async def test_a_state_is_set_once_however_often_it_is_said(account: Runn, write: Write) -> None:
    """What sets a state is said again after a lost answer, and changes nothing the second time."""
    account.fault("lose_answer")
    with pytest.raises(OutcomeUnknownError):
        await account.do(write)
    effects = account.effects()
    assert effects
    await account.do(write, attempted=NOW, at=LATER)
    assert account.effects() == effects


@pytest.mark.parametrize(
    "write",
    [
        CloseProject(engagement=STRANGER),
        replace(WANT, end=date(2026, 5, 3)),
        SetDemandDates(demand=DEMAND, start=date(2026, 6, 2), end=date(2026, 6, 1)),
        replace(PLAN, engagement=STRANGER),
        SetAllocationDates(assignment=ASSIGNMENT, start=date(2026, 4, 1), end=date(2026, 6, 30)),
        replace(WORKED, hours=Decimal(25)),
    ],
    ids=lambda write: write.called,
)
async def test_what_is_refused_has_not_happened(account: Runn, write: Write) -> None:
    """A project that there is not, days in the wrong order or all on leave, a day of 25 hours."""
    with pytest.raises(SourceFailure) as refused:
        await account.do(write)
    assert (refused.value.code, account.effects()) == (Code.SOURCE_REFUSED, [])
