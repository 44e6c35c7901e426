"""A second subgraph: somebody else's, who has a remark on every engagement and knows of it no more than its id."""

from __future__ import annotations

import strawberry
from strawberry.asgi import GraphQL


@strawberry.federation.type(keys=["id"])
class Engagement:
    """An engagement, by the key under which it is somebody else's."""

    id: strawberry.ID

    @strawberry.field
    def remark(self) -> str:
        """Say of which engagement this is said."""
        return f"on {self.id}"

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Engagement:  # noqa: A002  federation calls it by this name
        """Return what a router refers to."""
        return cls(id=id)


@strawberry.type
class Query:
    """What it can be asked itself."""

    @strawberry.field
    def remarked(self, ids: list[strawberry.ID]) -> list[Engagement]:
        """Return these engagements: all but the remark is for the other subgraph to say."""
        return [Engagement(id=id_) for id_ in ids]


app: GraphQL[None, None] = GraphQL(strawberry.federation.Schema(Query, federation_version="2.9"))
