"""The embedded server: who may log in, from where, and that it comes back after whatever ended it."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from bench import embedded_postgres
from bench.database import seed
from tests.forks import told_by
from tests.servers import Servers
from tests.support import ROWS, copy_data, crash, finished, postmasters, query, run, running, unused_port, wait_until

START = """
import pathlib, sys, time
from bench import embedded_postgres
embedded_postgres.start(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
"""


@dataclass(frozen=True)
class Server:
    data_directory: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://user:password@localhost:{self.port}/db"

    def start(self) -> None:
        embedded_postgres.start(self.data_directory, self.port)

    def stop(self) -> bool:
        return embedded_postgres.stop(self.data_directory)


@pytest.fixture
def server(port: int) -> Iterator[Server]:
    """Name a server that does not exist yet."""
    with embedded_postgres.temporary_directory() as folder:
        server = Server(folder / "data", port)
        yield server
        server.stop()


@pytest.fixture(scope="module")
def running_server(data_directory: Path) -> Iterator[Server]:
    """Start a server that no test changes."""
    with copied_server(data_directory) as server:
        server.start()
        yield server


@pytest.fixture(scope="module")
def crashing_server(data_directory: Path) -> Iterator[Server]:
    """Name a server that several tests start, if need be, and crash."""
    with copied_server(data_directory) as server:
        yield server


@pytest.fixture
def stopped_server(data_directory: Path) -> Iterator[Server]:
    """Name a server that does not run."""
    with copied_server(data_directory) as server:
        yield server


@contextmanager
def copied_server(data_directory: Path) -> Iterator[Server]:
    with embedded_postgres.temporary_directory() as folder:
        server = Server(folder / "data", unused_port())
        copy_data(data_directory, server.data_directory)
        yield server
        server.stop()


def test_role_owns_the_database_and_is_no_superuser(running_server: Server) -> None:
    assert query(running_server.url, "SELECT current_user, current_database()") == [("user", "db")]
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'db'"
    assert query(running_server.url, owner) == [("user",)]
    powers = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles"
    assert query(running_server.url, f"{powers} WHERE rolname = 'user'") == [(False,) * 5]


def test_role_logs_in_with_scram(running_server: Server) -> None:
    with psycopg.connect(running_server.url, require_auth="scram-sha-256") as connection:
        assert connection.info.user == "user"


@pytest.mark.parametrize("credentials", ["user", "user:wrong", "postgres", "postgres:password", "postgres:postgres"])
def test_nobody_else_logs_in_over_tcp(running_server: Server, credentials: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        query(running_server.url.replace("user:password", credentials), "SELECT 1")


def test_only_the_account_of_the_server_reaches_its_files(running_server: Server) -> None:
    assert running_server.data_directory.stat().st_mode & 0o777 == 0o700
    [postmaster] = postmasters(running_server.data_directory)
    assert postmaster.uids().effective == running_server.data_directory.stat().st_uid != 0
    assert postmaster.gids().effective != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another account")
@pytest.mark.parametrize("path", ["", "/usr/sbin:/sbin"], ids=["no useradd", "useradd fails"])
def test_account_that_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(embedded_postgres, "ACCOUNT", "no account's name")
    monkeypatch.setenv("PATH", path)
    with pytest.raises(
        embedded_postgres.EmbeddedPostgresError, match=r"failed: make that account, or set DATABASE_URL$"
    ):
        embedded_postgres.account.__wrapped__()


def test_only_this_machine_reaches_the_server(running_server: Server) -> None:
    [postmaster] = postmasters(running_server.data_directory)
    listening = [
        connection.laddr
        for connection in postmaster.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", running_server.port)]
    assert not postmaster.net_connections(kind="unix")
    for folder in (running_server.data_directory, Path("/tmp")):
        assert not list(folder.glob(f".s.PGSQL.{running_server.port}*"))


def test_path_may_be_longer_than_the_name_of_a_socket(port: int) -> None:
    with embedded_postgres.temporary_directory() as folder:
        server = Server(folder / ("long" * 25) / "data", port)
        server.data_directory.parent.mkdir(mode=0o755)
        server.start()
        assert query(server.url, "SELECT 1") == [(1,)]
        assert server.stop()


def test_server_stays_until_it_is_stopped(stopped_server: Server) -> None:
    process = run("-c", START, stopped_server.data_directory, str(stopped_server.port))
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    assert query(stopped_server.url, "SELECT 1") == [(1,)]
    assert stopped_server.stop()
    assert postmasters(stopped_server.data_directory) == []
    with pytest.raises(psycopg.OperationalError, match="refused"):
        query(stopped_server.url, "SELECT 1")


def test_interrupt_in_the_terminal_does_not_reach_the_server(stopped_server: Server) -> None:
    with running(
        "-c", f"{START}print(flush=True)\ntime.sleep(60)", stopped_server.data_directory, str(stopped_server.port)
    ) as process:
        assert process.stdout
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        assert finished(process).returncode != 0
    assert query(stopped_server.url, "SELECT 1") == [(1,)]


def test_second_start_changes_nothing(running_server: Server) -> None:
    before = postmasters(running_server.data_directory)
    running_server.start()
    assert postmasters(running_server.data_directory) == before
    assert len(before) == 1


def test_two_starts_at_once_give_one_server(server: Server) -> None:
    arguments = ("-c", START, server.data_directory, str(server.port))
    with running(*arguments) as first, running(*arguments) as second:
        results = [finished(process) for process in (first, second)]
    assert [(result.returncode, result.stderr) for result in results] == [(0, "")] * 2
    assert len(postmasters(server.data_directory)) == 1
    assert query(server.url, "SELECT 1") == [(1,)]


def test_stop_of_nothing_is_false(server: Server) -> None:
    assert not server.stop()
    assert not server.data_directory.exists()
    server.start()
    assert server.stop()
    assert not server.stop()


def test_start_after_a_crash(crashing_server: Server) -> None:
    crashing_server.start()
    query(crashing_server.url, "CREATE TABLE saved AS SELECT 1 AS id")
    crash(crashing_server.data_directory)
    assert not embedded_postgres.is_running(crashing_server.data_directory)
    crashing_server.start()
    assert query(crashing_server.url, "SELECT id FROM saved") == [(1,)]


@pytest.mark.parametrize("living", [True, False])
def test_start_when_another_process_has_the_number_of_a_crashed_server(crashing_server: Server, living: bool) -> None:
    server = crashing_server
    server.start()
    crash(server.data_directory)
    # PostgreSQL takes a living process of its own account for a server.
    with subprocess.Popen(["sleep", "60"], cwd="/", user=server.data_directory.stat().st_uid) as process:
        if not living:
            process.kill()
            process.wait()
        path = server.data_directory / "postmaster.pid"
        path.write_text("\n".join([str(process.pid), *path.read_text().splitlines()[1:], ""]))
        assert not embedded_postgres.is_running(server.data_directory)
        server.start()
        assert (process.poll() is None) == living
        process.kill()
    assert query(server.url, "SELECT 1") == [(1,)]


def test_start_after_a_killed_initialisation(server: Server) -> None:
    folder = server.data_directory.parent
    with running("-c", START, server.data_directory, str(server.port)) as process:
        wait_until(lambda: list(folder.glob("data.*/PG_VERSION")))
        os.killpg(process.pid, signal.SIGKILL)
        finished(process)
    assert list(folder.glob("data.*/PG_VERSION"))
    assert not server.data_directory.exists()
    server.start()
    assert query(server.url, "SELECT 1") == [(1,)]
    assert not list(folder.glob("data.*/PG_VERSION"))


@pytest.mark.usefixtures("running_server")  # for root's copy of the programs, which stays
@pytest.mark.parametrize("fault", [None, ZeroDivisionError])
def test_temporary_server_leaves_nothing(monkeypatch: pytest.MonkeyPatch, fault: type[Exception] | None) -> None:
    with embedded_postgres.temporary_directory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        monkeypatch.setattr(embedded_postgres, "STATE_DIRECTORY", folder)
        with suppress(ZeroDivisionError), embedded_postgres.temporary_server() as url:
            assert query(url, "SELECT current_user, current_database()") == [("user", "db")]
            assert list(folder.iterdir())
            if fault:
                raise fault
        assert list(folder.iterdir()) == []
    with pytest.raises(psycopg.OperationalError, match="refused"):
        query(url, "SELECT 1")


@pytest.mark.parametrize("script", ["run_sync_psycopg", "run_sync_sqlalchemy_session"])
def test_what_a_row_costs_does_not_depend_on_the_version_of_the_server(servers: Servers, script: str) -> None:
    grown = []
    for version in (15, embedded_postgres.VERSION):
        seed(servers[version], ROWS)
        said, _ = told_by(script, servers[version], keeps=False, MEMORY_TRACING="on")
        *_, connected, _, end = [point["traced"] for point in said.json["checkpoints"]]
        grown.append(end - connected)
    assert grown[0] > 100 * ROWS
    assert grown[1] == pytest.approx(grown[0], rel=0.002)  # two runs on one server differ by that


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's lies in the temporary directory, which the system clears")
def test_server_of_a_run_that_was_killed_is_removed_by_the_next_one(data_directory: Path) -> None:
    left = Path(tempfile.mkdtemp(dir=embedded_postgres.STATE_DIRECTORY))
    left.chmod(0o711)
    copy_data(data_directory, left / "data")
    embedded_postgres.start(left / "data", unused_port(), lasting=False)
    with embedded_postgres.temporary_directory() as held:
        for directory in (left, held):
            os.utime(directory, (0, 0))
        with embedded_postgres.temporary_directory() as new:
            assert (left.exists(), postmasters(left / "data"), held.exists(), new.exists()) == (False, [], True, True)
