"""How Django's query sets are written: with what they prefetch, and with the columns of dicts or tuples."""

import sys
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import Change, at, class_of, table_of
from bench.yours.function.rules.held import many, with_it
from bench.yours.function.statement import Statement

OF_DJANGO = ("django", "psycopg", "psycopg2")
DJANGO, MODEL = "django", "Model"


def tuples(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that models are kept, or held though they are read by a cursor, of which tuples hold less."""
    of_all = models_at_peak(figures)
    for one in figures.statements:
        kind = class_of(figures, one, "")
        if one.by != DJANGO or one.values or one.parent is not None or not kind or not many(one):
            continue
        there = of_all.get(kind, 0)
        stay = sum(count for name, count in figures.at_return.items() if name.rpartition(".")[2] == kind)
        number = max(there, stay) if one.streamed else stay  # else the query set may hold them, and not the code
        if 2 * number < (one.rows or 0):
            continue
        share = there / (sum(of_all.values()) or 1)
        saves = beside_values(figures) * share - number * sys.getsizeof((None,) * one.columns)
        how = "held by your code, though they are read by a cursor" if one.streamed else "kept"
        text = (
            f"values_list() instead of models at {at(one)}, if only their columns are read: {number:,} {visible(kind)} "
            f"are {how}. Saves about {mib(saves)} MiB, as predicted, with all columns."
        )
        names = ", ".join([*map(repr, one.names[:2]), "…"])
        yield Change("tuples", text, saves, visible(f"{kind}.objects.values_list({names})"))


def beside_values(figures: FunctionFigures) -> int:
    """Return what Django and its driver have at the peak, without the values that were read, and what stays."""
    packages, after = (held.packages if held else {} for held in (figures.at_peak, figures.after))
    values = sum(sum(one.sizes) for one in figures.statements if one.by == DJANGO)
    return max(0, sum(packages.get(name, 0) - after.get(name, 0) for name in OF_DJANGO) - values)


def models_at_peak(figures: FunctionFigures) -> dict[str, int]:
    """Return how many objects of each of Django's models there are at the peak, by the class's own name."""
    kinds = {name for name, _ in figures.tables.values()}
    objects = {name.rpartition(".")[2]: number for name, number in figures.objects_at_peak.items()}
    return {name: number for name, number in objects.items() if name in kinds}


def as_chained(figures: FunctionFigures, statement: Statement, code: str) -> str:
    """Return how a query set is read in batches, with what it needs before."""
    children = [one for one in with_it(figures, statement) if one is not statement]
    attributes = dict.fromkeys(_prefetched(figures, statement, child) for child in children)
    before = f".prefetch_related({', '.join(attributes)})" if attributes else ""
    before += f".{_method(statement)}(…)" if statement.values else ""
    return code.replace(".iterator(", f"{before}.iterator(")


def without(figures: FunctionFigures, model: str, name: str) -> str:
    """Return how a model's column is deferred, where it is prefetched, too."""
    code = f"{model}.objects.defer({name!r})"
    of_model = [one for one in figures.statements if one.by == DJANGO and class_of(figures, one, MODEL) == model]
    if not of_model or any(one.parent is None for one in of_model):
        return code
    parent = figures.statements[of_model[0].parent or 0]
    return f"prefetch_related(Prefetch({_prefetched(figures, parent, of_model[0])}, {code}))"


def others_of(statement: Statement, name: str) -> str:
    """Return how dicts or tuples are made without a column."""
    others = [repr(other) for other in statement.names if other != name]
    names = ", ".join([*others[:3], *["…"][: len(others) > 3]])
    return f".{_method(statement)}({names}{', named=True' * statement.values.startswith('Named')})"


def _method(statement: Statement) -> str:
    return "values" if statement.values == "ValuesIterable" else "values_list"


def _prefetched(figures: FunctionFigures, parent: Statement, child: Statement) -> str:
    ends = table_of(parent), table_of(child)
    names = [attribute for here, _, attribute, there, _ in figures.relationships if (here, there) == ends]
    return repr(names[0]) if len(names) == 1 else "…"
