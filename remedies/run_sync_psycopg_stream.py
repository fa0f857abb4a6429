"""Psycopg with `Cursor.stream`

Short: psycopg, stream
Instead of: run_sync_psycopg
You lose: the connection for all else, `commit` and `rollback` too, until the generator is exhausted or closed.

`stream` hands out rows as they arrive, so that the driver's own copy of the whole result never exists, and no cursor on
the server either. A `size` over 1 makes one result of so many rows; it needs libpq 17, which `psycopg[binary]` brings.
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
    row: Any
    cursor = connection.cursor()
    for row in cursor.stream("SELECT * FROM data", size=1000):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
