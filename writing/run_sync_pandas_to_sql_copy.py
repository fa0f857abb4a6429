"""Pandas' `to_sql` with a callable that copies

Short: pandas, copy
Instead of: writing.run_sync_pandas_to_sql
You lose: what SQLAlchemy does of a value: JSON needs `json.dumps`, integers beside `NULL` need `astype("Int64")`.

The rows come from a frame, which is not counted. pandas makes Python objects of the columns, all at once unless it is
given a `chunksize`. Integers beside `NULL` are floats in a frame, and `COPY` refuses `1.0` for an integer.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pandas
from sqlalchemy import Connection, create_engine

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()


def by_copy(table: Any, connection: Connection, columns: list[str], rows: Iterator[Any]) -> None:
    driver = connection.connection.driver_connection
    assert driver
    with driver.cursor().copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


records = pandas.DataFrame(rows(), columns=["id", "num", "data"])
engine = create_engine(database_url("postgresql+psycopg"))
with engine.begin() as connection:
    print_memory_usage("Engine connected")
    tracemalloc.reset_peak()
    print_memory_usage("Result iteration start")
    records.to_sql("written", connection, if_exists="append", index=False, method=by_copy)
print_memory_usage("Result iteration end")
print_top_allocations(rows=written())
