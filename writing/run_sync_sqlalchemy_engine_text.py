"""`text()` with placeholders for 10,000 rows

Short: text(), placeholders
Instead of: writing.run_sync_sqlalchemy_engine_insert_batches
Why not: each value is a named parameter of the statement, and the statement cache keeps the statement with all of them.

The rows come from a generator. The cache keeps 500 to 750 statements of an engine, so that what is written once stays.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from sqlalchemy import create_engine, text

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    records = rows()
    print_memory_usage("Result iteration start")
    while batch := list(islice(records, 10_000)):
        values = ", ".join(f"(:id{i}, :num{i}, :data{i})" for i in range(len(batch)))
        parameters: dict[str, object] = {}
        for i, (key, num, data) in enumerate(batch):
            parameters |= {f"id{i}": key, f"num{i}": num, f"data{i}": data}
        connection.execute(text(f"INSERT INTO written (id, num, data) VALUES {values}"), parameters)
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
