"""Helpers of the tests: the project's scripts as a user runs them, in fresh processes, and what they say."""

import functools
import gc
import importlib
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from bench import results, seeds
from bench.layers.locks import Turns
from bench.layers.measuring import measure as measure_rows
from bench.layers.names import READERS
from bench.layers.reading import COUNT, Opened, Reading
from bench.relations.data import Relation
from bench.relations.describing import describe
from bench.relations.redaction import without_values
from bench.relations.transaction import connect
from bench.results import Results

PROJECT = Path(__file__).resolve().parent.parent
ROWS = 2_000
# A quarter of what is published: what a row costs is the same, for a dict is as full as one with four times as many.
MEASURED_ROWS = seeds.ROWS // 4
# Seconds after which something hangs; the longest run takes 15 on an idle machine.
TIMEOUT = 120
WITHOUT_PACKAGE = """
import runpy, sys
sys.modules[sys.argv.pop()] = None
name = sys.argv.pop()
run = runpy.run_path if name.endswith(".py") else runpy.run_module
run(name, run_name="__main__")
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="what README says of process memory, it says of Linux")


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


def refused(command: Callable[[], object], *arguments: str, url: str | None = None) -> str:
    """Return the one line that a command's process would end by, called within this one, which spares its imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["", *arguments])
        if url is not None:
            patch.setenv("DATABASE_URL", url)
        with pytest.raises(SystemExit) as ended:
            _end(command)
    line = ended.value.code
    assert isinstance(line, str)
    assert "\n" not in line
    return line


def _end(command: Callable[[], object]) -> None:
    try:
        command()
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)


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
    for module in (*PROJECT.glob("*.py"), *PROJECT.glob("bench/*.py")):
        copy = folder / module.relative_to(PROJECT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(module.read_text(encoding="utf-8").replace("54320", str(port)), "utf-8")
    return folder


def copy_data(directory: Path, copy: Path) -> None:
    """Copy a data directory with its owner, which is the server's account."""
    subprocess.run(["cp", "-a", directory, copy], check=True)


def described(url: str, text: str, rows: int = 1000) -> Relation:
    """Return what a name or a query means there, by so many rows; a statement may take a second."""
    with without_values(), connect(url, 1) as connection:
        relation = describe(connection, text, rows)
        connection.rollback()
    return relation


def opened(layer: str, relation: Relation, count: int = COUNT) -> Opened:
    """Return what a layer opens in this process, to read a relation."""
    return opened_by(Reading(READERS[layer], relation, count))


def opened_by(reading: Reading) -> Opened:
    """Return what a reading opens in this process."""
    opening: Opened = importlib.import_module(reading.reader.module).LAYERS[reading.layer](reading)
    return opening


def listed(rows: list[Any]) -> list[Any]:
    """Return the rows of any layer: those that Arrow's table, polars' frame or pandas' holds as dicts."""
    columns = rows[0]
    if hasattr(columns, "to_dicts"):
        return list(columns.to_dicts())
    if hasattr(columns, "to_pylist"):
        return list(columns.to_pylist())
    if hasattr(columns, "table"):
        return list(columns.table.astype(object).where(columns.table.notna(), None).to_dict("records"))
    return rows


def write(reading: Reading) -> None:
    """Do in this process what that of a reading does."""
    gc.freeze()  # else what earlier tests have made is looked through at each measurement
    try:
        measure_rows(importlib.import_module(reading.reader.module).LAYERS, pickle.loads(reading.stdin), Turns(""))
    finally:
        tracemalloc.stop()


def replace(path: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def store_costs(folder: Path, stored: Results) -> None:
    """Store results of the costs in a copy of the project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "RESULTS", folder / "bench" / "results")
        results.write("costs", stored)
