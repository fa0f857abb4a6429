"""Code with the names of the reader's own table or query: it compiles, reads all rows, and fits 80 columns."""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from bench.layers.costs import Subject
from bench.relations.relations import Column

WIDTH = 80
# What the code imports, which no class of the reader's may hide.
IMPORTED = frozenset(("Any", "AsyncEngine", "AsyncSession", "Decimal", "Engine", "Session", "UUID"))
# What `sqlalchemy.text` takes for a parameter, and where it drops a backslash
# (https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text).
PARAMETER, DROPPED = re.compile(r"(?<![:\w\\]):(?=\w+(?![:\w]))"), re.compile(r"\\(?=:\w*(?![:\w]))")
# A character as it stands in a literal.
CHARACTER = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.")

ENTITIES = """\
from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

{statement}


def read(engine: Engine) -> None:
    with Session(engine) as session:
        for row in session.scalars(statement):
            ...


async def read_async(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        result = await session.stream(statement)
        async for rows in result.scalars().partitions():
            for row in rows:
                ..."""
ROWS = """\
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

{query}
statement = text(query).execution_options(yield_per=1000)


def read(engine: Engine) -> None:
    with engine.connect() as connection:
        for row in connection.execute(statement):
            ...


async def read_async(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        result = await connection.stream(statement)
        async for rows in result.partitions(1000):
            for row in rows:
                ..."""
COLUMNS = """\
from sqlalchemy import select

{statement}"""
DATACLASS = """\
{imports}


@dataclass(slots=True)
class {name}:
{fields}


{query}
with connection.cursor("rows") as cursor:
{factory}
    cursor.itersize = 1000
    cursor.execute(query)
    for row in cursor:
        ..."""


def class_name(subject: Subject) -> str:
    """Return the name of a class for a table's rows: `order_lines` is `OrderLines`; a query's is `Row`."""
    return class_called(subject.relation.name)


def class_called(table: str) -> str:
    """Return the name of a class for the rows of a table of that name."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", table))
    name = "".join(char for word in words for char in word[0].upper() + word[1:] if f"x{char}".isidentifier())
    own = name.isidentifier() and not keyword.iskeyword(name) and name not in IMPORTED
    return name if own else f"Row{name}"


def streamed(subject: Subject) -> str:
    """Return how SQLAlchemy reads a batch at a time, with and without asyncio: entities, or rows where is no key."""
    if subject.relation.key:
        return ENTITIES.format(statement=selected([class_name(subject)]))
    return ROWS.format(query=assigned(for_text(sql(subject))))


def columns(subject: Subject) -> str:
    """Return the statement that reads columns instead of entities."""
    name = class_name(subject)
    return COLUMNS.format(statement=selected([f"{name}.{column.attribute}" for column in subject.relation.columns]))


def dataclass(subject: Subject) -> str:
    """Return a dataclass for the rows, and how psycopg makes its instances, a batch at a time."""
    relation = subject.relation
    name = f"{class_name(subject)}Row" if relation.name else "Row"
    return DATACLASS.format(
        imports=imports(relation.columns),
        name=name,
        fields="\n".join(field(column, subject) for column in relation.columns),
        query=assigned(sql(subject)),
        factory=fitted("    cursor.row_factory = args_row(", [name], ")"),
    )


def selected(names: list[str]) -> str:
    """Return the `select` of these names."""
    return fitted("statement = select(", names, ").execution_options(yield_per=1000)")


def field(column: Column, subject: Subject) -> str:
    """Return a field of a dataclass."""
    name = column.type.rpartition(".")[2]
    kind = name if name == "Any" or column.name in subject.required else f"{name} | None"
    line = f"    {column.attribute}: {kind}"
    return line if len(line) <= WIDTH else f"    {column.attribute}: (\n        {kind}\n    )"


def imports(columns: Iterable[Column]) -> str:
    """Return the imports that the dataclass needs, as they are sorted by convention."""
    needed = {("dataclasses", "dataclass")}
    for column in columns:
        module, _, name = column.type.rpartition(".")
        if module or name == "Any":
            needed.add((module or "typing", name))
    lines = [
        f"from {one} import {', '.join(sorted(name for module, name in needed if module == one))}"
        for one in sorted({module for module, _ in needed})
    ]
    return "\n".join([*lines, "", "from psycopg.rows import args_row"])


def sql(subject: Subject) -> str:
    """Return the SQL that reads the columns in their order: the reader's own, where that is a query."""
    relation = subject.relation
    if not relation.name:
        return relation.statement if relation.left_out else relation.source[1:-2]
    line = f"SELECT {', '.join(subject.sql_names)} FROM {subject.sql_source}"
    names = "\n".join(packed(subject.sql_names, "    ")).removesuffix(",")
    return line if len(line) <= WIDTH else f"SELECT\n{names}\nFROM {subject.sql_source}"


def for_text(query: str) -> str:
    r"""Return SQL for `sqlalchemy.text`, which takes `:name` for a parameter, and `\:` for a colon."""
    return PARAMETER.sub(r"\:", DROPPED.sub(r"\\\\", query))


def fitted(head: str, names: Sequence[str], tail: str) -> str:
    """Return a call in one line, if it fits there with one argument; else with the arguments on lines of their own."""
    line = f"{head}{names[0]}{tail}"
    if len(names) == 1 and len(line) <= WIDTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    short = (name if len(f"{indent}    {name},") <= WIDTH else name.replace(".", f"\n{indent}    .") for name in names)
    return "\n".join([head, *packed(short, f"{indent}    "), f"{indent}{tail}"])


def packed(names: Iterable[str], indent: str) -> list[str]:
    """Return the names, each with a comma behind it, in indented lines."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) + 2 <= WIDTH:
            lines[-1] += f" {name},"
        else:
            lines.append(f"{indent}{name},")
    return lines


def assigned(query: str) -> str:
    """Return the assignment of SQL to `query`, as a literal that has the same characters."""
    line = repr(query) if {'"', "\\"} & set(query) or not query.isprintable() else f'"{query}"'
    if "\n" not in query and len(f"query = {line}") <= WIDTH:
        return f"query = {line}"
    return "\n".join(['query = """', *(line for one in query.split("\n") for line in cut(one)), '"""'])


def cut(line: str) -> Iterator[str]:
    """Yield a line of SQL as it stands in a literal of several lines, which goes on behind a backslash."""
    plain = line.replace("\\", r"\\").replace('"""', r"\"\"\"")
    visible = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in plain)
    part = ""
    for char in CHARACTER.findall(visible):
        if len(part) + len(char) >= WIDTH:
            words, space, rest = part.rpartition(" ")
            yield f"{words}{space}\\" if words.strip() else f"{part}\\"
            part = rest if words.strip() else ""
        part += char
    yield part
