"""Measure rows of many shapes in every layer: their overheads, their values, and of what allocations they consist."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from common import database_url
from layers.readers import COUNT, Reading
from layers.relations import Relation
from runner import processes
from runner.database import private_server
from runner.processes import Job, Measured, Outcome
from studies.row_shape.shapes import COLUMNS, NULL, SHOWN, TABLES, Key, make, shapes_of

# Its rows are a tuple and the values: what these cost is known from it.
TUPLE = "psycopg, tuple"
ALLOCATIONS = Key("allocations", "")
# How many columns the rows have whose allocations are told apart: as many as the scenarios' rows have.
OF_ALLOCATIONS = "3"


class Allocation(TypedDict):
    """What one source line allocates in one size for a row: bytes, and how many of them a row has."""

    file: str
    line: int
    text: str
    size: int
    per_row: float


class Layer(TypedDict):
    """Bytes per row: overheads by number of columns, values by kind, whole rows by table; and the allocations."""

    overheads: dict[str, float]
    values: dict[str, float]
    tables: dict[str, float]
    allocations: list[Allocation]


def measure(names: Sequence[str], repeats: int | None, full: bool) -> Iterator[dict[str, Measured]]:
    """Yield every layer's figures, which do not vary from run to run; and the tuple's always. Raises UserError."""
    layers = dict.fromkeys([TUPLE, *names])
    shapes = shapes_of(COLUMNS, TABLES) if full else shapes_of(SHOWN, {})
    with private_server(1):
        url = database_url()
        relations = {key: make(url, key.name, fields) for key, fields in shapes.items()}
        jobs = {(layer, key): job for layer in layers for key, job in jobs_of(layer, relations).items()}
        found = dict(zip(jobs, processes.succeeded(processes.run(list(jobs.values()))), strict=True))
    outcomes = {layer: {key: one for (of, key), one in found.items() if of == layer} for layer in layers}
    yield {layer: measured(outcomes[layer], outcomes[TUPLE]) for layer in layers}


def jobs_of(layer: str, relations: Mapping[Key, Relation]) -> dict[Key, Job]:
    """Return the processes that measure a layer, by what each of them is for."""
    readings = {key: Reading(layer, relation, COUNT) for key, relation in relations.items()}
    allocations = Reading(layer, relations[Key("overheads", OF_ALLOCATIONS)], COUNT, allocations=True)
    return {key: Job(reading) for key, reading in (readings | {ALLOCATIONS: allocations}).items()}


def measured(found: Mapping[Key, Outcome], tuples: Mapping[Key, Outcome]) -> Measured:
    """Return what is stored of a layer; what the tuples of the same tables take says what the values do."""
    # The size of a tuple is that with the header that the garbage collector wants, as it is traced.
    values = {name: size - sys.getsizeof((None,) * int(name)) for name, size in per_row(tuples, "overheads").items()}
    kinds = per_row(found, "values")
    output = found[ALLOCATIONS].output
    layer = Layer(
        overheads={name: size - values[name] for name, size in per_row(found, "overheads").items()},
        values={name: size - kinds[NULL.name] for name, size in kinds.items()},
        tables=per_row(found, "tables"),
        allocations=output["allocations"],
    )
    return Measured(layer, COUNT, output["versions"], [*found.values(), *tuples.values()])


def per_row(found: Mapping[Key, Outcome], group: str) -> dict[str, float]:
    """Return the traced bytes per row of a group's tables, by name."""
    outputs = {key.name: one.output for key, one in found.items() if key.group == group}
    return {name: output["traced"] / output["count"] for name, output in outputs.items()}
