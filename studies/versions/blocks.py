"""The blocks of a page: the bytes per row of all scenarios, the peaks of the two sessions, and the overheads."""

from studies.versions import tables
from studies.versions.figures import Versions


def blocks(figures: Versions) -> dict[str, str]:
    """Return the blocks' Markdown by marker."""
    sessions = [one for name, one in figures.scenarios.items() if "session" in name]
    return {
        "versions": tables.costs(list(figures.scenarios.values())).markdown(),
        "peaks": tables.peaks(sessions).markdown(),
        "overheads-by-python": tables.overheads(figures.overheads).markdown(),
    }
