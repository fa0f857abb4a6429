"""What a relation's rows take in every layer: measured, and split into their values and the layer's overhead."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from bench import process
from bench.errors import UserError
from bench.layers.figures import MOST_TOLD, AgainstTuples, Figure, Figures, shared_objects
from bench.layers.names import LIGHTENED, READERS, TUPLE, WEIGHING
from bench.layers.reading import Reader, Reading
from bench.layers.subject import MOST_BYTES, Subject
from bench.layers.values import Taken
from bench.layers.weights import weights_of, wide_of, without
from bench.nouns import counted
from bench.process import Progress, unseen
from bench.relations import catalog
from bench.relations.redaction import without_values
from bench.relations.sizes import parents
from bench.relations.transaction import connect
from bench.runs import TRACED, UNTRACED, Job, Outcome
from common import MIB, database_url

# How many processes read at the same time: as many sessions does the server, or the pooler before it, have to give.
SESSIONS = 2
Outcomes = Mapping[str, tuple[Outcome, Outcome]]


def measure(subject: Subject, timeout: int, layers: Iterable[str], progress: Progress = unseen) -> Figures:
    """Read the rows in each of these layers, in fresh processes, traced and not.

    A sample of a table's blocks may have some more or some fewer. Raises UserError where every layer fails.
    """
    outcomes = outcomes_of(subject, timeout, layers, progress)
    measured = figures(outcomes, subject)
    measured = replace(measured, notes=(*measured.notes, *differences(outcomes, measured, subject, timeout)))
    return lightened(measured, subject, timeout, progress)


def outcomes_of(subject: Subject, timeout: int, layers: Iterable[str], progress: Progress = unseen) -> Outcomes:
    """Return what the two processes of each layer wrote, or why they failed."""
    size, chosen = subject.size, list(layers)
    weighing = next((layer for layer in WEIGHING if layer in chosen), "")
    with tempfile.NamedTemporaryFile() as turns:

        def job(layer: str, instrument: str) -> Job:
            count = subject.traced if instrument == TRACED else size.rows
            weighs = layer == weighing and instrument == TRACED
            reader = READERS[layer]
            return Job(
                Reading(reader, subject.relation, count, size.joined, size.first, timeout, weighs, turns.name),
                instrument,
            )

        jobs = [job(layer, instrument) for instrument in (TRACED, UNTRACED) for layer in chosen]
        outcomes = process.run(jobs, workers=SESSIONS, progress=progress)
    pairs = zip(outcomes[: len(chosen)], outcomes[len(chosen) :], strict=True)
    by_layer = dict(zip(chosen, pairs, strict=True))
    able = [layer for layer in WEIGHING if layer in by_layer and not any(each.error for each in by_layer[layer])]
    if able and weighing not in able:  # it was to weigh, and failed
        by_layer |= outcomes_of(subject, timeout, able[:1], progress)
    return by_layer


def figures(outcomes: Outcomes, subject: Subject) -> Figures:
    """Return what each layer's two processes found. Raises UserError where none found anything."""
    by_layer: dict[str, Figure] = {}
    failures: dict[str, str] = {}
    for layer, (traced, untraced) in outcomes.items():
        if error := traced.error or untraced.error:
            failures[layer] = error
        elif not traced.output["count"] or not untraced.output["count"]:
            failures[layer] = "it found no rows"
        else:
            by_layer[layer] = figure(READERS[layer], traced.output, untraced.output, subject)
    if not by_layer:
        raise UserError(next(iter(failures.values())))
    split = Figures(by_layer, failures, len(subject.relation.read))
    notes: tuple[str, ...] = ()
    if not subject.relation.children:
        compared = against_tuples(outcomes, split, subject)
        notes = (*fewer_rows(subject, split.count), *shared_objects(by_layer))
        by_layer = {layer: compared.with_overhead(layer, split.values) for layer in by_layer}
    ordered = dict(sorted(by_layer.items(), key=lambda layer: layer[1].traced))
    weighed: Taken = next((outcomes[layer][0].output for layer in WEIGHING if layer in ordered), Taken())
    rows = weighed.get("objects") or weighed.get("count", 0)
    weights = weights_of(subject.relation, weighed.get("weighed", ()), rows)
    return Figures(ordered, failures, split.columns, notes, weights, wide_of(subject.relation, weights))


def lightened(measured: Figures, subject: Subject, timeout: int, progress: Progress) -> Figures:
    """Return the figures with what rows take without the column that takes half of them, if one does."""
    if not measured.wide or not subject.enough(measured.count):
        return measured
    layers = [layer for layer in LIGHTENED if layer in measured.by_layer]
    layers = layers or [next(layer for layer in WEIGHING if layer in measured.by_layer)]
    lighter = without(subject, measured.wide)
    with suppress(UserError):  # what was measured counts, whatever the server says now
        return replace(measured, without=figures(outcomes_of(lighter, timeout, layers, progress), lighter).by_layer)
    return measured


def against_tuples(outcomes: Outcomes, figures: Figures, subject: Subject) -> AgainstTuples:
    """Return the layers with what each kept, beside psycopg's tuples."""
    kept = {layer: outcomes[layer][0].output.get("columns", []) for layer in figures.by_layer}
    return AgainstTuples(subject.relation, figures.by_layer, kept)


def figure(reader: Reader, traced: Taken, untraced: Taken, subject: Subject) -> Figure:
    """Return what the two processes of one layer measured; those of a sample of the parents are multiplied.

    With children the bytes are per parent, whatever a row is.
    """
    fewer = subject.traced < subject.size.rows
    count = subject.size.rows if reader.children else (untraced if fewer else traced)["count"]
    own = count if reader.joins else traced.get("objects", 0) or traced["count"]
    sample = untraced["count"] if reader.samples and count != untraced["count"] else traced["count"] if fewer else 0
    # Else one, unless somebody writes meanwhile.
    share = 1.0 if reader.children and not reader.samples else count / untraced["count"]
    rows, statements = traced.get("wire_rows"), traced.get("statements")
    return Figure(
        count,
        (traced["traced"] + traced.get("native", 0)) / own,
        round(untraced["kept"] * share),
        round(untraced["peak"] * share),
        untraced["seconds"] * share,
        objects=traced.get("objects", 0),
        native=reader.native,
        traced_peak=traced["traced_peak"] / own,
        rows=None if rows is None else round(rows * share),
        statements=None if statements is None else round(statements * share),
        sample=sample,
    )


def fewer_rows(subject: Subject, count: int) -> Iterator[str]:
    if subject.limit < subject.asked and not subject.complete(count):
        yield (
            f"{counted(count, 'row was', 'rows were')} read instead of {subject.asked:,}, for one takes "
            f"{size_of(subject.relation.width)}: no more than {MOST_BYTES // MIB} MiB are read."
        )


def size_of(width: float) -> str:
    return f"{width / MIB:,.1f} MiB" if width >= MIB else f"{width / 1024:,.1f} KiB"


def differences(outcomes: Outcomes, figures: Figures, subject: Subject, timeout: int) -> Iterator[str]:
    """Yield which layers did not read what others read, and why, as far as a second look shows that."""
    if subject.relation.children:
        yield from other_parents(outcomes, figures, subject, timeout)
        return
    first = against_tuples(outcomes, figures, subject)
    others = first.others()
    if not others:
        return
    told = "rows, and why is not known"
    with suppress(UserError):  # what was measured counts, whatever the server says now
        told = seen_again(subject, first, outcomes_of(subject, timeout, [TUPLE, *others]), timeout)
    layers = (f"{layer} ({', '.join(columns[:MOST_TOLD])})" for layer, columns in others.items())
    yield f"Not all layers read the same {told}: those of {TUPLE} were not read as {'; '.join(layers)}."


def seen_again(subject: Subject, first: AgainstTuples, again: Outcomes, timeout: int) -> str:
    """Return what of layers that differ a second look at them shows. Raises UserError where it fails."""
    for pair in again.values():
        for outcome in pair:
            if outcome.error:
                raise UserError(outcome.error)
    if all(first.kept[layer] == again[layer][0].output.get("columns") for layer in again):
        return "values, though a second look finds the same ones again"
    if subject.relation.name and stored(subject, timeout):
        return "rows, for somebody wrote meanwhile"
    return "rows, for the query gives other rows each time"


def stored(subject: Subject, timeout: int) -> bool:
    """Return whether the rows are those of a table, which change by writing alone."""
    with without_values(), connect(database_url(), timeout) as connection:
        answer = catalog.stored(connection, subject.relation.oid)
        connection.rollback()
    return answer


def other_parents(outcomes: Outcomes, figures: Figures, subject: Subject, timeout: int) -> Iterator[str]:
    """Yield which ways read fewer parents, for these share a key; or that not all read the same ones."""
    rows = subject.size.rows
    ways = {way: one for way, one in figures.by_layer.items() if not (READERS[way].samples or READERS[way].joins)}
    counts = {way: {one.output["count"] for one in outcomes[way]} | {ways[way].objects or rows} for way in ways}
    if set().union(*counts.values()) == {rows}:
        return
    try:
        with without_values(), connect(database_url(), timeout) as connection:
            with catalog.catalog_first(connection):
                now, keys = parents(connection, subject.relation, rows)
            connection.rollback()
    except UserError:
        yield "Not all ways read the same rows, and why is not known."
        return
    if now == rows and set().union(*counts.values()) <= {rows, keys}:
        yield from shared_objects(ways, "parent")
    else:
        yield "Not all ways read the same rows, for somebody wrote meanwhile."
