"""What does a row of another shape cost, in each layer: with more columns, or of other types? On a server of its own.

A row's cost is its overhead, which depends on the layer and on the number of columns, and its values, which cost the
same in every layer. Overheads and values are measured apart; three tables that took no part say whether that is true.
"""

import sys
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from common import database_url
from layers.readers import COUNT, LAYERS, Reading
from layers.relations import Relation
from report.tables import Table
from runner import processes, results
from runner.database import private_server
from runner.processes import Job
from runner.progress import Bar
from runner.results import Part, Parts
from studies.row_shape import readme
from studies.row_shape import tables as shown
from studies.row_shape.cost_model import TUPLE
from studies.row_shape.shapes import COLUMNS, NULL, SHOWN, TABLES, Key, make, shapes_of

NAME = "row_shape"
BLOCKS = Key("blocks", "")
# How many columns the rows have whose blocks are told apart: as many as the scenarios' rows have.
OF_BLOCKS = "3"
# What the processes said, by what each of them tells.
Said = dict[Key, dict[str, Any]]


def sources() -> dict[str, list[Path]]:
    """Return the files that decide each layer's part, by its name."""
    names = (
        "layers/__main__",
        "layers/readers",
        "layers/other_readers",
        "layers/blocks",
        "layers/relations",
        "runner/processes",
        "runner/database",
    )
    measuring = (Path(f"{name}.py") for name in names)
    files = [*measuring, Path("studies", "row_shape", "shapes.py"), Path("common.py"), Path("poetry.lock")]
    return dict.fromkeys(LAYERS, files)


def measure(names: Container[str], repeats: int | None, full: bool) -> Iterator[Parts]:
    """Yield every layer's figures, which do not vary from run to run; and the tuple's always. Raises UserError."""
    layers = [layer for layer in LAYERS if layer in names or layer == TUPLE]
    shapes = shapes_of(COLUMNS, TABLES) if full else shapes_of(SHOWN, {})
    with private_server(1):
        url = database_url()
        relations = {key: make(url, key.name, fields) for key, fields in shapes.items()}
        jobs = {layer: jobs_of(layer, relations) for layer in layers}
        together = [job for of_layer in jobs.values() for job in of_layer.values()]
        with Bar(len(together)) as bar:
            output = dict(zip(together, processes.outputs(processes.run(together, [], bar)), strict=True))
    said = {layer: {key: output[job] for key, job in of_layer.items()} for layer, of_layer in jobs.items()}
    yield {layer: part(said[layer], said[TUPLE]) for layer in layers}


def jobs_of(layer: str, relations: Mapping[Key, Relation]) -> dict[Key, Job]:
    """Return the processes that measure a layer, by what each of them tells."""
    readings = {key: Reading(layer, relation, COUNT) for key, relation in relations.items()}
    blocks = Reading(layer, relations[Key("overheads", OF_BLOCKS)], COUNT, blocks=True)
    return {key: Job(reading) for key, reading in (readings | {BLOCKS: blocks}).items()}


def part(said: Said, tuples: Said) -> Part:
    """Return what is stored of a layer; what the tuples of the same tables take says what the values do.

    In bytes per row: `overheads` by number of columns, `values` by kind, and whole `tables` by name; and the `blocks`.
    """
    # The size of a tuple is that with the header that the garbage collector wants, as it is traced.
    values = {name: size - sys.getsizeof((None,) * int(name)) for name, size in per_row(tuples, "overheads").items()}
    kinds = per_row(said, "values")
    return results.part(
        COUNT,
        said[BLOCKS]["versions"],
        overheads={name: size - values[name] for name, size in per_row(said, "overheads").items()},
        values={name: size - kinds[NULL.name] for name, size in kinds.items()},
        tables=per_row(said, "tables"),
        blocks=said[BLOCKS]["blocks"],
    )


def per_row(said: Said, group: str) -> dict[str, float]:
    """Return the traced bytes per row of a group's tables, by name."""
    return {key.name: one["traced"] / one["count"] for key, one in said.items() if key.group == group}


def tables(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the overheads, the values, how well they predict, and of what blocks a row consists."""
    return shown.full({name: part for name, part in parts.items() if name in new}, parts)


def summary(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the overheads and the values for a terminal."""
    return shown.short({name: part for name, part in parts.items() if name in new}, parts)


def blocks(parts: Parts) -> dict[str, str]:
    """Return README's blocks by their marker."""
    return readme.blocks(parts)


def charts(parts: Parts) -> dict[str, str]:
    """Draw the overhead against the number of columns."""
    from studies.row_shape import chart  # it loads matplotlib, which only this needs

    return {"row-shape.svg": chart.overheads(parts)}
