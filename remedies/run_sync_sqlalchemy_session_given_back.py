"""ORM, and the memory given back

Short: ORM, given back
Instead of: run_sync_sqlalchemy_session
You lose: the entities; the time of a full garbage collection.

Dropping the references gives back most. A full garbage collection also empties the free lists of built-in types,
whose blocks hold whole arenas; there are no cycles to collect. `malloc_trim`, glibc's own, returns what `malloc` keeps.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import ctypes
import gc

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DbModel] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    result = session.execute(select(DbModel))
    for row in result.scalars():
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
rows = len(storage)
del row, result
storage.clear()
print_memory_usage("References dropped")
gc.collect()
print_memory_usage("Free lists emptied")
try:
    ctypes.CDLL(None).malloc_trim(0)
    print_memory_usage("Heap trimmed")
except (AttributeError, TypeError):  # not glibc; on Windows no library has no name
    print("This C library has no malloc_trim: what its malloc keeps stays in the process")
print_top_allocations(rows=rows)
