"""Upsert from a temporary table that `copy` has filled

Short: upsert, copy
Instead of: writing.run_sync_sqlalchemy_engine_upsert_values
You lose: SQLAlchemy; room on the server for a second copy; a temporary table, which a pooler by statement has not.

Every other row stands there before, with another number. The rows come from a generator. Two of one key in the same
statement are an error, so that `DISTINCT ON` may be needed. `LIKE` copies `NOT NULL` and no default: where a column is
left out, make the table by `AS SELECT … WITH NO DATA`, and name the columns.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import psycopg

from writing.rows import EVERY_OTHER, rows, written

print_memory_usage("After imports")
start_tracing()

with psycopg.connect(database_url()) as connection:
    records = rows(EVERY_OTHER)
    print_memory_usage("Result iteration start")
    connection.execute("CREATE TEMPORARY TABLE staged (LIKE written) ON COMMIT DROP")
    with connection.cursor().copy("COPY staged (id, num, data) FROM STDIN") as copy:
        for row in records:
            copy.write_row(row)
    query = "INSERT INTO written SELECT * FROM staged ON CONFLICT (id) DO UPDATE SET num = excluded.num"
    connection.execute(f"{query}, data = excluded.data")
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
