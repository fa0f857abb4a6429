"""Measure rows of many shapes in every layer: their overheads, their values, and of what allocations they consist."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from bench import process
from bench.database import private_server
from bench.layers.allocations import Analysis
from bench.layers.names import READERS, TUPLE
from bench.layers.reading import COUNT, Reading
from bench.process import Progress, unseen
from bench.relations.data import Relation
from bench.runs import UNTRACED, Job, Measured, Outcome
from bench.studies.row_shape import experiments
from bench.studies.row_shape.experiments import Experiment
from bench.studies.row_shape.shapes import (
    COLUMNS,
    FEW,
    NULL,
    SHOWN,
    TABLES,
    VECTORS,
    WIDE,
    ShapeKey,
    make,
    shapes_of,
)
from bench.studies.row_shape.vectors import VectorReading
from common import database_url

ALLOCATIONS = ShapeKey("allocations", "")
# What overheads of still more columns are compared with, measured in as many rows.
WIDEST = str(COLUMNS[-1])
# How many columns the rows have whose allocations are told apart: as many as the scenarios' rows have.
OF_ALLOCATIONS = "3"
# Of how many columns experiments have rows, of how many those whose reading is timed, and how often: in turns.
OF_EXPERIMENTS = ("3", "10", "20", "30")
TIMED = ("3", "20")
TIMES = 5


class TracedAllocation(TypedDict):
    """What one source line allocates in one size for a row: bytes, and how many of them a row has."""

    file: str
    line: int
    text: str
    size: int
    per_row: float


class ExperimentRecord(TypedDict):
    """What an experiment's rows take, by number of columns: overheads in bytes; and the seconds without it and with."""

    overheads: dict[str, float]
    seconds: dict[str, tuple[list[float], list[float]]]


class LayerRecord(TypedDict):
    """Bytes per row: overheads by number of columns, values by kind, whole rows by table; and the allocations.

    The values of tuples include numpy's arrays, which are measured in full only.

    `peaks` is by how much the process grew at most, untraced, for a table's rows; those of no table, if not in full.

    `wide` is by how much the overheads of more columns exceed that of 40; it is measured in full only. Of a layer with
    an experiment, what that changes; None, if it was not made.
    """

    overheads: dict[str, float]
    wide: dict[str, float]
    values: dict[str, float]
    tables: dict[str, float]
    peaks: dict[str, float]
    allocations: list[TracedAllocation]
    experiment: ExperimentRecord | None


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield every layer's figures, which do not vary from run to run; and the tuple's always. Raises UserError."""
    layers = dict.fromkeys([TUPLE, *names])  # a tuple's size is known, and so what the values of its row cost
    shapes = shapes_of(COLUMNS, TABLES, WIDE, VECTORS) if full else shapes_of(SHOWN, {})
    with private_server(1) as server:
        url = database_url()
        relations = {key: make(url, key.name, fields) for key, fields in shapes.items()}
        jobs = {(layer, key): job for layer in layers for key, job in jobs_of(layer, relations, full).items()}
        turn = [job for layer in layers if full for job in timed(layer, relations)]
        outcomes = process.succeeded(process.run(list(jobs.values()), turn * (repeats or TIMES), progress=progress))
    by_layer: dict[str, dict[ShapeKey, Outcome]] = {layer: {} for layer in layers}
    for (layer, key), outcome in zip(jobs, outcomes, strict=False):
        by_layer[layer][key] = outcome
    times = outcomes[len(jobs) :]
    yield {layer: measured(layer, by_layer[layer], by_layer[TUPLE], times, server) for layer in layers}


def jobs_of(layer: str, relations: Mapping[ShapeKey, Relation], full: bool) -> dict[ShapeKey, Job]:
    """Return the processes that measure a layer, by what each of them is for; in full, its experiment's, too."""
    readings = {
        key: Reading(READERS[layer], relation, FEW if key.group == "wide" else COUNT)
        for key, relation in relations.items()
        if key.group != "vectors"
    }
    for key, relation in relations.items() if layer == TUPLE else ():
        if key.group == "vectors":
            readings[key] = VectorReading(READERS[layer], relation, COUNT)
    readings[ALLOCATIONS] = Analysis(READERS[layer], relations[ShapeKey("overheads", OF_ALLOCATIONS)], COUNT)
    if full:
        readings[ShapeKey("wide", WIDEST)] = Reading(READERS[layer], relations[ShapeKey("overheads", WIDEST)], FEW)
    for name in OF_EXPERIMENTS if full and layer in experiments.LAYERS else ():
        readings[ShapeKey("experiment", name)] = Experiment(
            READERS[layer], relations[ShapeKey("overheads", name)], COUNT
        )
    untraced = {ShapeKey("peaks", key.name): reading for key, reading in readings.items() if key.group == "tables"}
    return {key: Job(reading) for key, reading in readings.items()} | {
        key: Job(reading, UNTRACED) for key, reading in untraced.items()
    }


def timed(layer: str, relations: Mapping[ShapeKey, Relation]) -> list[Job]:
    """Return the processes of one turn: a layer's reading without its experiment, if it has one, and with it."""
    return [
        Job(kind(READERS[layer], relations[ShapeKey("overheads", name)], COUNT), UNTRACED)
        for name in TIMED
        for kind in (Reading, Experiment)
        if layer in experiments.LAYERS
    ]


def measured(
    layer: str,
    outcomes: Mapping[ShapeKey, Outcome],
    tuples: Mapping[ShapeKey, Outcome],
    times: Sequence[Outcome],
    server: dict[str, str],
) -> Measured:
    """Return what is stored of a layer; what the tuples of the same tables take says what the values do."""
    # The size of a tuple is that with the header that the garbage collector wants, as it is traced.
    values, values_of_wide = (
        {name: size - sys.getsizeof((None,) * int(name)) for name, size in per_row(tuples, group).items()}
        for group in ("overheads", "wide")
    )
    kinds = per_row(outcomes, "values")
    vectors = per_row(outcomes, "vectors")
    wide = {name: size - values_of_wide[name] for name, size in per_row(outcomes, "wide").items()}
    output = outcomes[ALLOCATIONS].output
    own = [run for run in times if isinstance(run.job.script, Reading) and run.job.script.layer == layer]
    changed = {name: size - values[name] for name, size in per_row(outcomes, "experiment").items()}
    record = LayerRecord(
        overheads={name: size - values[name] for name, size in per_row(outcomes, "overheads").items()},
        wide={name: size - wide[WIDEST] for name, size in wide.items() if name != WIDEST},
        values={name: size - kinds[NULL.name] for name, size in (kinds | vectors).items()},
        tables=per_row(outcomes, "tables"),
        peaks=per_row(outcomes, "peaks", "peak"),
        allocations=output["allocations"],
        experiment=ExperimentRecord(overheads=changed, seconds=seconds(own)) if changed else None,
    )
    return Measured(record, COUNT, output["versions"] | server, [*outcomes.values(), *tuples.values(), *own])


def seconds(times: Sequence[Outcome]) -> dict[str, tuple[list[float], list[float]]]:
    """Return how long it took to read, without a layer's experiment and with it, by number of columns."""
    by_columns: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in TIMED}
    for outcome in times:
        reading = outcome.job.script
        if isinstance(reading, Reading):
            by_columns[reading.relation.name][isinstance(reading, Experiment)].append(outcome.output["seconds"])
    return by_columns


def per_row(outcomes: Mapping[ShapeKey, Outcome], group: str, figure: str = "traced") -> dict[str, float]:
    """Return the bytes per row of a group's tables, by name: the traced ones, or another figure."""
    outputs = {key.name: outcome.output for key, outcome in outcomes.items() if key.group == group}
    return {name: output[figure] / output["count"] for name, output in outputs.items()}
