"""Weigh the parts of a worker, what it imports, and whole applications: each module in fresh processes of its own."""

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import NamedTuple, TypedDict

from bench import process
from bench.database import private_server
from bench.environments import LOCK, Combination, NoWheelsError, install, interpreters
from bench.errors import note
from bench.process import Progress, unseen
from bench.runs import TRACED, UNTRACED, Job, Measured, Outcome
from bench.studies.worker.applications import APPLICATIONS, WHOLE
from bench.studies.worker.classes import CLASSES
from bench.studies.worker.connections import CONNECTIONS
from bench.studies.worker.less import SAVINGS
from bench.studies.worker.part import Weighable, Weighing
from bench.studies.worker.stack import ALONE, CODE, CODES, INTERPRETER, LIBRARIES, STACK
from bench.studies.worker.strangers import STRANGERS

ALL: tuple[tuple[Weighable, ...], ...] = (CLASSES, CONNECTIONS, LIBRARIES, CODES, APPLICATIONS, SAVINGS)
WEIGHABLE = {weighable.name: weighable for some in ALL for weighable in some}
FOREIGN = {stranger.name: stranger for stranger in STRANGERS}
# Runs of each process without tracing.
RUNS = 2
# What is weighed on every Python; the model takes what else it needs from this one.
EVERYWHERE = (
    *(f"mapped class of {columns} columns, configured" for columns in (5, 20)),
    *(f"Pydantic model of {fields} integers" for fields in (5, 20)),
    "FastAPI route",
    *(library.name for library in (INTERPRETER, *STACK)),
    CODE,
)
# What is compared by its resident set size alone.
RESIDENT = {*(saving.name for saving in SAVINGS), *(library.name for library in CODES)}


class WeighedModule(TypedDict):
    """A module's processes: the resident set size before it was imported and after, in each run; and, here, traced.

    `counts` are those of `count.py`, and so is what packages `made` when they were imported. All is in bytes.
    """

    before: list[int]
    after: list[int]
    traced: int
    counts: dict[str, int]
    made: dict[str, dict[str, int]]


class WeighedRecord(TypedDict):
    """What is stored of a part, a library or an application: its modules by what they are for; by Python, if on all."""

    here: dict[str, WeighedModule]
    pythons: dict[str, dict[str, WeighedModule]]


class Key(NamedTuple):
    """Which module a process imports, of what, and on which Python: none is the one that runs this."""

    name: str
    module: str
    python: str = ""


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield what is stored of each. Raises UserError."""
    able = [name for name in names if name in WEIGHABLE and not missing(name)]
    strangers = [FOREIGN[name] for name in names if full and name in FOREIGN and FOREIGN[name].installed]
    others = environments() if full and set(able) & set(EVERYWHERE) else []
    jobs: list[tuple[Key, Job]] = []
    for name in able:
        jobs += jobs_of(name, repeats or (RUNS if full else 1))
        for environment in others if name in EVERYWHERE else ():
            jobs += jobs_of(name, repeats or RUNS, environment)
    for stranger in strangers:
        job = Job(stranger, UNTRACED, str(stranger.environment.interpreter))
        jobs += [(Key(stranger.name, WHOLE), job)] * (repeats or RUNS)
        jobs += [(Key(stranger.name, WHOLE), replace(job, instrument=TRACED))]
    if not jobs:
        return
    with private_server(1) as server:
        outcomes = process.succeeded(process.run([job for _, job in jobs], progress=progress))
    by_key: dict[Key, list[Outcome]] = {}
    for (key, _), outcome in zip(jobs, outcomes, strict=True):
        by_key.setdefault(key, []).append(outcome)
    yield {
        name: measured({key: runs for key, runs in by_key.items() if key.name == name}, server)
        for name in (*able, *(stranger.name for stranger in strangers))
    }


def missing(name: str) -> bool:
    """Return whether a package is missing that it needs, and say which one."""
    packages = [package for package in WEIGHABLE[name].needs if not find_spec(package)]
    if packages:
        note(f"{name} is left out: {packages[0]} is not installed for this Python")
    return bool(packages)


def environments() -> list[Combination]:
    """Return the other Pythons' environments, which are made if they are not there."""
    usable = []
    for version, python in interpreters().items():
        environment = Combination(version, LOCK)
        if platform.python_version().startswith(f"{version}."):
            continue
        try:
            install(environment, python)
            usable.append(environment)
        except NoWheelsError as error:
            note(f"{environment}: no wheel of {error}")
    return usable


def jobs_of(name: str, runs: int, environment: Combination | None = None) -> list[tuple[Key, Job]]:
    """Return the processes of each module: without tracing, so often; and here, one traced."""
    jobs = []
    for module, source in WEIGHABLE[name].modules.items():
        if environment and module == ALONE:
            continue
        key = Key(name, module, environment.python if environment else "")
        script = Weighing(f"{name}, {module}", source)
        python = str(environment.interpreter) if environment else sys.executable
        jobs += [(key, Job(script, instrument, python)) for instrument in [UNTRACED] * runs]
        jobs += [(key, Job(script, TRACED))] if not environment and name not in RESIDENT else []
    return jobs


def measured(by_key: Mapping[Key, Sequence[Outcome]], server: dict[str, str]) -> Measured:
    record = WeighedRecord(here={}, pythons={})
    versions = dict(server)
    for key, runs in by_key.items():
        modules = record["pythons"].setdefault(key.python, {}) if key.python else record["here"]
        modules[key.module] = weighed(runs)
        behind = f" of {key.python}, {LOCK}" if key.python else ""
        versions |= {f"{name}{behind}": number for name, number in runs[0].output["versions"].items()}
    files = [FOREIGN[key.name].requirements for key in by_key if key.name in FOREIGN]
    return Measured(record, 1, versions, [run for runs in by_key.values() for run in runs], files)


def weighed(runs: Sequence[Outcome]) -> WeighedModule:
    untraced = [run.output for run in runs if run.job.instrument == UNTRACED]
    traced = sum(run.output["traced"] for run in runs if run.job.instrument == TRACED)
    made: dict[str, dict[str, int]] = next(
        (run.output.get("made", {}) for run in runs if run.job.instrument == TRACED), {}
    )
    before, after = ([output[moment] for output in untraced] for moment in ("before", "after"))
    return WeighedModule(before=before, after=after, traced=traced, counts=untraced[0]["counts"], made=made)
