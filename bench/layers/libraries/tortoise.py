"""Tortoise's models, made as Django's are (see there)."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from psycopg import rows
from tortoise import Model, Tortoise, fields

from bench.layers.libraries.psycopg import key_of, psycopg_rows
from bench.layers.reading import Read, Reading


@contextmanager
def tortoise_model(reading: Reading) -> Iterator[Read]:
    """Yield what `Model._init_from_db` makes, which each query calls."""
    names = [column.attribute for column in reading.relation.columns]
    # A field of texts keeps any value as the driver made it.
    space = {name: fields.CharField(255, primary_key=name == key_of(reading)) for name in names}
    module: Any = ModuleType(f"{__name__}.tortoise_models")
    module.Row = type("Row", (Model,), space)
    sys.modules[module.__name__] = module  # Tortoise imports its models by name
    default = {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "none"}}  # it never connects
    apps = {"layers": {"models": [module.__name__]}}
    asyncio.run(Tortoise.init(config={"connections": {"default": default}, "apps": apps}))
    yield from psycopg_rows(reading, rows.kwargs_row(module.Row._init_from_db))


LAYERS = {"Tortoise model": tortoise_model}
