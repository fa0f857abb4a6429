"""Compare the time of the nine traced scripts with what they take when the list is made the original's way.

usage: python -m report.overhead

The original's way is the recipe of https://docs.python.org/3/library/tracemalloc.html#pretty-top: every trace is
filtered, then grouped, while tracing goes on. Only the ratio says something, for both run in turns on one machine.
"""

import os
import runpy
import subprocess
import sys
import time
import tracemalloc

import common
from report.scenarios import PROJECT, SCENARIOS, Scenario
from report.tables import Table

OURS, RECIPE = "ours", "recipe"


def print_top_allocations(limit: int = 10, *, rows: int | None = None) -> None:
    """Print the list as the recipe makes it, with what C code allocated kept, so that both lists are the same."""
    snapshot = tracemalloc.take_snapshot()
    snapshot = snapshot.filter_traces([tracemalloc.Filter(False, "<frozen importlib._bootstrap>")])
    allocations = [
        common.Allocation(one.traceback[0].filename, one.traceback[0].lineno, one.size, one.count)
        for one in snapshot.statistics("lineno")
    ]
    common.print_list(allocations, limit)


def seconds(scenario: Scenario, way: str) -> float:
    """Return how long one process takes from its start to its end."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "report.overhead", scenario.name, way],
        cwd=PROJECT,
        env={key: value for key, value in os.environ.items() if not key.startswith("MEMORY_")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - start


def main() -> None:
    """Print the table, both ways in turns."""
    rows = []
    totals = {OURS: 0.0, RECIPE: 0.0}
    for scenario in SCENARIOS:
        times = {way: seconds(scenario, way) for way in totals}
        totals = {way: total + times[way] for way, total in totals.items()}
        rows.append([scenario.title, *_columns(times)])
    rows.append(["all nine", *_columns(totals)])
    Table("Time of a traced run", ("Scenario", "ours, s", "the recipe, s", "ours / the recipe"), rows).print()


def _columns(times: dict[str, float]) -> list[str]:
    return [f"{times[OURS]:.1f}", f"{times[RECIPE]:.1f}", f"{times[OURS] / times[RECIPE]:.2f}"]


def run(name: str, way: str) -> None:
    """Run one scenario in this process, with the list made this way."""
    if way == RECIPE:
        common.print_top_allocations = print_top_allocations
    runpy.run_path(str(Scenario(name).script), run_name="__main__")


if __name__ == "__main__":
    run(*sys.argv[1:]) if sys.argv[1:] else main()
