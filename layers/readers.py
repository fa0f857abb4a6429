"""Read rows into the objects of one layer, and say what they take: nothing else has happened in this process before.

usage: MEMORY_JSON=OUTPUT python -m layers.readers LAYER READING

READING is what `Reading.command` writes. OUTPUT gets one JSON object: `count`, how many rows were read; `traced`, what
tracemalloc sees of them, with its `lines`; `rss`, by how much the process grew; both in bytes; and `seconds`. What is
paid once (types looked up, statements compiled, classes made) is paid before, by reading one row; and what keeps the
rows is made before, too.
"""

import gc
import importlib
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from psycopg import rows

from common import database_url, group_by_line, short_path
from errors import PACKAGES
from layers.redaction import without_values
from layers.relations import Column, Relation, connect

# How many rows each batch of a server-side cursor has.
BATCH = 1000
COUNT = 20_000

# Gives that many rows, as objects of a layer.
Read = Callable[[int], Iterable[object]]
Layer = Callable[["Reading"], AbstractContextManager[Read]]


@dataclass(frozen=True)
class Reading:
    """The process that reads so many rows of a relation in one layer."""

    layer: str
    relation: Relation
    count: int = COUNT
    timeout: int = 60

    @property
    def name(self) -> str:
        """What is read, and as what."""
        return f"{self.relation.name or 'the query'} as {self.layer}"

    @property
    def short(self) -> str:
        """The layer and the number of columns."""
        return f"{self.layer}, {len(self.relation.columns)} columns"

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""
        return ["-m", "layers.readers", json.dumps(asdict(self))]


def reading(text: str) -> Reading:
    """Return what `Reading.command` wrote."""
    found = json.loads(text)
    relation = found["relation"]
    columns = tuple(Column(**column) for column in relation["columns"])
    return Reading(**found | {"relation": Relation(**relation | {"columns": columns, "key": tuple(relation["key"])})})


def main(
    text: str, layers: "Mapping[str, Layer] | None" = None, tell: Callable[[Any], dict[str, int]] = lambda first: {}
) -> None:
    """Read in one of these layers, else of LAYERS, and write what was measured, with what the first row tells."""
    what = reading(text)
    with (
        without_values([column.attribute for column in what.relation.columns]),
        (layers or LAYERS)[what.layer](what) as read,
    ):
        for _ in read(1):
            pass
        measurement = measured(read, what.count, tell)
    measurement["versions"] = {name: version(name) for name in PACKAGES if name in sys.modules}
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps(measurement), encoding="utf-8")


def measured(read: Read, count: int, tell: Callable[[Any], dict[str, int]]) -> dict[str, Any]:
    """Return what so many rows take, in bytes and seconds. All are kept until that is known."""
    kept: list[object] = [None] * count
    process = psutil.Process()
    gc.collect()
    if os.environ.get("MEMORY_TRACING") != "off":
        tracemalloc.start()
    before, start = process.memory_info().rss, time.perf_counter()
    index = -1
    for index, row in enumerate(read(count)):
        kept[index] = row
    found: dict[str, Any] = {"count": index + 1, "seconds": time.perf_counter() - start}
    found["rss"] = process.memory_info().rss - before
    if tracemalloc.is_tracing():
        gc.collect()  # empties the free lists of built-in types, in which memory of no row may lie
        clear_caches()
        found["traced"] = tracemalloc.get_traced_memory()[0]
        lines = group_by_line(tracemalloc.take_snapshot())
        found["lines"] = [line._replace(file=short_path(line.file))._asdict() for line in lines]
    return found | tell(kept[0])


def clear_caches() -> None:
    """Empty CPython's cache of methods, which keeps some 500 copies of a name where values have a time zone."""
    # Renamed in 3.13: https://docs.python.org/3.13/library/sys.html#sys._clear_type_cache
    (getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache)()


def psycopg_rows(what: Reading, row_factory: Any) -> Iterator[Read]:
    """Yield how to read through a server-side cursor, a batch at a time."""

    def read(count: int) -> Iterator[object]:
        with connection.cursor("rows", row_factory=row_factory) as cursor:
            cursor.itersize = BATCH
            cursor.execute(f"{what.relation.statement} LIMIT {count}".encode())
            yield from cursor

    with connect(database_url(), what.timeout) as connection:
        yield read
        connection.rollback()  # not even a notification is sent


@contextmanager
def plain_tuple(what: Reading) -> Iterator[Read]:
    """Yield psycopg's default."""
    yield from psycopg_rows(what, rows.tuple_row)


@contextmanager
def named_tuple(what: Reading) -> Iterator[Read]:
    """Yield psycopg's named tuples."""
    yield from psycopg_rows(what, rows.namedtuple_row)


@contextmanager
def dictionary(what: Reading) -> Iterator[Read]:
    """Yield psycopg's dicts."""
    yield from psycopg_rows(what, rows.dict_row)


@contextmanager
def slots_dataclass(what: Reading) -> Iterator[Read]:
    """Yield instances of the standard library's dataclass."""
    from dataclasses import make_dataclass

    fields = [(column.attribute, kind(column)) for column in what.relation.columns]
    yield from psycopg_rows(what, rows.args_row(make_dataclass("Row", fields, slots=True)))


@contextmanager
def pydantic_model(what: Reading) -> Iterator[Read]:
    """Yield validated models."""
    from pydantic import ConfigDict, create_model

    fields: dict[str, Any] = {column.attribute: (kind(column), ...) for column in what.relation.columns}
    model = create_model("Row", __config__=ConfigDict(protected_namespaces=()), **fields)
    yield from psycopg_rows(what, rows.kwargs_row(model))


@contextmanager
def pydantic_dataclass(what: Reading) -> Iterator[Read]:
    """Yield validated instances of Pydantic's dataclass with slots."""
    from pydantic.dataclasses import dataclass as validated

    # Not made of the standard library's dataclass, for then its instances would have a dict beside their slots.
    row = type("Row", (), {"__annotations__": {column.attribute: kind(column) for column in what.relation.columns}})
    yield from psycopg_rows(what, rows.args_row(validated(row, slots=True)))


def kind(column: Column) -> Any:
    """Return the class of a column's values, or None."""
    if column.type == "Any":
        return Any
    module, _, name = column.type.rpartition(".")
    return getattr(importlib.import_module(module or "builtins"), name) | None


@contextmanager
def core_row(what: Reading) -> Iterator[Read]:
    """Yield Core's rows."""
    from sqlalchemy import text

    statement = text(what.relation.statement.replace(":", r"\:") + " LIMIT :count")
    with engine(what).connect() as connection:
        yield lambda count: connection.execute(statement, {"count": count}, execution_options={"yield_per": BATCH})


@contextmanager
def entity(what: Reading) -> Iterator[Read]:
    """Yield entities, whose session stays open while they are measured."""
    from sqlalchemy import MetaData, Table, select
    from sqlalchemy.orm import Session, registry

    names = {column.name: column.attribute for column in what.relation.columns}
    bind = engine(what)
    table = Table(what.relation.name, MetaData(), schema=what.relation.schema, autoload_with=bind, resolve_fks=False)
    mapped: Any = type("Row", (), {})
    registry().map_imperatively(
        mapped,
        table,
        properties={names[column.name]: column for column in table.c},
        primary_key=[table.c[name] for name in what.relation.key],
    )
    with Session(bind) as session:
        yield lambda count: session.scalars(select(mapped).limit(count).execution_options(yield_per=BATCH))


def engine(what: Reading) -> Any:
    """Return SQLAlchemy's engine for connections that can only read."""
    from sqlalchemy import create_engine

    return create_engine("postgresql+psycopg://", creator=lambda: connect(database_url(), what.timeout))


LAYERS: dict[str, Layer] = {
    "psycopg, tuple": plain_tuple,
    "psycopg, named tuple": named_tuple,
    "psycopg, dict": dictionary,
    "slots dataclass": slots_dataclass,
    "Pydantic slots dataclass": pydantic_dataclass,
    "Core row": core_row,
    "Pydantic model": pydantic_model,
    "ORM entity": entity,
}


if __name__ == "__main__":
    main(sys.argv[1])
