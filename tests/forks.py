"""The project's scripts as a user runs them, and functions, each in a fork of one process that has their libraries."""

import atexit
import functools
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from bench.process import Progress, reason, unseen
from bench.process import run as really_run
from bench.runs import TRACED, UNTRACED, Job, Outcome
from common import database_url
from tests.support import PROJECT, TIMEOUT, Measurement, environment

Found = TypeVar("Found")


@dataclass
class Fork:
    """A script that runs: its process's number, and how it ends."""

    number: int
    folder: Path
    code: int | None = None

    def send(self, number: signal.Signals) -> None:
        os.kill(self.number, number)

    def ended(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end; the second time is as good as the first."""
        if self.code is None:
            self.code = int(said())
        output, errors = ((self.folder / name).read_text(encoding="utf-8") for name in ("output", "errors"))
        return subprocess.CompletedProcess([], self.code, output, errors)


@functools.cache
def origin() -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error::DeprecationWarning", "-m", "tests.origin"]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(process.kill)
    return process


def said() -> str:
    """Return the next line of the process that forks; one that says nothing is ended."""
    output = origin().stdout
    assert output
    watch = threading.Timer(TIMEOUT, origin().kill)
    watch.start()
    line = output.readline()
    watch.cancel()
    assert line, "the process that forks has ended"
    return line


@contextmanager
def forked(
    name: str,
    url: str | None,
    variables: Mapping[str, str] = MappingProxyType({}),
    arguments: Sequence[str] = (),
    stdin: bytes = b"",
    told: bool = False,
    folder: Path = PROJECT,
) -> Iterator[Fork]:
    """Start a script of a folder's, by its module's name, untraced; it is ended after the block, if need be."""
    with tempfile.TemporaryDirectory() as files:
        order = {
            "name": name,
            "folder": str(folder),
            "arguments": [*arguments],
            "environment": environment(url, {"MEMORY_TRACING": "off", **variables}),
            "files": [f"{files}/input", f"{files}/output", f"{files}/errors"],
            "told": f"{files}/told" if told else "",
        }
        Path(files, "input").write_bytes(stdin)
        requests = origin().stdin
        assert requests
        print(json.dumps(order), file=requests, flush=True)
        fork = Fork(int(said()), Path(files))
        try:
            yield fork
        finally:
            if fork.code is None:
                fork.send(signal.SIGKILL)
                fork.ended()


def ended(
    name: str, *arguments: str, url: str | None = None, folder: Path = PROJECT
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    with forked(name, url, arguments=arguments, folder=folder) as fork:
        return fork.ended()


def run(
    together: Sequence[Job], alone: Sequence[Job] = (), *, progress: Progress = unseen, **_: object
) -> list[Outcome]:
    """Do what `bench.process.run` does, by forks: for what is counted only once the libraries are imported."""
    outcomes = []
    with progress(len(together) + len(alone)) as shown:
        for job in (*together, *alone):
            shown.started(str(job))
            outcomes.append(outcome(job))
            shown.finished(outcomes[-1])
    return outcomes


def run_traced(together: Sequence[Job], **options: Any) -> list[Outcome]:
    """Do the same, but run what is not traced in fresh processes: a fork has room that its parent has given back."""
    untraced = iter(really_run([job for job in together if job.instrument == UNTRACED], **options))
    return [next(untraced) if job.instrument == UNTRACED else outcome(job) for job in together]


def outcome(job: Job) -> Outcome:
    tracing = "on" if job.instrument == TRACED else "off"
    name, *arguments = job.command[2:] if job.command[1] == "-m" else [job.script.name]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "measurement.json"
        variables = {"MEMORY_JSON": str(file), "MEMORY_TRACING": tracing}
        with forked(name, job.url or database_url(), variables, arguments, job.script.stdin) as fork:
            process = fork.ended()
        assert process.returncode == 0, process.stderr
        return Outcome(job, json.loads(file.read_text(encoding="utf-8")), process.stdout)


def told_by(name: str, url: str, keeps: bool = True, **variables: str) -> tuple[Measurement, dict[str, Any]]:
    """Return what a script says, and what it keeps, where its rows are those of `data`. It ends without an error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measurement.json"
        with forked(name, url, {"MEMORY_JSON": str(path), **variables}, told=keeps) as fork:
            process = fork.ended()
            assert (process.returncode, process.stderr) == (0, ""), name
            kept = json.loads((fork.folder / "told").read_text(encoding="utf-8")) if keeps else {}
        return Measurement(process.stdout, json.loads(path.read_text(encoding="utf-8"))), kept


def in_a_fresh_process(experiment: Callable[..., Found], *arguments: object) -> Found:
    """Return what a function of a module returns, called in a process of its own, which has made no entity before."""
    with tempfile.TemporaryDirectory() as folder:
        path, call = Path(folder) / "found", pickle.dumps((experiment, arguments))
        with forked("tests.called", None, arguments=[str(path)], stdin=call) as fork:
            process = fork.ended()
            assert process.returncode == 0, f"{reason(process.returncode, process.stderr)}\n{process.stderr}"
        found: Found = pickle.loads(path.read_bytes())
        return found
