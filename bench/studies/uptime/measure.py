"""Measure how a process grows while it answers requests, by cause, and with what stops it: a process each."""

from collections.abc import Iterator, Mapping, Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from typing import TypedDict

from bench import process
from bench.database import private_server, seed
from bench.errors import note
from bench.process import Progress, unseen
from bench.runs import UNTRACED, Job, Measured, Outcome
from bench.seeds import DATA, SHOP
from bench.studies.uptime.running import Growth
from common import database_url

REQUESTS = 10_000
# Enough for each request to have a customer of its own: a fifth of the rows are customers.
ROWS = 51_000
# The library's name, where it is installed: https://packages.debian.org/bookworm/libjemalloc2
JEMALLOC = find_library("jemalloc")
PRELOADED = (f"LD_PRELOAD={JEMALLOC}",)
SET = (*PRELOADED, "MALLOC_CONF=narenas:2,dirty_decay_ms:1000")


@dataclass(frozen=True)
class Handling:
    """A process that lets a handler of `bench.studies.uptime` answer so many requests."""

    handler: str
    variables: tuple[str, ...] = ()
    requests: int = REQUESTS
    stdin: bytes = b""

    @property
    def name(self) -> str:
        return " ".join((self.handler, *self.variables))

    @property
    def short(self) -> str:
        return self.name

    @property
    def command(self) -> list[str]:
        module, _, function = self.handler.rpartition(".")
        words = [f"bench.studies.uptime.{module}", function, str(self.requests), *self.variables]
        return ["-m", "bench.studies.uptime.running", *words]


@dataclass(frozen=True)
class UptimeCause:
    """What grows, and what is tried against it, by what it is called."""

    before: Handling
    after: Mapping[str, Handling]


class CauseRecord(TypedDict):
    """What is stored of a cause: what grew without and with each thing that was tried."""

    before: Growth
    after: dict[str, Growth]


THREADS = "allocator.responses_in_threads"
# Each connects anew, which takes as long as ten other requests.
FEWER = 1_000
CAUSES: Mapping[str, UptimeCause] = {
    "ORed terms": UptimeCause(Handling("statements.ored_terms"), {"IN": Handling("statements.one_in")}),
    "literals": UptimeCause(Handling("texts.literals_in_text"), {"bound": Handling("texts.bound_in_text")}),
    "engines": UptimeCause(
        Handling("texts.an_engine_each", requests=FEWER),
        {"one": Handling("texts.one_engine", requests=FEWER)},
    ),
    "values": UptimeCause(Handling("statements.rows_of_values"), {}),
    "changed entities": UptimeCause(
        Handling("sessions.changed_in_one_session"), {"a session each": Handling("sessions.changed_in_a_session_each")}
    ),
    "a parent's children": UptimeCause(
        Handling("sessions.appended_to_one_parent"), {"a session each": Handling("sessions.appended_in_a_session_each")}
    ),
    "cached entities": UptimeCause(Handling("caching.cached_entities"), {"values": Handling("caching.cached_values")}),
    "cycles": UptimeCause(Handling("cycles.error_kept_in_its_frame"), {"let go": Handling("cycles.error_let_go")}),
    "log records": UptimeCause(
        Handling("records.parameters_in_kept_records"), {"hidden": Handling("records.hidden_parameters")}
    ),
    "tasks": UptimeCause(Handling("tasks.tasks_without_end"), {"timeout": Handling("tasks.tasks_with_a_timeout")}),
    "malloc": UptimeCause(
        Handling(THREADS),
        {
            "two arenas": Handling(THREADS, ("MALLOC_ARENA_MAX=2",)),
            "malloc_trim": Handling("allocator.trimmed"),
            **({"jemalloc": Handling(THREADS, PRELOADED), "jemalloc, set": Handling(THREADS, SET)} if JEMALLOC else {}),
        },
    ),
}


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield what grows by each cause, which is not repeated. Raises UserError."""
    if "malloc" in names and not JEMALLOC:
        note("jemalloc is left out: it is not installed: `apt-get install libjemalloc2`")
    jobs = {handling: Job(handling, UNTRACED) for name in names for handling in handlings(CAUSES[name])}
    with private_server(ROWS) as server:
        seed(database_url(), ROWS, tables=[DATA, *SHOP])
        outcomes = process.succeeded(process.run(list(jobs.values()), progress=progress))
    by_handling = dict(zip(jobs, outcomes, strict=True))
    yield {name: measured(CAUSES[name], by_handling, server) for name in names}


def handlings(cause: UptimeCause) -> list[Handling]:
    return [cause.before, *cause.after.values()]


def measured(cause: UptimeCause, outcomes: Mapping[Handling, Outcome], server: dict[str, str]) -> Measured:
    own = [outcomes[handling] for handling in handlings(cause)]
    before, *after = (outcome.output for outcome in own)
    versions = {name: number for output in (before, *after) for name, number in output["versions"].items()}
    record = CauseRecord(before=before, after=dict(zip(cause.after, after, strict=True)))
    return Measured(record, ROWS, versions | server, own)
