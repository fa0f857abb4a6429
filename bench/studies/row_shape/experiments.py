"""Two experiments: what a row takes where its library makes nothing for it that it does not need, or shares it.

usage: MEMORY_JSON=OUTPUT python -m bench.layers bench.studies.row_shape.experiments < READING

READING is of an ORM entity or of a Pydantic model. In this process alone,

- an entity's state makes its dict and its set when they are first needed: `InstanceState.__init__` does not make them,
  `__getattr__` does, which Python calls where a slot is empty. Nothing else in SQLAlchemy is changed.
- models whose fields are all given have one set of their names, for assigning a field adds no name to it.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.layers.libraries import sqlalchemy
from bench.layers.libraries.psycopg import kind, psycopg_rows
from bench.layers.reading import Read, Reading

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy.orm.state import InstanceState

# What SQLAlchemy makes for each state, and an entity that is only read never needs.
MADE_LATER: dict[str, type] = {"committed_state": dict, "expired_attributes": set}


@dataclass(frozen=True)
class Experiment(Reading):
    """The process that reads rows in a layer, with its library changed."""

    @property
    def command(self) -> list[str]:
        return ["-m", "bench.layers", __name__]


def make_later() -> None:
    """Change the installed SQLAlchemy: states make their dict and their set when these are first needed."""
    from sqlalchemy.orm import state

    states: Any = state.InstanceState
    states.__init__ = begin
    states.__getattr__ = make


def begin(self: "InstanceState[Any]", obj: object, manager: Any) -> None:
    """Do what `InstanceState.__init__` does but for the dict and the set."""
    self.class_, self.manager = obj.__class__, manager
    self.obj = weakref.ref(obj, self._cleanup)


def make(self: "InstanceState[Any]", name: str) -> Any:
    """Return what is not there yet. Raises AttributeError for any other name, as before."""
    if name not in MADE_LATER:
        return object.__getattribute__(self, name)
    made = MADE_LATER[name]()
    setattr(self, name, made)
    return made


def sharing_model() -> "type[BaseModel]":
    """Return a base of models which, where all their fields are given, share the set of these."""
    from pydantic import BaseModel

    class Sharing(BaseModel):
        def model_post_init(self, context: Any, /) -> None:
            kind = type(self)
            if len(self.model_fields_set) == len(kind.model_fields) and kind.model_config.get("extra") != "allow":
                object.__setattr__(self, "__pydantic_fields_set__", SETS.setdefault(kind, self.model_fields_set))

    return Sharing


SETS: "dict[type[BaseModel], set[str]]" = {}


@contextmanager
def entity(reading: Reading) -> Iterator[Read]:
    make_later()
    with sqlalchemy.entity(reading) as read:
        yield read


@contextmanager
def model(reading: Reading) -> Iterator[Read]:
    from psycopg import rows
    from pydantic import create_model

    fields: dict[str, Any] = {column.attribute: (kind(column), ...) for column in reading.relation.columns}
    row = create_model("Row", __base__=sharing_model(), **fields)
    yield from psycopg_rows(reading, rows.kwargs_row(row))


LAYERS = {"ORM entity": entity, "Pydantic model": model}
