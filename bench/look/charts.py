"""How charts look, as SVG: the same figures give the same bytes."""

import io
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.look.colours import INK

STYLE: Any = {
    "svg.hashsalt": "what does a row cost",
    # Text, not outlines: half the bytes. DejaVu Sans is what matplotlib reckons with; Verdana is as wide, and other
    # fonts are narrower.
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
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
# From one line of a text to the next, as a multiple of its size.
LINE = 1.2
matplotlib.rcParams.update(STYLE)


def new(width: float, height: float) -> Figure:
    """Return an empty figure, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def beside(
    axes: Axes, place: tuple[float, float], text: str, points: float = 5, align: str = "left", **style: Any
) -> None:
    """Write a text so many points to the right of a place, a line at a time, so that any font's lines are aligned."""
    size = style.get("fontsize", STYLE["font.size"])
    lines = text.split("\n")
    for number, line in enumerate(lines):
        offset = (points, LINE * size * ((len(lines) - 1) / 2 - number))
        axes.annotate(line, place, offset, textcoords="offset points", ha=align, va="center", **style)


def svg(figure: Figure) -> str:
    """Return the figure as SVG, with its legend below, where anything has a label."""
    if any(axes.get_legend_handles_labels()[1] for axes in figure.axes):
        figure.legend(loc="outside lower center", ncols=2)
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
