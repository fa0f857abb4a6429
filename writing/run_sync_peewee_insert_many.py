"""Peewee's `insert_many` for each 1,000 rows

Short: Peewee, insert_many
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: models: their `save`, and signals.

The rows come from a generator, and a batch is a list of tuples. All is one transaction.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from peewee import IntegerField, Model, PostgresqlDatabase, TextField

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

database = PostgresqlDatabase(database_url(), prefer_psycopg3=True)


class Record(Model):
    id, num, data = IntegerField(primary_key=True), IntegerField(), TextField()

    class Meta:
        database, table_name = database, "written"


records = rows()
print_memory_usage("Result iteration start")
with database, database.atomic():
    while batch := list(islice(records, 1000)):
        Record.insert_many(batch, fields=[Record.id, Record.num, Record.data]).execute()
print_memory_usage("Result iteration end")
print_top_allocations(rows=written())
