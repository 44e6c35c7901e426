"""The start-up checks: what would be a wrong or an accidental null later is refused now, all at once."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition

from schema.graph import HOMES, Home
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from strawberry.types.base import StrawberryObjectDefinition

    from schema.graph import Ask
    from schema.rows import Row, System


class Answers(NamedTuple):
    """What a role answers to a question: rows of a type, one or many for each key, and by whose references."""

    system: System
    row: type[Row]
    by: str
    many: bool = False


Questions: TypeAlias = "Mapping[str, Answers]"


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
    if questions.get(home.question) != Answers(home.system, home.row, home.name):
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
    answers = questions.get(ask.question)
    if answers is None or answers.system is not ask.system:
        yield f"{where} asks {ask.system.name} for {ask.question!r}: no loader of that role answers it"
    if not isinstance(field.type, StrawberryOptional):
        yield f"{where} is non-null but {ask.system.name} is asked for it: only the home's own row may promise a value"
    if answers is None:
        return
    if ask.pick is not None:
        if ask.pick not in answers.row.__struct_fields__:
            yield f"{where} is no attribute of {answers.row.__name__}: add it there or declare its owner"
    elif _is_list(field.type) is not answers.many:
        asked = "one record" if answers.many else "a list"
        yield f"{where} is {asked}, which {ask.question!r} does not answer"
    if ask.where is not None and ask.where not in answers.row.__struct_fields__:
        yield f"{where} keeps records by {ask.where!r}, which is no attribute of {answers.row.__name__}"
    yield from _keyed(home, where, ask, answers, questions)


def _keyed(home: Home, where: str, ask: Ask, answers: Answers, questions: Questions) -> Iterator[str]:
    holder = home.row if ask.of is None else questions[ask.of].row if ask.of in questions else None
    if holder is None or ask.key not in holder.__struct_fields__:
        yield f"{where} is keyed by {ask.key!r}, which is no attribute of the row it stands on"
        return
    meant = home.name if ask.key == "ref" else _target(holder, ask.key)
    # A question may also be asked by a relation between records of one type: then its word is no type's name.
    if meant != answers.by and (meant is None or answers.by in HOMES):
        yield f"{where} is keyed by {ask.key!r}, which means {meant}, but {ask.question!r} is asked by {answers.by}"


def _is_list(type_: Any) -> bool:
    return isinstance(type_.of_type if isinstance(type_, StrawberryOptional) else type_, StrawberryList)


def _target(row: type[Row], key: str) -> str | None:
    """Return whom a row's reference means, None where it is no reference."""
    hint = typing.get_type_hints(row, include_extras=True)[key]
    for kind in (hint, *typing.get_args(hint)):
        if typing.get_origin(kind) is typing.Annotated and typing.get_args(kind)[0] is Ref:
            return str(typing.get_args(kind)[1])
    return None
