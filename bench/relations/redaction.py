"""Why something failed, in one line that holds no value of any row, though messages quote them.

No text of the server's is passed on from a statement that ran, for a function can raise what it likes under any code;
what is told of it is the code, if it is one of PostgreSQL's own. What the server says before a statement runs, of its
words and the catalog's, is passed on in `bench.relations.statements`.
"""

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.errors import UserError, address, explain, visible

# What a code, or its class, means to one who reads (https://www.postgresql.org/docs/current/errcodes-appendix.html).
MEANINGS = {
    "08P01": "the pooler has no connection to its server, or ended this one",
    "08": "another server, which it reads from, cannot be reached",
    "57014": "a statement took longer than --timeout allows, or was cancelled",
    "57P": "the server ended the connection",
    "25P0": "the server ended the transaction, for it took too long",
    "55P03": "another session has locked it for longer than lock_timeout",
    "42501": "no right to read it (grant SELECT on all that it reads)",
    "25006": "it writes, and may only read",
    "42883": "a function is missing, as for a type that has no binary form",
}
# What psycopg raises itself, of the connection and of its address: else it quotes values.
CONNECTION = (psycopg.OperationalError, psycopg.ProgrammingError)
DRIVERS = ("psycopg", "asyncpg", "adbc_driver_manager")
# What ends a process from outside. Other errors that are no Exception are libraries' own: a panic of Rust's is none.
INTERRUPTS = (KeyboardInterrupt, GeneratorExit)


@contextmanager
def without_values(columns: Sequence[str] = ()) -> Iterator[None]:
    """Raise every error inside as a UserError that holds no value; `columns` are the names of a row's fields."""
    try:
        yield
    except INTERRUPTS:
        raise
    except BaseException as error:
        raise UserError(reason(error, columns)) from None


@contextmanager
def silent() -> Iterator[None]:
    """Let nothing inside write to standard error: a panic, or an error in a finalizer, may be told with a value."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def connecting() -> Iterator[None]:
    """Raise every error inside as a UserError, with the driver's own text, for no statement has run yet."""
    try:
        yield
    except Exception as error:
        raise UserError(explain(error) or reason(error, ())) from None


def reason(error: BaseException, columns: Sequence[str]) -> str:
    if told := meaning(error, columns):
        return told
    trace = error.__traceback__
    error = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's error
    if (driver := driver_of(error)) in DRIVERS:
        return f"{driver} cannot read one of the values ({type(error).__name__})"
    frame = traceback.extract_tb(error.__traceback__ or trace)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"


def meaning(error: BaseException, columns: Sequence[str]) -> str:
    """Return in one line why it failed; nothing where its class and its place are all that can be told of it."""
    error = getattr(error, "orig", None) or error
    if driver_of(error) in DRIVERS and not is_of_connection(error):
        state = getattr(error, "sqlstate", None)
        return of_the_server(state) if state else ""
    if isinstance(error, (UserError, ImportError)) or is_of_connection(error):
        return explain(error) or ""
    if hasattr(error, "errors") and type(error).__module__.startswith("pydantic"):
        [first, *_] = error.errors(include_url=False, include_context=False, include_input=False)
        # The first part of the location is a field's name or its position, those below it may be a dict's keys.
        [place] = first["loc"][:1] or ["the row"]
        column = visible(columns[place] if isinstance(place, int) else place)
        return f"Pydantic refuses a value of {column} ({first['type']}), whose class is taken from the first rows"
    if isinstance(error, TypeError) and "unhashable" in str(error):
        return "a value of its key cannot be hashed there"
    return ""


def is_of_connection(error: BaseException) -> bool:
    """Return whether a driver raises it itself, of the connection or its address."""
    if driver_of(error) == "asyncpg":  # it gives its own errors codes, and no severity
        return str(getattr(error, "sqlstate", "")).startswith("08") and not getattr(error, "severity", None)
    return isinstance(error, (TimeoutError, *CONNECTION)) and not getattr(error, "sqlstate", None)


def driver_of(error: BaseException) -> str:
    """Return the package whose error it is."""
    return type(error).__module__.partition(".")[0]


def of_the_server(state: str) -> str:
    """Return what an error of the server's is, from its SQLSTATE alone."""
    try:
        kind = f"{psycopg.errors.lookup(state).__name__.rstrip('_')} ({state})"
    except KeyError:  # five characters that somebody chose
        kind = "an error of a function's own"
    said = f"the database at {address()} says {kind}"
    meaning = next((text for code, text in MEANINGS.items() if state.startswith(code)), "")
    return f"{meaning}: {said}" if meaning else f"{said}; its text may hold values"
