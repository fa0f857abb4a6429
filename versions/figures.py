"""Measure the scenarios in every environment, store what they cost, and make tables of it."""

from errors import UserError

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from report import results
from report.results import Record, checkpoint
from report.scenarios import LAST_CHECKPOINT, PROJECT, SCENARIOS, Scenario
from report.tables import Table, mib
from versions.environments import Combination

NAME = "versions"
NO_WHEELS = "no wheels"


def sources() -> list[Path]:
    """Return the files that decide the result, below the project's folder."""
    files = {source for scenario in SCENARIOS for source in scenario.sources}
    return [*sorted(files), Path("original", "requirements.txt")]


def run(python: Path, scenario: Scenario, url: str) -> Record:
    """Run one traced scenario; return its measurement, in bytes. Raises UserError where it fails."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "measurement.json"
        environment = {"DATABASE_URL": url, "MEMORY_JSON": str(output), "MEMORY_TRACING": "on"}
        process = subprocess.run(
            [python, *scenario.command],
            cwd=PROJECT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            reason = (process.stderr.strip() or f"exit code {process.returncode}").splitlines()[-1]
            raise UserError(f"{scenario.name} failed: {reason}")
        measured: Record = json.loads(output.read_text(encoding="utf-8"))
        return measured


def figures(run: Record) -> Record:
    """Return one run's traced bytes per row, and its traced peak in bytes."""
    return {"per_row": results.kept(run) / run["rows"], "peak": checkpoint(run, LAST_CHECKPOINT)["traced_peak"]}


def measure(combination: Combination, url: str) -> Record:
    """Return every scenario's figures by name, the rows, and the versions, in one environment. Raises UserError."""
    measured: Record = {"python": combination.python, "packages": combination.packages, "versions": {}, "figures": {}}
    for scenario in SCENARIOS:
        print(f"{combination}: {scenario.name}", file=sys.stderr)
        try:
            output = run(combination.interpreter, scenario, url)
        except UserError as error:
            raise UserError(f"{combination}: {error}") from None
        measured["versions"] |= output["versions"]
        measured["figures"][scenario.name] = figures(output)
        measured["rows"] = output["rows"]
    return measured


def without_wheels(combination: Combination, requirement: str) -> Record:
    """Return what is stored of a combination that cannot be installed: the requirement that has no wheel."""
    return {"python": combination.python, "packages": combination.packages, "no wheel": requirement}


def record(measured: list[Record]) -> Record:
    """Return what `results/versions.json` holds. Raises UserError where nothing was measured, or the rows differ."""
    rows = {one.pop("rows") for one in measured if "figures" in one}
    if len(rows) != 1:
        raise UserError("no environment could be measured, or their rows differ: run this again")
    return {**results.header(sources()), "rows": rows.pop(), "combinations": measured}


def load() -> Record:
    """Return what `--write` stored. Raises UserError where it is missing, edited, or of another schema."""
    return results.load(NAME)


def tables(stored: Record) -> list[Table]:
    """Return two tables, traced bytes per row and traced peaks in MiB, one column per Python and package versions.

    Why the session's peak is lower with the lock's SQLAlchemy 2.1 than with the original's 2.0.36, though its entities
    cost the same: 2.0 makes a `Row` of every tuple before it makes the entity (`chunks` in `sqlalchemy/orm/loading.py`
    calls `_raw_all_rows`, `sqlalchemy/engine/result.py`), and they live until the last entity has been handed out. 2.1
    reads the driver's tuples (`_raw_all_tuples`, `sqlalchemy/engine/_result_cy.py`), from 2.1.0 on. Measured at the
    first entity: 64 bytes for each `Row` and 9 for its place in a list are gone, 8 for the tuple's place in the
    driver's own list have come. With `yield_per`, 2.1 makes the rows as before, a batch at a time.

    Why every entity costs more from Python 3.13 on: see `versions/slots_and_dict.py`.
    """
    return [
        _table(stored, "Bytes per row, traced", lambda figures: f"{figures['per_row']:.0f}"),
        _table(stored, "Traced peak, MiB", lambda figures: mib(figures["peak"])),
    ]


def _table(stored: Record, title: str, text: Callable[[Record], str]) -> Table:
    combinations = stored["combinations"]
    columns = ["Scenario", *(str(Combination(one["python"], one["packages"])) for one in combinations)]
    rows = [
        [
            scenario.title,
            *(text(one["figures"][scenario.name]) if "figures" in one else NO_WHEELS for one in combinations),
        ]
        for scenario in SCENARIOS
    ]
    return Table(title, columns, rows)
