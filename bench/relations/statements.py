"""What the server knows of a statement before it runs: the columns it gives, or why it cannot run.

Parsing and describing (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY) read no row
and plan nothing, so that no function of a database runs either, and an error's text holds nothing but the statement's
own words and names from the catalog.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import generators
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from bench.errors import UserError, address, visible
from bench.relations.redaction import of_the_server

# https://www.postgresql.org/docs/current/errcodes-appendix.html
SYNTAX_ERROR, UNDEFINED_TABLE, INDETERMINATE_DATATYPE = "42601", "42P01", "42P18"
NOT_SUPPORTED, CANCELED = "0A000", "57014"
# The statement is not why it failed: another session has a lock, time is up, or the server ends.
OTHER_CAUSES = ("55", "57", "25P")
PARAMETER = "the query has a parameter, $1: write a value in its place"
NO_QUERY = (
    "that is no query that can stand after FROM: give a SELECT (without INTO), VALUES or TABLE, or WITH before it, "
    "and nothing that writes"
)
BEFORE = "SELECT * FROM ("


@dataclass(frozen=True)
class Field:
    """A column that a statement gives: its type's number, and which column of which table it is, if of any (else 0).

    `modifier` says more of the type, such as how long a text may be; -1 says nothing.
    """

    name: str
    type: int
    table: int
    number: int
    modifier: int = -1


class StatementError(UserError):
    """The server does not take a statement: `sqlstate` says why, `position` that of the cause from 0 on, or -1."""

    def __init__(self, error: psycopg.Error, position: int) -> None:
        self.sqlstate, self.position = error.sqlstate or "", position
        first = (error.diag.message_primary or "").partition("\n")[0]
        if error.diag.context:  # a function ran all the same, as a domain's check does for a literal
            first = f"{type(error).__name__} ({self.sqlstate})"
        if self.sqlstate == SYNTAX_ERROR and error.diag.source_function == "exec_parse_message":
            line = "that is more than one statement: give one query"
        elif self.sqlstate == INDETERMINATE_DATATYPE:
            line = PARAMETER
        elif self.sqlstate.startswith(OTHER_CAUSES):
            line = of_the_server(self.sqlstate)
        else:
            line = f"the database at {address()} says: {visible(first)}"
        super().__init__(line)


def described(connection: "psycopg.Connection[Any]", statement: str) -> list[Field]:
    """Return the columns that a statement would give, in the open transaction. Raises StatementError and UserError."""
    server, text = connection.pgconn, statement.encode()
    with connection.transaction():  # a savepoint, so that a refusal does not end the transaction
        server.send_prepare(b"", text)
        [result] = connection.wait(generators.execute(server))
        if result.status != ExecStatus.FATAL_ERROR:
            server.send_describe_prepared(b"")
            [result] = connection.wait(generators.execute(server))
        if result.status == ExecStatus.FATAL_ERROR:
            error = error_from_result(result, "utf-8")
            position = int(error.diag.statement_position or 0) - 1
            if server.parameter_status(b"server_encoding") == b"SQL_ASCII":  # there it counts bytes
                position = len(text[: max(position, 0)].decode(errors="ignore"))
            raise StatementError(error, position)
    if result.nparams:
        raise UserError(PARAMETER)
    return [
        Field((result.fname(i) or b"").decode(), result.ftype(i), result.ftable(i), result.ftablecol(i), result.fmod(i))
        for i in range(result.nfields)
    ]


def subquery(connection: "psycopg.Connection[Any]", text: str) -> str:
    """Return a query as it stands after FROM. Raises UserError where the text is none, or more than one.

    What is one statement by itself cannot end the parentheses around it. Where the server meets a semicolon between
    them, the query ends there, for only comments follow.
    """
    if not described(connection, text):
        raise UserError("that gives no columns, so that there is nothing to measure: name a table, or give a SELECT")
    try:
        described(connection, f"{BEFORE}{text}\n) AS relation")
    except StatementError as refused:
        end = refused.position - len(BEFORE)
        if end > 0 and text[end : end + 1] == ";":
            return subquery(connection, text[:end])
        # WITH … DELETE … RETURNING is a statement, but none that stands in parentheses
        raise UserError(NO_QUERY) if refused.sqlstate in (SYNTAX_ERROR, NOT_SUPPORTED) else refused from None
    return f"({text}\n)"


def query(connection: "psycopg.Connection[Any]", text: str) -> str:
    """Return a query as it stands after FROM. Raises UserError where the text is none."""
    try:
        return subquery(connection, text)
    except StatementError as refused:
        if refused.sqlstate != SYNTAX_ERROR or refused.position != 0:
            raise
        raise UserError(f"{visible(text)} is neither a table's name, quoted as in SQL, nor a query") from None
