"""What is published of writing: the sentences of its page about what each way takes hold."""

import pytest

from bench import results, seeds
from bench.runs import bytes_of_values
from bench.studies.writing.measure import AT_ONCE, MORE_ROWS, UNSEEN
from bench.studies.writing.page import figures
from bench.studies.writing.ways import WaysToWrite
from common import MIB

SESSION, ENGINE = "sync_sqlalchemy_session", "sync_sqlalchemy_engine"


@pytest.fixture(scope="module")
def ways() -> WaysToWrite:
    """Return what is stored."""
    return figures(results.load("writing"))


def test_all_rows_were_written(ways: WaysToWrite) -> None:
    assert ways.header["rows"] == seeds.ROWS
    for way in ways.by_name.values():
        assert way.crossed is None or way.crossed.statements >= 1, way.scenario.name


def test_copy_takes_least_and_stays_flat(ways: WaysToWrite) -> None:
    copy = ways["sync_psycopg_copy"]
    assert [*copy.peaks] == [seeds.ROWS, *MORE_ROWS]
    assert max(copy.peaks.values()) < 2 * MIB
    for name in (f"{ENGINE}_copy", "async_sqlalchemy_session_copy", "async_asyncpg_copy", "sync_psycopg_executemany"):
        assert ways[name].peak < 100, name
    for name in (f"{SESSION}_add_all", f"{SESSION}_insert", f"{ENGINE}_insert", f"{ENGINE}_text"):
        assert ways[name].costs.peak.value > 40 * max(copy.costs.peak.value, MIB), name


@pytest.mark.parametrize("how", ["flush_alone", "flush", "commit", "insert_batches"])
def test_batches_take_what_a_batch_takes(ways: WaysToWrite, how: str) -> None:
    assert ways[f"{SESSION}_{how}"].peak < 0.1 * ways[f"{SESSION}_add_all"].peak
    assert ways[f"{SESSION}_{how}"].costs.peak.value < 10 * MIB


def test_all_at_once_from_most_to_least(ways: WaysToWrite) -> None:
    names = (f"{SESSION}_add_all_server_key", f"{SESSION}_add_all", f"{SESSION}_insert", f"{ENGINE}_insert")
    peaks = [ways[name].peak for name in names]
    assert peaks == sorted(peaks, reverse=True)
    assert ways[f"{SESSION}_insert_returning"].peak > 1.5 * ways[f"{SESSION}_insert"].peak


def test_the_statement_cache_keeps_text_with_its_placeholders_and_no_values(ways: WaysToWrite) -> None:
    assert ways[f"{ENGINE}_text"].costs.per_row > 4 * ways[f"{ENGINE}_values"].costs.per_row + 100


def test_upserts_and_changes_by_batches_statements_and_copy_take_less(ways: WaysToWrite) -> None:
    values, batches, copy = (ways[name] for name in (f"{ENGINE}_upsert_values", f"{ENGINE}_upsert_batches", COPY))
    assert max(batches.peak, copy.peak) < 0.3 * values.peak
    for how in ("update", "delete"):
        assert ways[f"{SESSION}_{how}_statement"].peak < 0.01 * ways[f"{SESSION}_{how}"].peak
    assert ways[f"{SESSION}_update_batches"].peak < 0.1 * ways[f"{SESSION}_update"].peak


COPY = "sync_psycopg_upsert_copy"


@pytest.mark.parametrize("name", AT_ONCE)
@pytest.mark.parametrize("table", UNSEEN)
def test_unseen_tables_are_predicted_within_two_percent(ways: WaysToWrite, name: str, table: str) -> None:
    way = ways.by_name[name]
    assert way.predicted(table) == pytest.approx(way.in_flight[table], rel=0.02)


def test_a_script_s_rows_are_predicted_from_their_columns(ways: WaysToWrite) -> None:
    values = bytes_of_values(seeds.ROWS) / seeds.ROWS
    for name in AT_ONCE:
        way = ways.by_name[name]
        assert way.peak == pytest.approx(way.overhead("3") + values, rel=0.03), name
