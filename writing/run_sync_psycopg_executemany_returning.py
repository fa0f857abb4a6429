"""Psycopg's `executemany` with `returning=True`, all rows at once

Short: psycopg, returning
Instead of: writing.run_sync_sqlalchemy_session_insert_returning
Why not: the driver keeps a result for each row until it executes something else.

The rows come from a generator. The results are not Python's objects, so that they are not traced.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import psycopg

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

query = "INSERT INTO written (id, num, data) VALUES (%s, %s, %s) RETURNING id"
with psycopg.connect(database_url()) as connection, connection.cursor() as cursor:
    records = rows()
    print_memory_usage("Result iteration start")
    cursor.executemany(query, records, returning=True)
    while cursor.fetchone() and cursor.nextset():
        pass
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
