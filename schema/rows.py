"""What a source answers: references, rows, and where they came from."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from enum import Enum
from itertools import repeat
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar

import msgspec
import strawberry

from schema.problems import Code, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")
Maybe: TypeAlias = T | Problem | None
ID_BYTES = 512
SAFE = bytes.maketrans(b"+/", b"-_")
# Read from its owner whenever it is asked for.
LIVE = timedelta(0)


# Prefixed in the SDL: composition merges the enums of all subgraphs by name.
@strawberry.enum(name="OwnerSystem")
class System(Enum):
    """A role that may own a field. Which product plays the role is configuration, never schema."""

    CRM = "crm"
    PSA = "psa"
    ERP = "erp"
    HR = "hr"
    FORECAST = "forecast"
    WAREHOUSE = "warehouse"
    FACADE = "facade"


class Ref(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False, cache_hash=True):
    """Who is meant, in whose words: a type, the binding that speaks, and that system's own id.

    In the words of the type's home it is the birth certificate behind the global id. In another system's words it is
    a foreign reference, which the cross-references turn into the home's.
    """

    type: str
    binding: str
    id: str

    @classmethod
    def each(cls, type_: str, binding: str, ids: Iterable[str]) -> list[Ref]:
        """Return the references of a binding's ids."""
        return list(map(cls, repeat(type_), repeat(binding), ids))

    @property
    def role(self) -> str:
        """The role of the binding: `erp` for `erp` and for `erp.legacy`."""
        return self.binding.partition(".")[0]

    def encode(self) -> str:
        """Return the global id: opaque to clients, resolvable without a store."""
        # What urlsafe_b64encode does, in a third of its time: every record that is answered has one.
        said = f"{self.type}|{self.binding}|{self.id}".encode()
        return binascii.b2a_base64(said, newline=False).translate(SAFE).decode().rstrip("=")

    @staticmethod
    def encoded(refs: Iterable[Ref]) -> list[str]:
        """Return the global ids of many records: what `encode` returns of each, in half of its time."""
        said = [f"{ref.type}|{ref.binding}|{ref.id}".encode() for ref in refs]
        # Each line of it ends with its one line break.
        return b"".join(map(binascii.b2a_base64, said)).translate(SAFE, b"=").decode().splitlines()

    @classmethod
    def decode(cls, text: str) -> Ref | Problem:
        """Read a global id; the very same text must come back, for Python's decoder skips foreign characters."""
        # In ASCII, as every id of ours: JSON lets half a surrogate pair through, which no answer can be written with.
        shown = text[:80].encode("ascii", "replace").decode()
        malformed = Problem(Code.MALFORMED_ID, "this id was not issued here", id=shown)
        if len(text) > ID_BYTES:
            return malformed
        try:
            # At the first two bars only: a source's id may contain one.
            parts = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|", 2)
        except ValueError:
            return malformed
        ref = cls(*parts) if len(parts) == len(cls.__struct_fields__) and all(parts) else None
        return ref if ref and ref.encode() == text else malformed


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where the rows of one batch came from; one object shared by all of them."""

    system: System
    binding: str
    as_of: datetime


class Row(msgspec.Struct, kw_only=True, gc=False):
    """One record as one owner tells it. Its identity and its provenance ride with it.

    `cadence` is how old it may be when it is shown: the least that the domain grants to one of its fields. `revision`
    is the owner's own mark of its state: some types have a version that is a field of theirs.
    """

    type: ClassVar[str]
    cadence: ClassVar[timedelta] = LIVE

    ref: Ref
    origin: Origin
    revision: str | None = None
