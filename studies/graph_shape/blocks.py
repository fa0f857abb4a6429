"""The blocks of a page that follow from the families."""

from collections.abc import Mapping

from studies.graph_shape import tables
from studies.graph_shape.figures import Figures


def blocks(figures: Mapping[str, Figures]) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    return {
        "graph-parts": tables.parts(figures).markdown(),
        "graph-prediction": f"{worst(figures)}\n\n{tables.prediction(figures).markdown()}",
        "graph-objects": tables.consists(figures).markdown(),
    }


def worst(figures: Mapping[str, Figures]) -> str:
    """Return how far the prediction is off at most."""
    off = max(abs(deviation) for one in figures.values() for deviation in one.deviations.values())
    return f"The prediction is off by {off:.1%} at most. Bytes per family: predicted, measured, deviation."
