"""The peak of the process against the number of rows, both axes logarithmic."""

from collections.abc import Mapping

from bench.look import charts as style
from bench.look.colours import INK, LINES
from bench.studies.growth.figures import Figures
from bench.studies.growth.measure import MOST, STEPS
from common import MIB

# Few enough to be told apart.
CHARTED = (
    "run_sync_sqlalchemy_session",
    "run_async_sqlalchemy_engine_pydantic",
    "run_sync_sqlalchemy_engine",
    "run_sync_psycopg",
    "remedies.run_sync_sqlalchemy_session_streaming",
)


def charts(figures: Mapping[str, Figures]) -> dict[str, str]:
    """Return the chart's SVG by its file's name."""
    figure = style.new(6.6, 5.5)
    axes = figure.subplots()
    for name, colour, marker in zip(CHARTED, LINES, "osD^v", strict=True):
        points = [(rows, peak / MIB) for rows, peak in figures[name].peaks.items()]
        label = figures[name].scenario.short
        axes.plot(*zip(*points, strict=True), color=colour, marker=marker, linewidth=2.5, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rows (logarithmic)")
    axes.set_ylabel("growth of the peak, MiB (logarithmic)")
    steps = (*STEPS, MOST)
    axes.set_xticks(steps, [f"{step:,}" for step in steps])
    axes.set_yticks([1, 3, 10, 30, 100, 300, 1000], ["1", "3", "10", "30", "100", "300", "1,000"])
    axes.minorticks_off()
    axes.grid(color=INK, alpha=0.25)
    return {"growth.svg": style.svg(figure)}
