"""How Django's query sets are written: with what they prefetch, and with the columns of dicts or tuples."""

from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import class_of, table_of
from bench.yours.function.rules.held import with_it
from bench.yours.function.statement import Statement

DJANGO, MODEL = "django", "Model"


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
