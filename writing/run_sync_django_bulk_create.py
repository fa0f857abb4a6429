"""Django's `bulk_create` for each 1,000 models

Short: Django, bulk_create
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: `save` and its signals; `batch_size` alone splits the statements, and not the list of all models.

The rows come from a generator, and a batch is a list of models. All is one transaction.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

import django
from django.conf import settings
from django.db import models, transaction
from psycopg.conninfo import conninfo_to_dict

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

ENGINE = "django.db.backends.postgresql"
settings.configure(DATABASES={"default": {"ENGINE": ENGINE, "NAME": None, "OPTIONS": conninfo_to_dict(database_url())}})
django.setup()


class Record(models.Model):
    id, num, data = models.IntegerField(primary_key=True), models.IntegerField(), models.TextField()

    class Meta:
        app_label, db_table = "writing", "written"


records = rows()
print_memory_usage("Result iteration start")
with transaction.atomic():
    while batch := [Record(id=key, num=num, data=data) for key, num, data in islice(records, 1000)]:
        Record.objects.bulk_create(batch)
print_memory_usage("Result iteration end")
print_top_allocations(rows=written())
