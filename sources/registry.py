"""Which systems of record there are: every folder with a `source.toml`, here or where the configuration says."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from schema.graph import HOMES
from schema.rows import System
from schema.tomlfile import FileError, load
from sources.dialects import ScanDialect, SqlDialect
from sources.fields import RuleError
from sources.identity import identity_row
from sources.manifest import Manifest
from sources.questions import QUESTIONS, Question
from sources.rules import verify
from sources.scanned import ScannedSource
from sources.source import Source, Vendor
from sources.unmapped import Unmapped
from sources.wire.auth import NEEDED, login
from sources.wire.breaker import Breaker
from sources.wire.client import Wire
from sources.wire.http import HttpTransport
from sources.wire.meter import Meter
from sources.wire.metrics import Metrics
from sources.wire.sql import SqlTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from schema.context import Clock
    from schema.graph import Home
    from schema.rows import Row
    from sources.exchange import LineActs
    from sources.wire.transport import Transport
    from sources.writes import Acts

HERE = Path(__file__).parent
ROLES = (System.CRM, System.PSA, System.ERP, System.HR, System.FORECAST, System.WAREHOUSE)

for _role in ROLES:
    import_module(f"sources.{_role.value}.loaders")
for _role in (System.CRM, System.PSA, System.ERP, System.FORECAST):
    import_module(f"sources.{_role.value}.writes")


class Binding(NamedTuple):
    """A role's system as the firm has it: its name, the vendor's folder, where it is, and the secrets to enter.

    While its breaker is open, one call in so many seconds of `probe_interval` finds out whether it is back. `by_files`
    says that what the vendor takes in files is handed over in files.
    """

    name: str
    vendor: str
    address: str
    credentials: Mapping[str, str]
    login_address: str = ""
    probe_interval: float = 5.0
    by_files: bool = False

    @property
    def role(self) -> str:
        """The role: `erp` for `erp` and for `erp.legacy`."""
        return self.name.partition(".")[0]

    @property
    def manifest_path(self) -> Path:
        """The vendor's manifest: in this room by the folder's name, elsewhere by its path."""
        folder = Path(self.vendor)
        return (folder if folder.is_absolute() else HERE / self.role / self.vendor) / "source.toml"


def questions(role: System) -> dict[str, type[Question]]:
    """Return what the graph may ask of a role, by name."""
    return {name: question for name, question in QUESTIONS.items() if question.role is role}


def vendors() -> Iterator[tuple[str, str, Path]]:
    """List every system that this house knows: role, vendor and manifest."""
    for path in sorted(HERE.glob("*/*/source.toml")):
        yield path.parts[-3], path.parts[-2], path


class Offered(NamedTuple):
    """By what a list can be chosen: fields to filter by, fields to order by, and whether it can be searched."""

    filters: tuple[str, ...]
    orders: tuple[str, ...]
    searched: bool


def offered(home: Home) -> Offered:
    """Return what the manifests of this house together offer for the list of a type."""
    entities = [one.entities.get(home.name) for one in _manifests() if one.role == home.system.value]
    known = [entity for entity in entities if entity is not None]
    return Offered(
        tuple(sorted({name for entity in known for name in entity.filters})),
        tuple(sorted({name for entity in known for name in entity.orders})),
        any(entity.search is not None for entity in known),
    )


@cache
def _manifests() -> tuple[Manifest, ...]:
    return tuple(load(path, Manifest) for _, _, path in vendors())


def connect(binding: Binding, clock: Clock, metrics: Metrics | None = None) -> Source:
    """Bind a vendor's manifest to an address, or raise FileError with what does not fit and its cure."""
    path = binding.manifest_path
    if not path.exists():
        known = ", ".join(vendor for role, vendor, _ in vendors() if role == binding.role) or "none"
        raise FileError(f"binding {binding.name!r}: no vendor {binding.vendor!r} for this role; known here: {known}")
    manifest = load(path, Manifest)
    verify(path)
    if manifest.role != binding.role:
        raise FileError(
            f"{path}: plays the role {manifest.role!r}, but binding {binding.name!r} needs {binding.role!r}"
        )
    needed = _needed(path, manifest, binding)
    missing, strange = sorted(needed - binding.credentials.keys()), sorted(binding.credentials.keys() - needed)
    if missing or strange:
        raise FileError(f"binding {binding.name!r}: credentials missing: {missing}; not used by this vendor: {strange}")
    entry = login(manifest.auth, binding.credentials, binding.address, binding.login_address)
    metrics, breaker = metrics or Metrics(), Breaker(binding.probe_interval)
    meter = Meter(binding.name, breaker, metrics)
    wire = Wire(_transport(manifest, binding, clock, meter), entry, manifest.limits, breaker, meter)
    kind = ScannedSource if isinstance(manifest.dialect, ScanDialect) else Source
    functions, lines = _functions(path.with_name("translate.py")), _lines(path, manifest, binding)
    vendor = Vendor(path.parent, manifest, functions, acts_of(path, binding.role), lines)
    source = kind(binding.name, vendor, wire, clock, Unmapped(binding.name, clock, _counter(metrics, binding)))
    _compile(path, source)
    return source


def _needed(path: Path, manifest: Manifest, binding: Binding) -> set[str]:
    """Return the names of the credentials, or raise FileError if the address is none for the manifest's protocol."""
    web, sql = binding.address.startswith("http"), isinstance(manifest.dialect, SqlDialect)
    if web is sql:
        wanted = "a database's (postgresql+psycopg, sqlite+aiosqlite or duckdb)" if sql else "an HTTP server's"
        raise FileError(f"binding {binding.name!r}: {path} needs {wanted} address")
    return set() if binding.address.startswith(("sqlite", "duckdb")) else set(NEEDED[manifest.auth.kind])


def _transport(manifest: Manifest, binding: Binding, clock: Clock, meter: Meter) -> Transport:
    if isinstance(manifest.dialect, SqlDialect):
        return SqlTransport(binding.address, binding.credentials, manifest.limits)
    return HttpTransport(binding.address, manifest, clock, meter.endings)


def _counter(metrics: Metrics, binding: Binding) -> Callable[[str], None]:
    return lambda field: metrics.unmapped.labels(binding.role, binding.name, field).inc()


def _functions(path: Path) -> dict[str, Callable[..., object]]:
    """Return the public functions of a vendor's `translate.py`, where it has one."""
    module = _module(path)
    own = (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)
    return {value.__name__: value for value in own if isfunction(value) and not value.__name__.startswith("_")}


def acts_of(manifest: Path, role: str) -> Acts:
    """Return what a vendor's `writes.py` offers, where it has one; each must be a change of the role's own systems."""
    path = manifest.with_name("writes.py")
    acts: Acts = getattr(_module(path), "ACTS", {})
    if strange := sorted(kind.called for kind in acts if kind.system.value != role):
        raise FileError(f"{path}: {strange} are not asked of this role")
    if unkeyed := sorted(kind.called for kind, act in acts.items() if kind.keyed and not (act.look or act.unique)):
        raise FileError(f"{path}: {unkeyed} make records: say how one is looked up, or that the system takes our key")
    return acts


def _lines(path: Path, manifest: Manifest, binding: Binding) -> LineActs:
    """Return what is handed over in files: what a vendor's `files.py` offers, where the binding has a road for them."""
    if not binding.by_files:
        return {}
    lines = lines_of(path)
    if manifest.exchange is None or not lines:
        said = (
            f"{path}: this vendor takes no files; say how in [exchange] and files.py, or remove the binding's exchange"
        )
        raise FileError(said)
    if strange := sorted(kind.called for kind in lines if kind.system.value != binding.role):
        raise FileError(f"{path.with_name('files.py')}: {strange} are not asked of this role")
    return lines


def lines_of(manifest: Path) -> LineActs:
    """Return what a vendor's `files.py` offers, where it has one."""
    lines: LineActs = getattr(_module(manifest.with_name("files.py")), "LINES", {})
    return lines


def _module(path: Path) -> ModuleType:
    """Load a vendor's Python file, an empty module where there is none."""
    name = f"{path.stem}_{path.parent.parent.name}_{path.parent.name}"
    if not path.exists():
        return ModuleType(name)
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileError(f"{path}: is no Python module")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise FileError(f"{path}: cannot be loaded ({type(error).__name__}: {error}); correct it") from error
    return module


def _compile(path: Path, source: Source) -> None:
    """Compile every translation at start: a rule that does not fit must not wait for a query."""
    asked = questions(source.system).values()
    wanted = {question.rows.type: question.rows for question in asked}
    strange = sorted(source.manifest.entities.keys() - wanted.keys())
    if strange:
        raise FileError(f"{path}: {strange} are not asked of this role; known: {sorted(wanted)}")
    for name, entity in source.manifest.entities.items():
        known = {question.by for question in asked if question.rows.type == name}
        if strange := sorted(entity.ask.keys() - known):
            raise FileError(f"{path}: {name} is not asked by {strange}; known: {sorted(known)}")
        _compiled(path, source, wanted[name])
    if strange := sorted(source.manifest.identity.keys() - HOMES.keys()):
        raise FileError(f"{path}: identity: {strange} are no types of ours; known: {sorted(HOMES)}")
    identified = source.identified()
    for name in identified.manifest.entities:
        _compiled(path, identified, identity_row(name))


def _compiled(path: Path, source: Source, row: type[Row]) -> None:
    try:
        source.compile(row)
    except RuleError as error:
        raise FileError(f"{path}: {error}") from error
