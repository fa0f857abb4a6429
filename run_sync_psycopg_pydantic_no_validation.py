"""Synchronous Psycopg with Pydantic without validation

Short: psycopg, empty models

The driver's named tuples, each turned into a Pydantic model by `model_construct`. As in the original, the row is passed
as the first parameter, which is the set of the fields that count as given: the models are empty.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from domain_model import DomainModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DomainModel] = {}
with psycopg.connect(database_url(), row_factory=namedtuple_row) as connection:
    cursor: psycopg.Cursor[Any] = connection.execute("SELECT * FROM data")
    for row in cursor:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = DomainModel.model_construct(row)

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
