"""What a row of one relation takes in every layer: measured, and split into its values and the layer's overhead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common import database_url
from errors import UserError
from layers import relations
from layers.figures import Comparison, Figure, Figures
from layers.other_readers import SQLMODEL, installed
from layers.readers import COUNT, DROPPING, LAYERS, Reading
from layers.redaction import without_values
from layers.relations import Relation
from layers.transaction import connect
from layers.values import Measured
from runner import processes
from runner.processes import TRACED, UNTRACED, Job, Outcome

STREAMED = "ORM entity, streamed"
KEYED = ("ORM entity", STREAMED, SQLMODEL)


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
        return [layer for layer in (*LAYERS, *DROPPING, *installed()) if layer not in KEYED or self.relation.key]


def look_at(text: str, timeout: int, count: bool, rows: int = COUNT) -> Subject:
    """Return what a name or a query means there, by its first rows; all are counted if asked for. Raises UserError."""
    with without_values(), connect(database_url(), timeout) as connection:
        relation = relations.describe(connection, text, rows)
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


def measure(subject: Subject, rows: int, timeout: int, layers: Iterable[str]) -> Figures:
    """Read so many rows in each of these layers, in fresh processes. Raises UserError where every one fails."""
    readings = {layer: Reading(layer, subject.relation, rows, timeout) for layer in layers}
    traced = [Job(one, TRACED) for one in readings.values()]
    untraced = [Job(one, UNTRACED) for one in readings.values()]
    outcomes = processes.run(traced, untraced)
    pairs = zip(outcomes[: len(traced)], outcomes[len(traced) :], strict=True)
    return figures(dict(zip(readings, pairs, strict=True)), subject.relation)


def figures(outcomes: Mapping[str, tuple[Outcome, Outcome]], relation: Relation) -> Figures:
    """Return what each layer's two processes found. Raises UserError where none found anything."""
    found: dict[str, Figure] = {}
    failures: dict[str, str] = {}
    for layer, (traced, untraced) in outcomes.items():
        if error := traced.error or untraced.error:
            failures[layer] = error
        elif not traced.output["count"] or untraced.output["count"] != traced.output["count"]:
            failures[layer] = "the rows changed meanwhile"
        else:
            found[layer] = figure(traced.output, untraced.output)
    if not found:
        raise UserError(next(iter(failures.values())))
    split = Figures(found, columns=len(relation.columns))
    compared = Comparison(relation, found, {layer: outcomes[layer][0].output.get("columns", []) for layer in found})
    found = {layer: compared.with_overhead(layer, split.values) for layer in found}
    notes = (*compared.shared_objects(), *compared.other_rows())
    return Figures(dict(sorted(found.items(), key=lambda item: item[1].traced)), failures, split.columns, notes)


def figure(traced: Measured, untraced: Measured) -> Figure:
    """Return what the two processes of one layer measured."""
    objects, native = traced.get("objects", 0), traced.get("native", 0)
    return Figure(
        traced["count"],
        (traced["traced"] + native) / (objects or traced["count"]),
        untraced["kept"],
        untraced["peak"],
        untraced["seconds"],
        objects=objects,
        native=bool(native),
    )
