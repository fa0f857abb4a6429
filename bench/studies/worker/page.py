"""What the pages show of a worker: what each part and each import takes, the model with its check, and Pythons."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.look.blocks import data, environment
from bench.look.tables import Column, Table, deviation, mib, spread, whole_mib
from bench.results import Results
from bench.studies.requests.endpoints import Requests
from bench.studies.worker.applications import APPLICATIONS, WHOLE
from bench.studies.worker.figures import ON_EVERY_PYTHON, PARTS, WorkerFigures
from bench.studies.worker.less import COUNT, SAVINGS, Saving
from bench.studies.worker.measure import FOREIGN, WEIGHABLE
from bench.studies.worker.model import WorkerModel
from bench.studies.worker.stack import CODE, LIBRARIES, Library

NAMES = (*WEIGHABLE, *FOREIGN)
WHOLES = (*(application.name for application in APPLICATIONS), *FOREIGN)
KIB = 1024
ONE_ENTRY = "`IN` in place of ORed terms"
PACKAGES = {"sqlalchemy": "SQLAlchemy", "pydantic": "Pydantic", "fastapi": "FastAPI", "psycopg": "psycopg"}
PACKAGES |= {"asyncpg": "asyncpg", "django": "Django"}


def figures(results: Results) -> WorkerFigures:
    return WorkerFigures(results.records, results.header)


def tables(worker: WorkerFigures, new: Container[str]) -> list[Table[Any]]:
    """Return the tables of what is new; the model needs all of it."""
    shown: list[Table[Any]] = [
        parts(worker, [name for name in PARTS if name in new]),
        imports(worker, [library for library in LIBRARIES if library.name in new]),
        savings(worker, [saving for saving in SAVINGS if saving.name in new]),
        *([check(worker)] if set(WEIGHABLE) <= set(worker.records) else []),
    ]
    return [table for table in shown if table.items]


def kib(size: float) -> str:
    return f"{round(size / KIB, 1) + 0.0:,.1f}"


def parts(worker: WorkerFigures, names: Sequence[str]) -> Table[str]:
    def resident(name: str) -> str:
        size = worker.price(name).resident
        return spread(size, kib(size.value))

    columns = [
        Column[str]("Part", "", lambda name: name, text=True),
        Column[str]("Resident, KiB", "KiB", resident),
        Column[str]("Traced, KiB", None, lambda name: kib(worker.price(name).traced)),
    ]
    able = [name for name in names if PARTS[name].without in ("", *worker.records)]
    return Table("What each part of a worker takes", columns, able)


def imports(worker: WorkerFigures, libraries: Sequence[Library]) -> Table[Library]:
    added = worker.libraries() if set(WEIGHABLE) <= set(worker.records) else {}
    columns = [
        Column[Library]("Library", "", lambda library: library.name, text=True),
        Column[Library]("Alone, MiB", "alone", lambda library: mib(worker.alone(library.name))),
        Column[Library]("Traced, MiB", "traced", lambda library: mib(worker.traced_alone(library.name))),
        Column[Library](
            "After those above, MiB",
            "added",
            lambda library: mib(added[library.name]) if library.name in added else "",
        ),
    ]
    return Table("What imports take, with the first use", columns, libraries)


def savings(worker: WorkerFigures, shown: Sequence[Saving]) -> Table[Saving]:
    columns = [
        Column[Saving]("Instead", "", lambda saving: saving.name, text=True),
        Column[Saving]("MiB", "MiB", lambda saving: " → ".join(map(mib, worker.saving(saving.name)))),
        Column[Saving]("You lose", None, lambda saving: saving.loss or f"it does not help: {saving.why}", text=True),
    ]
    return Table("Fewer bytes for the same", columns, shown)


def check(worker: WorkerFigures) -> Table[str]:
    def counted(what: str, title: str) -> Column[str]:
        return Column(title, None, lambda name: f"{worker.modules(name)[WHOLE]['counts'][what]:,}")

    columns = [
        Column[str]("Application", "", lambda name: name, text=True),
        counted("class", "Classes"),
        counted("column", "Columns"),
        counted("model", "Models"),
        counted("route", "Routes"),
        counted("statement", "Statements"),
        Column[str]("Shared libraries, MiB", None, lambda name: mib(worker.counts(name)["shared"])),
        Column[str]("Made at import, MiB", None, lambda name: mib(worker.counts(name)["made"])),
        Column[str]("Predicted, MiB", "predicted", lambda name: mib(worker.predicted(name))),
        Column[str]("Measured, MiB", "measured", lambda name: mib(worker.whole(name, WHOLE))),
        Column[str]("Deviation", "off", lambda name: deviation(worker.deviation(name))),
        Column[str]("By counts alone", None, lambda name: deviation(worker.deviation(name, by_counts=True))),
    ]
    return Table("Whole workers: predicted and measured", columns, [name for name in WHOLES if name in worker.records])


def made(worker: WorkerFigures) -> str:
    """Return which packages make far more than their code when they are imported, by application."""
    return "\n".join(
        f"- **{name}**: {package} makes {mib(sizes['made'])} MiB, and has {mib(sizes['code'])} MiB of compiled code."
        for name in WHOLES
        if name in worker.records
        for package, sizes in worker.made(name).items()
    )


def code(worker: WorkerFigures) -> str:
    """Return what a byte of code takes, of which libraries, and why."""
    told = (f"{name.removeprefix('code of ')} {size:.1f}" for name, size in worker.codes.items())
    return (
        f"A byte of compiled code takes **{worker.code():.1f} bytes**, the median of {len(worker.codes)} libraries "
        f"that neither prefect nor jupyterhub has: {', '.join(told)}. The standard library's takes "
        f"{worker.of_code(CODE):.1f}. By counts alone, a byte that a shared library asks for takes {worker.native:.2f}."
    )


def pythons(worker: WorkerFigures) -> Table[str]:
    """Return what the largest parts take on each Python, in KiB, and the whole stack, in MiB."""
    models = worker.models

    def on(model: WorkerModel) -> Callable[[str], str]:
        return lambda name: mib(model.libraries[name]) if name in model.libraries else kib(model.units[name])

    first = next(iter(models.values()))
    columns = [
        Column[str]("Imports, MiB; parts, KiB", "", lambda name: name, text=True),
        *(Column[str](python, python, on(model)) for python, model in models.items()),
    ]
    return Table("On each Python", columns, [*first.libraries, *ON_EVERY_PYTHON])


def answer(worker: WorkerFigures) -> str:
    middle = APPLICATIONS[1]
    counts = worker.modules(middle.name)[WHOLE]["counts"]
    imported = sum(size for name, size in worker.libraries().items() if not name.startswith("asyncpg"))
    return (
        f"Before its first row, a worker takes **{whole_mib(imported)} MiB** with the interpreter, SQLAlchemy, "
        f"Pydantic, FastAPI, uvicorn and psycopg, and no code of yours. With {counts['class']:,} classes of "
        f"{counts['column']:,} columns, {middle.models:,} models, {counts['route']:,} routes and "
        f"{counts['statement']:,} statements in SQLAlchemy's cache it takes "
        f"**{whole_mib(worker.whole(middle.name, WHOLE))} MiB**."
    )


def largest(worker: WorkerFigures) -> str:
    """Return what the page's three savings change."""
    titles = (ONE_ENTRY, "`compiled_cache=None` for that statement", "no `openapi()`")
    told = (f"{title}: {' → '.join(map(mib, worker.saving(title)))} MiB" for title in titles)
    return f"Of {COUNT} statements or routes: {'; '.join(told)}."


def blocks(worker: WorkerFigures) -> dict[str, str]:
    return {
        "worker-answer": answer(worker),
        "worker-savings": largest(worker),
        "worker-environment": environment(worker.header, "row in the seeded table, which no part reads", PACKAGES),
        "worker-parts": parts(worker, list(PARTS)).markdown(),
        "worker-imports": imports(worker, list(LIBRARIES)).markdown(),
        "worker-model": f"{check(worker).markdown()}\n\n{made(worker)}",
        "worker-code": code(worker),
        "worker-less": savings(worker, SAVINGS).markdown(),
        "worker-pythons": pythons(worker).markdown(),
    }


def charts(worker: WorkerFigures) -> dict[str, str]:
    return {}  # its chart needs the study of requests, too: `answers`


def prices(worker: WorkerFigures, requests: Requests) -> str:
    """Return the prices in bytes; of requests, what one takes at its peak, and what each further one adds to it.

    And what is not to be counted of what `count.py` counts: what the libraries have themselves, and the parts' code.
    """
    of_requests = {
        endpoint.scenario.short: [round(endpoint.peak), round(endpoint.further)]
        for endpoint in requests.by_name.values()
    }
    models = {python: asdict(model) for python, model in worker.models.items()}
    content = {"pythons": models, "requests": of_requests, "rows": requests.header["rows"]}
    content |= {"included": {name: rounded(counts) for name, counts in worker.included.items()}}
    return data("worker-prices", {**content, "code": rounded(worker.own_code)})


def rounded(counts: Mapping[str, float]) -> dict[str, int]:
    return {name: round(count) for name, count in counts.items() if round(count)}
