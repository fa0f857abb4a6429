"""The blocks of a page: the bytes per row of all scenarios, the peaks of the two sessions, and the overheads."""

from collections.abc import Mapping
from dataclasses import asdict

from bench.look import pages
from bench.studies.versions import tables
from bench.studies.versions.figures import Versions


def blocks(figures: Versions) -> dict[str, str]:
    """Return the blocks' Markdown by marker."""
    sessions = [one for name, one in figures.scenarios.items() if "session" in name]
    return {
        "versions": tables.costs(list(figures.scenarios.values())).markdown(),
        "peaks": tables.peaks(sessions).markdown(),
        "overheads-by-python": tables.overheads(figures.overheads).markdown(),
        "crossings": crossings(figures.crossings),
        "row-model-by-python": pages.data(
            "row-model-by-python", {python: asdict(model) for python, model in figures.models.items()}
        ),
    }


def crossings(found: Mapping[str, int]) -> str:
    """Return from how many columns on a model costs more than an entity, by Python."""
    pythons: dict[int, list[str]] = {}
    for python, count in found.items():
        pythons.setdefault(count, []).append(python)
    parts = (f"from {count} columns on with Python {' and '.join(names)}" for count, names in pythons.items())
    return f"A Pydantic model's overhead is larger than an entity's {', '.join(parts)}."
