"""The reader's own table: any relation or query, what is printed of it, its errors; and that nothing is written."""

import json
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psutil
import psycopg
import pytest
from psycopg.types.json import Jsonb

import your_table
from bench import process
from bench.errors import UserError
from bench.layers import names
from bench.layers.costs import measure
from bench.layers.figures import Figure, Figures
from bench.layers.names import (
    ARROW,
    CORE,
    DJANGO,
    ENTITY,
    KEYED,
    LAYERS,
    MODEL,
    OTHERS,
    READERS,
    RECORD,
    SLOTS,
    STREAMED,
    TUPLE,
    installed,
)
from bench.layers.subject import Subject, look_at
from bench.relations.data import ReadColumn, Relation
from bench.relations.sizes import Size
from bench.yours import told
from bench.yours.show import as_json, show
from bench.yours.words import chosen
from bench.yours.writing import to_write
from tests import forks
from tests.advised import executed
from tests.support import error_line, finished, listed, opened, query, run, running, unused_port, wait_until
from tests.test_report import ESCAPES, in_terminal

ROWS = 1_200
NATIVE = [layer for layer in installed() if READERS[layer].native]
SECRET = "nobody-may-read-this"
ODD = 'shop."Order-Lines [x] 50%% of :all"'.replace("%%", "%")
# Without autovacuum where a test says how many rows there are: the server would analyse the tables behind its back.
SCHEMA = f"""
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE DOMAIN shop.positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN shop.last_state AS shop.state;
CREATE TYPE shop.pair AS (x integer, y text);
CREATE TABLE shop.orders (
    id bigserial PRIMARY KEY, customer_id integer NOT NULL, number uuid NOT NULL, state shop.state NOT NULL,
    total numeric(12, 2) NOT NULL, discount numeric(12, 2), ordered_at timestamptz NOT NULL, due date, note text,
    tags text[], details jsonb, gift boolean NOT NULL
) WITH (autovacuum_enabled = off);
INSERT INTO shop.orders SELECT i, i % 500, gen_random_uuid(), (ARRAY['new', 'paid']::shop.state[])[1 + i % 2],
    i * 1.13, CASE WHEN i % 3 = 0 THEN 1.5 END, now() + i * interval '1 minute', current_date + i % 300,
    CASE WHEN i % 4 > 0 THEN '{SECRET}' || i END, ARRAY['a' || i, 'b'], jsonb_build_object('a', i), i % 2 = 0
    FROM generate_series(1, {ROWS}) AS i;
CREATE TABLE shop.types AS SELECT i AS id, 'new'::shop.state AS state, i::shop.positive AS domain,
    'paid'::shop.last_state AS enum_domain, ROW(i, 'a')::shop.pair AS pair, ARRAY[ROW(i, 'z')::shop.pair] AS pairs,
    ARRAY[[i, 2], [3, 4]] AS matrix, ARRAY['new']::shop.state[] AS states, int4range(i, i + 5) AS span,
    int4multirange(int4range(1, 2), int4range(5, 9)) AS spans, tstzrange(now(), NULL) AS period,
    make_interval(months => 1, days => i) AS delay, ('10.0.0.' || i)::inet AS ip, '10.0.0.0/8'::cidr AS net,
    '08:00:2b:01:02:03'::macaddr AS mac, decode('abcd', 'hex') AS raw, NULL::xml AS doc, 'a b'::tsvector AS words,
    'a & b'::tsquery AS search, 'x'::"char" AS letter, point(i, 2) AS place, box(point(0, 0), point(1, 1)) AS area,
    B'101' AS bits, '12.50'::money AS price, '10:00'::time AS at, '10:00+02'::timetz AS at_zone, '{{}}'::json AS json,
    (CASE WHEN i % 2 = 0 THEN '[1]' ELSE '{{"k": 2}}' END)::jsonb AS any_json, 1.5::real AS float4,
    'abc'::char(5) AS padded, 'n'::name AS name, 'pg_class'::regclass AS class, NULL::text AS nothing,
    '0/0'::pg_lsn AS lsn, '(0,1)'::tid AS tid, '1 2'::int2vector AS vector, '$.a'::jsonpath AS path
    FROM generate_series(1, 20) AS i;
ALTER TABLE shop.types ADD PRIMARY KEY (id);
CREATE TABLE {ODD} (
    "class" integer, "order-id" integer, _x text, metadata text, registry text, model_config text, copy text,
    json jsonb, self integer, self_ integer, "a b" integer, a_b integer, "A" integer, a integer, "é" integer,
    "ﬁ" integer, "²" integer, "1st" integer, "%" text, ":name" text, "None" integer, "datetime" timestamp,
    "int" integer, "__init__" integer, "\\" integer, "q""q" integer, "{"long" * 15}-é" integer,
    PRIMARY KEY ("class", "order-id")
);
INSERT INTO {ODD} SELECT i, i, 'x', 'm', 'r', 'c', 'c', '{{}}', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 'p', 'n', 11, now(), 12,
    13, 14, 15, 16 FROM generate_series(1, 20) AS i;
CREATE TABLE shop.unique_only (a integer NOT NULL, b integer NOT NULL, c integer, UNIQUE (a, b));
INSERT INTO shop.unique_only SELECT i, i, i FROM generate_series(1, 20) AS i;
CREATE TABLE shop.parts (id integer, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.part_1 PARTITION OF shop.parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
    WITH (autovacuum_enabled = off);
CREATE TABLE shop.part_2 PARTITION OF shop.parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
    WITH (autovacuum_enabled = off);
INSERT INTO shop.parts SELECT i, date '2024-06-01' + i FROM generate_series(1, 400) AS i;
CREATE VIEW shop.seen AS SELECT id, note FROM shop.orders;
CREATE MATERIALIZED VIEW shop.stored AS SELECT * FROM shop.parts;
CREATE TABLE shop.texts (id integer PRIMARY KEY, title text NOT NULL, embedding real[]);
INSERT INTO shop.texts SELECT i, 'text ' || i, ARRAY(SELECT (i / n::float8)::real FROM generate_series(1, 400) AS n)
    FROM generate_series(1, {ROWS}) AS i;
CREATE TABLE shop.empty (a integer);
CREATE TABLE shop.bare ();
CREATE TABLE shop.forbidden (a integer);
CREATE TABLE shop.log (a integer);
CREATE FUNCTION shop.writes() RETURNS integer LANGUAGE sql AS 'INSERT INTO shop.log VALUES (1) RETURNING 1';
REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA shop FROM "user";
REVOKE ALL ON ALL SEQUENCES IN SCHEMA shop FROM "user";
REVOKE ALL ON shop.forbidden FROM "user";
REVOKE CREATE ON SCHEMA shop FROM "user"
"""
ORDERS = "SELECT md5(string_agg(orders::text, '')) FROM shop.orders"
# A row that the first thousand do not announce.
LATER = (
    f"""SELECT i, CASE WHEN i < 1500 THEN '1' ELSE '"{SECRET}"' END::jsonb AS j FROM generate_series(1, 1500) AS i"""
)
FAILS_LATER = f"SELECT CASE WHEN i < 1500 THEN i ELSE ('{SECRET}' || i)::int END FROM generate_series(1, 1500) AS i"
# Draws the figures of a layer whose name is as long as the longest, for the largest of tables.
SHOW = """
from bench.layers.figures import Figure, Figures
from bench.layers.names import DROPPING, ENTITY, LAYERS
from bench.layers.subject import Subject
from bench.layers.weights import weights_of
from bench.relations.data import ReadColumn, Relation
from bench.yours.show import show
traced = dict.fromkeys([*LAYERS, *DROPPING], 12_345.6) | {ENTITY: 98_765.4}
figures = {layer: Figure(20_000, size, 2**28, 2**29, 12.34, 999.0, objects=9) for layer, size in traced.items()}
columns = (ReadColumn("a", "a", "int"), ReadColumn(":smiley: [b]", "order_id", "decimal.Decimal"))
quotes = {"s": "s", "t": "t[bold]", "a": "a", ":smiley: [b]": "b"}
relation = Relation("", columns, "s", "t", ("a",), key_is_primary=True, quotes=quotes)
takes = {"rows": 9, "size": 12_345.6, "nulls": 0.001, "unit": "characters", "median": 99_999, "high": 99_999,
    "most": 99_999, "length": 9.5, "elements": 0, "trait": "", "form": "", "saves": 0}
weights = weights_of(relation, [[takes, takes]], 9)
show(Subject(relation, total=10**5), Figures(figures, {}, 3, (), weights))
"""


@pytest.fixture(scope="module", autouse=True)
def shop(url: str) -> Iterator[str]:
    """Make tables whose owner may do nothing but read them, and let DATABASE_URL name their database."""
    for statement in SCHEMA.split(";\n"):
        query(url, statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        yield url
    query(url, "DROP SCHEMA shop CASCADE")


@pytest.fixture(scope="module")
def orders() -> Subject:
    return look_at("shop.orders", 60, count=False)


@pytest.fixture(scope="module")
def found(shop: str, orders: Subject) -> Figures:
    """Measure in all layers, while another session lets nobody do more than read."""
    with psycopg.connect(shop) as connection:
        before = query(shop, ORDERS)
        connection.execute('GRANT UPDATE ON shop.orders TO "user"')
        connection.execute("LOCK TABLE shop.orders IN EXCLUSIVE MODE")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process, "run", forks.run_traced)
            result = measure(orders, 60, orders.layers)
        connection.rollback()
    assert query(shop, ORDERS) == before
    return result


def plain(row: Any, attributes: list[str]) -> tuple[Any, ...]:
    """Return the values of any layer's row."""
    if isinstance(row, tuple):
        return tuple(row)
    return tuple(row[name] if isinstance(row, dict) else getattr(row, name) for name in attributes)


def made_up() -> Figures:
    """Return figures for advice: an entity is expensive, a row is cheap."""
    default = dict.fromkeys(LAYERS, 500.0) | {ENTITY: 2000.0, "Pydantic model": 3000.0, "slots dataclass": 400.0}
    return Figures(
        {layer: Figure(2000, bytes_, 2**24, 2**25, 0.1, objects=2000) for layer, bytes_ in default.items()}, {}, 3
    )


def printed(subject: Subject, result: Figures, capsys: pytest.CaptureFixture[str]) -> str:
    show(subject, result)
    return capsys.readouterr().out


def test_twelve_mixed_columns_in_every_layer(orders: Subject, found: Figures) -> None:
    assert not found.failures
    assert list(found.by_layer) == sorted(found.by_layer, key=lambda layer: found.by_layer[layer].traced)
    assert {one.count for one in found.by_layer.values()} == {ROWS}
    assert found.values is not None
    traced = {layer: one.traced for layer, one in found.by_layer.items()}
    assert traced[TUPLE] - found.values == sys.getsizeof((None,) * 12)
    # A tuple has its length and, from 3.14 on, its hash; an instance with slots has its header of 32 bytes alone.
    assert traced["slots dataclass"] == pytest.approx(traced[TUPLE] - (sys.getsizeof(()) - 32), abs=2)
    assert traced["Pydantic model"] > traced[ENTITY] > traced["Core row"] > traced[TUPLE]
    assert all(one.kept > 0 and one.seconds > 0 for one in found.by_layer.values())


def test_reading_needs_no_right_but_select(shop: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(shop, "INSERT INTO shop.empty VALUES (1)")


def test_what_is_printed_of_twelve_columns(orders: Subject, found: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(orders, found, capsys)
    assert f"\n{ROWS:,} rows of `shop.orders`\n" in text
    assert re.search(r"^\| ORM entity \| [\d,]+ \| [\d,]+ \| \d+\.\d \| \d+\.\d \| \d+\.\d\d \|$", text, re.MULTILINE)
    assert SECRET not in text
    [factor] = re.findall(r"^Columns instead of entities: ([\d,]+) → ([\d,]+) bytes per row, (\S+) times", text, re.M)
    before, after, times = (float(figure.replace(",", "")) for figure in factor)
    assert times == pytest.approx(before / after, abs=0.1)
    assert "statement = select(Orders).execution_options(yield_per=1000)" in text
    assert "\nThe columns of a row of orders\n\n| Column | Bytes per row | NULL | Median | 95 % | Largest |" in text
    assert re.search(r"^\| note \| \d+ \| 25% \| 23 \| 24 \| 24 \| characters \| █+ \|$", text, re.MULTILINE)
    assert f"| all | {found.values:,.0f} |" in text
    [own] = re.findall(r"^- Some layers' own values .*ORM entity ([\d,]+)", text, re.MULTILINE)
    assert found.values is not None
    # An enum's labels are there once, and a copied list has no room for two more.
    assert found.values - float(own.replace(",", "")) == pytest.approx(sys.getsizeof("paid") + 2 * 8, abs=3)
    assert "    total: Decimal\n    discount: Decimal | None\n    ordered_at: datetime\n    due: date | None" in text


def test_json_has_all_of_it(orders: Subject, found: Figures) -> None:
    told = json.loads(json.dumps(as_json(orders, found)))
    assert (told["relation"], told["rows"], told["key"]) == ("shop.orders", ROWS, ["id"])
    assert set(told["layers"]) == {*LAYERS, STREAMED, *installed()}
    for name, one in told["layers"].items():
        assert one["native"] is (name in NATIVE)
        expected = None if one["no_overhead"] else pytest.approx(one["traced"] - told["values"], abs=100)
        assert one["overhead"] == expected
    assert SECRET not in json.dumps(told)
    assert [one["stored"] for one in told["columns"]][3:5] == ["shop.state", "numeric(12,2)"]
    [weights] = told["weights"]
    sizes = [one["size"] for one in weights["columns"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == weights["bytes"] == pytest.approx(told["values"], rel=0.005)
    assert {one["name"] for one in weights["columns"]} == {one["name"] for one in told["columns"]}


def test_embedding_is_weighed_by_a_sample_and_left_out_first(capsys: pytest.CaptureFixture[str]) -> None:
    subject = look_at("shop.texts", 60, count=False, rows=10_000)
    assert 0 < subject.traced < ROWS
    result = measure(subject, 60, [SLOTS, ENTITY, ARROW])
    text = printed(subject, result, capsys)
    assert f"\n{ROWS:,} rows of `shop.texts`\n" in text
    assert "read instead of" not in text
    assert f"\nThe columns of a row of texts, by the first {subject.traced:,} rows\n" in text
    assert f"\n- The bytes per row are weighed on the first {subject.traced:,} rows, for their lists" in text
    first, second, *_ = [one["text"] for one in as_json(subject, result)["advice"]]
    assert re.match(r"Leave `embedding` out.*\. Entities without it, by `deferred=True` in the class.*: ", first)
    before, after = re.findall(r"([\d,]+) → ([\d,]+) bytes per row", first)[0]
    assert int(before.replace(",", "")) - int(after.replace(",", "")) == pytest.approx(400 * 32, rel=0.15)
    assert re.search(r"^`embedding` as arrays of NumPy's.*; or all columns at once: Arrow table [\d,]+ bytes", second)
    assert "No layer saves much" not in text
    assert "yield_per=500)" in text
    assert "%7Creal%5B%5D%7C%7C400.00%7C" in text


@pytest.mark.filterwarnings("ignore:Did not recognize type")
@pytest.mark.parametrize(
    "name",
    [
        "shop.types",
        ODD,
        "shop.unique_only",
        "shop.parts",
        "shop.seen",
        "shop.stored",
        "pg_catalog.pg_attribute",
        "pg_catalog.pg_proc",
        "information_schema.columns",
        "SELECT 1 AS a, '50%s :b::int' AS b, 2 AS a, 'x'::text, now()::date -- the end ; of it\n;  -- really",
        "-- first\n/* of all */ WITH x AS (SELECT 1) TABLE x",
        "(VALUES (1, 'a'), (2, NULL))",
        "SELECT '; -- no comment'",
    ],
)
def test_rows_are_the_same_in_every_layer(name: str) -> None:
    subject = look_at(name, 60, count=False)
    attributes = [column.attribute for column in subject.relation.columns]
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for layer in [layer for layer in subject.layers if layer in LAYERS or layer == DJANGO]:
        with opened(layer, subject.relation) as read:
            rows[layer] = [plain(row, attributes) for row in read(15)]
    assert rows[TUPLE]
    for layer, same in rows.items():
        if (layer, name) == (ENTITY, "shop.types"):  # SQLAlchemy has classes of its own for ranges
            assert len(same) == len(rows[TUPLE])
        else:
            assert list(map(repr, same)) == list(map(repr, rows[TUPLE])), layer


def test_code_of_copy_writes_values_of_every_type(shop: str) -> None:
    query(shop, 'GRANT INSERT ON shop.types TO "user"')
    subject = look_at("shop.types", 60, count=False)
    query(shop, 'REVOKE INSERT ON shop.types FROM "user"')
    relation, ((_, source), _) = subject.relation, to_write(subject)
    assert "\n# Give as Jsonb(value), for it is not always a dict: any_json\n" in source
    document = [column.name for column in relation.columns].index("any_json")
    with psycopg.connect(shop) as connection:
        rows = connection.execute("TABLE shop.types").fetchall()
        given = [(*row[:document], Jsonb(row[document]), *row[document + 1 :]) for row in rows]
        connection.execute("CREATE TEMPORARY TABLE types (LIKE shop.types) ON COMMIT DROP")
        executed(source.replace("COPY shop.types", "COPY types"))["write"](connection, given)
        assert connection.execute("TABLE types").fetchall() == rows


@pytest.mark.parametrize("layer", installed())
def test_other_stacks_read_the_same_rows_and_write_nothing(shop: str, orders: Subject, layer: str) -> None:
    with opened(layer, orders.relation) as read:
        found: list[Any] = list(read(15))
    others = found[1:]
    if layer in NATIVE:
        rows = listed(found)
        assert others == [None] * 14  # one object holds all rows
    else:
        attributes = [column.attribute for column in orders.relation.columns]
        rows = [dict(one) if layer == RECORD else {name: getattr(one, name) for name in attributes} for one in others]
    expected = [{"id": row, "note": note} for row, note in query(shop, "SELECT id, note FROM shop.orders LIMIT 15")]
    assert [{"id": row["id"], "note": row["note"]} for row in rows] == expected[-len(rows) :]
    assert len(rows[0]) == 12
    if layer not in KEYED:
        writing = Relation("(SELECT shop.writes())", (ReadColumn("writes", "writes", "int"),))
        with pytest.raises(Exception, match="read-only"), opened(layer, writing) as read:
            list(read(1))


def test_layer_without_its_package_is_left_out(orders: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    monkeypatch.setattr(names, "find_spec", lambda name: sys.modules.get(name, name))
    assert "msgspec.Struct" not in orders.layers
    assert set(orders.layers) == {*LAYERS, STREAMED, *OTHERS} - {"msgspec.Struct"}


def test_names_that_no_class_can_have_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    subject = look_at(ODD, 60, count=False)
    text = printed(subject, made_up(), capsys)
    for line in (
        "`class` is class_",
        "`order-id` is order_id",
        "`_x` is x",
        "`copy` is copy_",
        "`metadata` is metadata_",
    ):
        assert f"- Column {line} here.\n" in text
    assert "Column `a_b`" not in text
    renamed = [column for column in subject.relation.columns if column.attribute != column.name]
    assert text.count("- Column `") == told.MOST_NAMED
    assert f"- So are {len(renamed) - told.MOST_NAMED} other columns called otherwise: --json has all" in text
    fewer = replace(subject.relation, columns=tuple(renamed[: told.MOST_NAMED + 1]))
    text = printed(replace(subject, relation=fewer), made_up(), capsys)
    assert "- So is 1 other column called otherwise: --json has all of them.\n" in text


NAMES = (
    "a|b",
    "line\nend",
    "[bold]",
    ":smiley:",
    "<b>",
    "*it*",
    "`",
    "a `` b",
    "right\u202eleft",
    "\x1b[1m",
    "表",
    '"',
)
STRANGE = Subject(
    Relation(
        "",
        tuple(ReadColumn(name, f"column_{index}", "int") for index, name in enumerate(NAMES)),
        "s",
        "t",
        ("a|b", "`"),
        quotes={"s": "s", "t": "".join(NAMES), **{name: name for name in NAMES}},
    )
)


def test_markdown_survives_every_name(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(STRANGE, made_up(), capsys).splitlines()
    assert all(line.isprintable() for line in lines)
    title = r'of ```s.a|bline\nend[bold]:smiley:<b>*it*`a `` bright\u202eleft\x1b[1m表"```'
    assert lines[1].endswith(title)
    table = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in table} == {7}
    for line in ("`a|b`", r"`line\nend`", "`:smiley:`", "`` ` ``", "```a `` b```", r"`right\u202eleft`", r"`\x1b[1m`"):
        assert any(one.startswith(f"- Column {line} is column_") for one in lines), line
    assert "- There is no primary key: what tells the entities apart is the unique index of `a|b`, `` ` ``." in lines


def test_json_is_complete_whatever_the_names() -> None:
    told = json.loads(json.dumps(as_json(STRANGE, made_up()), allow_nan=False))
    assert [column["name"] for column in told["columns"]] == list(NAMES)
    assert told["relation"] == STRANGE.relation.sql_name
    assert all(name in told["sql"] for name in NAMES)
    query = Subject(Relation("(SELECT 'x' -- \n)", (ReadColumn("a", "a", "str"),)))
    assert as_json(query, made_up())["sql"] == "SELECT 'x' -- "


def test_layers_are_chosen_by_parts_of_their_names(orders: Subject) -> None:
    assert chosen(orders, "") == orders.layers
    assert chosen(orders, "core, ORM ,tuple") == [
        "psycopg, tuple",
        "psycopg, named tuple",
        "Core row",
        ENTITY,
        STREAMED,
    ]
    keyless = look_at("SELECT 1", 60, count=False)
    assert chosen(keyless, "core,orm") == ["Core row"], "why there is no entity is told beside the table"
    with pytest.raises(UserError, match=r"^no layer's name has 'orm': an entity needs a key, and a query has none; "):
        chosen(keyless, "orm,django")
    with pytest.raises(UserError, match=r"^no layer's name has 'o\\x1bx': there are psycopg, tuple; psycopg, named"):
        chosen(orders, "orm,o\x1bx")


def test_layers_whose_packages_are_missing_are_named(
    orders: Subject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(names, "find_spec", lambda package: package == "asyncpg" or None)
    layers = "msgspec.Struct; SQLModel; Arrow table; polars frame; Django model"
    left_out = (
        f"{layers}: left out, until `make venv groups=alternatives` installs them. pandas frame; pandas frame, Arrow "
        'types: left out, until `make venv groups="alternatives dataframes"` installs them'
    )
    assert f"\n- {left_out}.\n" in printed(orders, made_up(), capsys)
    with pytest.raises(UserError, match=f"^no layer's name has 'arrow': there are .*; {re.escape(left_out)}$"):
        chosen(orders, "arrow")
    assert chosen(orders, "arrow,core") == ["Core row"]


def test_what_identifies_an_entity_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    unique = look_at("shop.unique_only", 60, count=False)
    assert (unique.relation.key, unique.relation.key_is_primary) == (("a", "b"), False)
    assert "- There is no primary key: what tells the entities apart is the unique index of `a`, `b`.\n" in printed(
        unique, made_up(), capsys
    )
    for name, reason in (("shop.seen", "it has neither primary key nor unique"), ("SELECT 1", "a query has none")):
        keyless = look_at(name, 60, count=False)
        assert ENTITY not in keyless.layers
        assert f"- {'; '.join(KEYED)}: left out, for an entity needs a key, and {reason}" in printed(
            keyless, made_up(), capsys
        )


def test_how_many_rows_there_are(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("shop.parts", "shop.seen", "shop.orders", "SELECT 1"):
        unknown = look_at(name, 60, count=False, rows=2000)
        assert unknown.total is None
        assert "- Rows in all: not known: --count counts them.\n" in printed(unknown, made_up(), capsys)
    query(shop, "ANALYZE shop.part_1, shop.part_2, shop.orders")
    estimated = look_at("shop.parts", 60, count=False, rows=2000)
    assert estimated.total == 400
    assert look_at("shop.orders", 60, count=False).total == ROWS
    assert look_at("shop.seen", 60, count=True).total == ROWS
    more = printed(replace(estimated, total=4000), made_up(), capsys)
    assert re.search(r"^\| ORM entity \| 2,000 \| +\| 16\.0 \| 32\.0 \| 0\.10 \| 32\.0 \| 0\.2 \|$", more, re.MULTILINE)
    assert "- Rows in all: 4,000, as the server estimates: --count counts them.\n" in more
    assert "- The rows are the first ones. All rows have no figure where less" in more
    for subject, rows, read in (
        (replace(estimated, limit=2001), "2,000, and all were read", None),
        (replace(estimated, total=2000, counted=True), "2,000, counted", None),
        (replace(estimated, total=2000), "2,000, as the server estimates: --count counts them", "if there are more"),
        (replace(estimated, total=None), "not known: --count counts them", "if there are more"),
    ):
        text = printed(subject, made_up(), capsys)
        assert f"- Rows in all: {rows}.\n" in text
        assert ("- The rows are the first ones" in text) == bool(read)
        assert f"- The rows are the first ones, {read}.\n" in text or not read


def test_few_rows_are_told(orders: Subject, capsys: pytest.CaptureFixture[str]) -> None:
    few = Figures({TUPLE: Figure(999, 300.0, 0, 0, 0.1)}, {}, 3)
    line = "- From fewer than 1,000 rows no advice follows, for what is fixed weighs in these figures.\n"
    assert f"\n{line}" in printed(orders, few, capsys)
    assert line not in printed(orders, made_up(), capsys)
    single = "- One row was read: its bytes and its overhead are of what is fixed, which many rows share.\n"
    assert single not in printed(orders, few, capsys)
    text = printed(orders, Figures({TUPLE: Figure(1, 680.0, 0, 0, 0.1)}, {}, 3), capsys)
    assert single in text
    assert not re.search(r"\b1 [a-z]+s\b", text)


def test_values_of_a_layer_s_own_are_told(orders: Subject, capsys: pytest.CaptureFixture[str]) -> None:
    by_layer = {
        TUPLE: Figure(2000, 1064.0, 0, 0, 0.1, overhead=64.0),
        CORE: Figure(2000, 1100.0, 0, 0, 0.1, overhead=100.0),
        MODEL: Figure(2000, 1800.0, 0, 0, 0.1, overhead=600.0),
        ENTITY: Figure(2000, 1500.0, 0, 0, 0.1, overhead=550.0),
    }
    text = printed(orders, Figures(by_layer, columns=3), capsys)
    assert f"equal ones are one object: {MODEL} 1,200, {ENTITY} 950.\n" in text
    assert "own values" not in printed(
        orders, Figures({TUPLE: by_layer[TUPLE], CORE: by_layer[CORE]}, columns=3), capsys
    )


def test_a_layer_that_fails_does_not_stop_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    subject = replace(look_at(LATER, 60, count=False, rows=1000), size=Size(2000, 2000))
    result = measure(subject, 60, ["Pydantic slots dataclass", CORE, "Pydantic model"])
    assert list(result.by_layer) == [CORE]
    assert [len(table.columns) for table in result.weights] == [2]  # which the first layer was to weigh
    text = printed(subject, result, capsys)
    reason = "Pydantic refuses a value of j (int_parsing), whose class is taken from the first rows"
    for layer in ("Pydantic model", "Pydantic slots dataclass"):
        assert f"- {layer} is left out: {reason}.\n" in text
    assert SECRET not in text.partition("Do you need all rows")[0]  # it is in the reader's own query


def test_where_every_layer_fails_the_first_reason_is_told() -> None:
    subject = replace(look_at(FAILS_LATER, 60, count=False, rows=1000), size=Size(2000, 2000))
    with pytest.raises(UserError) as error:
        measure(subject, 60, [TUPLE])
    assert "says InvalidTextRepresentation (22P02); its text may hold values" in str(error.value)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("password@", "wrong@"), "user or password is wrong at "),
        (("/db", "/other"), "there is no such database at "),
    ],
)
def test_server_that_does_not_let_one_in_is_one_line(
    shop: str, change: tuple[str, str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", shop.replace(*change))
    with pytest.raises(UserError, match=f"^{line}"):
        look_at("shop.orders", 60, count=False)


def test_unreachable_server_is_one_line() -> None:
    url = f"postgresql://user:password@localhost:{unused_port()}/db"
    assert error_line(run("your_table.py", "orders", url=url)).startswith("nothing listens at localhost")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "the following arguments are required: RELATION"),
        (["data", "--rows", "0"], "argument --rows: '0' is not a number from 1 to 10,000,000"),
        (["data", "--rows", "²"], "is not a number"),
        (["data", "--timeout", "soon"], "argument --timeout: 'soon' is not a number from 1 to"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["your_table.py", *arguments])
    with pytest.raises(SystemExit, match=re.escape(line)):
        your_table.main()


def test_ctrl_c_is_one_line_and_ends_the_children(shop: str) -> None:
    with running("your_table.py", "shop.orders", "--rows", "100000", url=shop) as process:
        wait_until(lambda: psutil.Process(process.pid).children())
        children = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGINT)
        result = finished(process)
    assert (result.returncode, result.stdout) == (1, "")
    assert [line for line in result.stderr.splitlines() if not re.match(r"\d+/\d+ ", line)] == ["interrupted"]
    wait_until(lambda: not any(child.is_running() for child in children))


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("colours", [{}, {"NO_COLOR": "1"}], ids=["colours", "no colours"])
def test_output_fits_the_terminal(width: int, colours: dict[str, str]) -> None:
    text = ESCAPES.sub("", in_terminal(lambda: exec(SHOW, {}), width, **colours))
    drawn, _, code = text.partition("# Yours: ")
    assert max(len(line.rstrip()) for line in drawn.splitlines()) <= width
    assert "rows of s.t[bold]" in text
    assert 'Column ":smiley: [b]" is order_id here.' in text
    assert ("columns do not fit" in text) == (width < 80)
    assert "    T.a, T.order_id,\n" in code
