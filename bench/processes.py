"""The one runner: scripts in fresh processes, and what each of them wrote."""

import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bench.children import Children
from bench.errors import UserError
from bench.progress import Bar
from bench.scripts import FIRST_ROW, IMPORTED, LAST_CHECKPOINT

TRACED, UNTRACED, NATIVE = "traced", "without tracing", "native"


class Script(Protocol):
    """What is run: a scenario, or what else has a name, one for where there is little room, and a command line."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def short(self) -> str:
        """Its name where there is little room."""

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""

    @property
    def stdin(self) -> str:
        """What it reads from standard input, for a command line has little room."""


@dataclass(frozen=True)
class Job:
    """One process to run: a script, with one instrument."""

    scenario: Script
    instrument: str = TRACED
    python: str = sys.executable
    # Runs the script in its own way: `python -m module SCENARIO`. Empty: the script is run as a person runs it.
    module: str = ""
    # Another DATABASE_URL than the caller's.
    url: str = ""
    # Runs only so that another one's time can be compared with its own.
    reference: bool = False

    @property
    def kind(self) -> str:
        """What tells the jobs of one scenario apart."""
        return f"{self.instrument}{', one row' if self.url else ''}"

    def __str__(self) -> str:
        return f"{self.scenario.short} ({self.kind}{', to compare with' if self.reference else ''})"

    @property
    def command(self) -> list[str]:
        """The command line, to be run in the project's folder."""
        return [self.python, *(["-m", self.module, self.scenario.name] if self.module else self.scenario.command)]


@dataclass(frozen=True)
class Outcome:
    """What a job's process wrote to MEMORY_JSON, and printed, and how many seconds it took; or why it failed."""

    job: Job
    output: Any = None
    console: str = ""
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Measured:
    """What a study stores of a script, in a type of its own, and the processes that it is made of."""

    record: Any
    rows: int
    versions: Mapping[str, str]
    outcomes: Sequence[Outcome]
    # Further files that decide it, by path below the project's folder.
    files: Sequence[str] = ()


def run(
    together: Sequence[Job],
    alone: Sequence[Job] = (),
    watch: Callable[[Job, int], None] | None = None,
    workers: int | None = None,
) -> list[Outcome]:
    """Run each job in a fresh process; return the outcomes in the same order.

    The first ones run on all cores, or so many `workers` at a time, then the others one at a time, for a time is fair
    only then. `watch` is called with a job and its process's number, in a thread of its own, and returns when the
    process has ended. A scenario that has failed is not run again. Raises UserError where the table changed between two
    runs.
    """
    children = Children()
    failed: dict[Script, str] = {}

    def outcome_of(job: Job) -> Outcome:
        outcome = Outcome(job, error=failed.get(job.scenario, ""))
        if not outcome.error:
            bar.started(str(job))
            outcome = _run_one(job, children, watch)
        if outcome.error:
            outcome = Outcome(job, error=failed.setdefault(job.scenario, outcome.error))
        bar.finished()
        return outcome

    outcomes: list[Outcome] = []
    with Bar(len(together) + len(alone)) as bar:
        for jobs, at_a_time in ((together, workers or os.cpu_count()), (alone, 1)):
            with ThreadPoolExecutor(at_a_time) as pool:
                try:
                    outcomes += pool.map(outcome_of, jobs)
                except BaseException:
                    children.kill()
                    pool.shutdown(cancel_futures=True)
                    raise
    same_rows({one.output["rows"] for one in outcomes if one.output and "rows" in one.output and not one.job.url})
    return outcomes


def _run_one(job: Job, children: Children, watch: Callable[[Job, int], None] | None) -> Outcome:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "measurement.json"
        variables = {
            "MEMORY_JSON": str(file),
            "MEMORY_TRACING": "on" if job.instrument == TRACED else "off",
            **({"DATABASE_URL": job.url} if job.url else {}),
            "PYTHONUTF8": "1",  # memray cannot write a path that the locale's encoding does not know
        }
        start = time.perf_counter()
        ended = children.run(job.command, variables, job.scenario.stdin, partial(watch, job) if watch else None)
        if not ended:
            return Outcome(job, error="interrupted")
        if ended.code:
            return Outcome(job, error=reason(ended.code, ended.errors))
        if not file.exists():
            return Outcome(job, error="wrote no measurement: it ends with print_top_allocations()")
        output = json.loads(file.read_text(encoding="utf-8"))
        return Outcome(job, output, ended.console, time.perf_counter() - start, _missing(output))


def same_rows(counts: Set[int]) -> None:
    """Raise UserError where the table had another number of rows in one run than in another."""
    if len(counts) > 1:
        found = " and ".join(f"{count:,}" for count in sorted(counts))
        raise UserError(f"a table changed between two runs ({found} rows), so nothing is compared: run this again")


def succeeded(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Return the outcomes. Raises UserError with a line for each script that has failed."""
    if lines := failures(outcomes):
        raise UserError("\n".join(lines))
    return outcomes


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a line for each script that has failed."""
    return list(dict.fromkeys(f"{one.job.scenario.name} failed: {one.error}" for one in outcomes if one.error))


def reason(code: int, errors: str) -> str:
    """Return in one line why a process failed: what a traceback says below its frames, else the last line."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    _, _, trace = errors.rpartition("Traceback (most recent call last):\n")
    raised = re.search(r"^\S.*", trace, re.MULTILINE) if trace != errors else None
    return raised[0] if raised else (errors.strip() or f"exit code {code}").splitlines()[-1]


def _missing(output: Any) -> str:
    """Return what a scenario's measurement lacks to be one, else an empty text."""
    labels = {checkpoint["label"] for checkpoint in output.get("checkpoints", ())}
    if labels and (missing := {IMPORTED, FIRST_ROW, LAST_CHECKPOINT} - labels):
        return f"has no checkpoint {min(missing)!r}"
    return "does not say how many rows: print_top_allocations(rows=…)" if output.get("rows", 0) is None else ""
