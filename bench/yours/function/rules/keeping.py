"""What to write instead where rows are written, or stay after the return."""

import sys
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, path_of
from bench.yours.function.rules.change import BATCH, ENOUGH, ENOUGH_ROWS, Change, at, peak_of, written

STATE = "sqlalchemy.orm.state.InstanceState"


def pending(figures: FunctionFigures) -> Iterator[Change]:
    mapped = figures.attributes.keys()
    objects = figures.at_peak.objects if figures.at_peak else {}
    # A state outlives its entity where nobody else holds that: until the transaction ends.
    there = max(sum(n for name, n in objects.items() if name in mapped), objects.get(STATE, 0))
    for one in figures.statements:
        rows = one.rows or 0
        if one.verb == "INSERT" and rows >= 2 * BATCH and there >= max(ENOUGH_ROWS, rows / 2):
            saves = peak_of(figures) * (1 - BATCH / rows)
            text = (
                f"Batches of 1,000 at {at(one)}: {rows:,} entities were pending at once. Saves about {mib(saves)} MiB "
                "at the peak, as predicted."
            )
            code = "session.execute(insert(Entity), batch)  # a list of 1,000 dicts"
            name, _, code = written(one, "batches", "", code)
            yield Change(name, text, saves, code)


def is_somebodys(name: str) -> bool:
    """Return whether a class is neither Python's own nor of its standard library, whose objects any import makes."""
    return "." in name and name.partition(".")[0] not in sys.stdlib_module_names


def cache(figures: FunctionFigures) -> Iterator[Change]:
    after = figures.after
    if not after or not figures.holder or after.traced < ENOUGH:
        return
    name, count = next(((name, n) for name, n in after.objects.items() if is_somebodys(name)), ("", 0))
    if count >= ENOUGH_ROWS:
        text = (
            f"{visible(path_of(figures.holder))} grew: {count:,} {visible(name)} stay after the return, "
            f"{mib(after.traced)} MiB. Give it a limit, or drop what is read."
        )
        yield Change("cache", text, after.traced)
