"""The charts: who holds the memory, what tracing adds, and what a row takes with each stack."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures import Figures
from bench.look import charts as style
from bench.look.colours import COLOURS, INK, LINES, coloured
from bench.scenarios import SCENARIOS
from bench.studies.costs.answers import wire_bytes
from bench.studies.costs.blocks import STACKS, stacks
from bench.studies.costs.figures import Costs
from common import MIB


def charts(figures: Costs) -> dict[str, str]:
    """Return the charts' SVG by file name."""
    nine = figures.of(SCENARIOS)
    return {
        "where-the-memory-is.svg": where(nine),
        "what-tracing-adds.svg": tracing(nine),
        "other-stacks.svg": by_stack(
            [one for kind in STACKS for one in stacks(figures, kind)], wire_bytes(figures.header["rows"])
        ),
    }


def where(figures: Sequence[Figures]) -> str:
    """Draw one bar per scenario, as long as the untraced process grew, split by who holds it; bare data is a line."""
    figure = style.new(6.6, 9)
    axes = _scenario_axes(figure, figures)
    lefts = [0.0] * len(figures)
    held = [coloured(one.holders) for one in figures]
    for name, colour in COLOURS.items():
        sizes = [holders[name] / MIB for holders in held]
        if max(sizes) >= 0.5:
            axes.barh(range(len(figures)), sizes, left=lefts, color=colour, label=name, height=0.7)
            lefts = [left + size for left, size in zip(lefts, sizes, strict=True)]
    for position, one in enumerate(figures):
        label = f" {one.growth.value / MIB:.0f} MiB"
        axes.text(lefts[position], position, label, va="center", ha="left")
    bare = figures[0].bare * figures[0].rows / MIB
    axes.axvline(bare, color=INK, linestyle="--", label=f"bare data: {bare:.1f} MiB")
    axes.set_xlabel("growth of the process, MiB")
    axes.set_xlim(0, max(lefts) * 1.25)
    return style.svg(figure)


def tracing(figures: Sequence[Figures]) -> str:
    """Draw the process's memory with and without tracing, one pair of bars per scenario."""
    figure = style.new(6.6, 8)
    axes = _scenario_axes(figure, figures)
    for offset, colour, label, sizes in (
        (-0.2, "#009E73", "without tracing", [one.process.value / MIB for one in figures]),
        (0.2, "#CC79A7", "while tracemalloc runs", [one.process_while_traced / MIB for one in figures]),
    ):
        positions = [position + offset for position in range(len(figures))]
        axes.barh(positions, sizes, color=colour, label=label, height=0.38)
        for position, size in zip(positions, sizes, strict=True):
            axes.text(size, position, f" {size:.0f}", va="center", ha="left")
    axes.set_xlabel("process memory at the last row, MiB")
    axes.margins(x=0.16)
    return style.svg(figure)


def by_stack(figures: Sequence[Figures], values: float) -> str:
    """Draw the bytes that a row takes with each stack on a logarithmic axis: entities, then rows, then columns."""
    figure = style.new(6.6, 11)
    axes = _scenario_axes(figure, figures)
    sizes = [one.per_row + (one.native_per_row or 0) for one in figures]
    traced = [one.per_row for one in figures]
    axes.hlines(range(len(figures)), values, sizes, color=INK, linewidth=1)
    axes.plot(sizes, range(len(figures)), "o", color=LINES[0], markersize=11, label="with native memory")
    axes.plot(traced, range(len(figures)), "|", color=LINES[2], markersize=13, label="Python objects")
    for position, size in enumerate(sizes):
        axes.text(size * 1.1, position, f" {size:,.0f}", va="center", ha="left")
    names = [one.scenario.name for one in figures]
    for group in list(STACKS.values())[1:]:  # a line above the first of each
        axes.axhline(min(names.index(one.name) for one in group if one.name in names) - 0.5, color=INK, linewidth=0.8)
    axes.axvline(values, color=INK, linestyle="--", label=f"values: {values:.0f} bytes")
    axes.set_xscale("log")
    axes.set_xlabel("bytes per row (logarithmic)")
    axes.set_xlim(0.8 * values, 2.5 * max(sizes))
    axes.set_xticks([20, 50, 100, 200, 500, 1000], ["20", "50", "100", "200", "500", "1,000"])
    axes.minorticks_off()
    return style.svg(figure)


def _scenario_axes(figure: Figure, figures: Sequence[Figures]) -> Axes:
    axes = figure.subplots()
    axes.set_yticks(range(len(figures)), [one.scenario.short for one in figures])
    axes.invert_yaxis()
    axes.grid(axis="x", color=INK, alpha=0.25)
    return axes
