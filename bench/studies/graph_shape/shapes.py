"""The families that are measured: the base, from which the parts follow, and others to predict; and their tables."""

from collections.abc import Sequence
from typing import Any

import psycopg

from bench.layers.values import of_rows
from bench.studies.graph_shape.model import Family, Related
from bench.studies.graph_shape.reading import LEAST, WARM_UP, key_of
from bench.studies.row_shape.shapes import BIGINT, BOOLEAN, INTEGER, NULL, NUMERIC, TEXT, TIME, Kind

# The columns of most families, keys included, and of one that tells what a column takes.
FEW, WIDE = 3, 20
# So many entities a graph has: enough for what is fixed to be little.
ENTITIES = 4_000
# What the columns without keys hold, in turns; else integers alone.
MIXED = (TEXT, NUMERIC, TIME, INTEGER, BOOLEAN, BIGINT, NULL)


def children(*counts: int, columns: int = FEW, related: tuple[Related, ...] = ()) -> Related:
    """Return a collection: parents have these numbers of children in turn."""
    return Related(Family(columns, related=related), counts)


def parent(columns: int = FEW, sharing: int = 1) -> Related:
    """Return a reference to a parent, to which so many refer."""
    return Related(Family(columns), sharing=sharing)


def family(*related: Related, columns: int = FEW) -> Family:
    return Family(columns, related=related)


BASE = {
    "no children": family(children(0)),
    "one child": family(children(1)),
    "eight children": family(children(8)),
    "eight wider children": family(children(8, columns=WIDE)),
    "two collections of one": family(children(1), children(1)),
}
SHAPES = {
    "2 children": family(children(2)),
    "10 children": family(children(10)),
    "50 children": family(children(50)),
    "0, 1, 2 or 13 children": family(children(0, 1, 2, 13)),
    "12 columns, 4 children of 8": family(children(4, columns=8), columns=12),
    "9 columns, 4 children of 10, of mixed types": family(children(4, columns=10), columns=9),
    "3 children, with 2 each": family(children(3, related=(children(2),))),
    "4 children and 2 others": family(children(4), children(2)),
    "14 columns, 4, 2 and 3 children": family(children(4), children(2), children(3), columns=14),
    "a parent of its own": family(parent()),
    "6 columns, a parent for 4": family(parent(sharing=4), columns=6),
    "5 children, with a parent for 3": family(children(5, related=(parent(sharing=3),))),
}
OF_MIXED_TYPES = "9 columns, 4 children of 10, of mixed types"
# Whose allocations are told apart.
ALLOCATIONS = "one child"


def families_of(family: Family) -> int:
    """Return how many families are measured: as many of each number of children."""
    return int(ENTITIES / family.entities) // 4 * 4


def make(url: str, name: str, family: Family, mixed: bool) -> None:
    """Make the tables of a family, its parents' under that name. Raises psycopg.Error."""
    with psycopg.connect(url, autocommit=True) as connection:
        parents = 1 + WARM_UP + families_of(family)
        kinds = MIXED if mixed else (INTEGER,)
        _make(connection, name, family, f"generate_series(1, {parents}) AS i", (), parents, kinds)


def _make(
    connection: psycopg.Connection,
    name: str,
    family: Family,
    source: str,
    keys: Sequence[str],
    rows: float,
    kinds: Sequence[Kind],
) -> None:
    """Make a table of `rows` rows or so, from a source of their numbers and keys; then those of its relationships."""
    columns = [f"{LEAST} - 1 + i AS id", *keys]
    for index, related in enumerate(family.related):
        if not related.counts:
            columns.append(f"{LEAST} + (i - 1) / {related.sharing} AS {key_of(index)}")
    for number in range(len(columns), family.columns):
        columns.append(f"{kinds[number % len(kinds)].sql} AS column_{number + 1}")
    connection.execute(f"CREATE TABLE {name} AS SELECT {', '.join(columns)} FROM {source}".encode())
    connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (id)".encode())
    for index, related in enumerate(family.related):
        below = f"{name}_{index}"
        keys = ("owner",) if related.counts else ()
        _make(connection, below, related.family, _source(name, related, rows), keys, rows * related.mean, kinds)
        if related.counts:
            connection.execute(f"CREATE INDEX ON {below} (owner)".encode())


def _source(owner: str, related: Related, rows: float) -> str:
    """Return where the rows of a relationship come from: some for each of its owners, or some to which these refer."""
    if not related.counts:
        return f"generate_series(1, {int(rows / related.sharing) + 1}) AS i"
    counts, turn = ", ".join(map(str, related.counts)), f"(id - {LEAST} - 1) % {len(related.counts)} + 1"
    several = f"generate_series(1, CASE id WHEN {LEAST} THEN 1 ELSE (ARRAY[{counts}])[{turn}] END)"
    return f"(SELECT row_number() OVER (ORDER BY id)::int AS i, id AS owner FROM {owner}, {several}) AS children"


def values_of(url: str, table: str, columns: int) -> float:
    """Return the bytes of a row's values, as psycopg reads them. Raises psycopg.Error."""
    with psycopg.connect(url) as connection:
        rows: list[Any] = connection.execute(f"SELECT * FROM {table} LIMIT 1000".encode()).fetchall()
    return sum(column["size"] for column in of_rows(rows, [""] * columns)) / len(rows) if rows else 0
