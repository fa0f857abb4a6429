"""Measure what the processes of a service take, before its requests and after them, by each way to start it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import psycopg

from bench import process
from bench.database import private_server
from bench.errors import explain, note
from bench.process import Progress, unseen
from bench.runs import UNTRACED, Job, Measured, Outcome
from bench.studies.processes.shares import CLASSES, COLUMNS, WORKERS, Service
from common import database_url

ROWS, REQUESTS = 10, 1_000
PACKAGE = "bench.studies.processes"
SERVED, FOUR = f"{PACKAGE}.application:app", str(WORKERS)
UVICORN = ("uvicorn", SERVED, "--workers", FOUR, "--port", "PORT")
SETTINGS = ("--config", "bench/studies/processes/gunicorn_settings.py", "--no-control-socket")
GUNICORN = ("gunicorn", *SETTINGS, "-k", "asgi", "-w", FOUR, "-b", "127.0.0.1:PORT", SERVED)
PRELOADED = (*GUNICORN, "--preload")
CELERY = ("celery", "-A", f"{PACKAGE}.tasks", "worker", "-c", FOUR, "--without-mingle", "--without-gossip")
FROZEN = "FREEZE=1"


@dataclass(frozen=True)
class Serving:
    """A way to start a service: its server's words, and a variable of its environment."""

    name: str
    server: tuple[str, ...]
    variable: str = ""
    requests: int = REQUESTS
    stdin: bytes = b""

    @property
    def short(self) -> str:
        return self.name

    @property
    def command(self) -> list[str]:
        return ["-m", f"{PACKAGE}.serving", str(self.requests), self.variable, *self.server]


WAYS: Mapping[str, Serving] = {
    way.name: way
    for way in (
        Serving("uvicorn", UVICORN),
        Serving("gunicorn", GUNICORN),
        Serving("gunicorn, preloaded", PRELOADED),
        Serving("gunicorn, preloaded, frozen", PRELOADED, FROZEN),
        Serving("gunicorn, preloaded, frozen, renewed", (*PRELOADED, "--max-requests", "100"), FROZEN),
        Serving("Celery", CELERY),
        Serving("Celery, frozen", CELERY, FROZEN),
        Serving("Celery, frozen, renewed", (*CELERY, "--max-tasks-per-child", "100"), FROZEN),
    )
}


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield what all processes take by each way, one after the other, for each has four of them. Raises UserError."""
    ways = [WAYS[name] for name in names if can_run(WAYS[name])]
    if not ways:
        return
    with private_server(ROWS) as server:
        make_views(database_url())
        jobs = [Job(way, UNTRACED) for way in ways]
        outcomes = process.succeeded(process.run(jobs, progress=progress, workers=1))
    yield {outcome.job.script.name: measured(outcome, server) for outcome in outcomes}


def can_run(way: Serving) -> bool:
    """Return whether its processes can be measured here; say why they cannot."""
    missing = next((name for name in ("fastapi", way.server[0]) if not find_spec(name)), None)
    if missing:
        note(f"{way.name} is left out: {explain(ModuleNotFoundError(name=missing))}")
    elif sys.platform != "linux":
        note(f"{way.name} is left out: only Linux tells what processes share")
    return not missing and sys.platform == "linux"


def make_views(url: str) -> None:
    """Make a view for each class. Raises psycopg.Error."""
    columns = ", ".join(f"{1000 * number} + i AS column_{number}" for number in range(1, COLUMNS))
    with psycopg.connect(url) as connection:
        for number in range(CLASSES):
            rows = f"SELECT i AS id, {columns} FROM generate_series(1, {ROWS}) AS i"
            connection.execute(f"CREATE VIEW wide_{number} AS {rows}".encode())


def measured(outcome: Outcome, server: dict[str, str]) -> Measured:
    output: Service = outcome.output
    return Measured(output, ROWS, output["versions"] | server, [outcome])
