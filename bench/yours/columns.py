"""The tables of the columns: what each takes of a row, the largest first, and how long its values are."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.errors import visible
from bench.layers.figures import Figures
from bench.layers.weights import TableWeights
from bench.look.tables import Column, Table
from bench.nouns import counted
from bench.relations.data import Relation

# So many columns are shown, and so many characters of a name in a terminal; and how long the longest bar is.
MOST, LONGEST_NAME, LONGEST_BAR = 20, 16, 8


@dataclass(frozen=True)
class ColumnLine:
    """What is shown of a column, or of all others, or of all."""

    name: str
    size: float
    nulls: str = ""
    lengths: tuple[str, str, str, str] = ("", "", "", "")
    bar: str = ""


def tables(relation: Relation, figures: Figures) -> Iterator[Table[ColumnLine]]:
    for place, weights in enumerate(figures.weights, 1):
        name = visible(weights.table.name or "the query")
        each = f", {weights.share:,.1f} distinct ones per parent" if weights.table.oid != relation.oid else ""
        if not relation.children and (rows := weights.columns[0]["rows"]) < figures.count:
            each = f", by the first {counted(rows, 'row')}"
        total = weights.size if relation.children else figures.values or weights.size
        note = NOTE if place == len(figures.weights) else ""
        yield Table(f"The columns of a row of {name}{each}", COLUMNS, list(lines(weights, total)), note=note)


def lines(weights: TableWeights, total: float) -> Iterator[ColumnLine]:
    largest = weights.largest
    longest = largest[0][1]["size"] or 1
    for column, weighed in largest[:MOST]:
        unit = weighed["unit"]
        lengths = [f"{weighed[key]:,}" if unit else "" for key in ("median", "high", "most")]
        yield ColumnLine(
            column.name,
            weighed["size"],
            share(weighed["nulls"]),
            (lengths[0], lengths[1], lengths[2], unit),
            block() * round(LONGEST_BAR * weighed["size"] / longest),
        )
    if others := largest[MOST:]:
        yield ColumnLine(counted(len(others), "other"), sum(weighed["size"] for _, weighed in others))
    yield ColumnLine("all", total)


def share(nulls: float) -> str:
    return "" if not nulls else "<1%" if nulls < 0.005 else f"{nulls:.0%}"


def block() -> str:
    return "█" if "utf" in (sys.stdout.encoding or "").lower() else "#"


def cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


COLUMNS: list[Column[ColumnLine]] = [
    Column("Column", "", lambda line: visible(line.name), lambda line: cut(visible(line.name)), text=True),
    Column("Bytes per row", "bytes/row", lambda line: f"{max(line.size, 0):,.0f}"),
    Column("NULL", "NULL", lambda line: line.nulls),
    Column("Median", "median", lambda line: line.lengths[0]),
    Column("95 %", "95 %", lambda line: line.lengths[1]),
    Column("Largest", "most", lambda line: line.lengths[2]),
    Column("Counted", "", lambda line: line.lengths[3], text=True),
    Column("Share", "", lambda line: line.bar, text=True),
]
NOTE = "bytes/row: of Python's objects; median, 95 %, most: how long the values are that are not NULL."


def as_json(figures: Figures) -> list[dict[str, Any]]:
    return [
        {
            "relation": weights.table.sql_name or None,
            "per_row": weights.share,
            "bytes": weights.size,
            "columns": [{"name": column.name, **weighed} for column, weighed in weights.largest],
        }
        for weights in figures.weights
    ]
