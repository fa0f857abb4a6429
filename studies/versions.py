"""What does a row cost on every Python that is found, with the original's package versions and with the lock's?

Why the session's peak is lower with the lock's SQLAlchemy 2.1 than with the original's 2.0.36, though its entities
cost the same: 2.0 makes a `Row` of every tuple before it makes the entity (`chunks` in `sqlalchemy/orm/loading.py`
calls `_raw_all_rows`, `sqlalchemy/engine/result.py`), and they live until the last entity has been handed out. 2.1
reads the driver's tuples (`_raw_all_tuples`, `sqlalchemy/engine/_result_cy.py`), from 2.1.0 on. Measured at the
first entity: 64 bytes for each `Row` and 9 for its place in a list are gone, 8 for the tuple's place in the
driver's own list have come. With `yield_per`, 2.1 makes the rows as before, a batch at a time.

Why every entity costs more from Python 3.13 on: see `studies/slots_and_dict.py`.
"""

import sys
from collections.abc import Callable, Container, Iterator
from pathlib import Path

from errors import UserError
from report.tables import Table, mib
from runner import processes, results
from runner.database import one_row_table, private_server
from runner.environments import LOCK, ORIGINAL, PYTHONS, Combination, NoWheelsError, install, interpreters
from runner.processes import TRACED, Job
from runner.progress import Bar
from runner.results import Part, Parts
from runner.runs import Run, checkpoint, kept
from runner.scenarios import LAST_CHECKPOINT, SCENARIOS, Scenario
from setup_db import ROWS

NAME = "versions"
NO_WHEELS = "no wheels"


def sources() -> dict[str, list[Path]]:
    """Return the files that decide each scenario's part, by its name."""
    return {scenario.name: [*scenario.sources, Path("original", "requirements.txt")] for scenario in SCENARIOS}


def measure(names: Container[str], repeats: int | None, full: bool) -> Iterator[Parts]:
    """Yield every scenario's figures by Python and packages, which do not vary from run to run. Raises UserError."""
    chosen = [scenario for scenario in SCENARIOS if scenario.name in names]
    installed = install_all()
    usable = [combination for combination, missing in installed.items() if not missing]
    if not usable:
        raise UserError("no environment could be made: see above")
    with private_server(ROWS), one_row_table() as one_row:
        jobs = [job(scenario, one, url) for url in ("", one_row) for one in usable for scenario in chosen]
        with Bar(len(jobs)) as bar:
            said = dict(zip(jobs, processes.outputs(processes.run(jobs, [], bar)), strict=True))
    parts = {}
    for scenario in chosen:
        found = {
            str(one): figures(said[job(scenario, one)], said[job(scenario, one, one_row)])
            if one in usable
            else {"no wheel": missing}
            for one, missing in installed.items()
        }
        versions = {
            f"{package} of {one}": number
            for one, run in ((one, said[job(scenario, one)]) for one in usable)
            for package, number in run["versions"].items()
        }
        parts[scenario.name] = results.part(ROWS, versions, combinations=found)
    yield parts


def job(scenario: Scenario, combination: Combination, url: str = "") -> Job:
    """Return the process that measures a scenario with one Python and set of packages."""
    return Job(scenario, TRACED, str(combination.interpreter), url=url)


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


def figures(run: Run, once: Run) -> Part:
    """Return the traced bytes per row, and the traced peak in bytes; `once` is the run on one row."""
    return {
        "per_row": (kept(run) - kept(once)) / (run["rows"] - 1),
        "peak": checkpoint(run, LAST_CHECKPOINT)["traced_peak"],
    }


def tables(parts: Parts, new: Container[str]) -> list[Table]:
    """Return two tables, traced bytes per row and traced peaks in MiB, one column per Python and package versions."""
    return [costs(parts, new), peaks(parts, new)]


def summary(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the bytes per row for a terminal."""
    [table, _] = tables(parts, new)
    columns = ["", *(name.replace(", original", "o").replace(", lock", "") for name in table.columns[1:])]
    shorts = {scenario.title: scenario.short for scenario in SCENARIOS}
    rows = [[shorts[title], *(text.replace(NO_WHEELS, "-") for text in texts)] for title, *texts in table.rows]
    return [Table(table.title, columns, rows, note="o: the original's package versions; the others are the lock's.")]


def costs(parts: Parts, new: Container[str]) -> Table:
    """Return the traced bytes per row."""
    return _table(parts, new, "Bytes per row, traced", lambda figures: f"{figures['per_row']:.0f}")


def peaks(parts: Parts, new: Container[str]) -> Table:
    """Return the traced peaks."""
    return _table(parts, new, "Traced peak, MiB", lambda figures: mib(figures["peak"]))


def _table(parts: Parts, new: Container[str], title: str, text: Callable[[Part], str]) -> Table:
    shown = [scenario for scenario in SCENARIOS if scenario.name in new]
    names = list(dict.fromkeys(name for scenario in shown for name in parts[scenario.name]["combinations"]))
    rows = []
    for scenario in shown:
        combinations = [parts[scenario.name]["combinations"].get(name, {}) for name in names]
        cells = (text(one) if "per_row" in one else NO_WHEELS if one else "not measured" for one in combinations)
        rows.append([scenario.title, *cells])
    return Table(title, ["Scenario", *names], rows)


def blocks(parts: Parts) -> dict[str, str]:
    """Return the bytes per row of all, and the peaks of the two ORM scenarios."""
    sessions = {scenario.name for scenario in SCENARIOS if "session" in scenario.name}
    return {"versions": costs(parts, parts).markdown(), "peaks": peaks(parts, sessions).markdown()}


def charts(parts: Parts) -> dict[str, str]:
    """Return nothing: README shows the tables."""
    return {}
