"""A table of the reader's with its children: what a name means, that every way reads the same, and what is printed."""

import ast
import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column, ForeignKey, Integer, Table, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, relationship

import your_table
from bench.errors import UserError
from bench.layers import measuring
from bench.layers import subject as subjects
from bench.layers.costs import figure
from bench.layers.figures import Figure, Figures
from bench.layers.libraries import children_as_entities
from bench.layers.libraries.children_as_entities import Mapped
from bench.layers.names import ARRAYS, COLUMNS, DROPPED, JOINED, LAZY, READERS, SELECTIN
from bench.layers.subject import Subject
from bench.relations import foreign_keys
from bench.relations.data import Child, Found, Link, ReadColumn, Relation, Step
from bench.relations.describing import describe
from bench.relations.redaction import without_values
from bench.relations.sizes import ChildSize, Size
from bench.relations.transaction import connect
from bench.yours import code
from bench.yours.show import as_json, show
from bench.yours.told import slow, told
from bench.yours.words import chosen
from tests.advised import executed
from tests.families import from_arrays, from_entities, from_rows, read, reading
from tests.graph_schemas import CHINOOK, MANY, ODD
from tests.servers import Servers, leaves_nothing
from tests.support import opened_by, query, refused, run, write
from tests.test_report import ESCAPES, in_terminal

SECRET = "nobody-may-read-this"
KUNDEN, SELECT = '"Odd Shop"."Kunden-Größe"', 'odd_2."select"'


@pytest.fixture(scope="module")
def url(servers: Servers) -> Iterator[str]:
    """Make the tables on PostgreSQL 15, and let DATABASE_URL name their database."""
    with psycopg.connect(servers[15], autocommit=True) as connection:
        for statement in [*CHINOOK.split(";\n"), *ODD.split(";\n")]:
            connection.execute(statement.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", servers[15])
        yield servers[15]
    query(servers[15], 'DROP SCHEMA chinook, "Odd Shop", odd_2 CASCADE')


def look_at(table: str, children: str, rows: int = 20_000, *, count: bool = False) -> Subject:
    return subjects.look_at(table, 60, count, rows, children)


# What a name means.


@pytest.mark.parametrize(
    ("table", "children", "paths"),
    [
        ("chinook.artist", "album", ["album*"]),
        ("chinook.artist", "chinook.album.chinook.track", ["album*", "album.track*"]),
        ("chinook.album", "artist_id,track.genre_id", ["artist", "track*", "track.genre"]),
        ("chinook.playlist", "track", ["track*"]),
        ("chinook.playlist", "playlist_track.track", ["playlist_track*", "playlist_track.track"]),
        ("chinook.track", "playlist,invoice", ["playlist*", "invoice*"]),
        ("chinook.employee", "reports_to", ["employee"]),
        ("chinook.employee", "employee:reports_to,customer.invoice", ["employee*", "customer*", "customer.invoice*"]),
        ("chinook.employee", "employee:reports_to.employee:reports_to", ["employee*", "employee.employee*"]),
        ("chinook.employee", "employee:reports_to,reports_to", ["employee*", "employee_2"]),
        (KUNDEN, '"select"', ["select*"]),
        (SELECT, '"Odd Shop"."Kunden-Größe"', ["Kunden_Größe"]),
        ("odd_2.node", "parent", ["node"]),
        ("odd_2.node", "node:parent", ["node*"]),
        ("odd_2.place", "parcel:receiver_id", ["parcel*"]),
        ("odd_2.parcel", "receiver_id", ["place"]),
        ("odd_2.place", "profile,empty", ["profile", "empty*"]),
        ("odd_2.place", "place:a", ["place*"]),
        ("odd_2.place", "place:friends:b,place:parcel:sender_id", ["place*", "place_2*"]),
        ("odd_2.place", "event.visit", ["event*", "event.visit*"]),
        ("odd_2.event_1", "place,visit", ["place", "visit*"]),
    ],
)
def test_what_a_name_means_and_that_every_way_reads_the_same(
    url: str, table: str, children: str, paths: list[str]
) -> None:
    subject = look_at(table, children)
    relation, size = subject.relation, subject.size
    assert [f"{child.path}{'*' * child.many}" for child in relation.children] == paths
    joined, _, _ = read(subject, COLUMNS)
    truth = from_rows(relation, joined)
    assert {path for _, path, _ in truth} == {"", *(child.path for child in relation.children if child.path != "empty")}
    assert size.joined >= len(joined) >= size.rows
    for way in [way for way in subject.layers if way not in (COLUMNS, DROPPED)]:
        rows, statements, wire = read(subject, way)
        assert (from_arrays if way == ARRAYS else from_entities)(relation, rows) == truth, way
        assert statements == 1 or way in (LAZY, SELECTIN)
        assert len(rows) == size.rows
        assert wire == {ARRAYS: size.rows, JOINED: len(joined)}.get(way, wire)


@pytest.mark.parametrize(
    ("table", "children", "same"),
    [
        ("chinook.artist", ' "album" . TRACK , album', "chinook.album.chinook.track"),
        ("chinook.album", "artist,track.genre", "artist_id,track.genre_id"),
        (SELECT, '"Kunde: Land"', '"Odd Shop"."Kunden-Größe"'),
    ],
)
def test_other_names_mean_the_same(url: str, table: str, children: str, same: str) -> None:
    assert look_at(table, children).relation == look_at(table, same).relation


UNINDEXED = """
CREATE SCHEMA unindexed;
CREATE TABLE unindexed.parent (a integer, b integer, c integer UNIQUE, PRIMARY KEY (a, b));
INSERT INTO unindexed.parent SELECT i, i, i FROM generate_series(1, 2000) AS i;
CREATE TABLE unindexed."Child" (id integer, a integer, "B" integer, c integer REFERENCES unindexed.parent (c),
    FOREIGN KEY (a, "B") REFERENCES unindexed.parent) PARTITION BY RANGE (id);
CREATE TABLE unindexed.first PARTITION OF unindexed."Child" FOR VALUES FROM (0) TO (14000);
CREATE TABLE unindexed.second PARTITION OF unindexed."Child" FOR VALUES FROM (14000) TO (14100);
INSERT INTO unindexed."Child" SELECT i, j, j, j
    FROM generate_series(1, 14050) AS i, LATERAL (SELECT i % 2000 + 1) AS one(j)
"""
BOTH, C = '"Child":a', '"Child":c'


def test_large_table_without_an_index_of_its_key_is_told(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    def told_of(children: str, index: str = "") -> list[str]:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE INDEX own ON {index}".encode() if index else b"SELECT 1")
            sentences = [*slow(look_at("unindexed.parent", children, 100))]
            connection.execute("DROP INDEX IF EXISTS unindexed.own")
        return sentences

    for statement in UNINDEXED.split(";\n"):
        query(url, statement)
    own = 'unindexed."Child"'
    [both], [c] = told_of(BOTH), told_of(C)
    assert both == (
        f'{own} (a, "B") has no index, so each batch of parents reads all of {own}: CREATE INDEX ON {own} (a, "B").'
    )
    assert c == f"{own}.c has no index, so each batch of parents reads all of {own}: CREATE INDEX ON {own} (c)."
    assert told_of(f"{BOTH},{C},{C}.c") == [both, c]
    refused(your_table.main, "unindexed.parent", "--with", C, "--layers", "none", url=url)
    assert capsys.readouterr().err == f"{c}\n", "before anything is read"
    for children, index, line in (
        (BOTH, '{} ("B", a, c)', ""),
        (BOTH, '{} (c, a, "B")', both),
        (BOTH, '{} ("B") INCLUDE (a)', ""),
        (BOTH, '{} ((a + 0), "B")', both),
        (BOTH, '{} (a, "B") WHERE id > 5', both),
        (BOTH, '{} (a, "B") WHERE a IS NOT NULL AND "B" IS NOT NULL', ""),
        (BOTH, '{} USING brin (a, "B")', both),
        (C, "{} USING hash (c)", ""),
        (C, "{} (c) WHERE c IS NOT NULL", ""),
        (C, "unindexed.first (c)", ""),  # what is left is small
        (C, "unindexed.second (c)", c),
    ):
        assert told_of(children, index.format(own)) == [line] * bool(line), index
    query(url, "DROP SCHEMA unindexed CASCADE")


def test_number_of_children_is_counted_before(url: str) -> None:
    for table, children, expected in (
        ("chinook.artist", "album.track", [(120, 3, 1), (595, 15, 1)]),
        ("odd_2.place", "empty,profile", [(0, 0, 0), (25, 1, 1)]),
        ("odd_2.tall", "tall_child", [(MANY + 10, MANY, 1)]),
    ):
        size = look_at(table, children).size
        assert [(one.rows, one.most, one.first) for one in size.children] == expected


@pytest.mark.parametrize(
    ("table", "children", "line"),
    [
        ("chinook.artist", "track", r"no foreign key lies between artist and track: --with takes album$"),
        ("chinook.artist", "name", r"there is no table name at .*; --with takes album$"),
        ("chinook.artist", "albums", r"there is no table albums at .*: is it chinook\.album.*; --with takes album$"),
        ("chinook.artist", "album.artist.foo", r"there is no table foo at .*; --with takes album$"),
        ("chinook.invoice", "customer.foo", r"there is no .*; --with takes invoice, employee$"),
        ("odd_2.alone", "node", r"no .* lies between alone and node: alone has no foreign key, and none refers to it$"),
        (
            "chinook.employee",
            "employee",
            r"the foreign key between employee and employee leads both ways: write employee:reports_to or reports_to$",
        ),
        (
            "odd_2.place",
            "parcel",
            r"several foreign keys lie between place and parcel: write parcel:sender_id or parcel:receiver_id$",
        ),
        ("odd_2.place", "parcel:id", r"no foreign key lies between place and parcel:id: --with takes "),
        ("odd_2.place", "hidden", r"no right to read odd_2\.hidden at .*: grant SELECT on it$"),
        ("odd_2.place", "half_hidden", r"column place_id of half_hidden, a foreign key's, cannot be read: this role"),
        ("SELECT 1", "a", r"a query has no foreign keys: name the table itself"),
        ("chinook.artist", "a..b", r"--with 'a\.\.b' cannot be read: write orders,addresses"),
        ("chinook.artist", "", r"--with '' cannot be read"),
        ("chinook.artist", 'a"b', r"--with .* cannot be read"),
        ("chinook.artist", '"a', r"--with .* cannot be read"),
        ("chinook.artist", "a,", r"--with .* cannot be read"),
        ("chinook.artist", "a\x1b", r"there is no table a\\x1b at "),
        ("chinook.nothing", "a", r"there is no table chinook\.nothing at "),
    ],
)
def test_wrong_names_are_one_line(url: str, table: str, children: str, line: str) -> None:
    with pytest.raises(UserError, match=f"^{line}") as error:
        look_at(table, children, 100)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("table", ["chinook.employee", "odd_2.place", "chinook.track", KUNDEN, SELECT, "odd_2.event"])
def test_what_is_offered_means_one_key(url: str, table: str) -> None:
    with without_values(), connect(url, 60) as connection:
        found = foreign_keys.links(connection, describe(connection, table).oid)
    assert found
    for link in found:
        assert foreign_keys.meaning(foreign_keys.spelled(link, found), found) == [link]


# What is read, and what is left.


def test_every_way_leaves_the_sessions_of_a_pooler_as_they_were(
    url: str, pooled_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", pooled_url)
    with leaves_nothing(url, through=pooled_url, sessions=2):
        subject = look_at("chinook.playlist", "track.genre", 20, count=True)
        for way in subject.layers:
            with opened_by(reading(subject, way)) as reader:
                assert list(reader(8))


def test_parent_with_more_children_than_rows_are_read(url: str) -> None:
    subject = look_at("odd_2.tall", "tall_child")
    assert (subject.size.rows, subject.size.children[0].rows, subject.complete(3)) == (3, MANY + 10, True)
    with opened_by(reading(subject, COLUMNS)) as reader:
        found = measuring.measured(reader, reading(subject, COLUMNS), traced=True)
    assert (found["count"], found["wire_rows"], found["statements"]) == (MANY + 11, MANY + 11, 1)


def test_fewer_parents_are_read_where_they_have_many_children(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "MOST_JOINED", 400)
    subject = look_at("chinook.artist", "album.track")
    assert subject.size.joined <= 400
    assert 10 < subject.size.rows < 60
    assert not subject.complete(subject.size.rows)
    several = look_at("odd_2.tall", "tall_child")
    assert (several.size.rows, several.size.children[0].rows) == (1, 10)
    monkeypatch.setattr(subjects, "MOST_JOINED", 5)
    line = r"^one row of tall alone has too many children: joined, more than 5 rows$"
    with pytest.raises(UserError, match=line):
        look_at("odd_2.tall", "tall_child")


def test_every_way_reads_the_same_sample_of_parents(url: str) -> None:
    subject = look_at("odd_2.spread", "spread_child", 3000)
    relation, size = subject.relation, subject.size
    assert 70 < relation.sample < 80
    assert not subject.complete(size.rows)
    assert 2700 < size.rows < 3300
    truth = from_rows(relation, read(subject, COLUMNS)[0])
    assert max(key for key, _, _ in truth) > (3900,)
    assert from_entities(relation, read(subject, SELECTIN)[0]) == truth
    assert from_entities(relation, read(subject, JOINED)[0]) == truth
    assert from_arrays(relation, read(subject, ARRAYS)[0]) == truth


def test_two_collections_multiply_in_a_join_and_nowhere_else(url: str) -> None:
    subject = look_at("odd_2.place", "parcel:sender_id,event")
    wire = {way: read(subject, way)[2] for way in (SELECTIN, JOINED, COLUMNS, ARRAYS)}
    pairs = "SELECT sum(greatest(1, (SELECT count(*) FROM odd_2.parcel WHERE sender_id = place.id)) * "
    pairs += "greatest(1, (SELECT count(*) FROM odd_2.event WHERE place_id = place.id))) FROM odd_2.place"
    [(product,)] = query(url, pairs)
    assert wire == {SELECTIN: 30 + 60 + 400, JOINED: product, COLUMNS: product, ARRAYS: 30}
    assert subject.size.joined == product


def test_value_that_cannot_be_read_is_told_with_its_column(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subject = look_at("odd_2.place", "late")
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "output.json"))
    for way in (SELECTIN, COLUMNS):
        with pytest.raises(UserError, match=r"^psycopg cannot read a value of column due \(DataError\)$"):
            write(reading(subject, way))


@pytest.mark.parametrize(
    ("table", "children", "found", "there", "failing"),
    [
        ("odd_2.padded", "unpadded", 0, 30, (LAZY, SELECTIN, DROPPED)),
        ("odd_2.unpadded", "padded", 0, 30, (SELECTIN, DROPPED)),
        ("odd_2.months", "days", 33, 60, (LAZY, SELECTIN, DROPPED)),
        ("odd_2.upper", "lower", 0, 30, (SELECTIN, DROPPED)),
        ("odd_2.decimals", "whole", 30, 30, ()),
    ],
)
def test_way_that_finds_other_children_than_the_server_fails(
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    table: str,
    children: str,
    found: int,
    there: int,
    failing: tuple[str, ...],
) -> None:
    """Keys may be equal on the server, and differ as parameters or in Python."""
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "output.json"))
    subject = look_at(table, children)
    assert subject.size.children[0].rows == there
    for way in (LAZY, SELECTIN, JOINED, DROPPED):
        if way not in failing:
            write(reading(subject, way))
            continue
        with pytest.raises(UserError, match=rf"^it finds {found} rows of {children} where the server has {there}, "):
            write(reading(subject, way))


def test_tables_without_a_key_are_read_as_columns_alone(url: str) -> None:
    subject = look_at("odd_2.place", "keyless")
    assert subject.layers == [COLUMNS, ARRAYS]
    with pytest.raises(UserError, match=r"^no way's name has 'joined': an entity needs a key, and keyless: it has nei"):
        chosen(subject, "joined")
    assert chosen(subject, "") == subject.layers
    to_one = look_at("odd_2.parcel", "sender_id")
    assert to_one.layers == [LAZY, SELECTIN, JOINED, DROPPED, COLUMNS]


def test_wide_values_are_as_psycopg_has_them_but_for_arrays_and_types_it_does_not_know(url: str) -> None:
    subject = look_at(KUNDEN, '"select"')
    [child] = subject.relation.children
    casts = {name: cast for name, cast in child.casts.items() if cast}
    assert casts == {"tags": "jsonb_agg", "state": "::text", "total": "::numeric"}
    rows, _, _ = read(subject, COLUMNS)
    places = [number for number, column in enumerate(child.relation.columns, 3)]
    plain = {tuple(map(repr, row[3:])) for row in rows if row[5] is not None}
    arrays, _, _ = read(subject, ARRAYS)
    assert "; `select.tags` as JSON; `select.state` as text." in "\n".join(told(subject, made_up()))
    unpacked = {
        tuple(map(repr, one)) for row in arrays if row[5] for one in zip(*(row[place] for place in places), strict=True)
    }
    assert unpacked == plain


# What is measured, printed and advised.


def made_up(**changed: dict[str, Any]) -> Figures:
    """Return figures for advice, in which two collections multiply; `joined={...}` changes those of a way."""
    default = {
        DROPPED: Figure(1000, 60.0, 2**20, 2 * 2**20, 1.5, traced_peak=400.0, rows=5000, statements=4),
        ARRAYS: Figure(
            1000, 900.0, 20 * 2**20, 24 * 2**20, 0.2, objects=1000, traced_peak=950.0, rows=1000, statements=1
        ),
        COLUMNS: Figure(1000, 1500.0, 2**25, 2**25, 0.2, objects=4000, traced_peak=1600.0, rows=4000, statements=1),
        SELECTIN: Figure(1000, 5900.0, 2**26, 2**26, 2.0, objects=1000, traced_peak=6100.0, rows=5000, statements=3),
        JOINED: Figure(1000, 5700.0, 2**26, 2**27, 2.0, objects=1000, traced_peak=12_000.0, rows=8000, statements=1),
        LAZY: Figure(
            1000, 6100.0, 2**26, 2**26, 8.0, objects=1000, traced_peak=6200.0, rows=5000, statements=1001, sample=100
        ),
    }
    return Figures({way: replace(one, **changed.get(way, {})) for way, one in default.items()})


@pytest.fixture(scope="module")
def artists(url: str) -> Subject:
    """Return artists with their albums and tracks, as if they were enough to advise by."""
    subject = look_at("chinook.artist", "album.track", count=True)
    return replace(subject, size=replace(subject.size, rows=1000), total=4000, asked=1000, limit=1000)


def printed(subject: Subject, found: Figures, capsys: pytest.CaptureFixture[str]) -> str:
    show(subject, found)
    return capsys.readouterr().out


def test_what_is_printed(artists: Subject, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(artists, made_up(), capsys)
    assert "\n1,000 rows of `chinook.artist` with album, album.track\n" in text
    for line in (
        "| selectin, dropped | none | 400 | 1.0 | 2.0 | 1.50 | 5.0 | 4 |  | 6.0 |",
        "| joined | 5,700 | 12,000 | 64.0 | 128.0 | 2.00 | 8.0 | 1 | 256.0 | 8.0 |",
        "- album.track: 0.6 per parent on average, 15 at most, along `track.album_id = album.album_id`.",
        "- Parents in all: 4,000, counted.",
        "- lazy: measured of 100 parents, chosen evenly, and extrapolated to 1,000.",
        "selectinload instead of lazy loading: 1,001 → 3 statements, 8.00 → 2.00 s.",
        "selectinload, as above, instead of joinedload: 12,000 → 6,100 bytes per parent at the peak, 2.00 → 2.00 s, "
        "8,000 → 5,000 rows on the wire.",
        "One row a parent, with arrays, instead of entities: 5,700 → 900 bytes per parent, 6.3 times less.",
        "Do you need all parents at once? If not, read them in batches, and keep none: 64.0 → 2.0 MiB at the peak; "
        "two batches of 1,000 are all that was read, while all 4,000 parents would take 23 MiB, and batches no more "
        "than these.",
    ):
        assert f"\n{line}\n" in text, line
    slow = replace(artists, unindexed=(("chinook.album", ("artist_id",)),))
    column, table, index = "chinook.album.artist_id", "chinook.album", "CREATE INDEX ON chinook.album (artist_id)"
    line = f"- `{column}` has no index, so each batch of parents reads all of `{table}`: `{index}`."
    assert f"\n{line}\n" in printed(slow, made_up(), capsys)
    told = json.loads(json.dumps(as_json(slow, made_up()), allow_nan=False))
    assert told["notes"] == [line.removeprefix("- ").replace("`", "")]
    assert told["ways"]["joined"]["traced_peak"] == 12_000
    assert [child["relation"] for child in told["children"]] == ["chinook.album", "chinook.track"]
    assert told["children"][1]["along"][0]["there"] == ["album_id"]


def test_joined_is_advised_where_it_takes_less(artists: Subject, capsys: pytest.CaptureFixture[str]) -> None:
    found = made_up(joined={"traced_peak": 6000.0, "seconds": 1.0})
    text = printed(artists, found, capsys)
    assert "\njoinedload instead of selectinload: 6,100 → 6,000 bytes per parent at the peak, 2.00 → 1.00 s, " in text
    assert "session.scalars(statement).unique()" in text
    alike = printed(artists, made_up(joined={"traced_peak": 6000.0}), capsys)
    assert "joinedload instead" not in alike
    assert "instead of joinedload" not in alike
    unseen = {way: figure for way, figure in found.by_layer.items() if way not in (SELECTIN, DROPPED)}
    assert "selectinload(" not in printed(artists, Figures(unseen, {SELECTIN: "it finds 0 rows"}), capsys)
    few = replace(artists, size=Size(1000, 1000, tuple(replace(one, rows=0) for one in artists.size.children)))
    few_figures = {way: replace(figure, count=999) for way, figure in made_up().by_layer.items()}
    assert "`" * 3 not in printed(few, Figures(few_figures), capsys)


def test_lazy_figures_are_those_of_a_sample_multiplied(artists: Subject) -> None:
    traced: Any = {"count": 100, "traced": 6000 * 100, "traced_peak": 7000 * 100, "objects": 100}
    traced |= {"statements": 101, "wire_rows": 500}
    untraced: Any = {"count": 100, "kept": 10, "peak": 20, "seconds": 0.5}
    lazy = figure(READERS[LAZY], traced, untraced, artists)
    assert (lazy.traced, lazy.traced_peak, lazy.kept, lazy.peak, lazy.seconds) == (6000, 7000, 100, 200, 5.0)
    assert (lazy.statements, lazy.rows, lazy.sample, lazy.count) == (1010, 5000, 100, 1000)
    few = replace(artists, size=replace(artists.size, rows=10))
    rows = figure(READERS[COLUMNS], traced, untraced, few)
    assert (rows.traced, rows.kept, rows.sample, rows.count) == (60_000, 10, 0, 10)


def test_what_libpq_cannot_count_is_not_counted(artists: Subject, capsys: pytest.CaptureFixture[str]) -> None:
    """It has no trace but on Linux: nothing is told that follows from what was counted."""
    uncounted = {way: replace(one, rows=None, statements=None) for way, one in made_up().by_layer.items()}
    text = printed(artists, Figures(uncounted), capsys)
    assert "| joined | 5,700 | 12,000 | 64.0 | 128.0 | 2.00 | not counted | not counted | 256.0 | 8.0 |" in text
    assert "bytes per parent at the peak, 2.00 → 2.00 s.\n" in text
    assert "instead of lazy loading" not in text
    assert as_json(artists, Figures(uncounted))["ways"][JOINED]["rows"] is None


def test_lazily_some_parents_are_read_over_all_of_them(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children_as_entities, "LAZY_PARENTS", 10)
    rows, statements, _ = read(look_at("chinook.artist", "album"), LAZY)
    assert (statements, [row.artist_id for row in rows]) == (11, list(range(6, 61, 6)))


def test_lazily_all_parents_are_read_that_share_children(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of them would each read a child that all of them read once."""
    monkeypatch.setattr(children_as_entities, "LAZY_PARENTS", 2)
    for table, children, some in (
        ("chinook.employee", "reports_to", False),
        ("chinook.employee", "employee:reports_to", False),
        ("chinook.album", "track.genre_id", False),
        ("chinook.playlist", "track", False),
        ("chinook.artist", "album.track", True),
    ):
        subject = look_at(table, children)
        rows, statements, _ = read(subject, LAZY)
        assert (len(rows) < subject.size.rows) == some, children
        assert statements == 1 or children != "reports_to"


class Base(DeclarativeBase):
    """The base of classes as their owner would write them."""


def test_advised_code_runs_with_the_reader_s_own_classes(url: str, artists: Subject) -> None:
    class Track(Base):
        __table__ = Table(
            "track",
            Base.metadata,
            Column("track_id", Integer, primary_key=True),
            Column("album_id", ForeignKey("chinook.album.album_id")),
            schema="chinook",
        )

    class Album(Base):
        __table__ = Table(
            "album",
            Base.metadata,
            Column("album_id", Integer, primary_key=True),
            Column("artist_id", ForeignKey("chinook.artist.artist_id")),
            schema="chinook",
        )
        track = relationship(Track)

    class Artist(Base):
        __table__ = Table("artist", Base.metadata, Column("artist_id", Integer, primary_key=True), schema="chinook")
        album = relationship(Album)

    runs(url, artists, {"Artist": Artist, "Album": Album, "Track": Track})


@pytest.mark.parametrize(
    ("table", "children"),
    [(KUNDEN, '"select"'), ("odd_2.node", "node:parent,parent"), ("chinook.customer", "invoice.track,employee")],
)
def test_advised_code_runs_whatever_the_names(url: str, table: str, children: str) -> None:
    subject = look_at(table, children)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        mapped = Mapped(subject.relation, connection)
    names = code.classes(subject.relation)
    runs(url, subject, {names[oid]: kind for oid, kind in mapped.classes.items()})


def runs(url: str, subject: Subject, names: dict[str, Any]) -> None:
    """Run all codes that may be printed, with and without asyncio, and compare what they read."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    asynchronous = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    relation = subject.relation
    everything = replace(subject, size=Size(10_000, 10_000))
    truth = from_rows(relation, read(everything, COLUMNS)[0])
    for made, families in (
        (code.batches, from_entities),
        (code.at_once, from_entities),
        (code.of_join, from_rows),
        (code.of_arrays, from_arrays),
    ):
        source = made(relation)
        if made is code.batches:
            to_many = [child.link.to_many for child in relation.children]
            assert ("joinedload" in source, "selectinload" in source) == (not all(to_many), any(to_many))
        defined = executed(source, **names)
        defined["read"](engine)
        assert families(relation, defined["found"]) == truth, made  # the session is closed: all is loaded
        if "read_async" in defined:
            defined["found"].clear()
            asyncio.run(defined["read_async"](asynchronous))
            assert families(relation, defined["found"]) == truth, made


def test_options_of_long_names_fit_the_lines(artists: Subject) -> None:
    long = "long_" * 12
    children = tuple(replace(child, attribute=f"{long}xyz") for child in artists.relation.children)
    relation = replace(artists.relation, name=f"{long}abc", children=children)
    for text in (code.batches(relation), code.at_once(relation)):
        ast.parse(text)
        assert max(map(len, text.splitlines())) <= 80


def test_the_command_measures_in_fresh_processes(url: str) -> None:
    process = run(
        "your_table.py", "chinook.playlist", "--with", "track", "--layers", "arrays,dropped", "--json", url=url
    )
    assert process.returncode == 0, process.stderr
    told = json.loads(process.stdout)
    assert (told["parents"], told["all_parents"], told["left_out"]) == (8, 8, {})
    assert (told["children"][0]["rows"], told["children"][0]["most"]) == (1470, 600)
    arrays, dropped = told["ways"][ARRAYS], told["ways"][DROPPED]
    assert (arrays["rows"], arrays["statements"], arrays["sample"]) == (8, 1, 0)
    assert (dropped["rows"], dropped["statements"], dropped["objects"]) == (8 + 1470, 2, 0)
    # Each value of a track is an object, or shared: no name takes less than 48 bytes.
    assert 8 * arrays["traced"] > 1470 * 48
    assert arrays["traced_peak"] >= arrays["traced"] > dropped["traced"]
    assert SECRET not in process.stdout
    line = refused(your_table.main, "chinook.playlist", "--with", "genre", url=url)
    assert line == "no foreign key lies between playlist and genre: --with takes playlist_track, track"


def test_output_fits_80_columns() -> None:
    quotes = {"s": "s", "t": "t[bold]", "a": "a"}
    relation = Relation("", (ReadColumn("a", "a", "int"),), "s", "t", ("a",), quotes=quotes, alias="t")
    link = Link((Step(Found(1, "s", "t"), ("a",), ("a",)),), True)
    relation = replace(relation, children=(Child(0, link, relation, True, "t", "t", ("t",), ("t_a",), {"a": ""}),))
    subject = Subject(relation, 1000, 1000, Size(1000, 1000, (ChildSize(9, 9, 1),)), 4000)
    text = ESCAPES.sub("", in_terminal(lambda: show(subject, made_up()), 80))
    drawn, _, _ = text.partition("from sqlalchemy import")
    assert max(len(line.rstrip()) for line in drawn.splitlines()) <= 80
    assert "rows of s.t[bold]" in text
    assert re.search(r"joined +5,700 +12,000 +64\.0 +128\.0 +2\.00 +8\.0 +256\.0 +8\.0", text)
    assert "do not fit" not in text


def test_peak_that_cannot_begin_anew_is_at_least_the_growth(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    selectin = reading(look_at("chinook.artist", "album"), SELECTIN)
    monkeypatch.setattr(measuring, "reset_peak", lambda: None)
    for before, after in ((10**12, 10**12), (10**12, 10**12 + 5)):
        peaks = iter((before, after))
        monkeypatch.setattr(measuring, "peak_rss", lambda peaks=peaks: next(peaks))
        with opened_by(selectin) as reader:
            found = measuring.measured(reader, selectin, traced=False)
        assert (found["peak"] < 10**9) == (before == after)
        assert found["peak"] >= found["kept"]
