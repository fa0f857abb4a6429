"""How to write rows of the reader's table: code, with its columns and their types. It is shown, and never run."""

import textwrap
from collections.abc import Iterator

from bench.errors import visible
from bench.layers.subject import Subject
from bench.relations.data import ReadColumn, Relation
from bench.yours.code import annotation, class_called, imports_of
from bench.yours.fitting import WIDTH, assigned, fitted, packed

COPIED = """\
{imports}

{left_out}{row}
{query}


def write(connection: Connection, rows: Iterable[Row]) -> None:
    cursor = connection.cursor()
{dumper}    with cursor.copy(query) as copy:
        for row in rows:
            copy.write_row(row)"""
DUMPER = "    cursor.adapters.register_dumper(dict, JsonbDumper)\n"
INSERTED = """\
from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

{left_out}# A None is NULL here. Leave out what your class has a default for, too.
{documents}{names}
{statement}


def write(engine: Engine, rows: Iterable[Any]) -> None:
    rows = iter(rows)
    with Session(engine) as session:
        while batch := [dict(zip(names, row)) for row in islice(rows, 1000)]:
            session.execute(statement, batch)
        session.commit()"""


def to_write(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield what to write rows by, and its code: of a table alone, without the columns that the server makes."""
    relation = subject.relation
    columns = [column for column in relation.columns if column.name in relation.written]
    if relation.children:
        return
    if not subject.writable:
        yield "To write rows: this role may not. Grant INSERT on it.", ""
    elif columns:
        yield from of_columns(subject, columns)


def of_columns(subject: Subject, columns: list[ReadColumn]) -> Iterator[tuple[str, str]]:
    if subject.policed:
        yield "To write rows by `copy`: the server refuses that here, for row-level security is active.", ""
    else:
        yield "To write rows, as many as there are, from a generator: `copy`.", copied(subject.relation, columns)
    if not subject.relation.no_entities:
        text = "To write them through the ORM, where its defaults or returned keys are needed: 1,000 at a time."
        yield text, inserted(subject.relation, columns)


def copied(relation: Relation, columns: list[ReadColumn]) -> str:
    kinds = [annotation(column, column.name in relation.required) for column in columns]
    line = f"Row = tuple[{', '.join(kinds)}]"
    quoted = [relation.quotes[column.name] for column in columns]
    query = f"COPY {relation.sql_name} ({', '.join(quoted)}) FROM STDIN"
    if len(query) > WIDTH - len('query = ""'):
        names = "\n".join(packed(quoted, "    ")).removesuffix(",")
        query = f"COPY {relation.sql_name} (\n{names}\n) FROM STDIN"
    documents = {column: "dict" in column.type for column in documents_of(columns)}
    others = [relation.quotes[column.name] for column, is_dict in documents.items() if not is_dict]
    used = [name for name, is_dict in (("Jsonb", False), ("JsonbDumper", True)) if is_dict in documents.values()]
    imports = imports_of(columns, ("collections.abc", "Iterable"), ("psycopg", "Connection"))
    return COPIED.format(
        imports=f"{imports}\nfrom psycopg.types.json import {', '.join(used)}" if used else imports,
        left_out=left_out(relation, columns) + comment("Give as Jsonb(value), for it is not always a dict: ", others),
        dumper=DUMPER if True in documents.values() else "",
        row=line if len(line) <= WIDTH else fitted("Row = tuple[", kinds, "]"),
        query=assigned(query),
    )


def inserted(relation: Relation, columns: list[ReadColumn]) -> str:
    names = [f'"{column.attribute}"' for column in columns]
    tail = ").execution_options(render_nulls=True)"
    documents = [column.attribute for column in documents_of(columns) if not column.stored.endswith("]")]
    return INSERTED.format(
        left_out=left_out(relation, columns),
        documents=comment("But JSON's null, if it is no JSONB(none_as_null=True): ", documents),
        names=fitted("names = [", names, "]"),
        statement=fitted("statement = insert(", [class_called(relation.name)], tail),
    )


def documents_of(columns: list[ReadColumn]) -> list[ReadColumn]:
    """Return the columns of documents, or of arrays of them."""
    return [column for column in columns if column.stored.removesuffix("[]") in ("json", "jsonb")]


def left_out(relation: Relation, columns: list[ReadColumn]) -> str:
    """Return a comment that names the columns that are not written."""
    names = [relation.quotes[column.name] for column in relation.columns if column not in columns]
    return comment("Left out: the server makes them, or this role may not write them: ", names)


def comment(text: str, names: list[str]) -> str:
    """Return a comment of that text and these names, as SQL has them; nothing where there is none."""
    lines = textwrap.wrap(text + ", ".join(map(visible, names)), WIDTH - 2, break_on_hyphens=False) if names else []
    return "".join(f"# {line}\n" for line in lines)
