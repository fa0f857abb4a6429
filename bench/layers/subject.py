"""What is measured: a relation of the reader's, with its children if any are named, and how many rows of it."""

from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from bench.errors import UserError, visible
from bench.layers.names import DROPPING, LAYERS, OTHERS, WAYS, installed
from bench.layers.reading import COUNT
from bench.relations import catalog, samples
from bench.relations.children import with_children
from bench.relations.data import Relation
from bench.relations.describing import EXCESS, describe
from bench.relations.redaction import without_values
from bench.relations.sizes import Size, size_of
from bench.relations.transaction import connect
from common import database_url

# So many bytes of values are read, as the server sends them: the most expensive layer makes ten times as much of some.
MOST_BYTES = samples.BYTES
# A join has no more rows than these: so many rows of entities take half a gigabyte.
MOST_JOINED = 400_000
# What is aimed at where there are more.
AIM = 0.9


@dataclass(frozen=True)
class Subject:
    """What is measured, and what the server knows of it."""

    relation: Relation
    # How many rows were asked for, how many are read at most, and what that is where the server has counted.
    asked: int = COUNT
    limit: int = COUNT
    size: Size = field(default=Size(COUNT, COUNT))
    # How many rows it has, if that is known, and whether they were counted.
    total: int | None = None
    counted: bool = False

    @property
    def layers(self) -> list[str]:
        """The layers that can hold its rows, those of other stacks where they are installed."""
        there = {**LAYERS, **DROPPING, **{name: OTHERS[name] for name in installed()}, **WAYS}
        return [name for name, reader in there.items() if reader.reads(self.relation)]

    def complete(self, count: int) -> bool:
        return not self.relation.sample and count < self.limit


def look_at(text: str, timeout: int, count: bool, rows: int = COUNT, children: str | None = None) -> Subject:
    """Return what a name or a query means there, with the children of that name; all rows are counted if asked for.

    Raises UserError.
    """
    with without_values(), connect(database_url(), timeout) as connection:
        relation = describe(connection, text, rows)
        if children is None:
            subject = narrowed(relation, rows)
        else:
            with catalog.catalog_first(connection):
                subject = fitted(connection, with_children(connection, relation, children), text, rows)
        with catalog.catalog_first(connection):
            total = catalog.row_estimate(connection, relation.oid)
        if count:
            total = catalog.row_count(connection, relation.source)
        connection.rollback()  # not even a notification is sent
    return replace(subject, total=total, counted=count)


def narrowed(relation: Relation, rows: int) -> Subject:
    """Return so many rows of a relation, or fewer where they are wide."""
    limit = min(rows, int(MOST_BYTES / (relation.width or 1)) or 1)
    count = EXCESS * limit if relation.sample else limit
    return Subject(relation, rows, limit, Size(count, count))


def fitted(connection: "psycopg.Connection[Any]", relation: Relation, text: str, rows: int) -> Subject:
    """Return so many rows of a relation with children, or fewer where they have many or are wide.

    Raises UserError where a single one has too many.
    """
    width = sum(table.width for table in relation.tables) or 1
    most = min(MOST_JOINED, int(MOST_BYTES / width) or 1)
    count, fewer = EXCESS * rows if relation.sample else rows, 0
    while True:
        size, large = size_of(connection, relation, count, most)
        if size.joined <= most:
            return Subject(relation, rows, size.rows if fewer else rows, size)
        if large == 1:
            name = visible(relation.name)
            raise UserError(f"one row of {name} alone has too many children: joined, more than {most:,} rows")
        fewer = max(1, int(AIM * size.rows * most / size.joined))
        count = min(fewer, large - 1) if large else fewer
        if relation.sample and not large:
            relation = replace(relation, sample=describe(connection, text, fewer).sample)
            count = EXCESS * count if relation.sample else count
