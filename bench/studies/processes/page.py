"""What the page shows of several workers: what all of them take together, and what their requests change."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from bench.look.blocks import data, environment
from bench.look.tables import Column, Table, mib, whole, whole_mib
from bench.results import Header, Results
from bench.studies.processes.measure import WAYS
from bench.studies.processes.shares import CLASSES, COLUMNS, WORKERS, Service

NAMES = tuple(WAYS)
PACKAGES = {
    **{"gunicorn": "gunicorn", "uvicorn": "uvicorn", "celery": "Celery"},
    **{"fastapi": "FastAPI", "sqlalchemy": "SQLAlchemy", "pydantic": "Pydantic"},
}
TITLES = {
    "uvicorn": "`uvicorn --workers 4`: each loads the application",
    "gunicorn": "`gunicorn -w 4`: each loads the application",
    "gunicorn, preloaded": "`gunicorn -w 4 --preload`",
    "gunicorn, preloaded, frozen": "`gunicorn -w 4 --preload`, `gc.freeze()` before the fork",
    "gunicorn, preloaded, frozen, renewed": "… and `--max-requests 100`",
    "Celery": "`celery worker -c 4`: its prefork always loads before",
    "Celery, frozen": "`celery worker -c 4`, `gc.freeze()` before the fork",
    "Celery, frozen, renewed": "… and `--max-tasks-per-child 100`",
}


@dataclass(frozen=True)
class Processes:
    """What each way takes, by name, and how it was measured."""

    by_way: Mapping[str, Service]
    header: Header


def figures(results: Results) -> Processes:
    return Processes(results.records, results.header)


def tables(found: Processes, new: Container[str]) -> list[Table[Any]]:
    return [table(found, [way for way in found.by_way if way in new])]


def table(found: Processes, ways: list[str]) -> Table[str]:
    def sizes(way: str) -> Service:
        return found.by_way[way]

    columns = (
        Column[str]("Server", "", TITLES.__getitem__, lambda way: way, text=True),
        Column[str]("Processes", None, lambda way: whole(sizes(way)["before"]["processes"])),
        Column[str]("Before, MiB", "before", lambda way: mib(sizes(way)["before"]["pss"])),
        Column[str]("Of that, changed by one alone", "changed", lambda way: mib(sizes(way)["before"]["private_dirty"])),
        Column[str]("After the requests, MiB", "after", lambda way: mib(sizes(way)["after"]["pss"])),
        Column[str](
            "Of that, changed by one alone then", "changed", lambda way: mib(sizes(way)["after"]["private_dirty"])
        ),
    )
    return Table("All processes together", columns, ways, note="MiB: the sum of the proportional set sizes.")


def blocks(found: Processes) -> dict[str, str]:
    return {
        "processes-answer": answer(found),
        "processes-servers": table(found, list(found.by_way)).markdown(),
        "processes-environment": environment(found.header, "rows in each class's view", PACKAGES),
        "worker-forks": forks(found),
    }


def preloading(found: Processes) -> tuple[Service, Service, Service]:
    """Return gunicorn's workers: apart, forked from one that has loaded the application, and from one that froze it."""
    apart, preloaded, frozen = (found.by_way[f"gunicorn{how}"] for how in ("", ", preloaded", ", preloaded, frozen"))
    return apart, preloaded, frozen


def forks(found: Processes) -> str:
    """Return what all take after their requests, and apart before them, as data for the page that computes with it."""
    ways = zip(("apart", "forked", "frozen"), preloading(found), strict=True)
    sizes = {way: service["after"]["pss"] for way, service in ways}
    apart, *_ = preloading(found)
    content = {"workers": WORKERS, "requests": apart["requests"], "before": apart["before"]["pss"]}
    return data("worker-forks", {**content, **sizes})


def answer(found: Processes) -> str:
    """Return what preloading saves, and freezing, before the requests and after them."""
    apart, preloaded, frozen = preloading(found)
    before, after = (
        [whole_mib(service[when]["pss"]) for service in (apart, preloaded, frozen)] for when in ("before", "after")
    )
    return (
        f"Preloading helps most together with `gc.freeze()`. {WORKERS} workers of an application of {CLASSES} classes "
        f"of {COLUMNS} columns, models and routes take **{before[0]} MiB** together where each loads it, {before[1]} "
        f"where they are forked from one that has loaded it, and **{before[2]}** where that one froze its objects "
        f"before. After {whole(frozen['requests'])} requests these are {after[0]}, {after[1]} and {after[2]}."
    )


def charts(_: object) -> dict[str, str]:
    return {}
