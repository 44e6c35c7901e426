"""What a `source.toml` may say: a closed vocabulary without expressions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from schema.tomlfile import Strict
from sources.dialects import Auth, DatabaseAuth, Dialect, Path, SqlDialect
from sources.fields import Rule

# The cases of `sources/conformance.py`: what any bound system can be asked, and what is tried on a server for trying.
Reading: TypeAlias = Literal["one", "many", "beyond", "unknown", "repeated", "whole", "exact", "renewal", "away"]
Changing: TypeAlias = Literal["followed", "lost", "refused", "stale", "closed"]
Case: TypeAlias = Reading | Changing
READING: tuple[Reading, ...] = get_args(Reading)
CHANGING: tuple[Changing, ...] = get_args(Changing)
CASES: tuple[Case, ...] = (*READING, *CHANGING)
# Against what a case was verified, or why it cannot be.
Level: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(live|real server|demo server only|exempt: .{5,})$")]

Reason: TypeAlias = Annotated[str, StringConstraints(min_length=10)]

# Below the road's own folder, always.
Folder: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,40}$")]


class Alone(Strict):
    """How a record is read where no list can be asked for it: below a path with `{id}`, and where it stands there.

    The status 404 says that there is none.
    """

    path: Path
    row: str


class Asked(Strict):
    """By which references rows may be asked: the request's parameter, and where the reference stands in the row.

    `text` says that the ids are texts where the protocol would write numbers. `form` is the pattern of all ids of this
    kind: what has another form is never asked for, since some sources refuse a whole list for one such id. `ids` is
    how many one call takes where that is fewer than the system's limit. `joined` is what stands between them in REST;
    if it is empty, the parameter comes again with each of them. `alone` says that a call reads one record by its path.
    """

    at: str
    param: str = ""
    text: bool = False
    form: str = ""
    ids: int | None = Field(default=None, ge=1)
    joined: str = ","
    alone: Alone | None = None
    where: dict[str, str] = {}

    @model_validator(mode="after")
    def _contained(self) -> Asked:
        if self.alone is not None and not self.form:
            raise ValueError("say the 'form' of ids that become a part of a path")
        return self

    def most(self, limit: int) -> int:
        """Return how many ids one call takes, within the system's limit."""
        return 1 if self.alone is not None else min(self.ids or limit, limit)

    @property
    def name(self) -> str:
        """The parameter of the request; the column's own name where the source knows no other."""
        return self.param or self.at


def _asked(value: Any) -> Any:
    return {"at": value} if isinstance(value, str) else value


AskedBy: TypeAlias = Annotated[Asked, BeforeValidator(_asked)]


class Filter(Strict):
    """How rows are chosen by one of our fields: by which column or parameter, where that is not the field's own.

    `literal` is how the source writes its codes, where they are no texts. `most` is how many values one call takes.
    `custom` is the number of a field of the tenant's own, of which a parameter asks in the form `(number:text)`. Days
    are chosen by the column, or by parameters: `after` and `before` take the days next to the wanted ones, `between`
    takes both ends, with a colon; `first` and `last` take the wanted ones themselves.
    """

    by: str = ""
    literal: Literal["text", "number", "flag"] = "text"
    most: int | None = Field(default=None, ge=1)
    custom: str = ""
    after: str = ""
    before: str = ""
    between: str = ""
    first: str = ""
    last: str = ""


def _filters(value: Any) -> Any:
    return {name: {} for name in value} if isinstance(value, list) else value


class Search(Strict):
    """In which of our fields a text is looked for, and by which parameter where the source has one for it.

    `ignores` are the words that the source takes no notice of.
    """

    fields: tuple[str, ...] = Field(min_length=1)
    param: str = ""
    ignores: tuple[str, ...] = ()


def _search(value: Any) -> Any:
    return {"fields": value} if isinstance(value, list) else value


def _orders(value: Any) -> Any:
    return dict.fromkeys(value, "") if isinstance(value, list) else value


class Stamp(Strict):
    """Where a row says when it was last changed, to the second at least; `made` where it says that until then.

    `param` is the parameter by which rows changed since an instant are asked for, where that is not the column itself;
    `prefix` is what stands before the instant there.
    """

    at: str
    made: str = ""
    param: str = ""
    prefix: str = ""


def _stamps(value: Any) -> Any:
    stamps = value if isinstance(value, list) else [value]
    return [{"at": one} if isinstance(one, str) else one for one in stamps]


class Entity(Strict):
    """One of our types as this source keeps it: below a path, or under a name where the protocol has one address.

    `where` goes with every request for it. `only` is what a column of every row of it says: a row that says otherwise
    is none of them, whatever filter the source ignored. A facet whose records have ids of their own says in `ask`,
    under its own type, by which column they are asked.

    `version` is where a row says in which state it is (an ETag, the instant of its last change), never read for itself.

    `changed` says how its changes are followed: by one instant, or by several where a row has values of other records.

    `filters`, `orders` and `search` say what its list can be asked for, by our fields (by a part: `range.start`). It is
    ordered only by what no record is without; an order names the source's word for the column where it has another one.
    """

    path: Path | Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$")]
    id: AskedBy
    where: dict[str, str] = {}
    only: dict[str, str] = {}
    ask: dict[str, AskedBy] = {}
    version: str = ""
    changed: Annotated[tuple[Stamp, ...], BeforeValidator(_stamps)] = ()
    fields: dict[str, Rule]
    filters: Annotated[dict[str, Filter], BeforeValidator(_filters)] = {}
    orders: Annotated[dict[str, str], BeforeValidator(_orders)] = {}
    search: Annotated[Search, BeforeValidator(_search)] | None = None


class Identity(Strict):
    """What people know a type's records by: a human key, a tax number, an e-mail address, a name. For matching alone.

    A key is the firm's own code, meant to be the same in every system; a system's own number is none. Without a path of
    its own it is read from the entity of the same type. Where a system has no records of a type but names them on those
    of another one, `by_key` says that the key is what it calls them: a row without one names none, many may name one.
    """

    path: Path | Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$")] | None = None
    id: AskedBy | None = None
    where: dict[str, str] = {}
    only: dict[str, str] = {}
    by_key: bool = False
    key: Rule | None = None
    tax_number: Rule | None = None
    email: Rule | None = None
    name: Rule | None = None

    @property
    def fields(self) -> dict[str, Rule]:
        """The rules by which matching reads a record."""
        rules = {"key": self.key, "tax_number": self.tax_number, "email": self.email, "name": self.name}
        return {name: rule for name, rule in rules.items() if rule is not None}

    def entity(self, own: Entity | None) -> Entity:
        """Return where the records are and how they are read; raise ValueError where nothing says it."""
        if not self.fields:
            raise ValueError("say by what people know its records: key, tax_number, email or name")
        if self.by_key and self.fields.keys() != {"key"}:
            raise ValueError("with 'by_key' say 'key', and nothing else: the rest is the other records' own")
        if self.path is not None and self.id is not None:
            return Entity(path=self.path, id=self.id, where=self.where, only=self.only, fields=self.fields)
        if own is None or self.path or self.id or self.where or self.only:
            raise ValueError("say both 'path' and 'id', or name an entity of this manifest and neither")
        return Entity(path=own.path, id=own.id, where=own.where, only=own.only, fields=self.fields)


class Limits(Strict):
    """What a call may carry and take, how many go at once, and for how many seconds a lost one may still take effect.

    `ids`, `rows` in a page, bytes of the URL and of the answer. Until `settle` is over, not to find a write whose
    answer was lost proves nothing. Every `follow` seconds it is asked what was changed in it.
    """

    ids: int = Field(default=100, ge=1)
    rows: int = Field(default=100, ge=1)
    pages: int = Field(default=50, ge=1)
    url_bytes: int = Field(default=8_000, ge=500)
    answer_bytes: int = Field(default=32_000_000, ge=1_000)
    seconds: float = Field(default=10.0, gt=0)
    at_once: int = Field(default=8, ge=1)
    settle: float = Field(default=5.0, ge=0)
    follow: float = Field(default=30.0, ge=1)


class Exchange(Strict):
    """Changes that are handed over in files: to which folder, and in which the answers to a file come to stand.

    `prefix` begins the names of files, `lines` is how many changes one holds at most. A file that is not answered for
    `answered` seconds is put there again. `codes` says what the words mean by which a line is rejected; any other one
    is a refusal.
    """

    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    drop: Folder
    answers: Folder
    lines: int = Field(default=500, ge=1, le=2_000)
    answered: float = Field(default=900.0, gt=0, le=86_400)
    codes: dict[str, Literal["period_closed", "conflict", "taken"]] = {}


class Told(Strict):
    """What a refusal of this source means where its status says something else: the status, and a text in its body.

    `header` is one that comes with it: some say by `Retry-After` alone that there were too many calls.
    """

    status: int = Field(ge=400, le=599)
    has: str = ""
    header: str = ""
    means: Literal["denied", "refused", "throttled", "timeout", "unavailable", "period_closed", "conflict", "taken"]


class Probe(Strict):
    """A call that tells the product's version: where it stands in the answer, and how it must begin."""

    path: Path
    body: dict[str, Any] | None = None
    at: str = Field(min_length=1)
    expects: str = Field(min_length=1)


class Manifest(Strict):
    """A whole `source.toml`.

    `exempt` says of changes that the role is asked for and this system does not take, by their names or `*` for all
    others, why it does not. `kept` says of changes that it takes where that stands for which the product has no place:
    our key, an approval.
    """

    format: Literal[1]
    version: int = Field(ge=1)
    approved_by: str = Field(min_length=1)
    role: Literal["crm", "psa", "erp", "hr", "forecast", "warehouse"]
    product: str
    api: str
    headers: dict[str, str] = {}
    errors: tuple[Told, ...] = ()
    quality: dict[Case, Level] = {}
    auth: Auth
    dialect: Dialect
    limits: Limits = Limits()
    probe: Probe | None = None
    codes: dict[str, dict[str, str]] = {}
    entities: dict[str, Entity] = Field(min_length=1)
    identity: dict[str, Identity] = {}
    exchange: Exchange | None = None
    exempt: dict[str, Reason] = {}
    kept: dict[str, Reason] = {}

    @model_validator(mode="after")
    def _entered(self) -> Manifest:
        if isinstance(self.dialect, SqlDialect) is not isinstance(self.auth, DatabaseAuth):
            raise ValueError("auth: a database is entered by 'database', and nothing else is")
        return self

    @model_validator(mode="after")
    def _identified(self) -> Manifest:
        for type_, identity in self.identity.items():
            try:
                identity.entity(self.entities.get(type_))
            except ValueError as error:
                raise ValueError(f"identity.{type_}: {error}") from error
        return self

    def identified(self) -> Manifest:
        """Return the same system with what people know its records by in the place of what the graph asks of it."""
        entities = {type_: identity.entity(self.entities.get(type_)) for type_, identity in self.identity.items()}
        return self.model_copy(update={"entities": entities, "identity": {}})
