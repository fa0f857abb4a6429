"""What the page shows of growth: what each further row costs, and the peak of the process, by the number of rows."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.look.colours import INK, LINES
from bench.look.tables import Column, Table, mib, script_column, whole
from bench.results import Results
from bench.scripts import EVERYTHING, Scenario
from bench.studies.growth.measure import MOST, ONE, STEPS, StepCost
from common import MIB

NAMES = tuple(scenario.name for scenario in EVERYTHING)
# Few enough to be told apart.
CHARTED = (
    "run_sync_sqlalchemy_session",
    "run_async_sqlalchemy_engine_pydantic",
    "run_sync_sqlalchemy_engine",
    "run_sync_psycopg",
    "remedies.run_sync_sqlalchemy_session_streaming",
)


@dataclass(frozen=True)
class ScriptGrowth:
    """One script's figures: bytes per further row from each step to the next, and peaks in bytes by rows.

    The peak is the process's, less that of the same script on a table of one row.
    """

    scenario: Scenario
    further_rows: Sequence[float]
    peaks: Mapping[int, int]


def figures(results: Results) -> dict[str, ScriptGrowth]:
    return {name: growth_of(Scenario(name), steps) for name, steps in results.records.items()}


def growth_of(scenario: Scenario, steps: Sequence[StepCost]) -> ScriptGrowth:
    kept = [(step["rows"], step["rows"] * step["per_row"]) for step in steps if step["per_row"] is not None]
    further = [(size - smaller) / (rows - fewer) for (fewer, smaller), (rows, size) in pairwise(kept)]
    peaks = {step["rows"]: step["peak"] for step in steps}
    return ScriptGrowth(scenario, further, {rows: peak - peaks[ONE] for rows, peak in peaks.items() if rows != ONE})


def tables(scripts: Mapping[str, ScriptGrowth], new: Container[str]) -> list[Table[Any]]:
    columns: list[Column[ScriptGrowth]] = [
        script_column("Scenario", lambda script: script.scenario),
        *(further(step, f"{less:,} to {more:,}") for step, (less, more) in enumerate(pairwise(STEPS))),
        *map(peak, (*STEPS, MOST)),
    ]
    title = "Growth with the rows (bytes: traced, without the dict that keeps them; MiB: peak of the process)"
    return [Table(title, columns, [scripts[name] for name in scripts if name in new])]


def further(step: int, rows: str) -> Column[ScriptGrowth]:
    return Column(f"Bytes per further row, {rows}", None, lambda script: whole(script.further_rows[step]))


def peak(rows: int) -> Column[ScriptGrowth]:
    def cell(script: ScriptGrowth) -> str:
        return mib(script.peaks[rows]) if rows in script.peaks else ""

    return Column(f"Peak, MiB, {rows:,} rows", f"{rows:,}", cell)


def blocks(scripts: Mapping[str, ScriptGrowth]) -> dict[str, str]:
    streaming = scripts["remedies.run_sync_sqlalchemy_session_streaming"].peaks[MOST]
    keeping = scripts["run_sync_sqlalchemy_session"].peaks[STEPS[-1]]
    headline = (
        f"The streaming ORM reads **{MOST:,} rows in {mib(streaming)} MiB**. "
        f"Keeping the entities of {STEPS[-1]:,} rows takes {mib(keeping)} MiB."
    )
    [table] = tables(scripts, scripts)
    return {"growth": f"{headline}\n\n{table.markdown()}"}


def charts(scripts: Mapping[str, ScriptGrowth]) -> dict[str, str]:
    """Return the chart's SVG by its file's name: peaks against the number of rows, both axes logarithmic."""
    from bench.look import charts as style  # with matplotlib, which `make bench` does without

    figure = style.new(6.6, 5.5)
    axes = figure.subplots()
    for name, colour, marker in zip(CHARTED, LINES, "osD^v", strict=True):
        rows, peaks = zip(*scripts[name].peaks.items(), strict=True)
        label = scripts[name].scenario.short
        axes.plot(rows, [peak / MIB for peak in peaks], color=colour, marker=marker, linewidth=2.5, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rows (logarithmic)")
    axes.set_ylabel("growth of the peak, MiB (logarithmic)")
    steps = (*STEPS, MOST)
    axes.set_xticks(steps, [f"{step:,}" for step in steps])
    ticks = [1, 3, 10, 30, 100, 300, 1000]
    axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(color=INK, alpha=0.25)
    return {"growth.svg": style.svg(figure)}
