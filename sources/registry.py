"""Which systems of record there are: every folder with a `source.toml`, here or where the configuration says."""

from __future__ import annotations

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from inspect import isfunction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from schema.rows import System
from schema.tomlfile import FileError, load
from sources.manifest import Manifest, ScanDialect
from sources.questions import QUESTIONS, Question
from sources.scanned import ScannedSource
from sources.source import Source, Vendor
from sources.translation import RuleError
from sources.wire.auth import NEEDED, login
from sources.wire.client import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from schema.context import Clock

HERE = Path(__file__).parent
ROLES = (System.CRM, System.PSA, System.ERP, System.HR, System.FORECAST)

for _role in ROLES:
    import_module(f"sources.{_role.value}.loaders")


class Binding(NamedTuple):
    """A role's system as the firm has it: its name, the vendor's folder, where it is, and the secrets to enter."""

    name: str
    vendor: str
    address: str
    credentials: Mapping[str, str]
    login_address: str = ""

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


def connect(binding: Binding, clock: Clock) -> Source:
    """Bind a vendor's manifest to an address, or raise FileError with what does not fit and its cure."""
    path = binding.manifest_path
    if not path.exists():
        known = ", ".join(vendor for role, vendor, _ in vendors() if role == binding.role) or "none"
        raise FileError(f"binding {binding.name!r}: no vendor {binding.vendor!r} for this role; known here: {known}")
    manifest = load(path, Manifest)
    if manifest.role != binding.role:
        raise FileError(
            f"{path}: plays the role {manifest.role!r}, but binding {binding.name!r} needs {binding.role!r}"
        )
    missing = sorted(set(NEEDED[manifest.auth.kind]) - binding.credentials.keys())
    strange = sorted(binding.credentials.keys() - set(NEEDED[manifest.auth.kind]))
    if missing or strange:
        raise FileError(f"binding {binding.name!r}: credentials missing: {missing}; not used by this vendor: {strange}")
    entry = login(manifest.auth, binding.credentials, binding.login_address)
    wire = Wire(binding.name, binding.address, manifest, entry)
    kind = ScannedSource if isinstance(manifest.dialect, ScanDialect) else Source
    source = kind(binding.name, Vendor(manifest, _functions(path.with_name("translate.py"))), wire, clock)
    _compile(path, source)
    return source


def _functions(path: Path) -> dict[str, Callable[..., object]]:
    """Return the public functions of a vendor's `translate.py`, where it has one."""
    if not path.exists():
        return {}
    spec = spec_from_file_location(f"translate_{path.parent.parent.name}_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise FileError(f"{path}: is no Python module")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise FileError(f"{path}: cannot be loaded ({type(error).__name__}: {error}); correct it") from error
    own = (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)
    return {value.__name__: value for value in own if isfunction(value) and not value.__name__.startswith("_")}


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
        try:
            source.compile(wanted[name])
        except RuleError as error:
            raise FileError(f"{path}: {error}") from error
