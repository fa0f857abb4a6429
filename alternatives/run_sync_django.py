"""Django's models

Short: Django
Instead of: run_sync_sqlalchemy_session
You lose: an identity map and a unit of work: `save` writes one row, all fields unless `update_fields` names some.
Choose it: where the project is Django's, for its admin, its forms and its migrations live on these models.

Each model has a dict of its values and a `ModelState`. The queryset makes all models before it hands out the first one,
and keeps them in its result cache: to read it twice costs nothing more, to read it once costs all.
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
result = Record.objects.all()
for row in result:
    if not storage:
        print_memory_usage("Result iteration start")
    storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
