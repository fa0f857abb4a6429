"""Peewee's models

Short: Peewee
Instead of: run_sync_sqlalchemy_session
You lose: an identity map and a unit of work: `save` writes one row, all fields unless `only_save_dirty` is set.
Choose it: where an ORM of one module, which needs no other package but the driver, is enough.

psycopg has all rows at the first one. Each model is made when it is read, and the query caches it. It has a dict of its
values, a set of the changed ones, and a dict of related models.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

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


storage: dict[int, Record] = {}
with database:
    print_memory_usage("Session connected")
    result = Record.select()
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
