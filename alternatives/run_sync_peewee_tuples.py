"""Peewee's `tuples()`

Short: Peewee, tuples
Instead of: remedies.run_sync_sqlalchemy_session_columns
You lose: the models: their methods, `save`, and attributes, which `namedtuples()` has.
Choose it: where a query has many rows, for no model is made of them.

One tuple for each row, made when it is read. The query caches it, unless one asks for `iterator()`.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from peewee import IntegerField, Model, PostgresqlDatabase, TextField

print_memory_usage("After imports")
start_tracing()

database = PostgresqlDatabase(database_url(), prefer_psycopg3=True)


class Record(Model):
    id = IntegerField(primary_key=True)
    num = IntegerField()
    data = TextField()

    class Meta:
        database = database
        table_name = "data"


storage: dict[int, tuple[Any, ...]] = {}
with database:
    print_memory_usage("Session connected")
    result: Any = Record.select().tuples()
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row[0]] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
