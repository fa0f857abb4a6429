"""Psycopg's `copy` of a generator

Short: psycopg, copy
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: SQLAlchemy: entities, defaults, types of its own; the keys; a conflict is an error, and no update.

The rows come from a generator, and each is gone once it is sent. It is one statement.
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
    with connection.cursor().copy("COPY written (id, num, data) FROM STDIN") as copy:
        for row in records:
            copy.write_row(row)
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
