"""What a run that was ended has measured already: kept outside of git for the next one with the same code.

That is what each process measures by itself; what is timed in turns with others is measured in one piece.
"""

import functools
import hashlib
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import distributions
from pathlib import Path

import psycopg

from bench.digests import Snapshot
from bench.errors import note
from bench.process import PLACES
from bench.progress import Bar
from bench.runs import Job, Outcome
from bench.scripts import PROJECT
from bench.seeds import DATA, SHOP
from common import database_url

# A file an outcome; the variable names another folder.
FOLDER, VARIABLE = PROJECT / ".unfinished", "MEMORY_UNFINISHED"


class Unfinished(Bar):
    """Shows how far the jobs are, of which a former run may have done some."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self._files: dict[int, Path] = {}

    def known(self, jobs: Sequence[Job]) -> list[Outcome | None]:
        """Return what a former run had of each job, and say of how many; what this one has of them is kept, too."""
        if not jobs:
            return []
        files, conditions, snapshot = [], _conditions(), Snapshot.now()
        loaded = functools.cache(lambda *words: snapshot.loaded(words))
        for job in jobs:
            words = [job.command, job.instrument, bool(job.url), hashlib.sha256(job.script.stdin).hexdigest()]
            decides = [words, loaded(*job.command[1:]), snapshot.texts.get("poetry.lock"), conditions]
            files.append(folder() / hashlib.sha256(json.dumps(decides).encode()).hexdigest())
        counts = Counter(files)  # what is run several times is to vary
        self._files = {id(job): file for job, file in zip(jobs, files, strict=True) if counts[file] == 1}
        found = [_read(job, self._files[id(job)]) if id(job) in self._files else None for job in jobs]
        if times := [file.stat().st_mtime for file, outcome in zip(files, found, strict=True) if outcome]:
            moment = datetime.fromtimestamp(min(times)).strftime("%Y-%m-%d %H:%M")
            note(f"{len(times)} of {self.total} are from {moment}, before a run was ended: --all measures them anew")
        return found

    def finished(self, outcome: Outcome) -> None:
        super().finished(outcome)
        if (file := self._files.get(id(outcome.job))) and not outcome.error:
            with suppress(OSError):  # a full disk
                file.parent.mkdir(exist_ok=True)
                new = file.with_suffix(".new")
                new.write_text(json.dumps([outcome.output, outcome.console]), encoding="utf-8")
                new.replace(file)


def folder() -> Path:
    return Path(os.environ.get(VARIABLE) or FOLDER)


def forget() -> None:
    shutil.rmtree(folder(), ignore_errors=True)


def _read(job: Job, file: Path) -> Outcome | None:
    with suppress(OSError, ValueError):
        return Outcome(job, *json.loads(file.read_text(encoding="utf-8")))
    return None


def _conditions() -> list[object]:
    """Return what decides an outcome beside the code: the interpreter and its packages, and the tables that are read.

    Raises psycopg.Error.
    """
    packages = sorted(f"{package.name} {package.version}" for package in distributions())
    variables = {name: os.environ[name] for name in os.environ if name in PLACES or name.startswith(("MALLOC_", "LD_"))}
    with psycopg.connect(database_url(), connect_timeout=10, prepare_threshold=None) as connection:
        connection.execute("SET LOCAL lock_timeout = '60s'")
        tables: list[object] = [connection.info.server_version]
        for table in (DATA, *SHOP):
            if connection.execute("SELECT pg_catalog.to_regclass(%s)", [table.name]).fetchone() != (None,):
                rows = f"SELECT count(*), sum(pg_catalog.hashtext(row::text))::text FROM {table.name} AS row"
                tables += connection.execute(rows.encode()).fetchall()
    return [sys.version, packages, variables, tables]
