"""The command line: the contract in print, and `sources check`, which names what is wrong and its cure."""

from __future__ import annotations

import shutil
import socket
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from colonnade.cli import app
from colonnade.demo import configure
from colonnade.settings import Settings
from demo.systems import CLIENT_ID, CLIENT_SECRET, KANTATA_TOKEN, Bound
from sources.registry import HERE, vendors
from store.lock import alone
from tests.terminal import cells, invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.conftest import House

ROOT = Path(__file__).parents[2]
UNKNOWN = "unknown key; remove it or correct its spelling"
ROLE = "name a binding after its role (crm, psa, erp, hr, forecast, warehouse), with '.name' for a second one"
VENDOR = {"psa": "kantata", "erp": "dynamics", "crm": "dynamics", "hr": "dynamics"}


class Said(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells of the table that was printed, its heading left out."""
        return cells(self.out)


def run(*args: object) -> Said:
    """Run the command in this process; whatever it says, it says no secret."""
    result = invoke(*args)
    files = [file for arg in args if isinstance(arg, Path) for file in arg.parent.glob("*.secret")]
    secrets = {KANTATA_TOKEN, CLIENT_SECRET, *(file.read_text(encoding="utf-8").strip() for file in files)}
    assert [secret for secret in secrets if secret and secret in result.output] == []
    return Said(int(result.exit_code), result.stdout, result.stderr)


def refused(path: Path) -> str:
    """Return why a configuration is refused, without the folder of its file."""
    said = run("sources", "check", "--config", path)
    assert (said.code, said.out) == (2, "")
    return said.err.rstrip("\n").replace(f"{path.parent}/", "")


def bindings(text: str) -> str:
    """Return what a configuration says of the bound systems."""
    return text[text.index("[bindings") : text.index("[identity]")]


@dataclass
class Desk:
    """A folder for configurations, and the running systems to be bound in them."""

    folder: Path
    systems: dict[str, Bound]

    def write(self, *bound: Bound) -> Path:
        """Write the configuration of these systems."""
        return configure(self.folder, bound)

    def edited(self, edit: Callable[[str], str]) -> Path:
        """Write the configuration of the PSA alone, edited."""
        path = self.write(self.systems["psa"])
        path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
        return path

    def check(self, *bound: Bound) -> Said:
        """Check the configuration of these systems."""
        return run("sources", "check", "-c", self.write(*bound))


@pytest.fixture
def desk(running: House, tmp_path: Path) -> Desk:
    """The running servers, and a folder of this test's own."""
    return Desk(tmp_path, {system.role: system for system in running.bound})


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def right(role: str) -> list[tuple[str, ...]]:
    """Return the lines about a binding in which nothing is wrong: its entry, and each entity of its manifest."""
    manifest = tomllib.loads((HERE / role / VENDOR[role] / "source.toml").read_text(encoding="utf-8"))
    return [(role, what, "right", "") for what in ("entry", *manifest["entities"])]


def test_the_printed_schema_is_the_committed_one() -> None:
    """The contract in the repository is what the code serves, to the last byte."""
    said = run("schema", "print")
    assert (said.code, said.err) == (0, "")
    assert said.out == (ROOT / "schema.graphql").read_text(encoding="utf-8"), "schema.graphql is stale: make schema"


def test_every_vendor_is_listed() -> None:
    """Each system that has a folder is listed with its product, its API and what was verified."""
    said = run("sources", "list")
    assert said.code == 0
    assert [row[:2] for row in said.rows] == [(role, vendor) for role, vendor, _ in vendors()]
    products = {row[:2]: row[2:4] for row in said.rows}
    assert products["psa", "kantata"] == ("Kantata OX", "REST, /api/v1")
    for role in ("crm", "erp", "hr"):
        assert products[role, "dynamics"] == ("Dynamics 365 Finance & Operations", "OData V4, /data")


def test_the_example_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration in the repository is accepted as it is, once its secrets are set; it holds none itself."""
    settings = Settings.read(ROOT / "colonnade.toml")
    references = {reference for bound in settings.bindings.values() for reference in bound.credentials.values()}
    assert {reference.partition(":")[0] for reference in (*references, settings.server.secret)} == {"env"}
    for reference in references:
        monkeypatch.setenv(reference.partition(":")[2], "any-secret")
    bound = settings.connections()
    assert [binding.name for binding in bound] == list(VENDOR)
    assert [binding.manifest_path for binding in bound if not binding.manifest_path.is_file()] == []


def test_all_is_right(desk: Desk) -> None:
    """Bound as it should be, every entry and every entity of every system is right."""
    said = desk.check(*desk.systems.values())
    assert (said.code, said.err) == (0, "")
    assert said.rows == [row for role in desk.systems for row in right(role)]


def test_nobody_at_the_address(desk: Desk, closed: str) -> None:
    """A wrong address is named, once for each binding that has it, and the others are still looked at."""
    said = desk.check(*(replace(desk.systems[role], address=closed) for role in ("psa", "erp")), desk.systems["hr"])
    assert said.code == 1
    assert said.rows == [
        ("psa", "address", "nothing usable answers there", "start the system, or correct bindings.psa.address"),
        ("erp", "address", "nothing usable answers there", "start the system, or correct bindings.erp.address"),
        *right("hr"),
    ]


def test_the_secret_is_wrong(desk: Desk) -> None:
    """A secret that is not accepted is named as such, be it sent with each call or exchanged for a token first."""
    wrong = {"psa": {"token": "an-expired-one"}, "crm": {"client_id": CLIENT_ID, "client_secret": "a-rotated-one"}}
    said = desk.check(*(replace(desk.systems[role], credentials=wrong[role]) for role in wrong))
    assert said.code == 1
    assert said.rows == [
        (role, "credential", "the system does not accept it", f"renew the secrets of bindings.{role}.credentials")
        for role in wrong
    ]


def test_the_api_is_not_at_the_address(desk: Desk) -> None:
    """A server that has none of the manifest's paths is another version, or the address is wrong."""
    psa = desk.systems["psa"]
    said = desk.check(replace(psa, address=f"{psa.address}/of-another-version"))
    assert said.code == 1
    assert said.rows == [
        (
            "psa",
            "version",
            "none of the paths of Kantata OX REST, /api/v1 is served at this address",
            "correct bindings.psa.address, or pin the version in the manifest",
        )
    ]


def test_another_server_at_the_address(desk: Desk, running: House) -> None:
    """A server that knows no login at the path of the login says nothing about the credential."""
    said = desk.check(replace(desk.systems["erp"], address=running.url.removesuffix("/graphql")))
    assert said.code == 1
    assert said.rows == [
        (
            "erp",
            "address",
            "what answers there is not this product",
            "start the system, or correct bindings.erp.address",
        )
    ]


def elsewhere(desk: Desk, old: str, new: str) -> Bound:
    """Bind the PSA to a manifest outside the house, which differs from the house's own in one place."""
    shutil.copytree(HERE / "psa" / "kantata", desk.folder / "ours")
    path = desk.folder / "ours" / "source.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return replace(desk.systems["psa"], vendor=str(path.parent))


def test_a_manifest_outside_the_house(desk: Desk) -> None:
    """A manifest may lie anywhere; the one path in it that does not exist is named, and everything else is right."""
    bound = elsewhere(desk, "/api/v1/workspace_allocations.json", "/api/v1/bookings.json")
    said = desk.check(bound)
    assert said.code == 1
    assert said.rows == [
        (
            "psa",
            "Assignment",
            "missing: Kantata OX has no Assignment at its path",
            "correct the path '/api/v1/bookings.json' in entities.Assignment of the manifest",
        )
        if row[1] == "Assignment"
        else row
        for row in right("psa")
    ]


def test_records_that_the_manifest_cannot_translate(desk: Desk) -> None:
    """A field that is not what the manifest says is found by reading one record."""
    said = desk.check(elsewhere(desk, 'bookable = "custom_fields.bookable"', 'bookable = "full_name"'))
    assert said.code == 1
    assert said.rows[-1] == (
        "psa",
        "Resource",
        "48 of 48 records cannot be translated",
        "compare the fields of entities.Resource of the manifest with a record",
    )
    assert said.rows[:-1] == right("psa")[:-1]


def test_a_manifest_with_a_key_of_its_own(desk: Desk) -> None:
    """A manifest's vocabulary is closed: an unknown key is refused with its line."""
    bound = elsewhere(desk, "[limits]\nids = 200", "[limits]\nbatch = 200")
    path = desk.folder / "ours" / "source.toml"
    line = path.read_text(encoding="utf-8").splitlines().index("batch = 200") + 1
    assert refused(desk.write(bound)) == f"ours/source.toml:{line}: limits.batch: {UNKNOWN}"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param(
            lambda text: text.replace("environment =", "enviroment ="),
            [
                "colonnade.toml:6: bindings.psa.environment: Field required",
                f"colonnade.toml:9: bindings.psa.enviroment: {UNKNOWN}",
            ],
            id="an unknown key of a binding",
        ),
        pytest.param(
            lambda text: text.replace("[store]", "[store]\npool = 5"),
            [f"colonnade.toml:5: store.pool: {UNKNOWN}"],
            id="an unknown key of a table",
        ),
        pytest.param(
            lambda text: "[telemetry]\nlevel = 1\n" + text, [f"colonnade.toml:1: telemetry: {UNKNOWN}"], id="a table"
        ),
        pytest.param(
            lambda text: text.replace("[server]", "[server]\nport = 70000"),
            ["colonnade.toml:2: server.port: Input should be less than or equal to 65535"],
            id="a port that is none",
        ),
        pytest.param(
            lambda text: text.replace("sqlite+aiosqlite", "sqlite"),
            [r"colonnade.toml:5: store.url: String should match pattern '^(sqlite\+aiosqlite|postgresql\+psycopg)://'"],
            id="a store without an asynchronous driver",
        ),
        pytest.param(
            lambda text: text.replace('"sandbox"', '"staging"'),
            ["colonnade.toml:9: bindings.psa.environment: Input should be 'sandbox' or 'production'"],
            id="an environment of its own",
        ),
        pytest.param(
            lambda text: text.replace("bindings.psa", "bindings.finance"),
            [f"colonnade.toml:6: bindings: ['finance']: {ROLE}"],
            id="a binding that is no role",
        ),
        pytest.param(
            lambda text: text.replace("[bindings.psa]", '[bindings."psa:east"]'),
            [f"colonnade.toml:6: bindings: ['psa:east']: {ROLE}"],
            id="a second binding that is named in another way",
        ),
        pytest.param(
            lambda text: text.replace(bindings(text), ""),
            ["colonnade.toml:1: bindings: Field required"],
            id="no binding",
        ),
        pytest.param(lambda _text: "[server\n", None, id="no TOML"),
    ],
)
def test_a_configuration_that_says_what_it_may_not(
    desk: Desk, edit: Callable[[str], str], said: Sequence[str] | None
) -> None:
    """The configuration's vocabulary is closed: what is wrong is refused with file and line, and nobody is asked."""
    expected = said or [
        "colonnade.toml: Expected ']' at the end of a table declaration (at line 1, column 8); correct the TOML"
    ]
    assert refused(desk.edited(edit)).splitlines() == expected


def test_sandbox_and_production_do_not_mix(desk: Desk) -> None:
    """One configuration binds sandboxes or production, never both."""
    path = desk.write(desk.systems["psa"], desk.systems["hr"])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"sandbox"', '"production"', 1), encoding="utf-8")
    assert refused(path) == (
        "colonnade.toml:1: file: sandbox and production systems are mixed; bind one environment only"
    )


def test_an_unknown_vendor(desk: Desk) -> None:
    """A vendor without a folder is refused with the names of those that have one for the role."""
    assert refused(desk.write(replace(desk.systems["psa"], vendor="salesfarce"))) == (
        "binding 'psa': no vendor 'salesfarce' for this role; known here: kantata, redmine"
    )


def test_a_vendor_of_another_role(desk: Desk) -> None:
    """A manifest plays one role: bound by its path to another role, it is refused."""
    folder = HERE / "psa" / "kantata"
    bound = replace(desk.systems["psa"], role="erp", vendor=str(folder))
    assert refused(desk.write(bound)) == (
        f"{folder / 'source.toml'}: plays the role 'psa', but binding 'erp' needs 'erp'"
    )


def test_a_second_binding_of_a_role(desk: Desk) -> None:
    """A second binding is named after its role; one whose manifest plays another role is refused by its own name."""
    second = desk.edited(lambda text: text + bindings(text).replace("bindings.psa", 'bindings."psa.east"'))
    said = run("sources", "check", "-c", second)
    assert (said.code, said.rows) == (0, [*right("psa"), *(("psa.east", *row[1:]) for row in right("psa"))])
    folder = HERE / "psa" / "kantata"
    wrong = second.read_text(encoding="utf-8").replace('"psa.east"', '"hr.east"').replace('"kantata"', f'"{folder}"')
    second.write_text(wrong, encoding="utf-8")
    assert refused(second) == f"{folder / 'source.toml'}: plays the role 'psa', but binding 'hr.east' needs 'hr'"


def test_a_traceback_shows_no_variables() -> None:
    """Should a command ever fail in an unforeseen way, the values of its variables are not printed: some are secret."""
    assert app.pretty_exceptions_show_locals is False


def test_a_secret_that_is_nowhere(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference that leads to no secret names where it stands and what to do."""
    token = f'token = "file:{desk.folder / "psa.token.secret"}"'
    path = desk.edited(lambda text: text.replace(token, 'token = "env:NORTHBEAM_PSA_TOKEN"'))
    monkeypatch.delenv("NORTHBEAM_PSA_TOKEN", raising=False)
    assert refused(path) == (
        "bindings.psa.credentials.token: the secret 'env:NORTHBEAM_PSA_TOKEN' is missing; "
        "set the environment variable NORTHBEAM_PSA_TOKEN"
    )
    monkeypatch.setenv("NORTHBEAM_PSA_TOKEN", KANTATA_TOKEN)
    assert run("sources", "check", "-c", path).rows == right("psa")
    (desk.folder / "gone.secret").write_text("\n", encoding="utf-8")
    path = desk.edited(lambda text: text.replace("psa.token.secret", "gone.secret"))
    missing = (
        "bindings.psa.credentials.token: the secret 'file:gone.secret' is missing; "
        "write the secret to the file gone.secret"
    )
    assert refused(path) == missing
    (desk.folder / "gone.secret").unlink()
    assert refused(path) == missing


def test_a_secret_in_the_configuration(desk: Desk) -> None:
    """A secret in the place of its reference is refused, and not repeated."""
    path = desk.edited(lambda text: text.replace(f"file:{desk.folder / 'psa.token.secret'}", KANTATA_TOKEN))
    assert refused(path) == (
        "colonnade.toml:11: bindings.psa.credentials.token: String should match pattern '^(env|file):.+$'"
    )


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        ({}, "credentials missing: ['token']; not used by this vendor: []"),
        ({"token": "any-token", "user": "any-user"}, "credentials missing: []; not used by this vendor: ['user']"),
        ({"tokens": "any-token"}, "credentials missing: ['token']; not used by this vendor: ['tokens']"),
    ],
)
def test_credentials_are_the_vendors(desk: Desk, credentials: dict[str, str], said: str) -> None:
    """A binding has the credentials that its vendor needs, and no others."""
    bound = replace(desk.systems["psa"], credentials=credentials)
    assert refused(desk.write(bound)) == f"binding 'psa': {said}"


@pytest.mark.parametrize("command", [("sources", "check"), ("serve",)], ids=" ".join)
def test_no_configuration(command: Sequence[str], tmp_path: Path) -> None:
    """Without its file a command says which one it looked for."""
    path = tmp_path / "colonnade.toml"
    said = run(*command, "--config", path)
    assert said == (2, "", f"{path}: cannot be read (No such file or directory); name an existing file\n")


def test_serve_refuses_what_check_refuses(desk: Desk) -> None:
    """The server does not start over a configuration that is wrong."""
    path = desk.edited(lambda text: text.replace("[server]", "[server]\nworkers = 2"))
    said = run("serve", "--config", path)
    assert said == (2, "", f"{path}:2: server.workers: {UNKNOWN}\n")


def test_serve_refuses_an_issuer_that_is_not_encrypted(desk: Desk) -> None:
    """The demo's issuer signs anybody in as anybody: a server that people use is never bound to one like it."""
    path = desk.edited(lambda text: text.replace("https://login.northbeam.example", "http://127.0.0.1:9"))
    said = run("serve", "--config", path)
    cause = f"{path}: identity.issuer: http://127.0.0.1:9 is not encrypted, as only a demo's is"
    assert said == (2, "", f"{cause}; name your provider's https address\n")


@pytest.mark.parametrize("role", ["api", "worker"])
def test_an_sqlite_store_has_one_process(desk: Desk, role: str) -> None:
    """Readers and workers apart are two processes, which SQLite does not have."""
    path = desk.write(desk.systems["psa"])
    cause = f"{path}: store.url: an SQLite store has one process for both roles"
    said = run("serve", "--config", path, "--role", role)
    assert said == (2, "", f"{cause}; leave --role {role} out, or use PostgreSQL\n")
    assert not list(desk.folder.glob("*.lock"))


def test_serve_refuses_a_store_that_is_served(desk: Desk) -> None:
    """A second process on an SQLite store would carry out every command again; it does not start."""
    path = desk.write(desk.systems["psa"])
    with alone(Settings.read(path).store.url):
        said = run("serve", "--config", path)
    cause = f"{desk.folder}/colonnade.db.lock: another process serves this store"
    assert said == (2, "", f"{cause}; stop it first, or use PostgreSQL for several (store.url)\n")


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.northbeam.example",
        "http://127.0.0.1.northbeam.example",
        "http://127.0.0.1@northbeam.example",
        "https://user:password@northbeam.example",
        "https://northbeam.example?tenant=1",
        "ftp://northbeam.example",
        "northbeam.example",
    ],
)
def test_an_issuer_that_cannot_be_trusted(desk: Desk, issuer: str) -> None:
    """Whose address is not encrypted, or is more than an address, issues nothing that is believed."""
    path = desk.edited(lambda text: text.replace("https://login.northbeam.example", issuer))
    line = path.read_text(encoding="utf-8").splitlines().index(f'issuer = "{issuer}"') + 1
    cure = "name the https address that the provider calls its issuer, without a query"
    assert refused(path) == f"colonnade.toml:{line}: identity.issuer: {cure}"


def test_there_is_no_graph_without_an_issuer(desk: Desk) -> None:
    """Nothing runs with authentication off: a configuration without an issuer is none."""
    path = desk.edited(lambda text: text[: text.index("[identity]")])
    assert run("serve", "--config", path) == (2, "", f"{path}:1: identity: Field required\n")


def test_only_the_owner_may_read_a_secret(desk: Desk) -> None:
    """The demo writes each secret into a file that nobody else may read."""
    desk.write(*desk.systems.values())
    files = sorted(desk.folder.glob("*.secret"))
    assert [path.name for path in files] == [
        "crm.client_id.secret",
        "crm.client_secret.secret",
        "cursors.secret",
        "erp.client_id.secret",
        "erp.client_secret.secret",
        "hr.client_id.secret",
        "hr.client_secret.secret",
        "psa.token.secret",
    ]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
