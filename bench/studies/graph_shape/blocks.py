"""The blocks of a page that follow from the families."""

from collections.abc import Mapping
from dataclasses import asdict, replace

from bench.look import pages
from bench.studies.graph_shape import tables
from bench.studies.graph_shape.figures import Figures
from bench.studies.graph_shape.model import Parts


def blocks(figures: Mapping[str, Figures]) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    return {
        "graph-parts": tables.parts(figures).markdown(),
        "graph-prediction": f"{worst(figures)}\n\n{tables.prediction(figures).markdown()}",
        "graph-objects": tables.consists(figures).markdown(),
        "graph-model": pages.data("graph-model", {way: asdict(published(one)) for way, one in figures.items()}),
    }


def published(figures: Figures) -> Parts:
    """Return the parts of a way to load, rounded to a thousandth of a byte."""
    sizes = {name: size for name, size in asdict(figures.parts).items() if not isinstance(size, bool)}
    return replace(figures.parts, **{name: round(size, 3) for name, size in sizes.items()})


def worst(figures: Mapping[str, Figures]) -> str:
    """Return how far the prediction is off at most."""
    off = max(abs(deviation) for one in figures.values() for deviation in one.deviations.values())
    return f"The prediction is off by {off:.1%} at most. Bytes per family: predicted, measured, deviation."
