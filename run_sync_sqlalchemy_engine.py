"""Synchronous SQLAlchemy Engine - Core

Short: Core

The rows of a Core `select`, each of them kept: tuples with names, no entities.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import create_engine, select

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    result = connection.execute(select(DbModel))
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
