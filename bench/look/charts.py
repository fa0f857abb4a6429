"""How charts look, as SVG: the same figures give the same bytes."""

import io
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from bench.look.colours import INK

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
matplotlib.rcParams.update(STYLE)


def new(width: float, height: float) -> Figure:
    """Return an empty figure, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def svg(figure: Figure) -> str:
    """Return the figure as SVG, with its legend below, where anything has a label."""
    if any(axes.get_legend_handles_labels()[1] for axes in figure.axes):
        figure.legend(loc="outside lower center", ncols=2)
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
