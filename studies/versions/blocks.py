"""The blocks of a page: the bytes per row of all scenarios, and the peaks of the two sessions."""

from collections.abc import Mapping

from studies.versions import tables
from studies.versions.figures import Figures


def blocks(figures: Mapping[str, Figures]) -> dict[str, str]:
    """Return the blocks' Markdown by marker."""
    sessions = [one for name, one in figures.items() if "session" in name]
    return {"versions": tables.costs(list(figures.values())).markdown(), "peaks": tables.peaks(sessions).markdown()}
