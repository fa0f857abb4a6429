"""Who holds the memory: a colour for each in charts and bars, and a letter where there are no colours."""

from collections.abc import Mapping

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
    "freed before the list": "#666666",
    "native (malloc)": "#5D3A9B",
    "rest": "#CCCCCC",
}
LETTERS = dict(zip(COLOURS, "pOEPstColn.", strict=True))
# Grey that stands out from GitHub's white and from its dark page alike.
INK = "#808080"
LINES = ("#D55E00", "#CC79A7", "#0072B2", "#E69F00", "#009E73")


def coloured(holders: Mapping[str, float]) -> dict[str, float]:
    """Return the sizes of all that has a colour, in the colours' order; what has none is among the others."""
    without = sum(size for name, size in holders.items() if name not in COLOURS)
    return {name: holders.get(name, 0.0) + (without if name == "other" else 0.0) for name in COLOURS}
