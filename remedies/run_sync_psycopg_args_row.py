"""Psycopg with `args_row` and a slots dataclass

Short: psycopg, args_row
Instead of: run_sync_psycopg
You lose: a tuple to unpack; the class's fields must stand in the order of the query's columns.

The driver calls the class with each row's values: names and types, in less than a named tuple takes. `class_row` makes
the same objects, by keyword: a dict for every row, in exchange for fields in any order.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from dataclasses import dataclass

import psycopg
from psycopg.rows import args_row

print_memory_usage("After imports")
start_tracing()


@dataclass(slots=True)
class Record:
    id: int
    num: int
    data: str


storage: dict[int, Record] = {}
with psycopg.connect(database_url(), row_factory=args_row(Record)) as connection:
    cursor = connection.execute("SELECT id, num, data FROM data")
    for row in cursor:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
