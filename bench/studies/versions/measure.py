"""Measure every script on each Python with each set of package versions, and layers' overheads with the lock's."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypedDict

from bench import process
from bench.database import one_row_table, private_server
from bench.environments import LOCK, ORIGINAL, PYTHONS, Combination, NoWheelsError, install, interpreters
from bench.errors import UserError, note
from bench.layers.names import CORE, ENTITY, MODEL, READERS, SLOTS, TUPLE
from bench.layers.reading import COUNT, Reading
from bench.process import Progress, unseen
from bench.relations.data import Relation
from bench.runs import TRACED, Job, Measured, Outcome, Run, checkpoint, kept
from bench.scripts import Scenario
from bench.seeds import DATA, ROWS
from bench.studies.row_shape.shapes import FEW, KINDS, NULL, SHOWN, make, of_columns, with_value
from common import LAST_CHECKPOINT, database_url

LAYERS = (TUPLE, SLOTS, CORE, MODEL, ENTITY)
# Those that the table shows, and those before and at which a model's overhead has a step, or an entity's.
COLUMNS = sorted({*SHOWN, 4, 6, 11, 18, 19, 21, 22, 28, 29})


class CostOnPython(TypedDict):
    """Traced bytes per row, and the traced peak in bytes."""

    per_row: float
    peak: int


class OverheadsByPython(TypedDict):
    """A layer's overheads in bytes, with the lock's packages, by Python and then by number of columns.

    Of tuples, what each kind of value takes, by Python, too.
    """

    overheads: dict[str, dict[str, float]]
    values: dict[str, dict[str, float]]


class CostsByPython(TypedDict):
    """A scenario's costs by Python and packages; and which requirement had no wheel, where they could not be had."""

    costs: dict[str, CostOnPython]
    no_wheels: dict[str, str]


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield costs by Python, which do not vary from run to run: those of scenarios, and of layers. Raises UserError."""
    layers = [name for name in names if name in LAYERS]
    scenarios = [name for name in names if name not in LAYERS]
    installed = install_all()
    usable = [combination for combination, missing in installed.items() if not missing]
    if not usable:
        raise UserError("no environment could be made: see above")
    with private_server(ROWS) as server, one_row_table([DATA]) as one_row:
        jobs = [
            Job(Scenario(name), TRACED, str(environment.interpreter), url=url)
            for url in ("", one_row)
            for environment in usable
            for name in scenarios
        ]
        environments = [combination for combination in usable if combination.packages == LOCK]
        readings = readings_of(layers, environments)
        outcomes = process.succeeded(process.run([*jobs, *readings.values()], progress=progress))
    read = dict(zip(readings, outcomes[len(jobs) :], strict=True))
    yield {name: measured(name, outcomes[: len(jobs)], installed, server) for name in scenarios} | {
        layer: measured_layer(layer, read, environments, server) for layer in layers
    }


class LayerOnPython(NamedTuple):
    """What a process reads: in which layer, on which Python, and rows of so many columns, or with a kind of value."""

    layer: str
    python: str
    shape: str


def readings_of(layers: Sequence[str], environments: Sequence[Combination]) -> dict[LayerOnPython, Job]:
    """Return the processes that measure these layers, by what each of them reads; the tables are made for them."""
    tables: dict[str, Relation] = {}
    if layers:
        tables = {str(count): make(database_url(), f"columns_{count}", of_columns(count)) for count in COLUMNS}
    kinds = {kind.name: make(database_url(), kind.name, with_value(kind)) for kind in KINDS if TUPLE in layers}
    return {
        LayerOnPython(layer, environment.python, shape): Job(
            Reading(READERS[layer], relation, count), TRACED, str(environment.interpreter)
        )
        for environment in environments
        for layer in layers
        for relations, count in ((tables, COUNT), (kinds if layer == TUPLE else {}, FEW))
        for shape, relation in relations.items()
    }


def measured(
    scenario: str, outcomes: Sequence[Outcome], installed: Mapping[Combination, str], server: dict[str, str]
) -> Measured:
    own = [outcome for outcome in outcomes if outcome.job.script.name == scenario]
    costs: dict[str, CostOnPython] = {}
    versions = dict(server)
    for combination in (combination for combination, missing in installed.items() if not missing):
        run, fixed = (outcome.output for outcome in own if outcome.job.python == str(combination.interpreter))
        costs[str(combination)] = cost(run, fixed)
        versions |= {f"{package} of {combination}": number for package, number in run["versions"].items()}
    no_wheels = {str(combination): missing for combination, missing in installed.items() if missing}
    record = CostsByPython(costs=costs, no_wheels=no_wheels)
    return Measured(record, ROWS, versions, own, files=["bench/original/requirements.txt"])


def measured_layer(
    layer: str, outcomes: Mapping[LayerOnPython, Outcome], environments: Sequence[Combination], server: dict[str, str]
) -> Measured:
    """Return what is stored of a layer. The values in its overheads' rows are integers, as large on every Python."""
    own = {key: outcome for key, outcome in outcomes.items() if key.layer == layer}
    overheads: dict[str, dict[str, float]] = {}
    values: dict[str, dict[str, float]] = {}
    for environment in environments:
        python = environment.python
        sizes = {
            key.shape: outcome.output["traced"] / outcome.output["count"]
            for key, outcome in own.items()
            if key.python == python
        }
        overheads[python] = {str(count): sizes[str(count)] - count * sys.getsizeof(2000) for count in COLUMNS}
        values[python] = {kind.name: sizes[kind.name] - sizes[NULL.name] for kind in KINDS if kind.name in sizes}
    versions = {f"python of {environment}": environment.release for environment in environments} | server
    return Measured(OverheadsByPython(overheads=overheads, values=values), ROWS, versions, [*own.values()])


def cost(run: Run, fixed: Run) -> CostOnPython:
    """Return the cost of a row; `fixed` is the run on one row."""
    per_row = (kept(run) - kept(fixed)) / (run["rows"] - 1)
    return CostOnPython(per_row=per_row, peak=checkpoint(run, LAST_CHECKPOINT)["traced_peak"])


def install_all() -> dict[Combination, str]:
    """Make every environment; return by combination which requirement has no wheel, else an empty text."""
    pythons = interpreters()
    for version in PYTHONS:
        note(f"Python {version}: {pythons.get(version, 'not found')}")
    installed = {}
    for version, python in pythons.items():
        for packages in (ORIGINAL, LOCK):
            combination = Combination(version, packages)
            installed[combination] = ""
            try:
                install(combination, python)
            except NoWheelsError as error:
                installed[combination] = str(error)
                note(f"{combination}: no wheel of {error}")
    return installed
