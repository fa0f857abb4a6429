"""Measure every script on each Python with each set of package versions."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from errors import UserError
from runner import processes
from runner.database import one_row_table, private_server
from runner.environments import LOCK, ORIGINAL, PYTHONS, Combination, NoWheelsError, install, interpreters
from runner.processes import TRACED, Job, Measured, Outcome
from runner.runs import Run, checkpoint, kept
from runner.scripts import LAST_CHECKPOINT, Scenario
from setup_db import ROWS


class Cost(TypedDict):
    """Traced bytes per row, and the traced peak in bytes."""

    per_row: float
    peak: int


class Costs(TypedDict):
    """A scenario's costs by Python and packages; and which requirement had no wheel, where they could not be had."""

    costs: dict[str, Cost]
    no_wheels: dict[str, str]


def measure(names: Sequence[str], repeats: int | None, full: bool) -> Iterator[dict[str, Measured]]:
    """Yield every scenario's costs by Python and packages, which do not vary from run to run. Raises UserError."""
    installed = install_all()
    usable = [combination for combination, missing in installed.items() if not missing]
    if not usable:
        raise UserError("no environment could be made: see above")
    with private_server(ROWS), one_row_table() as one_row:
        jobs = [
            Job(Scenario(name), TRACED, str(one.interpreter), url=url)
            for url in ("", one_row)
            for one in usable
            for name in names
        ]
        outcomes = processes.succeeded(processes.run(jobs))
    yield {name: measured([one for one in outcomes if one.job.scenario.name == name], installed) for name in names}


def measured(outcomes: Sequence[Outcome], installed: Mapping[Combination, str]) -> Measured:
    """Return what is stored of one scenario."""
    costs: dict[str, Cost] = {}
    versions: dict[str, str] = {}
    for one in (one for one, missing in installed.items() if not missing):
        run, fixed = (outcome.output for outcome in outcomes if outcome.job.python == str(one.interpreter))
        costs[str(one)] = cost(run, fixed)
        versions |= {f"{package} of {one}": number for package, number in run["versions"].items()}
    no_wheels = {str(one): missing for one, missing in installed.items() if missing}
    record = Costs(costs=costs, no_wheels=no_wheels)
    return Measured(record, ROWS, versions, outcomes, files=["original/requirements.txt"])


def cost(run: Run, fixed: Run) -> Cost:
    """Return the cost of a row; `fixed` is the run on one row."""
    per_row = (kept(run) - kept(fixed)) / (run["rows"] - 1)
    return Cost(per_row=per_row, peak=checkpoint(run, LAST_CHECKPOINT)["traced_peak"])


def install_all() -> dict[Combination, str]:
    """Make every environment; return by combination which requirement has no wheel, else an empty text."""
    found = interpreters()
    for version in PYTHONS:
        print(f"Python {version}: {found.get(version, 'not found')}", file=sys.stderr)
    installed = {}
    for version, python in found.items():
        for packages in (ORIGINAL, LOCK):
            combination = Combination(version, packages)
            installed[combination] = ""
            try:
                install(combination, python)
            except NoWheelsError as error:
                installed[combination] = str(error)
                print(f"{combination}: no wheel of {error}", file=sys.stderr)
    return installed
