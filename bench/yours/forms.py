"""Code that reads a column's values in another form, which takes less: keys or texts once, or numbers side by side."""

import re
from collections.abc import Sequence, Set

import psycopg
from psycopg.pq import Format

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
from functools import partial

from psycopg.types.json import set_json_loads
from sqlalchemy import create_engine

once = {}  # keeps each key


def shared(pairs):
    return {once.setdefault(key, key): value for key, value in pairs}


loads = partial(json.loads, object_pairs_hook=shared)
set_json_loads(loads, connection)
# Or with SQLAlchemy:
engine = create_engine("postgresql+psycopg://", json_deserializer=loads)"""
SHARED = """\
from sqlalchemy import Text, TypeDecorator

once = {{}}  # keeps each distinct text: empty it where they become many


class Shared(TypeDecorator):
    impl = Text
    cache_ok = True

    def process_result_value(self, value, dialect):
        return once.setdefault(value, value)


{columns}"""
ENUM = """\
from sqlalchemy import Enum

# One text for each of an enum's labels, which stand in place of the dots.
{columns}"""
LOADER = """\
# Yours: connection, by psycopg.connect(...)
from psycopg.adapt import Loader

once = {{}}  # keeps each distinct text: empty it where they become many


class Shared(Loader):
    def load(self, data):
        text = bytes(data).decode()
        return once.setdefault(text, text)


# All columns of these types are read so, on this whole connection.{unknown}
for type_of_texts in {types}:
    connection.adapters.register_loader(type_of_texts, Shared)"""
UNKNOWN = """
# UNKNOWN are all types that psycopg does not know, such as enums.
UNKNOWN = 0"""
PACKED = """\
# Yours: connection, by psycopg.connect(...)
# For psycopg alone: SQLAlchemy asks for texts, and its ARRAY makes lists.
import struct

import numpy
from psycopg.types.array import ArrayBinaryLoader


class Numbers(ArrayBinaryLoader):
    def load(self, data):
        dimensions, has_nulls = struct.unpack_from("!ii", data)
        if dimensions > 1 or has_nulls:
            return super().load(data)  # a list, for NumPy has no such array
        # Behind 20 bytes, each number has its length before it.
        parts = numpy.frombuffer(bytes(data)[20:], ">i4,>{code}")
        return parts["f1"].astype("{code}")


number = connection.adapters.types["{type}"].array_oid
connection.adapters.register_loader(number, Numbers)
{query}
with connection.cursor("rows", binary=True) as cursor:
    cursor.itersize = {batch}
    cursor.execute(query)
    for row in cursor:
        ..."""
AS_TEXT = "# Where a column is cast, its binary form is bytes to psycopg, or less exact."
VECTOR = """\
# Yours: connection, by psycopg.connect(...)
from pgvector.psycopg import register_vector

register_vector(connection)"""
# What psycopg calls the types of texts; an enum of the reader's is one that it does not know.
TEXTS = {"text": "text", "character varying": "varchar", "character": "bpchar", "name": "name"}
# A type's name with its schema, as the server quotes them.
NAMES = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')
# What NumPy and psycopg call the types of numbers.
NUMPY = {"f": "f4", "d": "f8", "h": "i2", "i": "i4", "q": "i8"}
PSYCOPG = {"f": "float4", "d": "float8", "h": "int2", "i": "int4", "q": "int8"}


def decoded(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    return DECODED


def hooked(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    return HOOKED


def shared(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    known = {column: text_type(column.stored) for column in columns}
    if relation.no_entities:
        types = dict.fromkeys(f'"{name}"' if name else "UNKNOWN" for name in known.values())
        return LOADER.format(types=f"({', '.join(types)},)", unknown=UNKNOWN if "UNKNOWN" in types else "")
    texts = "\n".join(mapped(column, "Shared") for column, name in known.items() if name)
    enums = "\n".join(mapped(column, enum(column.stored)) for column, name in known.items() if not name)
    made = [template.format(columns=lines) for template, lines in ((SHARED, texts), (ENUM, enums)) if lines]
    return "\n".join([yours(relation), "\n\n".join(made)])


def text_type(stored: str) -> str:
    """Return what psycopg calls a type of texts; nothing for another type, whatever it is read as."""
    return TEXTS.get(stored.partition("(")[0], "")


def can_be_mapped(stored: str, enums: Set[str]) -> bool:
    """Return whether equal texts of a type can be made once in entities, and compare as before.

    No citext can, nor an array of enums, which SQLAlchemy has as a list, and psycopg as one text.
    """
    return bool(text_type(stored)) or stored in enums


def mapped(column: ReadColumn, kind: str) -> str:
    lines = [f"# In the class: {column.attribute} = mapped_column({kind})"]
    if len(lines[0]) > WIDTH:
        lines = ["# In the class:", f"# {column.attribute}", f"#     = mapped_column({kind})"]
    return "\n".join(lines)


def enum(stored: str) -> str:
    """Return SQLAlchemy's type of an enum, with the schema where the server's search path does not lead to it."""
    *schema, name = (quoted.replace('""', '"') or plain for quoted, plain in NAMES.findall(stored))
    return "".join([f"Enum(..., name={name!r}", *(f", schema={part!r}" for part in schema), ")"])


def packed(relation: Relation, columns: Sequence[ReadColumn]) -> str:
    if is_vector(columns[0].stored):
        return VECTOR
    code = CODES[columns[0].stored.removesuffix("[]")]
    casts = {column.name: as_read(column.stored) for column in relation.read}
    query = "\n".join([*([AS_TEXT] if any(casts.values()) else []), assigned(sql(relation, casts))])
    return PACKED.format(code=NUMPY[code], type=PSYCOPG[code], query=query, batch=relation.batch)


def as_read(stored: str) -> str:
    """Return the cast by which a type's values in binary form are what psycopg makes of their texts."""
    kind = re.sub(r"\(.*?\)|(?<=^interval) [^[]*", "", stored)
    known = psycopg.adapters.types.get(kind.removesuffix("[]"))
    array = "[]" if known and kind.endswith("[]") else ""
    if known and known.name == "float4" and not array:
        return "::text::float8"  # else 0.1 is 0.10000000149011612
    return "" if known and psycopg.adapters.get_loader(known.oid, Format.BINARY) else f"::text{array}"
