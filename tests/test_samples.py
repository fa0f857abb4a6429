"""The first rows of a relation: what cannot be read is named and left out, in any encoding; the rest is measured."""

import asyncio
import re
import resource
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from bench.errors import UserError
from bench.layers.costs import measure
from bench.layers.names import DROPPING, LAYERS, PANDAS_ARROW, POLARS, READERS, TUPLE, installed
from bench.layers.subject import look_at
from bench.relations.data import Relation
from bench.relations.redaction import without_values
from bench.yours import code
from bench.yours.told import encoded as encoded_in
from tests.advised import executed
from tests.servers import Servers, leaves_nothing, superuser
from tests.support import described, linux, opened, port_of, query

pytestmark = pytest.mark.filterwarnings(
    "ignore:Did not recognize type", "ignore:This declarative base already contains"
)

THERE = [*LAYERS, *DROPPING, *installed()]
# The encoding of a database, how one writes names there, a table, and what is read of it: names, attributes, classes.
ENCODINGS = {
    "LATIN1": (
        'CREATE TABLE größe (id integer PRIMARY KEY, "µ" text, "ª" text)',
        "INSERT INTO größe VALUES (1, 'é', '½')",
        "größe",
        [("id", "id", "int"), ("µ", "column", "str"), ("ª", "a", "str")],
        [],
    ),
    "WIN1252": (
        'CREATE TABLE "€" (id integer PRIMARY KEY, euro text, hole text)',
        "INSERT INTO \"€\" VALUES (1, '€', chr(129))",
        '"€"',
        [("id", "id", "int"), ("euro", "euro", "str")],
        [("hole", "the server cannot send a value of it in UTF-8 (UntranslatableCharacter)")],
    ),
    "EUC_JP": (
        "CREATE TABLE 表 (id integer PRIMARY KEY, 名前 text, ｱ text)",
        "INSERT INTO 表 VALUES (1, '漢字', 'ｱ')",
        "表",
        [("id", "id", "int"), ("名前", "名前", "str"), ("ｱ", "column", "str")],
        [],
    ),
    "SQL_ASCII": (
        "CREATE TABLE größe (id integer PRIMARY KEY, a text, b text, c bytea, d text[], é text)",
        "INSERT INTO größe VALUES (1, 'é', E'\\xe9', '\\xe9', ARRAY[E'\\xff'], 'x')",
        "größe",
        [("id", "id", "int"), ("a", "a", "str"), ("c", "c", "bytes"), ("é", "é", "str")],
        [
            ("b", "the server cannot send a value of it in UTF-8 (CharacterNotInRepertoire)"),
            ("d", "the server cannot send a value of it in UTF-8 (CharacterNotInRepertoire)"),
        ],
    ),
}
# Names that something in Python, in a class of a layer or in code with such a class has for itself.
NAMES = (
    *("mro", "__class__", "__slots__", "self", "cls", "class", "class_", "class__", "def", "None", "match", "type"),
    *("t", "tuple", "count", "index", "metadata", "registry", "dict", "copy", "json", "schema", "validate"),
    *("model_fields", "model_config", "model_x", "keys", "items", "name", "value", "data", "args", "kwargs", "session"),
    *("__init__", "__new__", "__dict__", "__debug__", "__annotations__", "__eq__", "__hash__", "__struct_fields__"),
    *("__pydantic_self__", "_fields", "_asdict", "_mapping", "_sa_instance_state", "_", "__", "x__", "mro_", "Row"),
    *("int", "str", "list", "set", "date", "datetime", "Decimal", "Any", "object", "super", "property", "field"),
    *("Config", "Meta", "Config_", "objects", "pk", "save", "from_db", "check", "_meta", "DoesNotExist", "Base"),
    *("a", "A", "a.b", "a-b", "a b", "a_b", "a_b_2", "print", "async", "lambda", "query"),
)
COLUMNS = ", ".join(f'"{name}" integer DEFAULT {number}' for number, name in enumerate(NAMES))
SCHEMA = f"""
CREATE SCHEMA odd;
CREATE TABLE odd.names ({COLUMNS}, id integer PRIMARY KEY);
INSERT INTO odd.names (id) VALUES (1000);
CREATE TYPE odd.mood AS ENUM ('a', 'b c', 'd,"e');
CREATE TYPE odd.pair AS (x integer, y text);
CREATE DOMAIN odd.positive AS integer CHECK (VALUE > 0);
CREATE TABLE odd.made (
    id integer PRIMARY KEY, mood odd.mood, moods odd.mood[], pair odd.pair, pairs odd.pair[], positive odd.positive,
    positives odd.positive[], number numeric, double double precision, price money, nothing text
);
INSERT INTO odd.made VALUES
    (1, 'a', ARRAY['a', 'b c', NULL, 'd,"e']::odd.mood[], (1, 'x'), ARRAY[(1, 'x')::odd.pair], 1, '{{1}}',
    'NaN', 'NaN', 1),
    (2, NULL, '{{}}', NULL, '{{}}', NULL, NULL, 1.5, 'Infinity', NULL);
CREATE TABLE odd.outside (
    id integer PRIMARY KEY, date date, time time, at timestamp, at_zone timestamptz, zoned time with time zone,
    dates date[], span daterange, delay interval, number numeric, ok text
);
INSERT INTO odd.outside SELECT i, '2020-01-01', '10:00', '2020-01-01', '2020-01-01', '10:00+01', '{{2020-01-01}}',
    '[2020-01-01,2020-02-01)', '1 day', 1, 'x' FROM generate_series(1, 1500) AS i;
UPDATE odd.outside SET date = '0044-03-15 BC', time = '24:00', at = '10000-01-01', at_zone = 'infinity',
    zoned = '24:00+01', dates = '{{-infinity}}', span = '[2020-01-01,infinity]', number = 'NaN' WHERE id = 1400;
CREATE TABLE odd.by_document (document jsonb PRIMARY KEY, v integer);
INSERT INTO odd.by_document VALUES ('{{"a": 1}}', 1);
CREATE TABLE odd.by_list (list integer[] PRIMARY KEY, v integer, u uuid NOT NULL UNIQUE DEFAULT gen_random_uuid());
INSERT INTO odd.by_list VALUES ('{{1, 2}}', 1);
CREATE TABLE odd.by_day (day date PRIMARY KEY, v integer);
INSERT INTO odd.by_day VALUES ('infinity', 1);
CREATE TABLE odd.only_days (day date);
INSERT INTO odd.only_days VALUES ('-infinity')
"""


@pytest.fixture(scope="module")
def url(servers: Servers) -> Iterator[str]:
    """Give a server with the schema `odd`."""
    for statement in SCHEMA.split(";\n"):
        query(servers[15], statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", servers[15])
        yield servers[15]
    query(servers[15], "DROP SCHEMA odd CASCADE")


@pytest.fixture(scope="module", params=ENCODINGS)
def encoded(url: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Give a database of each encoding, and its name."""
    name = sql.Identifier(f"in {request.param}")
    with psycopg.connect(superuser(url), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE 'C' OWNER \"user\"").format(
                name, request.param
            )
        )
        address = url.replace("/db", f"/in%20{request.param}")
        client = "SQL_ASCII" if request.param == "SQL_ASCII" else "UTF8"
        with psycopg.connect(address, autocommit=True, client_encoding=client) as own:
            for statement in ENCODINGS[request.param][:2]:
                own.execute(statement.encode())
        yield address, request.param
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def read(relation: Relation) -> list[tuple[str, str, str]]:
    return [(column.name, column.attribute, column.type) for column in relation.columns]


def left_out(relation: Relation) -> list[tuple[str, str]]:
    return [(column.name, column.reason) for column in relation.left_out]


@pytest.mark.parametrize("client", ["", "EUC_JP", "nonsense"])
def test_every_encoding_is_read_in_utf_8(
    encoded: tuple[str, str], client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, encoding = encoded
    _, _, name, columns, faults = ENCODINGS[encoding]
    if client:
        monkeypatch.setenv("PGCLIENTENCODING", client)
    relation = described(url, name)
    assert (read(relation), left_out(relation), relation.key) == (columns, faults, ("id",))
    if client:
        monkeypatch.setenv("DATABASE_URL", url)
        layers = [TUPLE, "Core row", "ORM entity", *installed()]
        if encoding == "SQL_ASCII" and PANDAS_ARROW in layers:  # which takes all bytes for a text in UTF-8
            layers.remove(PANDAS_ARROW)
        assert {layer: len(read_in(layer, relation)) for layer in layers} == dict.fromkeys(layers, 1)
    if encoding != "EUC_JP":  # which has no such letter
        assert read(described(url, "SELECT 'é;' AS é; -- é;")) == [("é", "é", "str")]


def test_code_reads_the_same_in_utf_8_once_its_address_says_so(encoded: tuple[str, str]) -> None:
    url, encoding = encoded
    letter = "漢" if encoding == "EUC_JP" else "é"
    statement = f"""SELECT '{{"{letter}": 1}}'::json AS document, '{letter}' AS letter"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        subject = look_at(statement, 60, count=False)
        assert subject.encoding == encoding
        patch.setenv("DATABASE_URL", f"{url}?client_encoding=utf8")
        assert look_at(statement, 60, count=False).encoding == ""
        patch.setenv("PGCLIENTENCODING", "SQL_ASCII")
        assert look_at(statement, 60, count=False).encoding == ""
    [sentence] = encoded_in(subject)
    assert f"psycopg reads here in {encoding}, " in sentence
    [parameter] = re.findall(r"\?client_encoding=\w+", sentence)
    with pytest.raises(UnicodeError), psycopg.connect(url) as connection:
        executed(code.dataclass(subject.relation), connection=connection)
    with psycopg.connect(url + parameter) as connection:
        [row] = executed(code.dataclass(subject.relation), connection=connection)["found"]
    read_by = executed(code.batches(subject.relation))
    read_by["read"](create_engine(f"{url}{parameter}".replace("postgresql:", "postgresql+psycopg:")))
    asyncio.run(read_by["read_async"](create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))))
    expected = ({letter: 1}, letter)
    assert [(row.document, row.letter), *map(tuple, read_by["found"])] == [expected] * 3


def test_encoding_is_told_of_what_is_read_otherwise_alone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_at("odd.names", 60, count=False).encoding == ""
    for variable, value in (("PGCLIENTENCODING", "latin1"), ("PGOPTIONS", "-c client_encoding=latin1")):
        monkeypatch.setenv(variable, value)
        assert look_at("odd.names", 60, count=False).encoding == "LATIN1"
        monkeypatch.delenv(variable)


@linux
def test_sample_ends_where_rows_are_wide(url: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    relation = described(url, "SELECT i, repeat('x', 2000000) FROM generate_series(1, 500) AS i")
    assert relation.width == pytest.approx(2_000_000, rel=0.01)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, "KiB, of the 977 MiB that 500 rows have"


def read_in(layer: str, relation: Relation) -> list[Any]:
    SQLModel.metadata.clear()  # of a table that an earlier test read
    with (
        without_values([column.attribute for column in relation.columns]),
        opened(layer, relation) as read,
    ):
        return list(read(10))


def test_every_name_is_an_attribute_of_every_layer(url: str) -> None:
    relation = described(url, "odd.names")
    for layer in [layer for layer in THERE if layer != TUPLE and not READERS[layer].native]:
        [row, *_] = read_in(layer, relation)
        values = dict(row) if layer in ("psycopg, dict", "asyncpg record") else row
        for number, column in enumerate(relation.columns[:-1]):
            found = values[column.attribute] if isinstance(values, dict) else getattr(row, column.attribute)
            assert found == number, (layer, column.name)


@pytest.mark.parametrize("name", ["made", "outside", "by_list"])
def test_what_the_sample_leaves_every_layer_reads(url: str, name: str) -> None:
    relation = described(url, f"odd.{name}", 20_000)
    for layer in THERE:
        read = relation
        if (name, layer) == ("outside", POLARS):  # which makes no column of Arrow's intervals
            with pytest.raises(UserError, match="ComputeError"):
                read_in(layer, relation)
            read = described(url, "SELECT id, number, ok FROM odd.outside", 20_000)
        assert len(read_in(layer, read)) in (1, 2, 10), layer


def test_value_that_python_cannot_have_leaves_its_column_out(url: str) -> None:
    relation = described(url, "odd.outside", 20_000)
    assert [column.name for column in relation.columns] == ["id", "delay", "number", "ok"]
    assert left_out(relation) == [
        (name, f"psycopg cannot read one of its values ({kind}: DataError)")
        for name, kind in (
            ("date", "date"),
            ("time", "time"),
            ("at", "timestamp"),
            ("at_zone", "timestamptz"),
            ("zoned", "timetz"),
            ("dates", "date[]"),
            ("span", "daterange"),
        )
    ]
    assert not described(url, "odd.outside", 1000).left_out, "the rows that are measured decide, and no other"
    with pytest.raises(UserError, match="no column can be read: day: psycopg cannot read one of its values "):
        described(url, "odd.only_days")


def test_column_of_nulls_alone_has_its_type_s_class(url: str) -> None:
    values = {
        **{"1::smallint": "int", "1": "int", "1::bigint": "int", "1.5::real": "float", "1.5::float8": "float"},
        **{"1.5": "decimal.Decimal", "true": "bool", "'a'::text": "str", "'a'::char(2)": "str", "'a'::bytea": "bytes"},
        **{"now()": "datetime.datetime", "localtimestamp": "datetime.datetime", "'10:00'::time": "datetime.time"},
        **{"'10:00+01'::timetz": "datetime.time", "'1 day'::interval": "datetime.timedelta", "1::oid": "int"},
        **{"current_date": "datetime.date", "gen_random_uuid()": "uuid.UUID"},
    }
    names = {f"c{number}": value for number, value in enumerate(values)}
    for empty in ("", "NULLIF"):  # of the values themselves, and of none
        columns = (f"{f'NULLIF({value}, {value})' if empty else value} AS {name}" for name, value in names.items())
        text = f"SELECT {', '.join(columns)}".replace("NULLIF(gen_random_uuid(), gen_random_uuid())", "NULL::uuid")
        kinds = [column.type for column in described(url, text).columns]
        assert kinds == list(values.values())
    assert described(url, "SELECT NULL::jsonb AS a, NULL::point AS b").columns[0].type == "Any"


@pytest.mark.parametrize(
    ("name", "key", "keyless"),
    [
        ("by_document", (), "column document of its key has values that cannot be hashed"),
        ("by_list", ("u",), ""),
        ("by_day", (), "column day of its key is left out"),
    ],
)
def test_key_is_one_that_an_entity_can_have(url: str, name: str, key: tuple[str, ...], keyless: str) -> None:
    relation = described(url, f"odd.{name}")
    assert (relation.key, relation.key_is_primary, relation.keyless) == (key, False, keyless)


def test_sample_of_blocks_that_were_emptied_is_of_the_first_rows(url: str) -> None:
    make = (
        "CREATE TABLE odd.emptied WITH (autovacuum_enabled = off) AS SELECT i, repeat('x', 500) AS t "
        "FROM generate_series(1, 20000) AS i",
        "ANALYZE odd.emptied",
    )
    for statement in make:
        query(url, statement)
    assert described(url, "odd.emptied", 4000).sample == 20
    query(url, "DELETE FROM odd.emptied WHERE i > 1")
    relation = described(url, "odd.emptied", 4000)
    assert (relation.sample, query(url, relation.statement)) == (0, [(1, "x" * 500)])


def test_as_many_columns_as_a_table_can_have_with_the_longest_names_are_read(url: str) -> None:
    """Their names are longer than a command line may be: 131,072 bytes, of one argument."""
    names = [f"{number:04}{'ä' * 29}" for number in range(1600)]
    columns = ", ".join(f'"{name}" integer DEFAULT 1' for name in names)
    query(url, f"CREATE TABLE odd.widest ({columns})")
    query(url, "INSERT INTO odd.widest SELECT FROM generate_series(1, 5)")
    subject = look_at("odd.widest", 60, count=False)
    assert [column.name for column in subject.relation.columns] == names
    figures = measure(subject, 60, [TUPLE])
    assert (figures.count, figures.failures) == (5, {})


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
def test_encoding_is_utf_8_through_a_pooler_for_no_longer_than_a_transaction(
    encoded: tuple[str, str], url: str, pooled_url: str
) -> None:
    address, encoding = encoded
    pooled = address.replace(f":{port_of(address)}/", f":{port_of(pooled_url)}/")
    with leaves_nothing(f"{address}?client_encoding=utf8", through=pooled, sessions=2):
        relation = described(pooled, ENCODINGS[encoding][2])
        assert read(relation) == ENCODINGS[encoding][3]
