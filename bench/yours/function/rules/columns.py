"""What to write instead where entities are kept, or held at the peak, that are only read: columns."""

from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.batches import (
    IF_DROPPED,
    about,
    batch_of,
    code_in_chunks,
    is_sqlalchemys,
    made_of_rows,
    spared,
    with_made,
)
from bench.yours.function.rules.change import (
    ENOUGH,
    Change,
    as_code,
    at,
    attributes_of,
    awaiting,
    by_query,
    kind_of,
    selected,
)
from bench.yours.function.rules.held import alive, changed, held, kept, many, multiplied, of_lazy, with_it
from bench.yours.function.rules.loading import FEW, joined_by
from bench.yours.function.rules.sizes import of_driver, of_lines, of_values
from bench.yours.function.statement import Statement

# From this share of a row's values on, and no more than so many, a column is named.
HEAVY, NAMED = 0.2, 2
REST = "\n# … also is the rest of the statement, but for loader options"


def columns(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are kept, or held at the peak, of which columns hold less."""
    of_a_row, of_a_place = figures.row_size
    for one in figures.statements:
        stay = kept(figures, one)
        if not (stay or held(figures, one)) or not one.loaded or not many(one):
            continue
        if multiplied(one) or changed(figures, one) or one.loaded < FEW * one.times:  # or they are loaded one by one
            continue
        if any(each.times >= FEW for each in of_lazy(figures, one)):  # not only their columns are read
            continue
        if one.parent is not None and figures.statements[one.parent].loaded >= FEW:  # which is the one to change
            continue
        saves: float = of_lines(figures, one) * share_of_line(figures, one)
        numbers = [(each, there_of(figures, each)) for each in with_it(figures, one)]
        for each, number in numbers:
            saves -= number * (of_a_row + of_a_place * each.columns + of_values(figures, each) / (each.loaded or 1))
        how = "kept" if stay else f"held by {visible(one.loads) if one.lazily else 'your code'} at the peak"
        if not stay and is_sqlalchemys(one) and not one.lazily:
            how = "there at the peak"
        how += ", though they are read in batches" * (one.yield_per is not None)
        sure = "about" if stay else "up to" if one.at_once > 1 else about(figures)
        text = (
            f"Columns instead of entities at {at(one)}, if only their columns are read, and no hybrid or property: "
            f"{sum(number for _, number in numbers):,} entities are {how}. Saves {sure} {mib(saves)} MiB, as "
            f"predicted, with all columns{heavy(figures, one, there_of(figures, one))}"
        )
        streamed, code = spared(figures, one, made_of_rows(figures)), code_of(figures, one)
        if not (stay or one.yield_per or is_sqlalchemys(one) or one.parent is not None) and streamed >= ENOUGH:
            text += f"; yield_per {about(figures)} {mib(streamed)}{IF_DROPPED}"
            text += with_made(streamed, spared(figures, one, 0))
            code += f"\n\n{code_in_chunks(figures, one, batch_of(figures, one))}"
        yield Change("columns", f"{text}.", saves, as_code(code))


def there_of(figures: FunctionFigures, statement: Statement) -> int:
    """Return how many of a statement's entities are kept, or there at the peak."""
    at_return = sum(min(number, figures.at_return.get(name, 0)) for name, number in statement.classes.items())
    return max(at_return, alive(figures, statement))


def heavy(figures: FunctionFigures, statement: Statement, number: int) -> str:
    """Return which columns take most of what is left, as text; nothing where none does."""
    sizes = sorted(zip(statement.sizes, attributes_of(figures, statement), strict=False), reverse=True)[:NAMED]
    known = figures.columns.get(kind_of(statement), ())
    sizes = [one for one in sizes if one[0] >= max(ENOUGH, HEAVY * sum(statement.sizes)) and one[1] in known]
    share = sum(size for size, _ in sizes) / (sum(statement.sizes) or 1)
    size = share * (sum(statement.sizes) * number / (statement.loaded or 1) + of_driver(figures, statement))
    names = " and ".join(visible(name) for _, name in sizes)
    return f"; {names} take{'s' * (len(sizes) == 1)} {mib(size)} MiB of the rest" if size >= ENOUGH else ""


def share_of_line(figures: FunctionFigures, statement: Statement) -> float:
    """Return which share a statement has in the entities that its line, or what its line calls, loads."""
    together = with_it(figures, statement)
    others = [one for one in figures.statements if one.line == statement.line and one not in together]
    return sum(one.loaded for one in together) / sum(one.loaded for one in (*together, *others))


def code_of(figures: FunctionFigures, statement: Statement) -> str:
    """Return how columns are selected and executed, as no scalars: by a statement for each that brings entities.

    One for all of them would have a row for each pair of two collections, and none where a collection is empty.
    """
    others = [one for one in with_it(figures, statement) if one is not statement and one.loads and one.loaded]
    others = [one for one in others if kind_of(one) != one.loads.partition(".")[0]]  # a tree is one table
    steps = joined_by(figures, statement)
    kind = steps[0][1] if steps else kind_of(statement)
    columns = [columns_of(figures, kind), *(columns_of(figures, figures.tables[step[3]][0], 1) for step in steps)]
    joins = "".join(f".outerjoin({step[1]}.{step[2]})" for step in steps)
    codes = [f"{selected(statement, ', '.join(columns))}{joins}"]
    for one in others:
        key = key_of(figures, one)
        names = ", ".join([*key, columns_of(figures, kind_of(one))])
        codes.append(f"{selected(statement, names)}.join({one.loads}){'' if key else '.distinct()'}")
    if not by_query(statement):
        codes = [awaiting(statement, f"session.execute({code})") for code in codes]
    return "\n".join(dict.fromkeys(codes)) + REST


def key_of(figures: FunctionFigures, statement: Statement) -> list[str]:
    """Return the attribute that tells whose entities a statement's are, where it loads a collection."""
    owner, _, attribute = statement.loads.partition(".")
    keys = [key for kind, key in figures.tables.values() if kind == owner and key]
    many = [to_many for _, kind, name, _, to_many in figures.relationships if (kind, name) == (owner, attribute)]
    return [f"{owner}.{key}" for key in keys[:1]] if many[:1] == [True] else []


def columns_of(figures: FunctionFigures, kind: str, number: int = 3) -> str:
    """Return some attributes of a class, those of the primary key first."""
    return ", ".join([*(f"{kind}.{name}" for name in figures.columns.get(kind, ())[:number]), "…"])
