"""What a row of one relation takes in every layer: measured, and split into its values and the layer's overhead."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from common import database_url
from errors import UserError
from layers import relations
from layers.other_readers import SQLMODEL, installed
from layers.readers import LAYERS, Reading
from layers.redaction import without_values
from layers.relations import Relation
from layers.transaction import connect
from runner import processes
from runner.processes import TRACED, UNTRACED, Job, Outcome, Progress

ENTITY, PLAIN = "ORM entity", "psycopg, tuple"
KEYED = (ENTITY, SQLMODEL)


@dataclass(frozen=True)
class Subject:
    """What is measured, and what the server knows of it."""

    relation: Relation
    # How many rows it has, if that is known, and whether they were counted.
    total: int | None = None
    counted: bool = False
    # Whether its key is the primary one.
    primary: bool = True
    # The columns that cannot be NULL.
    required: frozenset[str] = frozenset()
    # All columns, and the table with its schema, as one writes them in SQL.
    sql_names: tuple[str, ...] = ()
    sql_source: str = ""

    @property
    def layers(self) -> list[str]:
        """The layers that can hold its rows, those of other stacks where they are installed: an entity needs a key."""
        return [layer for layer in (*LAYERS, *installed()) if layer not in KEYED or self.relation.key]


@dataclass(frozen=True)
class Figure:
    """What the rows take in one layer: bytes per row, the process's bytes for all of them, and seconds.

    Bytes per row are traced, but for Arrow's, which lie outside Python: they are those of its buffers, and `native`.
    """

    count: int
    traced: float
    process: int
    seconds: float
    native: bool = False


@dataclass(frozen=True)
class Figures:
    """What every layer takes, the least first; or why that is not known."""

    by_layer: Mapping[str, Figure]
    failures: Mapping[str, str] = field(default_factory=dict)
    columns: int = 0

    @property
    def count(self) -> int:
        """How many rows were read."""
        return max(one.count for one in self.by_layer.values())

    @property
    def values(self) -> float | None:
        """Bytes per row of the values themselves: what a plain tuple takes without the tuple."""
        if plain := self.by_layer.get(PLAIN):
            return plain.traced - sys.getsizeof((None,) * self.columns)
        return None


def look_at(text: str, timeout: int, count: bool) -> Subject:
    """Return what a name or a query means there, its rows counted if asked for. Raises UserError."""
    with without_values(), connect(database_url(), timeout) as connection:
        relation = relations.describe(connection, text)
        source = relations.sql_names(connection, [relation.schema, relation.name]) if relation.name else []
        found = Subject(
            relation,
            relations.row_count(connection, relation) if count else relations.row_estimate(connection, relation),
            count,
            relation.key_is_primary,
            frozenset(relations.required(connection, relation)),
            tuple(relations.sql_names(connection, [column.name for column in relation.columns])),
            ".".join(source),
        )
        connection.rollback()  # not even a notification is sent
    return found


def measure(subject: Subject, rows: int, timeout: int, layers: Iterable[str], progress: Progress) -> Figures:
    """Read so many rows in each of these layers, in fresh processes. Raises UserError where every one fails."""
    readings = {layer: Reading(layer, subject.relation, rows, timeout) for layer in layers}
    traced = [Job(one, TRACED) for one in readings.values()]
    untraced = [Job(one, UNTRACED) for one in readings.values()]
    outcomes = processes.run(traced, untraced, progress)
    pairs = zip(outcomes[: len(traced)], outcomes[len(traced) :], strict=True)
    return figures(dict(zip(readings, pairs, strict=True)), len(subject.relation.columns))


def figures(outcomes: Mapping[str, tuple[Outcome, Outcome]], columns: int) -> Figures:
    """Return what each layer's two processes said. Raises UserError where none said anything."""
    found: dict[str, Figure] = {}
    failures: dict[str, str] = {}
    for layer, (traced, untraced) in outcomes.items():
        if error := traced.error or untraced.error:
            failures[layer] = error
            continue
        count = traced.output["count"]
        if not count or untraced.output["count"] != count:
            failures[layer] = "the rows changed meanwhile"
            continue
        native = traced.output.get("native", 0)
        size = (traced.output["traced"] + native) / count
        found[layer] = Figure(count, size, untraced.output["rss"], untraced.output["seconds"], bool(native))
    if not found:
        raise UserError(next(iter(failures.values())))
    return Figures(dict(sorted(found.items(), key=lambda item: item[1].traced)), failures, columns)
