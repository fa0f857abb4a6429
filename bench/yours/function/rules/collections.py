"""What to write instead where several collections are joined, whose rows multiply each other."""

import sys
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import Change, at, in_chunks, selected
from bench.yours.function.rules.held import kept, multiplied
from bench.yours.function.rules.loading import of_collections
from bench.yours.function.rules.sizes import of_driver, of_values, transient
from bench.yours.function.statement import Statement


def joined(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that collections are not to be joined: the driver's rows, and those made of them, repeat each other."""
    for one in figures.statements:
        if not multiplied(one) or not one.rows:
            continue
        of_tuple = sys.getsizeof((None,) * one.columns)
        saves = of_driver(figures, one) + sum(one.sizes) + one.rows * of_tuple - of_values(figures, one)
        text = (
            f"selectinload instead of joined collections at {at(one)}: {one.rows:,} rows came, in which "
            f"{numbers_of(one)} repeat each other. Saves about {mib(saves)} MiB, as predicted"
        )
        options = f".options({of_collections(figures, one)})"
        code = f"{selected(one)}{options}"
        if not kept(figures, one):
            saved = mib(of_driver(figures, one) + transient(figures))
            text += f"; up to {saved} with yield_per, too, which SQLAlchemy refuses with joined collections"
            code = in_chunks(one, options)
        yield Change("selectinload", f"{text}.", saves, code)


def numbers_of(statement: Statement) -> str:
    """Return how many entities there are of each class, fewest first, as text."""
    classes = sorted(statement.classes.items(), key=lambda one: one[1])
    *others, last = (f"{number:,} {visible(name.rpartition('.')[2])}" for name, number in classes)
    return f"{', '.join(others)} and {last}" if others else last
