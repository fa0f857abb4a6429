"""What crosses the wire: the relay leads to the same server, and counts what goes through it."""

from contextlib import nullcontext
from typing import Any

import psycopg
import pytest

from bench import processes, turns, wire
from bench.processes import Measured, Outcome
from bench.scripts import Scenario
from bench.studies.relationships import measure
from bench.studies.relationships.measure import wire_jobs
from tests.support import ROWS, port_of, query

CUSTOMERS, ORDERS, ADDRESSES = ROWS // 5, 4, 2


@pytest.mark.parametrize("size", [1, 4, 5, 6, 1000])
def test_messages_are_counted_however_the_stream_is_cut(size: int) -> None:
    bodies = [b"", b"D", b"Z" * 3, b"DZ" * 50]
    stream = b"".join(
        kind + (4 + len(body)).to_bytes(4, "big") + body for body in bodies for kind in (b"D", b"Z", b"T")
    )
    messages = wire.Messages()
    found = b"".join(messages.begun_in(stream[start : start + size]) for start in range(0, len(stream), size))
    assert found == b"DZT" * len(bodies)


def test_first_message_of_a_session_has_no_kind() -> None:
    messages = wire.Messages(b"\0")
    assert messages.begun_in((9).to_bytes(4, "big") + b"DZDZD" + b"Q" + (5).to_bytes(4, "big") + b"D") == b"\0Q"


@pytest.mark.parametrize("parameters", ["", "&host=localhost&connect_timeout=9"])
def test_relay_leads_to_the_same_server_and_counts_what_it_sends(schema_url: str, parameters: str) -> None:
    query(schema_url, "CREATE TABLE here AS SELECT generate_series(1, 300) AS id")
    with wire.counted(schema_url + parameters) as (through, traffic):
        with psycopg.connect(through) as connection:
            assert len(connection.execute("SELECT id FROM here").fetchall()) == 300
            connection.execute("SELECT repeat('x', %s)", [2**18])
        assert port_of(through) != port_of(schema_url)
    assert traffic["rows"] == 301
    assert traffic["statements"] == 4  # BEGIN, both, COMMIT
    assert traffic["round_trips"] == 1 + 4  # connecting
    assert 2**18 + 300 * 7 < traffic["bytes"] < 2**18 + 2**14


def test_what_crosses_the_wire_is_counted_in_a_process_of_its_own(database: str) -> None:
    joined = Scenario("relationships.run_sync_sqlalchemy_session_two_joined")
    [outcome] = processes.succeeded(processes.run(wire_jobs([joined])))
    assert outcome.output["wire"]["rows"] - CUSTOMERS * ORDERS * ADDRESSES in range(10)


def test_what_cannot_be_counted_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    one = Scenario("relationships.run_sync_sqlalchemy_session_customers")
    record = {"took": {}, "console": ""}
    found = {one.name: Measured(record, 5, {}, [])}
    failed = Outcome(wire_jobs([one])[0], error="the server does not let this user in")
    monkeypatch.setattr(measure, "one_row_table", lambda: nullcontext(""))
    monkeypatch.setattr(turns, "measure", lambda *_: (found, []))
    monkeypatch.setattr(processes, "run", lambda _: [failed])
    [measured] = measure.measure([one.name], 1, False)
    assert measured[one.name].record["wire"] is None
    assert capfd.readouterr().err == f"{one.name} failed: {failed.error}: what crosses the wire is left out\n"
