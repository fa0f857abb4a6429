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
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.errors import UserError, visible
from bench.layers import graph_readers, model_readers, other_readers, readers
from bench.layers.allocations import allocations_of
from bench.layers.graph_readers import GraphRead, GraphReading, graph_reading
from bench.layers.readers import Read, Reading, reading
from bench.layers.turns import Turns
from bench.layers.values import Measured, of_rows
from bench.memory import reset_peak
from bench.relations.redaction import without_values
from common import loaded_versions, peak_rss

LAYERS = readers.LAYERS | readers.DROPPING | other_readers.LAYERS | model_readers.LAYERS
# What keeps nothing of what it reads.
DROPPING = (*readers.DROPPING, graph_readers.DROPPED)
# CPython 3.12 gives the first thirty instances of a class room for more attributes than they have: each one less.
FIRST_INSTANCES = 30


def main(text: bytes, turns: Turns) -> None:
    """Read what the text says, and write what was measured: what fails afterwards does not undo that."""
    what = told(text)
    output = Path(os.environ["MEMORY_JSON"])
    output.unlink(missing_ok=True)
    with without_values([column.attribute for column in what.relation.columns]):
        try:
            for found in results(what, turns):
                output.write_text(json.dumps(found), encoding="utf-8")
        except Exception as error:
            if not output.exists():
                raise unreadable(what, error) or error from None


def told(text: bytes) -> Reading | GraphReading:
    """Return what is to be read."""
    found = json.loads(text)
    return graph_reading(found) if "graph" in found else reading(found)


def results(what: Reading | GraphReading, turns: Turns) -> Iterator[Any]:
    """Yield what was measured, while the transaction is still open."""
    traced = os.environ.get("MEMORY_TRACING") != "off"
    if not traced:
        with opened(what) as read:  # imports what it needs
            drop(read(what.first))
        turns.alone()  # without a connection, for a pooler may have a single one
    with opened(what) as read:
        # Where it is not needed, one row is enough: what more of them leave free is filled again, and not counted.
        many = traced and what.layer != other_readers.RECORD
        drop(read(max(FIRST_INSTANCES, what.first) if many else what.first))
        found: Any = told_apart(read, what) if what.allocations else measured(read, what, traced)
        turns.beside_others()
        yield found


def opened(what: Reading | GraphReading) -> AbstractContextManager[Read]:
    """Return what opens a connection and yields how to read."""
    return graph_readers.WAYS[what.layer](what) if isinstance(what, GraphReading) else LAYERS[what.layer](what)


def unreadable(what: Reading | GraphReading, error: Exception) -> UserError | None:
    """Return which column it was, where psycopg could not read a value that the first rows do not announce."""
    error = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's error
    if not isinstance(error, psycopg.DataError) or error.sqlstate:
        return None
    for relation, column in [(one, column) for one in what.relations for column in one.columns]:
        aliases = relation.aliases or tuple(column.attribute for column in relation.columns)
        alone = Reading(what.layer, replace(relation, columns=(column,), aliases=aliases), timeout=what.timeout)
        try:
            with readers.plain_tuple(alone) as read:
                drop(read(what.places))
        except psycopg.DataError as fault:
            return UserError(f"psycopg cannot read a value of column {visible(column.name)} ({type(fault).__name__})")
    return None


def drop(rows: Iterable[object]) -> None:
    """Read these rows, and let not even the last one be."""
    deque(rows, maxlen=0)


def told_apart(read: Read, what: Reading | GraphReading) -> dict[str, Any]:
    """Return the allocations that a row consists of, and the versions of the packages whose lines made them."""
    allocations = allocations_of(read, what.count)
    return {"allocations": allocations, "versions": loaded_versions()}


def measured(read: Read, what: Reading | GraphReading, traced: bool) -> Measured:
    """Return what so many rows take. All are kept until that is known, but by a layer that drops them."""
    kept: list[object] = [None] * what.places
    keep = what.layer not in DROPPING
    process = psutil.Process()
    reset_peak()
    gc.collect()
    peak_before = 0 if traced else peak_rss()
    if traced:
        tracemalloc.start()
    before, start = process.memory_info().rss, time.perf_counter()
    count = 0
    for row in read(what.count):
        if keep:
            kept[count] = row
        count += 1
    row, end = None, time.perf_counter()
    found = Measured(count=count)
    if traced:
        gc.collect()  # empties the free lists of built-in types, in which memory of no row may lie
        clear_caches()
        found["traced"], found["traced_peak"] = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    else:
        size, peak = process.memory_info().rss - before, peak_rss()
        # Where it cannot begin anew, a peak that did not rise is one of what was before.
        found |= Measured(seconds=end - start, kept=size, peak=max(size, peak - before if peak > peak_before else 0))
    if isinstance(read, GraphRead):
        found |= Measured(statements=read.statements, wire_rows=read.rows)
    if what.layer in other_readers.NATIVE and count:
        return found | Measured(native=other_readers.native(kept[0]))
    if keep:
        found["objects"] = len(set(map(id, kept[:count])))
        if traced and isinstance(what, Reading):
            with suppress(RecursionError):  # where a document is nested deeper than Python's stack
                names = [column.attribute for column in what.relation.columns]
                found["columns"] = of_rows(kept[:count], names)
    return found


def clear_caches() -> None:
    """Empty CPython's cache of methods, which keeps some 500 copies of a name where values have a time zone."""
    # Renamed in 3.13: https://docs.python.org/3.13/library/sys.html#sys._clear_type_cache
    (getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache)()
