"""How to write rows of the reader's table: code, with its columns and their types. It is shown, and never run."""

from collections.abc import Iterator

from bench.relations.data import ReadColumn, Relation
from bench.yours.code import annotation, class_called, imports_of
from bench.yours.fitting import WIDTH, assigned, fitted, packed

COPIED = """\
{imports}

{row}
{query}


def write(connection: Connection, rows: Iterable[Row]) -> None:
    with connection.cursor().copy(query) as copy:
        for row in rows:
            copy.write_row(row)"""
INSERTED = """\
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

{names}
{statement}


def write(engine: Engine, rows: Iterator[Any]) -> None:
    with Session(engine) as session:
        while batch := [dict(zip(names, row)) for row in islice(rows, 1000)]:
            session.execute(statement, batch)
        session.commit()"""


def to_write(relation: Relation) -> Iterator[tuple[str, str]]:
    """Yield what to write rows by, and its code: of a table alone, without the columns that the server generates."""
    columns = [column for column in relation.columns if column.name in relation.written]
    if relation.children or not columns:
        return
    yield "To write rows, as many as there are, from a generator: `copy`.", copied(relation, columns)
    if not relation.no_entities:
        text = "To write them through the ORM, where its defaults or returned keys are needed: 1,000 at a time."
        yield text, inserted(relation, columns)


def copied(relation: Relation, columns: list[ReadColumn]) -> str:
    kinds = [annotation(column, column.name in relation.required) for column in columns]
    line = f"Row = tuple[{', '.join(kinds)}]"
    quoted = [relation.quotes[column.name] for column in columns]
    query = f"COPY {relation.sql_name} ({', '.join(quoted)}) FROM STDIN"
    if len(query) > WIDTH - len('query = ""'):
        names = "\n".join(packed(quoted, "    ")).removesuffix(",")
        query = f"COPY {relation.sql_name} (\n{names}\n) FROM STDIN"
    return COPIED.format(
        imports=imports_of(columns, ("collections.abc", "Iterable"), ("psycopg", "Connection")),
        row=line if len(line) <= WIDTH else fitted("Row = tuple[", kinds, "]"),
        query=assigned(query),
    )


def inserted(relation: Relation, columns: list[ReadColumn]) -> str:
    names = [f'"{column.attribute}"' for column in columns]
    tail = ").execution_options(render_nulls=True)"
    return INSERTED.format(
        names=fitted("names = [", names, "]"),
        statement=fitted("statement = insert(", [class_called(relation.name)], tail),
    )
