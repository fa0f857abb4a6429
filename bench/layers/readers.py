"""The layers: how each reads a relation's rows into objects of its own, with psycopg, SQLAlchemy and Pydantic."""

import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from psycopg import rows

from bench.layers import alchemy
from bench.relations.relations import Column, Relation, from_json
from bench.relations.transaction import connect
from common import database_url

# How many rows each batch of a server-side cursor has.
BATCH = 1000
COUNT = 20_000

# Gives that many rows, as objects of a layer.
Read = Callable[[int], Iterable[object]]
Layer = Callable[["Reading"], AbstractContextManager[Read]]


@dataclass(frozen=True)
class Reading:
    """The process that reads so many rows of a relation in one layer."""

    layer: str
    relation: Relation
    count: int = COUNT
    # Seconds that a statement may take.
    timeout: int = 60
    # Whether the allocations that a row consists of are told apart, instead of added up.
    allocations: bool = False
    # The file by whose lock processes take turns, where their times count.
    turns: str = ""
    # How many rows show all that is fixed.
    first: ClassVar[int] = 1

    @property
    def relations(self) -> tuple[Relation, ...]:
        """All that is read."""
        return (self.relation,)

    @property
    def places(self) -> int:
        """How many objects that may be at most."""
        return self.count

    @property
    def name(self) -> str:
        """What is read, and as what."""
        return f"{self.relation.name or 'the query'} as {self.layer}"

    @property
    def short(self) -> str:
        """The layer and the number of columns."""
        return f"{self.layer}, {len(self.relation.columns)} columns"

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""
        return ["-m", "bench.layers", self.turns]

    @property
    def stdin(self) -> bytes:
        """The reading itself, as JSON."""
        return json.dumps(asdict(self)).encode()


def reading(found: Mapping[str, Any]) -> Reading:
    """Return the reading that `Reading.stdin` is, as JSON has it."""
    return Reading(**{**found, "relation": from_json(found["relation"])})


def psycopg_rows(what: Reading, row_factory: Any) -> Iterator[Read]:
    """Yield how to read through a server-side cursor, a batch at a time."""

    def read(count: int) -> Iterator[object]:
        with connection.cursor("rows", row_factory=row_factory) as cursor:
            cursor.itersize = BATCH
            cursor.execute(f"{what.relation.statement} LIMIT {count}".encode())
            yield from cursor

    with connect(database_url(), what.timeout) as connection:
        yield read
        connection.rollback()  # not even a notification is sent


@contextmanager
def plain_tuple(what: Reading) -> Iterator[Read]:
    """Yield psycopg's default."""
    yield from psycopg_rows(what, rows.tuple_row)


@contextmanager
def named_tuple(what: Reading) -> Iterator[Read]:
    """Yield psycopg's named tuples."""
    yield from psycopg_rows(what, rows.namedtuple_row)


@contextmanager
def dictionary(what: Reading) -> Iterator[Read]:
    """Yield psycopg's dicts."""
    yield from psycopg_rows(what, rows.dict_row)


@contextmanager
def slots_dataclass(what: Reading) -> Iterator[Read]:
    """Yield instances of the standard library's dataclass."""
    from dataclasses import make_dataclass

    fields = [(column.attribute, kind(column)) for column in what.relation.columns]
    yield from psycopg_rows(what, rows.args_row(make_dataclass("Row", fields, slots=True)))


@contextmanager
def pydantic_model(what: Reading) -> Iterator[Read]:
    """Yield validated models."""
    from pydantic import ConfigDict, create_model

    fields: dict[str, Any] = {column.attribute: (validated_kind(column), ...) for column in what.relation.columns}
    model = create_model("Row", __config__=ConfigDict(protected_namespaces=()), **fields)
    yield from psycopg_rows(what, rows.kwargs_row(model))


@contextmanager
def pydantic_dataclass(what: Reading) -> Iterator[Read]:
    """Yield validated instances of Pydantic's dataclass with slots."""
    from pydantic.dataclasses import dataclass as validated

    # Not made of the standard library's dataclass, for then its instances would have a dict beside their slots.
    annotations = {column.attribute: validated_kind(column) for column in what.relation.columns}
    row = type("Row", (), {"__annotations__": annotations})
    yield from psycopg_rows(what, rows.args_row(validated(row, slots=True)))


def kind(column: Column) -> Any:
    """Return the class of a column's values, or None."""
    if column.type == "Any":
        return Any
    module, _, name = column.type.rpartition(".")
    return getattr(importlib.import_module(module or "builtins"), name) | None


def validated_kind(column: Column) -> Any:
    """Return the class for Pydantic, which by default refuses what `numeric` can be: NaN and infinity."""
    from pydantic import AllowInfNan

    return Annotated[Decimal, AllowInfNan(True)] | None if column.type == "decimal.Decimal" else kind(column)


@contextmanager
def core_row(what: Reading) -> Iterator[Read]:
    """Yield Core's rows."""
    from sqlalchemy import text

    statement = text(what.relation.statement.replace(":", r"\:") + " LIMIT :count")
    with alchemy.connected(what.timeout) as connection:
        yield lambda count: connection.execute(statement, {"count": count}, execution_options={"yield_per": BATCH})


@contextmanager
def entity(what: Reading) -> Iterator[Read]:
    """Yield entities as most programs read them, all at once; the session stays open while they are measured."""
    with alchemy.session(what.relation, what.timeout) as (opened, statement):

        def read(count: int) -> Iterable[object]:
            opened.expunge_all()
            return list(opened.scalars(statement.limit(count)).all())

        yield read


@contextmanager
def streamed_entity(what: Reading) -> Iterator[Read]:
    """Yield entities in batches; whoever drops them has at most two batches of them."""
    with alchemy.session(what.relation, what.timeout) as (opened, statement):
        yield lambda count: opened.scalars(statement.limit(count).execution_options(yield_per=BATCH))


LAYERS: dict[str, Layer] = {
    "psycopg, tuple": plain_tuple,
    "psycopg, named tuple": named_tuple,
    "psycopg, dict": dictionary,
    "slots dataclass": slots_dataclass,
    "Pydantic slots dataclass": pydantic_dataclass,
    "Core row": core_row,
    "Pydantic model": pydantic_model,
    "ORM entity": entity,
}
# Those whose rows are dropped after use: what they show is the peak, and the time.
DROPPING: dict[str, Layer] = {"ORM entity, streamed": streamed_entity}
