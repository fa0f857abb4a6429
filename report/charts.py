"""The charts of README, as SVG: the same results give the same bytes."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common import MIB
from report.results import Figures, Record
from report.scenarios import FIRST_ROW

# Okabe and Ito's colours, told apart by colour-blind readers (https://jfly.uni-koeln.de/color/).
COLOURS = {
    "psycopg": "#0072B2",
    "SQLAlchemy ORM": "#D55E00",
    "SQLAlchemy engine": "#E69F00",
    "Pydantic": "#CC79A7",
    "standard library": "#56B4E9",
    "the script itself": "#009E73",
    "C code without a Python frame": "#F0E442",
    "other": "#999999",
    "freed before the list was made": "#666666",
    "native (malloc)": "#5D3A9B",
    "rest": "#CCCCCC",
}
LINES = ("#D55E00", "#CC79A7", "#0072B2", "#E69F00", "#009E73")
# Grey that stands out from GitHub's white and from its dark page alike.
INK = "#808080"
STYLE: Any = {
    "svg.hashsalt": "what does a row cost",
    "svg.fonttype": "path",
    "font.size": 13,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
}


# What the growth chart shows, and the chart over time: few enough to be told apart.
GROWING = {
    "run_sync_sqlalchemy_session": "ORM",
    "run_async_sqlalchemy_engine_pydantic": "Core, Pydantic models",
    "run_sync_sqlalchemy_engine": "Core",
    "run_sync_psycopg": "psycopg",
    "remedies.run_sync_sqlalchemy_session_streaming": "ORM, streaming",
}
TIMED = {
    "run_sync_sqlalchemy_session": "ORM",
    "remedies.run_sync_sqlalchemy_session_yield_per": "ORM with yield_per, entities kept",
    "run_sync_sqlalchemy_engine": "Core",
}


def draw(figures: Sequence[Figures], scale: Record, timeline: Record) -> dict[str, str]:
    """Return every chart's SVG by its file name."""
    with matplotlib.rc_context(STYLE):
        return {
            "where-the-memory-is.svg": where(figures),
            "what-tracing-adds.svg": tracing(figures),
            "growth.svg": growth(scale),
            "over-time.svg": over_time(timeline),
        }


def where(figures: Sequence[Figures]) -> str:
    """Draw one bar per scenario, as long as the untraced process grew, split by source; bare data is a line."""
    figure = Figure(figsize=(6.6, 9), layout="constrained")
    axes = _scenario_axes(figure, figures)
    lefts = [0.0] * len(figures)
    for name, colour in COLOURS.items():
        sizes = [_part(one, name) / MIB for one in figures]
        if max(sizes) >= 0.5:
            axes.barh(range(len(figures)), sizes, left=lefts, color=colour, label=name, height=0.7)
            lefts = [left + size for left, size in zip(lefts, sizes, strict=True)]
    for position, one in enumerate(figures):
        label = f" {one.growth.value / MIB:.0f} MiB"
        axes.text(lefts[position], position, label, va="center", ha="left")
    bare = figures[0].bare * figures[0].rows / MIB
    axes.axvline(bare, color=INK, linestyle="--", label=f"bare data: {bare:.1f} MiB")
    axes.set_xlabel("growth of the process, MiB (not traced)")
    axes.set_xlim(0, max(lefts) * 1.25)
    figure.legend(loc="outside lower center", ncols=2)
    return _svg(figure)


def _part(figures: Figures, name: str) -> float:
    if name == "native (malloc)":
        return figures.native or 0
    if name == "freed before the list was made":
        return max(0.0, figures.python - figures.total)
    if name == "rest":
        return max(0.0, figures.growth.value - (figures.native or 0) - max(figures.python, figures.total))
    return figures.by_source.get(name, 0)


def tracing(figures: Sequence[Figures]) -> str:
    """Draw the process's memory with and without tracing, one pair of bars per scenario."""
    figure = Figure(figsize=(6.6, 8), layout="constrained")
    axes = _scenario_axes(figure, figures)
    for offset, colour, label, sizes in (
        (-0.2, "#009E73", "without tracing", [one.untraced_process.value / MIB for one in figures]),
        (0.2, "#CC79A7", "while tracemalloc runs", [one.traced_process.value / MIB for one in figures]),
    ):
        positions = [position + offset for position in range(len(figures))]
        axes.barh(positions, sizes, color=colour, label=label, height=0.38)
        for position, size in zip(positions, sizes, strict=True):
            axes.text(size, position, f" {size:.0f}", va="center", ha="left")
    axes.set_xlabel("process memory at the last row, MiB")
    axes.margins(x=0.16)
    figure.legend(loc="outside lower center", ncols=2)
    return _svg(figure)


def growth(stored: Record) -> str:
    """Draw the process's peak against the number of rows, both axes logarithmic."""
    figure = Figure(figsize=(6.6, 5.5), layout="constrained")
    axes = figure.subplots()
    for (name, label), colour, marker in zip(GROWING.items(), LINES, "osD^v", strict=True):
        points = [
            (int(step), figures[name]["peak"] / MIB) for step, figures in stored["figures"].items() if name in figures
        ]
        axes.plot(*zip(*points, strict=True), color=colour, marker=marker, linewidth=2.5, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rows (logarithmic)")
    axes.set_ylabel("peak of the process, MiB (logarithmic)")
    steps = [int(step) for step in stored["figures"]]
    axes.set_xticks(steps, [f"{step:,}" for step in steps])
    axes.set_yticks([50, 100, 200, 500, 1000, 2000], ["50", "100", "200", "500", "1,000", "2,000"])
    axes.minorticks_off()
    axes.grid(color=INK, alpha=0.25)
    figure.legend(loc="outside lower center", ncols=2)
    return _svg(figure)


def over_time(stored: Record) -> str:
    """Draw the process's memory over time, one curve per script, with the moment of its first row."""
    figure = Figure(figsize=(6.6, 5), layout="constrained")
    axes = figure.subplots()
    for (name, label), colour, style in zip(TIMED.items(), LINES[:3], ("-", "--", "-."), strict=True):
        curve = stored["curves"][name]
        seconds, sizes = zip(*((seconds, rss / MIB) for seconds, rss in curve["samples"]), strict=True)
        axes.plot(seconds, sizes, style, color=colour, linewidth=2.5, label=label)
        first = next(index for index, second in enumerate(seconds) if second >= curve[FIRST_ROW])
        axes.plot(seconds[first], sizes[first], "o", color=colour, markersize=10)
    axes.plot([], [], "o", color=INK, markersize=10, label="first row handed out")
    axes.set_xlabel("seconds since the start of the process")
    axes.set_ylabel("process memory, MiB")
    axes.set_ylim(bottom=0)
    axes.grid(color=INK, alpha=0.25)
    figure.legend(loc="outside lower center", ncols=2)
    return _svg(figure)


def _scenario_axes(figure: Figure, figures: Sequence[Figures]) -> Axes:
    axes = figure.subplots()
    axes.set_yticks(range(len(figures)), [_wrap(one.scenario.title) for one in figures])
    axes.invert_yaxis()
    axes.grid(axis="x", color=INK, alpha=0.25)
    return axes


def _wrap(title: str) -> str:
    """Break a scenario's name into lines that leave a phone room for the bars."""
    short = title.replace("Asynchronous", "async").replace("Synchronous", "sync")
    return short.replace(" with ", "\nwith ", 1).replace(" without ", "\nwithout ").replace(" - ", "\n", 1)


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
