"""Django's models. The models of other ORMs are made alike, in the transaction in which all reading lies.

A library's own function for that makes one, of a row that psycopg reads: an ORM's connection would set what outlives
the transaction. What else a query of the library's keeps, such as a queryset's result cache, is no part of a row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
from django.apps.registry import Apps
from django.conf import settings
from django.db import models

from bench.layers.libraries.psycopg import key_of, psycopg_rows
from bench.layers.reading import Read, Reading


@contextmanager
def django_model(reading: Reading) -> Iterator[Read]:
    """Yield what `Model.from_db` makes, which each queryset calls."""
    if not settings.configured:
        settings.configure(LOGGING_CONFIG=None)
        django.setup()
    names = [column.attribute for column in reading.relation.columns]
    key = key_of(reading)
    fields = {name: models.Field(primary_key=name == key, db_column=name) for name in names}
    # Its manager is not called `objects`, for a column may be; no attribute of a column's begins with `_`.
    inner = type("Meta", (), {"app_label": "layers", "apps": Apps()})
    space = {"__module__": __name__, "Meta": inner, "_manager": models.Manager(), **fields}
    model: Any = type("Row", (models.Model,), space)
    fetching = {"fetch_mode": models.FETCH_ONE} if hasattr(models, "FETCH_ONE") else {}  # since Django 6.1
    attributes = [field.attname for field in model._meta.concrete_fields]
    places = [names.index(name) for name in attributes]

    from_db = models.Model.from_db.__func__  # for a column may be called `from_db`, too

    def make(values: Any) -> Any:
        return from_db(model, "default", attributes, [values[place] for place in places], **fetching)

    yield from psycopg_rows(reading, lambda cursor: make)


LAYERS = {"Django model": django_model}
