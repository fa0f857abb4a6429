"""The chart of the overheads: bytes against the number of columns, one line a layer, its steps by their cause."""

from typing import NamedTuple

from matplotlib.axes import Axes

from report import charts as style
from report.colours import INK
from studies.row_shape.figures import ENTITY, MODEL, Figures, Shapes
from studies.row_shape.shapes import COLUMNS

DICT = "psycopg, dict"
BLUE = "#0072B2"
COLOURS = {
    ENTITY: "#D55E00",
    MODEL: "#CC79A7",
    DICT: "#009E73",
    "Core row": "#E69F00",
    "psycopg, named tuple": BLUE,
    "psycopg, tuple": BLUE,
    "slots dataclass": BLUE,
    "Pydantic slots dataclass": BLUE,
}
# What stands at the end of a line, and by how many points lower than it. Four lines lie upon each other.
ENDS = {
    ENTITY: ("ORM entity", 0),
    MODEL: ("Pydantic model", 0),
    DICT: ("psycopg, dict", 0),
    "Core row": ("Core row", -6),
    "psycopg, tuple": ("psycopg, named\nand plain tuple;\nslots dataclass,\nalso Pydantic's", 36),
}


class Cause(NamedTuple):
    """What a step is due to; on which side of it that stands, and by how many bytes above its middle."""

    text: str
    side: str
    higher: int


# Of a layer's largest steps, from the left.
CAUSES = {
    MODEL: (
        Cause("set of given fields:\n8 → 32 slots", "above", 650),
        Cause("set of given fields:\n32 → 128 slots", "left", 150),
    ),
    ENTITY: (Cause("its dict no longer\nshares its keys", "right", 0),),
    DICT: (Cause("table of the dict, and of\na model's: 32 → 64 slots", "right", -20),),
}


def charts(figures: Figures) -> dict[str, str]:
    """Return the chart's SVG by its file's name."""
    figure = style.new(8.6, 6.4)
    axes = figure.subplots()
    for layer, colour in COLOURS.items():
        sizes = [figures.layers[layer].overheads[count] for count in COLUMNS]
        axes.step([*COLUMNS, COLUMNS[-1] + 1], [*sizes, sizes[-1]], where="mid", color=colour, linewidth=2.5)
        if layer in ENDS:
            name, lower = ENDS[layer]
            end = (COLUMNS[-1] + 0.5, sizes[-1])
            text = f"{name}: {sizes[-1]:,.0f}" if "\n" not in name else name
            axes.annotate(text, end, (7, -lower), textcoords="offset points", va="center", color=colour, weight="bold")
        name_steps(axes, figures.layers[layer])
    axes.set_xlim(0.5, COLUMNS[-1] + 0.5)
    axes.set_ylim(0)
    axes.set_xticks([1, 5, 10, 15, 20, 25, 30, 35, 40])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("columns of the row")
    axes.set_ylabel("bytes of the row, without its values")
    axes.grid(color=INK, alpha=0.25)
    return {"row-shape.svg": style.svg(figure)}


def name_steps(axes: Axes, shapes: Shapes) -> None:
    """Write beside a layer's largest steps what each is due to."""
    causes, found = CAUSES.get(shapes.layer, ()), shapes.steps
    largest = sorted(sorted(found, key=lambda columns: -found[columns])[: len(causes)])
    for columns, cause in zip(largest, causes, strict=True):
        right, align = {"left": (-1.1, "right"), "right": (0.1, "left"), "above": (-3.9, "left")}[cause.side]
        place = (columns + right, shapes.overheads[columns] - found[columns] / 2 + cause.higher)
        text = f"{cause.text}\n+{found[columns]:,.0f} bytes"
        colour = COLOURS[shapes.layer]
        axes.text(*place, text, ha=align, va="center", color=colour, fontsize=11.5).set_in_layout(False)
