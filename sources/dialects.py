"""How a `source.toml` says by which protocol its system speaks, and how it is entered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias
from urllib.parse import quote

from pydantic import Field, StringConstraints, model_validator

from schema.tomlfile import Strict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sources.manifest import Asked, Entity

# Below the binding's address, always: an address of its own would take the credentials to another host.
Path: TypeAlias = Annotated[str, StringConstraints(pattern=r"^/[^/?#\s][^?#\s]*$")]

# Of the characters of XML 1.0 those that may stand in an id: no control characters, no halves of a pair.
XML = re.compile("[\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


class BearerAuth(Strict):
    """A fixed token, the credential `token`."""

    kind: Literal["bearer"]


class BasicAuth(Strict):
    """HTTP Basic (RFC 7617), the credentials `user` and `password`."""

    kind: Literal["basic"]


class ClientCredentialsAuth(Strict):
    """OAuth 2 client credentials (RFC 6749, 4.4), the credentials `client_id` and `client_secret`.

    `{address}` in the scope is the binding's address.
    """

    kind: Literal["client_credentials"]
    path: Path
    scope: str = ""


class OnBehalfOfAuth(Strict):
    """The caller's own rights: their token exchanged (OAuth 2, RFC 8693) by the client `client_id`, `client_secret`.

    Never called in the firm's name. `{address}` in the scope is the binding's address; `audience` is what the login
    calls the system, where it wants to be told.
    """

    kind: Literal["on_behalf_of"]
    path: Path
    scope: str = ""
    audience: str = ""


class SessionAuth(Strict):
    """A session from a JSON-RPC login with `user` and `password`, sent as `<scheme> base64(user:id:token)`."""

    kind: Literal["rpc_session"]
    path: Path
    method: str
    scheme: str = "Session"


class DatabaseAuth(Strict):
    """A database's own login, the credentials `user` and `password`; a database in a file has none."""

    kind: Literal["database"]


Auth: TypeAlias = Annotated[
    BearerAuth | BasicAuth | ClientCredentialsAuth | OnBehalfOfAuth | SessionAuth | DatabaseAuth,
    Field(discriminator="kind"),
]


class Spoken(Strict):
    """What a protocol has in common with the others."""

    def carried(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the ids that the protocol can say at all: what it cannot is no record's."""
        return ids

    def between(self, column: str) -> str:
        """Return what stands between two ids in a URL: at the most two quotes and a comma, each of them escaped."""
        del column
        return "%27%27%2C"

    def in_url(self, entity: Entity, asked: Asked, columns: Sequence[str]) -> bool:
        """Tell whether ids stand in the URL, whose length is limited."""
        del entity, asked, columns
        return True


class Written(Spoken):
    """A protocol whose questions stand in a body, or in a statement."""

    def in_url(self, entity: Entity, asked: Asked, columns: Sequence[str]) -> bool:
        """Say that ids never do."""
        del entity, asked, columns
        return False


class RestDialect(Spoken):
    """REST with page numbers. `results` lists keys and ids, the rows stand in maps beside it (a side-loaded answer).

    Where rows stand as a plain list instead, `rows` says by the path of the request at which place of its answer.
    `order` is the parameter of the order, with the one that is asked for unless another is wanted. Without `pages_at`
    the pages are counted by their size.
    """

    family: Literal["rest"]
    results: str = ""
    rows: dict[Path, str] = {}
    size: str = "per_page"
    page: str = "page"
    pages_at: str = ""
    size_at: str
    total_at: str
    order: dict[str, str] = {}

    @model_validator(mode="after")
    def _somewhere(self) -> RestDialect:
        if bool(self.results) is bool(self.rows):
            raise ValueError("say where rows stand: 'results' where they are side-loaded, else 'rows'")
        return self


class ODataDialect(Spoken):
    """OData V4 or V2. `options` go with every read. `contains` is how a part of a text is asked for.

    `top` says that the server cuts into short pages whatever is not asked for by a number: then so many rows are asked
    for as ids. In V2 there is no `in`, and no JSON batch: ids are asked for by a chain of `or`.

    `ids` says how many records are asked for at once: by `in`, by a chain of `or` where that is not known, or each by a
    read of its own, all in one JSON batch (4.01) that is sent to the path `batch` below the service's root. One read
    that fails must not be the end of the others: many a system wants `headers = { Prefer = "continue-on-error" }` for
    that.
    """

    family: Literal["odata"]
    version: Literal["v4", "v2"] = "v4"
    options: dict[str, str] = {}
    contains: Literal["function", "wildcard"] = "function"
    ids: Literal["in", "or", "batch"] = "in"
    batch: Path | None = None
    top: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> ODataDialect:
        if (self.ids == "batch") is (self.batch is None):
            raise ValueError("'batch' is the path for ids = 'batch', and for nothing else")
        if self.version == "v2" and (self.ids, self.contains) != ("or", "function"):
            raise ValueError("V2 asks for ids by a chain: ids = 'or', and for texts by a function")
        return self

    def between(self, column: str) -> str:
        """Return what stands between two ids: in a chain the column comes again with each of them."""
        return f"%27%27%20or%20{quote(column)}%20eq%20" if self.ids == "or" else super().between(column)


class RpcDialect(Written):
    """JSON-RPC 1.0 with `search_read`: one endpoint, typed values marked by `hint`, a context with every call."""

    family: Literal["jsonrpc"]
    path: Path
    method: str
    hint: str
    context: dict[str, Any] = {}


class QueryDialect(Spoken):
    """A query language in a parameter of one path: rows, their number and the next page's link in the answer.

    `collection` is the path below which records are read by a POST of `ids` and `fields`: as many come, in their order,
    null for each that is not there. It takes the record's own columns alone.
    """

    family: Literal["query"]
    path: Path
    collection: Path | None = None
    param: str = "q"
    rows: str
    next: str
    total: str

    def between(self, column: str) -> str:
        """Return what stands between two ids: a space, too, for people's sake."""
        return super().between(column) + "%20"

    def in_url(self, entity: Entity, asked: Asked, columns: Sequence[str]) -> bool:
        """Tell whether a statement asks for them, and not a collection."""
        own = asked is entity.id and not any("." in column for column in columns)
        return not (self.collection and own) or bool(entity.where | asked.where)


class Listed(Spoken):
    """How a list is read: `rows` is where they stand in the answer, empty if they are the answer.

    `params` go with every read. Where `columns` is said, the read is a POST of `body` with the wanted columns under
    that key. Pages follow a cursor: `next` is where it stands, `cursor` the parameter that takes it.
    """

    rows: str
    params: dict[str, str] = {}
    body: dict[str, Any] = {}
    columns: str = ""
    size: str = ""
    next: str = ""
    cursor: str = ""


class ScanDialect(Listed):
    """Lists that are read whole, each once in so many `seconds`; `lists` are read otherwise, by their paths."""

    family: Literal["scan"]
    seconds: float = Field(gt=0)
    lists: dict[str, Listed] = {}


class SoapDialect(Written):
    """SOAP 1.1, by a WSDL that stands beside the manifest and is never fetched: an entity's path is its operation.

    `after` and `size` are the operation's arguments for a page: the id behind which it begins, and its rows. `rows` is
    where these stand in the answer, and `next` the id behind which the next page begins.
    """

    family: Literal["soap"]
    path: Path
    wsdl: Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.wsdl$")]
    after: str
    size: str
    rows: str
    next: str

    def carried(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the ids of which XML has all characters."""
        return [id_ for id_ in ids if XML.fullmatch(id_)]


class SqlDialect(Written):
    """Tables or views of a relational database; the binding's address names the database."""

    family: Literal["sql"]


Dialect: TypeAlias = Annotated[
    RestDialect | ODataDialect | RpcDialect | QueryDialect | ScanDialect | SoapDialect | SqlDialect,
    Field(discriminator="family"),
]
