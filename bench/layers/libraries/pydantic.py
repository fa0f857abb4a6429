"""Pydantic's models and dataclasses, validated."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Any

from psycopg import rows
from pydantic import AllowInfNan, ConfigDict, create_model
from pydantic.dataclasses import dataclass

from bench.layers.libraries.psycopg import kind, psycopg_rows
from bench.layers.reading import Read, Reading
from bench.relations.data import ReadColumn


@contextmanager
def pydantic_model(reading: Reading) -> Iterator[Read]:
    fields: dict[str, Any] = {column.attribute: (validated_kind(column), ...) for column in reading.relation.columns}
    model = create_model("Row", __config__=ConfigDict(protected_namespaces=()), **fields)
    yield from psycopg_rows(reading, rows.kwargs_row(model))


@contextmanager
def pydantic_dataclass(reading: Reading) -> Iterator[Read]:
    # Not made of the standard library's dataclass, for then its instances would have a dict beside their slots.
    annotations = {column.attribute: validated_kind(column) for column in reading.relation.columns}
    row = type("Row", (), {"__annotations__": annotations})
    yield from psycopg_rows(reading, rows.args_row(dataclass(row, slots=True)))


def validated_kind(column: ReadColumn) -> Any:
    """Return the class for Pydantic, which by default refuses what `numeric` can be: NaN and infinity."""
    return Annotated[Decimal, AllowInfNan(True)] | None if column.type == "decimal.Decimal" else kind(column)


LAYERS = {"Pydantic model": pydantic_model, "Pydantic slots dataclass": pydantic_dataclass}
