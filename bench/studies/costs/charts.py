"""The charts: who holds the memory, what tracing adds, and what a row takes with each stack."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.look import charts as style
from bench.look.colours import COLOURS, INK, LINES, coloured
from bench.look.tables import mib, whole, whole_mib
from bench.scripts import SCENARIOS
from bench.studies.costs.pairs import Costs
from bench.studies.costs.stacks import STACKS, of_kind
from bench.studies.script_costs import ScriptCosts, stored_bytes
from common import MIB


def of(costs: Costs) -> dict[str, str]:
    nine = costs.of(SCENARIOS)
    return {
        "where-the-memory-is.svg": where(nine),
        "what-tracing-adds.svg": tracing(nine),
        "other-stacks.svg": by_stack(
            [stack for kind in STACKS for stack in of_kind(costs, kind)], stored_bytes(costs.header["rows"])
        ),
    }


def where(scripts: Sequence[ScriptCosts]) -> str:
    """Draw one bar per scenario, as long as the untraced process grew, split by who holds it; the values are a line."""
    figure = style.new(6.6, 9)
    axes = _scenario_axes(figure, scripts)
    lefts = [0.0] * len(scripts)
    held = [coloured(script.holders) for script in scripts]
    for name, colour in COLOURS.items():
        sizes = [holders[name] / MIB for holders in held]
        if max(sizes) >= 0.5:
            axes.barh(range(len(scripts)), sizes, left=lefts, color=colour, label=name, height=0.7)
            lefts = [left + size for left, size in zip(lefts, sizes, strict=True)]
    for position, script in enumerate(scripts):
        style.beside(axes, (lefts[position], position), f"{whole_mib(script.growth.value)} MiB")
    values = scripts[0].values * scripts[0].rows
    axes.axvline(values / MIB, color=INK, linestyle="--", label=f"values: {mib(values)} MiB")
    axes.set_xlabel("growth of the process, MiB")
    axes.set_xlim(0, max(lefts) * 1.25)
    return style.svg(figure)


def tracing(scripts: Sequence[ScriptCosts]) -> str:
    """Draw the process's memory with and without tracing, one pair of bars per scenario."""
    figure = style.new(6.6, 8)
    axes = _scenario_axes(figure, scripts)
    for offset, colour, label, sizes in (
        (-0.2, "#009E73", "without tracing", [script.process.value / MIB for script in scripts]),
        (0.2, "#CC79A7", "while tracemalloc runs", [script.process_while_traced / MIB for script in scripts]),
    ):
        positions = [position + offset for position in range(len(scripts))]
        axes.barh(positions, sizes, color=colour, label=label, height=0.38)
        for position, size in zip(positions, sizes, strict=True):
            style.beside(axes, (size, position), whole(size))
    axes.set_xlabel("process memory at the last row, MiB")
    axes.margins(x=0.16)
    return style.svg(figure)


def by_stack(stacks: Sequence[ScriptCosts], stored: float) -> str:
    """Draw the bytes that a row takes with each stack on a logarithmic axis: entities, then rows, then columns.

    What it has in PostgreSQL is a line.
    """
    figure = style.new(6.6, 11)
    axes = _scenario_axes(figure, stacks)
    sizes = [stack.per_row + (stack.native_per_row or 0) for stack in stacks]
    traced = [stack.per_row for stack in stacks]
    axes.hlines(range(len(stacks)), stored, sizes, color=INK, linewidth=1)
    axes.plot(sizes, range(len(stacks)), "o", color=LINES[0], markersize=11, label="with native memory")
    axes.plot(traced, range(len(stacks)), "|", color=LINES[2], markersize=13, label="Python objects")
    for position, size in enumerate(sizes):
        style.beside(axes, (size, position), whole(size), 10)
    scenarios = [stack.scenario for stack in stacks]
    for group in list(STACKS.values())[1:]:  # a line above the first of each
        first = min(scenarios.index(scenario) for scenario in group if scenario in scenarios)
        axes.axhline(first - 0.5, color=INK, linewidth=0.8)
    axes.axvline(stored, color=INK, linestyle="--", label=f"in PostgreSQL: {whole(stored)} bytes")
    axes.set_xscale("log")
    axes.set_xlabel("bytes per row (logarithmic)")
    axes.set_xlim(0.8 * stored, 2.5 * max(sizes))
    axes.set_xticks([20, 50, 100, 200, 500, 1000], ["20", "50", "100", "200", "500", "1,000"])
    axes.minorticks_off()
    return style.svg(figure)


def _scenario_axes(figure: Figure, scripts: Sequence[ScriptCosts]) -> Axes:
    axes = figure.subplots()
    axes.set_yticks(range(len(scripts)), [script.scenario.short for script in scripts])
    axes.invert_yaxis()
    axes.grid(axis="x", color=INK, alpha=0.25)
    return axes
