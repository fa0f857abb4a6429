"""`COPY` below SQLAlchemy's connection

Short: Core, copy
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: what SQLAlchemy does of a value: defaults, types of its own, events; the keys.

The rows come from a generator. It is the driver's cursor, in SQLAlchemy's transaction, which `begin` has to begin: of a
statement below it, SQLAlchemy knows nothing, and `commit` would do nothing.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    records = rows()
    print_memory_usage("Result iteration start")
    driver = connection.connection.driver_connection
    assert driver
    with connection.begin(), driver.cursor().copy("COPY written (id, num, data) FROM STDIN") as copy:
        for row in records:
            copy.write_row(row)
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
