"""What the page shows of a process that answers requests for days: what grows, and what stops it."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from bench.look.blocks import environment
from bench.look.tables import Column, Table, mib, whole
from bench.results import Header, Results
from bench.studies.uptime.measure import CAUSES
from bench.studies.uptime.running import Growth
from bench.studies.uptime.wording import CURES, TITLES

NAMES = tuple(CAUSES)


@dataclass(frozen=True)
class Tried:
    """A cause with one thing that was tried against it, or with none."""

    cause: str
    cure: str
    before: Growth
    after: Growth | None


@dataclass(frozen=True)
class Uptime:
    """All that was tried, in the order of the table, and how it was measured."""

    tried: Mapping[tuple[str, str], Tried]
    header: Header


COLUMNS: tuple[Column[Tried], ...] = (
    Column("What grows", "", lambda tried: TITLES[tried.cause], lambda tried: tried.cause, text=True),
    Column("Requests", None, lambda tried: whole(tried.before["requests"])),
    Column("At the peak, MiB", "peak", lambda tried: mib(tried.before["peak"])),
    Column("At the end, MiB", "MiB", lambda tried: mib(tried.before["steps"][-1])),
    Column("Of that, in the last tenth", "last 10th", lambda tried: mib(last_step(tried.before))),
    Column("Instead", "instead", lambda tried: CURES[tried.cause, tried.cure], lambda tried: tried.cure, text=True),
    Column("Peak then, MiB", "peak", lambda tried: mib(tried.after["peak"]) if tried.after else ""),
    Column("End then, MiB", "MiB", lambda tried: mib(tried.after["steps"][-1]) if tried.after else ""),
)
NOTE = "MiB: of the process, over what it had after its first requests."


def last_step(growth: Growth) -> int:
    """Return by how many bytes the process grew during the last tenth of the requests."""
    *_, before, last = growth["steps"]
    return last - before


def figures(results: Results) -> Uptime:
    tried = [
        Tried(name, cure, record["before"], after)
        for name, record in results.records.items()
        for cure, after in (record["after"] or {"": None}).items()
    ]
    return Uptime({(one.cause, one.cure): one for one in tried}, results.header)


def tables(uptime: Uptime, new: Container[str]) -> list[Table[Any]]:
    tried = [one for one in uptime.tried.values() if one.cause in new]
    return [Table("What grows while requests are answered", COLUMNS, tried, note=NOTE)]


def blocks(uptime: Uptime) -> dict[str, str]:
    return {
        "uptime-answer": answer(uptime),
        "uptime-causes": Table("", COLUMNS, list(uptime.tried.values())).markdown(),
        "uptime-environment": environment(uptime.header, "rows in the table"),
    }


def answer(uptime: Uptime) -> str:
    """Return which causes grow without an end, and which stop by themselves."""
    tasks, changed = uptime.tried["tasks", "timeout"], uptime.tried["changed entities", "a session each"]
    terms, malloc = uptime.tried["ORed terms", "IN"], uptime.tried["malloc", "two arenas"]
    requests = whole(tasks.before["requests"])
    return (
        f"What your own code refers to grows without an end. In {requests} requests, tasks that wait for ever hold "
        f"**{mib(tasks.before['steps'][-1])} MiB**, and a session that lives as long as the process holds "
        f"{mib(changed.before['steps'][-1])} MiB of entities that were changed and not flushed. Caches and the "
        f"allocator stop by themselves: 200 statements that differ in their number of terms take "
        f"{mib(terms.before['steps'][-1])} MiB, of which the last tenth of the requests adds "
        f"{mib(last_step(terms.before))}; threads whose responses come and go, {mib(malloc.before['steps'][-1])} MiB."
    )


def charts(_: object) -> dict[str, str]:
    return {}
