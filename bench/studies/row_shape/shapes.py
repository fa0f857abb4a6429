"""The tables that are measured: of so many columns, of each type, and three that someone might have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
from psycopg import sql

from bench.layers.reading import COUNT
from bench.relations.data import Relation
from bench.relations.describing import describe

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
# What numpy holds, as large on every Python and in every layer.
NUMBERS = "ARRAY(SELECT (i + number) / 7.0 FROM generate_series(1, {}) AS number)::real[]"
VECTOR = Kind("numpy array of 20 numbers of 4 bytes", NUMBERS.format(20), 20)
LONG_VECTOR = Kind("numpy array of 200 numbers of 4 bytes", NUMBERS.format(200), 200)
VECTORS = (VECTOR, LONG_VECTOR)


@dataclass(frozen=True)
class ShapeField:
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
        ShapeField(KEY, INTEGER),
        ShapeField("customer_id", INTEGER),
        ShapeField("status", SMALL),
        ShapeField("total", NUMERIC),
        ShapeField("currency", TEXT, lengths=(3, 3)),
        ShapeField("placed_at", TIME),
        ShapeField("shipped_at", TIME, nulls=3),
        ShapeField("note", TEXT, nulls=8, lengths=(10, 150)),
    ),
    "users": (
        ShapeField(KEY, UUID),
        ShapeField("email", TEXT, lengths=(15, 40)),
        ShapeField("name", TEXT, lengths=(8, 30)),
        ShapeField("password_hash", TEXT, lengths=(60, 60)),
        ShapeField("birthday", DATE, nulls=4),
        ShapeField("is_active", BOOLEAN),
        ShapeField("is_staff", BOOLEAN),
        ShapeField("created_at", TIME),
        ShapeField("last_login", TIME, nulls=3),
        ShapeField("logins", SMALL),
        ShapeField("balance", NUMERIC, nulls=5),
        ShapeField("settings", JSON, nulls=6),
        ShapeField("roles", ARRAY, nulls=7),
        ShapeField("invited_by", UUID, nulls=8),
    ),
    "events": (
        ShapeField(KEY, BIGINT),
        ShapeField("user_id", INTEGER, nulls=2),
        ShapeField("session", UUID),
        ShapeField("kind", SMALL),
        ShapeField("happened_at", TIME),
        ShapeField("received_at", TIME),
        ShapeField("url", TEXT, lengths=(20, 200)),
        ShapeField("referrer", TEXT, nulls=6, lengths=(20, 200)),
        ShapeField("title", TEXT, nulls=1, lengths=(10, 80)),
        ShapeField("address", TEXT, lengths=(7, 15)),
        ShapeField("agent", TEXT, lengths=(80, 200)),
        ShapeField("country", TEXT, lengths=(2, 2)),
        ShapeField("city", TEXT, nulls=3, lengths=(4, 20)),
        ShapeField("latitude", DOUBLE, nulls=3),
        ShapeField("longitude", DOUBLE, nulls=3),
        ShapeField("width", INTEGER),
        ShapeField("height", INTEGER),
        ShapeField("seconds", DOUBLE, nulls=1),
        ShapeField("amount", NUMERIC, nulls=9),
        ShapeField("is_mobile", BOOLEAN),
        ShapeField("is_robot", BOOLEAN),
        ShapeField("campaign_id", INTEGER, nulls=8),
        ShapeField("day", DATE),
        ShapeField("properties", JSON, nulls=5),
        ShapeField("labels", ARRAY, nulls=7),
    ),
}


class ShapeKey(NamedTuple):
    """What a table is for: an overhead, by its number of columns; a value, by its kind; or a whole row, by its name."""

    group: str
    name: str


def of_columns(count: int) -> list[ShapeField]:
    """Return the columns of a table of so many integers, none of which is shared."""
    return [ShapeField(KEY, INTEGER), *(ShapeField(f"column_{number}", INTEGER) for number in range(2, count + 1))]


def with_value(kind: Kind) -> list[ShapeField]:
    """Return the columns of a table of a key and a value of one kind."""
    return [ShapeField(KEY, INTEGER), ShapeField("value", kind)]


def shapes_of(
    counts: Iterable[int],
    tables: Mapping[str, Sequence[ShapeField]],
    wide: Iterable[int] = (),
    vectors: Iterable[Kind] = (),
) -> dict[ShapeKey, Sequence[ShapeField]]:
    """Return the columns of all tables: those of so many columns, of each kind beside a key, and the others given."""
    return {
        **{ShapeKey("overheads", str(count)): of_columns(count) for count in counts},
        **{ShapeKey("wide", str(count)): of_columns(count) for count in wide},
        **{ShapeKey("values", kind.name): with_value(kind) for kind in KINDS},
        **{ShapeKey("vectors", kind.name): with_value(kind) for kind in vectors},
        **{ShapeKey("tables", name): fields for name, fields in tables.items()},
    }


def make(url: str, table: str, fields: Sequence[ShapeField]) -> Relation:
    """Make a table of COUNT rows; return what they are read from. Raises psycopg.Error."""
    columns = ", ".join(f"{field.sql} AS {field.name}" for field in fields)
    name = sql.Identifier(table).as_string()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM generate_series(1, {COUNT}) AS i".encode())
        connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY ({KEY})".encode())
        return describe(connection, name)
