"""Lists that are this tenant's own: demands with all that the firm says of them, and its capacity plan.

The product shows capacity in charts and in metrics of one person at a time, forgets a placeholder once it is filled,
and knows no scenarios; a list with `nb-` before its name is not the product's.
"""

from collections.abc import Iterator
from typing import Final

from demo.emulator import Row
from demo.firm.model import Firm
from demo.runn import ids
from demo.runn.values import minutes, number, stamps, written

DEMAND_STATUS: Final = {
    "DRAFT": "draft",
    "OPEN": "requested",
    "PARTIALLY_FILLED": "part_filled",
    "FILLED": "filled",
    "CANCELLED": "withdrawn",
    "LAPSED": "lapsed",
}
SCENARIO_KIND: Final = {"BASELINE": "baseline", "PIPELINE_WEIGHTED": "weighted", "WHAT_IF": "what_if"}


def role_demands(firm: Firm) -> Iterator[Row]:
    """Yield every demand, filled or not; the weight is a percentage, assignments go by the notes of their segments."""
    for position, demand in enumerate(firm.role_demands):
        yield {
            "id": int(ids.demand_id(demand.code)),
            "code": demand.code,
            "placeholderId": int(ids.placeholder_id(demand.code)) if demand.status == "OPEN" else None,
            "engagementProjectId": int(ids.project_id(demand.engagement)) if demand.engagement else None,
            "opportunityProjectId": int(ids.project_id(demand.opportunity)) if demand.opportunity else None,
            "workstreamCode": demand.project,
            "roleId": int(ids.role_id(demand.role)),
            "teamId": int(ids.team_id(demand.entity)) if demand.entity else None,
            "headcount": demand.count,
            "startDate": demand.start.isoformat(),
            "endDate": demand.end.isoformat(),
            "minutesPerWeek": minutes(demand.hours_per_week),
            "region": demand.region,
            "status": DEMAND_STATUS[demand.status],
            "filledByAssignmentCodes": list(demand.filled_by),
            "scenarioId": ids.scenario_id(demand.scenario),
            "probability": number(demand.probability_weight * 100),
            **stamps(firm, position),
        }


def capacity_scenarios(firm: Firm) -> Iterator[Row]:
    """Yield the plans that capacity is looked at in."""
    for scenario in firm.capacity_scenarios:
        yield {
            "id": ids.scenario_id(scenario.code),
            "name": scenario.name,
            "kind": SCENARIO_KIND[scenario.kind],
            "isApproved": scenario.approved,
            "createdAt": written(scenario.created_at),
            "updatedAt": written(scenario.created_at),
        }


def capacity_buckets(firm: Firm) -> Iterator[Row]:
    """Yield the weeks of each plan by role and team, then everybody's; without a team it is demand nobody owns yet."""
    for position, bucket in enumerate([*firm.capacity_buckets, *firm.personal_capacity]):
        team = ids.team_id(bucket.entity) if bucket.entity else None
        yield {
            "id": position + 1,
            "scenarioId": ids.scenario_id(bucket.scenario),
            "weekStart": bucket.week_start.isoformat(),
            "teamId": int(team) if team else None,
            "roleId": int(ids.role_id(bucket.role)),
            "personId": int(ids.person_id(bucket.person)) if bucket.person else None,
            "capacityMinutes": minutes(bucket.capacity_hours),
            "firmMinutes": minutes(bucket.firm_hours),
            "tentativeMinutes": minutes(bucket.tentative_hours),
            "demandMinutes": minutes(bucket.demand_hours),
            **stamps(firm, position),
        }
