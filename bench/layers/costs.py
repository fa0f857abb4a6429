"""What a relation's rows take in every layer: measured, and split into their values and the layer's overhead."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping

from bench import process
from bench.errors import UserError
from bench.layers.figures import AgainstTuples, Figure, Figures
from bench.layers.names import READERS
from bench.layers.reading import Reader, Reading
from bench.layers.subject import MOST_BYTES, Subject
from bench.layers.values import Taken
from bench.process import Progress, unseen
from bench.runs import TRACED, UNTRACED, Job, Outcome
from common import MIB

# How many processes read at the same time: as many sessions does the server, or the pooler before it, have to give.
SESSIONS = 2
Outcomes = Mapping[str, tuple[Outcome, Outcome]]


def measure(subject: Subject, timeout: int, layers: Iterable[str], progress: Progress = unseen) -> Figures:
    """Read the rows in each of these layers, in fresh processes, traced and not.

    A sample of a table's blocks may have some more or some fewer. Raises UserError where every layer fails.
    """
    size = subject.size
    with tempfile.NamedTemporaryFile() as turns:
        readings = [
            Reading(READERS[layer], subject.relation, size.rows, size.joined, size.first, timeout, turns.name)
            for layer in layers
        ]
        jobs = [Job(reading, instrument) for instrument in (TRACED, UNTRACED) for reading in readings]
        outcomes = process.run(jobs, workers=SESSIONS, progress=progress)
    pairs = zip(outcomes[: len(readings)], outcomes[len(readings) :], strict=True)
    return figures({reading.layer: pair for reading, pair in zip(readings, pairs, strict=True)}, subject)


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
    split = Figures(by_layer, failures, len(subject.relation.columns))
    if subject.relation.children:
        notes = tuple(other_counts(outcomes, split, subject))
    else:
        kept = {layer: outcomes[layer][0].output.get("columns", []) for layer in by_layer}
        compared = AgainstTuples(subject.relation, by_layer, kept)
        notes = (*fewer_rows(subject), *compared.shared_objects(), *compared.other_rows())
        by_layer = {layer: compared.with_overhead(layer, split.values) for layer in by_layer}
    ordered = dict(sorted(by_layer.items(), key=lambda layer: layer[1].traced))
    return Figures(ordered, failures, split.columns, notes)


def figure(reader: Reader, traced: Taken, untraced: Taken, subject: Subject) -> Figure:
    """Return what the two processes of one layer measured; those of a sample of the parents are multiplied.

    With children the bytes are per parent, whatever a row is.
    """
    count = subject.size.rows if reader.children else traced["count"]
    own = count if reader.joins else traced.get("objects", 0) or traced["count"]
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
        native=bool(traced.get("native")),
        traced_peak=traced["traced_peak"] / own,
        rows=None if rows is None else round(rows * share),
        statements=None if statements is None else round(statements * share),
        sample=untraced["count"] if reader.samples and share > 1 else 0,
    )


def fewer_rows(subject: Subject) -> Iterator[str]:
    if subject.limit < subject.asked:
        yield (
            f"{subject.limit:,} rows were read instead of {subject.asked:,}, for one takes "
            f"{subject.relation.width / MIB:,.1f} MiB: no more than {MOST_BYTES // MIB} MiB are read."
        )


def other_counts(outcomes: Outcomes, figures: Figures, subject: Subject) -> Iterator[str]:
    ways = [way for way in figures.by_layer if not (READERS[way].samples or READERS[way].joins)]
    if {outcome.output["count"] for way in ways for outcome in outcomes[way]} - {subject.size.rows}:
        yield "Not all ways read the same rows, for somebody wrote meanwhile."
