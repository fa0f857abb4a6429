"""Psycopg with `args_row` and a `msgspec.Struct`

Short: psycopg, msgspec
Instead of: run_sync_psycopg
You lose: a tuple to unpack; any order of columns; validation, which `convert` has; with `gc=False`, freeing of cycles.
Choose it: where rows are kept and encoded as JSON or MessagePack, and their values are scalars.

The driver calls the class with each row's values, in the order of the query's columns. `gc=False` saves the garbage
collector's header, which an object of scalars does not need.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import msgspec
import psycopg
from psycopg.rows import args_row

print_memory_usage("After imports")
start_tracing()


class Record(msgspec.Struct, gc=False):
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
