"""Measure families of many shapes, loaded in each way: the base, others to predict, and of what one consists."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from bench import process
from bench.database import private_server
from bench.process import Progress, unseen
from bench.runs import Job, Measured, Outcome
from bench.studies.graph_shape.model import Family
from bench.studies.graph_shape.reading import FamilyReading
from bench.studies.graph_shape.shapes import (
    ALLOCATIONS,
    BASE,
    ENTITIES,
    OF_MIXED_TYPES,
    SHAPES,
    families_of,
    make,
    values_of,
)
from bench.studies.row_shape.measure import TracedAllocation
from common import database_url


class FamilyCost(TypedDict):
    """What so many families take, in bytes per family; and the values of one entity, by table: parents' come first."""

    families: int
    entities: int
    per_family: float
    values: dict[str, float]


class WayRecord(TypedDict):
    """What families take that were loaded in one way, by the name of their shape; and the allocations of one."""

    costs: dict[str, FamilyCost]
    allocations: list[TracedAllocation]


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield what each way to load takes, which does not vary from run to run. Raises UserError."""
    shapes = BASE | SHAPES if full else BASE
    tables = {shape: f"family_{number}" for number, shape in enumerate(shapes)}
    with private_server(1) as server:
        url = database_url()
        values = {}
        for shape, table in tables.items():
            make(url, table, shapes[shape], mixed=shape == OF_MIXED_TYPES)
            values[shape] = dict(values_below(url, table, shapes[shape]))
        jobs = {(way, shape): Job(of(way, tables[shape], family)) for way in names for shape, family in shapes.items()}
        for way in names:
            jobs[way, ""] = Job(of(way, tables[ALLOCATIONS], shapes[ALLOCATIONS], allocations=True))
        outcomes = dict(zip(jobs, process.succeeded(process.run(list(jobs.values()), progress=progress)), strict=True))
    yield {way: measured(way, shapes, outcomes, values, server) for way in names}


def of(way: str, table: str, family: Family, allocations: bool = False) -> FamilyReading:
    return FamilyReading(way, table, family, families_of(family), allocations)


def values_below(url: str, table: str, family: Family) -> Iterator[tuple[str, float]]:
    """Yield the bytes of one row's values, of a table and of those of its relationships."""
    yield table, values_of(url, table, family.columns)
    for index, related in enumerate(family.related):
        yield from values_below(url, f"{table}_{index}", related.family)


def measured(
    way: str,
    shapes: Mapping[str, Family],
    outcomes: Mapping[tuple[str, str], Outcome],
    values: Mapping[str, dict[str, float]],
    server: dict[str, str],
) -> Measured:
    """Return what is stored of one way to load; the outcome of no shape told the allocations apart."""
    costs = {shape: cost(family, outcomes[way, shape].output, values[shape]) for shape, family in shapes.items()}
    told = outcomes[way, ""].output
    own = [outcomes[way, shape] for shape in ("", *shapes)]
    return Measured(WayRecord(costs=costs, allocations=told["allocations"]), ENTITIES, told["versions"] | server, own)


def cost(family: Family, output: Mapping[str, Any], values: dict[str, float]) -> FamilyCost:
    count = families_of(family)
    return FamilyCost(families=count, entities=output["entities"], per_family=output["traced"] / count, values=values)
