"""Whoever is signed in, as the graph knows them."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.customer import Customer
from schema.graph import HOMES, Owner
from schema.resource import Resource
from schema.rows import Ref, System


async def _linked(type_: type, found: Any, info: Info) -> Any:
    return await info.context.load(HOMES[type_.__name__].question, found) if isinstance(found, Ref) else found


async def _person(info: Info) -> Any:
    return await _linked(Resource, await info.context.person(), info)


async def _company(info: Info) -> Any:
    return await _linked(Customer, await info.context.company(), info)


@strawberry.type(directives=[Owner(system=System.FACADE)])
class Viewer:
    """Whoever asks. `roles` are those that the policy knows, `entities` the codes of their legal entities."""

    subject: str
    roles: list[str]
    entities: list[str]
    person: Annotated[Resource, strawberry.lazy("schema.resource")] | None = strawberry.field(
        resolver=_person, description="The person that the subject is linked to, if it is anybody's."
    )
    company: Annotated[Customer, strawberry.lazy("schema.customer")] | None = strawberry.field(
        resolver=_company, description="The customer that the subject is linked to, if it is one's."
    )


@strawberry.type
class ViewerQuery:
    """Who asks."""

    @strawberry.field(
        description="Whoever is signed in; null for who is not.", directives=[Owner(system=System.FACADE)]
    )
    def viewer(self, info: Info) -> Viewer | None:
        principal = info.context.principal
        if not principal.subject:
            return None
        held = principal.grants
        return Viewer(subject=principal.subject, roles=sorted(held.roles), entities=sorted(held.entities))
