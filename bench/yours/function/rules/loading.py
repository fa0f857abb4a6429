"""What loads children or parents with the rows that they belong to, by the reader's own names."""

from collections.abc import Iterator

from bench.errors import visible
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import ENOUGH_ROWS, Change, at, kind_of, table_of, written
from bench.yours.function.rules.held import with_it
from bench.yours.function.statement import Statement

# So often a statement is repeated where it is executed for each row of another one.
FEW = 20
Relationship = tuple[str, str, str, str, bool]


def often(figures: FunctionFigures) -> Iterator[Change]:
    """Yield the statement that is executed once for each row of another one."""
    for one in figures.statements:
        if not is_repeated(figures, one):
            continue
        name, what, code = written(figures, one, "n + 1", *loads_with(figures, one))
        text = (
            f"{what} for {at(one)}: the same {visible(one.text)} is executed {one.times:,} times, which takes "
            f"{one.seconds:.2f} s."
        )
        if (one.rows or 0) >= ENOUGH_ROWS:
            text += f" All {one.rows:,} rows are in memory at once then."
        yield Change(name, text, None, code)


def is_repeated(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether a statement is n + 1: once for each parent, or one parent each time; else it is only frequent."""
    if statement.verb != "SELECT" or statement.times < FEW or statement.parent is not None:
        return False
    times, single = statement.times, (statement.rows or 0) <= statement.times
    others = [max(one.rows or 0, one.loaded) for one in figures.statements if one is not statement]
    each = any(times <= rows and (single or rows <= 2 * times) for rows in others)
    return each or times >= ENOUGH_ROWS


def loads_with(figures: FunctionFigures, statement: Statement) -> tuple[str, str]:
    """Return what loads the statement's rows with those of their parents, and its code."""
    step = _from_parent(figures, statement)
    kind, key = figures.tables.get(table_of(statement), ("", ""))
    if statement.by == "sqlalchemy" and not statement.loaded:
        kind = kind or "Child"
        return "One statement with IN (and GROUP BY)", f"select({kind}.…).where({kind}.….in_(…))"
    to_many = step[4] if step else (statement.rows or 0) > statement.times
    if not step and not to_many and key:
        by_keys = f"select({kind}).where({kind}.{key}.in_(ids))"
        return "One statement with IN", f"{kind}.objects.in_bulk(ids)" if statement.by == "django" else by_keys
    if statement.by == "django":
        method = "prefetch_related" if to_many else "select_related"
        return method, f"{step[1]}.objects.{method}({step[2]!r})" if step else f"Parent.objects.{method}(…)"
    chain = _chain(figures, statement, [])
    code = ".".join(chain) or ("selectinload(Parent.children)" if to_many else "joinedload(Child.parent)")
    return f"{code.partition('(')[0]}, or one statement with IN,", f"options({code})"


def _from_parent(figures: FunctionFigures, statement: Statement) -> Relationship | None:
    """Return the relationship that a statement loads; else that from a table that was read before, if it is but one."""
    loaded = [one for one in figures.relationships if f"{one[1]}.{one[2]}" == statement.loads]
    if loaded:
        return loaded[0]
    before = figures.statements[: figures.statements.index(statement)]
    read = {table_of(one) for one in before if one.loaded or one.by == "django"}  # rows alone load nothing
    there = [one for one in figures.relationships if one[3] == table_of(statement) and one[0] in read]
    return there[0] if len(there) == 1 else None


def _chain(figures: FunctionFigures, statement: Statement, below: list[Statement]) -> list[str]:
    """Return what loads a statement's rows from the one on that is not repeated: its parent may be repeated, too."""
    step = _from_parent(figures, statement)
    if not step:
        return []
    whole_tree = step[0] == step[3] and not figures.libraries.get("sqlalchemy", "").startswith("1.")
    depth = ", recursion_depth=-1" * whole_tree
    load = f"{'selectinload' if step[4] or whole_tree else 'joinedload'}({step[1]}.{step[2]}{depth})"
    if whole_tree:
        return [load]
    parents = [one for one in figures.statements if table_of(one) == step[0] and is_repeated(figures, one)]
    above = _chain(figures, parents[0], [*below, statement]) if parents and parents[0] not in below else []
    return [*above, load]


def of_collections(figures: FunctionFigures, statement: Statement) -> str:
    """Return what loads the collections that come with a statement's entities, if it is clear which these are."""
    together = with_it(figures, statement)
    loads = [one.loads for one in together if one is not statement]
    if loads and not statement.collections and all(name.partition(".")[0] == kind_of(statement) for name in loads):
        return ", ".join(f"selectinload({name})" for name in loads)
    loaded = {name.rpartition(".")[2] for one in together for name in one.classes}
    paths = [".".join(map(_loader, path)) for path in _paths(figures, table_of(statement), loaded, ())]
    clear = 0 < len(paths) <= statement.joins + len(together) - 1
    return ", ".join(paths) if clear else "selectinload(Parent.children), …"


def joined_by(figures: FunctionFigures, statement: Statement) -> list[Relationship]:
    """Return the relationships that a statement joins, if it is clear which these are; parents before children."""
    loaded = {name.rpartition(".")[2] for name in statement.classes}
    steps = dict.fromkeys(step for path in _paths(figures, table_of(statement), loaded, ()) for step in path)
    others = [figures.tables[there][0] for _, _, _, there, _ in steps]
    return list(steps) if len(steps) <= statement.joins and len({*others}) == len(others) else []


def _loader(step: Relationship) -> str:
    _, kind, attribute, _, to_many = step
    return f"{'selectinload' if to_many else 'joinedload'}({kind}.{attribute})"


def _paths(
    figures: FunctionFigures, table: str, classes: set[str], above: tuple[str, ...]
) -> Iterator[tuple[Relationship, ...]]:
    for step in figures.relationships:
        here, kind, _, there, _ = step
        other, _ = figures.tables.get(there, ("", ""))
        if here == table and other in classes and kind in classes and there not in (*above, here):
            further = list(_paths(figures, there, classes, (*above, here)))
            yield from ((step, *path) for path in further) if further else [(step,)]
