"""Psycopg's `executemany` with `returning=True` for each 1,000 rows

Short: returning, batches
Instead of: writing.run_sync_psycopg_executemany_returning
You lose: SQLAlchemy: entities, defaults, types of its own; a round trip for each batch.

The rows come from a generator, and a batch is a list of tuples. The results of the one before are gone by then.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

import psycopg

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

query = "INSERT INTO written (id, num, data) VALUES (%s, %s, %s) RETURNING id"
with psycopg.connect(database_url()) as connection, connection.cursor() as cursor:
    records = rows()
    print_memory_usage("Result iteration start")
    while batch := list(islice(records, 1000)):
        cursor.executemany(query, batch, returning=True)
        while cursor.fetchone() and cursor.nextset():
            pass
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
