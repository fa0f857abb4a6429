"""Django's models by `iterator()`

Short: Django, iterator
Instead of: remedies.run_sync_sqlalchemy_session_yield_per
You lose: the result cache: each `iterator()` is a query; poolers by transaction, but in `atomic()` or with cursors off.
Choose it: where a queryset of many rows is read once.

A server-side cursor, of which 2,000 rows are read at a time. Outside `atomic()` it is one `WITH HOLD`: the server then
stores all rows before it sends the first one.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import django
from django.conf import settings
from django.db import connection, models
from psycopg.conninfo import conninfo_to_dict

print_memory_usage("After imports")
start_tracing()

# The database's name is among the options, which the URL has all of.
ENGINE = "django.db.backends.postgresql"
settings.configure(DATABASES={"default": {"ENGINE": ENGINE, "NAME": None, "OPTIONS": conninfo_to_dict(database_url())}})
django.setup()


class Record(models.Model):
    id = models.IntegerField(primary_key=True)
    num = models.IntegerField()
    data = models.TextField()

    class Meta:
        app_label = "alternatives"
        db_table = "data"


storage: dict[int, Record] = {}
connection.ensure_connection()
print_memory_usage("Session connected")
result = Record.objects.iterator()
for row in result:
    if not storage:
        print_memory_usage("Result iteration start")
    storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
