"""Seeding: the rows, all of them or none, at the given or the default address; and its errors."""

import os
import re
import shlex
import shutil
import signal
import socket
import tempfile
from contextlib import suppress
from importlib.metadata import distribution
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

import setup_db
from bench import embedded_postgres, seeds
from bench.database import seed
from relationships.shop_model import Base
from tests.forks import ended
from tests.servers import programs
from tests.support import (
    copy_project,
    crash,
    error_line,
    expected_rows,
    finished,
    locked,
    port_of,
    query,
    refused,
    replace,
    run,
    running,
    unused_port,
    wait_until,
)

MANY_ROWS = "500000"
ALL_ROWS = "SELECT id, num, data FROM data ORDER BY id"
INSERTS = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO %' AND state = 'active'"
# Root may write everywhere. What the script imports must be imported before: it may be in a folder of root's.
AS_ORDINARY_USER = """
import argparse, encodings.idna, os, textwrap, warnings
with warnings.catch_warnings(action="ignore"):
    import bench.faults, fasteners, setup_db
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
setup_db.main()
"""
# A machine without IPv6 still resolves localhost to ::1, and says that it cannot connect there, not that it is refused.
WITH_A_USELESS_ADDRESS = """
import socket
resolve = socket.getaddrinfo
useless = resolve("255.255.255.255", 1, type=socket.SOCK_STREAM)
socket.getaddrinfo = lambda *arguments, **options: resolve(*arguments, **options) + useless
import setup_db
setup_db.main()
"""
WHERE_LOCALHOST_IS_ELSEWHERE = """
import socket
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *arguments, **options: resolve("127.0.0.2", *arguments, **options)
import setup_db
setup_db.main()
"""
# Stands for a full disk: the server's files are larger.
WITH_SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
import setup_db
setup_db.main()
"""
WITHOUT_EMBEDDED_PACKAGE = """
from bench import embedded_postgres
embedded_postgres.PACKAGE = "embedded-postgres-of-another-platform"
import setup_db
setup_db.main()
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_rows_are_those_of_the_original(schema_url: str) -> None:
    process = ended("setup_db", "--rows", "2000", url=schema_url)
    assert (process.returncode, process.stderr) == (0, "")
    assert query(schema_url, ALL_ROWS) == expected_rows(2000)


def test_table_is_that_of_the_original(schema_url: str) -> None:
    ended("setup_db", "--rows", "1", url=schema_url)
    columns = query(
        schema_url,
        "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns "
        "WHERE table_schema = current_schema AND table_name = 'data' ORDER BY ordinal_position",
    )
    assert columns == [
        ("id", "integer", "NO", "nextval('data_id_seq'::regclass)"),
        ("num", "integer", "YES", None),
        ("data", "text", "YES", None),
    ]
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'data'::regclass AND contype = 'p'"
    assert query(schema_url, key) == [("PRIMARY KEY (id)",)]


def test_default_is_92_000_rows_and_the_line_says_what_was_done(schema_url: str) -> None:
    process = ended("setup_db", url=schema_url)
    assert seeds.ROWS == 92_000
    assert query(schema_url, "SELECT count(*), min(id), max(id) FROM data") == [(92_000, 0, 91_999)]
    address = re.escape(f"localhost:{port_of(schema_url)}/db")
    shop = "18,400 in shop_customer, 73,600 in shop_order, 36,800 in shop_address"
    pattern = rf"92,000 rows in table data, {shop} at {address} \(PostgreSQL 18\.\d+, not embedded\)\n"
    assert re.fullmatch(pattern, process.stdout)
    assert query(schema_url, "SELECT count(*) FROM shop_customer") == [(18_400,)]
    for table, each in (("shop_order", 4), ("shop_address", 2)):
        families = f"SELECT customer_id, count(*) FROM {table} GROUP BY customer_id"
        counts = f"SELECT count(*), min(count), max(count) FROM ({families}) AS families"
        assert query(schema_url, counts) == [(18_400, each, each)]


def test_every_customer_has_four_orders_and_two_addresses_whatever_the_number(schema_url: str) -> None:
    for rows in (1, 4, 5, 14):
        seed(schema_url, rows)
        for table, each in (("shop_order", 4), ("shop_address", 2)):
            families = query(schema_url, f"SELECT customer_id, count(*) FROM {table} GROUP BY customer_id ORDER BY 1")
            assert families == [(customer, each) for customer in range(max(rows // 5, 1))], rows


def test_the_shop_is_as_its_model_says(schema_url: str) -> None:
    seed(schema_url, 10)
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    found = inspect(engine)
    for name, table in Base.metadata.tables.items():
        columns = {one["name"]: (one["type"].python_type, one["nullable"]) for one in found.get_columns(name)}
        assert columns == {column.name: (column.type.python_type, column.nullable) for column in table.columns}
        assert found.get_pk_constraint(name)["constrained_columns"] == ["id"]
        keys = [(key["constrained_columns"], key["referred_table"]) for key in found.get_foreign_keys(name)]
        assert keys == [([key.parent.name], key.column.table.name) for key in table.foreign_keys]
        indexed = [index["column_names"] for index in found.get_indexes(name)]
        assert indexed == [columns for columns, _ in keys]
    engine.dispose()


def test_seeding_again_makes_the_table_anew(schema_url: str) -> None:
    for rows in (20, 10, 10):
        seed(schema_url, rows)
    assert query(schema_url, ALL_ROWS) == expected_rows(10)
    query(schema_url, "DROP TABLE data, shop_customer, shop_order, shop_address, written")
    assert query(schema_url, "SELECT relname FROM pg_class WHERE relnamespace = current_schema::regnamespace") == []


def test_three_at_once_take_turns(schema_url: str) -> None:
    arguments = ("setup_db.py", "--rows", "50000")
    with (
        running(*arguments, url=schema_url) as first,
        running(*arguments, url=schema_url) as second,
        running(*arguments, url=schema_url) as third,
    ):
        assert [finished(process).returncode for process in (first, second, third)] == [0, 0, 0]
    assert query(schema_url, "SELECT count(*) FROM data") == [(50_000,)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_former_table_outlives_a_seed_that_does_not_end(schema_url: str, number: signal.Signals) -> None:
    seed(schema_url, 10)
    with running("setup_db.py", "--rows", MANY_ROWS, url=schema_url) as process:
        wait_until(lambda: query(schema_url, INSERTS))
        process.send_signal(number)
        result = finished(process)
    if number == signal.SIGKILL:
        assert result.returncode == -number
    else:
        assert error_line(result) == "interrupted"
        assert query(schema_url, INSERTS) == []
    # Waits for the server to roll back what the process left.
    assert query(schema_url, ALL_ROWS) == expected_rows(10)


def test_rows_must_be_a_number_that_the_table_can_hold() -> None:
    for rows in ("0", "-5", "x", "1.5", "", " ", "1e3", "2147483649"):
        line = refused(setup_db.main, "--rows", rows)
        assert line.startswith("argument --rows: "), rows
        assert line.endswith(": see `python setup_db.py --help`"), rows


def test_help_names_the_command_as_one_types_it() -> None:
    assert ended("setup_db", "--help").stdout.startswith(
        "usage: python setup_db.py [-h] [--rows ROWS] [--replace | --remove | --stop]\n"
    )


def test_unknown_arguments_are_one_line() -> None:
    for arguments in (["--unknown"], ["10"], ["--rows"]):
        assert "setup_db.py --help" in refused(setup_db.main, *arguments), arguments


@pytest.mark.parametrize(
    ("part", "replacement", "problem"),
    [
        ("@localhost", "@missing.invalid", "host or port is unknown"),
        ("@localhost:{port}", "@localhost:{closed}", "nothing listens"),
        ("@localhost:{port}", "@localhost:{http}", "no PostgreSQL"),
        (":password@", ":wrong@", "password is wrong"),
        ("/db", "/missing", "no such database"),
        (":password@", ":pass word@", ""),
        ("/db", "/db?unknown=1", ""),
        ("postgresql", "mysql", "no PostgreSQL URL"),
    ],
)
def test_wrong_address_is_one_line(
    url: str, port: int, http_port: int, part: str, replacement: str, problem: str
) -> None:
    ports = {"port": port_of(url), "closed": port, "http": http_port}
    wrong = url.replace(part.format_map(ports), replacement.format_map(ports))
    assert wrong != url
    line = refused(setup_db.main, url=wrong)
    assert problem in line
    assert "DATABASE_URL" in line


@pytest.mark.parametrize(
    ("right", "problem", "fix"),
    [
        ("CREATE", "no right to create or read a table", "grant it, or fix DATABASE_URL"),
        ("ALL", "no schema of search_path can be used", "create one, or name another database in DATABASE_URL"),
    ],
)
def test_no_right_to_create_the_table_is_one_line(schema_url: str, right: str, problem: str, fix: str) -> None:
    [(schema,)] = query(schema_url, "SELECT current_schema")
    query(schema_url, f'REVOKE {right} ON SCHEMA {schema} FROM "user"')
    line = refused(setup_db.main, url=schema_url)
    query(schema_url, f'GRANT ALL ON SCHEMA {schema} TO "user"')
    assert line == f"{problem} at localhost:{port_of(schema_url)}/db: {fix}"


def test_default_address_gets_the_embedded_server(project: Path, port: int) -> None:
    process = ended("setup_db", "--rows", "1", folder=project)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("1 row in table data, ")
    assert f" at localhost:{port}/db (PostgreSQL 18." in process.stdout
    assert process.stdout.endswith(f", embedded in {embedded_postgres.data_directory_of(project)})\n")
    assert "Total allocated size" in run("run_sync_psycopg.py", folder=project).stdout
    directory = embedded_postgres.data_directory_of(project)
    stays = f"; its data stays: `rm -r {shlex.quote(str(directory))}` deletes it\n"
    assert ended("setup_db", "--stop", folder=project).stdout == f"embedded server stopped{stays}"
    assert ended("setup_db", "--stop", folder=project).stdout == f"no embedded server runs{stays}"
    assert "nothing listens" in error_line(ended("run_sync_psycopg", folder=project))
    line = error_line(ended("setup_db", "--remove", folder=project))
    assert line == f"nothing listens at localhost:{port}/db{stays.rstrip()}"
    embedded_postgres.start(embedded_postgres.data_directory_of(project), port)
    assert query(f"postgresql://user:password@localhost:{port}/db", ALL_ROWS) == expected_rows(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another account")
def test_private_folders_of_root_stay_private(tmp_path: Path, port: int) -> None:
    private = tmp_path / "private"
    project, packages = private / "project", private / "packages"
    for folder in (private, project, packages):
        folder.mkdir(mode=0o700)
    for folder in Path(str(distribution("embedded-postgres").locate_file(""))).glob("embedded_postgres*"):
        shutil.copytree(folder, packages / folder.name)
        (packages / folder.name).chmod(0o700)
    with tempfile.TemporaryDirectory(dir="/var/lib") as state_directory:
        Path(state_directory).chmod(0o755)
        module = copy_project(project, port) / "bench" / "embedded_postgres.py"
        module.write_text(module.read_text().replace("/var/lib/what-does-a-row-cost", f"{state_directory}/state"))
        files = [Path(state_directory), project, *project.parents, *Path(state_directory).parents]
        modes = {path: path.stat().st_mode for path in (*files, *packages.rglob("*"))}
        process = run("setup_db.py", "--rows", "10", folder=project, PYTHONPATH=str(packages))
        assert (process.returncode, process.stderr) == (0, "")
        assert {path: path.stat().st_mode for path in modes} == modes
        [data_directory] = [path for path in Path(state_directory).glob("state/*") if (path / "PG_VERSION").exists()]
        assert process.stdout.endswith(f", embedded in {data_directory})\n")
        assert data_directory.stat().st_mode & 0o777 == 0o700
        assert data_directory.stat().st_uid != 0
        assert ended("setup_db", "--stop", folder=project).stdout.startswith("embedded server stopped")
        assert not list(project.glob(".postgres*"))


def test_default_address_gets_the_embedded_server_where_localhost_has_a_useless_address(prepared: Path) -> None:
    process = run("-c", WITH_A_USELESS_ADDRESS, folder=prepared)
    assert (process.returncode, process.stderr) == (0, "")


def test_embedded_server_at_another_port_is_one_line(prepared: Path, port: int) -> None:
    directory = embedded_postgres.data_directory_of(prepared)
    embedded_postgres.start(directory, unused_port())
    line = error_line(ended("setup_db", folder=prepared))
    assert line.startswith(f"the embedded server in {directory} runs, but nothing listens at localhost:{port}/db: ")
    assert "stop it with `python setup_db.py --stop`, then run this again" in line
    assert ended("setup_db", "--stop", folder=prepared).returncode == 0
    assert ended("setup_db", "--rows", "10", folder=prepared).returncode == 0


def test_embedded_server_where_localhost_is_elsewhere_is_one_line(prepared: Path) -> None:
    line = error_line(run("-c", WHERE_LOCALHOST_IS_ELSEWHERE, folder=prepared))
    assert "runs, but nothing listens at localhost" in line
    assert "or set DATABASE_URL" in line


def test_two_first_set_ups_at_once_share_one_server(project: Path, port: int) -> None:
    arguments = ("setup_db.py", "--rows", "10")
    with running(*arguments, folder=project) as first, running(*arguments, folder=project) as second:
        results = [finished(process) for process in (first, second)]
    assert [(result.returncode, result.stderr) for result in results] == [(0, "")] * 2
    assert query(f"postgresql://user:password@localhost:{port}/db", ALL_ROWS) == expected_rows(10)


def test_set_up_waits_for_a_server_that_recovers(prepared: Path, port: int) -> None:
    # After a crash a server listens at once, but refuses everyone until it has redone what it had not saved.
    ended("setup_db", "--rows", MANY_ROWS, folder=prepared)
    crash(embedded_postgres.data_directory_of(prepared))
    with running("setup_db.py", "--rows", "10", folder=prepared) as first:
        wait_until(lambda: listens(port))
        second = ended("setup_db", "--rows", "10", folder=prepared)
        assert [(process.returncode, process.stderr) for process in (second, finished(first))] == [(0, "")] * 2


def test_interrupt_while_the_embedded_server_is_made(project: Path) -> None:
    """By the terminal, which reaches all processes, or alone."""
    directory = embedded_postgres.data_directory_of(project)
    for send in (os.killpg, os.kill):
        with running("setup_db.py", folder=project) as process:
            wait_until(lambda: list(directory.parent.glob(f"{directory.name}.*/PG_VERSION")))
            send(process.pid, signal.SIGINT)
            assert error_line(finished(process)) == "interrupted", send
        assert not list(directory.parent.glob(f"{directory.name}.new-*")), send
    assert ended("setup_db", "--rows", "10", folder=project).returncode == 0


def test_other_program_at_the_default_address_is_one_line(tmp_path: Path, http_port: int) -> None:
    line = error_line(ended("setup_db", folder=copy_project(tmp_path, http_port)))
    assert f"no PostgreSQL at localhost:{http_port}/db" in line
    assert "DATABASE_URL" in line


def test_other_postgresql_at_the_default_address_is_one_line(url: str, tmp_path: Path) -> None:
    folder = copy_project(tmp_path, port_of(url))
    replace("bench/errors.py", ":password@", ":another@")(folder)
    line = error_line(ended("setup_db", folder=folder))
    assert "password is wrong" in line
    assert "another server has that port" in line


def test_port_taken_between_check_and_start_is_one_line(prepared: Path, port: int) -> None:
    with socket.socket() as taken:
        # Bound, but not listening: connecting is refused, as if nothing were there.
        taken.bind(("127.0.0.1", port))
        line = error_line(ended("setup_db", folder=prepared))
    assert f"port {port} was taken" in line
    assert ended("setup_db", "--rows", "10", folder=prepared).returncode == 0


def test_missing_embedded_package_is_one_line(project: Path) -> None:
    line = error_line(run("-c", WITHOUT_EMBEDDED_PACKAGE, folder=project))
    assert (
        "is not installed here, or there is none for this platform: run `docker compose up -d --wait`, or set" in line
    )
    assert "make bench" not in line  # it is what has just failed


def test_folder_without_write_permission_is_one_line(project: Path) -> None:
    project.chmod(0o555)
    try:
        line = error_line(run("-c", AS_ORDINARY_USER, folder=project))
    finally:
        project.chmod(0o755)
    assert f"cannot use {project / '.postgres'}: Permission denied" in line
    assert "DATABASE_URL" in line


def test_failing_initialisation_is_one_line(project: Path) -> None:
    line = error_line(run("-c", WITH_SMALL_FILES, folder=project))
    directory = embedded_postgres.data_directory_of(project)
    assert str(directory) in line
    assert "DATABASE_URL" in line
    assert not list(directory.parent.glob(f"{directory.name}.new-*"))
    assert ended("setup_db", "--rows", "10", folder=project).returncode == 0


def test_data_directory_of_another_version_is_one_line_and_stays(project: Path) -> None:
    directory = embedded_postgres.data_directory_of(project)
    with suppress(pytest.skip.Exception):  # without a PostgreSQL 16 an empty directory stands for what it made
        embedded_postgres.start(directory, unused_port(), programs(16), lasting=False)
        embedded_postgres.stop(directory)
    directory.mkdir(exist_ok=True)
    (directory / "PG_VERSION").write_text("16\n")
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    line = error_line(ended("setup_db", folder=project))
    assert line == (
        f"{directory} was made by PostgreSQL 16, and this one is 18: "
        "move it away, then run this again; or set DATABASE_URL"
    )
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before
    directory.rename(f"{directory}.16")
    assert ended("setup_db", "--rows", "10", folder=project).returncode == 0


def test_interrupt_while_waiting_is_one_line(schema_url: str) -> None:
    seed(schema_url, 10)
    with locked(schema_url), running("setup_db.py", url=schema_url) as process:
        wait_until(lambda: query(schema_url, "SELECT * FROM pg_locks WHERE NOT granted"))
        process.send_signal(signal.SIGINT)
        assert error_line(finished(process)) == "interrupted"
