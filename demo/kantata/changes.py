"""What a call changes: a record is made, set or deleted, as its form takes it, and with what follows from it."""

from demo.emulator import Row, Table
from demo.kantata.consequences import FOLLOW
from demo.kantata.forms import FORMS, Form
from demo.kantata.records import Records, RefusedError


def create(records: Records, name: str, given: Row) -> tuple[Row, str | None]:
    """Make a record; return it, and what another system calls it."""
    form, reference = FORMS[name], given.pop("external_reference", None)
    if missing := [attribute for attribute in form.required if given.get(attribute) in {None, ""}]:
        raise RefusedError(f"{_label(missing[0])} can't be blank")
    _check(records, name, given)
    custom = form.custom | given.get("custom_fields", {})
    row = FOLLOW[name](records, None, {**form.blank, **_columns(form, given), "custom_fields": custom}, given)
    made = records.add(name, row)
    if name == "stories" and made["root_id"] is None:
        made = records.set(name, {**made, "root_id": made["id"]})
    for rate in given.get("rate_card_roles", ()):
        _add_rate(records, made["id"], rate)
    return made, records.refer(name, made["id"], reference) if reference else None


def _add_rate(records: Records, version: str, given: Row) -> None:
    row = {name: given.get(name) for name in ("role_id", "rate", "custom_fields")}
    if None in row.values() or _dangling(records.tables["roles"], given, "role_id"):
        raise RefusedError("Rate card roles is invalid")
    records.add("rate_card_roles", {**row, "rate_card_version_id": version})


def update(records: Records, name: str, id_: str, given: Row) -> Row:
    """Set attributes of a record; those of the tenant's own fields that are not given stay."""
    old = records.found(name, id_)
    _check(records, name, given)
    custom = old["custom_fields"] | given.get("custom_fields", {})
    row = {**old, **_columns(FORMS[name], given), "custom_fields": custom}
    return records.set(name, FOLLOW[name](records, old, row, given))


def delete(records: Records, name: str, id_: str) -> None:
    """Remove a version of a rate card that nobody used yet, with its rates; nothing else is ever removed."""
    row = records.found(name, id_)
    if name != "rate_card_versions" or row["custom_fields"]["status"] != "unpublished":
        raise RefusedError("Record is in use and can't be deleted")
    for rate in records.tables["rate_card_roles"].among("rate_card_version_id", [id_]):
        records.tables["rate_card_roles"].delete(rate)
    records.tables[name].delete(row)


def _columns(form: Form, given: Row) -> Row:
    return {attribute: value for attribute, value in given.items() if attribute not in form.beside}


def _check(records: Records, name: str, given: Row) -> None:
    """Raise RefusedError for what is no attribute, of the wrong kind, or names no record."""
    form, table = FORMS[name], records.tables[name]
    wrong = [attribute for attribute, value in _columns(form, given).items() if not table.takes(attribute, value)]
    strange = sorted(given.get("custom_fields", {}).keys() - form.custom.keys())
    unknown = [
        attribute for attribute, other in form.names.items() if _dangling(records.tables[other], given, attribute)
    ]
    for attribute in [*wrong, *strange, *unknown]:
        raise RefusedError(f"{_label(attribute)} is invalid")


def _dangling(table: Table, given: Row, attribute: str) -> bool:
    named = given.get(attribute)
    return named is not None and table.row(named) is None


def _label(attribute: str) -> str:
    return attribute.removesuffix("_id").replace("_", " ").capitalize()
