"""Tryton's models called in-process through proteus, with the rows a client would send over the wire."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from proteus import Model, Wizard, config

Row = dict[str, Any]


class Erp:
    """The administrator's access to the database."""

    def __init__(self, database: str, config_file: Path) -> None:
        """Load the database's modules; warnings are for people, so they are skipped."""
        self._config = config.set_trytond(database, config_file=str(config_file))
        self._config.skip_warning = True

    def context(self, company: int | None = None) -> Row:
        """Return the user's context, working for one company."""
        return {**self._config.context, **({} if company is None else {"company": company})}

    def call(self, model: str, method: str, *arguments: object, company: int | None = None) -> Any:
        """Call a method or press a button of a model."""
        return getattr(self._config.get_proxy(model), method)(*arguments, self.context(company))

    def create(self, model: str, rows: Iterable[Row], *, company: int | None = None) -> list[int]:
        """Create rows in one transaction and return their ids in order."""
        batch = list(rows)
        return list(self.call(model, "create", batch, company=company)) if batch else []

    def create_one(self, model: str, row: Row, *, company: int | None = None) -> int:
        """Create one row and return its id."""
        return self.create(model, [row], company=company)[0]

    def write(self, model: str, ids: Sequence[int], values: Row, *, company: int | None = None) -> None:
        """Set the same values on all of these rows."""
        self.call(model, "write", list(ids), values, company=company)

    def rows(self, model: str, domain: list[Any], fields: Sequence[str], *, company: int | None = None) -> list[Row]:
        """Return the fields of every row that matches, in order of id."""
        order = [("id", "ASC")]
        return list(self.call(model, "search_read", domain, 0, None, order, list(fields), company=company))

    def by(self, model: str, field: str, domain: list[Any] | None = None) -> dict[str, int]:
        """Return the ids of a model's rows by the value of one field."""
        return {row[field]: row["id"] for row in self.rows(model, domain or [], [field])}

    def xml_id(self, name: str) -> int:
        """Return the id of a record that a module ships, such as account.account_template_root_en."""
        return int(self.call("ir.model.data", "get_id", name))

    def wizard(self, name: str, *, company: int, on: tuple[str, int] | None = None) -> Any:
        """Open a wizard, on one row if it needs one."""
        records = [self.record(*on)] if on else None
        return Wizard(name, records, context={"company": company})

    def record(self, model: str, number: int) -> Any:
        """Return one row as the object that a wizard's form takes."""
        return Model.get(model)(number)
