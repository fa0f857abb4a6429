"""What to write instead where what comes a row at a time is gathered, or goes through a buffer."""

from collections.abc import Iterator

from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.batches import DROPPED
from bench.yours.function.rules.change import ENOUGH, ENOUGH_ROWS, Change, at
from bench.yours.function.rules.sizes import transient

# How a driver's rows are read one after the other.
OF_A_COPY = "for block in copy: file.write(block)  # async for, where it is awaited"
FOR_EACH = {
    "psycopg": "for row in cursor: …  # async for, where it is awaited",
    "psycopg2": "for row in cursor: …",
    "asyncpg": "async for row in connection.cursor(…): …",
}


def in_a_buffer(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that the text of a COPY goes through memory."""
    for one in figures.statements:
        if one.in_memory >= ENOUGH:
            text = (
                f"A file in place of the buffer for the COPY at {at(one)}, of {mib(one.in_memory)} MiB: saves up to "
                f"{mib(transient(figures))} MiB at the peak, where the file is read, or sent, a part at a time."
            )
            yield Change("file", text, transient(figures), "tempfile.TemporaryFile()")


def gathered(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that more is held once what a driver hands out a row at a time is read; of threads, nobody knows whose."""
    for one in figures.statements:
        rows, size = one.rows or 0, sum(one.sizes) / one.times
        if one.by not in FOR_EACH or not one.streamed or rows < ENOUGH_ROWS or one.at_once > 1:
            continue
        if 0 < size <= one.held:
            saves = min(transient(figures), 2 * one.held)  # a text that is made of all takes as much again
            how = "COPY" if one.verb == "COPY" else "cursor"
            text = (
                f"Each row at {at(one)} in turn: all {rows:,} come by a {how}, and once they are read, your code holds "
                f"{mib(one.held)} MiB more, as in a list of them or of what is made of each. Saves up to {mib(saves)} "
                f"MiB at the peak{DROPPED}."
            )
            yield Change("in turn", text, saves, OF_A_COPY if one.verb == "COPY" else FOR_EACH[one.by])
