"""Every script, whatever its room: what it says of itself, reads, keeps and prints, and how it ends by an error."""

import re
import shlex
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import packages_distributions
from importlib.util import find_spec

import pytest
from packaging.utils import canonicalize_name

import common
from bench.database import seed
from bench.faults import PACKAGES, explain_table
from bench.scripts import ALTERNATIVES, ENDPOINTS, EVERYTHING, RELATIONSHIPS, REMEDIES, SCENARIOS, WRITING, Scenario
from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, STARTED
from tests.forks import ended, forked, told_by
from tests.support import (
    PROJECT,
    ROWS,
    WITHOUT_PACKAGE,
    environment,
    error_line,
    expected_rows,
    finished,
    locked,
    port_of,
    query,
    run,
    running,
    wait_until,
)

SCRIPTS = EVERYTHING + ALTERNATIVES + RELATIONSHIPS + WRITING
INSTALLED = [script.name for script in SCRIPTS if not script.missing]
ROOMS = {
    "": SCENARIOS,
    "remedies": REMEDIES,
    "alternatives": ALTERNATIVES,
    "relationships": RELATIONSHIPS,
    "writing": WRITING,
}
# One of each driver, and of each way to it: what they leave behind at an error comes out of different code.
DRIVERS = [
    "run_sync_psycopg",
    "run_sync_sqlalchemy_engine",
    "run_async_sqlalchemy_engine",
    "alternatives.run_async_asyncpg_fetch",
    "alternatives.run_async_sqlalchemy_session_asyncpg",
    "alternatives.run_sync_adbc_arrow",
]
# They wrap their drivers' errors in their own.
ORMS = [f"alternatives.run_{name}" for name in ("sync_django", "async_tortoise", "sync_peewee", "async_piccolo")]
DRIVERS, ORMS = ([name for name in names if name in INSTALLED] for names in (DRIVERS, ORMS))
# And one of each stack and room beside them.
OTHERS = [
    "run_sync_sqlalchemy_session",
    "run_async_sqlalchemy_session",
    "remedies.run_sync_psycopg_stream",
    "remedies.run_async_sqlalchemy_engine_partitions",
    "remedies.run_sync_sqlalchemy_session_streaming",
    "remedies.run_sync_sqlalchemy_session_given_back",
]
# One of each driver that writes, and one that commits each batch.
WRITERS = [
    "writing.run_sync_psycopg_copy",
    "writing.run_sync_psycopg_executemany",
    "writing.run_sync_sqlalchemy_session_flush",
    "writing.run_sync_sqlalchemy_session_commit",
    "writing.run_async_sqlalchemy_session_copy",
    "writing.run_async_asyncpg_copy",
]
WRITERS = [name for name in WRITERS if name in INSTALLED]
EMPTY_MODELS = ("run_sync_psycopg_pydantic_no_validation", "run_async_sqlalchemy_engine_pydantic_no_validation")
PANDAS = [script.name for script in SCRIPTS if "pandas" in script.name]
FRAMES = (
    "alternatives.run_sync_adbc_arrow",
    "alternatives.run_sync_polars_adbc",
    *(f"alternatives.run_sync_pandas{how}" for how in ("", "_arrow", "_adbc", "_entities")),
)
COUNTING = ("_streaming", "_dropped")
GIVING_BACK = ("_given_back", "_survivors")
# The relationships' two that load nothing beside their table.
ALONE = tuple(f"relationships.run_sync_sqlalchemy_session_{name}" for name in ("customers", "orders"))
# Those of writing's that others are compared with.
FIRST = [script.name for script in WRITING if not script.compared_with]
FEW = ROWS // 2
NOT_SEEDED = (
    "a table is not the seeded one at localhost:{}/db: "
    "name another database in DATABASE_URL, or run `python setup_db.py`, which replaces only what it has made"
)


def test_every_script_is_listed_in_one_room() -> None:
    for room, scripts in ROOMS.items():
        assert sorted(one.name for one in scripts) == sorted(
            ".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in (PROJECT / room).glob("run_*.py")
        )
    files = {f"endpoints.{path.stem}" for path in (PROJECT / "endpoints").glob("[a-z]*.py") if path.stem != "common"}
    assert {one.name for one in ENDPOINTS} == files


def fields_of(script: Scenario) -> list[set[str]]:
    """Return which fields a script's docstring may have, by its room."""
    compared = {"Short", "Instead of"}
    loses, helps_not = {"You lose"}, {"Why not"}
    return {
        "": [{"Short"}],
        "remedies": [compared | loses, compared | helps_not],
        "alternatives": [compared | loses | {"Choose it"}],
        "relationships": [{"Short"} if script.name in ALONE else compared | loses],
        "writing": [{"Short"}] if script.name in FIRST else [compared | loses, compared | helps_not],
        "endpoints": [{"Short"} | loses, {"Short"} | helps_not],
    }[script.room]


def test_docstring_has_a_short_name_what_it_is_compared_with_and_what_one_loses() -> None:
    for script in SCRIPTS + ENDPOINTS:
        assert set(script.fields) in fields_of(script), script.name
        assert 0 < len(script.short) <= 24, script.name
        assert script.description, script.name
        others = {"relationships": RELATIONSHIPS, "writing": WRITING}.get(script.room, EVERYTHING + ALTERNATIVES)
        assert script.compared_with in (None, *(other for other in others if other != script)), script.name


def test_titles_and_short_names_differ() -> None:
    for scripts in (SCRIPTS, ENDPOINTS):
        assert len({one.short for one in scripts}) == len({one.title for one in scripts}) == len(scripts)


def test_no_scenario_no_remedy_and_no_relationship_lacks_a_package() -> None:
    assert {script.missing for script in EVERYTHING + RELATIONSHIPS} == {None}


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("sync_psycopg_msgspec", "msgspec"),
        ("async_asyncpg_fetch", "asyncpg"),
        ("async_sqlalchemy_session_asyncpg", "asyncpg"),
        ("sync_sqlmodel", "sqlmodel"),
        ("sync_django", "django"),
        ("async_tortoise", "tortoise"),
        ("sync_peewee", "peewee"),
        ("async_piccolo", "piccolo"),
        ("sync_polars_adbc", "polars"),
        ("sync_adbc_arrow", "adbc_driver_postgresql"),
        ("sync_adbc_arrow", "pyarrow"),
        ("sync_pandas", "pandas"),
    ],
)
def test_missing_package_is_known_beforehand(monkeypatch: pytest.MonkeyPatch, name: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert Scenario(f"alternatives.run_{name}").missing == package


def test_scripts_of_pandas_are_tested() -> None:
    if not find_spec("pandas"):
        pytest.skip("pandas is not installed: `make venv groups=dataframes` installs it into .venv")
    assert len(PANDAS) == 9
    assert {*PANDAS} <= {*INSTALLED}


@pytest.fixture(scope="module")
def few_url(url: str) -> Iterator[str]:
    """Give an address with options and parameters, which lead to FEW rows: who does not heed them, reads others."""
    query(url, "CREATE SCHEMA few")
    address = f"{url}?options=-csearch_path%3Dfew&sslmode=disable&application_name=a%20b"
    seed(address, FEW)
    yield address
    query(url, "DROP SCHEMA few CASCADE")


def own_packages(name: str) -> set[str]:
    """Return the distributions that an alternative imports and the scenarios do not."""
    if not name.startswith("alternatives."):
        return set()
    text = (PROJECT / Scenario(name).script).read_text(encoding="utf-8")
    own = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)) & set(PACKAGES[7:])
    assert own, name
    return {canonicalize_name(distribution) for one in own for distribution in packages_distributions()[one]}


@pytest.mark.parametrize("name", INSTALLED)
def test_script_reads_all_rows_says_so_and_keeps_what_it_is_to_keep(name: str, few_url: str) -> None:
    of_the_shop, writes = name.startswith("relationships."), name.startswith("writing.")
    measurement, kept = told_by(name, few_url, keeps=not of_the_shop and not writes)
    marks = (STARTED, IMPORTED, FIRST_ROW, LAST_CHECKPOINT)
    assert [label for label in measurement.labels if label in marks] == list(marks)
    said = [line.partition("  - ")[0] for line in measurement.console.splitlines() if "  - " in line]
    assert said == measurement.labels
    assert (measurement.labels[-1] == "Looked up by id") == (name in FRAMES)
    assert own_packages(name) <= measurement.json["versions"].keys()
    assert measurement.json["rows"] == (FEW // 5 if of_the_shop else FEW)
    rows = expected_rows(FEW)
    if writes:
        stands = query(few_url, "SELECT num, data FROM written ORDER BY id")
        assert stands == [(num, data) for _, num, data in rows]
    elif name in FRAMES:
        assert kept["table"] == [{"id": i, "num": num, "data": data} for i, num, data in rows]
        assert kept["found"] == kept["table"][-1:]
    elif name.endswith(COUNTING) and not of_the_shop:
        assert (kept["rows"], kept["total"]) == (FEW, sum(num for _, num, _ in rows))
    elif name.endswith(GIVING_BACK):
        assert kept["rows"] == FEW
    elif not of_the_shop:
        assert kept["keys"] == list(range(FEW))
        # Models constructed as in the original are empty.
        assert kept["kept"] == ([[]] * FEW if name in EMPTY_MODELS else [list(row) for row in rows])


def test_address_without_a_server_is_one_line(port: int) -> None:
    for name in (*DRIVERS, *ORMS, *OTHERS):
        line = error_line(ended(name, url=f"postgresql://user:password@localhost:{port}/db"))
        assert line == f"nothing listens at localhost:{port}/db: start that server, or fix DATABASE_URL", name


def test_missing_table_is_one_line(schema_url: str) -> None:
    at = f"is missing at localhost:{port_of(schema_url)}/db: run `python setup_db.py`"
    for name in (*DRIVERS, *ORMS, *(name for name in FRAMES if name in INSTALLED)):
        assert error_line(ended(name, url=schema_url)) == f"table data {at}", name
    joined = "relationships.run_sync_sqlalchemy_session_joined"
    assert error_line(ended(joined, url=schema_url)) == f"table shop_customer {at}"


def test_wrong_password_is_one_line(url: str) -> None:
    for name in ORMS:
        line = error_line(ended(name, url=url.replace(":password@", ":wrong@")))
        assert line.startswith("user or password is wrong at "), name


def test_empty_table_is_one_line(schema_url: str) -> None:
    query(schema_url, "CREATE TABLE data (id integer, num integer, data text)")
    assert error_line(ended(DRIVERS[0], url=schema_url)) == "the table is empty: run `python setup_db.py`"


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ("1 AS id, NULL::integer AS num, 'a' AS data", "run_async_sqlalchemy_engine_pydantic"),
        ("1 AS num, 'a' AS data", DRIVERS[0]),
    ],
)
def test_table_that_is_not_the_seeded_one_is_one_line(schema_url: str, columns: str, name: str) -> None:
    query(schema_url, f"CREATE TABLE data AS SELECT {columns}")
    assert error_line(ended(name, url=schema_url)) == NOT_SEEDED.format(port_of(schema_url))


def test_what_fails_because_of_the_table_is_told_from_what_does_not(
    schema_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", schema_url)
    monkeypatch.setattr(common, "checkpoints", [])
    assert explain_table(TypeError("before a checkpoint")) is None
    monkeypatch.setattr(common, "checkpoints", [{"label": STARTED}])
    seed(schema_url, 10)
    assert explain_table(TypeError("1 + 'a'")) is None
    for columns in (
        "1 AS id, NULL::integer AS num, 'a' AS data",
        "1 AS id, 2 AS num, NULL::text AS data",
        "NULL::integer AS id, 2 AS num, 'a' AS data",
        "1 AS id, 'x' AS num, 'a' AS data",
        "1 AS id, 'a' AS data",
        "1 AS num, 'a' AS data",
    ):
        query(schema_url, "DROP TABLE data")
        query(schema_url, f"CREATE TABLE data AS SELECT {columns}")
        assert explain_table(TypeError("1 + 'a'")) == NOT_SEEDED.format(port_of(schema_url)), columns
        assert explain_table(OSError("of the disk")) is None, columns


def test_other_order_of_the_columns_misleads_no_script(schema_url: str) -> None:
    query(schema_url, "CREATE TABLE data AS SELECT 'a' AS data, 2 AS num, 1 AS id")
    for scenario in SCENARIOS:
        process = ended(scenario.name, url=schema_url)
        assert (process.returncode, process.stderr) == (0, ""), scenario.name


def test_row_that_breaks_a_constraint_is_one_line_and_leaves_nothing_but_what_was_committed(schema_url: str) -> None:
    seed(schema_url, 1500)
    query(schema_url, "ALTER TABLE written ADD CONSTRAINT refused CHECK (num <> -1 AND data <> 'hello-1200')")
    for name in WRITERS:
        assert "refused" in error_line(ended(name, url=schema_url)), name
        left = 1000 if name.endswith("_commit") else 0
        assert query(schema_url, "SELECT count(*) FROM written") == [(left,)], name


def test_table_to_write_that_is_somebody_s_stays(schema_url: str) -> None:
    seed(schema_url, 5)
    query(schema_url, "INSERT INTO written VALUES (7, 7, 'mine'); COMMENT ON TABLE written IS 'mine'")
    line = error_line(ended(WRITERS[0], url=schema_url))
    assert line == "table written was not made by setup_db.py and stays as it is: name another database"
    assert query(schema_url, "SELECT data FROM written") == [("mine",)]


def test_interrupt_is_one_line(url: str) -> None:
    for name in DRIVERS:
        with locked(url), forked(name, url=url) as fork:
            wait_until(lambda: query(url, "SELECT * FROM pg_locks WHERE NOT granted"))
            fork.send(signal.SIGINT)
            assert error_line(fork.ended()) == "interrupted", name


def test_end_of_the_server_is_one_line(url: str) -> None:
    for name in DRIVERS:
        with locked(url), forked(name, url=url) as fork:
            wait_until(lambda: query(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"))
            assert error_line(fork.ended()).startswith("the server ended the connection at localhost:"), name


@contextmanager
def ending_at(url: str, marker: bytes) -> Iterator[str]:
    """Hand everything on to the server, until the client sends `marker`: then end the session as a server does."""
    says = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"

    class Session(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port_of(url))) as server:
                threading.Thread(target=self.answer, args=[server]).start()
                while (received := self.request.recv(2**16)) and marker not in received:
                    server.sendall(received)
                self.request.sendall(b"E" + (len(says) + 4).to_bytes(4, "big") + says)
                server.shutdown(socket.SHUT_RDWR)  # else who waits for an answer keeps the session, and its locks

        def answer(self, server: socket.socket) -> None:
            with suppress(OSError):
                while received := server.recv(2**16):
                    self.request.sendall(received)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as proxy:
        threading.Thread(target=proxy.serve_forever, args=[0.01], daemon=True).start()
        yield url.replace(str(port_of(url)), str(proxy.server_address[1]))
        proxy.shutdown()


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("run_async_sqlalchemy_engine", b"FETCH FORWARD"),
        ("run_async_sqlalchemy_engine", b"CLOSE"),
        ("run_async_sqlalchemy_session", b"CLOSE"),
        ("remedies.run_sync_psycopg_stream", b"SELECT"),
    ],
)
def test_end_of_the_server_while_rows_are_read_is_one_line(url: str, name: str, marker: bytes) -> None:
    with ending_at(url, marker) as through_proxy:
        assert "the server ended the connection" in error_line(ended(name, url=through_proxy))


@pytest.mark.parametrize(
    ("script", "package"),
    [
        ("run_sync_psycopg.py", "psutil"),
        ("run_sync_sqlalchemy_engine.py", "psycopg"),
        ("run_async_sqlalchemy_engine.py", "greenlet"),
        ("alternatives.run_async_sqlalchemy_session_asyncpg", "asyncpg"),
        ("alternatives.run_sync_adbc_arrow", "pyarrow"),
    ],
)
def test_missing_package_is_one_line(script: str, package: str) -> None:
    if script in FRAMES and script not in INSTALLED:
        pytest.skip("there is no Arrow for this Python")
    line = error_line(run("-c", WITHOUT_PACKAGE, script, package))
    command = "make venv groups=alternatives" if script.startswith("alternatives") else "make venv"
    assert line == f"{package} is not installed for this Python: `{command}` installs it into .venv"


def test_python_without_any_package_is_one_line() -> None:
    for command in ("run_sync_psycopg.py", "setup_db.py", "your_table.py", "-m bench", "-m bench.original"):
        # Without the module `site`, Python does not find what is installed.
        line = error_line(run("-S", *command.split()))
        assert "is not installed" in line, command
        assert "`make venv` installs it into .venv" in line, command


def test_output_that_cannot_be_written_is_one_line(url: str) -> None:
    command = f"exec {shlex.quote(sys.executable)} run_sync_psycopg.py >/dev/full"
    variables = environment(url, {})
    process = subprocess.run(["sh", "-c", command], cwd=PROJECT, env=variables, stderr=subprocess.PIPE, text=True)
    assert error_line(process).startswith("cannot write to standard output: No space left")


def test_reader_that_goes_away_is_no_error(url: str) -> None:
    with running("run_sync_psycopg.py", url=url) as process:
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        result = finished(process)
    assert (result.returncode, result.stderr) == (141, "")  # as a shell shows the end of any other tool


def test_terminal_without_the_character_shows_another(url: str) -> None:
    process = run("-c", "from bench import errors; print('m\u00fcde', flush=True)", url=url, PYTHONIOENCODING="ascii")
    assert (process.returncode, process.stdout, process.stderr) == (0, "m?de\n", "")
