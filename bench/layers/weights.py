"""What the columns of each table take, and which of them takes half of it all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.layers.subject import Subject, in_batches
from bench.layers.values import Weighed
from bench.layers.weighing import distinct
from bench.relations.data import ReadColumn, Relation

# What is told of a column first takes such a share of all values, and so many bytes of each row.
HALF, WIDE_BYTES = 0.5, 200


@dataclass(frozen=True)
class TableWeights:
    """What each column of a table takes, in bytes of each of its rows; these are `share` for each row of the root."""

    table: Relation
    columns: tuple[Weighed, ...]
    share: float = 1

    @property
    def size(self) -> float:
        return sum(column["size"] for column in self.columns)

    @property
    def largest(self) -> list[tuple[ReadColumn, Weighed]]:
        pairs = zip(self.table.read, self.columns, strict=True)
        return sorted(pairs, key=lambda pair: -pair[1]["size"])


@dataclass(frozen=True)
class WideColumn:
    """A column that takes half of all values, or more: in bytes of each row of the root, as all of them are."""

    table: Relation
    column: ReadColumn
    size: float
    of: float


def weights_of(relation: Relation, weighed: Sequence[Sequence[Weighed]], rows: int) -> tuple[TableWeights, ...]:
    """Return what the columns of the tables take, of which so many rows of the root were read."""
    return tuple(
        TableWeights(table, tuple(columns), columns[0]["rows"] / rows)
        for table, columns in zip(distinct(relation), weighed, strict=bool(weighed))
        if columns[0]["rows"]
    )


def wide_of(relation: Relation, weights: Sequence[TableWeights]) -> WideColumn | None:
    """Return the column that takes half of all values, unless it is the only one, or a key's."""
    size = sum(table.size * table.share for table in weights)
    for table in weights:
        column, weighed = table.largest[0]
        needed = len(table.columns) == 1 or column.name in table.table.key or column.name in linking(relation)
        if (own := weighed["size"] * table.share) >= max(HALF * size, WIDE_BYTES) and not needed:
            return WideColumn(table.table, column, own, size)
    return None


def linking(relation: Relation) -> set[str]:
    """Return the names of all columns along which children are read."""
    steps = [step for child in relation.children for step in child.link.steps]
    return {name for step in steps for name in (*step.here, *step.there)}


def without(subject: Subject, wide: WideColumn) -> Subject:
    """Return the subject with a column of one of its tables left unread, wherever that table is read."""

    def lighter(table: Relation) -> Relation:
        own = table.oid == wide.table.oid
        return replace(table, deferred=table.deferred | {wide.column.name}) if own else table

    relation = subject.relation
    children = tuple(replace(child, relation=lighter(child.relation)) for child in relation.children)
    return in_batches(replace(subject, relation=replace(lighter(relation), children=children)))
