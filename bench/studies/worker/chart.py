"""The chart of a worker: what 512 MiB hold, from the bottom."""

from bench.look import charts as style
from bench.look.colours import INK
from bench.look.tables import whole_mib
from bench.studies.requests.endpoints import Requests
from bench.studies.requests.serving import COMMONEST
from bench.studies.worker.applications import APPLICATIONS
from bench.studies.worker.figures import WorkerFigures
from bench.studies.worker.stack import INTERPRETER
from common import MIB

WORKER = 512 * MIB
# How many requests are at work in the picture: as many as a pool keeps connections for.
AT_ONCE = 5
GROUPS = {
    "interpreter": "#56B4E9",
    "imports": "#0072B2",
    "your code": "#999999",
    "mapped classes": "#D55E00",
    "models and routes": "#CC79A7",
    "statements in the cache": "#E69F00",
    "pool": "#009E73",
    "requests": "#F0E442",
}
OF_CLASSES = ("class", "column", "inherited column", "queried class", "queried column", "foreign key", "relationship")


def groups(worker: WorkerFigures, name: str, requests: float) -> dict[str, float]:
    """Return what an application's worker holds, as the model says it, and these requests, from the bottom."""
    sizes = worker.shares(name)
    interpreter = sizes.pop(INTERPRETER.name)
    found = dict.fromkeys(GROUPS, 0.0) | {"interpreter": interpreter, "requests": requests}
    for what, size in sizes.items():
        found[group_of(what, worker)] += size
    return found


def group_of(what: str, worker: WorkerFigures) -> str:
    if what in worker.libraries():
        return "imports"
    if what in OF_CLASSES:
        return "mapped classes"
    if what.startswith("statement"):
        return "statements in the cache"
    if what.startswith(("connection", "engine")):
        return "pool"
    return "your code" if what in ("code", "shared", "made") else "models and routes"


def of(worker: WorkerFigures, requests: Requests) -> dict[str, str]:
    endpoint = requests.by_name[COMMONEST]
    crowd = endpoint.peak + (AT_ONCE - 1) * endpoint.further
    figure = style.new(8, 6)
    axes = figure.subplots()
    places, held = range(len(APPLICATIONS)), [groups(worker, each.name, crowd) for each in APPLICATIONS]
    bottoms = [0.0] * len(APPLICATIONS)
    for group, colour in GROUPS.items():
        sizes = [sizes[group] / MIB for sizes in held]
        label = f"{AT_ONCE} requests of {requests.header['rows']:,} rows at once" if group == "requests" else group
        axes.bar(places, sizes, 0.6, bottoms, color=colour, label=label)
        bottoms = [bottom + size for bottom, size in zip(bottoms, sizes, strict=True)]
    for place, bottom in zip(places, bottoms, strict=True):
        text = f"room left:\n{whole_mib(WORKER - bottom * MIB)} MiB"
        axes.text(place, (bottom + WORKER / MIB) / 2, text, ha="center", va="center")
    axes.bar(places, [WORKER / MIB] * len(places), 0.6, fill=False, edgecolor=INK, linewidth=0.8)
    axes.set_ylim(0, WORKER / MIB)
    axes.set_xticks(places, [application.name.replace(" of ", "\nof ") for application in APPLICATIONS])
    axes.set_ylabel("resident set size, MiB")
    return {"a-worker.svg": style.svg(figure)}
