"""The peak of one request and of ten at once, for each endpoint, on a logarithmic axis."""

from bench.look import charts as style
from bench.look.colours import INK, LINES
from bench.studies.requests.figures import Requests
from common import MIB

# What is less is noise, and lies at the left edge.
LEAST = 0.1


def charts(figures: Requests) -> dict[str, str]:
    """Return the chart's SVG by its file's name."""
    shown = sorted(figures.by_name.values(), key=lambda one: one.many["peak"])
    single = [max(one.peak / MIB, LEAST) for one in shown]
    many = [max(one.many["peak"] / MIB, LEAST) for one in shown]
    figure = style.new(8, 6)
    axes = figure.subplots()
    axes.hlines(range(len(shown)), single, many, color=INK, linewidth=2)
    axes.plot(single, range(len(shown)), "o", color=LINES[2], markersize=10, label="1 request")
    axes.plot(many, range(len(shown)), "s", color=LINES[0], markersize=10, label="10 at once")
    axes.set_xscale("log")
    axes.set_xlabel("peak over the warm process, MiB (logarithmic)")
    ticks = [LEAST, 1, 10, 100, 1000]
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_yticks(range(len(shown)), [one.endpoint.short for one in shown])
    axes.minorticks_off()
    axes.grid(axis="x", color=INK, alpha=0.25)
    return {"a-request.svg": style.svg(figure)}
