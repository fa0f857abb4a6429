"""The chart of a worker: what 512 MiB hold, from the bottom."""

from bench.look import charts as style
from bench.look.tables import whole_mib
from bench.studies.worker.applications import APPLICATIONS, WHOLE
from bench.studies.worker.figures import WorkerFigures
from bench.studies.worker.stack import INTERPRETER
from common import MIB

WORKER = 512 * MIB
GROUPS = {
    "interpreter": "#56B4E9",
    "imports": "#0072B2",
    "mapped classes": "#D55E00",
    "models and routes": "#CC79A7",
    "statements": "#E69F00",
    "connections": "#009E73",
    "code": "#999999",
}
OF_CLASSES = ("class", "column", "inherited column", "foreign key", "relationship")


def groups(worker: WorkerFigures, name: str) -> dict[str, float]:
    """Return what an application's worker holds, as the model says it, from the bottom."""
    sizes = worker.shares(name)
    interpreter = sizes.pop(INTERPRETER.name)
    found = dict.fromkeys(GROUPS, 0.0) | {"interpreter": interpreter}
    for what, size in sizes.items():
        found[group_of(what, worker)] += size
    return found


def group_of(what: str, worker: WorkerFigures) -> str:
    if what in worker.libraries():
        return "imports"
    if what in OF_CLASSES:
        return "mapped classes"
    if what.startswith("statement"):
        return "statements"
    if what.startswith(("connection", "engine")):
        return "connections"
    return "code" if what in ("code", "native") else "models and routes"


def of(worker: WorkerFigures) -> dict[str, str]:
    figure = style.new(8, 6)
    axes = figure.subplots()
    bottoms = [0.0] * len(APPLICATIONS)
    held = [groups(worker, application.name) for application in APPLICATIONS]
    places = range(len(APPLICATIONS))
    for group, colour in GROUPS.items():
        sizes = [sizes[group] / MIB for sizes in held]
        axes.bar(places, sizes, 0.6, bottoms, color=colour, label=group)
        bottoms = [bottom + size for bottom, size in zip(bottoms, sizes, strict=True)]
    for place, application in zip(places, APPLICATIONS, strict=True):
        size = worker.whole(application.name, WHOLE)
        text = f"room left:\n{whole_mib(WORKER - size)} MiB"
        axes.text(place, (bottoms[place] + WORKER / MIB) / 2, text, ha="center", va="center")
    axes.set_ylim(0, WORKER / MIB)
    axes.set_xticks(places, [application.name for application in APPLICATIONS])
    axes.set_ylabel("resident set size, MiB")
    return {"a-worker.svg": style.svg(figure)}
