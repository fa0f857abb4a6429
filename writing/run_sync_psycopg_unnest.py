"""An array for each column, `unnest` of 10,000 rows

Short: psycopg, unnest
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: SQLAlchemy; types that no array of one dimension has; the arrays' types have to be named.

The rows come from a generator. A statement has three parameters, however many rows they are.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

import psycopg

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

with psycopg.connect(database_url()) as connection:
    records = rows()
    print_memory_usage("Result iteration start")
    while batch := list(islice(records, 10_000)):
        query = "INSERT INTO written (id, num, data) SELECT * FROM unnest(%s::integer[], %s::integer[], %s::text[])"
        connection.execute(query, [list(column) for column in zip(*batch, strict=True)])
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
