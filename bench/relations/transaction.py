"""The one transaction in which all reading lies: it can only read, and it leaves nothing on the server.

A pooler gives a session to others after each transaction, so nothing that outlives one is used: no setting but for the
transaction, no named prepared statement, no startup `options`, which poolers refuse. If the process dies, the server
rolls back.
"""

import os
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.errors import UserError, address

# What decides which rows are read, in which order, and how their values are written: the same in every layer. No scan
# joins another session's in the middle of the table, no worker hands in its rows between others', no cursor has a plan
# of its own.
READING = {
    "synchronize_seqscans": "off",
    "max_parallel_workers_per_gather": "0",
    "cursor_tuple_fraction": "1",
    "client_encoding": "UTF8",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "row_security": "on",
}
# What would end the transaction while its client adds up what it has read.
WAITING = dict.fromkeys(("idle_in_transaction_session_timeout", "lock_timeout", "transaction_timeout"), "0")
# What a function says beside its result may hold values.
SILENT = {"client_min_messages": "error"}
# A network that is cut is noticed within a minute, in seconds and milliseconds of libpq's: else within two hours.
CUT = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
# A statement that runs long ends soon after its client; not every system can notice that, and others refuse it.
NOTICING, NOTICES = {"client_connection_check_interval": "2s"}, "linux"


def settings(timeout: int) -> str:
    """Return the SQL that sets all of it for the rest of the transaction, as far as the server knows it.

    `timeout` is how many seconds a statement may take. Names and units are those of `SET`.
    """
    wanted = READING | WAITING | SILENT | NOTICING | {"statement_timeout": f"{timeout}s"}
    values = ", ".join(f"('{name}', '{value}')" for name, value in wanted.items())
    return (
        f"SELECT pg_catalog.set_config(wanted.name, value, true) FROM (VALUES {values}) AS wanted(name, value) "
        "JOIN pg_catalog.pg_settings ON pg_catalog.lower(pg_settings.name) OPERATOR(pg_catalog.=) wanted.name "
        f"WHERE wanted.name OPERATOR(pg_catalog.<>) ALL ('{{{','.join(NOTICING)}}}') "
        f"OR pg_catalog.version() OPERATOR(pg_catalog.~) '{NOTICES}'"
    )


def conninfo(url: str) -> str:
    """Return the address for libpq, with time limits for what does not answer, and without an encoding of the client's.

    The transaction sets the encoding; what is asked for here would be set on a pooler's session, and stay. Raises
    psycopg.Error, and UserError where the address is no text.
    """
    if url.encode(errors="ignore").decode() != url:
        raise UserError("DATABASE_URL is no text in UTF-8")
    parameters: dict[str, Any] = {"connect_timeout": 10, **CUT, **conninfo_to_dict(url)}
    if "client_encoding" in parameters or "PGCLIENTENCODING" in os.environ:
        parameters["client_encoding"] = "UTF8"
    return make_conninfo(**parameters)


def connect(url: str, timeout: int) -> "psycopg.Connection[Any]":
    """Return a connection inside of that transaction. Raises psycopg.Error, and UserError where a pooler has none."""
    connection = psycopg.connect(conninfo(url), prepare_threshold=None)
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # so that all statements see the same rows
    try:
        connection.execute(settings(timeout).encode())
    except psycopg.Error as error:
        connection.close()
        if "statement pooling" in str(error):
            raise UserError(
                f"the pooler at {address()} pools by statement, and reading takes a transaction: "
                "name in DATABASE_URL the server itself, or a pool by transaction or session"
            ) from None
        raise
    return connection
