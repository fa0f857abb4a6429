"""How Django's query sets are written: with what they prefetch, and with the columns of dicts or tuples."""

import sys
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import Change, at, class_of, table_of
from bench.yours.function.rules.held import many, of_class, with_it
from bench.yours.function.statement import Statement

OF_DJANGO = ("django", "psycopg", "psycopg2")
DJANGO, MODEL = "django", "Model"


def tuples(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that models are kept, or held though they are read by a cursor, of which tuples hold less."""
    objects, kinds = figures.objects_at_peak, {name for name, _ in figures.tables.values()}
    of_all = sum(of_class(objects, name) for name in kinds)
    for one in figures.statements:
        kind = class_of(figures, one, "")
        if one.by != DJANGO or one.values or one.parent is not None or not kind or not many(one):
            continue
        rows, values = one.rows or 0, sum(one.sizes)
        if one.streamed:
            number, size = rows, one.held - values if 2 * one.held >= values else 0
            how = "held by your code, though they are read by a cursor"
        else:  # at the peak the query set may hold them, and not the code
            number = models_kept(figures, one)
            share = of_class(objects, kind) / (of_all or 1)
            size, how = int(beside_values(figures) * share) if 2 * number >= rows else 0, "kept"
        if not size:
            continue
        saves = size - number * sys.getsizeof((None,) * one.columns)
        text = (
            f"values_list() instead of models at {at(one)}, if only their columns are read: {number:,} {visible(kind)} "
            f"are {how}. Saves about {mib(saves)} MiB, as predicted, with all columns."
        )
        names = ", ".join([*map(repr, one.names[:2]), "…"])
        yield Change("tuples", text, saves, visible(f"{kind}.objects.values_list({names})"))


def models_kept(figures: FunctionFigures, statement: Statement) -> int:
    """Return how many of a statement's models are still there at the return."""
    kind = class_of(figures, statement, "") if statement.by == DJANGO and not statement.values else ""
    return of_class(figures.at_return, kind)


def beside_values(figures: FunctionFigures) -> int:
    """Return what Django and its driver have at the peak, without the values that were read, and what stays."""
    packages, after = (held.packages if held else {} for held in (figures.at_peak, figures.after))
    values = sum(sum(one.sizes) for one in figures.statements if one.by == DJANGO)
    return max(0, sum(packages.get(name, 0) - after.get(name, 0) for name in OF_DJANGO) - values)


def as_chained(figures: FunctionFigures, statement: Statement, code: str) -> str:
    """Return how a query set is read in batches, with what it needs before."""
    children = [one for one in with_it(figures, statement) if one is not statement]
    paths = dict.fromkeys(_prefetched(figures, statement, child) for child in children)
    last = [path for path in paths if not any(other.startswith(f"{path}__") for other in paths)]
    before = f".prefetch_related({', '.join(map(_quoted, last))})" if last else ""
    before += f".{_method(statement)}(…)" if statement.values else ""
    return code.replace(".iterator(", f"{before}.iterator(")


def without(figures: FunctionFigures, model: str, name: str) -> str:
    """Return how a model's column is deferred, where it is prefetched, too."""
    code = f"{model}.objects.defer({name!r})"
    of_model = [one for one in figures.statements if one.by == DJANGO and class_of(figures, one, MODEL) == model]
    if not of_model or any(one.parent is None for one in of_model):
        return code
    parent = figures.statements[of_model[0].parent or 0]
    return f"prefetch_related(Prefetch({_quoted(_prefetched(figures, parent, of_model[0]))}, {code}))"


def others_of(statement: Statement, name: str) -> str:
    """Return how dicts or tuples are made without a column."""
    others = [repr(other) for other in statement.names if other != name]
    names = ", ".join([*others[:3], *["…"][: len(others) > 3]])
    return f".{_method(statement)}({names}{', named=True' * statement.values.startswith('Named')})"


def _method(statement: Statement) -> str:
    return "values" if statement.values == "ValuesIterable" else "values_list"


def _prefetched(figures: FunctionFigures, parent: Statement, child: Statement) -> str:
    """Return the path from a statement's models to those that are prefetched with them; nothing if it is unclear."""
    here, there = table_of(parent), table_of(child)
    steps = [(from_, attribute, to) for from_, _, attribute, to, _ in figures.relationships]
    between = {table_of(one) for one in with_it(figures, parent)} - {here, there}
    paths = [attribute for from_, attribute, to in steps if (from_, to) == (here, there)]
    if not paths:
        halves = [(attribute, to) for from_, attribute, to in steps if from_ == here and to in between]
        paths = [
            f"{first}__{name}" for first, middle in halves for at, name, to in steps if (at, to) == (middle, there)
        ]
    return paths[0] if len(paths) == 1 else ""


def _quoted(path: str) -> str:
    return repr(path) if path else "…"
