"""What rows take in one layer, measured in this process: read once, and kept until that is known.

What is fixed (types looked up, statements compiled, classes made) is paid before, by reading a few rows, which are
dropped; and what keeps the rows is made before, too.
"""

import gc
import json
import os
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.errors import UserError, visible
from bench.layers.locks import Turns
from bench.layers.reading import Counting, Opened, Read, Reading
from bench.layers.values import Taken, of_rows
from bench.memory import reset_peak
from bench.relations.data import ReadColumn, Relation
from bench.relations.redaction import INTERRUPTS, meaning, silent, without_values
from bench.relations.transaction import connect
from common import database_url, peak_rss

Layer = Callable[[Reading], Opened]
Layers = Mapping[str, Layer]
# Loaded by the processes alone that weigh: it decides no figure of the others.
WEIGHING = "bench.layers.weighing"
# And by those that fail.
LOCKS = "bench.relations.locks"


def measure(
    layers: Layers, reading: Reading, turns: Turns, result: Callable[[Read, Reading], object] | None = None
) -> None:
    """Read, and write what rows take, or another result: what fails afterwards does not undo that."""
    output = Path(os.environ["MEMORY_JSON"])
    output.unlink(missing_ok=True)
    traced = os.environ.get("MEMORY_TRACING") != "off"
    layer = layers[reading.layer]
    with without_values(names_of(reading.relation)), silent():
        try:
            if not traced:
                with layer(reading) as read:
                    drop(read(reading.first))
                turns.alone()  # without a connection, for a pooler may have a single one
            with layer(reading) as read:
                drop(read(max(reading.reader.first, reading.first) if traced else reading.first))
                taken = result(read, reading) if result else measured(read, reading, traced)
                turns.beside_others()
                output.write_text(json.dumps(taken), encoding="utf-8")  # while the transaction is still open
        except INTERRUPTS:
            raise
        except BaseException as error:
            if not output.exists():
                turns.beside_others()
                raise unreadable(reading, error, layer) or error from None


def names_of(relation: Relation) -> list[str]:
    return [column.attribute for column in relation.read]


def unreadable(reading: Reading, error: BaseException, layer: Layer) -> UserError | None:
    """Return which table is locked, or which column it was, where a value or a name is why."""
    if locked := import_module(LOCKS).lock_behind(error, reading.timeout):
        return UserError(str(locked))
    driver = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's error
    if isinstance(driver, psycopg.DataError) and not driver.sqlstate:
        for table in reading.relation.tables:
            if fault := first_fault(table, lambda part: read_alone(part, reading), psycopg.DataError):
                column, name = fault
                return UserError(f"psycopg cannot read a value of column {visible(column.name)} ({name})")
    elif isinstance(error, IndexError) and reading.relation.key and has_nan(key_of(reading.relation), reading):
        names = visible(", ".join(reading.relation.key))
        return UserError(f"its key, {names}, has NaN, which equals nothing, so that one parent becomes several")
    elif not meaning(error, names_of(reading.relation)) and not reading.relation.children:

        def read_part(part: Relation) -> None:
            with layer(replace(reading, relation=part)) as read:
                drop(read(reading.count))

        if fault := first_fault(reading.relation, read_part, type(error)):
            column, name = fault
            kind = f", whose class is {column.type}" if column.type != "Any" else ""
            return UserError(f"it cannot take column {visible(column.name)}{kind} ({name})")
    return None


def first_fault(
    relation: Relation, read: Callable[[Relation], None], kind: type[BaseException]
) -> tuple[ReadColumn, str] | None:
    """Return the first column that cannot be read alone, beside the key, found by halves; and that error's name."""
    aliases = relation.aliases or tuple(names_of(relation))

    def fault(part: Sequence[ReadColumn]) -> str:
        own = tuple(column for column in relation.columns if column in part or column.name in relation.key)
        try:
            read(replace(relation, columns=own, aliases=aliases))
        except kind as error:
            return type(error).__name__
        return ""

    columns = sorted(relation.columns, key=lambda column: column.name not in relation.key)
    while len(columns) > 1:
        half = columns[: len(columns) // 2]
        columns = half if fault(half) else columns[len(half) :]
    name = fault(columns)
    return (columns[0], name) if name else None


def key_of(relation: Relation) -> Relation:
    """Return the relation with the columns of its key alone."""
    columns = tuple(column for column in relation.columns if column.name in relation.key)
    return replace(relation, columns=columns, aliases=relation.aliases or tuple(names_of(relation)))


def has_nan(relation: Relation, reading: Reading) -> bool:
    """Return whether a value is not equal to itself."""
    found: list[bool] = []
    read_alone(relation, reading, lambda rows: found.append(any(value != value for row in rows for value in row)))
    return found[0]


def drop(rows: Iterable[object]) -> None:
    """Read these rows, and let not even the last one be."""
    deque(rows, maxlen=0)


def read_alone(relation: Relation, reading: Reading, see: Callable[[Iterable[Any]], None] = drop) -> None:
    """Read as many rows of another relation, and show them."""
    with connect(database_url(), reading.timeout) as connection:
        with connection.cursor("rows") as cursor:
            cursor.execute(f"{relation.statement} LIMIT {max(reading.count, reading.joined)}".encode())
            see(cursor)
        connection.rollback()


def measured(read: Read, reading: Reading, traced: bool) -> Taken:
    """Return what so many rows take. All are kept until that is known, but by a layer that drops them."""
    with read.counting() if traced and isinstance(read, Counting) else nullcontext(Taken()) as traffic:
        kept, taken = taking(read, reading, traced)
    taken |= traffic
    if not reading.weighs:
        tracemalloc.stop()
    if reading.reader.native and kept:
        return taken | Taken(native=native(kept[0]))
    if reading.reader.keeps:
        taken["objects"] = len(set(map(id, kept)))
        if traced and not reading.relation.children:
            with suppress(RecursionError):  # where a document is nested deeper than Python's stack
                taken["columns"] = of_rows(kept, names_of(reading.relation))
    if traced and reading.weighs:
        with suppress(RecursionError):
            taken["weighed"] = import_module(WEIGHING).weigh(kept, reading.relation)
        tracemalloc.stop()
    return taken


def taking(read: Read, reading: Reading, traced: bool) -> tuple[list[Any], Taken]:
    """Return the rows, if they are kept, and how many they are, and their bytes and seconds; they are traced on."""
    kept: list[object] = [None] * reading.places
    keep = reading.reader.keeps
    process = psutil.Process()
    reset_peak()
    gc.collect()
    peak_before = 0 if traced else peak_rss()
    if traced:
        tracemalloc.start()
    before, start = process.memory_info().rss, time.perf_counter()
    count = 0
    for row in read(reading.count):
        if keep:
            kept[count] = row
        count += 1
    row, end = None, time.perf_counter()
    taken = Taken(count=count)
    if traced:
        gc.collect()  # empties the free lists of built-in types, in which memory of no row may lie
        clear_caches()
        taken["traced"], taken["traced_peak"] = tracemalloc.get_traced_memory()
    else:
        size, peak = process.memory_info().rss - before, peak_rss()
        # Where it cannot begin anew, a peak that did not rise is one of what was before.
        taken |= Taken(seconds=end - start, kept=size, peak=max(size, peak - before if peak > peak_before else 0))
    return kept[: count if keep else 0], taken


def native(table: Any) -> int:
    """Return the bytes of a table's buffers that its values use, for tracemalloc sees none of them."""
    return int(table.nbytes if hasattr(table, "nbytes") else table.estimated_size())


def clear_caches() -> None:
    """Empty CPython's cache of methods, which keeps some 500 copies of a name where values have a time zone."""
    # Renamed in 3.13: https://docs.python.org/3.13/library/sys.html#sys._clear_type_cache
    (getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache)()
