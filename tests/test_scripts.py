"""The nine scenarios: what each of them prints, keeps and imports; and how a script of each driver ends by an error."""

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
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import common
from bench.database import seed
from bench.faults import explain_table
from tests.support import (
    PROJECT,
    ROWS,
    WITHOUT_PACKAGE,
    environment,
    error_line,
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
# One of each stack.
STACKS = SCENARIOS[:1] + SCENARIOS[2:6]
MODELS = "run_async_sqlalchemy_engine_pydantic.py"
needs_arrow = pytest.mark.skipif(not find_spec("adbc_driver_postgresql"), reason="there is no ADBC for this Python")
# One of each driver, and of each way to it: what they leave behind at an error comes out of different code.
DRIVERS = (
    STACKS[0],
    STACKS[2],
    STACKS[4],
    "-m alternatives.run_async_asyncpg_fetch",
    "-m alternatives.run_async_sqlalchemy_session_asyncpg",
    pytest.param("-m alternatives.run_sync_adbc_arrow", marks=needs_arrow),
)
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


@pytest.mark.parametrize("arguments", DRIVERS)
def test_address_without_a_server_is_one_line(port: int, arguments: str) -> None:
    line = error_line(run(*arguments.split(), url=f"postgresql://user:password@localhost:{port}/db"))
    assert line == f"nothing listens at localhost:{port}/db: start that server, or fix DATABASE_URL"


@pytest.mark.parametrize("arguments", DRIVERS)
def test_missing_table_is_one_line(schema_url: str, arguments: str) -> None:
    line = error_line(run(*arguments.split(), url=schema_url))
    assert line == f"table data is missing at localhost:{port_of(schema_url)}/db: run `python setup_db.py`"


def test_empty_table_is_one_line(schema_url: str) -> None:
    query(schema_url, "CREATE TABLE data (id integer, num integer, data text)")
    assert error_line(run(STACKS[0], url=schema_url)) == "the table is empty: run `python setup_db.py`"


NOT_SEEDED = (
    "a table is not the seeded one at localhost:{}/db: "
    "name another database in DATABASE_URL, or run `python setup_db.py`, which replaces only what it has made"
)


@pytest.mark.parametrize(
    ("columns", "arguments"),
    [("1 AS id, NULL::integer AS num, 'a' AS data", MODELS), ("1 AS num, 'a' AS data", STACKS[0])],
)
def test_table_that_is_not_the_seeded_one_is_one_line(schema_url: str, columns: str, arguments: str) -> None:
    query(schema_url, f"CREATE TABLE data AS SELECT {columns}")
    assert error_line(run(*arguments.split(), url=schema_url)) == NOT_SEEDED.format(port_of(schema_url))


@pytest.mark.parametrize(
    "columns",
    [
        "1 AS id, NULL::integer AS num, 'a' AS data",
        "1 AS id, 2 AS num, NULL::text AS data",
        "NULL::integer AS id, 2 AS num, 'a' AS data",
        "1 AS id, 'x' AS num, 'a' AS data",
        "1 AS id, 'a' AS data",
        "1 AS num, 'a' AS data",
        "",
    ],
    ids=["null in num", "null in data", "null in id", "text in num", "no num", "no id", "seeded"],
)
def test_what_fails_because_of_the_table_is_told_from_what_does_not(
    schema_url: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(schema_url, 10)
    if columns:
        query(schema_url, "DROP TABLE data")
        query(schema_url, f"CREATE TABLE data AS SELECT {columns}")
    monkeypatch.setenv("DATABASE_URL", schema_url)
    assert explain_table(TypeError("before a checkpoint")) is None
    monkeypatch.setattr(common, "checkpoints", [common.Checkpoint("Start", 0, 0, 0, 0, 0)])
    expected = NOT_SEEDED.format(port_of(schema_url)) if columns else None
    assert explain_table(TypeError("1 + 'a'")) == expected
    assert explain_table(OSError("of the disk")) is None


def test_other_order_of_the_columns_misleads_no_script(schema_url: str) -> None:
    query(schema_url, "CREATE TABLE data AS SELECT 'a' AS data, 2 AS num, 1 AS id")
    for script in SCENARIOS:
        process = run(script, url=schema_url, MEMORY_TRACING="off")
        assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize("arguments", DRIVERS)
def test_interrupt_is_one_line(url: str, arguments: str) -> None:
    with locked(url), running(*arguments.split(), url=url) as process:
        wait_until(lambda: query(url, "SELECT * FROM pg_locks WHERE NOT granted"))
        process.send_signal(signal.SIGINT)
        assert error_line(finished(process)) == "interrupted"


@pytest.mark.parametrize("arguments", DRIVERS)
def test_end_of_the_server_is_one_line(url: str, arguments: str) -> None:
    with locked(url), running(*arguments.split(), url=url) as process:
        wait_until(lambda: query(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"))
        assert error_line(finished(process)).startswith("the server ended the connection at localhost:")


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
        ("run_sync_psycopg.py", "psutil"),
        ("run_sync_sqlalchemy_engine.py", "psycopg"),
        ("run_async_sqlalchemy_engine.py", "greenlet"),
        ("alternatives.run_async_sqlalchemy_session_asyncpg", "asyncpg"),
        pytest.param("alternatives.run_sync_adbc_arrow", "pyarrow", marks=needs_arrow),
    ],
)
def test_missing_package_is_one_line(script: str, package: str) -> None:
    line = error_line(run("-c", WITHOUT_PACKAGE, script, package))
    command = "make venv groups=alternatives" if script.startswith("alternatives") else "make venv"
    assert line == f"{package} is not installed for this Python: `{command}` installs it into .venv"


@pytest.mark.parametrize("command", [STACKS[0], "setup_db.py", "your_table.py", "-m bench", "-m bench.original"])
def test_python_without_any_package_is_one_line(command: str) -> None:
    # Without the module `site`, Python does not find what is installed.
    line = error_line(run("-S", *command.split()))
    assert "is not installed" in line
    assert "`make venv` installs it into .venv" in line


def test_output_that_cannot_be_written_is_one_line(url: str) -> None:
    command = f"exec {shlex.quote(sys.executable)} {STACKS[0]} >/dev/full"
    variables = environment(url, {})
    process = subprocess.run(["sh", "-c", command], cwd=PROJECT, env=variables, stderr=subprocess.PIPE, text=True)
    assert error_line(process).startswith("cannot write to standard output: No space left")


def test_reader_that_goes_away_is_no_error(url: str) -> None:
    with running(STACKS[0], url=url) as process:
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        result = finished(process)
    assert (result.returncode, result.stderr) == (141, "")  # as a shell shows the end of any other tool


def test_terminal_without_the_character_shows_another(url: str) -> None:
    process = run("-c", "from bench import errors; print('m\u00fcde', flush=True)", url=url, PYTHONIOENCODING="ascii")
    assert (process.returncode, process.stdout, process.stderr) == (0, "m?de\n", "")
