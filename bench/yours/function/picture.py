"""A function's memory over the time of its call, with its statements as marks, as SVG."""

from xml.sax.saxutils import escape

from bench.look.colours import INK
from bench.look.tables import mib
from bench.nouns import counted
from bench.yours.function.figures import FunctionFigures, ProcessOfCall

WIDTH, HEIGHT = 760, 300
LEFT, TOP, RIGHT, BOTTOM = 90, 50, 20, 40
LINE, MARK = "#D55E00", "#0072B2"
# So many statements are marked.
MOST_MARKS = 200
STYLE = f'font-family="DejaVu Sans, Verdana, sans-serif" font-size="13" fill="{INK}"'


def picture(figures: FunctionFigures, process: ProcessOfCall) -> str:
    """Return the process's growth in MiB by the second, untraced."""
    longest, largest = max(process.seconds, 1e-6), max(process.peak, 1)

    def x(seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(seconds / longest, 1), 1)

    def y(size: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(size, 0) / largest, 1)

    line = " ".join(f"{x(seconds)},{y(size)}" for seconds, size in process.samples)
    marks = "".join(
        f'<path d="M{x(begin)} {TOP}V{HEIGHT - BOTTOM}" stroke="{MARK}" stroke-opacity="0.5"/>'
        for begin, _ in process.marks[:: len(process.marks) // MOST_MARKS + 1]
    )
    title = f"{figures.target}: {process.seconds:.2f} s, {mib(process.peak)} MiB at the peak"
    texts = (
        (LEFT, 20, "start", title),
        (LEFT - 8, y(largest) + 5, "end", f"{mib(largest)} MiB"),
        (LEFT - 8, y(0) + 5, "end", "0"),
        (WIDTH - RIGHT, HEIGHT - 12, "end", f"{process.seconds:.2f} s"),
        (
            LEFT,
            HEIGHT - 12,
            "start",
            f"{counted(sum(one.times for one in figures.statements), 'statement')}: blue",
        ),
    )
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(title)}</title>",
            f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="{INK}"/>',
            marks,
            f'<polyline points="{line}" fill="none" stroke="{LINE}" stroke-width="2"/>',
            *(
                f'<text x="{across}" y="{down}" text-anchor="{anchor}" {STYLE}>{escape(text)}</text>'
                for across, down, anchor, text in texts
            ),
            "</svg>\n",
        )
    )
