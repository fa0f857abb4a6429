"""Jobs in fresh processes: what each of them wrote, or why it failed. No process outlives this one."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bench.errors import UserError
from bench.runs import TRACED, Job, Outcome, Script
from bench.scripts import PROJECT
from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT

# What an interpreter is told of where things lie; all else would change what is measured.
PLACES = ("PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
Watch = Callable[[Job, int], None]


class Shown(Protocol):
    """Shows how far the jobs are, from several threads."""

    def known(self, jobs: Sequence[Job]) -> Sequence[Outcome | None]:
        """Return what a former run had of each of these jobs, if anything."""

    def started(self, name: str) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...


# Begins to show so many jobs: `bench.progress.Bar` does.
Progress = Callable[[int], AbstractContextManager[Shown]]


@contextmanager
def unseen(total: int) -> Iterator[Shown]:
    class Nothing:
        def known(self, jobs: Sequence[Job]) -> Sequence[Outcome | None]:
            return [None] * len(jobs)

        def started(self, name: str) -> None: ...

        def finished(self, outcome: Outcome) -> None: ...

    yield Nothing()


def run(
    together: Sequence[Job],
    alone: Sequence[Job] = (),
    *,
    progress: Progress = unseen,
    watch: Watch | None = None,
    workers: int | None = None,
) -> list[Outcome]:
    """Run each job in a fresh process; return the outcomes in the same order.

    The first ones run on all cores, or so many `workers` at a time, then the others one at a time, for a time is fair
    only then. `watch` is called with a job and its process's number, in a thread of its own, and returns when the
    process has ended. A script that has failed is not run again. Raises UserError where the table changed between two
    runs.
    """
    children = Children()
    failed: dict[Script, str] = {}

    def outcome_of(job: Job, known: Outcome | None = None) -> Outcome:
        outcome = known or Outcome(job, error=failed.get(job.script, ""))
        if not known and not outcome.error:
            shown.started(str(job))
            outcome = children.run(job, watch)
        if outcome.error:
            outcome = Outcome(job, error=failed.setdefault(job.script, outcome.error))
        shown.finished(outcome)
        return outcome

    outcomes: list[Outcome] = []
    with progress(len(together) + len(alone)) as shown:
        known = shown.known(together)
        for jobs, former, at_a_time in ((together, known, workers or os.cpu_count()), (alone, [None] * len(alone), 1)):
            with ThreadPoolExecutor(at_a_time) as pool:
                try:
                    outcomes += pool.map(outcome_of, jobs, former)
                except BaseException:
                    children.kill()
                    pool.shutdown(cancel_futures=True)
                    raise
    of_table = (outcome.output for outcome in outcomes if outcome.output and not outcome.job.url)
    same_rows({output["rows"] for output in of_table if "rows" in output})
    return outcomes


class Children:
    """The processes that run now."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, job: Job, watch: Watch | None) -> Outcome:
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "measurement.json"
            variables = {
                "MEMORY_JSON": str(file),
                "MEMORY_TRACING": "on" if job.instrument == TRACED else "off",
                **({"DATABASE_URL": job.url} if job.url else {}),
                "PYTHONUTF8": "1",  # memray cannot write a path that the locale's encoding does not know
            }
            child = self._start(job.command, variables)
            if not child:
                return Outcome(job, error="interrupted")
            watcher = threading.Thread(target=partial(watch, job) if watch else lambda pid: None, args=[child.pid])
            watcher.start()
            console, errors = (text.decode(errors="replace") for text in child.communicate(job.script.stdin))
            watcher.join()
            with self._lock:
                self._running.discard(child)
            if child.returncode:
                return Outcome(job, error=reason(child.returncode, errors))
            if not file.exists():
                return Outcome(job, error="wrote no measurement: it ends with print_top_allocations()")
            try:
                output = json.loads(file.read_text(encoding="utf-8"))
            except ValueError:
                return Outcome(job, error="its measurement was cut off: make room for files (ulimit -f, or the disk)")
            return Outcome(job, output, console, _missing(output))

    def _start(self, command: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        pipe = subprocess.PIPE
        with self._lock:
            if self._closed:
                return None
            child = subprocess.Popen(
                command, cwd=PROJECT, env={**_environment(), **variables}, stdin=pipe, stdout=pipe, stderr=pipe
            )
            self._running.add(child)
        return child

    def kill(self) -> None:
        """End every process at once, and let no other start."""
        with self._lock:
            self._closed = True
            for child in self._running:
                child.kill()


def _environment() -> dict[str, str]:
    """Return the caller's, without what makes an interpreter trace, check or say more, or find less, than by itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name in PLACES}


def same_rows(counts: Set[int]) -> None:
    """Raise UserError where the table had another number of rows in one run than in another."""
    if len(counts) > 1:
        rows = " and ".join(f"{count:,}" for count in sorted(counts))
        raise UserError(f"a table changed between two runs ({rows} rows), so nothing is compared: run this again")


def succeeded(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Return the outcomes. Raises UserError with a line for each script that has failed."""
    if lines := failures(outcomes):
        raise UserError("\n".join(lines))
    return outcomes


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    failed = (outcome for outcome in outcomes if outcome.error)
    return list(dict.fromkeys(f"{outcome.job.script.name} failed: {outcome.error}" for outcome in failed))


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
