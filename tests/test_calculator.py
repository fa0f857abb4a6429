"""`docs/index.html` in a browser: its arithmetic is the study's, its reader guesses nothing, and anyone can use it.

One browser for all tests of this file. It is closed at the end, because Playwright's event loop would be in the way of
tests that run one of their own.
"""

import functools
import http.server
import random
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from bench import embedded_postgres, results
from bench.environments import PYTHONS
from bench.look import picture
from bench.relations.data import ReadColumn as Named
from bench.relations.data import Relation
from bench.studies.graph_shape import page as graphs
from bench.studies.graph_shape.model import Family, Related, predicted
from bench.studies.row_shape import page as row_shape
from bench.studies.row_shape.model import RULES, RowModel
from bench.studies.row_shape.model import CountedColumn as Column
from bench.studies.row_shape.overheads import OTHER_MODELS
from bench.studies.row_shape.shapes import TABLES
from bench.studies.versions import page as versions
from bench.yours import calculator, code
from tests.claims.test_values import TEXTS
from tests.pasted import READ, REFUSED
from tests.support import query
from tests.test_versions import OBJECTS
from tests.test_your_table import SCHEMA

INDEX = picture.CALCULATOR
ADDRESS = INDEX.as_uri()
CHROMIUM = picture.browser()
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt-get install chromium")
ORDERS = """CREATE TABLE shop.orders (
    id bigint PRIMARY KEY, total numeric(10,2) NOT NULL, note text, tags varchar(20)[], state shop.state NOT NULL
);"""
# What a dump has beside tables: sequences, views, functions whose bodies look like statements, partitions, comments.
DUMPED = """
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
CREATE SEQUENCE shop.numbers;
CREATE TABLE shop.visits (at date NOT NULL, note text DEFAULT 'a;b') PARTITION BY RANGE (at);
CREATE TABLE shop.visits_now PARTITION OF shop.visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE VIEW shop.seen AS SELECT at FROM shop.visits;
CREATE MATERIALIZED VIEW shop.kept AS SELECT at FROM shop.visits;
CREATE FUNCTION shop.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE x (y int); RETURN NEW; END $$;
CREATE FUNCTION shop.g(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a; SELECT a + 2; END;
CREATE TRIGGER t BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.f();
COMMENT ON TABLE shop.orders IS 'it''s; CREATE TABLE q (a int)';
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON shop.orders USING (id > 0);
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO PUBLIC;
"""
Tables = list[dict[str, Any]]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Give a page whose functions are called; what a person does, he does on a page of his own."""
    with opened(browser, {}) as page:
        yield page


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Page]:
    with opened(browser, {"permissions": ["clipboard-read", "clipboard-write"]}) as page:
        yield page


@pytest.fixture
def visited(visitor: Page) -> Page:
    return anew(visitor)


def anew(page: Page, address: str = ADDRESS) -> Page:
    """Show the page as who comes to it for the first time sees it, which costs a third of a page of its own."""
    page.emulate_media(media="screen", color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.evaluate("address => { localStorage.clear(); history.replaceState(null, '', address); }", address)
    page.reload()
    return page


@contextmanager
def opened(browser: Browser, options: Mapping[str, Any], address: str = ADDRESS) -> Iterator[Page]:
    """Yield the page, from disk. It asks for nothing but itself, and its console stays empty."""
    context = browser.new_context(**options)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith(address) else None)
    page.goto(address)
    yield page
    context.close()
    assert said == []


@functools.cache
def models() -> dict[str, RowModel]:
    """Return the model of the cost by Python, as the studies have it."""
    own = row_shape.figures(results.load("row_shape"))
    others = versions.figures(results.load("versions")).models
    found = {
        python: replace(
            model, values={**own.model.values, **model.values}, dicts=own.model.dicts, copying=own.model.copying
        )
        for python, model in others.items()
    }
    return found | {own.python.rpartition(".")[0]: own.model}


def read(page: Page, text: str) -> tuple[Tables, list[str]]:
    """Return what the page's reader makes of a text: tables, and what it says of them and of the text."""
    found = page.evaluate("text => readTables(text)", text)
    of_columns = [column["note"] for table in found["tables"] for column in table["columns"] if column["note"]]
    return found["tables"], [*filter(None, (found["kind"], *found["notes"], *of_columns, found["skipped"]))]


def columns(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(column["name"], column["type"]) for column in table["columns"]]


def of(column: Mapping[str, Any]) -> Column:
    return Column(column["rule"], column["length"], column["elements"], column["nulls"])


def as_read(name: str, column: Column) -> dict[str, Any]:
    return {
        **{"name": name, "type": "", "rule": column.rule, "length": column.length, "elements": column.elements},
        **{"nulls": column.nulls, "required": False, "open": None, "note": ""},
    }


def rules() -> list[str]:
    return [name for name, rule in RULES.items() if rule.measured.name in models()["3.12"].values]


def random_tables(count: int) -> list[list[Column]]:
    """Return tables of up to 110 columns, the same ones each time, of every rule, with arrays and NULLs."""
    chance = random.Random(21)
    measured = rules()

    def column() -> Column:
        rule = chance.choice(measured)
        length = chance.choice([0, 1, 2, 7, 20.5, 200, 3000]) if RULES[rule].unit else 0
        return Column(rule, length, chance.choice([None, None, 0, 3, 50]), chance.choice([0, 0, 0.25, 0.999, 1]))

    return [[column() for _ in range(chance.choice([1, 3, 5, 8, 19, 29, 40, 57, 110]))] for _ in range(count)]


def costs(page: Page, tables: Sequence[list[dict[str, Any]]]) -> list[dict[str, dict[str, float]]]:
    """Return what the page's script says of each table, by Python and layer."""
    script = """tables => tables.map((columns) => Object.fromEntries([...MODELS].map(([python, model]) => [python,
        Object.fromEntries(Object.keys(model.overheads).map((layer) => [layer, rowCost(model, layer, columns)]))])))"""
    found: list[dict[str, dict[str, float]]] = page.evaluate(script, tables)
    return found


def expected(tables: Sequence[Sequence[Column]]) -> list[dict[str, dict[str, float]]]:
    return [
        {python: {layer: model.row(layer, table) for layer in model.overheads} for python, model in models().items()}
        for table in tables
    ]


def test_script_computes_as_the_model_does_to_the_byte(page: Page) -> None:
    tables = [[Column.of(field) for field in fields] for fields in TABLES.values()] + random_tables(100)
    found = costs(page, [[as_read(f"c{at}", one) for at, one in enumerate(table)] for table in tables])
    assert found == expected(tables)
    assert len({table["3.12"]["ORM entity"] for table in found}) > 90


def test_family_costs_what_the_model_of_the_graph_says_to_the_byte(page: Page) -> None:
    chance = random.Random(22)
    ways = graphs.figures(results.load("graph_shape"))
    for _ in range(100):
        parent, child = (Family(chance.randint(1, 27), chance.choice([0, 84, 513.25])) for _ in range(2))
        children, parents = chance.choice([0, 1, 2, 7, 50, 999]), chance.choice([1, 30, 1_000, 123_456])
        family = replace(parent, related=(Related(child, (children,)),))
        sizes = ({"columns": one.columns, "values": one.values} for one in (parent, child))
        script = """(given) => Object.fromEntries(Object.entries(WAYS).map(([way, parts]) =>
            [way, familyCost(parts, ...given)]))"""
        found = page.evaluate(script, [*sizes, children, parents])
        assert found == {
            way: predicted(family, graphs.published_parts(one.parts), parents) for way, one in ways.items()
        }


PARENT_AND_CHILD = """
CREATE TABLE lines (order_id int REFERENCES s.orders, what text, price numeric);
CREATE TABLE s.orders (id int PRIMARY KEY, note text);
"""


def test_children_are_found_by_their_reference_and_counted(visited: Page) -> None:
    visited.locator("#text").fill(PARENT_AND_CHILD)
    assert "A row of orders" in visited.locator("#out").inner_text()
    assert visited.get_by_label("Child table").input_value() == "lines"
    visited.get_by_label("Children of each row").fill("9")
    [way, one] = next(iter(graphs.figures(results.load("graph_shape")).items()))
    model = models()["3.12"]
    integer, text, numeric = (
        model.value(column, "ORM entity") for column in (Column(INTEGER), Column("text", 20), Column("numeric"))
    )
    lines = Related(Family(3, integer + text + numeric), (9,))
    size = predicted(Family(2, integer + text, (lines,)), graphs.published_parts(one.parts), 100_000)
    row = visited.locator("#family").get_by_role("row", name=re.compile(f"^{re.escape(way)} [0-9]"))
    assert row.get_by_role("cell").all_inner_texts()[0] == f"{size:,.0f}"
    before = visited.locator("#family").inner_text()
    visited.reload()
    assert visited.locator("#family").inner_text() == before
    visited.get_by_label("Child table").select_option("none")
    assert not visited.locator("#family").is_visible()
    wide = ", ".join(f"c{number} int" for number in range(28))
    visited.locator("#text").fill(f"CREATE TABLE a ({wide}); CREATE TABLE b (x int, FOREIGN KEY (x) REFERENCES a (c1))")
    assert "With more than 28 columns and relationships" in visited.locator("#family-said").inner_text()


@pytest.fixture(scope="module")
def catalog(url: str) -> dict[str, list[tuple[str, str]]]:
    """Return the names and types of all tables that a server has of its own, and of the tests of `your_table.py`."""
    query(url, SCHEMA.partition("INSERT INTO")[0])
    rows = query(
        url,
        "SELECT oid::regclass::text, attname::text, format_type(atttypid, atttypmod) FROM pg_class "
        "JOIN pg_attribute ON attrelid = oid WHERE relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped "
        "AND (relnamespace::regnamespace::text ~ '^(pg_catalog|information_schema)$' OR relname = 'orders') "
        "ORDER BY oid, attnum",
    )
    query(url, "DROP SCHEMA shop CASCADE")
    found: dict[str, list[tuple[str, str]]] = {}
    for table, name, kind in rows:
        found.setdefault(table, []).append((name, kind))
    return found


def test_tables_of_the_catalog_are_read_and_cost_the_same(
    page: Page, catalog: dict[str, list[tuple[str, str]]]
) -> None:
    assert len(catalog) > 150
    text = "\n".join(
        f"CREATE TABLE {table} ({', '.join(f'{quoted(name)} {kind}' for name, kind in found)});"
        for table, found in catalog.items()
    )
    tables, _ = read(page, text)
    assert [columns(table) for table in tables] == list(catalog.values())
    found = costs(page, [table["columns"] for table in tables])
    assert found == expected([list(map(of, table["columns"])) for table in tables])


def quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


INTEGER, BIGINT = "integer of up to 9 digits", "integer of 10 to 18 digits"


@pytest.mark.parametrize(
    ("text", "found", "notes"),
    [
        ("id int\nname varchar(40)", [("id", "int"), ("name", "varchar(40)")], []),
        ("  - id: int,\n  - tags: text[], ok bool", [("id", "int"), ("tags", "text[]"), ("ok", "bool")], []),
        ("id int -- the key\n\n/* x\n/* y */ int */\nb double precision\n",
         [("id", "int"), ("b", "double precision")], []),
        ("(id int, n numeric(10, 2))", [("id", "int"), ("n", "numeric(10, 2)")], []),
        ("CREATE TABLE t (id int PRIMARY KEY, b text);", [("id", "int"), ("b", "text")], []),
        ("create unlogged table if not exists s.t (a int)", [("a", "int")], []),
        ('CREATE TABLE "T" ("a ""b"", c" text, "Order" int)', [('a "b", c', "text"), ("Order", "int")], []),
        ("CREATE TABLE t (a int);;\n\nCREATE TABLE t2 (b int)", [("a", "int")], []),
        ("CREATE TABLE t (a text DEFAULT $q$ ), ( $q$, b text DEFAULT E'it\\'s ),', c int)",
         [("a", "text"), ("b", "text"), ("c", "int")], []),
        ("CREATE TABLE t (a int GENERATED ALWAYS AS (b * 2) STORED, b bigint GENERATED ALWAYS AS IDENTITY (START 5))",
         [("a", "int"), ("b", "bigint")], []),
        ("CREATE TABLE t (a timestamp (3) with time zone, b interval day to second, c bit varying(3)[][4])",
         [("a", "timestamp (3) with time zone"), ("b", "interval day to second"), ("c", "bit varying(3)[][4]")], []),
        ("CREATE TABLE t (a int, CONSTRAINT k PRIMARY KEY (a), UNIQUE (a), CHECK (a), EXCLUDE USING gist (a WITH =))",
         [("a", "int")], ["Skipped: constraint (3)."]),
        ("CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);\nCREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
         [("a", "int"), ("b", "text")], []),
        ("CREATE TABLE q PARTITION OF p DEFAULT", None,
         ["q is a partition of p, which is not in the text", "q: no column was found."]),
        ("CREATE TABLE p (a int); CREATE TABLE q (LIKE p INCLUDING ALL, b text); CREATE TABLE r (c date) INHERITS (q)",
         [("a", "int")], []),
        ("CREATE TABLE q (b text, LIKE p)", [("b", "text")], ["q is like p, which is not in the text"]),
        ("CREATE TABLE q AS SELECT 1 AS a", None, ["q: it is made by a query", "q: no column was found."]),
        ("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN d AS numeric(5); CREATE TABLE t (a mood, b d)",
         [("a", "mood"), ("b", "d")], []),
        ("CREATE TABLE t (a s.mood)", [("a", "s.mood")], ["a: nothing was measured of type s.mood"]),
        ("CREATE TABLE t (a int odd)", [("a", "int")], ['a: not understood from "odd" on']),
        ("CREATE TABLE t (a int, b te", [("a", "int"), ("b", "te")],
         ["t: the parenthesis of its columns is not closed", "b: nothing was measured of type te"]),
        ("CREATE TABLE t (a int, b text DEFAULT 'x, c int)", [("a", "int"), ("b", "text")],
         ["What begins in line 1 with ' does not end", "t: the parenthesis of its columns is not closed"]),
        ("CREATE TABLE t (a int); ALTER TABLE ONLY t ADD COLUMN b text NOT NULL, DROP COLUMN a, OWNER TO me;"
         "ALTER TABLE t ALTER b TYPE date; ALTER TABLE u ADD c int",
         [("b", "date")], ["ALTER TABLE u: that table is not in the text", "Skipped: ALTER TABLE … OWNER TO."]),
        ("COPY t (a) FROM stdin;\n1\tCREATE TABLE x (\n\\.\n\\connect db\nCREATE TABLE t (a int)", [("a", "int")],
         ["Skipped: command of psql, COPY."]),
        ("CREATE TABLE t (a int); CREATE UNIQUE INDEX ON t (a); CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ ; $$",
         [("a", "int")], ["Skipped: CREATE INDEX, CREATE FUNCTION."]),
        ("id int\nname", [("id", "int")], ["name has no type, and is skipped."]),
        ("id int\nOnce upon a time", [("id", "int")], ["Not understood, and skipped: Once upon a time"]),
        ("CREATE TABLE t (a int, a int)", [("a", "int"), ("a", "int")], ["a is there twice"]),
        ("| name | type |\n|---|:---|\n| id | int |\n| x | text[] |", [("id", "int"), ("x", "text[]")], []),
        ("id int\n<img src=x onerror=alert(1)> int", [("id", "int")], ["Not understood, and skipped: <img"]),
        ("", None, []),
    ],
)  # fmt: skip
def test_reader_says_what_it_does_not_understand(
    page: Page, text: str, found: list[tuple[str, str]] | None, notes: list[str]
) -> None:
    tables, said = read(page, text)
    assert (columns(tables[0]) if tables else None) == found
    assert len(said) == len(notes), said
    for line, beginning in zip(said, notes, strict=True):
        assert line.startswith(beginning)


LISTING = """
                                         Table "shop.lines"
  Column  |         Type          | Collation | Nullable |                Default                | Storage
----------+-----------------------+-----------+----------+---------------------------------------+---------
 order_id | bigint                |           | not null |                                       | plain
 x|y      | character varying(40) | C         |          | generated always as (a || b) stored   | extended
 flag     | boolean               |           |          |                                       | plain
Indexes:
    "lines_pkey" PRIMARY KEY, btree (order_id, line)
Foreign-key constraints:
    "lines_order_id_fkey" FOREIGN KEY (order_id) REFERENCES shop.orders(id)
Access method: heap

   Table "public.Odd"
 Column  |  Type
---------+---------
 a "b" c | date
"""


def test_reader_takes_what_psql_prints(page: Page) -> None:
    tables, notes = read(page, LISTING)
    assert [(table["schema"], table["name"]) for table in tables] == [("shop", "lines"), ("public", "Odd")]
    assert columns(tables[0]) == [("order_id", "bigint"), ("x|y", "character varying(40)"), ("flag", "boolean")]
    assert columns(tables[1]) == [('a "b" c', "date")]
    assert [column["required"] for column in tables[0]["columns"]] == [True, False, False]
    assert notes == ["Skipped: index or constraint (2)."]


@pytest.mark.parametrize("word", ["constructor", "toString", "__proto__", "hasOwnProperty"])
def test_a_name_is_no_member_of_javascript_s_objects(page: Page, word: str) -> None:
    text = f"CREATE TABLE t (a int DEFAULT {word}(), {word} int REFERENCES {word}(id), b {word}, c int)"
    [table], _ = read(page, text)
    assert [name for name, _ in columns(table)] == ["a", word.lower(), "b", "c"]


def test_a_table_has_no_more_columns_than_postgresql_s(page: Page) -> None:
    [table], notes = read(page, f"CREATE TABLE t ({', '.join(f'c{number} int' for number in range(1_700))})")
    assert len(table["columns"]) == 1_600
    assert notes == ["t: PostgreSQL's tables have at most 1600 columns. The others are skipped."]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("smallserial", Column(INTEGER)),
        ("int8", Column(BIGINT)),
        ("real", Column("double precision")),
        ("decimal(10)", Column("numeric")),
        ("varchar(8)", Column("text", 4)),
        ("character varying(801)", Column("text", 401)),
        ("varchar(255)", Column("text", 20)),
        ("char(3)", Column("text", 3)),
        ("character", Column("text", 1)),
        ("timestamp with time zone", Column("timestamptz")),
        ("timestamp(3) without time zone", Column("timestamp")),
        ("uuid[]", Column("uuid", 0, 2)),
        ("integer ARRAY[5]", Column(INTEGER, 0, 5)),
        ("int[2147483647]", Column(INTEGER, 0, 134_217_727)),
        ("jsonb", Column("jsonb", 2)),
        ("bytea", Column("bytea", 20)),
        ("tstzrange", Column("timestamptz", 0, 2)),
        ("tsvector", Column("text", 20)),
        ("cidr", Column("inet")),
        ("shop.state", Column("text", 20)),
        ("geometry(Point,4326)", Column("text", 50)),
        ("public.geometry(PointZ)", Column("text", 58)),
        ("geography(Point)[]", Column("text", 50, 2)),
        ("geometry(Polygon,4326)", Column("text", 194)),
        ("geography", Column("text", 194)),
        ("sparsevec(30000)", Column("text", 20)),
        ("bit(64)", Column("text", 64)),
        ("time(6)", Column("time")),
        ("interval day to second(0)", Column("interval")),
    ],
)
def test_what_a_type_is_counted_as(page: Page, kind: str, column: Column) -> None:
    [table], notes = read(page, f"CREATE TABLE t (a {kind})")
    assert of(table["columns"][0]) == column
    assert bool(notes) == (
        kind in ("tstzrange", "cidr", "shop.state", "geometry(Polygon,4326)", "geography", "sparsevec(30000)")
    )


def test_vector_is_what_psycopg_makes_of_it(page: Page) -> None:
    """As pgvector's adapter makes it, where that was measured; else the text that is read without."""
    [table], [note] = read(page, "id int, e public.vector(1536)")
    column = of(table["columns"][1])
    [size] = costs(page, [[table["columns"][1]]])
    assert "register_vector" in note
    assert column in (Column("numpy array of 4-byte numbers", 1536), Column("text", 12 * 1536))
    assert 4 * 1536 < size["3.12"]["psycopg, tuple"] < 13 * 1536


def test_array_that_is_called_an_embedding_is_assumed_to_be_one(page: Page) -> None:
    types = ("real[]", "double precision[]", "real[3]", "text[]", "vector(3)")
    [table], notes = read(page, ", ".join(f"embedding_{at} {kind}" for at, kind in enumerate(types)))
    elements = [column["elements"] for column in table["columns"]]
    assert elements == [1536, 1536, 3, 2, None]
    assert [note.partition(":")[0] for note in notes if "1,536" in note] == ["embedding_0", "embedding_1"]


SHORT = {"integer of up to 9 digits": "int", "integer of 10 to 18 digits": "bigint", "double precision": "float"}


def told(table: Mapping[str, Any]) -> str:
    """Return a table as `tests.pasted` tells it."""

    def column(one: Mapping[str, Any]) -> str:
        length = f"({one['length']:g})" if RULES[one["rule"]].unit else ""
        elements = "" if one["elements"] is None else f"[{one['elements']}]"
        kind = f"{SHORT.get(one['rule'], one['rule'])}{length}{elements}"
        return f"{one['name']}={kind}{'!' * one['required']}{'~' * one['shared']}{'-' * one['deferred']}"

    return f"{table['name']}: {' '.join(map(column, table['columns']))}"


def test_pasted_texts_are_read_rightly_or_refused_by_name(page: Page) -> None:
    for name, (text, expected, says) in READ.items():
        tables, notes = read(page, text)
        assert [told(table) for table in tables] == [expected], name
        assert notes[0].startswith(says), name
        assert all(note.startswith("Skipped: ") for note in notes[1:]), name
    for text, says in REFUSED.items():
        tables, notes = read(page, text)
        assert not tables, text
        assert notes[0].startswith(says), text
        assert all(note.startswith("Skipped: ") for note in notes[1:]), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BEGIN; CREATE TABLE t (a int); COMMIT;", ["t: a=int"]),
        (
            "CREATE SCHEMA s CREATE TABLE t (a int) CREATE TABLE u (b text) GRANT SELECT ON t TO x;",
            ["t: a=int", "u: b=text(20)"],
        ),
        (
            "CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN IF NOT EXISTS a int, ADD IF NOT EXISTS b int;",
            ["t: a=int b=int"],
        ),
        (
            "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE u PARTITION OF t DEFAULT;"
            "ALTER TABLE t ADD b int;",
            ["t: a=int b=int", "u: a=int b=int"],
        ),
        ("CREATE TABLE t (a int); CREATE TABLE u () INHERITS (t); ALTER TABLE t DROP a;", ["t: ", "u: "]),
        ("CREATE TABLE t (a int); CREATE TABLE u (LIKE t); ALTER TABLE t ADD b int;", ["t: a=int b=int", "u: a=int"]),
        ("CREATE TABLE t (a bpchar, b bpchar(5), c char);", ["t: a=text(20) b=text(5) c=text(1)"]),
        ("CREATE OR REPLACE TABLE t (a int);", ["t: a=int"]),
        ("CREATE TABLE t (a varchar(99999999999999999999));", ["t: a=text(5.24288e+06)"]),
        ('CREATE TABLE t (U&"d\\0061t\\+000061" int);', ["t: data=int"]),
    ],
)
def test_what_statements_say_together(page: Page, text: str, expected: list[str]) -> None:
    tables, _ = read(page, text)
    assert [told(table) for table in tables] == [one for one in expected if not one.endswith(": ")]


def test_dump_raises_no_alarm_and_opens_on_the_largest_table(visited: Page, url: str) -> None:
    query(url, SCHEMA.partition("INSERT INTO")[0] + DUMPED)
    program = shutil.which("pg_dump", path=embedded_postgres.programs_of(embedded_postgres.PACKAGE))
    assert program
    text = subprocess.run([program, "-s", url], capture_output=True, text=True, check=True).stdout
    query(url, "DROP SCHEMA shop CASCADE; DROP TABLE alembic_version")
    assert "CREATE SEQUENCE" in text
    visited.locator("#text").fill(text)
    visited.get_by_role("button", name="data", exact=True).wait_for()  # the last one: what is long is not read at once
    assert visited.locator("#notes li").all_inner_texts() == []
    assert "A row of orders" in visited.locator("#out").inner_text()
    listed = visited.locator("#tables tbody tr")
    names = listed.locator("button").all_inner_texts()
    assert names[0] == "orders"
    assert listed.first.locator(".assumed").count() == 2, "its texts may be longer"
    assert {"alembic_version", "visits", "visits_now"} < set(names)
    _, *cells = listed.first.get_by_role("cell").all_inner_texts()
    ends = [layers[at] for layers in [visited.locator("#figures tbody th").all_inner_texts()] for at in (0, -1)]
    assert [cell.split() for cell in cells] == [[f"{bytes_of(visited, layer):,}", *layer.split()] for layer in ends]


def test_labels_of_an_enum_say_how_long_its_texts_are(page: Page) -> None:
    [table], notes = read(page, "CREATE TYPE s.mood AS ENUM ('sad', 'happy'); CREATE TABLE t (a s.mood[] NOT NULL)")
    assert of(table["columns"][0]) == Column("text", 4, 2)
    assert notes == []


def test_columns_that_other_tables_have_are_taken_from_them(page: Page) -> None:
    text = (
        "CREATE TABLE a (x int, y text); CREATE TABLE b (z date, LIKE a); CREATE TABLE c (w uuid, y text) INHERITS (a)"
    )
    tables, notes = read(page, text)
    assert [[name for name, _ in columns(table)] for table in tables] == [["x", "y"], ["z", "x", "y"], ["x", "w", "y"]]
    assert notes == []


def names_of(table: dict[str, Any]) -> list[str]:
    return [column["name"] for column in table["columns"]]


def named(tables: Tables) -> list[Relation]:
    """Return what `your_table.py` knows of tables that the page has read."""
    return [
        Relation(
            f'"{table["name"]}"',
            tuple(
                Named(one["name"], one["name"], kind)
                for one, kind in zip(table["columns"], table["types"], strict=True)
            ),
            table["schema"],
            table["name"],
            key=("id",),
            required=frozenset(one["name"] for one in table["columns"] if one["required"]),
            quotes={name: name for name in (table["schema"], table["name"], *names_of(table))},
        )
        for table in tables
    ]


CODE = "table => [entitiesCode(table), columnsCode(table), dataclassCode(table)]"


def test_code_is_that_of_your_table(page: Page) -> None:
    """Of names that need no quotes, and of rows that are narrow and wide."""
    chance = random.Random(7)
    kinds = rules()
    tables: Tables = []
    for count in (1, 2, 5, 9, 17, 40):
        for length in (3, 12, 55):
            made = [as_read(f"c{at}_{'x' * length}", Column(chance.choice(kinds), 5)) for at in range(count)]
            tables.append({"schema": "sales", "name": f"order_lines_{count}", "columns": made})
            for column in made:
                column["required"] = chance.random() < 0.5
    types = page.evaluate("tables => tables.map(({ columns }) => columns.map(pythonType))", tables)
    for table, found in zip(tables, types, strict=True):
        table["types"] = found
    for table, relation in zip(tables, named(tables), strict=True):
        assert page.evaluate(CODE, table) == [
            code.batches(relation),
            code.columns(relation),
            code.dataclass(relation),
        ]


ODD_NAMES = (
    'CREATE TABLE "Order-Lines" (id int NOT NULL, "order" text, "a b" date, "class" uuid, "1st" numeric, "Ä" jsonb)'
)


def test_code_with_odd_names_runs(page: Page, schema_url: str) -> None:
    [table], _ = read(page, ODD_NAMES)
    *statements, dataclass = page.evaluate(CODE, table)
    for text in statements:
        compile(text, "page", "exec")
    with psycopg.connect(schema_url) as connection:
        connection.execute(ODD_NAMES.encode())
        connection.execute("""INSERT INTO "Order-Lines" (id, "order") VALUES (1, 'x')""")
        names: dict[str, Any] = {"connection": connection}
        exec(dataclass.replace("        ...", "        found = row"), names)
    assert repr(names["found"]) == ("OrderLinesRow(id=1, order='x', a_b=None, class_=None, column_1st=None, Ä=None)")


def bytes_of(page: Page, layer: str) -> int:
    """Return the bytes per row that the page shows of a layer."""
    cells = page.get_by_role("row", name=re.compile(f"^{re.escape(layer)} ")).get_by_role("cell").all_inner_texts()
    return int(cells[0].replace(",", ""))


def test_the_first_example_is_filled_in_and_answered(visited: Page) -> None:
    assert visited.locator("#out").inner_text().startswith("A row of orders: ")
    rows = visited.locator("#figures tbody tr th").all_inner_texts()
    sizes = [bytes_of(visited, layer) for layer in rows]
    assert set(rows) == set(models()["3.12"].overheads) - set(OTHER_MODELS)
    assert sizes == sorted(sizes)
    assert visited.locator("#notes li").count() == 0
    widths = visited.evaluate(
        "[...document.querySelectorAll('.bar')].map((bar) => [...bar.children].map((part) => part.offsetWidth))"
    )
    assert all(values > 10 and overhead > 3 for values, overhead in widths)


def test_paste_edit_share_and_reload(visited: Page, browser: Browser) -> None:
    """As a person does it: each thing that is set changes the answer, and the address holds it all."""
    visited.get_by_role("textbox", name="CREATE TABLE").fill(ORDERS)
    notes = visited.get_by_role("list", name="What to know of this text").get_by_role("listitem").all_inner_texts()
    assert [note.partition(":")[0] for note in notes] == ["state"]
    row = [Column(BIGINT), Column("numeric"), Column("text", 20), Column("text", 10, 2), Column("text", 20)]
    assert bytes_of(visited, "ORM entity") == round(models()["3.12"].row("ORM entity", row))
    visited.get_by_label("note: characters", exact=True).fill("80")
    visited.get_by_label("note: NULL in percent").fill("25")
    visited.get_by_label("tags: elements", exact=True).fill("4")
    visited.get_by_label("state: counted as").select_option("integer from -5 to 256")
    visited.get_by_label("Rows", exact=True).fill("1,000,000")
    visited.get_by_label("Python").select_option("3.13")
    visited.get_by_label("A worker has").fill("1024")
    row[2:] = [Column("text", 80, None, 0.25), Column("text", 10, 4), Column("integer from -5 to 256")]
    size = round(models()["3.13"].row("ORM entity", row))
    assert bytes_of(visited, "ORM entity") == size
    visited.get_by_role("button", name="Copy the link").click()
    visited.get_by_text("this machine only").wait_for()
    address = visited.evaluate("navigator.clipboard.readText()")
    before = visited.locator("main").inner_text()
    for other in (visited, browser.new_page()):
        other.goto("about:blank")
        other.goto(address)
        assert bytes_of(other, "ORM entity") == size
        assert other.url == address
        assert other.get_by_label("Rows", exact=True).input_value() == "1000000"
        assert other.get_by_label("note: characters", exact=True).input_value() == "80"
    visited.reload()
    assert without_status(visited.locator("main").inner_text()) == without_status(before)
    other.close()


def without_status(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("Copied", "Copy "))]


def test_address_of_odd_names_stands_for_the_same_table(visited: Page) -> None:
    visited.locator("#text").fill('CREATE TABLE "a|b".t ("x|\\y&z=1" text, "ü#" "my|type", s int[])')
    visited.get_by_label("s: elements", exact=True).fill("7")
    before = visited.evaluate("JSON.stringify(shown())")
    visited.reload()
    same = visited.evaluate("JSON.stringify(shown())")
    assert same.replace('"assumed":false', '"assumed":true') == before.replace('"assumed":false', '"assumed":true')


@pytest.mark.parametrize(
    "hash_",
    ["c", "c=&c=%7C%7C", "c=a%7Cint%7Cx%7Cy%7Cz%7Ctext&rows=-1&python=2&worker=x", "c=%E0%A4%A", "t=x", "t=x&c=a"],
)
def test_address_that_nobody_made_is_read_as_far_as_it_goes(page: Page, hash_: str) -> None:
    anew(page, f"{ADDRESS}#{hash_}")
    assert page.get_by_label("Rows", exact=True).input_value() == "100000"
    assert page.evaluate("state.worker") == 512


def test_address_that_your_table_prints_has_its_columns(visited: Page) -> None:
    kinds = [*calculator.TYPES, "str", "Any"]
    named = [Named(f"{at}|\\#&ä", f"c{at}", kind) for at, kind in enumerate(kinds)]
    quotes = {name: f'"{name}"' for name in ("a b", "T.1")}
    relation = Relation("", tuple(named), "a b", "T.1", required=frozenset({named[1].name}), quotes=quotes)
    anew(visited, calculator.address(relation, 1234))
    found = visited.evaluate("shown()")
    assert (found["schema"], found["name"], visited.evaluate("state.rows")) == ("a b", "T.1", 1234)
    assert columns(found) == [(one.name, calculator.TYPES.get(one.type, "text")) for one in named]
    assert [one["required"] for one in found["columns"]] == [at == 1 for at in range(len(named))]
    types = visited.evaluate("shown().columns.map(pythonType)")
    assert types == ["Any" if kind == "dict" else "str" if kind == "Any" else kind for kind in kinds]
    assert visited.locator("#notes li").count() == 0


def test_measured_column_takes_what_was_measured_until_it_is_counted_otherwise(visited: Page) -> None:
    """And in proportion to its length; a type that the page does not know is no alarm then."""
    columns = [
        "id|bigint NOT NULL",
        "kind|shop.kind|6.5||25||41.3",
        "tags|text[]||2.4|||190.5",
        "small|integer|||50||0",
    ]
    anew(visited, f"{ADDRESS}#{urlencode([('t', 'shop.t'), ('rows', '7'), *(('c', one) for one in columns)])}")
    assert visited.locator("#notes li").count() == 0
    model = models()["3.12"]
    values = model.scalar(BIGINT, 0) + 41.3 + 190.5
    size = model.overhead("Core row", 4) + values
    assert visited.evaluate("valuesOf(shown())") == pytest.approx(values)
    assert bytes_of(visited, "Core row") == round(size)
    assert "Its columns hold what your_table.py has measured." in visited.locator("#values").inner_text()
    before = visited.locator("#figures").inner_text()
    visited.reload()
    assert visited.locator("#figures").inner_text() == before
    visited.get_by_label("kind: characters").fill("13")
    share = model.scalar("text", 13) / model.scalar("text", 6.5)
    assert bytes_of(visited, "Core row") == round(size + 41.3 * (share - 1))
    visited.reload()
    assert bytes_of(visited, "Core row") == round(size + 41.3 * (share - 1))
    visited.get_by_label("small: counted as").select_option("double precision")
    assert bytes_of(visited, "Core row") == round(size + 41.3 * (share - 1) + model.scalar("double precision", 0) / 2)


def test_copied_lists_have_no_room_to_grow_whatever_their_lengths_are(visited: Page) -> None:
    """A third of these arrays have three integers, and room for four, the others none. A text may be no ASCII."""
    size = 56 + (4 * 8 + 3 * 28) / 3
    columns = ["id|bigint", f"tags|integer[]||1|||{size}"]
    anew(visited, f"{ADDRESS}#{urlencode([('t', 't'), *(('c', one) for one in columns)])}")
    model = models()["3.12"]
    for layer, spare in (("slots dataclass", 0), ("Pydantic slots dataclass", 8 / 3), ("ORM entity", 8 / 3)):
        expected = model.overhead(layer, 2) + model.scalar(BIGINT, 0) + size - spare
        assert visited.evaluate("layer => rowCost(model(), layer, shown().columns)", layer) == pytest.approx(expected)
    assert "less sure" not in visited.locator("#values").inner_text()
    anew(visited, f"{ADDRESS}#{urlencode([('t', 't'), ('c', columns[0]), ('c', 'tags|text[]|4|1|||117')])}")
    assert "less sure for tags" in visited.locator("#values").inner_text()


MAPPED = """class Order(Base):
    shop_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(Enum("new", "paid"))
    body: Mapped[str] = mapped_column(Text, deferred=True)
"""


def test_entity_holds_what_its_class_maps(visited: Page) -> None:
    """A key of two columns is a tuple with one pointer more; a mapped enum and a deferred column are not there."""
    visited.locator("#text").fill(MAPPED)
    model = models()["3.12"]
    keys, state, body = 2 * model.scalar(INTEGER, 0), model.scalar("text", 3.5), model.scalar("text", 20)
    sizes = {
        "psycopg, tuple": model.overhead("psycopg, tuple", 4) + keys + state + body,
        "Core row": model.overhead("Core row", 4) + keys + body,
        "ORM entity": model.overhead("ORM entity", 3) + 8 + keys,
    }
    rounded = {layer: round(size) for layer, size in sizes.items()}
    assert {layer: bytes_of(visited, layer) for layer in sizes} == rounded
    said = visited.locator("#said").inner_text()
    assert "Nothing in entities and Core rows: state" in said
    assert "not counted in entities until it is asked for: body" in said
    visited.reload()
    assert {layer: bytes_of(visited, layer) for layer in sizes} == rounded
    assert visited.locator("#said").inner_text() == said
    for text in ("a int, b int, PRIMARY KEY (a, b)", "a int, b int); ALTER TABLE ONLY t ADD PRIMARY KEY (a, b"):
        visited.locator("#text").fill(f"CREATE TABLE t ({text});")
        assert bytes_of(visited, "ORM entity") == round(model.overhead("ORM entity", 2) + 8 + keys)


def test_batches_are_chosen_by_the_text_that_the_server_sends(page: Page) -> None:
    [table], _ = read(page, "id int, body varchar(4000), data jsonb")
    column = Named("body", "body", "str", width=2006)
    for width, batch in (("", 1000), ("5000", 200)):
        page.evaluate("hash => (location.hash = hash)", f"t=t&c={quote(f'body|text|2000||||2041|{width}')}")
        page.wait_for_function("shown().columns.length === 1")
        assert page.evaluate("batchOf(shown())") == batch
    assert page.evaluate("batchOf", table) == 1000
    weighed = dict.fromkeys(("length", "elements", "nulls", "size"), 0.0) | {"trait": ""}
    relation = Relation("", (column,), "", "t", key=("body", "id"))
    assert calculator.parts(relation, column, weighed)[-2:] == ["2006.0", "key"]  # type: ignore[arg-type]


def test_headline_names_what_moves_it_most_and_lets_it_be_changed(visited: Page) -> None:
    visited.locator("#text").fill(
        "CREATE TABLE t (a varchar(400), b text, c char(9), d int[3], e bytea NOT NULL, f int, g varchar(9), h jsonb)"
    )
    model, group = models()["3.12"], visited.get_by_role("group", name="What moves this answer most")
    asked = group.get_by_role("textbox").evaluate_all("all => all.map(({ ariaLabel, value }) => [ariaLabel, value])")
    assert asked == [
        ["b: characters, beside the answer", "20"],
        ["e: bytes, beside the answer", "20"],
        ["h: members, beside the answer", "2"],
    ]
    least, core = bytes_of(visited, "Pydantic slots dataclass"), bytes_of(visited, "Core row")
    said = visited.locator("#range")
    assert f"With 2,000 characters in b: {least + 1980:,} to " in said.inner_text()
    group.get_by_label("b:").fill("2000")
    assert bytes_of(visited, "Core row") == core + 1980
    assert "With 2,000 bytes in e: " in said.inner_text()
    assert f"of which b takes {model.scalar('text', 2000):,.0f}" in visited.locator("#values").inner_text()
    assert visited.locator("#advice").inner_text().startswith(f"Without b, where it is not needed: {core + 1980:,} → ")
    below = visited.get_by_label("b: characters", exact=True)
    assert below.input_value() == "2000"
    below.fill("40")
    assert group.get_by_label("b:").input_value() == "40"
    assert bytes_of(visited, "Core row") == core + 20
    visited.locator("#text").fill("id int\nstatus shop.status\nnote text")
    assert "With 2,000 characters in note: " in said.inner_text(), "an enum's labels have 63 at most"
    visited.locator("#text").fill("id int\nc char(3)")
    assert group.get_by_role("textbox").count() == 0
    assert said.inner_text() == ""


def test_answer_is_copied_as_text(visited: Page) -> None:
    visited.locator("#text").fill(ORDERS)
    visited.get_by_role("button", name="Copy the answer").click()
    visited.get_by_text("Copied, as text").wait_for()
    text = visited.evaluate("navigator.clipboard.readText()")
    assert text.startswith(f"**{visited.locator('#out').inner_text()}** with ")
    size = bytes_of(visited, "ORM entity")
    assert f"\n| ORM entity | {size:,} | " in text
    assert "# Yours: class Orders" in text
    assert "file://" not in text
    assert text.count("```") == 6


def test_other_orms_are_shown_where_they_are_asked_for(visited: Page) -> None:
    visited.get_by_label("Other ORMs").check()
    assert set(visited.locator("#figures tbody th").all_inner_texts()) == set(models()["3.12"].overheads)
    row = [
        Column(**{key: one[key] for key in ("rule", "length", "elements", "nulls")}) for one in shown_columns(visited)
    ]
    assert bytes_of(visited, "Django model") == round(models()["3.12"].row("Django model", row))
    visited.reload()
    assert bytes_of(visited, "Django model") == round(models()["3.12"].row("Django model", row))
    visited.get_by_label("Python").select_option("3.14")
    assert "Django model" in visited.locator("#limits").inner_text()
    visited.get_by_label("Other ORMs").uncheck()
    assert "Django model" not in visited.locator("main").inner_text().replace("Other ORMs, too: Django model", "")


def shown_columns(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("shown().columns")
    return found


def test_text_that_changes_keeps_what_was_set_by_hand(visited: Page) -> None:
    text = visited.locator("#text")
    text.fill("CREATE TABLE t (a text, b text)")
    visited.get_by_label("a: characters", exact=True).fill("99")
    visited.get_by_label("b: characters", exact=True).fill("98")
    text.fill("CREATE TABLE t (a text, b varchar(9), c text)")
    lengths = [visited.get_by_label(f"{name}: characters", exact=True).input_value() for name in "abc"]
    assert lengths == ["99", "5", "20"]


def test_one_of_several_tables_is_shown(visited: Page) -> None:
    visited.locator("#text").fill("CREATE TABLE a (x int); CREATE TABLE b (y int, z text)")
    assert "A row of b" in visited.locator("#out").inner_text()
    visited.get_by_role("button", name="a", exact=True).click()
    assert "A row of a" in visited.locator("#out").inner_text()
    visited.get_by_role("button", name="b", exact=True).click()
    assert visited.locator("#columns tbody tr").count() == 2
    assert "A row of b" in visited.locator("#out").inner_text()
    visited.get_by_role("button", name="Remove z").click()
    visited.get_by_role("button", name="Add a column").click()
    visited.keyboard.type("paid")
    assert visited.locator("#columns tbody input.name").evaluate_all("all => all.map((one) => one.value)") == [
        "y",
        "paid",
    ]


def test_step_is_named_before_it_comes(visited: Page) -> None:
    model = models()["3.12"]
    text = visited.locator("#text")
    text.fill("\n".join(f"c{number} int" for number in range(18)))
    step = model.overhead("Pydantic model", 19) - model.overhead("Pydantic model", 18)
    assert step > 1000
    said = visited.locator("#said").inner_text()
    assert f"One more column, and a Pydantic model grows by {step:,.0f} bytes" in said
    text.fill("\n".join(f"c{number} int" for number in range(29)))
    step = model.overhead("ORM entity", 29) - model.overhead("ORM entity", 28)
    assert f"One column fewer, and an ORM entity shrinks by {step:,.0f} bytes" in visited.locator("#said").inner_text()


def test_rows_that_fit_a_worker(visited: Page) -> None:
    size = bytes_of(visited, "Core row")
    process, beyond = visited.evaluate("[PROCESSES['Core row'], MEASURED.beyond['Core row']]")
    formula = visited.get_by_role("row", name=re.compile("^Core row")).get_by_role("cell").last.get_attribute("title")
    assert formula
    numbers = [512, round(process / 2**20, 1), size, round(beyond), 8, 8]
    assert [float(number) for number in re.findall(r"[0-9.]+", formula)] == numbers
    before = visited.evaluate("mib(PROCESSES['ORM entity'])")
    assert f"{before} with SQLAlchemy" in visited.locator("#said").inner_text()
    fit = (512 * 2**20 - process) / (size + 8 * beyond + 8)
    visited.get_by_label("Rows", exact=True).fill(str(round(fit * 0.99)))
    said = visited.locator("#said").inner_text()
    assert "do not fit a worker of 512 MiB as: " in said
    assert "Core row" not in said
    visited.get_by_label("Rows", exact=True).fill(str(round(fit * 1.01)))
    assert "Core row" in visited.locator("#said").inner_text()
    visited.get_by_label("A worker has").fill("30")
    assert "fit a worker of 30 MiB in no layer" in visited.locator("#said").inner_text()


def test_what_was_not_measured_is_named(visited: Page) -> None:
    limits = "(count) => [...limits({ columns: Array(count).fill({}) })].join()"
    assert "More than 100 columns were not measured" in visited.evaluate(limits, 101)
    assert "were not measured" not in visited.evaluate(limits, 100)
    visited.get_by_label("Python").select_option("3.14")
    said = visited.locator("#limits").inner_text()
    assert "With Python 3.14, these layers were not measured: psycopg, named tuple" in said
    assert "More than 40 columns" in visited.evaluate(limits, 41)


def test_integers_that_exist_once_are_those_of_the_python_that_is_chosen(visited: Page) -> None:
    for python, once in zip(PYTHONS, OBJECTS["the largest integer that exists once"], strict=True):
        visited.get_by_label("Python").select_option(python)
        assert f"5 to {once:,} take nothing" in visited.locator("#limits").inner_text()


def test_what_is_no_ascii_is_counted_by_latin_1(visited: Page) -> None:
    """Its letters of two bytes are those that `test_values` reads."""
    said = visited.locator("#limits").inner_text()
    [narrow, wide] = re.findall(r"Latin-1 \((.*?)\)", said)
    assert {TEXTS[letter][1] for letter in narrow.split(", ")} == {1}
    assert {TEXTS[letter][1] for letter in wide.split(", ")} == {2}
    assert "text beyond Latin-1" in visited.locator("#columns select").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_rule_is_violated(visited: Page, scheme: Any) -> None:
    visited.emulate_media(color_scheme=scheme)
    visited.locator("#text").fill(f"{ORDERS} CREATE TABLE b (x int);")
    visited.get_by_label("Rows", exact=True).fill("x")
    found = Axe().run(visited)
    assert found.violations_count == 0, found.generate_report()


def test_keyboard_reaches_everything_and_shows_where_it_is(visited: Page) -> None:
    visited.locator("#text").fill("CREATE TABLE t (a text[])")
    visited.locator("#text").focus()
    reached = []
    for _ in range(17):
        visited.keyboard.press("Tab")
        reached.append(visited.evaluate("document.activeElement.id || document.activeElement.ariaLabel"))
        assert visited.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == [
        *(
            "rows",
            "python",
            "worker",
            "copy",
            "share",
            "a: elements, beside the answer",
            "others",
            "child",
            "children",
            "Column's name",
            "a: counted as",
            "a: characters",
            "a: elements",
        ),
        *("a: NULL in percent", "Remove a", "add", reached[-1]),
    ]


def test_phone_shows_it_without_scrolling_sideways(visited: Page) -> None:
    visited.set_viewport_size({"width": 360, "height": 740})
    name = f"a_very{'_long' * 9}_name"
    visited.locator("#text").fill(f"CREATE TABLE {name} ({name} text, b {name}); CREATE TABLE b (x real[])")
    visited.get_by_label("Other ORMs").check()
    assert visited.evaluate("document.documentElement.scrollWidth") == 360
    heights = "[...document.querySelectorAll('button, input, select, textarea')].map((one) => one.offsetHeight)"
    assert not [height for height in visited.evaluate(heights) if 0 < height < 44]
    assert Axe().run(visited).violations_count == 0


def test_desktop_shows_the_columns_whole_names(visited: Page) -> None:
    visited.set_viewport_size({"width": 1000, "height": 740})
    names = ("preferences", "marketing_allowed", "created_at_first")
    visited.fill("#text", f"CREATE TABLE customers ({', '.join(f'{name} jsonb' for name in names)}, tags text[])")
    visited.wait_for_function("document.querySelectorAll('#columns .name').length === 4")
    cut = "[...document.querySelectorAll('#columns .name')].filter(it => it.scrollWidth > it.clientWidth).length"
    assert visited.evaluate(cut) == 0


def test_paper_shows_the_answer_and_not_the_controls(visited: Page) -> None:
    visited.emulate_media(media="print")
    assert visited.locator("#figures").is_visible()
    assert not visited.locator("#text").is_visible()
    assert visited.get_by_role("button").count() == 0


def test_static_host_is_asked_for_the_page_alone(browser: Browser) -> None:
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(INDEX.parent))

        def log_message(self, _: str, *arguments: Any) -> None:
            asked.append(str(arguments[0]))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/#t={quote('x')}&c={quote('a|int')}")
        assert bytes_of(page, "psycopg, tuple") == 48 + 28
        assert page.evaluate("answerText()").endswith(page.url)
        page.close()
        server.shutdown()
    assert asked == ["GET / HTTP/1.1"]
