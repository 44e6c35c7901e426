"""The start-up checks: what would be a wrong or an accidental null later is refused now, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from strawberry.types.base import StrawberryOptional, get_object_definition

from schema.graph import HOMES, Home

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from strawberry.types.base import StrawberryObjectDefinition

    from schema.rows import Row, System


Questions: TypeAlias = "Mapping[str, tuple[System, type[Row]]]"


class OwnershipError(ValueError):
    """The declarations contradict each other or the roles; one finding a line."""


def check(types: Iterable[type], questions: Questions) -> None:
    """Compare every declaration with its neighbours and with what the roles answer, or raise OwnershipError."""
    findings = [finding for cls in types for finding in _findings(get_object_definition(cls, strict=True), questions)]
    if findings:
        raise OwnershipError("\n".join(findings))


def _findings(definition: StrawberryObjectDefinition, questions: Questions) -> Iterator[str]:
    home = HOMES[definition.name]
    yield from _owners(home)
    if questions.get(home.question) != (home.system, home.row):
        rows = home.row.__name__
        yield f"{home.name} is read by {home.question!r}: {home.system.name} does not answer it with {rows}"
    for field in definition.fields:
        ask, where = field.metadata.get("ask"), f"{home.name}.{field.python_name}"
        if ask is None:
            if field.base_resolver is None and field.python_name not in home.row.__struct_fields__:
                yield f"{where} is no attribute of {home.row.__name__}: add it there or declare its owner"
        else:
            yield from _asked(home, where, field, questions)


def _owners(home: Home) -> Iterator[str]:
    for name, asks in home.fields.items():
        owners = [(ask.system if ask else home.system).name for ask in asks]
        if len(asks) > 1:
            yield f"{home.name}.{name} is declared {len(asks)} times, by {' and '.join(owners)}: keep one owner"


def _asked(home: Home, where: str, field: Any, questions: Questions) -> Iterator[str]:
    ask = field.metadata["ask"]
    system, row = questions.get(ask.question, (None, None))
    if system is not ask.system:
        yield f"{where} asks {ask.system.name} for {ask.question!r}: no loader of that role answers it"
    if not isinstance(field.type, StrawberryOptional):
        yield f"{where} is non-null but {ask.system.name} is asked for it: only the home's own row may promise a value"
    if ask.pick is not None and row is not None and ask.pick not in row.__struct_fields__:
        yield f"{where} is no attribute of {row.__name__}: add it there or declare its owner"
    holder = home.row if ask.of is None else questions.get(ask.of, (None, None))[1]
    if ask.pick is None and (holder is None or ask.key not in holder.__struct_fields__):
        yield f"{where} is keyed by {ask.key!r}, which is no attribute of the row it stands on"
