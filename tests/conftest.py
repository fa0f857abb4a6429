"""What the tests share: servers of their own, and the project's scripts as a user runs them, in fresh processes."""

import gc
import os
import shutil
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from bench import embedded_postgres, results
from bench.database import seed
from bench.studies.costs.page import figures
from bench.studies.script_costs import ScriptCosts
from bench.unfinished import VARIABLE
from db_model import DbModel
from tests.servers import VERSIONS, Servers, pgbouncer
from tests.support import PROJECT, ROWS, copy_data, copy_project, query, unused_port

# What the caller has set for himself must not decide a test.
for variable in [name for name in os.environ if name.startswith(("DATABASE_URL", "MEMORY_", "PG"))]:
    del os.environ[variable]
# Else every process would compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A shell's background job ignores Ctrl-C, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Else it may crash where a test closes a session: docs/versions.md says why.
if sys.version_info < (3, 12):
    with Session() as session_with_an_entity:
        session_with_an_entity.add(DbModel())


@pytest.fixture(autouse=True)
def _of_this_test_alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let no test meet what another one's run had measured before it was ended, nor the reader's."""
    monkeypatch.setenv(VARIABLE, str(tmp_path_factory.getbasetemp() / f"unfinished_{time.monotonic_ns()}"))


@pytest.fixture(autouse=True, scope="module")
def _libraries_are_not_looked_through() -> None:
    """Spare each measurement within this process a look through all that pytest and the libraries have made."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Run a server whose table `data` holds ROWS rows. No test changes it."""
    with embedded_postgres.temporary_server() as address:
        seed(address, ROWS)
        yield address


@pytest.fixture
def database(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let DATABASE_URL name the server with the table."""
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@contextmanager
def schema(url: str) -> Iterator[str]:
    """Give a server as it is seen from an empty schema."""
    name = f"schema_{time.monotonic_ns()}"
    query(url, f"CREATE SCHEMA {name}")
    yield f"{url}?options={quote(f'-csearch_path={name}')}"
    query(url, f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def schema_url(url: str) -> Iterator[str]:
    """Give the same server, seen from an empty schema of the test's own."""
    with schema(url) as address:
        yield address


@pytest.fixture(scope="module")
def no_further_server(url: str) -> Iterator[None]:
    """Let each server that a study starts for itself be a schema of the one that runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded_postgres, "temporary_server", partial(schema, url))
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Give the server of a version by `servers[15]`; no test changes what is there, but in a schema of its own."""
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture(scope="session", params=VERSIONS, ids=[f"PostgreSQL {version}" for version in VERSIONS])
def server_url(servers: Servers, request: pytest.FixtureRequest) -> str:
    """Give the server of each version in turn."""
    return servers[int(request.param)]


@pytest.fixture(scope="session")
def pooled_url(servers: Servers) -> Iterator[str]:
    """Give PostgreSQL 15 behind a PgBouncer with two sessions, lent for a transaction."""
    with pgbouncer(servers[15]) as address:
        yield address


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
def project(tmp_path: Path, port: int) -> Iterator[Path]:
    """Copy the project, with a default address of its own, where nothing listens yet."""
    folder = tmp_path / "a b" / ("long" * 25)  # longer than the name of a Unix socket may be
    folder.mkdir(parents=True)
    yield copy_project(folder, port)
    data_directory = embedded_postgres.data_directory_of(folder)
    embedded_postgres.stop(data_directory)
    for path in data_directory.parent.glob(f"{data_directory.name}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture(scope="session")
def data_directory() -> Iterator[Path]:
    """Make a server's data directory, which tests copy that are not about making one."""
    with embedded_postgres.temporary_directory() as folder:
        directory = folder / "data"
        embedded_postgres.start(directory, unused_port(), lasting=False)
        embedded_postgres.stop(directory)
        yield directory


@pytest.fixture
def prepared(project: Path, data_directory: Path) -> Path:
    """Copy the project, with the data directory of a server that is stopped."""
    copy_data(data_directory, embedded_postgres.data_directory_of(project))
    return project


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Copy the whole project, to spoil it, into a folder whose name is none for every locale."""
    ignore = shutil.ignore_patterns(".*", "__pycache__", "tests")
    return Path(shutil.copytree(PROJECT, tmp_path / "a cöpy", ignore=ignore))


class _AnswerInHttp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(ConnectionError):
            self.request.recv(1024)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@pytest.fixture
def http_port() -> Iterator[int]:
    """Open a port where something listens that is no PostgreSQL."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _AnswerInHttp) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, for each file runs in one process."""
    names = (
        *("calculator", "graphs", "observations", "layers", "scripts", "oldest_versions", "setup_db", "studies"),
        *("your_table", "your_code", "own_tables", "results", "relations", "samples", "runner", "machine"),
    )
    long = [f"test_{name}" for name in names]
    items.sort(key=lambda item: long.index(item.path.stem) if item.path.stem in long else len(long))


@pytest.fixture(scope="session")
def stored() -> Mapping[str, ScriptCosts]:
    """Return every scenario's and remedy's figures by name, as README has them and `--check` checks them."""
    return figures(results.load("costs")).by_name
