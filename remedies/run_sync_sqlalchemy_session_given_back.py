"""ORM, and the memory given back

Short: ORM, given back
Remedies: run_sync_sqlalchemy_session
Compare: process after use
Gives up: the entities; the time of a full garbage collection.

After use, the references are dropped, the cycles collected, and the C allocator asked to return what it holds. What
stays in the process are pages that still hold some live object.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import ctypes
import gc
import sys

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
print_memory_usage("Cycles collected")
if sys.platform == "linux":
    ctypes.CDLL(None).malloc_trim(0)  # glibc's; other allocators have their own
print_memory_usage("Heap trimmed")
print_top_allocations(rows=rows)
