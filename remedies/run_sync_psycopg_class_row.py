"""Psycopg with `class_row` and a slots dataclass

Short: psycopg, class_row
Remedies: run_sync_psycopg
Compare: bytes per row
Gives up: nothing but a class to write; a row is an object with attributes, no tuple to unpack.

The driver makes each row an instance of a dataclass with slots: names and types, in less than a named tuple takes.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

print_memory_usage("After imports")
start_tracing()


@dataclass(slots=True)
class Record:
    id: int
    num: int
    data: str


storage: dict[int, Record] = {}
with psycopg.connect(database_url(), row_factory=class_row(Record)) as connection:
    cursor = connection.execute("SELECT * FROM data")
    for row in cursor:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
