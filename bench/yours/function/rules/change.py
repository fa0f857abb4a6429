"""A change: what to write instead, in the words of the library that is to do it."""

import re
from dataclasses import dataclass

from bench.errors import visible
from bench.yours.function.figures import FunctionFigures, line_of
from bench.yours.function.statement import Statement
from common import MIB

# From fewer rows, or of less memory, nothing follows.
ENOUGH_ROWS, ENOUGH = 1_000, MIB
BATCH = 1_000
# What the modules are called whose methods are awaited.
ASYNCIO = ".ext.asyncio."
# What is written where not SQLAlchemy executes a statement: a step's name, what it is called, and its code.
OF_A_SERVER = ("cursor", "A server-side cursor", 'connection.cursor("rows")')
ORDERED = "  # in the order that the relationship has, if any"
OF_PANDAS = "pandas.read_sql(…, connection.execution_options(stream_results=True), chunksize=1000)"
OF_POLARS = "polars.read_database(…, …, iter_batches=True, batch_size=1000)  # stream_results=True"
OF_ASYNCPG = "await connection.executemany(…, batch)  # a list of 1,000; or copy_records_to_table"
BY_OTHERS = {
    "yield_per": {
        "django": ("cursor", "iterator", "Model.objects.iterator(chunk_size=1000)"),
        "psycopg": (*OF_A_SERVER[:2], f"{OF_A_SERVER[2]}  # with its row_factory, if it has one; or stream()"),
        "psycopg2": (*OF_A_SERVER[:2], f"{OF_A_SERVER[2]}  # with its cursor_factory, if it has one"),
        "asyncpg": (*OF_A_SERVER[:2], "async for row in connection.cursor(…)  # in a transaction"),
        "pandas": ("chunks", "chunksize with stream_results", OF_PANDAS),
        "polars": ("chunks", "iter_batches with stream_results", OF_POLARS),
    },
    "n + 1": {
        "psycopg": ("n + 1", "One statement", "WHERE … = ANY(%s)"),
        "psycopg2": ("n + 1", "One statement", "WHERE … = ANY(%s)"),
        "asyncpg": ("n + 1", "One statement", "WHERE … = ANY($1)"),
    },
    "batches": {
        "django": ("batches", "Batches of 1,000", "Model.objects.bulk_create(batch)  # a list of 1,000"),
        "psycopg": ("batches", "Batches of 1,000", "cursor.executemany(…, batch)  # a list of 1,000"),
        "psycopg2": ("batches", "Batches of 1,000", "cursor.executemany(…, batch)  # a list of 1,000"),
        "asyncpg": ("batches", "Batches of 1,000", OF_ASYNCPG),
    },
}


@dataclass(frozen=True)
class Change:
    """What to write instead, by the name of the remedy, and how many bytes it saves; None where it saves time."""

    name: str
    text: str
    saves: float | None
    code: str = ""


def written(figures: FunctionFigures, statement: Statement, name: str, what: str, code: str) -> tuple[str, str, str]:
    """Return a step's name, what it is called and its code, in the words of the library that executes the statement."""
    if statement.by not in BY_OTHERS[name]:
        return name, what, as_code(code)
    name, what, code = BY_OTHERS[name][statement.by]
    code += "  # after your filter(), select_related(), …" * (".iterator(" in code)
    return name, what, visible(code.replace("Model", class_of(figures, statement, "Model")))


def table_of(statement: Statement) -> str:
    return statement.text.partition(" ")[2].replace('"', "")


def class_of(figures: FunctionFigures, statement: Statement, otherwise: str) -> str:
    """Return the class that maps a statement's table, else a name that stands for it."""
    return figures.tables.get(table_of(statement), (otherwise, ""))[0]


def at(statement: Statement) -> str:
    """Return the reader's line, with that of the library which it calls for it."""
    line = line_of(statement.line) if statement.line else "a line that is not known"
    return f"{line} ({line_of(statement.library_line)})" if statement.library_line else line


def as_code(code: str) -> str:
    return "\n".join(map(visible, code.split("\n")))


def kind_of(statement: Statement) -> str:
    """Return the class most of a statement's entities have."""
    return max(statement.classes, key=lambda name: statement.classes[name], default="").rpartition(".")[2]


def attributes_of(figures: FunctionFigures, statement: Statement) -> list[str]:
    """Return what a statement's columns are called, those of its class without the labels that a Query gives them."""
    kind = _class_of_columns(figures, statement)
    tables = [table for table, (name, _) in figures.tables.items() if name == kind]
    prefix = f"{tables[0]}_".replace(".", "_") if len(tables) == 1 else ""
    labelled = bool(prefix) and f"{prefix}{figures.tables[tables[0]][1]}" in statement.names
    return [name.removeprefix(prefix * labelled) for name in statement.names]


def attribute_of(figures: FunctionFigures, statement: Statement, column: str) -> str:
    """Return the attribute, as `Class.name`, that maps a column; nothing where that is unclear."""
    name = attributes_of(figures, statement)[statement.names.index(column)]
    kind = _class_of_columns(figures, statement)
    if len(statement.classes) == 1 or name != column:  # by its label
        return f"{kind}.{name}" if name in figures.columns.get(kind, [name]) else ""
    kinds = [one.rpartition(".")[2] for one in statement.classes]
    found = [(one, name) for one in kinds if name in figures.columns.get(one, ())]
    for table, (one, _) in figures.tables.items():  # by the label that a Query gives what it joins
        label = re.fullmatch(rf"{re.escape(table.replace('.', '_'))}_\d+_(\w+)", name)
        if label and one in kinds and label[1] in figures.columns.get(one, ()):
            found.append((one, label[1]))
    return ".".join(found[0]) if len(found) == 1 else ""


def _class_of_columns(figures: FunctionFigures, statement: Statement) -> str:
    return kind_of(statement) if len(statement.classes) == 1 else class_of(figures, statement, "")


def selected(statement: Statement, columns: str = "…") -> str:
    """Return how what a statement reads is selected, in the way in which the reader's code does it."""
    if statement.lazily:
        columns = kind_of(statement) if columns == "…" else columns
        return f"select({columns}).where(with_parent({_owner(statement)}, {statement.loads}))"
    return f"{'session.query' if by_query(statement) else 'select'}({columns})"


def in_chunks(statement: Statement, options: str, batch: int = BATCH) -> str:
    """Return how it is read in batches, in that way."""
    if by_query(statement) and not statement.lazily:
        return f"{selected(statement)}{options}.yield_per({batch})"
    option = f"execution_options(yield_per={batch})"
    if statement.lazily:
        session = f"object_session({_owner(statement)}).scalars"
        read = "await session.stream_scalars" if is_awaited(statement) else session
        return f"rows = {selected(statement)}{ORDERED}\n{read}(rows.{option})"
    code = f"{selected(statement)}{options}.{option}"
    module, _, method = statement.called.partition(":")
    if ASYNCIO not in module:
        return code
    owner = "connection" if module.endswith("engine") else "session"
    return f"await {owner}.stream{'_scalars' * method.startswith('scalar')}({code})"


def is_awaited(statement: Statement) -> bool:
    """Return whether the reader's code awaits a statement: all of its rows are there before the code has one."""
    return ASYNCIO in statement.called or statement.called.endswith(":greenlet_spawn")


def awaiting(statement: Statement, code: str) -> str:
    return f"{'await ' * is_awaited(statement)}{code}"


def _owner(statement: Statement) -> str:
    return statement.loads.partition(".")[0].lower()


def by_query(statement: Statement) -> bool:
    """Return whether a statement is written as a legacy Query."""
    return statement.called.startswith("sqlalchemy.orm.query:")
