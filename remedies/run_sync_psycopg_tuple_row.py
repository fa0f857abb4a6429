"""Psycopg with plain tuples, its default

Short: psycopg, plain tuples
Instead of: run_sync_psycopg
You lose: the columns' names.

Without a `row_factory` the driver makes plain tuples, in C. A named tuple is made from one of them, by a call in
Python for every row.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

import psycopg

print_memory_usage("After imports")
start_tracing()

storage: dict[int, tuple[Any, ...]] = {}
with psycopg.connect(database_url()) as connection:
    cursor = connection.execute("SELECT id, num, data FROM data")
    for row in cursor:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row[0]] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
