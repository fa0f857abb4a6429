"""What does the list of allocations cost in time, beside the way of the documentation's recipe?

usage: python -m studies.list_time SCENARIO

That runs a scenario with the list made as in https://docs.python.org/3/library/tracemalloc.html#pretty-top: every trace
is filtered, then grouped, while tracing goes on. Only the ratio says something: both run in turns on one machine.
"""

import runpy
import sys
import tracemalloc
from collections.abc import Container, Iterator
from pathlib import Path

import common
from report.tables import Table
from runner import processes, results
from runner.processes import Job
from runner.progress import Bar
from runner.results import Parts
from runner.scenarios import SCENARIOS, Scenario

NAME = "list_time"
_OURS = common.print_top_allocations


def sources() -> dict[str, list[Path]]:
    """Return the files that decide each scenario's part, by its name."""
    return {scenario.name: scenario.sources for scenario in SCENARIOS}


def measure(names: Container[str], repeats: int | None, full: bool) -> Iterator[Parts]:
    """Yield how many seconds each scenario's process takes from its start to its end, both ways. Raises UserError."""
    chosen = [scenario for scenario in SCENARIOS if scenario.name in names]
    jobs = [job for scenario in chosen for job in (Job(scenario), Job(scenario, module="studies.list_time"))]
    with Bar(len(jobs)) as bar:
        said = dict(zip(jobs, processes.outputs(processes.run([], jobs, bar)), strict=True))
    yield {
        scenario.name: results.part(
            said[Job(scenario)]["rows"],
            said[Job(scenario)]["versions"],
            ours=said[Job(scenario)]["process_seconds"],
            recipe=said[Job(scenario, module="studies.list_time")]["process_seconds"],
        )
        for scenario in chosen
    }


def ratio(parts: Parts) -> float:
    """Return the time of all scenarios with this list, as a share of that with the recipe's."""
    ours, recipe = (sum(part[way] for part in parts.values()) for way in ("ours", "recipe"))
    return float(ours / recipe)


def tables(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the times both ways."""
    return [_table(parts, new, "title")]


def summary(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the same for a terminal."""
    return [_table(parts, new, "short")]


def _table(parts: Parts, new: Container[str], name: str) -> Table:
    rows = []
    for scenario in SCENARIOS:
        if scenario.name in new:
            ours, recipe = parts[scenario.name]["ours"], parts[scenario.name]["recipe"]
            rows.append([getattr(scenario, name), f"{ours:.1f}", f"{recipe:.1f}", f"{ours / recipe:.2f}"])
    columns = ("Scenario", "ours, s", "the recipe, s", "ours / the recipe")
    return Table("Time of a traced run", columns, rows)


def blocks(parts: Parts) -> dict[str, str]:
    """Return the ratio of both ways."""
    share = f"{ratio(parts):.0%}"
    return {
        "list-time": f"With its own list, a traced run takes {share} of the time with the recipe's, from start to end."
    }


def charts(parts: Parts) -> dict[str, str]:
    """Return nothing: README says the ratio."""
    return {}


def print_top_allocations(limit: int = 10, *, rows: int | None = None) -> None:
    """Print the list as the recipe makes it, with what C code allocated kept, so that both lists are the same."""
    snapshot = tracemalloc.take_snapshot()
    snapshot = snapshot.filter_traces([tracemalloc.Filter(False, "<frozen importlib._bootstrap>")])
    allocations = [
        common.Allocation(one.traceback[0].filename, one.traceback[0].lineno, one.size, one.count)
        for one in snapshot.statistics("lineno")
    ]
    common.print_list(allocations, limit)
    tracemalloc.stop()
    _OURS(limit, rows=rows)  # nothing is traced any more: it only writes MEMORY_JSON


if __name__ == "__main__":
    common.print_top_allocations = print_top_allocations
    script = Scenario(sys.argv.pop()).script
    runpy.run_path(str(script), run_name="__main__")
