"""Why something failed, in one line that holds no value of any row, though messages may quote them."""

import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from errors import UserError, address, explain

# What names a relation, a column or a function, and nothing that is in them.
NO_RIGHT = re.compile(r"permission denied for (?:[a-z]+ )+\S+$")


@contextmanager
def without_values(columns: Sequence[str] = ()) -> Iterator[None]:
    """Raise every error inside as a UserError that holds no value; `columns` are the names of a row's fields."""
    try:
        yield
    except Exception as error:
        raise UserError(reason(error, columns)) from None


def reason(error: BaseException, columns: Sequence[str]) -> str:
    """Return in one line why it failed."""
    error = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's error
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return of_the_server(error, error.sqlstate)
    if isinstance(error, psycopg.Error) and not isinstance(error, psycopg.OperationalError):
        return f"psycopg cannot read one of the values ({type(error).__name__})"
    driver = type(error).__module__.partition(".")[0]
    if driver in ("asyncpg", "adbc_driver_manager"):  # what they say may hold values, too
        return f"{driver} cannot read it ({type(error).__name__})"
    if line := explain(error):
        return line
    if hasattr(error, "errors") and type(error).__module__.startswith("pydantic"):
        [first, *_] = error.errors(include_url=False, include_context=False, include_input=False)
        # The first part of the location is a field's name or its position, those below it may be a dict's keys.
        place = first["loc"][0]
        column = columns[place] if isinstance(place, int) else place
        return f"Pydantic refuses a value of {column} ({first['type']}), whose class is taken from the first rows"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"


def of_the_server(error: psycopg.Error, state: str) -> str:
    """Return what the server says, if that holds no value; else what kind of error it is.

    It holds none where it points into the statement, for then it was found before any row was read: but not where a
    function ran a statement of its own.
    """
    first = (error.diag.message_primary or "").partition("\n")[0]
    if isinstance(error, psycopg.errors.QueryCanceled) and "timeout" in first:
        return f"a statement took longer than --timeout allows at {address()}"
    if isinstance(error, psycopg.errors.InsufficientPrivilege) and NO_RIGHT.match(first):
        return f"no right to read it at {address()}: {first}: grant SELECT, or select what you may read"
    if state.startswith(("08", "28", "3D", "57P")):
        return explain(error) or first
    parsed = bool(error.diag.statement_position) and not error.diag.context
    if parsed or isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return f"the database at {address()} says: {first}"
    return f"the database at {address()} says {type(error).__name__} ({state}); its text may hold values"
