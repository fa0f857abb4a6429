"""Django's `values_list()`

Short: Django, tuples
Instead of: remedies.run_sync_sqlalchemy_session_columns
You lose: the models: their methods, `save`, and attributes, which `named=True` has.
Choose it: where values are read and none is changed, for no model is made.

One tuple for each row. They are in the queryset's result cache, too, and all of them are there before the first one is
handed out.
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


storage: dict[int, tuple[int, int, str]] = {}
connection.ensure_connection()
print_memory_usage("Session connected")
result = Record.objects.values_list("id", "num", "data")
for row in result:
    if not storage:
        print_memory_usage("Result iteration start")
    storage[row[0]] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
