"""What follows from a change: the product's own rules, and this tenant's.

The tenant's: a deliverable that stands where its workspace stands moves along with it; the published version of a card
retires when another is published in its place, and its rates end on the day before.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final, TypeAlias

from demo.emulator import Row
from demo.kantata.account import STATUS, status
from demo.kantata.records import Records, RefusedError
from demo.kantata.values import base_unit
from demo.kantata.work import NODE_STAGE, NODE_STATE, weekdays

Consequence: TypeAlias = Callable[[Records, Row | None, Row, Row], Row]
"""From all records, the one that there was, the one as it is given, and what was given of it: the one to be written."""

_NAMES: Final = {key: name for name, (key, _, _) in STATUS.items()}
DATES: Final = {"start_date", "end_date"}
INVOICED: Final = {"is_invoiced"}


def workspace(records: Records, old: Row | None, row: Row, given: Row) -> Row:
    """Set the status by its key, and let the breakdown follow."""
    now = _NAMES.get(given.get("status_key", row["status"]["key"]))
    if now is None:
        raise RefusedError("Status key is not included in the list")
    if old:
        was = _NAMES[old["status"]["key"]]
        for story in records.tables["stories"].among("workspace_id", [row["id"]]):
            if was != now and story["story_type"] == "deliverable" and _stage(story) == NODE_STAGE[was]:
                custom = {**story["custom_fields"], "stage": NODE_STAGE[now]}
                records.set("stories", {**story, "state": NODE_STATE[now], "custom_fields": custom})
    return {**row, "status": status(now), "currency_base_unit": base_unit(row["currency"])}


def _stage(story: Row) -> str | None:
    stage: str | None = story["custom_fields"].get("stage")
    return stage


def story(records: Records, old: Row | None, row: Row, _given: Row) -> Row:
    """Put a new story under its root."""
    if old:
        return row
    parent = records.found("stories", row["parent_id"]) if row["parent_id"] else None
    if parent and parent["workspace_id"] != row["workspace_id"]:
        raise RefusedError("Parent must be in the same workspace")
    return {**row, "root_id": parent["root_id"] if parent else None}


def allocation(records: Records, old: Row | None, row: Row, given: Row) -> Row:
    """Book a new workspace resource; where only days change, keep the minutes of each."""
    if row["end_date"] < row["start_date"]:
        raise RefusedError("End date must be after start date")
    if old is None:
        return {**row, "workspace_resource_id": _resource(records, row)["id"]}
    if given.keys() & DATES and "minutes" not in given:
        days = weekdays(date.fromisoformat(row["start_date"]), date.fromisoformat(row["end_date"]))
        return {**row, "minutes": (row["custom_fields"]["minutes_per_day"] or 0) * days}
    return row


def _resource(records: Records, allocated: Row) -> Row:
    user, role = records.found("users", allocated["user_id"]), records.found("roles", allocated["role_id"])
    workspace = records.found("workspaces", allocated["workspace_id"])
    resource = {
        "label": user["full_name"],
        "full_name": user["full_name"],
        "role_name": role["name"],
        "workspace_id": int(workspace["id"]),
        "workspace_title": workspace["title"],
        "user_id": user["id"],
        "role_id": role["id"],
        "resource_bill_rate": allocated["resource_bill_rate"],
    }
    return records.add("workspace_resources", resource)


def time_entry(records: Records, old: Row | None, row: Row, given: Row) -> Row:
    """Refuse what is in a locked period, and what was invoiced; whether it was can be said at any time."""
    if old and given.keys() <= INVOICED:
        return row
    if old and old["is_invoiced"]:
        raise RefusedError("Time entry has been invoiced and can't be changed")
    workspace = records.found("workspaces", row["workspace_id"])
    entity, day = workspace["custom_fields"]["legal_entity"], row["date_performed"]
    if records.tables["nb_time_periods"].select(
        "legal_entity = ? AND locked AND ? BETWEEN start_date AND end_date", (entity, day)
    ):
        raise RefusedError("Date performed is in a locked time period")
    currency = row["currency"] or workspace["currency"]
    return {**row, "currency": currency, "currency_base_unit": base_unit(currency)}


def expense(_records: Records, _old: Row | None, row: Row, _given: Row) -> Row:
    """Say in which subunits the amount is."""
    return {**row, "currency_base_unit": base_unit(row["currency"])}


def rate_card_version(records: Records, old: Row | None, row: Row, given: Row) -> Row:
    """Take over from the version that a new one is made from; publish in place of another."""
    if old is None:
        source = records.found("rate_card_versions", given["cloned_from_id"])
        said = {field: value for field, value in row["custom_fields"].items() if value is not None}
        if "version" not in said:
            raise RefusedError("Version can't be blank")
        code = f"{source['custom_fields']['code'].rpartition('-V')[0]}-V{said['version']}"
        custom = {**source["custom_fields"], **said, "code": code}
        return {**row, "rate_card_id": source["rate_card_id"], "custom_fields": custom}
    if "replaces_id" in given:
        _retire(records, given["replaces_id"], row)
    return row


def _retire(records: Records, id_: str, successor: Row) -> None:
    version = records.found("rate_card_versions", id_)
    if version["rate_card_id"] != successor["rate_card_id"]:
        raise RefusedError("Replaced version must be of the same rate card")
    custom = {**version["custom_fields"], "status": "retired"}
    records.set("rate_card_versions", {**version, "custom_fields": custom})
    rates = records.tables["rate_card_roles"]
    begins = [
        rate["custom_fields"]["effective_from"] for rate in rates.among("rate_card_version_id", [successor["id"]])
    ]
    for rate in rates.among("rate_card_version_id", [id_]):
        if begins and (rate["custom_fields"]["effective_to"] or max(begins)) >= min(begins):
            last = (date.fromisoformat(min(begins)) - timedelta(1)).isoformat()
            records.set("rate_card_roles", {**rate, "custom_fields": {**rate["custom_fields"], "effective_to": last}})


FOLLOW: Final[Mapping[str, Consequence]] = {
    "workspaces": workspace,
    "stories": story,
    "workspace_allocations": allocation,
    "time_entries": time_entry,
    "expenses": expense,
    "rate_card_versions": rate_card_version,
}
