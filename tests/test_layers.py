"""What reads rows in each layer: nothing is left on the server, all read the same, and what the figures are of."""

import fcntl
import importlib
import json
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from bench import process
from bench.digests import Snapshot
from bench.errors import UserError
from bench.layers import costs, measuring, values
from bench.layers.costs import measure
from bench.layers.figures import AgainstTuples, Figure, Figures
from bench.layers.locks import Turns
from bench.layers.names import (
    CORE,
    DROPPING,
    ENTITY,
    JOINED,
    LAYERS,
    MODEL,
    MODELS,
    PACKAGES,
    POLARS,
    READERS,
    RECORD,
    SELECTIN,
    SQLMODEL,
    STREAMED,
    TUPLE,
    installed,
)
from bench.layers.reading import Reader, Reading
from bench.layers.subject import Subject, look_at, narrowed
from bench.relations.data import ReadColumn, Relation
from bench.runs import TRACED, Job, Outcome
from common import MIB
from tests import forks
from tests.servers import Servers, leaves_nothing, pgbouncer
from tests.support import PROJECT, listed, opened, query, unused_port, wait_until, write

ALL = list(dict.fromkeys((*LAYERS, *DROPPING, *installed(), *MODELS)))
NATIVE = [layer for layer in ALL if READERS[layer].native]
ROWS = 2_000
# The first row is so wide that one sees whether it counts.
SCHEMA = f"""
CREATE EXTENSION hstore;
CREATE SCHEMA layered;
CREATE TYPE layered.mood AS ENUM ('calm', 'wild');
CREATE TABLE layered.mixed AS SELECT i::bigint AS id, repeat('x', CASE WHEN i = 1 THEN {2 * MIB} ELSE 40 END) AS words,
    ARRAY(SELECT generate_series(1, 20)) AS list, jsonb_build_object('k', i, 'l', ARRAY[1, 2]) AS document,
    gen_random_uuid() AS number, now() + i * interval '1 hour' AS at, int4range(i, i + 5) AS span,
    'calm'::layered.mood AS mood, i * 0.1::real AS small, B'101'::bit(3) AS bits,
    'a=>1'::hstore AS tags FROM generate_series(1, {ROWS}) AS i;
ALTER TABLE layered.mixed ADD PRIMARY KEY (id);
CREATE VIEW layered.same AS SELECT id, words, list, at, mood, id + 1000 AS other FROM layered.mixed;
CREATE VIEW layered.nulls AS SELECT id, NULL::text AS words, NULL::integer[] AS list, NULL::timestamptz AS at,
    NULL::layered.mood AS mood, NULL::bigint AS other FROM layered.mixed;
CREATE TABLE layered.parent (id integer PRIMARY KEY, word text);
CREATE TABLE layered.child () INHERITS (layered.parent);
INSERT INTO layered.parent SELECT i, 'p' || i FROM generate_series(1, 300) AS i;
INSERT INTO layered.child SELECT i, 'c' || i FROM generate_series(1, 300) AS i;
CREATE TABLE layered.growing AS SELECT i AS id, repeat('x', i / 15) AS words FROM generate_series(1, 10000) AS i;
ALTER TABLE layered.growing ADD PRIMARY KEY (id);
ANALYZE layered.growing
"""
OWN_SETTINGS = {
    "lock_timeout": "7ms",
    "idle_in_transaction_session_timeout": "2s",
    "statement_timeout": "30s",
    "datestyle": "SQL, DMY",
    "intervalstyle": "sql_standard",
    "synchronize_seqscans": "on",
    "extra_float_digits": "-3",
    "bytea_output": "escape",
    "default_transaction_isolation": "serializable",
    "client_encoding": "LATIN1",
    "cursor_tuple_fraction": "0.1",
}


@pytest.fixture(scope="module")
def layered(servers: Servers) -> Iterator[str]:
    """Make the tables on PostgreSQL 15, and let DATABASE_URL name their database."""
    url = servers[15]
    for statement in SCHEMA.split(";\n"):
        query(url, statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        yield url
    query(url, "DROP SCHEMA layered CASCADE")
    query(url, "DROP EXTENSION hstore")


@pytest.fixture(scope="module")
def mixed(layered: str) -> Subject:
    return look_at("layered.mixed", 60, count=False)


def read(layer: str, relation: Relation, count: int = 20) -> list[Any]:
    """Return so many rows of a layer, which outlive what read them."""
    with opened(layer, relation) as reader:
        return list(reader(count))


def kept(relation: Relation, layers: Sequence[str], count: int = 20) -> dict[str, list[values.Kept]]:
    """Return what each of these layers keeps of each column."""
    names = [column.attribute for column in relation.columns]
    return {layer: values.of_rows(read(layer, relation, count), names) for layer in layers}


def comparison(relation: Relation, found: dict[str, list[values.Kept]]) -> AgainstTuples:
    """Return the comparison of what layers keep; their figures are made up."""
    return AgainstTuples(relation, {layer: Figure(20, 900.0, 0, 0, 1.0, objects=20) for layer in found}, found)


# Nothing is left on the server.


def test_every_layer_leaves_the_sessions_of_a_pooler_as_they_were(
    layered: str, pooled_url: str, mixed: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", pooled_url)
    with leaves_nothing(layered, through=pooled_url, sessions=2):
        for layer in ALL:
            assert len(read(layer, mixed.relation)) == 20
            with ExitStack() as stack:
                clients = [stack.enter_context(psycopg.connect(pooled_url, prepare_threshold=None)) for _ in "ab"]
                for number, client in enumerate(clients):
                    client.execute(f"INSERT INTO layered.parent VALUES ({1000 + number})")
                for client in clients:
                    assert client.execute("SELECT name FROM pg_prepared_statements").fetchall() == []
                    client.rollback()


def test_every_layer_reads_with_the_same_settings_whatever_the_role_s_own(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (ReadColumn("name", "name", "str"), ReadColumn("setting", "setting", "str"))
    relation = Relation("own.settings", columns, "own", "settings", ("name",))
    wanted = {
        "transaction_read_only": "on",
        "transaction_isolation": "repeatable read",
        "statement_timeout": "60000",
        "lock_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "transaction_timeout": "0",
        "synchronize_seqscans": "off",
        "max_parallel_workers_per_gather": "0",
        "cursor_tuple_fraction": "1",
        "DateStyle": "ISO, MDY",
        "IntervalStyle": "postgres",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "client_encoding": "UTF8",
        "client_connection_check_interval": "2000",
    }
    monkeypatch.setenv("DATABASE_URL", server_url)
    query(server_url, "CREATE SCHEMA own")
    query(server_url, 'CREATE TABLE own."таблица" ("имя" integer)')  # LATIN1 has no such letters
    query(server_url, "CREATE VIEW own.settings AS SELECT name, setting FROM pg_settings")
    with leaves_nothing(server_url), own_settings(server_url):
        for layer in [layer for layer in ALL if layer != STREAMED]:
            rows = listed(read(layer, relation, 1000))
            pairs: list[Any] = [values.of_row(row, ("name", "setting")) for row in rows]
            found = dict(pairs)
            expected = {name: value for name, value in wanted.items() if name in found}
            assert {name: found[name] for name in expected} == expected, layer
            assert len(expected) >= len(wanted) - 1  # transaction_timeout is younger than PostgreSQL 16
    query(server_url, "DROP SCHEMA own CASCADE")


@contextmanager
def own_settings(url: str) -> Iterator[None]:
    """Let the role have settings of its own that would spoil a reading."""
    for name, value in OWN_SETTINGS.items():
        query(url, f"ALTER ROLE \"user\" SET {name} = '{value}'")
    try:
        yield
    finally:
        query(url, 'ALTER ROLE "user" RESET ALL')


def test_pooler_that_pools_by_statement_is_one_line(layered: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pgbouncer(layered, mode="statement") as url:
        monkeypatch.setenv("DATABASE_URL", url)
        with pytest.raises(UserError, match=r"^the pooler at .* pools by statement, and reading takes a"):
            look_at("layered.mixed", 60, count=False)


def test_a_pool_of_one_session_is_enough(layered: str, mixed: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    with pgbouncer(layered, pool_size=1) as url, leaves_nothing(layered, through=url):
        monkeypatch.setenv("DATABASE_URL", url)
        found = measure(narrowed(mixed.relation, 50), 60, [TUPLE, RECORD])
    assert (set(found.by_layer), found.failures) == ({TUPLE, RECORD}, {})


@pytest.mark.parametrize("pooled", [False, True], ids=["", "pooled"])
def test_process_that_is_killed_leaves_nothing(
    layered: str, pooled_url: str, pooled: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = pooled_url if pooled else layered
    source = "(SELECT pg_sleep(CASE i WHEN 9 THEN 900 ELSE 0 END)::text AS a FROM generate_series(1, 99) AS i)"
    reading = Reading(READERS[TUPLE], Relation(source, (ReadColumn("a", "a", "str"),)), timeout=900)
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "output.json"))
    monkeypatch.setenv("DATABASE_URL", url)
    asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with leaves_nothing(layered, through=url, sessions=2 if pooled else 1):
        with subprocess.Popen([sys.executable, *reading.command], cwd=PROJECT, stdin=subprocess.PIPE) as process:
            assert process.stdin
            process.stdin.write(reading.stdin)
            process.stdin.close()
            wait_until(lambda: query(layered, asleep))
            process.kill()
        wait_until(lambda: not query(layered, asleep))


def test_what_was_measured_counts_though_the_server_ends_the_session(
    layered: str, mixed: Subject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "output.json"

    def then_ended(*arguments: Any) -> dict[str, int]:
        query(layered, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHER_SESSIONS}")
        return {"count": 5}

    monkeypatch.setattr(measuring, "measured", then_ended)
    monkeypatch.setenv("MEMORY_JSON", str(output))
    for layer in ALL:
        write(Reading(READERS[layer], mixed.relation, 5))
        assert json.loads(output.read_text()) == {"count": 5}, layer


OTHER_SESSIONS = "backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename = 'user'"


# All read the same rows, and the values are those that a figure says.


@pytest.mark.parametrize("sampled", [False, True], ids=["first", "sampled"])
def test_all_layers_read_the_same_rows(layered: str, sampled: bool) -> None:
    relation = look_at("layered.growing", 60, count=False, rows=5_000).relation
    assert 40 < relation.sample < 60
    relation = relation if sampled else replace(relation, sample=0.0)
    count = 10_000 if sampled else 1_000
    found: dict[str, list[Any]] = {layer: read(layer, relation, count) for layer in (TUPLE, *NATIVE)}
    ids = [row[0] for row in found[TUPLE]]
    assert (ids != list(range(1, len(ids) + 1))) == sampled
    for layer in NATIVE:
        assert [row["id"] for row in listed(found[layer])] == ids, layer
    lengths = [len(row[1]) for row in found[TUPLE]]
    if sampled:  # the first rows are shorter
        assert sum(lengths) / len(lengths) == pytest.approx(333, rel=0.1)
    for layer in [layer for layer in ALL if layer not in found]:
        rows = read(layer, relation, count)
        assert [values.of_row(row, ("id", "words"))[0] for row in rows] == ids, layer


def test_a_sample_needs_enough_blocks(layered: str) -> None:
    for name, rows in (
        ("layered.growing", 1_000),
        ("layered.mixed", 100),
        ("layered.same", 100),
        ("layered.child", 10),
    ):
        assert look_at(name, 60, count=False, rows=rows).relation.sample == 0
    assert look_at("SELECT * FROM layered.growing", 60, count=False, rows=5_000).relation.sample == 0


def test_other_classes_of_values_are_named(layered: str, mixed: Subject) -> None:
    layers = [layer for layer in ALL if layer not in (STREAMED, *NATIVE)]
    found = kept(mixed.relation, layers)
    compared = comparison(mixed.relation, found)
    others = {layer: {text.partition(" is ")[0] for text in compared.other_classes(layer)} for layer in layers}
    assert {layer: names for layer, names in others.items() if names} == {
        RECORD: {"document", "number", "span", "bits"},
        CORE: {"tags"},
        ENTITY: {"span", "bits", "tags"},
        SQLMODEL: {"span", "bits", "tags"},
    }
    figure = compared.with_overhead(RECORD, 800.0)
    assert figure.overhead is None
    assert "document is str" in figure.no_overhead
    assert compared.with_overhead("psycopg, dict", 800.0).overhead == 100.0
    assert compared.others() == {}


def test_values_that_are_copies_or_shared_are_no_overhead() -> None:
    grown: list[int] = []
    for number in range(1000):
        grown.append(number)  # leaves room to spare, which a copy has not
    text = "".join(["la", "bel"])
    relation = Relation("a", (ReadColumn("a", "a", "list"),))
    for plain, other in ((grown, grown[:]), ([text], [text]), ({"a": [text]}, {"a": [text]})):
        rows = [(plain,), (json.loads(json.dumps(plain)),)]
        found = {TUPLE: values.of_rows(rows, ["a"]), MODEL: values.of_rows([(other,), (other,)], ["a"])}
        saved = (found[TUPLE][0]["size"] - found[MODEL][0]["size"]) / 20
        assert saved > 0
        assert comparison(relation, found).with_overhead(MODEL, 800.0).overhead == pytest.approx(100 + saved)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([1, "a", None], [1, "a", None], True),
        ([1, "a", None], [2, "a", None], False),
        ([1, "a", None], [1, "a", "b"], True),  # another class: that is told as such
        ([{"a": [1]}], [{"a": [1]}], True),
        ([{"a": [1]}], [{"a": [2]}], False),
        ([1.1, True], [1.1, False], False),
    ],
)
@pytest.mark.parametrize("layer", [CORE, RECORD])
def test_layer_that_reads_other_rows_is_told(layer: str, one: list[Any], other: list[Any], same: bool) -> None:
    names = [f"a{place}" for place in range(len(one))]
    relation = Relation("a", tuple(ReadColumn(name, name, "Any") for name in names))
    found = {TUPLE: values.of_rows([tuple(one)], names), layer: values.of_rows([tuple(other)], names)}
    if layer == RECORD and isinstance(one[0], dict):
        same = True  # documents are texts there
    assert list(comparison(relation, found).others()) == ([] if same else [layer])


def second_look(
    subject: Subject, first: dict[str, Any], again: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Return what is told of what layers wrote at a first look, and at a second."""

    def outcomes(written: dict[str, Any]) -> costs.Outcomes:
        size = {"traced": 900, "traced_peak": 900, "kept": 0, "peak": 0, "seconds": 1.0}
        written = {layer: {"count": 1, "objects": 1} | size | output for layer, output in written.items()}
        return {
            layer: (Outcome(Job(Reading(READERS[layer], subject.relation)), output),) * 2
            for layer, output in written.items()
        }

    seen = outcomes(first)
    ended = {layer: (Outcome(pair[0].job, error="killed by SIGKILL"),) * 2 for layer, pair in seen.items()}
    monkeypatch.setattr(costs, "outcomes_of", lambda *arguments: outcomes(again) or ended)
    return list(costs.differences(seen, costs.figures(seen, subject), subject, 60))


@pytest.mark.parametrize(
    ("table", "first", "again", "told"),
    [
        (True, (1, 1), (2, 2), None),
        (True, (1, 2), (2, 2), "rows, for somebody wrote meanwhile"),
        (True, (2, 1), (2, 2), "rows, for somebody wrote meanwhile"),
        (False, (1, 2), (2, 2), "rows, for the query gives other rows each time"),
        (False, (1, 2), (3, 4), "rows, for the query gives other rows each time"),
        (True, (1, 2), (1, 2), "values, though a second look finds the same ones again"),
        (False, (1, 2), (1, 2), "values, though a second look finds the same ones again"),
        (True, (1, 2), None, "rows, and why is not known"),
    ],
)
def test_a_second_look_says_why_rows_differ(
    layered: str,
    table: bool,
    first: tuple[int, int],
    again: tuple[int, int] | None,
    told: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relation = look_at("layered.growing" if table else "SELECT id FROM layered.growing", 60, count=False).relation
    subject = narrowed(replace(relation, columns=relation.columns[:1]), 1)

    def looked(pair: tuple[int, int]) -> dict[str, Any]:
        return {
            layer: {"columns": values.of_rows([(value,)], ["id"])}
            for layer, value in zip((TUPLE, CORE), pair, strict=True)
        }

    lines = second_look(subject, looked(first), looked(again) if again else {}, monkeypatch)
    beside = f"those of {TUPLE} were not read as {CORE} (id)."
    assert lines == ([f"Not all layers read the same {told}: {beside}"] if told else [])
    if told and "wrote" in told:
        monkeypatch.setenv("DATABASE_URL", f"postgresql://localhost:{unused_port()}/db")
        [line] = second_look(subject, looked(first), looked(again or first), monkeypatch)
        assert line.startswith("Not all layers read the same rows, and why is not known: ")


def test_no_view_and_no_policy_s_choice_is_a_table(layered: str, mixed: Subject) -> None:
    query(layered, "CREATE TABLE layered.chosen (a integer)")
    query(layered, "ALTER TABLE layered.chosen ENABLE ROW LEVEL SECURITY")
    for name, stored in (("mixed", True), ("same", False), ("chosen", False)):
        [[oid]] = query(layered, f"SELECT 'layered.{name}'::regclass::oid")
        assert costs.stored(replace(mixed, relation=replace(mixed.relation, oid=oid)), 60) == stored, name


@pytest.mark.parametrize(
    ("joined", "selectin", "told"),
    [
        ((300, 300), (600, 300), "parents are 300 objects, for parents with the same key share one"),
        ((300, 300), (601, 300), "Not all ways read the same rows, for somebody wrote meanwhile."),
        ((299, 299), (600, 300), "Not all ways read the same rows, for somebody wrote meanwhile."),
        ((600, 600), (600, 600), ""),
    ],
)
def test_parents_that_share_a_key_are_no_writing(
    layered: str,
    joined: tuple[int, int],
    selectin: tuple[int, int],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A child's rows of an inherited table have the ids of its own."""
    query(
        layered, "CREATE TABLE IF NOT EXISTS layered.kid (id integer PRIMARY KEY, p integer REFERENCES layered.parent)"
    )
    query(layered, "INSERT INTO layered.kid VALUES (1, 1), (2, 1) ON CONFLICT DO NOTHING")
    subject = look_at("layered.parent", 60, count=False, children="kid")
    assert subject.size.rows == 600
    ways = {JOINED: joined, SELECTIN: selectin}
    first = {way: {"count": count, "objects": objects} for way, (count, objects) in ways.items()}
    lines = second_look(subject, first, {}, monkeypatch)
    assert len(lines) == (0 if not told else 1 if told.startswith("Not") else 2)
    assert all(told in line for line in lines)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://localhost:{unused_port()}/db")
    unknown = ["Not all ways read the same rows, and why is not known."]
    assert second_look(subject, first, {}, monkeypatch) == (unknown if told else [])


SPELLED = [
    (Decimal(10000), Decimal("1E+4"), Decimal(10001)),
    (Decimal("1.50"), Decimal("1.5"), Decimal("1.51")),
    (Decimal("0.00"), Decimal(0), Decimal("0.01")),
    (Decimal("9" * 40), Decimal("9" * 40 + ".0"), Decimal("9" * 39 + "8")),
    (Decimal("NaN"), Decimal("NaN"), Decimal("Infinity")),
    (Decimal(-1), Decimal("-1.0"), Decimal(-2)),
    (0.0, -0.0, 5e-324),
    (float("nan"), float("nan"), float("inf")),
    (
        datetime(2024, 7, 1, 12, tzinfo=UTC),
        datetime(2024, 7, 1, 14, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")),
    ),
    (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), datetime(1, 1, 1)),
    ({"a": 1, "b": [Decimal("1.0")]}, {"b": [Decimal(1)], "a": 1}, {"a": 1, "b": [Decimal(2)]}),
    ({"x", "y", "z"}, {"z", "y", "x"}, {"x", "y"}),
    ("\u00e9", "\u00e9", "e\u0301"),  # two texts for the server, too
    ([1, 2], [1, 2], [2, 1]),
]


@pytest.mark.parametrize(("value", "same", "other"), SPELLED)
def test_values_count_not_how_they_are_spelled(value: Any, same: Any, other: Any) -> None:
    checksums = [values.of_column([one])["checksum"] for one in (value, same, other)]
    assert checksums[0] == checksums[1] != checksums[2]


def test_a_value_that_says_where_it_lies_is_no_other_row() -> None:
    assert values.of_column([object()])["checksum"] == values.of_column([object()])["checksum"]


def test_drivers_that_write_a_value_in_another_way_read_the_same_rows(layered: str) -> None:
    numbers = "1.1::real AS a, 2 AS b, 10000::numeric AS c, 1.50::numeric AS d, ARRAY[20::numeric] AS e"
    some = f"{numbers}, timestamptz '2024-07-01 12:00+02' AS f"
    relation = look_at(f"SELECT {some}, random() AS g", 60, count=False).relation
    known = replace(relation, columns=relation.columns[:-1])
    assert comparison(known, kept(known, [TUPLE, RECORD])).others() == {}
    assert comparison(relation, kept(relation, [TUPLE, CORE])).others() == {CORE: ["g"]}


TWO_SPELLINGS = r"""
CREATE TABLE layered.spelled AS
SELECT i, 10000::numeric AS a, 1.50::numeric(9, 4) AS b, -0.0::float8 AS c, 'NaN'::numeric AS d, 1e-20::numeric AS e,
    12345678901234567890.1200::numeric AS f, '-0'::real AS g, timestamptz '2024-03-31 02:30+02' AS h,
    timestamp '2024-01-01' AS j, timetz '10:00+02' AS k, interval '1 year 2 mons -3 days' AS l, interval '30 days' AS m,
    '{"b": 1.0, "a": 1e2, "c": [100, 1E+2]}'::jsonb AS n, '{"b": 1.0, "a": 1e2}'::json AS o,
    '[2:3]={1,2}'::integer[] AS p, '{1.0,1e4}'::numeric[] AS q, inet '10.0.0.1/32' AS r, inet '::ffff:1.2.3.4' AS s,
    cidr '10.0.0.0/8' AS t, int4range(1, 5, '[]') AS u, numrange(1.0, 2.00, '[]') AS v, U&'e\0301' AS w,
    U&'\00e9' AS x, 'a  '::char(5) AS y, '1.5'::money AS z, B'0101' AS aa, 'ABCDEF00-0000-0000-0000-000000000001'::uuid
    AS ab, '08:00:2b:01:02:03'::macaddr AS ac, '\x00ff'::bytea AS ad, 'b a b'::tsvector AS ae, date '0001-01-01' AS af,
    ARRAY[timestamptz '2024-01-01 00:00+05'] AS ag, point(1, -0.0) AS ai, 'pg_class'::regclass AS aj,
    '0/00'::pg_lsn AS ak, '$.a'::jsonpath AS al, '<a/>'::xml AS am, 5::oid AS an, NULL::numeric AS ao
FROM generate_series(1, 5) AS i
"""


@pytest.mark.filterwarnings("ignore:Did not recognize type")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_no_layer_reads_other_rows_of_values_with_two_spellings(
    layered: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", zone)
    query(layered, "DROP TABLE IF EXISTS layered.spelled")
    query(layered, TWO_SPELLINGS)
    query(layered, "ALTER TABLE layered.spelled ADD PRIMARY KEY (i)")
    relation = look_at("layered.spelled", 60, count=False).relation
    assert relation.left_out == ()
    layers = [layer for layer in (*LAYERS, *installed()) if layer not in NATIVE]
    assert comparison(relation, kept(relation, layers)).others() == {}


# What the figures are of.


@pytest.fixture(scope="module")
def figures(layered: str) -> dict[str, Figures]:
    """Measure the same columns with values and with none."""
    layers = {"same": [TUPLE, MODEL, ENTITY, STREAMED], "nulls": [TUPLE, MODEL, ENTITY]}
    names = ("id", "words", "list", "at", "mood", "other")
    kinds = ("int", "str", "list", "datetime.datetime", "str", "int")
    columns = tuple(ReadColumn(name, name, kind) for name, kind in zip(names, kinds, strict=True))
    subjects = {
        name: narrowed(Relation(f"layered.{name}", columns, "layered", name, ("id",)), ROWS)
        for name in ("same", "nulls")
    }
    found = {}
    for name, run in (("same", forks.run_traced), ("nulls", forks.run)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process, "run", run)
            found[name] = measure(subjects[name], 60, layers[name])
    return found


@pytest.mark.parametrize("layer", [TUPLE, MODEL, ENTITY])
def test_overhead_does_not_depend_on_the_values(figures: dict[str, Figures], layer: str) -> None:
    """Not on the first row's, which is two million characters wide; nor on copies of lists, nor on labels in common."""
    same, nulls = (figures[name].by_layer[layer].overhead for name in ("same", "nulls"))
    assert same is not None
    assert same == pytest.approx(nulls, rel=0.01)


def test_all_layers_measured_the_same_rows(figures: dict[str, Figures]) -> None:
    for found in figures.values():
        assert (found.notes, found.failures) == ((), {})
        assert {one.count for one in found.by_layer.values()} == {ROWS}


def test_streamed_entities_keep_nothing_and_their_peak_is_lower(figures: dict[str, Figures]) -> None:
    streamed, at_once = (figures["same"].by_layer[layer] for layer in (STREAMED, ENTITY))
    assert (streamed.objects, streamed.overhead, streamed.no_overhead) == (0, None, "it keeps no row")
    assert streamed.traced < at_once.traced / 20
    assert streamed.peak < at_once.peak
    assert all(one.peak >= one.kept > 0 for one in figures["same"].by_layer.values())


def test_rows_with_the_same_key_share_an_object_and_that_is_told(layered: str) -> None:
    relation = look_at("layered.parent", 60, count=False).relation
    reading = Reading(READERS[ENTITY], relation, 600)
    with opened(ENTITY, relation) as reader:
        found = measuring.measured(reader, reading, traced=False)
    assert (found["count"], found["objects"]) == (600, 300)
    outcome = Outcome(Job(reading), found | {"traced": 300_000, "traced_peak": 0, "kept": 0, "peak": 0})
    result = costs.figures({ENTITY: (outcome, outcome)}, Subject(relation))
    assert result.by_layer[ENTITY].traced == 1000
    assert result.by_layer[ENTITY].no_overhead == "its rows share objects"
    assert "600 rows are 300 objects, for rows with the same key share one: 1,000 bytes per object, 500 per" in str(
        result
    )


@pytest.mark.parametrize(
    ("kept", "seconds", "rows", "expected"),
    [
        (20 * MIB, 1.0, 10_000, (200 * MIB, 10.0)),
        (20 * MIB, 1.0, 10_001, (None, None)),
        (9 * MIB, 1.0, 10_000, (None, 10.0)),
        (20 * MIB, 0.09, 10_000, (200 * MIB, None)),
        (9 * MIB, 0.09, 1_000, (9 * MIB, 0.09)),
    ],
)
def test_all_rows_are_told_from_enough_of_them(
    kept: int, seconds: float, rows: int, expected: tuple[float | None, float | None]
) -> None:
    figure = Figure(1_000, 100.0, kept, kept, seconds, objects=1_000)
    assert (figure.kept_of(rows), figure.seconds_of(rows)) == expected


def test_fewer_rows_are_read_where_they_are_wide(mixed: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Job] = []

    def run(together: Sequence[Job], workers: int, progress: object) -> list[Outcome]:
        jobs.extend(together)
        return [
            Outcome(job, {"count": 42, "kept": 1, "peak": 1, "seconds": 1.0, "traced": 42, "traced_peak": 42})
            for job in together
        ]

    monkeypatch.setattr(process, "run", run)
    first, *others = mixed.relation.columns
    wide = narrowed(replace(mixed.relation, columns=(replace(first, width=3.0 * MIB), *others)), 20_000)
    found = measure(wide, 60, [TUPLE])
    assert {pickle.loads(job.script.stdin) for job in jobs} == {job.script for job in jobs}
    assert {pickle.loads(job.script.stdin).count for job in jobs} == {42}
    assert found.notes[0].startswith("42 rows were read instead of 20,000, for one takes 3.0 MiB")
    assert not wide.complete(found.count)
    assert list(costs.fewer_rows(wide, 41)) == [], "all were read"
    [line] = costs.fewer_rows(replace(wide, limit=1), 1)
    assert line.startswith("1 row was read instead of 20,000, for one takes")


def test_value_that_comes_after_the_first_rows_is_told_with_its_column(
    layered: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = "(SELECT i, CASE i WHEN 50 THEN 'infinity' ELSE 'today' END::date AS due FROM generate_series(1, 99) AS i)"
    relation = Relation(source, (ReadColumn("i", "i", "int"), ReadColumn("due", "due", "datetime.date")))
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "output.json"))
    for layer in (TUPLE, MODEL, CORE):
        with pytest.raises(UserError, match=r"^psycopg cannot read a value of column due \(DataError\)$"):
            write(Reading(READERS[layer], relation, 99))


@pytest.mark.parametrize(
    ("layer", "column", "line"),
    [
        (POLARS, "make_interval(days => i)", "column bad, whose class is datetime.timedelta (ComputeError)"),
        (POLARS, "ARRAY[make_interval(days => i)]", "column bad, whose class is list (PanicException)"),
        (RECORD, "'10000-01-01'::date", "column bad (ValueError)"),
    ],
)
def test_column_that_a_layer_cannot_hold_is_told(
    layered: str,
    layer: str,
    column: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "output.json"))
    source = f"(SELECT i, i AS j, {column} AS bad, i AS k FROM generate_series(1, 9) AS i)"
    kind = line.partition("class is ")[2].partition(" (")[0] or "Any"
    columns = tuple(ReadColumn(name, name, "int" if name != "bad" else kind) for name in ("i", "j", "bad", "k"))
    with pytest.raises(UserError, match=f"^{re.escape(f'it cannot take {line}')}$"):
        write(Reading(READERS[layer], Relation(source, columns), 9))
    assert capfd.readouterr().err == ""


def test_key_that_equals_nothing_is_told(layered: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for statement in (
        "CREATE TABLE layered.nan (k float8 PRIMARY KEY)",
        "CREATE TABLE layered.of_nan (id integer PRIMARY KEY, k float8 REFERENCES layered.nan)",
        "INSERT INTO layered.nan VALUES (1), ('NaN')",
        "INSERT INTO layered.of_nan VALUES (1, 'NaN'), (2, 'NaN'), (3, 'NaN')",
    ):
        query(layered, statement)
    subject = look_at("layered.nan", 60, count=False, children="of_nan")
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "output.json"))
    with pytest.raises(UserError, match=r"^its key, k, has NaN, which equals nothing, so that one parent becomes sev"):
        write(Reading(READERS[JOINED], subject.relation, 2, subject.size.joined))


def test_relation_with_the_most_columns_and_long_names(layered: str) -> None:
    columns = tuple(ReadColumn(name, name, "int") for name in (f"column_{number:056}" for number in range(1600)))
    relation = Relation(f"(SELECT {', '.join(map(str, range(1600)))})", columns)
    [outcome] = process.run([Job(Reading(READERS[TUPLE], relation, 1), TRACED)])
    assert (outcome.error, outcome.output["count"]) == ("", 1)


def test_who_reads_alone_waits_for_the_others_and_lets_nobody_begin(tmp_path: Path) -> None:
    path = tmp_path / "turns"
    path.touch()
    alone = Turns(str(path))
    waits = threading.Thread(target=alone.alone)
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        waits.start()
        waits.join(0.05)
        assert waits.is_alive()
    waits.join(5)
    assert not waits.is_alive()
    begins = threading.Thread(target=Turns, args=[str(path)])
    begins.start()
    begins.join(0.05)
    assert begins.is_alive()
    alone.beside_others()
    begins.join(5)
    assert not begins.is_alive()


# What a process imports, which decides its figure.


def decides(reader: Reader, now: Snapshot) -> set[str]:
    """Return which of the modules that read, and that know relations, decide what a process of a reader's does."""
    files = now.loaded(["bench.layers", reader.module])
    return {file for file in files if file.startswith(("bench/layers/libraries/", "bench/relations/"))} - {
        *("bench/layers/libraries/__init__.py", "bench/relations/__init__.py"),
        *(f"bench/relations/{name}.py" for name in ("data", "redaction", "transaction")),
    }


def test_a_process_imports_the_library_that_it_reads_by_and_nothing_of_children() -> None:
    above = {
        "pydantic": {"psycopg"},
        "msgspec": {"psycopg"},
        "sqlmodel": {"psycopg", "sqlalchemy"},
        "polars": {"adbc"},
        "pandas": {"sqlalchemy"},
        **{key: {"psycopg"} for key in ("django", "tortoise", "peewee", "piccolo")},
        "children_as_entities": {"sqlalchemy"},
        "children_as_columns": {"sqlalchemy"},
    }
    relations = {"asyncpg": {"addresses"}, "children_as_columns": {"joins"}}
    relations["children_as_entities"] = {"joins", "sizes"}  # it compares its children with those that are counted
    now = Snapshot.now()
    for name, reader in READERS.items():
        module = reader.module.rpartition(".")[2]
        libraries = {f"bench/layers/libraries/{one}.py" for one in (module, *above.get(module, ()))}
        assert decides(reader, now) == libraries | {f"bench/relations/{one}.py" for one in relations.get(module, ())}, (
            name
        )


def test_every_reader_is_in_its_module() -> None:
    there = {name: reader.module for name, reader in READERS.items() if name not in PACKAGES or name in installed()}
    modules = {*there.values()}
    found = {(name, module) for module in modules for name in importlib.import_module(module).LAYERS}
    assert found == {*there.items()}
