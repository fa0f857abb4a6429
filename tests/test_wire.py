"""What crosses the wire, as libpq's trace tells it."""

import psycopg

from bench import process, wire
from bench.scripts import Scenario
from bench.studies.relationships.measure import wire_jobs
from tests.support import ROWS, query

CUSTOMERS, ORDERS, ADDRESSES = ROWS // 5, 4, 2


def test_libpq_counts_what_crosses_the_wire(schema_url: str) -> None:
    query(schema_url, "CREATE TABLE here AS SELECT generate_series(1, 300) AS id")
    counter = wire.Counter()
    with psycopg.connect(schema_url) as connection:
        counter.count(connection.pgconn)
        assert len(connection.execute("SELECT id FROM here").fetchall()) == 300
        connection.execute("SELECT repeat('x', %s)", [2**18])
        connection.commit()
        connection.pgconn.untrace()
    traffic = counter.end()
    assert traffic["rows"] == 301
    assert traffic["statements"] == 4  # BEGIN, both, COMMIT
    assert 2**18 + 300 * 7 < traffic["bytes"] < 2**18 + 2**14


def test_a_statement_s_text_is_no_message() -> None:
    lines = [b'F\t43\tQuery\t "SELECT 1 AS\n', b'B"\n', b"B\t11\tDataRow\t 1 1 '1'\n", b"B\t5\tReadyForQuery\t I\n"]
    assert wire.counted(lines) == {"statements": 1, "fetches": 0, "rows": 1, "bytes": 12 + 6, "sent": 44}


def test_what_crosses_the_wire_is_counted_in_a_process_of_its_own(database: str) -> None:
    joined = Scenario("relationships.run_sync_sqlalchemy_session_two_joined")
    [outcome] = process.succeeded(process.run(wire_jobs([joined])))
    assert outcome.output["wire"]["rows"] - CUSTOMERS * ORDERS * ADDRESSES in range(10)
