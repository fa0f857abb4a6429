"""Synchronous Psycopg

Short: psycopg

The driver alone, without SQLAlchemy: a client-side cursor that returns named tuples, each of them kept.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}
with psycopg.connect(database_url(), row_factory=namedtuple_row) as connection:
    cursor: psycopg.Cursor[Any] = connection.execute("SELECT * FROM data")
    for row in cursor:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
