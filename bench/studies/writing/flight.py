"""What a row of any columns takes while it is on its way into a table: traced bytes for each, at the peak.

usage: MEMORY_JSON=OUTPUT python -m bench.studies.writing.flight WAY TABLE

The rows come from TABLE by a server-side cursor, so that each value is made when it is asked for. They go into a copy
of it, which is rolled back. Of two numbers of rows, the difference is measured: what a batch takes, both have.
"""

import json
import os
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Column, Engine, MetaData, Table, create_engine, insert, select
from sqlalchemy.orm import Session, declarative_base, mapped_column

from common import database_url, loaded_versions

# They fill a dict and a set, which grow by steps, as 92,000 rows do. They are several of SQLAlchemy's batches of at
# most 1,000, and whole ones of the cursor's.
FEWER, MORE = 2_900, 11_600
# The driver sends without waiting, and holds more of what waits for an answer where the server is slow for a moment.
REPEATS = 3
Dicts = Iterable[dict[str, Any]]
Write = Callable[[Session, Any, Dicts], object]


def kept(session: Session, entity: Any, rows: Dicts) -> None:
    """Keep the values alone, each row as a tuple, in a list that has its length from the beginning."""
    storage: list[Any] = [None] * MORE
    for place, row in enumerate(rows):
        storage[place] = tuple(row.values())


def added(session: Session, entity: Any, rows: Dicts) -> None:
    session.add_all(entity(**row) for row in rows)
    session.flush()


def in_bulk(session: Session, entity: Any, rows: Dicts) -> None:
    session.execute(insert(entity).execution_options(render_nulls=True), list(rows))


def in_core(session: Session, entity: Any, rows: Dicts) -> None:
    session.connection().execute(insert(entity.__table__), list(rows))


WAYS: dict[str, Write] = {"values": kept, "add_all": added, "bulk insert": in_bulk, "Core, insert": in_core}


def main(way: str, name: str) -> None:
    engine = create_engine(database_url("postgresql+psycopg"))
    source = Table(name, MetaData(), autoload_with=engine)
    names = ["".join(name) for name in source.c.keys()]  # noqa: SIM118 (it is no dict)
    entity = mapped({name: source.c[name] for name in names})
    measured = partial(peak, WAYS[way], engine, source, entity)
    measured(FEWER)  # which fills the caches
    fewer, more = (median(measured(count) for _ in range(REPEATS)) for count in (FEWER, MORE))
    per_row = (more - fewer) / (MORE - FEWER)
    output = {"per_row": per_row, "versions": loaded_versions()}
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps(output), encoding="utf-8")


def mapped(columns: Mapping[str, Column[Any]]) -> Any:
    """Return a class as one writes it, of a temporary table with these columns.

    Their names are plain texts. That of a `Column("name", …)` is of a class of SQLAlchemy's, and takes a dict more.
    """
    attributes = {
        name: mapped_column(column.type, primary_key=column.primary_key, nullable=column.nullable)
        for name, column in columns.items()
    }
    table = {"__tablename__": "in_flight", "__table_args__": {"prefixes": ["TEMPORARY"]}}
    return type("Entity", (declarative_base(),), table | attributes)


def peak(write: Write, engine: Engine, source: Table, entity: Any, count: int) -> int:
    """Return the traced bytes at the peak while so many rows are written, above those before."""
    names = entity.__table__.c.keys()
    with engine.connect() as reading, Session(engine) as session:
        entity.__table__.create(session.connection())
        rows = reading.execution_options(yield_per=100).execute(select(source))
        dicts = (dict(zip(names, row, strict=True)) for row in rows)
        tracemalloc.start()
        write(session, entity, islice(dicts, count))
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return highest


if __name__ == "__main__":
    main(*sys.argv[1:])
