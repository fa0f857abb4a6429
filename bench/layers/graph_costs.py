"""What parents with their children take in every way to read them: measured, each way in fresh processes."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from bench import process
from bench.errors import UserError, visible
from bench.layers.costs import MOST_BYTES, SESSIONS
from bench.layers.figures import Figure
from bench.layers.graph_readers import ARRAYS, COLUMNS, LAZY, WAYS, GraphReading
from bench.layers.values import Measured
from bench.process import Progress, unseen
from bench.relations import graph_sql, graphs, relations
from bench.relations.graphs import Graph
from bench.relations.redaction import without_values
from bench.relations.relations import EXCESS
from bench.relations.transaction import connect
from bench.runs import TRACED, UNTRACED, Job, Outcome
from common import database_url

# A join has no more rows than these: so many rows of entities take half a gigabyte.
MOST_JOINED = 400_000
# What is aimed at where there are more.
AIM = 0.9


@dataclass(frozen=True)
class ChildSize:
    """How many rows of one child there are, how many one parent has at most, and which parent is the first to have any.

    A parent is a row of the root, also where the child is a child's child.
    """

    rows: int
    most: int
    first: int


@dataclass(frozen=True)
class Size:
    """How many parents are read, how many rows their join has at most, and what each child has."""

    parents: int
    joined: int
    children: tuple[ChildSize, ...]

    @property
    def rows(self) -> int:
        """How many rows of all tables are read."""
        return self.parents + sum(child.rows for child in self.children)


@dataclass(frozen=True)
class GraphSubject:
    """What is measured, and what the server knows of it."""

    graph: Graph
    size: Size
    # How many parents were asked for, and how many there are, if that is known, and whether they were counted.
    asked: int
    total: int | None = None
    counted: bool = False
    # Whether fewer are read, because they have many children.
    fewer: bool = False
    # The root's name with its schema, as one writes it in SQL.
    sql_source: str = ""

    @property
    def layers(self) -> list[str]:
        """The ways that can read it: an entity needs a key, and an array a collection."""
        columns = [COLUMNS, *([ARRAYS] if any(child.many for child in self.graph.children) else [])]
        return columns if self.graph.keyless else [way for way in WAYS if way != ARRAYS or way in columns]

    @property
    def complete(self) -> bool:
        """Whether all parents are read."""
        return not (self.fewer or self.graph.root.sample) and self.size.parents < self.asked


@dataclass(frozen=True)
class GraphFigure(Figure):
    """What the parents take in one way; the bytes are per parent, at the peak, too."""

    traced_peak: float = 0
    # How many rows came over the wire, in how many statements.
    rows: int = 0
    statements: int = 0
    # Of how many parents the figures are, where they were multiplied.
    sample: int = 0


@dataclass(frozen=True)
class GraphFigures:
    """What every way takes, the least first; or why that is not known."""

    by_layer: Mapping[str, GraphFigure]
    failures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def look_at(text: str, children: str, timeout: int, count: bool, rows: int) -> GraphSubject:
    """Return what a table's name and the names of its children mean there. Raises UserError."""
    with without_values(), connect(database_url(), timeout) as connection:
        root = relations.describe(connection, text, rows)
        graph, size, fewer = fitted(connection, graphs.describe(connection, root, children), text, rows)
        total = relations.row_count(connection, root) if count else relations.row_estimate(connection, root)
        connection.rollback()  # not even a notification is sent
    return GraphSubject(graph, size, rows, total, count, fewer, graph_sql.table(graph, 0))


def fitted(connection: "psycopg.Connection[Any]", graph: Graph, text: str, rows: int) -> tuple[Graph, Size, bool]:
    """Return the graph, its size, and whether that has fewer parents because so many have too many rows.

    Raises UserError where a single parent has.
    """
    width = sum(relation.width for relation in graph.relations) or 1
    most = min(MOST_JOINED, int(MOST_BYTES / width) or 1)
    count, reduced = EXCESS * rows if graph.root.sample else rows, False
    while True:
        size, large = sized(connection, graph, count, most)
        if size.joined <= most:
            return graph, size, reduced
        reduced = True
        if large == 1:
            name = visible(graph.root.name)
            raise UserError(f"one row of {name} alone has too many children: joined, more than {most:,} rows")
        fewer = max(1, int(AIM * size.parents * most / size.joined))
        count = min(fewer, large - 1) if large else fewer
        if graph.root.sample and not large:
            root = replace(graph.root, sample=relations.describe(connection, text, fewer).sample)
            graph, count = replace(graph, root=root), EXCESS * count if root.sample else count


def sized(connection: "psycopg.Connection[Any]", graph: Graph, count: int, most: int) -> tuple[Size, int]:
    """Return what so many parents have, and the number of the first that alone has more than `most` rows, else 0."""
    found = connection.execute(graph_sql.sizes(graph, count, most).encode()).fetchone()
    assert found
    parents, joined, large, *others = (int(one or 0) for one in found)
    children = tuple(ChildSize(*others[place : place + 3]) for place in range(0, len(others), 3))
    return Size(parents, joined, children), large


def measure(subject: GraphSubject, timeout: int, ways: Iterable[str], progress: Progress = unseen) -> GraphFigures:
    """Read the parents with their children in each of these ways. Raises UserError where every way fails."""
    size, first = subject.size, max((child.first for child in subject.size.children), default=1)
    with tempfile.NamedTemporaryFile() as turns:
        readings = [
            GraphReading(
                way,
                subject.graph,
                size.parents,
                size.joined if way == COLUMNS else size.parents,
                max(first, 1),
                timeout,
                turns.name,
            )
            for way in ways
        ]
        jobs = [Job(one, instrument) for instrument in (TRACED, UNTRACED) for one in readings]
        outcomes = process.run(jobs, workers=SESSIONS, progress=progress)
    pairs = zip(outcomes[: len(readings)], outcomes[len(readings) :], strict=True)
    return figures({one.layer: pair for one, pair in zip(readings, pairs, strict=True)}, size.parents)


def figures(outcomes: Mapping[str, tuple[Outcome, Outcome]], parents: int) -> GraphFigures:
    """Return what each way's two processes found. Raises UserError where none found anything."""
    found: dict[str, GraphFigure] = {}
    failures: dict[str, str] = {}
    for way, (traced, untraced) in outcomes.items():
        if error := traced.error or untraced.error:
            failures[way] = error
        elif not traced.output["count"] or not untraced.output["count"]:
            failures[way] = "it found no rows"
        else:
            found[way] = figure(way, traced.output, untraced.output, parents)
    if not found:
        raise UserError(next(iter(failures.values())))
    ordered = dict(sorted(found.items(), key=lambda item: item[1].traced))
    return GraphFigures(ordered, failures, tuple(other_rows(outcomes, found, parents)))


def figure(way: str, traced: Measured, untraced: Measured, parents: int) -> GraphFigure:
    """Return what the two processes of one way measured; those of a sample of the parents are multiplied."""
    own, share = traced["count"], 1.0
    if way == LAZY:
        share = parents / untraced["count"]
    elif way == COLUMNS:
        own = parents
    return GraphFigure(
        parents,
        traced["traced"] / own,
        round(untraced["kept"] * share),
        round(untraced["peak"] * share),
        untraced["seconds"] * share,
        objects=traced.get("objects", 0),
        traced_peak=traced["traced_peak"] / own,
        rows=round(untraced["wire_rows"] * share),
        statements=round(untraced["statements"] * share),
        sample=untraced["count"] if share > 1 else 0,
    )


def other_rows(
    outcomes: Mapping[str, tuple[Outcome, Outcome]], found: Mapping[str, GraphFigure], parents: int
) -> Iterator[str]:
    """Yield that not all read the same parents, if so."""
    counts = {one.output["count"] for way in found if way not in (LAZY, COLUMNS) for one in outcomes[way]}
    if counts - {parents}:
        yield "Not all ways read the same rows, for somebody wrote meanwhile."
