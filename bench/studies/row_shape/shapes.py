"""The tables that are measured: of so many columns, of each type, and three that someone might have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
from psycopg import sql

from bench.layers.readers import COUNT
from bench.relations.relations import Relation, describe

# The column that tells rows apart, of every table; then the others.
KEY = "id"
COLUMNS = range(1, 41)
# Wider ones: before and at each further step of a dict (42, 85) and of a model's set (76), and in between.
WIDE = (42, 43, 64, 76, 77, 85, 86, 100)
# So many rows of them are read: they fill a dict like a session's identity map as much as COUNT rows do.
FEW = COUNT // 16
# Those that the tables show.
SHOWN = (1, 3, 5, 10, 20, 30, 40)


@dataclass(frozen=True)
class Kind:
    """Values of one type that cost the same: their name in the tables, and the SQL of row `i`'s."""

    name: str
    sql: str
    # Of a text, in characters.
    length: int = 0


NULL = Kind("NULL", "NULL::integer")
BOOLEAN = Kind("boolean", "i % 2 = 0")
SMALL = Kind("integer from -5 to 256", "i % 257")
# CPython 3.15 has the integers up to 1024 once only: https://github.com/python/cpython/pull/133160
INTEGER = Kind("other integer below 2^30", "2000 + i")
BIGINT = Kind("bigint from 2^30 on", "5000000000 + i")
LARGE = Kind("bigint of 19 digits", "1000000000000000000 + i")
DOUBLE = Kind("double precision", "i / 7.0::double precision")
NUMERIC = Kind("numeric", "(i / 100.0)::numeric(12, 2)")
TEXT = Kind("text of 20 characters", "lpad(i::text, 20, 'x')", 20)
LONG_TEXT = Kind("text of 200 characters", "lpad(i::text, 200, 'x')", 200)
CYRILLIC_TEXT = Kind("text of 20 characters, Cyrillic", "repeat('я', 20)", 20)
LONG_CYRILLIC_TEXT = Kind("text of 200 characters, Cyrillic", "repeat('я', 200)", 200)
CHARACTER = Kind("text of one character", "chr(97 + i % 26)", 1)
BYTES = Kind("bytea of 20 bytes", "decode(lpad(to_hex(i), 40, '0'), 'hex')", 20)
LONG_BYTES = Kind("bytea of 200 bytes", "decode(lpad(to_hex(i), 400, '0'), 'hex')", 200)
TIME = Kind("timestamptz", "timestamptz '2020-01-01 00:00:00+00' + i * interval '1 minute'")
TIMESTAMP = Kind("timestamp", "timestamp '2020-01-01' + i * interval '1 minute'")
CLOCK = Kind("time", "time '00:00' + i * interval '1 second'")
INTERVAL = Kind("interval", "i * interval '1 minute'")
DATE = Kind("date", "date '1970-01-01' + i")
UUID = Kind("uuid", "md5(i::text)::uuid")
INET = Kind("inet", "inet '10.0.0.0' + i")
JSON = Kind("jsonb, an object of two integers", "jsonb_build_object('width', 2000 + i, 'height', 3000 + i)")
ARRAY = Kind("text[] of two, of 6 characters each", "ARRAY[lpad(i::text, 6, 'a'), lpad(i::text, 6, 'b')]")
OF_FIXED_SIZE = (
    *(NULL, BOOLEAN, SMALL, INTEGER, BIGINT, LARGE, DOUBLE, NUMERIC),
    *(TIME, TIMESTAMP, CLOCK, INTERVAL, DATE, UUID, INET),
)
OF_LENGTHS = (CHARACTER, TEXT, LONG_TEXT, CYRILLIC_TEXT, LONG_CYRILLIC_TEXT, BYTES, LONG_BYTES)
# Two that take no part in the model of the cost, and say whether it holds for longer ones.
MEMBERS = ", ".join(f"'width{number}', {number}000 + i" for number in range(2, 12))
LONG_JSON = Kind("jsonb, an object of ten integers", f"jsonb_build_object({MEMBERS})")
LONG_ARRAY = Kind("integer[] of ten", "ARRAY(SELECT 2000 + i + number FROM generate_series(1, 10) AS number)")
KINDS = (*OF_FIXED_SIZE, *OF_LENGTHS, JSON, LONG_JSON, ARRAY, LONG_ARRAY)


@dataclass(frozen=True)
class Field:
    """A column of a table that someone might have."""

    name: str
    kind: Kind
    # How many rows of ten have NULL instead.
    nulls: int = 0
    # The shortest and the longest of its texts, all lengths alike; of TEXT only.
    lengths: tuple[int, int] = (20, 20)

    @property
    def sql(self) -> str:
        """The SQL of row `i`'s value."""
        shortest, longest = self.lengths
        # Another digit of the number decides the length than the one that decides whether it is NULL.
        text = f"rpad(md5(i::text), {shortest} + i / 10 % {longest - shortest + 1}, 'x')"
        value = text if self.kind == TEXT else self.kind.sql
        return f"CASE WHEN i % 10 >= {self.nulls} THEN {value} END" if self.nulls else value


TABLES = {
    "orders": (
        Field(KEY, INTEGER),
        Field("customer_id", INTEGER),
        Field("status", SMALL),
        Field("total", NUMERIC),
        Field("currency", TEXT, lengths=(3, 3)),
        Field("placed_at", TIME),
        Field("shipped_at", TIME, nulls=3),
        Field("note", TEXT, nulls=8, lengths=(10, 150)),
    ),
    "users": (
        Field(KEY, UUID),
        Field("email", TEXT, lengths=(15, 40)),
        Field("name", TEXT, lengths=(8, 30)),
        Field("password_hash", TEXT, lengths=(60, 60)),
        Field("birthday", DATE, nulls=4),
        Field("is_active", BOOLEAN),
        Field("is_staff", BOOLEAN),
        Field("created_at", TIME),
        Field("last_login", TIME, nulls=3),
        Field("logins", SMALL),
        Field("balance", NUMERIC, nulls=5),
        Field("settings", JSON, nulls=6),
        Field("roles", ARRAY, nulls=7),
        Field("invited_by", UUID, nulls=8),
    ),
    "events": (
        Field(KEY, BIGINT),
        Field("user_id", INTEGER, nulls=2),
        Field("session", UUID),
        Field("kind", SMALL),
        Field("happened_at", TIME),
        Field("received_at", TIME),
        Field("url", TEXT, lengths=(20, 200)),
        Field("referrer", TEXT, nulls=6, lengths=(20, 200)),
        Field("title", TEXT, nulls=1, lengths=(10, 80)),
        Field("address", TEXT, lengths=(7, 15)),
        Field("agent", TEXT, lengths=(80, 200)),
        Field("country", TEXT, lengths=(2, 2)),
        Field("city", TEXT, nulls=3, lengths=(4, 20)),
        Field("latitude", DOUBLE, nulls=3),
        Field("longitude", DOUBLE, nulls=3),
        Field("width", INTEGER),
        Field("height", INTEGER),
        Field("seconds", DOUBLE, nulls=1),
        Field("amount", NUMERIC, nulls=9),
        Field("is_mobile", BOOLEAN),
        Field("is_robot", BOOLEAN),
        Field("campaign_id", INTEGER, nulls=8),
        Field("day", DATE),
        Field("properties", JSON, nulls=5),
        Field("labels", ARRAY, nulls=7),
    ),
}


class Key(NamedTuple):
    """What a table is for: an overhead, by its number of columns; a value, by its kind; or a whole row, by its name."""

    group: str
    name: str


def of_columns(count: int) -> list[Field]:
    """Return the columns of a table of so many integers, none of which is shared."""
    return [Field(KEY, INTEGER), *(Field(f"column_{number}", INTEGER) for number in range(2, count + 1))]


def with_value(kind: Kind) -> list[Field]:
    """Return the columns of a table of a key and a value of one kind."""
    return [Field(KEY, INTEGER), Field("value", kind)]


def shapes_of(
    counts: Iterable[int], tables: Mapping[str, Sequence[Field]], wide: Iterable[int] = ()
) -> dict[Key, Sequence[Field]]:
    """Return the columns of all tables: those of so many columns, of each kind beside a key, and the others given."""
    return {
        **{Key("overheads", str(count)): of_columns(count) for count in counts},
        **{Key("wide", str(count)): of_columns(count) for count in wide},
        **{Key("values", kind.name): with_value(kind) for kind in KINDS},
        **{Key("tables", name): fields for name, fields in tables.items()},
    }


def make(url: str, table: str, fields: Sequence[Field]) -> Relation:
    """Make a table of COUNT rows; return what they are read from. Raises psycopg.Error."""
    columns = ", ".join(f"{field.sql} AS {field.name}" for field in fields)
    name = sql.Identifier(table).as_string()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM generate_series(1, {COUNT}) AS i".encode())
        connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY ({KEY})".encode())
        return describe(connection, name)
