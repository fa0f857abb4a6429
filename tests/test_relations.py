"""What a reader names or queries, as the server of each version understands it; errors of one line without a value."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

import your_table
from bench.errors import UserError
from bench.layers.names import CORE, READERS, TUPLE
from bench.layers.reading import Reading
from bench.layers.subject import look_at
from bench.relations import catalog
from bench.relations.attributes import attributes
from bench.relations.data import LeftOut, Relation
from bench.relations.describing import describe
from bench.relations.redaction import without_values
from bench.relations.transaction import connect
from tests.servers import Servers, leaves_nothing, superuser
from tests.support import described, query, write

SECRET = "nobody-may-read-this"
SCHEMA = f"""
CREATE SCHEMA odd;
CREATE TABLE odd.lines (id integer PRIMARY KEY, note text);
INSERT INTO odd.lines SELECT i, '{SECRET}' || i FROM generate_series(1, 3) AS i;
CREATE TABLE odd."Two. ""Words"" " (a integer);
INSERT INTO odd."Two. ""Words"" " VALUES (1);
CREATE TABLE odd."two
lines" (a integer);
INSERT INTO odd."two
lines" VALUES (1);
CREATE TABLE odd.größe (a integer);
INSERT INTO odd.größe VALUES (1);
CREATE TABLE odd."{"a" * 63}" (a integer);
INSERT INTO odd."{"a" * 63}" VALUES (1);
CREATE TABLE odd.analyze (a integer);
INSERT INTO odd.analyze VALUES (1);
CREATE TABLE odd."user" (a integer);
INSERT INTO odd."user" VALUES (1);
CREATE TABLE odd.parent (a integer) PARTITION BY LIST (a);
CREATE TABLE odd.part PARTITION OF odd.parent DEFAULT;
INSERT INTO odd.parent VALUES (1);
CREATE VIEW odd.seen AS SELECT * FROM odd.lines;
CREATE MATERIALIZED VIEW odd.stored AS SELECT * FROM odd.lines;
CREATE MATERIALIZED VIEW odd.later AS SELECT 1 AS a WITH NO DATA;
CREATE SEQUENCE odd.numbers;
CREATE INDEX by_note ON odd.lines (note);
CREATE TYPE odd.pair AS (x integer, y text);
CREATE TABLE odd.empty (a integer);
CREATE TABLE odd.bare ();
CREATE TABLE odd.written (a integer);
CREATE FUNCTION odd.writes() RETURNS integer LANGUAGE sql AS 'INSERT INTO odd.written VALUES (1) RETURNING 1';
CREATE FUNCTION odd.raises(code text, message text) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message, DETAIL = message, HINT = message; END $$;
CREATE TABLE odd.hidden (a integer);
REVOKE ALL ON odd.hidden FROM "user";
CREATE TABLE odd.half_hidden (a integer, b integer);
INSERT INTO odd.half_hidden VALUES (1, 2);
REVOKE ALL ON odd.half_hidden FROM "user";
GRANT SELECT (b) ON odd.half_hidden TO "user"
"""
NO_ROWS = "the table or query has no rows, so that there is nothing to measure"
CONTENTS = "SELECT (SELECT count(*) FROM odd.written), (SELECT is_called FROM odd.numbers)"


@pytest.fixture(scope="module")
def url(server_url: str) -> Iterator[str]:
    """Give a server of each version with the schema `odd`."""
    for statement in SCHEMA.split(";\n"):
        if "BEGIN" not in statement:
            query(server_url, statement)
    query(server_url, SCHEMA[SCHEMA.index("CREATE FUNCTION odd.raises") : SCHEMA.index(";\nCREATE TABLE odd.hidden")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", server_url)
        yield server_url
    query(server_url, "DROP SCHEMA odd CASCADE")


def rows_of(url: str, relation: Relation) -> list[tuple[object, ...]]:
    return query(url, relation.statement)


def test_name_is_read_as_in_sql(url: str) -> None:
    for text, name in (
        ("odd.lines", "lines"),
        ("ODD . Lines", "lines"),
        ("db.odd.lines", "lines"),
        (' "odd"."lines" ;', "lines"),
        ("odd.lines -- all of them", "lines"),
        ("/* all */ odd.lines", "lines"),
        (r'odd.U&"l\0069nes"', "lines"),
        ("odd.U&\"l!0069nes\" UESCAPE '!'", "lines"),
        ('odd."Two. ""Words"" "', 'Two. "Words" '),
        ('odd."two\nlines"', "two\nlines"),
        ("odd.größe", "größe"),
        ("odd." + "A" * 70, "a" * 63),
        ("odd.analyze", "analyze"),
        ("odd.user", "user"),
        ("odd.parent", "parent"),
        ("odd.part", "part"),
        ("odd.seen", "seen"),
        ("odd.stored", "stored"),
        ("pg_class", "pg_class"),
        ("information_schema.tables", "tables"),
    ):
        relation = described(url, text)
        assert relation.name == name, text
        assert rows_of(url, relation), text


QUERIES: tuple[tuple[str, list[tuple[object, ...]]], ...] = (
    ("SELECT 1", [(1,)]),
    ("SELECT\n1\n", [(1,)]),
    ("SELECT id\nFROM odd.lines\n\nWHERE id = 2\n", [(2,)]),
    ("-- first\n/* of /* all */ */ SELECT 1 -- last", [(1,)]),
    ("SELECT 1;", [(1,)]),
    ("; SELECT 1 ; ;\n; ", [(1,)]),
    ("SELECT 1; -- done;", [(1,)]),
    ("SELECT 1; /* ; */ ; -- ';", [(1,)]),
    ("SELECT 1 -- it's \"one", [(1,)]),
    ("SELECT ';' -- ; '", [(";",)]),
    ("SELECT $a$;$$ '$a$; -- x", [(";$$ '",)]),
    (r"SELECT E'\';' ; --", [("';",)]),
    (r"SELECT '\' ; --", [("\\",)]),
    ("SELECT 'é€😀'; -- é", [("é€😀",)]),
    (r"""SELECT U&'\0416' AS U&"\0416" """, [("Ж",)]),
    ("SELECT '50%', '%s', ':b' FROM (SELECT 1) AS \"%\"", [("50%", "%s", ":b")]),
    ("VALUES (1, 'a'), (2, NULL)", [(1, "a"), (2, None)]),
    ("(VALUES (1))", [(1,)]),
    ("((SELECT 1) UNION ALL (SELECT 2)) ORDER BY 1 DESC", [(2,), (1,)]),
    ("WITH x AS (SELECT 1) TABLE x", [(1,)]),
    ("WITH RECURSIVE x(n) AS (SELECT 1 UNION SELECT n + 1 FROM x WHERE n < 2) SELECT * FROM x", [(1,), (2,)]),
    ("SELECT 1 AS a, 2 AS a, 3", [(1, 2, 3)]),
    ("select/**/1", [(1,)]),
    ("SELECT" + " " * 40_000 + "1", [(1,)]),
    ("-- no\n" * 1000 + "SELECT 1" + " -- no\n" * 1000, [(1,)]),
    ("/* no */ " * 1000 + "SELECT 1" + "; /* no */" * 1000, [(1,)]),
    (f"SELECT length('{'x' * 1_000_000}')", [(1_000_000,)]),
)


HIDING = """
CREATE SCHEMA hiding;
CREATE TYPE hiding.text AS (a integer);
CREATE TYPE hiding.oid AS (a integer);
CREATE FUNCTION hiding.quote_ident(name) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION hiding.quote_ident(pg_catalog.text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION hiding.lower(name) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION hiding.never(pg_catalog.text, pg_catalog.text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR hiding.= (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = hiding.never);
CREATE TABLE hiding.pg_class ("Key" integer PRIMARY KEY, up integer REFERENCES hiding.pg_class);
INSERT INTO hiding.pg_class VALUES (1, NULL), (2, 1)
"""


@pytest.fixture
def hiding(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give an address whose search_path hides types, functions, operators and tables of pg_catalog."""
    for statement in HIDING.split(";\n"):
        query(url, statement)
    address = f"{url}?options=-csearch_path%3Dhiding,pg_catalog"
    monkeypatch.setenv("DATABASE_URL", address)
    yield address
    query(url, "DROP SCHEMA hiding CASCADE")


def test_no_name_of_the_reader_s_hides_one_of_the_server_s(hiding: str) -> None:
    for text, children in (("pg_class", None), ("hiding.pg_class", None), ('"pg_class" -- his own', "up")):
        subject = look_at(text, 60, count=True, children=children)
        relation = subject.relation
        assert (relation.schema, relation.key, relation.quotes["Key"]) == ("hiding", ("Key",), '"Key"'), text
        assert (subject.total, len(relation.children)) == (2, bool(children))
    own = look_at("SELECT quote_ident('a'::name) AS a, ROW(1)::text AS b FROM pg_class", 60, count=False).relation
    assert rows_of(hiding, own) == [(1, "(1)")] * 2
    with pytest.raises(UserError, match=r"^there is no table pg_clas at .*: is it hiding\.pg_class"):
        look_at("pg_clas", 60, count=False)
    with pytest.raises(UserError, match=r"^there is no table nosuch at .*; --with takes"):
        look_at("pg_class", 60, count=False, children="nosuch")


def test_query_is_what_the_server_takes_for_one(url: str) -> None:
    for text, rows in QUERIES:
        relation = described(url, text)
        assert (relation.name, relation.keyless) == ("", "a query has none"), text[:100]
        assert rows_of(url, relation) == rows, text[:100]


ERRORS = (
    ("TABLE odd.seen LIMIT 0 -- none", "has no rows"),
    ("odd.line", "there is no table odd.line at 127.0.0.1:"),
    ("odd.line", "/db: is it odd.lines or"),
    ("lines", "is it odd.lines or"),
    ("odd.LINES_", "is it odd.lines"),
    ("odd.two_lines", r'is it odd."two\nlines"'),
    ('"a\nb\x1b[31m\u202e"', r'there is no table "a\nb\x1b[31m\u202e" at'),
    (r'U&"\0061bc"', r'there is no table U&"\0061bc"'),
    ("pg_catalog.pg_prok", "is it pg_catalog.pg_proc or"),
    ("zzzzzz", "there is no table zzzzzz at"),
    ("SELECT", 'SELECT alone is no whole query: give one in quotes, "SELECT …", or a table'),
    ("delete", "delete alone is no whole query"),
    ("order", "there is no table order at"),
    ("other.odd.lines", "other.odd.lines is in another database than db, which DATABASE_URL names"),
    ("a.b.c.d", "a.b.c.d is no name of a relation: write schema.name"),
    ("odd.lines_pkey", "is an index: name a table or a view"),
    ("odd.numbers", "is a sequence"),
    ("odd.pair", "is a composite type"),
    ("odd.later", "has not been populated: REFRESH MATERIALIZED VIEW does that"),
    ("odd.empty", "has no rows"),
    ("odd.bare", "has no columns"),
    ("odd.hidden", "no right to read odd.hidden at"),
    ("SELECT * FROM odd.half_hidden", "no right to read odd.half_hidden at"),
    ("SELECT count(*) FROM odd.hidden", "no right to read it (grant SELECT on all that it reads)"),
    ("", "nothing is named"),
    (" ; ", "nothing is named"),
    ("-- only a comment", "gives no columns"),
    ("odd lines", "odd lines is neither a table's name, quoted as in SQL, nor a query"),
    ("1a", "is neither"),
    ('"a', "\"a is neither a table's name"),
    ("a\udcff", "is no text in UTF-8"),
    ("SELECT FROM odd.lines", "gives no columns"),
    ("SELECT 1 WHERE false", "has no rows"),
    ("SELECT missing FROM odd.lines", 'says: column "missing" does not exist'),
    ("SELECT * FROM odd.missing", 'says: relation "odd.missing" does not exist'),
    ("SELECT 1 FRM x y", 'says: syntax error at or near "x"'),
    ("SELECT 1 + ) x", 'says: syntax error at or near ")"'),
    (f"SELECT '{'x' * 100_000}", "says: unterminated quoted string at or near"),
    ("SELECT 1; DELETE FROM odd.lines", "that is more than one statement: give one query"),
    ("SELECT 1) AS a; COMMIT; DELETE FROM odd.lines; SELECT * FROM (SELECT 1", 'says: syntax error at or near ")"'),
    ("SELECT * FROM odd.lines WHERE id = $1", "the query has a parameter, $1: write a value in its place"),
    ("SELECT * FROM odd.lines LIMIT $2", "the query has a parameter"),
    ("SELECT * FROM odd.lines WHERE id = :id", 'says: syntax error at or near ":"'),
    ("SELECT * FROM odd.lines WHERE id = %s", 'says: syntax error at or near "%"'),
    ("SELECT 1 INTO x", "gives no columns"),
    ("EXPLAIN SELECT 1", "that is no query that can stand after FROM"),
    ("SHOW datestyle", "that is no query"),
    ("FETCH ALL FROM x", "gives no columns"),
    ("COPY odd.lines TO STDOUT", "gives no columns"),
    ("CALL odd.writes()", "says: odd.writes() is not a procedure"),
    ("INSERT INTO odd.lines VALUES (9)", "gives no columns"),
    ("UPDATE odd.lines SET id = 9 RETURNING 1", "that is no query"),
    ("DELETE FROM odd.lines", "gives no columns"),
    ("DO $$ BEGIN END $$", "gives no columns"),
    ("CREATE TABLE x ()", "gives no columns"),
    ("COMMIT", "COMMIT alone is no whole query"),
    ("COMMIT; ", "COMMIT alone is no whole query"),
    ("WITH x AS (DELETE FROM odd.lines RETURNING 1) TABLE x", "that is no query that can"),
    ("SELECT * FROM odd.lines FOR UPDATE", "it writes, and may only read: the database at 127.0.0.1:"),
    ("SELECT nextval('odd.numbers')", "it writes, and may only read"),
    ("SELECT odd.writes()", "says ReadOnlySqlTransaction (25006)"),
    ("SELECT set_config('transaction_read_only', 'off', false)", "says ActiveSqlTransaction"),
    ("SELECT note::int FROM odd.lines", "says InvalidTextRepresentation (22P02); its text may hold values"),
    ("SELECT note::regclass FROM odd.lines", "says UndefinedTable (42P01)"),
    ("SELECT to_tsquery(note || ' x') FROM odd.lines", "says SyntaxError (42601)"),
    ("SELECT 1 / 0", "says DivisionByZero (22012)"),
    (f"SELECT odd.raises('08000', '{SECRET}')", "says ConnectionException (08000)"),
)


def test_error_is_one_line_without_a_value(url: str) -> None:
    before = query(url, CONTENTS)
    for text, line in ERRORS:
        told = refusal(url, text)
        assert line in told, text[:100]
        assert told.isprintable(), text[:100]
        assert len(told) < 500, text[:100]
        assert SECRET not in told, text[:100]
        assert query(url, CONTENTS) == before, text[:100]


def refusal(url: str, text: str) -> str:
    try:
        described(url, text)
    except UserError as error:
        return str(error)
    raise AssertionError(f"described: {text[:100]}")


def test_names_are_identifiers_and_no_two_are_equal() -> None:
    names = ["a", "a", "a-2", "a_2", "class", "class_", "", "?column?", "é" * 31, "é" * 31, "é" * 30 + "-1", "self"]
    found = attributes(names)
    assert len(set(found)) == len(names)
    assert all(name.isidentifier() and len(name.encode()) <= 63 for name in found)


def test_help_says_where_read_only_ends() -> None:
    assert re.search("elsewhere stays done:\\s+dblink_exec", your_table.__doc__ or "")


@pytest.fixture
def picky(url: str) -> Iterator[str]:
    """Give the address of a role whose own settings are the opposite of what reading needs."""
    settings = {
        **dict.fromkeys(("standard_conforming_strings", "row_security"), "off"),
        **dict.fromkeys(("quote_all_identifiers", "default_transaction_deferrable"), "on"),
        **{"datestyle": "SQL, DMY", "intervalstyle": "sql_standard", "bytea_output": "escape"},
        **{"search_path": "odd, pg_catalog", "timezone": "'Asia/Kolkata'", "extra_float_digits": "-10"},
        **{"statement_timeout": "'100ms'", "lock_timeout": "'50ms'", "idle_in_transaction_session_timeout": "'500ms'"},
        **{"default_transaction_isolation": "serializable", "client_min_messages": "debug1"},
    }
    make = ["CREATE ROLE picky LOGIN PASSWORD 'password'", "GRANT USAGE ON SCHEMA odd TO picky"]
    make += [f"ALTER ROLE picky SET {name} = {value}" for name, value in settings.items()]
    make += [
        "CREATE TABLE odd.pg_class (id integer PRIMARY KEY, at timestamptz, took interval, raw bytea, number float8)",
        "INSERT INTO odd.pg_class SELECT i, now(), '1 mon 2 days 3:04', '\\xff', 0.3 FROM generate_series(1, 100) AS i",
        "GRANT SELECT ON odd.pg_class TO picky",
        "ANALYZE odd.pg_class",
    ]
    for statement in make:
        query(superuser(url), statement)
    yield url.replace("user:password@", "picky:password@")
    for statement in ("DROP TABLE odd.pg_class", "REVOKE ALL ON SCHEMA odd FROM picky", "DROP ROLE picky"):
        query(superuser(url), statement)


def test_settings_of_the_role_do_not_decide(url: str, picky: str) -> None:
    relation = described(picky, "pg_class")
    assert (relation.schema, relation.key, relation.left_out) == ("odd", ("id",), ())
    assert [column.type for column in relation.columns] == [
        *("int", "datetime.datetime", "datetime.timedelta", "bytes", "float")
    ]
    assert described(picky, "SELECT 1 FROM pg_sleep(0.2)").columns[0].type == "int"
    assert described(picky, r"""SELECT 'it\'s; --' AS "a;"; --""").columns[0].name == "a;"
    query(superuser(url), "ALTER TABLE odd.pg_class ENABLE ROW LEVEL SECURITY")
    query(superuser(url), "CREATE POLICY few ON odd.pg_class USING (id < 10)")
    with connect(picky, 1) as connection:
        relation = describe(connection, "odd.pg_class")
        assert catalog.row_count(connection, relation.source) == 9
        assert catalog.row_estimate(connection, relation.oid) is None, "it would be of rows that this role does not see"
    query(superuser(url), "DROP POLICY few ON odd.pg_class")
    for text in ("odd.pg_class", "SELECT id FROM odd.pg_class"):
        assert refusal(picky, text).endswith("no rows that this role may see, for it has row-level security")
    with connect(superuser(url), 1) as connection:
        assert catalog.row_estimate(connection, relation.oid) == 100


@pytest.mark.parametrize("pooled", [False, True], ids=["directly", "PgBouncer"])
def test_looking_leaves_nothing(servers: Servers, pooled_url: str, pooled: bool) -> None:
    address = pooled_url if pooled else servers[15]
    with leaves_nothing(servers[15], through=address, sessions=2 if pooled else 1):
        for text in ("pg_class", 'U&"pg_\\0063lass"', "SELECT 1; -- x", "SELECT lo_create(0)"):
            described(address, text)
        for text in ("nothing", "SELECT 1 / 0", "SELECT", "COMMIT; SELECT 1", "SELECT $1", "SELECT pg_sleep(9)"):
            with pytest.raises(UserError):
                described(address, text)


def test_column_that_this_role_may_not_read_is_left_out(url: str) -> None:
    relation = described(url, "odd.half_hidden")
    assert relation.left_out == (LeftOut("a", "this role may not read it"),)
    assert rows_of(url, relation) == [(2,)]


def test_column_with_a_null_is_not_required(servers: Servers) -> None:
    """PostgreSQL 18 has constraints that hold for new rows only: rows before them may have NULL."""
    url = servers[18]
    for statement in (
        "CREATE TABLE not_yet (a integer, b integer)",
        "INSERT INTO not_yet VALUES (NULL, 1)",
        "ALTER TABLE not_yet ADD CONSTRAINT late NOT NULL a NOT VALID, ALTER COLUMN b SET NOT NULL, ADD UNIQUE (a)",
    ):
        query(url, statement)
    with connect(url, 1) as connection:
        relation = describe(connection, "not_yet")
        assert relation.required == {"b"}
        assert relation.key == ()
    query(url, "DROP TABLE not_yet")


def test_every_relation_of_the_catalog_is_described_or_refused_in_one_line(url: str) -> None:
    described, refused = set(), set()
    with connect(url, 5) as connection:
        names = connection.execute(
            "SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE nspname IN ('pg_catalog', 'information_schema') AND relkind <> 'i'"
        ).fetchall()
        for [name] in names:
            try:
                with without_values(), connection.transaction():
                    assert describe(connection, name, 5).columns
            except UserError as error:
                refused.add(str(error))
            else:
                described.add(name)
    assert len(described) > 100
    assert {line for line in refused if "no right to read" not in line} == {NO_ROWS}
    assert "".join(refused).isprintable()


def test_relation_that_another_session_has_locked_is_one_line(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", servers[18])
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "output.json"))
    query(servers[18], "CREATE TABLE locked AS SELECT 1 AS a")
    relation = described(servers[18], "locked")
    layers = [Reading(READERS[layer], relation, 1, timeout=1) for layer in (TUPLE, CORE)]
    with psycopg.connect(servers[18]) as other:
        other.execute("LOCK TABLE locked")
        waiting: list[Callable[[], object]] = [partial(look_at, "SELECT a FROM locked", 1, count=False)]
        for read in waiting + [partial(write, layer) for layer in layers]:
            with pytest.raises(UserError, match=r"waited longer than --timeout allows, and locked at .* is locked by"):
                read()
    query(servers[18], "DROP TABLE locked")
