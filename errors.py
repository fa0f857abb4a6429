"""The errors that a user can fix: each is one line on standard error and exit code 1, in every command.

Importing this module is enough, and it comes first, for any other import may be the first to fail: an uncaught error of
the user's ends the process so, and any other error with its traceback.
"""

import io
import os
import re
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from argparse import ArgumentParser

DEFAULT_URL = "postgresql://user:password@localhost:54320/db"
PACKAGES = (
    *("psycopg", "sqlalchemy", "pydantic", "greenlet", "psutil", "rich", "matplotlib"),
    *("asyncpg", "sqlmodel", "msgspec", "adbc_driver_postgresql", "adbc_driver_manager", "pyarrow"),
)

# Two names of 63 characters each, and what a message says of them.
LONGEST_SHOWN = 300

SEED = "run `python setup_db.py`"
NOT_SEEDED = "table data is not the seeded one"
SEED_ANEW = f"{SEED}, which makes it anew, or name another database in DATABASE_URL"
_FIX = "fix DATABASE_URL"
_AGAIN = "see that server's log, then run this again"
_OTHER = "another server has that port: stop it, or name your own in DATABASE_URL"
_DRIVERS = ("psycopg", "asyncpg", "sqlalchemy.dialects.postgresql.asyncpg", "adbc_driver_manager")
# What the driver says, what it means, what fixes it with a DATABASE_URL, and what fixes it at the default address.
_PROBLEMS = (
    ("password|pg_hba|role .* does not exist", "user or password is wrong", _FIX, _OTHER),
    ("database .* does not exist", "there is no such database", f"create it, or {_FIX}", _OTHER),
    ("column .* does not exist", NOT_SEEDED, SEED_ANEW, SEED_ANEW),
    ('relation "data" does not exist', "table data is missing", SEED, SEED),
    (
        "permission denied|must be owner|no schema has been",
        "no right to create or read table data",
        f"grant it, or {_FIX}",
        _OTHER,
    ),
    ("lock timeout", "table data is in use by another session", "end that session", "end that session"),
    ("resolve|getaddrinfo|not known|nodename", "host or port is unknown", _FIX, "set DATABASE_URL"),
    ("refused|Connect call failed", "nothing listens", f"start that server, or {_FIX}", SEED),
    ("negotiation|authentication request|failed: server closed the", "what listens is no PostgreSQL", _FIX, _OTHER),
    ("terminating|closed the|(is|was) closed|is lost", "the server ended the connection", _AGAIN, _AGAIN),
    ("timeout expired", "what listens does not answer", _FIX, _OTHER),
    ("invalid literal|bad query|Invalid IPv6", "user or password is not percent-encoded", _FIX, _FIX),
)


class UserError(Exception):
    """An error that the user can fix: its text is the one line to show."""


def parser(**options: Any) -> "ArgumentParser":
    """Return a command line's parser, made with these options, whose errors are one line and exit code 1."""
    import argparse  # not above, for the scenarios have no command line and would be measured with it

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            sys.exit(f"{message}: see `{self.prog} --help`")

        def print_help(self, file: Any = None) -> None:
            print(self.format_help(), end="", file=file)  # argparse's own does not tell where it fails

    return Parser(**options)


def visible(text: str) -> str:
    """Return a name or a message that others chose as one line, at most 300 characters long.

    What cannot be printed is escaped: line ends, a terminal's control characters, marks that turn the direction.
    """
    cut = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)


def address() -> str:
    """Return the database's address as messages show it, without user and password."""
    return os.environ.get("DATABASE_URL", DEFAULT_URL).partition("://")[2].rpartition("@")[2].partition("?")[0]


def explain(error: BaseException) -> str | None:
    """Return in one line what is wrong and what fixes it, for an error that the user can fix; else None."""
    if isinstance(error, UserError):
        return str(error)
    error = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's error
    if isinstance(error, (KeyboardInterrupt, BrokenPipeError)) or "due to user request" in str(error):  # ADBC's Ctrl-C
        return "interrupted"
    for missing in (error, error.__cause__):
        if isinstance(missing, ModuleNotFoundError) and missing.name in PACKAGES:
            return f"{missing.name} is not installed for this Python: `make bench` installs all packages into .venv"
    if not _is_a_driver_s(error):
        return None
    for pattern, problem, fix, fix_at_default in _PROBLEMS:
        if re.search(pattern, str(error)):
            return f"{problem} at {address()}: {fix if 'DATABASE_URL' in os.environ else fix_at_default}"
    return f"the database at {address()} says: {str(error).splitlines()[0]}: fix it, or DATABASE_URL"


def _is_a_driver_s(error: BaseException) -> bool:
    """Return whether a driver says it. asyncpg raises some of Python's own: where it connects, or reads the URL."""
    if type(error).__module__.startswith(_DRIVERS):
        return True
    trace = error.__traceback__ if isinstance(error, (OSError, ValueError)) else None
    while trace and not trace.tb_frame.f_globals["__name__"].startswith("asyncpg"):
        trace = trace.tb_next
    return trace is not None


def _output_fault(error: BaseException) -> str | None:
    """Return why standard output takes no more, where that is the error."""
    if not isinstance(error, OSError) or error.filename or isinstance(error, BrokenPipeError):
        return None
    try:
        print(flush=True)
    except OSError as failure:
        return f"cannot write to standard output: {failure.strerror}: make room there, or name another place"
    return None


def _report_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if line := explain(error) or _output_fault(error):
        if isinstance(error, OSError):
            # Else the interpreter's last flush fails, too: https://docs.python.org/3/library/signal.html#note-on-sigpipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(line)
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _report_error
if sys.stdout is None:
    sys.exit("standard output is closed: name a place for it")
if isinstance(sys.stdout, io.TextIOWrapper):
    # By line, so that what cannot be written is an error of the script's, not one of the interpreter's at its end.
    sys.stdout.reconfigure(line_buffering=True, errors="replace")
