"""What the page shows of frames: what a row of each shape takes in them, and in what other stacks keep."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.layers.names import ARROW, CORE, DJANGO, ENTITY, PANDAS, PANDAS_ARROW, POLARS, RECORD, TUPLE
from bench.look.tables import Column, Table, whole
from bench.results import Results
from bench.studies.frames.measure import SHAPES

NAMES = (ENTITY, DJANGO, CORE, RECORD, TUPLE, PANDAS, PANDAS_ARROW, ARROW, POLARS)


@dataclass(frozen=True)
class StackShapes:
    """What rows take with one stack, in bytes per row by table: kept, wherever it lies, and at the process's peak."""

    layer: str
    kept: Mapping[str, float]
    peaks: Mapping[str, float]


Stacks = Mapping[str, StackShapes]


def figures(results: Results) -> Stacks:
    return {
        layer: StackShapes(
            layer, {table: record["traced"][table] + record["native"][table] for table in SHAPES}, record["peaks"]
        )
        for layer, record in results.records.items()
    }


def tables(stacks: Stacks, new: Container[str]) -> list[Table[Any]]:
    columns = [
        Column[StackShapes]("Stack", "", lambda stack: stack.layer, text=True),
        *(column for table in SHAPES for column in of_table(table)),
    ]
    title = "A row of three shapes, bytes: kept, and at the process's peak"
    return [Table(title, columns, [stacks[layer] for layer in stacks if layer in new])]


def of_table(table: str) -> Iterator[Column[StackShapes]]:
    named = f"`{table}`, {len(SHAPES[table])} columns"
    yield Column(named, table, lambda stack: whole(stack.kept[table]))
    yield Column("at the peak", "peak", lambda stack: whole(stack.peaks[table]))


def blocks(stacks: Stacks) -> dict[str, str]:
    [table] = tables(stacks, stacks)
    return {"frames": f"{shares(stacks)}\n\n{table.markdown()}"}


def shares(stacks: Stacks) -> str:
    """Return in a sentence what part of a tuple's row a frame's takes, by table."""
    plain = stacks[TUPLE].kept
    told = (
        f"{' and '.join(f'{stacks[layer].kept[table] / plain[table]:.0%}' for layer in (PANDAS, PANDAS_ARROW))} "
        f"of `{table}`"
        for table in SHAPES
    )
    return f"Of what a tuple of psycopg's takes, a frame of numpy's types and one of Arrow's keep {'; '.join(told)}."


def charts(stacks: Stacks) -> dict[str, str]:
    return {}
