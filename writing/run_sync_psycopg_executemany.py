"""Psycopg's `executemany` of a generator

Short: psycopg, executemany
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: SQLAlchemy: entities, defaults, types of its own; a round trip's error at the row that caused it.

The rows come from a generator, and no list of them exists. They go through a pipeline: a message each, without waiting
for the answer.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import psycopg

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

with psycopg.connect(database_url()) as connection:
    records = rows()
    print_memory_usage("Result iteration start")
    connection.cursor().executemany("INSERT INTO written (id, num, data) VALUES (%s, %s, %s)", records)
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
