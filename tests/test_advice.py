"""The advice: every code that it prints compiles, fits 80 columns and reads all rows; and when there is none."""

import ast
import asyncio
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import astuple, replace
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy import Column, Enum, Integer, MetaData, Table, create_engine, inspect, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import deferred as deferred_column
from sqlalchemy.orm import registry

from bench.layers.figures import OTHER_VALUES, Figure, Figures
from bench.layers.names import CORE, ENTITY, LAYERS, STREAMED, TUPLE, VALIDATED
from bench.layers.subject import ENOUGH, Subject, look_at
from bench.layers.values import Weighed
from bench.layers.weighing import DECODED, HOOKED, PACKED, SHARED, is_vector
from bench.layers.weights import weights_of, wide_of
from bench.relations.data import ReadColumn, Relation
from bench.yours import code, fitting
from bench.yours import forms as forms_code
from bench.yours.advice import advice
from bench.yours.writing import to_write
from tests.advised import Once, executed
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
CREATE TABLE advised.made (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total integer NOT NULL,
    twice integer GENERATED ALWAYS AS (2 * total) STORED, number serial, "at once" timestamptz DEFAULT now());
CREATE TABLE advised.all_made (id serial PRIMARY KEY, note text DEFAULT 'none');
INSERT INTO advised.all_made VALUES (1, 'a'), (2, 'b');
INSERT INTO advised.made (total) VALUES (1), (2);
CREATE TABLE advised.left_out (id integer PRIMARY KEY, at date);
INSERT INTO advised.left_out VALUES (1, 'infinity'), (2, now());
CREATE TABLE advised.documents (id integer PRIMARY KEY, details jsonb, lists jsonb[], plain json);
INSERT INTO advised.documents VALUES (1, '{{"a": 1}}', ARRAY['{{"b": 2}}'::jsonb, NULL], '{{"c": [3]}}');
CREATE TYPE advised.state AS ENUM ('new', 'paid');
CREATE TYPE advised.vector AS ENUM ('[1,2.5,3]', '[4,5,6]');
CREATE TYPE advised.pair AS (a integer, b text);
CREATE TABLE advised.forms (id integer PRIMARY KEY, note text, state text, kind varchar(9), code char(3), label
    advised.state, details jsonb, halves real[], doubles double precision[], small smallint[], numbers integer[],
    large bigint[], embedding advised.vector);
INSERT INTO advised.forms SELECT i, 'a note of ' || i, 'paid', 'kind', 'abc', 'new',
    '{{"key": 1, "list": [{{"key": 2}}]}}', ARRAY[i, -0.5], ARRAY[i, 1e300], ARRAY[i, -3], ARRAY[i, -70000],
    ARRAY[i, -9000000000], '[1,2.5,3]' FROM generate_series(1, 3) AS i;
INSERT INTO advised.forms (id, halves) VALUES (4, '{{}}');
INSERT INTO advised.forms (id, halves, doubles, small, numbers, large) SELECT i, a, a, a, a, a FROM (VALUES
    (5, ARRAY[1, NULL]), (6, ARRAY[[1, 2], [3, 4]]), (7, ARRAY[7])) AS odd(i, a);
CREATE TABLE advised.binary AS SELECT forms.*, point '(1,2)' AS place, ARRAY[point '(1,2)'] AS places,
    real '0.1' AS share, ARRAY[label] AS states, aclitem 'user=r/user' AS granted, (1, 'x')::advised.pair AS pair,
    money '9' AS price, B'101' AS flags, now()::date AS day, interval '1 day' day to second(2) AS span,
    1.5::numeric(9, 2) AS exact FROM advised.forms
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


def mapped(subject: Subject, engine: Any, deferred: Collection[str] = ()) -> type:
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
        properties={
            attributes[column.name]: deferred_column(column) if column.name in deferred else column
            for column in table.c
        },
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
        to_defer = "# In class LeftOut, by deferred=True, else psycopg fails: at\n"
        assert (to_defer in source) == (relation == "advised.left_out" and "# Yours: class LeftOut\n" in source)
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


@pytest.mark.parametrize(
    "relation", [*TABLES[:-1], "advised.made", "advised.all_made", "advised.documents", QUERIES[0]]
)
def test_code_that_writes_leaves_the_rows_that_were_read(advised: str, relation: str) -> None:
    """What the server makes is left out, unless it makes all; and a view or a query has no such code."""
    subject = look_at(relation, 60, count=False)
    read, written = subject.relation, [code for _, code in to_write(subject)]
    assert len(written) == (0 if relation in ("advised.seen", QUERIES[0]) else 1 if read.no_entities else 2)
    places = [place for place, column in enumerate(read.columns) if column.name in read.written]
    rows = [tuple(row[place] for place in places) for row in expected(subject, advised)]
    engine = create_engine(advised.replace("postgresql:", "postgresql+psycopg:"))
    own = {code.class_called(read.name): mapped(subject, engine)} if read.key else {}
    for source in written:
        if relation == "advised.made":
            names = 'id, twice,\n# number, "at once"\n'
            assert f"\n# Left out: the server makes them, or this role may not write them: {names}" in source
        elif relation == "advised.documents" and "insert(" in source:
            assert "\n# But JSON's null, if it is no JSONB(none_as_null=True): details, plain\n" in source
        defined = executed(source, **own)
        query(advised, f"TRUNCATE {read.sql_name}")
        if "COPY" in source:
            with psycopg.connect(advised) as connection:
                defined["write"](connection, iter(rows))
        else:
            defined["write"](engine, Once(rows))
        assert [tuple(row[place] for place in places) for row in expected(subject, advised)] == rows
    engine.dispose()


def bound(source: str) -> set[str]:
    """Return what a code imports and defines beside functions and variables: the names that begin like a class's."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.ImportFrom | ast.Import) for alias in node.names}
    names |= {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {name for name in names if name[0].isupper()}


def codes(subject: Subject) -> list[str]:
    """Return every code that is printed of such a table: what to read, to write, and each form of a column."""
    relation, texts = subject.relation, [column for column in subject.relation.columns if column.name == "label"]
    forms = [(SHARED, "note"), (SHARED, "label"), (PACKED, "halves"), (DECODED, "details"), (HOOKED, "details")]
    return [
        *(one.code(relation) for one in advice(subject, figures()) if one.write),
        *(form_code(subject, form, name) for form, name in forms),
        forms_code.shared(replace(relation, key=(), keyless="none"), texts),
        *(source for _, source in to_write(subject)),
    ]


def test_no_code_hides_the_reader_s_class_whatever_the_table_is_called(advised: str) -> None:
    names = sorted(code.TAKEN)
    with psycopg.connect(advised) as connection:
        for name in names:
            connection.execute(
                f'CREATE TABLE advised."{name}" (id integer PRIMARY KEY, note text, label advised.state, '
                "halves real[], details jsonb, other jsonb, number uuid, total numeric); "
                f"INSERT INTO advised.\"{name}\" VALUES (1, 'x', 'new', ARRAY[1], '{{\"a\": 1}}', '[1]')".encode()
            )
    engine = create_engine(advised.replace("postgresql:", "postgresql+psycopg:"))
    found = set()
    for name in names:
        subject = look_at(f'advised."{name}"', 60, count=False)
        own = code.class_called(name)
        kind = mapped(subject, engine)
        for source in codes(subject):
            found |= bound(source)
            assert own not in bound(source)
            with psycopg.connect(advised) as connection:
                defined = executed(source, connection=connection, **{own: kind})
                if "read" in defined:
                    defined["read"](engine)
                if "write" in defined:
                    defined["write"](connection if "COPY" in source else engine, iter([]))
    assert found - {f"{code.class_called(name)}Row" for name in names} == {*names}
    engine.dispose()


def test_no_code_writes_what_the_server_would_refuse(advised: str) -> None:
    table = "advised.policed"
    query(advised, f"CREATE TABLE {table} (id integer PRIMARY KEY); INSERT INTO {table} VALUES (1)")
    query(advised, f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    query(advised, f"CREATE POLICY everything ON {table} USING (true)")
    (told, copied), (_, inserted) = to_write(look_at(table, 60, count=False))
    assert (told, copied) == (
        "To write rows by `copy`: the server refuses that here, for row-level security is active.",
        "",
    )
    assert "insert(Policed)" in inserted
    with psycopg.connect(advised) as connection, pytest.raises(psycopg.errors.FeatureNotSupported):
        connection.execute(f"COPY {table} FROM STDIN".encode())
    query(advised, f"REVOKE INSERT ON {table} FROM CURRENT_USER")
    refused = list(to_write(look_at(table, 60, count=False)))
    assert refused == [("To write rows: this role may not. Grant INSERT on it.", "")]


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


def weighed(size: float, form: str = "", saves: float = 0.0) -> Weighed:
    lengths = {"unit": "", "median": 0, "high": 0, "most": 0, "length": 0.0, "elements": 0.0, "trait": ""}
    return cast(Weighed, {"rows": 3000, "size": size, "nulls": 0.0, **lengths, "form": form, "saves": saves})


def by_column(subject: Subject, **columns: Weighed) -> Figures:
    """Return figures in which these columns take that much, and all others nothing."""
    all_columns = [columns.get(column.name, weighed(0.0)) for column in subject.relation.columns]
    weights = weights_of(subject.relation, [all_columns], 3000)
    tuples = sum(column["size"] for column in columns.values()) + sys.getsizeof((None,) * 3)
    return replace(figures(**{TUPLE: tuples}), weights=weights, wide=wide_of(subject.relation, weights))


@pytest.fixture(scope="module")
def forms(advised: str) -> Subject:
    return look_at("advised.forms", 60, count=False)


def test_it_begins_with_the_column_that_takes_half_of_the_values(advised: str, forms: Subject) -> None:
    found = by_column(forms, note=weighed(600.0), state=weighed(500.0))
    lighter = {layer: replace(found.by_layer[layer], traced=300.0, peak=6 * MIB) for layer in (CORE, ENTITY)}
    columns, entities, *_ = advice(forms, replace(found, without=lighter))
    assert re.fullmatch(
        r"Leave .note. out where you do not need it: it takes 600 of 1,100 bytes of values\. "
        r"Columns without it: 500 → 300 bytes per row, 24\.0 → 6\.0 MiB at the peak\.",
        columns.text,
    )
    assert re.match(r"Entities without it, by `deferred=True` in the class.*: 2,000 → 300 bytes per row", entities.text)
    relation = forms.relation
    engine = create_engine(advised.replace("postgresql:", "postgresql+psycopg:"))
    whole = mapped(forms, engine)
    defined = executed(columns.code(relation), Forms=whole)
    defined["read"](engine)
    assert [set(row._mapping) for row in defined["found"]] == [
        {one.attribute for one in relation.columns} - {"note"}
    ] * 7
    assert "In class Forms" not in columns.code(relation)
    assert "# In class Forms: note = mapped_column(..., deferred=True)\n" in entities.code(relation)
    lazy = mapped(forms, engine, deferred={"note"})
    defined = executed(entities.code(relation), Forms=lazy)
    defined["read"](engine)
    assert [inspect(row).unloaded for row in defined["found"]] == [{"note"}] * 7


@pytest.mark.parametrize(
    ("columns", "size", "wide"),
    [
        ({"note": 500.0, "state": 500.0}, 500, True),
        ({"note": 499.0, "state": 500.0, "kind": 2.0}, 0, False),
        ({"note": 150.0}, 0, False),
        ({"id": 900.0, "state": 10.0}, 0, False),
    ],
    ids=["half", "less than half", "narrow", "the key"],
)
def test_which_column_is_left_out(forms: Subject, columns: dict[str, float], size: float, wide: bool) -> None:
    found = by_column(forms, **{name: weighed(bytes_) for name, bytes_ in columns.items()})
    assert (found.wide.size if found.wide else 0) == size
    assert bool(found.wide) == wide
    assert not any(one.text.startswith("Leave") for one in advice(forms, found)), "it was not measured without it"


def test_other_forms_are_advised_from_a_twentieth_on_the_largest_first(forms: Subject) -> None:
    named = {"note": weighed(100.0), "details": weighed(100.0, DECODED, 60.0), "state": weighed(800.0, SHARED, 200.0)}
    told = [one.text for one in advice(forms, by_column(forms, **named))]
    assert re.match(r".state. with equal texts made once.*: 1,000 → 800 bytes of values per row\.$", told[0])
    assert re.match(r".details. by msgspec's decoder.*: 1,000 → 940 bytes of values per row\.$", told[1])
    assert told[2].startswith("Do you need all rows at once?")
    named["details"] = weighed(100.0, DECODED, 49.0)
    assert not any("msgspec" in one.text for one in advice(forms, by_column(forms, **named)))


def form_code(subject: Subject, form: str, *names: str) -> str:
    found = by_column(subject, **{name: weighed(100.0, form, 90.0) for name in names})
    return advice(subject, found)[0].code(subject.relation)


@pytest.mark.parametrize("form", [DECODED, HOOKED])
def test_keys_are_made_once(advised: str, forms: Subject, form: str) -> None:
    with psycopg.connect(advised) as connection:
        defined = executed(form_code(forms, form, "details"), connection=connection)
        rows = connection.execute("SELECT details FROM advised.forms WHERE id < 4").fetchall()
        assert rows == [({"key": 1, "list": [{"key": 2}]},)] * 3
        keys = [id(key) for [row] in rows for part in (row, *row["list"]) for key in part if key == "key"]
        assert (len(keys), len(set(keys))) == (6, 1)
        assert defined["engine"].dialect._json_deserializer('{"a": 1}') == {"a": 1}


def test_texts_are_made_once_in_entities(advised: str, forms: Subject) -> None:
    """They are compared and written as before: the server has no operator for an enum and a text."""
    source = form_code(forms, SHARED, "state", "label")
    shared = executed(source)["Shared"]
    assert "# In the class: state = mapped_column(Shared)\n" in source
    [enum] = re.findall(r"# In the class: label = mapped_column\((.*)\)$", source, re.MULTILINE)
    label = eval(enum.replace("...", "'new', 'paid'"), {"Enum": Enum})
    table = Table(
        "forms", MetaData(), Column("id", Integer), Column("state", shared), Column("label", label), schema="advised"
    )
    with create_engine(advised.replace("postgresql:", "postgresql+psycopg:")).connect() as connection:
        statement = select(table.c.state, table.c.label).order_by(table.c.id)
        rows = list(connection.execute(statement))
        assert list(connection.execute(statement.where(table.c.label == "new", table.c.state == "paid"))) == rows[:3]
        connection.execute(table.insert().values(id=8, state="new", label="paid"))
        assert list(connection.execute(statement.where(table.c.label == "paid"))) == [("new", "paid")]
        connection.rollback()
    assert rows[0] == ("paid", "new")
    assert rows[3] == (None, None)
    assert len({id(value) for row in rows[:3] for value in row}) == 2


def test_enum_s_name_is_told_as_sqlalchemy_takes_it() -> None:
    column = ReadColumn("a", "a", "str", '"My ""own"" schema"."my.enum"')
    source = forms_code.shared(replace(ORDERS.relation, columns=(column,)), [column])
    assert "Shared" not in source
    [enum] = re.findall(r"mapped_column\((.*)\)$", source.replace("\n#     =", ""), re.MULTILINE)
    kind = eval(enum.replace("...", "'x'"), {"Enum": Enum})
    assert (kind.schema, kind.name) == ('My "own" schema', "my.enum")


def test_texts_are_made_once_in_rows(advised: str) -> None:
    query = "SELECT state, kind, code, label FROM advised.forms WHERE id < 4"
    subject = look_at(query, 60, count=False)
    with psycopg.connect(advised) as connection:
        source = form_code(subject, SHARED, "state", "kind", "code", "label")
        executed(source, connection=connection)
        rows = connection.execute(query.encode()).fetchall()
    assert rows == [("paid", "kind", "abc", "new")] * 3
    assert len({id(value) for row in rows for value in row}) == 4
    assert "UNKNOWN" in source
    assert "UNKNOWN" not in form_code(subject, SHARED, "state")


@pytest.mark.parametrize("name", ["halves", "doubles", "small", "numbers", "large"])
def test_numbers_lie_side_by_side(advised: str, name: str) -> None:
    subject = look_at("advised.binary", 60, count=False)
    column = next(place for place, column in enumerate(subject.relation.columns) if column.name == name)
    with psycopg.connect(advised) as connection:
        plain = connection.execute("SELECT * FROM advised.binary").fetchall()
        found = executed(form_code(subject, PACKED, name), connection=connection)["found"]
    assert [row[column].tolist() for row in found[:3]] == [row[column] for row in plain[:3]]
    assert found[3][column] is None or found[3][column].tolist() == []
    assert (found[4][column], found[5][column], found[6][column].tolist()) == ([1, None], [[1, 2], [3, 4]], [7])
    others = [place for place, column in enumerate(subject.relation.columns) if column.type != "list"]
    others += [place for place, column in enumerate(subject.relation.columns) if column.name in ("places", "states")]
    assert [[row[place] for place in others] for row in found] == [[row[place] for place in others] for row in plain]
    size = found[0][column].itemsize
    assert size == {"halves": 4, "doubles": 8, "small": 2, "numbers": 4, "large": 8}[name]


def test_numbers_of_a_query_lie_side_by_side(advised: str) -> None:
    subject = look_at("SELECT ARRAY[1, 2] AS \"a:b\", point '(1,2)' AS place, 0.1::real, 'x'", 60, count=False)
    with psycopg.connect(advised) as connection:
        [(numbers, *others)] = executed(form_code(subject, PACKED, "a:b"), connection=connection)["found"]
    assert (numbers.tolist(), others) == ([1, 2], ["(1,2)", 0.1, "x"])


def test_pgvector_s_own_type_is_left_to_its_adapter(forms: Subject) -> None:
    """Without the adapter, psycopg reads it as a text; no server here has the extension, so an enum stands for it."""
    assert is_vector("vector(3)")
    assert is_vector("public.halfvec")
    assert not is_vector("tsvector")
    embedding, numbers = (
        advice(forms, by_column(forms, **{name: weighed(100.0, PACKED, 90.0)}))[0].text
        for name in ("embedding", "large")
    )
    assert ("pgvector" in embedding, "loader" in embedding) == (True, False)
    assert ("pgvector" in numbers, "loader" in numbers) == (False, True)
    source = form_code(forms, PACKED, "embedding")
    compile(source, "advice", "exec")
    assert "register_vector(connection)" in source


def test_batches_that_are_all_that_was_read_are_told_with_all_rows() -> None:
    few = {layer: replace(one, count=2000) for layer, one in figures().by_layer.items()}
    begin = "Do you need all rows at once? If not, read them in batches, and keep none: 24.0 → 3.0 MiB at the peak of "
    [told, *_] = advice(ORDERS, Figures(few))
    assert told.text == f"{begin}2,000 entities; two batches of 1,000 are all that was read."
    [told, *_] = advice(replace(ORDERS, total=10**6, limit=2000), Figures(few))
    assert told.text == (
        f"{begin}2,000 entities; two batches of 1,000 are all that was read, while all 1,000,000 rows would take 1,907 "
        "MiB, and batches no more than these."
    )
    few = {layer: replace(one, count=2001) for layer, one in figures().by_layer.items()}
    assert advice(ORDERS, Figures(few))[0].text == f"{begin}2,001 entities."


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
        ("", "RowRow"),
        ("session", "RowSession"),
        ("decimal", "RowDecimal"),
        ("é ﬁ", "ÉFi"),
        ("表", "表"),
        ("?!", "RowRow"),
    ],
)
def test_class_names(table: str, expected: str) -> None:
    found = code.class_called(table)
    assert found == expected
    exec(f"class {found}: pass")


QUOTED = "'x, y', "


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        (f"SELECT {QUOTED * 12}b", [f"SELECT {QUOTED * 9}".rstrip(), f"    {QUOTED * 3}b"]),
        (f"SELECT\n  {'a, ' * 30}b\nFROM t", ["SELECT", f"  {'a, ' * 26}".rstrip(), f"  {'a, ' * 4}b", "FROM t"]),
        (f"SELECT {'f' * 40}({'x' * 20} ORDER BY y) AS z", [f"SELECT {'f' * 40}({'x' * 20} ORDER BY y)", "    AS z"]),
    ],
    ids=["not in quotes", "indented", "a space where is no comma"],
)
def test_sql_is_broken_where_psql_takes_it(query: str, lines: list[str]) -> None:
    printed = fitting.assigned(query)
    assert "\\" not in printed
    assert printed.splitlines()[1 : len(lines) + 1] == lines
    assert executed(printed)["query"].split() == query.split()


@pytest.mark.parametrize(
    "query", [f"SELECT {'a, ' * 30} $$x, y$$", f"SELECT 1, -- {'a, ' * 30}", f"SELECT ' {'a, ' * 30}"]
)
def test_sql_that_a_line_break_may_change_keeps_its_lines(query: str) -> None:
    assert executed(fitting.assigned(query))["query"] == f"\n{query}\n"


@pytest.mark.parametrize("statement", [*QUERIES, r"SELECT '\:a \\:b \:::c ::d :e:f :g::h', :i ,:j,\:k:"])
def test_text_of_sqlalchemy_takes_sql_as_it_is(statement: str) -> None:
    compiled = text(fitting.for_text(statement)).compile(create_engine("postgresql+psycopg://"))
    assert str(compiled) == statement.replace("%", "%%")
    assert not compiled.params
