"""The advice: every code that it prints compiles, fits 80 columns and reads all rows; and when there is none."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import astuple, replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import MetaData, Table, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry

from bench.layers.figures import OTHER_VALUES, Figure, Figures
from bench.layers.names import ENTITY, LAYERS, STREAMED, VALIDATED
from bench.layers.subject import ENOUGH, Subject, look_at
from bench.relations.data import ReadColumn, Relation
from bench.yours import code, fitting
from bench.yours.advice import advice
from tests.advised import executed
from tests.support import query

MIB = 2**20
LONG = "long_" * 12
# Names as they are: no one of them is as easy as it looks.
NAMES = (
    *("plain", "class", "None", "self", "metadata", "_x", "1st", "a b", "A", "a", "a²", "ﬁ", "", "order-id", "%", "%s"),
    *(":name", "a:b", 'q"q', "'", '"""', "\\", "\\:x", "{x}", "line\nend", "tab\t", "\x1b[1m", "right\u202eleft", "表"),
    *("t", "tuple", "count", "index", "_mapping", "json", "copy", "mro", "date", "int", "Any", "row", "rows", "query"),
    *(f"{LONG}abc", "a|b", "`", "*", "<b>", "$1", ";", "--", "/*", "#"),
)
SCHEMA = """
CREATE SCHEMA advised;
CREATE TABLE advised.orders (customer integer, number uuid DEFAULT gen_random_uuid(), total numeric NOT NULL,
    at timestamptz DEFAULT now(), due date, pause interval, tags text[], PRIMARY KEY (customer, number));
INSERT INTO advised.orders (customer, total) SELECT i, i * 1.1 FROM generate_series(1, 30) AS i;
CREATE VIEW advised.seen AS SELECT customer, total FROM advised.orders;
CREATE TABLE advised."a²" AS TABLE advised.orders;
ALTER TABLE advised."a²" ADD UNIQUE (customer, number), ALTER customer SET NOT NULL, ALTER number SET NOT NULL;
CREATE TABLE advised.session (id integer PRIMARY KEY, {long}_interval interval, {long}_at timestamptz);
INSERT INTO advised.session VALUES (1, '1 day', now()), (2, NULL, NULL);
CREATE TABLE advised."{long}xyz" (id integer PRIMARY KEY, {long} integer);
INSERT INTO advised."{long}xyz" VALUES (1, 2), (3, 4);
CREATE TABLE advised."|""class""\\ :x %s {{x}}
-- `1`" (id integer PRIMARY KEY, {names});
INSERT INTO advised."|""class""\\ :x %s {{x}}
-- `1`" VALUES (1), (2);
CREATE TABLE advised.fullwidth (id integer PRIMARY KEY, at date, {wide});
INSERT INTO advised.fullwidth VALUES (1), (2);
CREATE TABLE advised.left_out (id integer PRIMARY KEY, at date);
INSERT INTO advised.left_out VALUES (1, 'infinity'), (2, now())
""".replace("{long}", LONG[:50])
TABLES = (
    *("advised.orders", "advised.seen", 'advised."a²"', "advised.session", f'advised."{LONG[:50]}xyz"'),
    *('advised."|""class""\\ :x %s {x}\n-- `1`"', "advised.fullwidth", "advised.left_out"),
)
QUERIES = (
    "SELECT 1 AS a, 'x' AS b",
    "SELECT 1, 2, 3, 4, 5, 6",
    "SELECT 'it''s', '\"', '\"\"\"', '\\', '\\\\', E'\\\\:x', '\\:x', '%', '%s', '%%', '%(a)s', ':a', ':a::b', 'a:b'",
    "SELECT '1'::int, (ARRAY[1, 2, 3])[1:2], (ARRAY[1, 2, 3])[:2], now()::date::text, '{}' AS \"{x}\", '12:30' AS a",
    "-- the first line: :x\nSELECT 'two\n  lines', $$three 'quotes' \"\"\" and $1$$ /* :y */ -- the end \\",
    "WITH x AS (SELECT generate_series(1, 5) AS n) TABLE x",
    "(VALUES (1, 'a'), (2, NULL))",
    f"SELECT '{'word ' * 40}', '{'w' * 200}' AS {LONG}, '\t\r\x1b\u202e\x85é表' AS odd",
    "SELECT date 'infinity' AS at, 1 AS n",
    "SELECT 1 AS same, 2 AS same;",
    "SELECT n FROM (VALUES (1)) AS rows(n) WHERE n::text !~ '^\\d{2}:\\d{2}$' AND n % 2 = 1;  -- done;",
    "SELECT to_char(now(), 'HH24:MI:SS') AS at, 1 AS \":n\", '...' AS dots",
)


@pytest.fixture(scope="module", autouse=True)
def advised(url: str) -> Iterator[str]:
    """Make the tables, and let DATABASE_URL name their database."""
    quoted = ('"' + name.replace('"', '""') + '" integer' for name in NAMES if name)
    wide = ", ".join(f'"column number {number:04}" integer' for number in range(1, 200))
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in SCHEMA.replace("{names}", ", ".join(quoted)).replace("{wide}", wide).split(";\n"):
            connection.execute(statement.replace("{{", "{").replace("}}", "}").encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        yield url
    query(url, "DROP SCHEMA advised CASCADE")


def figures(**changed: float) -> Figures:
    """Return figures where an entity is expensive, a row is cheap; `slots_dataclass=1` changes that layer's bytes."""
    sizes = dict.fromkeys(LAYERS, 500.0) | {ENTITY: 2000.0, "Pydantic model": 3000.0, "slots dataclass": 400.0}
    sizes |= {name.replace("_", " "): size for name, size in changed.items()}
    by_layer = {layer: Figure(3000, size, 20 * MIB, 24 * MIB, 0.1) for layer, size in sizes.items()}
    return Figures(by_layer | {STREAMED: Figure(3000, 1.0, MIB, 3 * MIB, 0.1)}, {}, 3)


def mapped(subject: Subject, engine: Any) -> type:
    """Return the reader's class, whose attributes are those that the code names."""
    relation = subject.relation
    attributes = {column.name: column.attribute for column in relation.columns}
    table = Table(
        relation.name,
        MetaData(),
        schema=relation.schema,
        autoload_with=engine,
        include_columns=list(attributes),
    )
    kind = type("Mapped", (), {})
    registry().map_imperatively(
        kind,
        table,
        properties={attributes[column.name]: column for column in table.c},
        primary_key=[table.c[name] for name in relation.key],
    )
    return kind


def expected(subject: Subject, url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(subject.relation.statement.encode()).fetchall()


def alike(rows: list[Any], others: list[Any]) -> bool:
    """Compare rows but for the moment at which they were read."""
    moment = r"datetime\.\w+\([^)]*\)\)?|'\d\d:\d\d:\d\d'|'\d{4}-\d\d-\d\d'"
    texts = [sorted(re.sub(moment, "now", repr(tuple(row))) for row in some) for some in (rows, others)]
    return texts[0] == texts[1]


@pytest.mark.parametrize("relation", [*TABLES, *QUERIES])
def test_every_code_reads_every_row(advised: str, relation: str) -> None:
    subject = look_at(relation, 60, count=False)
    rows = expected(subject, advised)
    assert rows
    engine = create_engine(advised.replace("postgresql:", "postgresql+psycopg:"))
    asynchronous = create_async_engine(advised.replace("postgresql:", "postgresql+psycopg:"))
    own = {code.class_called(subject.relation.name): mapped(subject, engine)} if subject.relation.key else {}
    names = [column.attribute for column in subject.relation.columns]
    kinds = []
    for one in advice(subject, figures()):
        source = one.code(subject.relation)
        if "read_async" in source:
            kinds.append("streamed")
            assert own or "result.partitions(1000)" in source  # without a size, a text's rows are one batch
            defined = executed(source, **own)
            defined["read"](engine)
            asyncio.run(defined["read_async"](asynchronous))
            found = defined["found"]
            plain = [tuple(getattr(row, name) for name in names) if own else tuple(row) for row in found]
            assert alike(plain[: len(rows)], rows)
            assert alike(plain[len(rows) :], rows)
        elif "select(" in source and own:
            kinds.append("columns")
            with engine.connect() as connection:
                assert alike(list(connection.execute(executed(source, **own)["statement"])), rows)
        elif "@dataclass" in source:
            for own_class in (source, source.replace("from dataclasses", "from pydantic.dataclasses")):
                kinds.append("dataclass")
                with psycopg.connect(advised) as connection:
                    found = executed(own_class, connection=connection)["found"]
                assert not hasattr(found[0], "__dict__")
                assert alike(list(map(astuple, found)), rows)
    assert kinds == ["streamed", *(["columns"] if own else []), "dataclass", "dataclass"]


ORDERS = Subject(
    Relation(
        '"s"."orders"',
        (ReadColumn("id", "id", "int"), ReadColumn("span", "span", "Any")),
        "s",
        "orders",
        ("id",),
        required=frozenset(["id"]),
        quotes={name: name for name in ("s", "orders", "id", "span")},
    ),
)


def test_it_begins_with_the_question_whether_all_rows_are_needed() -> None:
    question = "Do you need all rows at once? If not, read them in batches, and keep none"
    first, *_ = advice(ORDERS, figures())
    assert first.text == f"{question}: 24.0 → 3.0 MiB at the peak of 3,000 entities."
    assert "select(Orders).execution_options(yield_per=1000)" in first.code(ORDERS.relation)
    assert "await session.stream(statement)" in first.code(ORDERS.relation)
    assert "result.scalars().partitions()" in first.code(ORDERS.relation)
    by_layer = {**figures().by_layer}
    for measured in ({STREAMED: replace(by_layer[STREAMED], peak=24 * MIB)}, {}):
        others = {layer: by_layer[layer] for layer in LAYERS} | measured
        assert advice(ORDERS, Figures(others, {}, 3))[0].text == f"{question}."


def test_what_saves_is_told_and_what_does_not_is_not() -> None:
    told = [one.text for one in advice(ORDERS, figures())[1:]]
    assert told == [
        "Columns instead of entities: 2,000 → 500 bytes per row, 4.0 times less.",
        "A dataclass with slots instead of an ORM entity: 2,000 → 400 bytes per row, 5.0 times less.",
        "Validated, by `from pydantic.dataclasses import dataclass` in the same code, instead of a Pydantic model: "
        "3,000 → 500 bytes per row, 6.0 times less.",
    ]
    alike = figures(**dict.fromkeys((layer.replace(" ", "_") for layer in LAYERS), 10_000.0))
    assert [one.text for one in advice(ORDERS, alike)[1:]] == [
        "No layer saves much: the values are 99% of the most expensive row. Read fewer columns."
    ]


def test_no_advice_from_few_rows() -> None:
    for count in (ENOUGH - 1, ENOUGH):
        few = {layer: replace(one, count=count) for layer, one in figures().by_layer.items()}
        assert bool(advice(ORDERS, Figures(few, {}, 3))) == (count == ENOUGH)


@pytest.mark.parametrize("failed", [layer for layer in LAYERS if layer != "psycopg, named tuple"])
def test_no_sentence_is_made_of_what_is_left_where_a_layer_failed(failed: str) -> None:
    for found in (figures(), figures(**dict.fromkeys((layer.replace(" ", "_") for layer in LAYERS), 10_000.0))):
        left = {layer: one for layer, one in found.by_layer.items() if layer != failed}
        told = " ".join(one.text for one in advice(ORDERS, Figures(left, {failed: "it failed"}, 3)))
        assert "No layer saves much" not in told
        assert ("A dataclass with slots instead of" not in told) or failed in ("psycopg, tuple", VALIDATED)
        assert ("Columns instead of" not in told) or failed not in (ENTITY, "Core row")
        assert ("Validated" not in told) or failed not in ("Pydantic model", VALIDATED)


def test_layers_that_were_not_asked_for_are_not_compared() -> None:
    chosen = {layer: figures().by_layer[layer] for layer in ("Pydantic model", "slots dataclass")}
    assert [one.text.partition(":")[0] for one in advice(ORDERS, Figures(chosen, {}, 3))[1:]] == [
        "A dataclass with slots instead of a Pydantic model"
    ]


def test_other_values_of_the_entity_are_told() -> None:
    found = figures()
    entity = replace(found.by_layer[ENTITY], no_overhead=f"{OTHER_VALUES}span is sqlalchemy.Range")
    told = advice(ORDERS, replace(found, by_layer={**found.by_layer, ENTITY: entity}))[2].text
    assert told.endswith(
        " It holds psycopg's values, where those of an ORM entity are others: span is sqlalchemy.Range."
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("orders", "Orders"),
        ("order_lines", "OrderLines"),
        ("Order-Lines 2", "OrderLines2"),
        ("a²", "A2"),
        ("2024", "Row2024"),
        ("none", "RowNone"),
        ("", "Row"),
        ("session", "RowSession"),
        ("decimal", "RowDecimal"),
        ("é ﬁ", "ÉFi"),
        ("表", "表"),
        ("?!", "Row"),
    ],
)
def test_class_names(table: str, expected: str) -> None:
    found = code.class_called(table)
    assert found == expected
    exec(f"class {found}: pass")


@pytest.mark.parametrize("statement", [*QUERIES, r"SELECT '\:a \\:b \:::c ::d :e:f :g::h', :i ,:j,\:k:"])
def test_text_of_sqlalchemy_takes_sql_as_it_is(statement: str) -> None:
    compiled = text(fitting.for_text(statement)).compile(create_engine("postgresql+psycopg://"))
    assert str(compiled) == statement.replace("%", "%%")
    assert not compiled.params
