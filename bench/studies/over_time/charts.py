"""The process's memory over time, one curve a script, with the moment of its first row."""

from collections.abc import Mapping

from bench.look import charts as style
from bench.look.colours import INK, LINES
from bench.studies.over_time.figures import Figures
from common import MIB


def charts(figures: Mapping[str, Figures]) -> dict[str, str]:
    """Return the chart's SVG by its file's name."""
    figure = style.new(6.6, 5)
    axes = figure.subplots()
    for one, colour, line in zip(figures.values(), LINES, ("-", "--", "-."), strict=False):
        seconds, sizes = zip(*((seconds, rss / MIB) for seconds, rss in one.samples), strict=True)
        axes.plot(seconds, sizes, line, color=colour, linewidth=2.5, label=one.scenario.short)
        first, size = one.at_first_row
        axes.plot(first, size / MIB, "o", color=colour, markersize=10)
    axes.plot([], [], "o", color=INK, markersize=10, label="first row handed out")
    axes.set_xlabel("seconds since the start of the process")
    axes.set_ylabel("process memory, MiB")
    axes.set_ylim(bottom=0)
    axes.grid(color=INK, alpha=0.25)
    return {"over-time.svg": style.svg(figure)}
