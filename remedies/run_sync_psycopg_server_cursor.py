"""Psycopg with a server-side cursor

Short: psycopg, server cursor
Instead of: run_sync_psycopg
You lose: time, by a round trip for every `itersize` rows; the transaction stays open meanwhile.

A named cursor keeps the result on the server and fetches it in batches, so that the driver's own copy of the whole
result, which tracemalloc cannot see, never exists.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}
with psycopg.connect(database_url(), row_factory=namedtuple_row) as connection, connection.cursor("rows") as cursor:
    cursor.itersize = 1000
    cursor.execute("SELECT * FROM data")
    row: Any
    for row in cursor:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
