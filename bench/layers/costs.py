"""What a row of one relation takes in every layer: measured, and split into its values and the layer's overhead."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bench import process
from bench.errors import UserError
from bench.layers.figures import Comparison, Figure, Figures
from bench.layers.model_readers import DJANGO
from bench.layers.other_readers import SQLMODEL, installed
from bench.layers.readers import COUNT, DROPPING, LAYERS, Reading
from bench.layers.values import Measured
from bench.process import Progress, unseen
from bench.relations import relations, samples
from bench.relations.redaction import without_values
from bench.relations.relations import EXCESS, Relation
from bench.relations.transaction import connect
from bench.runs import TRACED, UNTRACED, Job, Outcome
from common import MIB, database_url

# So many bytes of values are read, as the server sends them: the most expensive layer makes ten times as much of some.
MOST_BYTES = samples.BYTES
# How many processes read at the same time: as many sessions does the server, or the pooler before it, have to give.
SESSIONS = 2
STREAMED = "ORM entity, streamed"
KEYED = ("ORM entity", STREAMED, SQLMODEL, DJANGO)


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


def measure(subject: Subject, rows: int, timeout: int, layers: Iterable[str], progress: Progress = unseen) -> Figures:
    """Read so many rows in each of these layers, or fewer where they are wide, in fresh processes.

    A sample of a table's blocks may have some more or some fewer. Raises UserError where every layer fails.
    """
    relation = subject.relation
    fewer = min(rows, int(MOST_BYTES / (relation.width or 1)) or 1)
    with tempfile.NamedTemporaryFile() as turns:
        count = EXCESS * fewer if relation.sample else fewer
        readings = {layer: Reading(layer, relation, count, timeout, turns=turns.name) for layer in layers}
        jobs = [Job(one, instrument) for instrument in (TRACED, UNTRACED) for one in readings.values()]
        outcomes = process.run(jobs, workers=SESSIONS, progress=progress)
    pairs = zip(outcomes[: len(readings)], outcomes[len(readings) :], strict=True)
    found = figures(dict(zip(readings, pairs, strict=True)), relation)
    notes = [*fewer_rows(relation, rows, fewer), *found.notes]
    complete = not relation.sample and found.count < fewer
    return replace(found, notes=tuple(notes), sampled=bool(relation.sample), complete=complete)


def fewer_rows(relation: Relation, rows: int, fewer: int) -> Iterator[str]:
    """Yield that fewer rows were read than were asked for, and why."""
    if fewer < rows:
        yield (
            f"{fewer:,} rows were read instead of {rows:,}, for one takes {relation.width / MIB:,.1f} MiB: "
            f"no more than {MOST_BYTES // MIB} MiB are read."
        )


def figures(outcomes: Mapping[str, tuple[Outcome, Outcome]], relation: Relation) -> Figures:
    """Return what each layer's two processes found. Raises UserError where none found anything."""
    found: dict[str, Figure] = {}
    failures: dict[str, str] = {}
    for layer, (traced, untraced) in outcomes.items():
        if error := traced.error or untraced.error:
            failures[layer] = error
        elif not traced.output["count"] or not untraced.output["count"]:
            failures[layer] = "it found no rows"
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
    count, objects, native = traced["count"], traced.get("objects", 0), traced.get("native", 0)
    share = count / untraced["count"]  # one, unless somebody writes meanwhile
    return Figure(
        count,
        (traced["traced"] + native) / (objects or count),
        round(untraced["kept"] * share),
        round(untraced["peak"] * share),
        untraced["seconds"] * share,
        objects=objects,
        native=bool(native),
    )
