"""The chart of the overheads: bytes against the number of columns, one line a layer, its steps by their cause."""

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes

from bench.layers.names import CORE, DICT, DJANGO, ENTITY, MODEL, PEEWEE, PICCOLO, SLOTS, TORTOISE, TUPLE, VALIDATED
from bench.look import charts as style
from bench.look.colours import INK
from bench.look.tables import whole
from bench.studies.row_shape.overheads import LayerShapes, RowShapes
from bench.studies.row_shape.shapes import COLUMNS

BLUE = "#0072B2"


class Cause(NamedTuple):
    """What a step is due to; on which side of it that stands, and by how many bytes above its middle."""

    text: str
    side: str
    higher: int


class LayerLine(NamedTuple):
    """A layer's line: its colour; what stands at its end, by how many points lower; and the causes of its steps."""

    colour: str
    name: str = ""
    lower: int = 0
    # Of the largest steps, from the left.
    causes: tuple[Cause, ...] = ()


KEYS = "its dict no longer\nshares its keys"
# Four lines lie upon each other.
OWN = {
    ENTITY: LayerLine("#D55E00", ENTITY, 0, (Cause(KEYS, "right", 0),)),
    MODEL: LayerLine(
        *("#CC79A7", MODEL, 0),
        (
            Cause("set of given fields:\n8 → 32 slots", "above", 650),
            Cause("set of given fields:\n32 → 128 slots", "left", 150),
        ),
    ),
    DICT: LayerLine(
        *("#009E73", DICT, 0),
        (Cause("table of the dict, and of\na model's: 32 → 64 slots", "right", -20),),
    ),
    CORE: LayerLine("#E69F00", CORE, -6),
    "psycopg, named tuple": LayerLine(BLUE),
    TUPLE: LayerLine(BLUE, "psycopg, named\nand plain tuple;\nslots dataclass,\nalso Pydantic's", 36),
    SLOTS: LayerLine(BLUE),
    VALIDATED: LayerLine(BLUE),
}
OTHERS = {
    ENTITY: LayerLine("#D55E00", ENTITY),
    PEEWEE: LayerLine("#CC79A7", PEEWEE, 0, (Cause("table of its dict:\n32 → 64 slots", "left", 330),)),
    DJANGO: LayerLine("#009E73", DJANGO, -12, (Cause(KEYS, "right", -330),)),
    TORTOISE: LayerLine("#E69F00", TORTOISE),
    PICCOLO: LayerLine(BLUE, PICCOLO, 12),
    TUPLE: LayerLine("#56B4E9", TUPLE),
}


def of(shapes: RowShapes) -> dict[str, str]:
    return {"row-shape.svg": drawn(shapes, OWN), "other-models.svg": drawn(shapes, OTHERS)}


def drawn(shapes: RowShapes, lines: Mapping[str, LayerLine]) -> str:
    figure = style.new(8.6, 6.4)
    axes = figure.subplots()
    for layer, line in lines.items():
        sizes = [shapes.layers[layer].overheads[count] for count in COLUMNS]
        axes.step([*COLUMNS, COLUMNS[-1] + 1], [*sizes, sizes[-1]], where="mid", color=line.colour, linewidth=2.5)
        if line.name:
            end = (COLUMNS[-1] + 0.5, sizes[-1])
            text = f"{line.name}: {whole(sizes[-1])}" if "\n" not in line.name else line.name
            place = (7, -line.lower)
            axes.annotate(text, end, place, textcoords="offset points", va="center", color=line.colour, weight="bold")
        name_steps(axes, shapes.layers[layer], line)
    axes.set_xlim(0.5, COLUMNS[-1] + 0.5)
    axes.set_ylim(0)
    axes.set_xticks([1, 5, 10, 15, 20, 25, 30, 35, 40])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("columns of the row")
    axes.set_ylabel("bytes of the row, without its values")
    axes.grid(color=INK, alpha=0.25)
    return style.svg(figure)


def name_steps(axes: Axes, layer: LayerShapes, line: LayerLine) -> None:
    """Write beside a layer's largest steps what each is due to."""
    steps = layer.steps
    largest = sorted(sorted(steps, key=lambda columns: -steps[columns])[: len(line.causes)])
    for columns, cause in zip(largest, line.causes, strict=True):
        right, align = {"left": (-1.1, "right"), "right": (0.1, "left"), "above": (-3.9, "left")}[cause.side]
        place = (columns + right, layer.overheads[columns] - steps[columns] / 2 + cause.higher)
        text = f"{cause.text}\n+{whole(steps[columns])} bytes"
        style.beside(axes, place, text, 0, align, color=line.colour, fontsize=11.5, in_layout=False)
