"""The nine scenarios: what each of them prints, keeps and imports, and its errors."""

import functools
import json
import shlex
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import setup_db
from tests.support import (
    PROJECT,
    ROWS,
    WITHOUT_PACKAGE,
    copy_project,
    environment,
    error_line,
    error_lines,
    expected_rows,
    finished,
    locked,
    measure,
    port_of,
    query,
    run,
    running,
    wait_until,
)

CONNECTED = {
    "run_sync_psycopg.py": None,
    "run_sync_psycopg_pydantic_no_validation.py": None,
    "run_sync_sqlalchemy_engine.py": "Engine connected",
    "run_sync_sqlalchemy_session.py": "Session connected",
    "run_async_sqlalchemy_engine.py": "Engine connected",
    "run_async_sqlalchemy_session.py": "Engine connected",
    "run_async_sqlalchemy_engine_pydantic.py": "Engine connected",
    "run_async_sqlalchemy_engine_pydantic_validate.py": "Engine connected",
    "run_async_sqlalchemy_engine_pydantic_no_validation.py": "Engine connected",
}
SCENARIOS = tuple(CONNECTED)
EMPTY_MODELS = tuple(script for script in SCENARIOS if script.endswith("_no_validation.py"))
# One of each stack: their errors come out of different code.
STACKS = SCENARIOS[:1] + SCENARIOS[2:6]
# For errors that all stacks with SQLAlchemy have from the same code.
LAYERS = (STACKS[0], STACKS[3])

# A model of each row, the sum of a column, an instance of a dataclass: each fails at another fault of the table.
MODELS = "run_async_sqlalchemy_engine_pydantic.py"
SUMS = "-m remedies.run_sync_sqlalchemy_session_streaming"
RECORDS = "-m remedies.run_sync_psycopg_args_row"

TABLE = "CREATE TABLE data (id integer, num integer, data text)"
KEPT = """
import json, runpy, sys
output, script = sys.argv.pop(), sys.argv.pop()  # a script has no arguments
storage = runpy.run_path(script, run_name="__main__")["storage"]
rows = [[getattr(kept, name, None) for name in ("id", "num", "data")] for kept in storage.values()]
fields = [len(getattr(kept, "__dict__", ())) for kept in storage.values()]
kept = {"keys": list(storage), "rows": rows, "fields": fields, "modules": list(sys.modules)}
with open(output, "w") as file:
    json.dump(kept, file)
"""


@functools.cache
def kept(script: str, url: str) -> dict[str, Any]:
    """Run a scenario inside a process that afterwards tells what it kept and imported."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept.json"
        process = run("-c", KEPT, script, path, url=url, MEMORY_TRACING="off")
        assert (process.returncode, process.stderr) == (0, "")
        return dict(json.loads(path.read_text()))


def test_all_scenarios_are_tested() -> None:
    assert sorted(CONNECTED) == sorted(path.name for path in PROJECT.glob("run_*.py"))


@pytest.mark.parametrize("script", SCENARIOS)
def test_checkpoints_are_those_of_the_original(url: str, script: str) -> None:
    connected = CONNECTED[script]
    expected = ["Start", "After imports", "Result iteration start", "Result iteration end"]
    if connected:
        expected.insert(2, connected)
    measurement = measure(script, url)
    assert measurement.labels == expected
    assert [line.partition("  - ")[0] for line in measurement.console.splitlines()[: len(expected)]] == expected
    assert measurement.json["rows"] == ROWS


@pytest.mark.parametrize("script", [script for script in SCENARIOS if script not in EMPTY_MODELS])
def test_every_row_is_kept(url: str, script: str) -> None:
    result = kept(script, url)
    assert result["keys"] == list(range(ROWS))
    assert [tuple(row) for row in result["rows"]] == expected_rows(ROWS)


@pytest.mark.parametrize("script", EMPTY_MODELS)
def test_models_constructed_as_in_the_original_are_empty(url: str, script: str) -> None:
    result = kept(script, url)
    assert result["keys"] == list(range(ROWS))
    assert result["fields"] == [0] * ROWS
    assert result["rows"] == [[None] * 3] * ROWS


@pytest.mark.parametrize("script", SCENARIOS)
def test_only_the_stack_is_imported(url: str, script: str) -> None:
    modules = set(kept(script, url)["modules"])
    assert ("sqlalchemy" in modules) == ("sqlalchemy" in script)
    assert ("pydantic" in modules) == ("pydantic" in script)
    assert "psycopg" in modules
    assert not modules & {"asyncpg", "sqlmodel", "msgspec", "adbc_driver_postgresql", "adbc_driver_manager", "pyarrow"}


@pytest.mark.parametrize(
    ("scripts", "part", "replacement", "problem"),
    [
        (STACKS, ":password@", ":wrong@", "password is wrong"),
        (STACKS, "@localhost:{port}", "@localhost:{closed}", "nothing listens"),
        (LAYERS, "@localhost:{port}", "@localhost:{http}", "no PostgreSQL"),
        (LAYERS, "@localhost:{port}", "@localhost:port", ""),
        (LAYERS, "@localhost", "@missing.invalid", "host or port is unknown"),
        (LAYERS, "/db", "/missing", "no such database"),
        (LAYERS, "/db", "/db?unknown=1", ""),
    ],
)
def test_wrong_address_is_one_line(
    url: str, port: int, http_port: int, scripts: tuple[str, ...], part: str, replacement: str, problem: str
) -> None:
    ports = {"port": port_of(url), "closed": port, "http": http_port}
    wrong = url.replace(part.format_map(ports), replacement.format_map(ports))
    assert wrong != url
    for line in error_lines(scripts, wrong):
        assert problem in line
        assert "DATABASE_URL" in line


@pytest.mark.parametrize(
    ("scripts", "statements", "problem", "fix"),
    [
        (STACKS, [], "table data is missing", "run `python setup_db.py`"),
        (STACKS, [TABLE], "table data is empty", "run `python setup_db.py`"),
        (LAYERS, [TABLE, 'REVOKE SELECT ON data FROM "user"'], "no right", "grant it"),
    ],
    ids=["missing", "empty", "no right"],
)
def test_unusable_table_is_one_line(
    schema_url: str, scripts: tuple[str, ...], statements: list[str], problem: str, fix: str
) -> None:
    for statement in statements:
        query(schema_url, statement)
    for line in error_lines(scripts, schema_url):
        assert problem in line
        assert fix in line


@pytest.mark.parametrize(
    ("columns", "scripts"),
    [
        ("1 AS id, NULL::integer AS num, 'a' AS data", [MODELS, SUMS]),
        ("1 AS id, 2 AS num, NULL::text AS data", [MODELS]),
        ("NULL::integer AS id, 2 AS num, 'a' AS data", [STACKS[2]]),
        ("1 AS id, 'x' AS num, 'a' AS data", [MODELS, SUMS]),
        ("1 AS id, 'a' AS data", [STACKS[3], RECORDS]),
        ("1 AS num, 'a' AS data", [STACKS[0]]),
    ],
    ids=["null in num", "null in data", "null in id", "text in num", "no num", "no id"],
)
def test_table_that_is_not_the_seeded_one_is_one_line(schema_url: str, columns: str, scripts: list[str]) -> None:
    query(schema_url, f"CREATE TABLE data AS SELECT {columns}")
    for script in scripts:
        line = error_line(run(*script.split(), url=schema_url, MEMORY_TRACING="off"))
        assert line.startswith(f"table data is not the seeded one at localhost:{port_of(schema_url)}/db: ")
        assert "run `python setup_db.py`, which makes it anew, or name another database in DATABASE_URL" in line


def test_other_order_of_the_columns_misleads_no_script(schema_url: str) -> None:
    query(schema_url, "CREATE TABLE data AS SELECT 'a' AS data, 2 AS num, 1 AS id")
    for script in SCENARIOS:
        process = run(script, url=schema_url, MEMORY_TRACING="off")
        assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize(("seeded", "checkpoint"), [(True, True), (False, False)])
def test_error_that_is_not_the_table_s_keeps_its_traceback(schema_url: str, seeded: bool, checkpoint: bool) -> None:
    if seeded:
        setup_db.seed(schema_url, 10)
    else:
        query(schema_url, "CREATE TABLE data AS SELECT 1 AS id")
    process = run("-c", f"import common\nif {checkpoint}: common.print_memory_usage('Start')\n1 + 'a'", url=schema_url)
    assert process.returncode == 1
    assert process.stderr.startswith("Traceback")
    assert process.stderr.splitlines()[-1].startswith("TypeError: ")


def test_default_address_without_a_server_is_one_line(tmp_path: Path, port: int) -> None:
    for line in error_lines(LAYERS, None, copy_project(tmp_path, port)):
        assert line == f"nothing listens at localhost:{port}/db: run `python setup_db.py`"


@pytest.mark.parametrize("script", STACKS)
def test_interrupt_is_one_line(url: str, script: str) -> None:
    with locked(url), running(script, url=url) as process:
        wait_until(lambda: query(url, "SELECT * FROM pg_locks WHERE NOT granted"))
        process.send_signal(signal.SIGINT)
        assert error_line(finished(process)) == "interrupted"


@pytest.mark.parametrize("script", LAYERS)
def test_end_of_the_server_is_one_line(url: str, script: str) -> None:
    with locked(url), running(script, url=url) as process:
        wait_until(lambda: query(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"))
        assert "the server ended the connection" in error_line(finished(process))


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

        def answer(self, server: socket.socket) -> None:
            with suppress(OSError):
                while received := server.recv(2**16):
                    self.request.sendall(received)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as proxy:
        threading.Thread(target=proxy.serve_forever, args=[0.01], daemon=True).start()
        yield url.replace(str(port_of(url)), str(proxy.server_address[1]))
        proxy.shutdown()


@pytest.mark.parametrize(
    ("arguments", "marker"),
    [
        ([STACKS[3]], b"FETCH FORWARD"),
        ([STACKS[3]], b"CLOSE"),
        ([STACKS[4]], b"CLOSE"),
        (["-m", "remedies.run_sync_psycopg_stream"], b"SELECT"),
    ],
)
def test_end_of_the_server_while_rows_are_read_is_one_line(url: str, arguments: list[str], marker: bytes) -> None:
    with ending_at(url, marker) as through_proxy:
        assert "the server ended the connection" in error_line(run(*arguments, url=through_proxy))


@pytest.mark.parametrize(
    ("script", "package"),
    [
        ("run_sync_psycopg.py", "psycopg"),
        ("run_sync_psycopg_pydantic_no_validation.py", "pydantic"),
        ("run_sync_sqlalchemy_engine.py", "sqlalchemy"),
        ("run_sync_sqlalchemy_engine.py", "psycopg"),
        ("run_async_sqlalchemy_engine.py", "greenlet"),
        ("run_sync_sqlalchemy_session.py", "psutil"),
    ],
)
def test_missing_package_is_one_line(url: str, script: str, package: str) -> None:
    line = error_line(run("-c", WITHOUT_PACKAGE, script, package, url=url))
    assert line.startswith(f"{package} is not installed")
    assert "make bench" in line


@pytest.mark.parametrize("command", [STACKS[0], "setup_db.py", "your_table.py", "-m studies", "-m original"])
def test_python_without_any_package_is_one_line(command: str) -> None:
    # Without the module `site`, Python does not find what is installed.
    line = error_line(run("-S", *command.split()))
    assert "is not installed" in line
    assert "make bench" in line


@pytest.mark.parametrize(
    ("place", "problem"),
    [(">/dev/full", "cannot write to standard output: No space left"), (">&-", "standard output is closed")],
)
@pytest.mark.parametrize("arguments", [*LAYERS, "setup_db.py --rows 10", "setup_db.py --help"])
def test_output_that_cannot_be_written_is_one_line(schema_url: str, arguments: str, place: str, problem: str) -> None:
    setup_db.seed(schema_url, 10)
    command = f"exec {shlex.quote(sys.executable)} {arguments} {place}"
    process = subprocess.run(
        ["sh", "-c", command], cwd=PROJECT, env=environment(schema_url, {}), stderr=subprocess.PIPE, text=True
    )
    assert error_line(process).startswith(problem)


def test_reader_that_goes_away_is_no_error(url: str) -> None:
    with running(STACKS[0], url=url) as process:
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        result = finished(process)
    assert (result.returncode, result.stderr) == (141, "")  # as a shell shows the end of any other tool


def test_terminal_without_the_character_shows_another(url: str) -> None:
    process = run("-c", "import errors; print('m\u00fcde', flush=True)", url=url, PYTHONIOENCODING="ascii")
    assert (process.returncode, process.stdout, process.stderr) == (0, "m?de\n", "")
