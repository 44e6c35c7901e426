"""The start-up checks: what would be a wrong or an accidental null later is refused now, all at once."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition

from schema.access import OWN
from schema.graph import HOMES, Home
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from strawberry.types.base import StrawberryObjectDefinition

    from schema.ask import Ask
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
    yield from _scoped(home)
    if questions.get(home.question) != Answers(home.system, home.row, home.name):
        rows = home.row.__name__
        yield f"{home.name} is read by {home.question!r}: {home.system.name} does not answer it with {rows}"
    for field in definition.fields:
        ask, where = field.metadata.get("ask"), f"{home.name}.{field.python_name}"
        if field.metadata.get("restricted") is not None and not isinstance(field.type, StrawberryOptional):
            yield f"{where} is non-null but restricted: whoever may not read it would lose the whole record"
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


def _scoped(home: Home) -> Iterator[str]:
    for reach, at in home.scope.items():
        meant = home.name if at == OWN else _target(home.row, at) if at in home.row.__struct_fields__ else None
        if meant != reach.type:
            yield f"{home.name} hangs on {at!r} as its {reach.name}, which does not mean {reach.type}"


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
    else:
        # What is derived may be a list, too; it is made of one record.
        listed = ask.derive is None and (ask.paged or _is_list(field.type))
        if listed is not (answers.many or _of_many(home, ask)):
            asked = "one record" if answers.many else "a list"
            yield f"{where} is {asked}, which {ask.question!r} does not answer"
        if ask.derive is None:
            yield from _hidden(where, field, HOMES.get(answers.row.type))
    if ask.where is not None and ask.where not in answers.row.__struct_fields__:
        yield f"{where} keeps records by {ask.where!r}, which is no attribute of {answers.row.__name__}"
    yield from _keyed(home, where, ask, answers, questions)


def _hidden(where: str, field: Any, meant: Home | None) -> Iterator[str]:
    # A link to nobody is null without a question, and only a refusal tells as little.
    if meant is not None and meant.restricted is not None and field.metadata.get("restricted") is not meant.restricted:
        yield f"{where} leads to {meant.name}, but is not restricted as {meant.restricted.name}"


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


def _of_many(home: Home, ask: Ask) -> bool:
    """Tell whether a link's key is a list of references: then each of them is asked."""
    if ask.of is not None or ask.key not in home.row.__struct_fields__:
        return False
    hint = typing.get_type_hints(home.row)[ask.key]
    return any(typing.get_origin(kind) is list for kind in (hint, *typing.get_args(hint)))


def _target(row: type[Row], key: str) -> str | None:
    """Return whom a row's reference means, or its list of references, None where it is none."""
    hint = typing.get_type_hints(row, include_extras=True)[key]
    kinds = [hint, *typing.get_args(hint)]
    kinds += [item for kind in kinds if typing.get_origin(kind) is list for item in typing.get_args(kind)]
    for kind in kinds:
        if typing.get_origin(kind) is typing.Annotated and typing.get_args(kind)[0] is Ref:
            return str(typing.get_args(kind)[1])
    return None
