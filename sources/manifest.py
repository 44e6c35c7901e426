"""What a `source.toml` may say: a closed vocabulary without expressions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from schema.tomlfile import Strict

Unit: TypeAlias = Literal["minutes", "percent", "noon"]
Level: TypeAlias = Literal["live", "real server", "demo server only", "exempt"]
# Below the binding's address, always: an address of its own would take the credentials to another host.
Path: TypeAlias = Annotated[str, StringConstraints(pattern=r"^/[^/?#\s][^?#\s]*$")]


class Leaf(Strict):
    """One value: where it stands in the source's row and how it becomes ours.

    `at` is a dotted path, or `name()`: what the function of that name in the vendor's `translate.py` makes of the
    columns that its parameters name. `constant` is a value that is not in the row. `codes` names a table keyed on the
    source's system code. `unit` converts minutes to hours, percent to a ratio, and a day written as its noon in UTC to
    that day. `nulls` are the values by which the source says *nothing*; the empty string always does.
    """

    at: str = ""
    constant: str | None = None
    codes: str | None = None
    unit: Unit | None = None
    nulls: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> Leaf:
        if bool(self.at) == (self.constant is not None):
            raise ValueError("say either 'at' or 'constant'")
        return self


class Parts(Strict):
    """A value object: a rule for each of its parts."""

    parts: dict[str, Rule]


class Items(Strict):
    """A list that the row spells out: a rule for each item."""

    items: tuple[Rule, ...]


def _rule(value: Any) -> Any:
    """Read the short forms: a path, a leaf, a table of parts, a list of items."""
    if isinstance(value, str):
        return Leaf(at=value)
    if isinstance(value, list):
        return Items.model_validate({"items": value})
    if isinstance(value, dict):
        leaf = value.keys() & {"at", "constant"}
        return Leaf.model_validate(value) if leaf else Parts.model_validate({"parts": value})
    return value


Rule: TypeAlias = Annotated[Leaf | Parts | Items, BeforeValidator(_rule)]


class Asked(Strict):
    """By which references rows may be asked: the request's parameter, and where the reference stands in the row.

    `text` says that the ids are texts where the protocol would write numbers. `form` is the pattern of all ids of this
    kind: what has another form is never asked for, since some sources refuse a whole list for one such id.
    """

    at: str
    param: str = ""
    text: bool = False
    form: str = ""
    where: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The parameter of the request; the column's own name where the source knows no other."""
        return self.param or self.at


def _asked(value: Any) -> Any:
    return {"at": value} if isinstance(value, str) else value


AskedBy: TypeAlias = Annotated[Asked, BeforeValidator(_asked)]


class Entity(Strict):
    """One of our types as this source keeps it: below a path, or under a name where the protocol has one address.

    `where` goes with every request for it. `only` is what a column of every row of it says: a row that says otherwise
    is none of them, whatever filter the source ignored.
    """

    path: Path | Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$")]
    id: AskedBy
    where: dict[str, str] = {}
    only: dict[str, str] = {}
    ask: dict[str, AskedBy] = {}
    fields: dict[str, Rule]


class Limits(Strict):
    """What one call may carry: ids, rows in a page, bytes of URL, bytes of answer, seconds, and calls at once."""

    ids: int = Field(default=100, ge=1)
    rows: int = Field(default=100, ge=1)
    pages: int = Field(default=50, ge=1)
    url_bytes: int = Field(default=8_000, ge=500)
    answer_bytes: int = Field(default=32_000_000, ge=1_000)
    seconds: float = Field(default=10.0, gt=0)
    at_once: int = Field(default=8, ge=1)


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


class SessionAuth(Strict):
    """A session from a JSON-RPC login with `user` and `password`, sent as `<scheme> base64(user:id:token)`."""

    kind: Literal["rpc_session"]
    path: Path
    method: str
    scheme: str = "Session"


Auth: TypeAlias = Annotated[BearerAuth | BasicAuth | ClientCredentialsAuth | SessionAuth, Field(discriminator="kind")]


class RestDialect(Strict):
    """REST with page numbers. `results` lists keys and ids, the rows stand in maps beside it (a side-loaded answer)."""

    family: Literal["rest"]
    results: str
    size: str = "per_page"
    page: str = "page"
    pages_at: str
    size_at: str
    total_at: str
    order: dict[str, str] = {}


class ODataDialect(Strict):
    """OData V4. `options` go with every read."""

    family: Literal["odata"]
    options: dict[str, str] = {}


class RpcDialect(Strict):
    """JSON-RPC 1.0 with `search_read`: one endpoint, typed values marked by `hint`, a context with every call."""

    family: Literal["jsonrpc"]
    path: Path
    method: str
    hint: str
    context: dict[str, Any] = {}


class QueryDialect(Strict):
    """A query language in a parameter of one path: rows, their number and the next page's link in the answer."""

    family: Literal["query"]
    path: Path
    param: str = "q"
    rows: str
    next: str
    total: str


class ScanDialect(Strict):
    """Lists that are read whole, each once in so many `seconds`.

    `params` go with every read. Where `columns` is said, the read is a POST of `body` with the wanted columns under
    that key. Pages follow a cursor: `next` is where it stands, `cursor` the parameter that takes it.
    """

    family: Literal["scan"]
    seconds: float = Field(gt=0)
    rows: str
    params: dict[str, str] = {}
    body: dict[str, Any] = {}
    columns: str = ""
    size: str = ""
    next: str = ""
    cursor: str = ""


Dialect: TypeAlias = Annotated[
    RestDialect | ODataDialect | RpcDialect | QueryDialect | ScanDialect, Field(discriminator="family")
]


class Told(Strict):
    """What a refusal of this source means where its status says something else: the status, and a text in its body."""

    status: int = Field(ge=400, le=599)
    has: str = ""
    means: Literal["denied", "refused", "throttled", "timeout", "unavailable"]


class Probe(Strict):
    """A call that tells the product's version: where it stands in the answer, and how it must begin."""

    path: Path
    body: dict[str, Any] | None = None
    at: str = Field(min_length=1)
    expects: str = Field(min_length=1)


class Manifest(Strict):
    """A whole `source.toml`."""

    format: Literal[1]
    version: int = Field(ge=1)
    approved_by: str = Field(min_length=1)
    role: Literal["crm", "psa", "erp", "hr", "forecast"]
    product: str
    api: str
    headers: dict[str, str] = {}
    errors: tuple[Told, ...] = ()
    quality: dict[str, Level]
    auth: Auth
    dialect: Dialect
    limits: Limits = Limits()
    probe: Probe | None = None
    codes: dict[str, dict[str, str]] = {}
    entities: dict[str, Entity] = Field(min_length=1)
