"""The block of a page: the headline of how it grows, and the table."""

from collections.abc import Mapping

from bench.look.tables import mib
from bench.studies.growth.figures import Figures
from bench.studies.growth.measure import MOST, STEPS
from bench.studies.growth.tables import tables


def blocks(figures: Mapping[str, Figures]) -> dict[str, str]:
    """Return the block's Markdown by its marker."""
    streaming = figures["remedies.run_sync_sqlalchemy_session_streaming"].peaks[MOST]
    keeping = figures["run_sync_sqlalchemy_session"].peaks[STEPS[-1]]
    headline = (
        f"The streaming ORM reads **{MOST:,} rows in {mib(streaming)} MiB**. "
        f"Keeping the entities of {STEPS[-1]:,} rows takes {mib(keeping)} MiB."
    )
    [table] = tables(figures, figures)
    return {"growth": f"{headline}\n\n{table.markdown()}"}
