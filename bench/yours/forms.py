"""Code that reads a column's values in another form, which takes less: keys or texts once, or numbers side by side."""

import json
from collections.abc import Sequence

from bench.layers.weighing import CODES, is_vector
from bench.relations.data import ReadColumn, Relation
from bench.yours.code import sql, yours
from bench.yours.fitting import WIDTH, assigned

DECODED = """\
# Yours: connection, by psycopg.connect(...)
import msgspec
from psycopg.types.json import set_json_loads
from sqlalchemy import create_engine

set_json_loads(msgspec.json.decode, connection)
# Or with SQLAlchemy:
engine = create_engine(
    "postgresql+psycopg://", json_deserializer=msgspec.json.decode
)"""
HOOKED = """\
# Yours: connection, by psycopg.connect(...)
import json
import sys
from functools import partial

from psycopg.types.json import set_json_loads
from sqlalchemy import create_engine


def once(pairs):
    return {sys.intern(key): value for key, value in pairs}


loads = partial(json.loads, object_pairs_hook=once)
set_json_loads(loads, connection)
# Or with SQLAlchemy:
engine = create_engine("postgresql+psycopg://", json_deserializer=loads)"""
SHARED = """\
{yours}
import sys

from sqlalchemy import Text, TypeDecorator


class Interned(TypeDecorator):
    impl = Text
    cache_ok = True

    def process_result_value(self, value, dialect):
        return value if value is None else sys.intern(value)


{columns}"""
LOADER = """\
# Yours: connection, by psycopg.connect(...)
import sys

from psycopg.adapt import Loader


class Interned(Loader):
    def load(self, data):
        return sys.intern(bytes(data).decode())


for name in {types}:
    connection.adapters.register_loader(name, Interned)"""
PACKED = """\
# Yours: connection, by psycopg.connect(...)
import numpy
from psycopg.adapt import Loader
from psycopg.pq import Format


class Numbers(Loader):
    format = Format.BINARY
    element = ">i4,>{code}"

    def load(self, data):
        # Behind 20 bytes, each number has its length before it.
        parts = numpy.frombuffer(bytes(data)[20:], self.element)
        return parts["f1"].astype("{code}")


number = connection.adapters.types["{type}"].array_oid
connection.adapters.register_loader(number, Numbers)
{query}
with connection.cursor("rows", binary=True) as cursor:
    cursor.itersize = {batch}
    cursor.execute(query)
    for row in cursor:
        ..."""
VECTOR = """\
# Yours: connection, by psycopg.connect(...)
from pgvector.psycopg import register_vector

register_vector(connection)"""
# What psycopg calls the types of texts; an enum of the reader's is one that it does not know.
TEXTS = {"text": "text", "character varying": "varchar", "character": "bpchar"}
# What NumPy and psycopg call the types of numbers.
NUMPY = {"f": "f4", "d": "f8", "h": "i2", "i": "i4", "q": "i8"}
PSYCOPG = {"f": "float4", "d": "float8", "h": "int2", "i": "int4", "q": "int8"}


def decoded(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    return DECODED


def hooked(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    return HOOKED


def shared(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    if relation.no_entities:
        types = json.dumps(list(dict.fromkeys(TEXTS.get(column.stored.partition("(")[0], 0) for column in columns)))
        return LOADER.format(types=types)
    return SHARED.format(yours=yours(relation), columns="\n".join(map(interned, columns)))


def interned(column: ReadColumn) -> str:
    line = f"# In the class: {column.attribute} = mapped_column(Interned)"
    return line if len(line) <= WIDTH else f"# In the class:\n# {column.attribute}\n#     = mapped_column(Interned)"


def packed(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    if is_vector(columns[0].stored):
        return VECTOR
    code = CODES[columns[0].stored.removesuffix("[]")]
    query = assigned(sql(relation))
    return PACKED.format(code=NUMPY[code], type=PSYCOPG[code], query=query, batch=relation.batch)
