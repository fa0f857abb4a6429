"""The models of other ORMs: how each library makes one of a row, in the transaction in which all reading lies.

Its own function for that makes it, of a row that psycopg reads: an ORM's connection would set what outlives the
transaction. What else a query of the library's keeps, such as a queryset's result cache, is no part of a row.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from psycopg import rows

from bench.layers.readers import Read, Reading, psycopg_rows

DJANGO, TORTOISE, PEEWEE, PICCOLO = "Django model", "Tortoise model", "Peewee model", "Piccolo object"


@contextmanager
def django_model(what: Reading) -> Iterator[Read]:
    """Yield what `Model.from_db` makes, which each queryset calls."""
    import django
    from django.apps.registry import Apps
    from django.conf import settings
    from django.db import models

    if not settings.configured:
        settings.configure(LOGGING_CONFIG=None)
        django.setup()
    names = [column.attribute for column in what.relation.columns]
    key = key_of(what)
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

    yield from psycopg_rows(what, lambda cursor: make)


@contextmanager
def tortoise_model(what: Reading) -> Iterator[Read]:
    """Yield what `Model._init_from_db` makes, which each query calls."""
    import asyncio

    from tortoise import Model, Tortoise, fields

    names = [column.attribute for column in what.relation.columns]
    # A field of texts keeps any value as the driver made it.
    space = {name: fields.CharField(255, primary_key=name == key_of(what)) for name in names}
    module: Any = ModuleType(f"{__name__}.tortoise_models")
    module.Row = type("Row", (Model,), space)
    sys.modules[module.__name__] = module  # Tortoise imports its models by name
    default = {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "none"}}  # it never connects
    apps = {"layers": {"models": [module.__name__]}}
    asyncio.run(Tortoise.init(config={"connections": {"default": default}, "apps": apps}))
    yield from psycopg_rows(what, rows.kwargs_row(module.Row._init_from_db))


@contextmanager
def peewee_model(what: Reading) -> Iterator[Read]:
    """Yield what the constructor makes, called as each query's cursor calls it."""
    import peewee

    def make(**values: Any) -> Any:
        model = row(__no_default__=1, **values)
        model._dirty.clear()
        return model

    names = [column.attribute for column in what.relation.columns]
    row: Any = type("Row", (peewee.Model,), {name: peewee.Field(primary_key=name == key_of(what)) for name in names})
    yield from psycopg_rows(what, rows.kwargs_row(make))


@contextmanager
def piccolo_object(what: Reading) -> Iterator[Read]:
    """Yield what the constructor makes, called as `objects()` calls it."""
    from piccolo.columns import Text
    from piccolo.table import Table

    names = [column.attribute for column in what.relation.columns]
    table: Any = type("Row", (Table,), {name: Text(primary_key=name == key_of(what)) for name in names})
    yield from psycopg_rows(what, rows.kwargs_row(lambda **values: table(**values, _exists_in_db=True)))


def key_of(what: Reading) -> str:
    """Return the attribute of the key's first column: what else a key has does not change what a row takes."""
    return next(column.attribute for column in what.relation.columns if column.name in what.relation.key)


LAYERS = {
    DJANGO: django_model,
    TORTOISE: tortoise_model,
    PEEWEE: peewee_model,
    PICCOLO: piccolo_object,
}
