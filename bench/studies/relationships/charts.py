"""The chart: what a customer with his orders takes, kept and at the peak."""

from bench.look import charts as style
from bench.look.colours import INK, LINES
from bench.studies.relationships.blocks import ORDERS
from bench.studies.relationships.figures import Ways


def charts(figures: Ways) -> dict[str, str]:
    """Return the chart's SVG by its file's name: each way's bar is kept, and from there on a line leads to its peak."""
    ways = [one for name, one in figures.by_name.items() if not name.startswith(ORDERS)]
    figure = style.new(6.6, 8.5)
    axes = figure.subplots()
    positions = range(len(ways))
    kept, peaks = [one.kept for one in ways], [one.peak for one in ways]
    axes.barh(positions, kept, color=LINES[2], height=0.6, label="kept")
    axes.hlines(positions, kept, peaks, color=LINES[0], linewidth=3, label="up to the peak")
    axes.plot(peaks, positions, "|", color=LINES[0], markersize=14, markeredgewidth=3)
    for position, peak in zip(positions, peaks, strict=True):
        axes.text(peak, position, f"  {peak:,.0f}", va="center", ha="left")
    axes.set_yticks(positions, [one.scenario.short for one in ways])
    axes.invert_yaxis()
    axes.set_xlabel("traced bytes for each customer with 4 orders")
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, 1.2 * max(peaks))
    axes.grid(axis="x", color=INK, alpha=0.25)
    return {"relationships.svg": style.svg(figure)}
