"""Their database: what set-up may make anew and remove, and that whatever else is there stays as it is."""

import os
import re
import sys
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest

import setup_db
from bench import own_tables, seeds
from bench.database import one_row_table, remove, seed
from bench.errors import UserError, explain
from bench.own_tables import MARK
from tests.servers import Servers, leaves_nothing, superuser
from tests.support import error_line, finished, locked, query, run, running, wait_until

# What somebody may have beside tables of the very columns and rows that set-up makes, but without its mark.
LOOK_ALIKES = {
    "nothing": "SELECT",
    "policy": "ALTER TABLE data ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
    "CREATE POLICY few ON data USING (id < 2)",
    "index": "CREATE INDEX ON data (num)",
    "rule": "CREATE RULE kept AS ON DELETE TO data DO INSTEAD NOTHING",
    "trigger": "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER kept BEFORE UPDATE ON data EXECUTE FUNCTION kept()",
    "default": "ALTER TABLE data ALTER num SET DEFAULT 7",
    "check": "ALTER TABLE data ADD CHECK (id < 1000)",
    "statistics": "CREATE STATISTICS kept ON num, data FROM data",
    "grant": "GRANT SELECT ON data TO PUBLIC",
    "publication": "CREATE PUBLICATION kept FOR TABLE data, shop_order",
    # As REFRESH PUBLICATION would enter it, if there were a publisher.
    "subscription": "CREATE SUBSCRIPTION kept CONNECTION 'dbname=none' PUBLICATION kept"
    " WITH (connect = false, slot_name = NONE);"
    "INSERT INTO pg_subscription_rel SELECT oid, 'data'::regclass, 'r' FROM pg_subscription",
    "owner": "ALTER TABLE data OWNER TO postgres; GRANT SELECT ON data TO PUBLIC",
    "child": "CREATE TABLE child () INHERITS (data)",
    "parent": "CREATE TABLE parent (num integer); ALTER TABLE data INHERIT parent",
    "partition": "CREATE TABLE whole (LIKE data) PARTITION BY RANGE (id);"
    "ALTER TABLE whole ATTACH PARTITION data DEFAULT",
    "comment": "COMMENT ON TABLE data IS 'mine'",
    "mark with a word after it": f"COMMENT ON TABLE data IS '{MARK}, too'",
    "mark with a word before it": f"COMMENT ON TABLE data IS 'not {MARK}'",
    "mark on a column": f"COMMENT ON COLUMN data.data IS '{MARK}'",
    "mark on the key": f"COMMENT ON CONSTRAINT data_pkey ON data IS '{MARK}'; COMMENT ON INDEX data_pkey IS '{MARK}'",
    "mark on the sequence": f"COMMENT ON SEQUENCE data_id_seq IS '{MARK}'",
}
# What else may be called so, each with the mark, which set-up gives to none of them: its kind, and how it is made.
OTHERS = {
    "view": ("view", "CREATE VIEW data AS SELECT 1 AS id, 5 AS num, 'hello-1' AS data"),
    "materialized view": ("materialized view", "CREATE MATERIALIZED VIEW data AS SELECT 1 AS id"),
    "sequence": ("sequence", "CREATE SEQUENCE data"),
    "index": ("index", "CREATE TABLE other (id integer); CREATE INDEX data ON other (id)"),
    "composite type": ("type", "CREATE TYPE data AS (id integer)"),
    "enum": ("type", "CREATE TYPE data AS ENUM ('a')"),
    "domain": ("type", "CREATE DOMAIN data AS integer"),
    "partitioned table": ("table", "CREATE TABLE data (id integer) PARTITION BY RANGE (id)"),
}


@pytest.fixture(scope="module")
def own_database(servers: Servers) -> Iterator[str]:
    """Make a database for these tests alone, for what is removed is removed from all of it."""
    query(superuser(servers[18]), 'CREATE DATABASE own OWNER "user"')
    yield servers[18].removesuffix("db") + "own"
    query(superuser(servers[18]), "DROP DATABASE own WITH (FORCE)")


@pytest.fixture
def database(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let DATABASE_URL name an empty schema."""
    query(own_database, "CREATE SCHEMA mine")
    monkeypatch.setenv("DATABASE_URL", f"{own_database}?options=-csearch_path%3Dmine")
    yield os.environ["DATABASE_URL"]
    for thing in ("SUBSCRIPTION IF EXISTS kept", "PUBLICATION IF EXISTS kept", "SCHEMA mine CASCADE"):
        query(superuser(own_database), f"DROP {thing}")


# Names of the server's that a schema before its own gives another meaning.
HIDING = (
    "CREATE TYPE text AS (a integer)",
    "CREATE TABLE pg_class (a integer)",
    "CREATE FUNCTION pg_has_role(oid, pg_catalog.text) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
)


def test_schema_that_hides_the_server_s_own_names_changes_nothing(database: str) -> None:
    hidden = database.replace("mine", "mine,pg_catalog")
    for statement in HIDING:
        query(database, statement)
    seed(hidden, 5)
    assert query(database, "SELECT pg_typeof(data)::pg_catalog.text, count(*) FROM data GROUP BY 1") == [("text", 5)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", hidden)
        with one_row_table() as seen:
            assert query(seen, "SELECT count(*) FROM data") == [(1,)]
    assert {thing.schema for thing in remove(hidden)} == {"mine"}


def look_alike(url: str, case: str) -> None:
    """Make what set-up makes, without the mark, and what somebody has beside it."""
    seed(url, 300)
    for table in seeds.TABLES:
        query(url, f"COMMENT ON TABLE {table.name} IS NULL")
    query(superuser(url), LOOK_ALIKES[case])


def marked(url: str, case: str) -> str:
    """Make something else, with the mark, and return its kind."""
    kind, statements = OTHERS[case]
    query(url, f"{statements}; COMMENT ON {kind} data IS '{MARK}'")
    return kind


def relations(url: str) -> list[tuple[str]]:
    return query(url, "SELECT relname FROM pg_class WHERE relnamespace = current_schema::regnamespace")


def made(schema: str) -> list[str]:
    """Return what messages call all that set-up makes in a schema, in their order."""
    return [f"table {schema}.{name}" for name in sorted(table.name for table in seeds.TABLES)]


def refusal(url: str, replace: bool = False) -> str:
    with pytest.raises(UserError) as caught:
        seed(url, 10, replace=replace)
    return str(caught.value)


def stays(url: str) -> None:
    """Whatever set-up and measuring do there unasked, everything stays as it is, and one line says so."""
    address = url.partition("@")[2].partition("?")[0]
    with leaves_nothing(url):
        assert refusal(url).endswith(
            f" mine.data at {address} was not made by setup_db.py and stays as it is: "
            "name another database in DATABASE_URL, or let `python setup_db.py --replace` drop it"
        )
        assert remove(url) == []
        with one_row_table():
            pass


@pytest.mark.parametrize("case", LOOK_ALIKES)
def test_look_alike_without_the_mark_stays_as_it_is(database: str, case: str) -> None:
    look_alike(database, case)
    stays(database)


@pytest.mark.parametrize("case", OTHERS)
def test_whatever_else_is_called_so_stays_as_it_is(database: str, case: str) -> None:
    kind = marked(database, case)
    assert refusal(database).startswith(f"{kind} mine.data at ")
    stays(database)


@pytest.mark.parametrize("table", seeds.TABLES, ids=[table.name for table in seeds.TABLES])
def test_every_name_may_be_somebody_else_s(database: str, table: seeds.SeededTable) -> None:
    query(database, f"CREATE TABLE {table.name} (id integer PRIMARY KEY)")
    with leaves_nothing(database):
        assert refusal(database).startswith(f"table mine.{table.name} at ")
        assert remove(database) == []


def test_measuring_leaves_a_look_alike_as_it_is(database: str) -> None:
    look_alike(database, "policy")
    with leaves_nothing(database), one_row_table() as one_row:
        for url in (database, one_row):
            assert run("run_sync_psycopg.py", url=url, MEMORY_TRACING="off").returncode == 0


@pytest.mark.parametrize("case", OTHERS)
def test_replace_says_what_it_replaced(
    database: str, case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = marked(database, case)
    monkeypatch.setattr(sys, "argv", ["setup_db.py", "--rows", "10", "--replace"])
    setup_db.main()
    replaced, seeded = capsys.readouterr().out.splitlines()
    assert replaced.startswith("replaced at ")
    assert replaced.endswith(f": {kind} mine.data")
    assert seeded.startswith("10 rows in table data, 2 in shop_customer, 8 in shop_order, 4 in shop_address at ")
    assert query(database, "SELECT count(*) FROM data") == [(10,)]


@pytest.mark.parametrize("case", ["policy", "publication", "subscription", "owner", "partition"])
def test_look_alikes_are_replaced_only_when_asked_and_named(database: str, case: str) -> None:
    look_alike(database, case)
    assert [str(thing) for thing in seed(database, 10, replace=True)[1]] == made("mine")
    assert query(database, "SELECT count(*) FROM data") == [(10,)]


def test_a_shop_of_somebody_else_s_is_replaced_whole(database: str) -> None:
    query(
        database,
        "CREATE TABLE shop_customer (id integer PRIMARY KEY);"
        "CREATE TABLE shop_order (id integer PRIMARY KEY, customer_id integer REFERENCES shop_customer)",
    )
    _, replaced = seed(database, 10, replace=True)
    assert [str(thing) for thing in replaced] == ["table mine.shop_customer", "table mine.shop_order"]
    assert query(database, "SELECT count(*) FROM shop_order") == [(8,)]


def test_what_depends_on_the_shop_stays_and_is_named(database: str) -> None:
    seed(database, 10)
    query(database, "CREATE TABLE invoice (order_id integer REFERENCES shop_order)")
    with leaves_nothing(database):
        for change in (lambda: seed(database, 20), lambda: remove(database)):
            with pytest.raises(UserError, match=r"^constraint .* on table invoice depends on .*: drop that first"):
                change()


def test_seeding_table_data_alone_leaves_the_shop(database: str) -> None:
    seed(database, 50)
    seed(database, 10, tables=[seeds.DATA])
    assert query(database, "SELECT (SELECT count(*) FROM data), (SELECT count(*) FROM shop_order)") == [(10, 40)]


def test_foreign_table_stays_as_it_is(database: str) -> None:
    query(
        superuser(database),
        "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
        "CREATE FOREIGN TABLE data (id integer, num integer, data text) SERVER files OPTIONS (program 'exit 1');"
        f"ALTER FOREIGN TABLE data OWNER TO \"user\"; COMMENT ON FOREIGN TABLE data IS '{MARK}'",
    )
    stays(database)
    assert [str(thing) for thing in seed(database, 10, replace=True)[1]] == ["foreign table mine.data"]


def test_what_is_made_bears_the_mark(database: str) -> None:
    seed(database, 10)
    for table in seeds.TABLES:
        assert query(database, f"SELECT obj_description('{table.name}'::regclass, 'pg_class')") == [(MARK,)]
    query(database, "ALTER TABLE data ADD mine text; UPDATE data SET mine = 'x'")
    seed(database, 10)  # it is set-up's, whatever became of it
    assert query(database, "SELECT * FROM data LIMIT 1") == [(0, 0, "hello-0")]


@pytest.mark.parametrize(
    ("dependent", "name"),
    [
        ("CREATE VIEW {} AS SELECT * FROM data", "view dependent"),
        ("CREATE TABLE {} (id integer REFERENCES data)", "constraint dependent_id_fkey on table dependent"),
        ("CREATE TABLE {} () INHERITS (data)", "table dependent"),
        ("CREATE FUNCTION {}() RETURNS SETOF data LANGUAGE sql RETURN NULL::data", "function dependent()"),
        # What goes with a table without CASCADE.
        ("CREATE SEQUENCE {} OWNED BY data.num", "sequence dependent"),
        ("CREATE INDEX {} ON data (num)", "index dependent"),
        ("CREATE STATISTICS {} ON num, data FROM data", "statistics object dependent"),
        ("CREATE POLICY {} ON data", "policy dependent on table data"),
        ("CREATE RULE {} AS ON DELETE TO data DO INSTEAD NOTHING", "rule dependent on table data"),
        (
            "CREATE TRIGGER {} BEFORE UPDATE ON data EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "trigger dependent on table data",
        ),
        ("CREATE PUBLICATION kept FOR TABLE data", "publication of table data in publication kept"),
        (LOOK_ALIKES["subscription"], "subscription kept"),
    ],
    ids=[
        *("view", "foreign key", "child", "function", "sequence", "index", "statistics", "policy", "rule", "trigger"),
        *("publication", "subscription"),
    ],
)
def test_what_depends_on_the_table_stays_and_is_named(database: str, dependent: str, name: str) -> None:
    seed(database, 10)
    query(superuser(database) if "SUBSCRIPTION" in dependent else database, dependent.format("dependent"))
    with leaves_nothing(database):
        for change in (lambda: seed(database, 20), lambda: remove(database)):
            with pytest.raises(
                UserError, match=rf"^{re.escape(name)} depends on .*data at .*: drop that first, or name"
            ):
                change()


def test_table_of_a_schema_that_is_searched_later_is_not_hidden(database: str) -> None:
    query(database, "CREATE SCHEMA later")
    searched = database.replace("mine", "mine,later")
    try:
        query(database, "CREATE TABLE later.data (k uuid)")
        for replace in (False, True):
            line = refusal(searched, replace)
            assert line.startswith("table later.data at ")
            assert "would be hidden by one in schema mine: name another database in DATABASE_URL" in line
        assert relations(database) == []
    finally:
        query(database, "DROP SCHEMA later CASCADE")


def test_own_table_of_a_schema_that_is_searched_later_stays_until_all_is_removed(database: str) -> None:
    query(database, "CREATE SCHEMA later")
    try:
        seed(database.replace("mine", "later"), 5)
        seed(database.replace("mine", "mine,later"), 10)
        assert query(database, "SELECT (SELECT count(*) FROM data), (SELECT count(*) FROM later.data)") == [(10, 5)]
        assert [str(thing) for thing in remove(database)] == [*made("later"), *made("mine")]
    finally:
        query(database, "DROP SCHEMA later CASCADE")


def test_table_of_a_schema_that_is_not_searched_does_not_matter(database: str, own_database: str) -> None:
    query(own_database, "CREATE TABLE data (k uuid)")
    try:
        seed(database, 10)
        remove(database)
        assert query(own_database, "SELECT * FROM public.data") == []
    finally:
        query(own_database, "DROP TABLE data")


def test_table_of_another_role_is_not_own(database: str) -> None:
    seed(database, 10)
    query(superuser(database), "ALTER TABLE data OWNER TO postgres")
    assert "was not made by setup_db.py" in refusal(database)
    assert [str(thing) for thing in remove(database)] == made("mine")[1:]
    # A schema's owner may drop what is in it.
    query(superuser(database), 'ALTER SCHEMA mine OWNER TO postgres; GRANT ALL ON SCHEMA mine TO "user"')
    assert "no right" in error_line(run("setup_db.py", "--replace", url=database))
    assert [str(thing) for thing in remove(superuser(database))] == ["table mine.data"]


def test_sequence_with_the_name_of_the_key_s_stays(database: str) -> None:
    query(database, "CREATE SEQUENCE data_id_seq START 7")
    seed(database, 10)
    seed(database, 10)
    remove(database)
    assert query(database, "SELECT last_value FROM data_id_seq") == [(7,)]


@pytest.mark.parametrize("name", ["a b", 'q"uote', "Ünï", "data", "select"])
def test_schema_may_have_any_name(database: str, own_database: str, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    url = f"{own_database}?options={quote('-csearch_path=' + quoted.replace(' ', chr(92) + ' '))}"
    query(own_database, f"CREATE SCHEMA {quoted}")
    try:
        seed(url, 10)
        seed(url, 10)
        assert [str(thing) for thing in remove(url)] == made(name)
    finally:
        query(own_database, f"DROP SCHEMA {quoted} CASCADE")


def test_all_that_was_made_is_removed_and_named(database: str) -> None:
    seed(database, 10)
    process = run("setup_db.py", "--remove", url=database)
    address = database.partition("@")[2].partition("?")[0]
    assert process.stdout == f"removed at {address}: {', '.join(made('mine'))}\n"
    assert relations(database) == []
    assert (
        run("setup_db.py", "--remove", url=database).stdout == f"removed at {address}: nothing, for nothing is there\n"
    )


def test_schema_that_a_killed_run_has_left_is_removed_and_no_other(
    database: str, own_database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    own_table = "CREATE TABLE {0}.data (); COMMENT ON TABLE {0}.data IS '{1}'"
    others = {
        "one_row_00000000": "SELECT",
        "one_row_11111111": "CREATE TABLE {0}.data AS SELECT 0 AS id, 0 AS num, 'hello-0' AS data",
        "one_row_22222222": "COMMENT ON SCHEMA {0} IS 'not {1}'",
        "one_row_33333333": own_table,
        "one_row_44444444": own_table + "; COMMENT ON SCHEMA {0} IS '{1}'",
    }
    for schema, statements in others.items():
        query(own_database, f"CREATE SCHEMA {schema}; {statements.format(schema, MARK)}")
    query(superuser(own_database), "ALTER SCHEMA one_row_44444444 OWNER TO postgres")
    query(superuser(own_database), 'GRANT USAGE ON SCHEMA one_row_44444444 TO "user"')
    try:
        with one_row_table() as seen:
            [(left,)] = query(seen, "SELECT current_schema")
            tables = ["table one_row_33333333.data", "table one_row_44444444.data", *made(left)]
            assert [str(thing) for thing in remove(database)] == [*sorted(tables), f"schema {left}"]
        assert capfd.readouterr().err == ""
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'one_row%' ORDER BY nspname"
        assert query(own_database, schemas) == [(name,) for name in others]
        assert query(own_database, "SELECT data FROM one_row_11111111.data") == [("hello-0",)]
    finally:
        for schema in others:
            query(superuser(own_database), f"DROP SCHEMA {schema} CASCADE")


def test_what_somebody_put_into_such_a_schema_stays(database: str) -> None:
    with one_row_table() as seen:
        query(seen, "CREATE TABLE mine ()")
        with pytest.raises(UserError, match=r"^table one_row_.*\.mine depends on schema one_row_.*: drop that first"):
            remove(database)
        assert query(seen, "SELECT count(*) FROM data") == [(1,)]
        query(seen, "DROP TABLE mine")


def test_reader_that_does_not_end_is_one_line(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(database, 10)
    monkeypatch.setattr(own_tables, "PATIENCE", 100)
    for change in (lambda: seed(database, 20), lambda: remove(database)):
        with locked(database), pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            change()
        assert str(explain(caught.value)).startswith("a table is in use by another session at ")


@pytest.mark.parametrize("arguments", [["--remove"], ["--rows", "10"]], ids=" ".join)
def test_table_that_takes_the_place_of_an_own_one_meanwhile_stays(database: str, arguments: list[str]) -> None:
    seed(database, 10)
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE data RENAME TO former")
        connection.execute("CREATE TABLE data AS SELECT 'mine' AS data")
        with running("setup_db.py", *arguments, url=database) as process:
            wait_until(lambda: query(database, "SELECT 1 FROM pg_locks WHERE NOT granted"))
            connection.commit()
            finished(process)
    assert query(database, "SELECT data FROM data") == [("mine",)]


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("default_transaction_read_only = on", "the server is read-only"),
        ("statement_timeout = 1", None),
        ("lock_timeout = 1", None),
        ("idle_in_transaction_session_timeout = '1s'", None),
        ("search_path = mine", None),
        ("search_path = missing", "no schema of search_path can be used"),
        ("client_encoding = latin1", None),
        ("standard_conforming_strings = off", None),
        ("quote_all_identifiers = on", None),
        ("transform_null_equals = on", None),
    ],
)
def test_setting_of_the_role(database: str, own_database: str, setting: str, problem: str | None) -> None:
    query(superuser(own_database), f'ALTER ROLE "user" IN DATABASE own SET {setting}')
    url = own_database if "search_path" in setting else database
    try:
        if problem:
            with pytest.raises((psycopg.Error, UserError)) as caught:
                seed(url, 10)
            assert str(explain(caught.value)).startswith(f"{problem} at ")
        else:
            seed(url, 10)
            assert [str(thing) for thing in remove(url)] == made("mine")
    finally:
        query(superuser(own_database), 'ALTER ROLE "user" IN DATABASE own RESET ALL')


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
def test_database_may_have_any_encoding(servers: Servers, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    query(superuser(servers[18]), f"CREATE DATABASE encoded OWNER \"user\" TEMPLATE template0 ENCODING '{encoding}'")
    url = servers[18].removesuffix("db") + "encoded"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    try:
        if encoding == "SQL_ASCII":
            assert "add parameter client_encoding=utf8 to DATABASE_URL" in refusal(url)
            url += "?client_encoding=utf8"
            monkeypatch.setenv("DATABASE_URL", url)
        seed(url, 10)
        seed(url, 10)
        with one_row_table() as seen:
            assert query(seen, "SELECT count(*) FROM data") == [(1,)]
        assert [str(thing) for thing in remove(url)] == made("public")
    finally:
        query(superuser(servers[18]), "DROP DATABASE encoded WITH (FORCE)")


def test_every_server_is_as_before_when_all_is_removed(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", server_url)
    remove(server_url)
    with leaves_nothing(server_url):
        seed(server_url, 300)
        with one_row_table():
            seed(server_url, 300)
        remove(server_url)


def test_sessions_of_a_pooler_are_as_before(servers: Servers, pooled_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", pooled_url)
    remove(pooled_url)
    with leaves_nothing(servers[15], through=pooled_url, sessions=2):
        for _ in range(10):
            seed(pooled_url, 10)
        with pytest.raises(UserError, match="name the server, not a pooler"), one_row_table():
            pass
        remove(pooled_url)
