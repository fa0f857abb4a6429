"""What is measured: a relation of the reader's, with its children if any are named, and how many rows of it."""

from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from bench.errors import UserError, visible
from bench.layers.names import DROPPING, LAYERS, OTHERS, WAYS, installed
from bench.layers.reading import COUNT
from bench.relations import beforehand, catalog, samples
from bench.relations.children import with_children
from bench.relations.data import Relation
from bench.relations.describing import EXCESS, describe
from bench.relations.locks import locks_named
from bench.relations.redaction import connecting, without_values
from bench.relations.sizes import Size, size_of
from bench.relations.transaction import connect
from common import database_url

# So many bytes of values are read, as the server sends them: the most expensive layer makes ten times as much of some.
MOST_BYTES = samples.BYTES
# A join has no more rows than these: so many rows of entities take half a gigabyte.
MOST_JOINED = 400_000
# Fewer rows make no figure to advise by, for what is fixed weighs in them.
ENOUGH = 1000
# So many bytes of lists and dicts are traced and compared: each of their parts is an object, for which that takes long.
MOST_TRACED = 2 * 2**20
# So many bytes, as the server sends them, are a batch of rows: a few MiB as objects. And how many rows these may be.
BATCH_BYTES = 2 * 2**20
BATCHES = (1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
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
    # Whether this role may write it, and whether policies decide on its rows: the server refuses COPY then.
    writable: bool = True
    policed: bool = False
    # The types of its columns, and of its children's, that are enums.
    enums: frozenset[str] = frozenset()
    # The encoding in which psycopg reads at this address by itself, where that is not UTF-8.
    encoding: str = ""
    # The large tables that are read along columns without an index, and these columns, as SQL has them.
    unindexed: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def layers(self) -> list[str]:
        """The layers that can hold its rows, those of other stacks where they are installed."""
        there = {**LAYERS, **DROPPING, **{name: OTHERS[name] for name in installed()}, **WAYS}
        return [name for name, reader in there.items() if reader.reads(self.relation)]

    @property
    def traced(self) -> int:
        """How many rows are traced, and compared: fewer than are read, where they are large lists or dicts."""
        if self.relation.children or not self.relation.nested:
            return self.size.rows
        return min(self.size.rows, int(MOST_TRACED / self.relation.nested) or 1)

    def enough(self, count: int) -> bool:
        """Return whether so many rows, and their children, are enough that what is fixed weighs little in figures."""
        return count + sum(child.rows for child in self.size.children) >= ENOUGH

    def complete(self, count: int) -> bool:
        return not self.relation.sample and count < self.limit


def look_at(text: str, timeout: int, count: bool, rows: int = COUNT, children: str | None = None) -> Subject:
    """Return what a name or a query means there, with the children of that name; all rows are counted if asked for.

    Raises UserError.
    """
    with connecting():  # where a role's statement_timeout still counts, and not ours
        connection = connect(database_url(), timeout)
    with without_values(), locks_named(timeout), connection:
        relation = describe(connection, text, rows)
        if children is None:
            subject = narrowed(relation, rows)
        else:
            with catalog.catalog_first(connection):
                relation = with_children(connection, relation, children)
                subject = fitted(connection, relation, text, rows)
        with catalog.catalog_first(connection):
            total = catalog.row_estimate(connection, relation.oid)
            writable, policed = catalog.rights(connection, relation.oid)
            stored = {column.stored for table in subject.relation.tables for column in table.columns}
            enums = catalog.enums(connection, stored)
            encoding = beforehand.own_encoding(connection, database_url())
            unindexed = beforehand.unindexed(connection, subject.relation)
        if count:
            total = catalog.row_count(connection, relation.source)
        connection.rollback()  # not even a notification is sent
    subject = replace(subject, total=total, counted=count, writable=writable, policed=policed)
    return replace(subject, enums=enums, encoding=encoding, unindexed=unindexed)


def narrowed(relation: Relation, rows: int) -> Subject:
    """Return so many rows of a relation, or fewer where they are wide."""
    limit = min(rows, int(MOST_BYTES / (relation.width or 1)) or 1)
    count = EXCESS * limit if relation.sample else limit
    return in_batches(Subject(relation, rows, limit, Size(count, count)))


def in_batches(subject: Subject) -> Subject:
    """Return the subject with so many rows to a batch that these, and their children, take some MiB."""
    relation, size = subject.relation, subject.size
    children = zip(relation.children, size.children, strict=True)
    width = relation.width + sum(child.relation.width * each.rows for child, each in children) / (size.rows or 1)
    return replace(
        subject, relation=replace(relation, batch=next((rows for rows in BATCHES if rows * width <= BATCH_BYTES), 1))
    )


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
            return in_batches(Subject(relation, rows, size.rows if fewer else rows, size))
        if large == 1:
            name = visible(relation.name)
            raise UserError(f"one row of {name} alone has too many children: joined, more than {most:,} rows")
        fewer = max(1, int(AIM * size.rows * most / size.joined))
        count = min(fewer, large - 1) if large else fewer
        if relation.sample and not large:
            relation = replace(relation, sample=describe(connection, text, fewer).sample)
            count = EXCESS * count if relation.sample else count
