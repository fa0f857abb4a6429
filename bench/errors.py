"""The errors that a user can fix: each is one line on standard error and exit code 1, in every command.

Importing this module is enough, and an entry point imports it first, for any other import may be the first to fail. An
uncaught error of the user's then ends the process with its line, and any other error with its traceback.
"""

import io
import os
import re
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from argparse import ArgumentParser

DEFAULT_URL = "postgresql://user:password@localhost:54320/db"
# Which group of requirements installs a package; the first, every command needs.
GROUPS = {
    **dict.fromkeys(("psycopg", "sqlalchemy", "pydantic", "greenlet", "psutil", "rich"), ""),
    **dict.fromkeys(("matplotlib", "memray"), "full"),
    **dict.fromkeys(("asyncpg", "sqlmodel", "msgspec"), "alternatives"),
    **dict.fromkeys(("adbc_driver_postgresql", "adbc_driver_manager", "pyarrow"), "alternatives"),
    **dict.fromkeys(("django", "tortoise", "piccolo", "peewee", "polars"), "alternatives"),
    **dict.fromkeys(("fastapi", "uvicorn", "httpx"), "requests"),
}
PACKAGES = tuple(GROUPS)
# Under which name a package is installed, where that is not the name by which it is imported.
DISTRIBUTIONS = {"tortoise": "tortoise-orm"}

# Two names of 63 characters each, and what a message says of them.
LONGEST_SHOWN = 300
# What a shell shows of a tool whose reader went away, which ends by signal 13.
CLOSED_PIPE = 128 + 13

SEED = "run `python setup_db.py`"
NOT_SEEDED = "a table is not the seeded one"
SEED_ANEW = f"name another database in DATABASE_URL, or {SEED}, which replaces only what it has made"
_FIX = "fix DATABASE_URL"
_OTHER = "another server has that port: stop it, or name your own in DATABASE_URL"
_AGAIN = "then run this again"
_START = f"start that server, or {_FIX}"
_DRIVERS = ("psycopg", "asyncpg", "sqlalchemy.dialects.postgresql.asyncpg", "adbc_driver_manager")
_WRAPPERS = ("django.db.utils", "tortoise.exceptions", "peewee")


class UserError(Exception):
    """An error that the user can fix: its text is the one line to show."""


class Fault(NamedTuple):
    """A kind of fault: what tells it, what is wrong, and what fixes it.

    `codes` are SQLSTATEs (https://www.postgresql.org/docs/18/errcodes-appendix.html) and names of exceptions' classes.
    `text` tells faults of one code apart, of which the last is the general one; and those that have no code, for libpq
    has none while it connects, and PgBouncer always that of a protocol violation.
    """

    codes: str
    text: str
    problem: str
    fix: str


_ENTRY = "add an entry to its pg_hba.conf"
_LETS_IN = "the server does not let this user in from here"
FAULTS = (
    Fault("28000", "SSL encryption|SSL on", _LETS_IN, f"{_ENTRY}, or {_FIX}"),
    Fault("28000", "no encryption|SSL off", f"{_LETS_IN} without encryption", f"set sslmode=require, or {_ENTRY}"),
    Fault("28000", r"pg_hba\.conf", _LETS_IN, f"{_ENTRY}, or {_FIX}"),
    Fault("28000", "not permitted to log in", "this user may not log in", f"grant LOGIN, or {_FIX}"),
    Fault("28P01 28000", "auth[a-z]* failed|no password|no such user|role .* exist", "user or password is wrong", _FIX),
    Fault(
        "3D000", "database .* exist|is disabled|no such database", "there is no such database", f"create it, or {_FIX}"
    ),
    Fault("55000", "database .* not currently accepting", "that database lets nobody in", _FIX),
    Fault("53300", "too many c|connection slots|no more c", "no connection is left", f"end another one, {_AGAIN}"),
    Fault(
        *("", "query_wait_timeout|server login|cannot connect to server|client_login_timeout"),
        *("the pooler has no connection to its server", f"see the pooler's log, {_AGAIN}"),
    ),
    Fault(
        *("57P03", "starting up|shutting down|in recovery mode|not (yet )?accepting connections"),
        *("the server is starting or stopping", f"wait, {_AGAIN}"),
    ),
    Fault("42703", "column .* does not exist", NOT_SEEDED, SEED_ANEW),
    Fault("42P01", "relation .* does not exist", "table {name} is missing", SEED),
    Fault("42501", "permission denied for database", "no right to connect", f"grant CONNECT, or {_FIX}"),
    Fault(
        "42501 3F000",
        "denied for|must be owner|no schema",
        "no right to create or read a table",
        f"grant it, or {_FIX}",
    ),
    Fault(
        *("", "session is (not )?read-only|server is (not )?in hot standby"),
        *("no server is what target_session_attrs asks for", _FIX),
    ),
    Fault("25006", "read-only|during recovery", "the server is read-only", f"name the primary: {_FIX}"),
    Fault("40001", "conflict with recovery", "the replica ended the query", f"wait, {_AGAIN}, or name the primary"),
    Fault("55P03", "lock timeout", "a table is in use by another session", "end that session"),
    Fault("57014", "statement timeout", "a statement took longer than statement_timeout", f"raise it, {_AGAIN}"),
    Fault("53100", "No space left", "the server's disk is full", f"make room there, {_AGAIN}"),
    Fault("gaierror", "resolve|translate host|not known|nodename", "host or port is unknown", _FIX),
    Fault("ConnectionRefusedError", "refused", "nothing listens", _START),
    Fault("FileNotFoundError", "on socket .*No such file", "there is no such socket or certificate", _FIX),
    Fault("", "not support SSL|rejected SSL", "what listens has no encryption", f"set sslmode=disable, or {_FIX}"),
    Fault("", "GSSAPI", "there is no GSSAPI encryption, or no ticket for it", f"set gssencmode=disable, or {_FIX}"),
    Fault("", "certificate", "the server's certificate is not trusted", "set sslrootcert or sslmode in DATABASE_URL"),
    Fault("", "negotiation|authentication request|failed: server closed", "what listens is no PostgreSQL", _FIX),
    Fault(
        *("57P01 57P02 57P05 25P03 25P04", "terminating|closed the|(is|was) closed|is lost|connection_lost|SYSCALL"),
        *("the server ended the connection", f"see that server's log, {_AGAIN}"),
    ),
    Fault("ConnectionTimeout TimeoutError", "timeout expired", "what listens does not answer", _FIX),
    Fault("", "definition of service|service file", "DATABASE_URL names no known service", f"define it, or {_FIX}"),
    Fault("", "(invalid|bad) (port|.*value)|value .*invalid|must be one of", "DATABASE_URL has a wrong value", _FIX),
    Fault(
        *("", "percent-encoded|in URI|URI query parameter|separator|invalid literal|bad query|Invalid IPv6"),
        *("DATABASE_URL cannot be read", "percent-encode what user, password and parameters have of @ : / ? # and %"),
    ),
)
# A parameter of the URL that the driver, the server or PgBouncer does not know.
_PARAMETER = (
    '(?:invalid URI query parameter:|invalid connection option|unrecognized configuration parameter) "(.+)"'
    "|unsupported startup parameter(?: in options)?: (.+)"
)

# What explains an error that `explain` does not, in one line, or returns None: others add theirs.
explanations: list[Callable[[BaseException], str | None]] = []


def parser(description: str | None, **options: Any) -> "ArgumentParser":
    """Return a command line's parser, made with these options, whose errors are one line and exit code 1.

    The paragraphs of the description stay, in lines that fit the terminal.
    """
    import argparse  # not above, for the scenarios have no command line and would be measured with it
    import shutil
    import textwrap

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            sys.exit(f"{visible(message)}: see `{self.prog} --help`")

        def print_help(self, file: Any = None) -> None:
            print(self.format_help(), end="", file=file)  # argparse's own does not tell where it fails

    width = shutil.get_terminal_size().columns - 2  # as argparse has it
    paragraph = r".+(\n(?![A-Z][a-z ]*: ).+)*"  # a script's field is one, too
    text = re.sub(paragraph, lambda found: textwrap.fill(found[0], width), description or "")
    return Parser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter, **options)


def number(most: int) -> Callable[[str], int]:
    """Return what reads an option's value as a number from 1 to `most`."""

    def read(text: str) -> int:
        import argparse

        if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most:,}")
        return int(text)

    return read


def visible(text: str) -> str:
    """Return a name or a message that others chose as one line, at most 300 characters long.

    What cannot be printed is escaped: line ends, a terminal's control characters, marks that turn the direction.
    """
    return _printable(text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…")


def _printable(text: str) -> str:
    """Return a text whose characters a terminal shows, each, and does not obey."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def address() -> str:
    """Return the database's address as messages show it: host, port and database, never what may be a password."""
    authority, slash, rest = os.environ.get("DATABASE_URL", DEFAULT_URL).partition("://")[2].partition("/")
    database, _, query = rest.partition("?")
    for part in ("" if "=" in query.partition("@")[0] else query, database):
        if "@" in part:  # a password with a bare slash, and a bare question mark
            return visible(part.rpartition("@")[2].partition("?")[0])
    return visible((authority.rpartition("@")[2] + slash + database).partition("?")[0])


def explain(error: BaseException) -> str | None:
    """Return in one line what is wrong and what fixes it, for an error that the user can fix; else None."""
    if isinstance(error, UserError):
        return str(error)
    error = _unwrapped(error)
    if isinstance(error, KeyboardInterrupt) or "due to user request" in str(error):  # ADBC's Ctrl-C
        return "interrupted"
    for missing in (error, error.__cause__):
        if isinstance(missing, ModuleNotFoundError) and missing.name in PACKAGES:
            command = f"make venv groups={GROUPS[missing.name]}".removesuffix(" groups=")
            return f"{missing.name} is not installed for this Python: `{command}` installs it into .venv"
    return _explain_driver(error) if _is_a_driver_s(error) else None


def _unwrapped(error: BaseException) -> BaseException:
    """Return the driver's error where an ORM has made one of its own of it."""
    while type(error).__module__ in _WRAPPERS and (inner := error.__cause__ or error.__context__):
        error = inner
    return getattr(error, "orig", None) or error  # SQLAlchemy's


def _explain_driver(error: BaseException) -> str:
    """Return in one line what is wrong with the database or its address. It has no part of the URL that is secret."""
    text, state = str(error), getattr(error, "sqlstate", None) or ""
    if (found := re.search(_PARAMETER, text)) and (name := found[1] or found[2]) in _query():
        who = type(error).__module__.partition(".")[0] + ("" if found[0].startswith("invalid") else ", or the server,")
        return f"{who} does not know parameter {visible(name)} of DATABASE_URL at {address()}: remove it"
    if fault := _fault(error, "" if state.startswith("08") else state, text):
        fix, name = fault.fix, re.search('"(.+?)"', text)
        if "DATABASE_URL" not in os.environ:
            fix = SEED if fix == _START else _OTHER if fix.endswith(_FIX) else fix
        return f"{fault.problem.format(name=visible(name[1]) if name else 'data')} at {address()}: {fix}"
    said = re.search(r"(?:ERROR|FATAL|PANIC|failed): +(?!.*FATAL: )(.+)", text)
    if not state and not said:  # what the driver itself says may quote the URL
        return f"{type(error).__name__} at {address()}: {_FIX}"
    line = said[1] if said else text.partition("\n")[0]
    return f"the database at {address()} says: {visible(line)}: fix it, or DATABASE_URL"


def _fault(error: BaseException, state: str, text: str) -> Fault | None:
    """Return the kind of fault that a driver's error is, if it is known."""
    words = re.sub("\"[^\"\n]*\"|'[^'\n]*'", '""', text)  # without the names, which may be any words
    codes = {state, *(kind.__name__ for kind in type(error).__mro__)}
    coded = [fault for fault in FAULTS if codes & set(fault.codes.split())]
    told = [fault for fault in (coded if state else FAULTS) if re.search(fault.text, words)]
    return told[0] if told else coded[-1] if coded else None


def _query() -> str:
    """Return the parameters of DATABASE_URL."""
    from urllib.parse import unquote

    return unquote(os.environ.get("DATABASE_URL", "").rpartition("@")[2].partition("?")[2])


def _is_a_driver_s(error: BaseException) -> bool:
    """Return whether a driver says it. asyncpg raises some of Python's own: where it connects, or reads the URL."""
    if type(error).__module__.startswith(_DRIVERS):
        return True
    trace = error.__traceback__ if isinstance(error, (OSError, ValueError)) else None
    while trace and trace.tb_frame.f_globals["__name__"] != "asyncpg.connect_utils":
        trace = trace.tb_next
    return trace is not None


def _end_without_output(error: BaseException) -> None:
    """End the process where standard output is what failed: silently where its reader went away, as other tools do."""
    if not isinstance(error, OSError) or error.filename:
        return
    try:
        print(flush=True)
    except OSError as failure:
        # Else the interpreter's last flush fails, too: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(failure, BrokenPipeError):
            sys.exit(CLOSED_PIPE)
        sys.exit(f"cannot write to standard output: {failure.strerror}: make room there, or name another place")


def _end_with(line: str) -> NoReturn:
    sys.exit("\n".join(map(_printable, line.split("\n"))))  # several failures are a line each


def _report_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End the process with one line for a user's error, else with the traceback."""
    if line := explain(error):
        _end_with(line)
    _end_without_output(error)
    for explanation in explanations:
        if line := explanation(error):
            _end_with(line)
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _report_error
if sys.stdout is None:
    sys.exit("standard output is closed: name a place for it")
if sys.stderr is None:  # closed: what goes there is lost, and no file or socket takes its number
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.stderr = os.fdopen(2, "w")
if isinstance(sys.stdout, io.TextIOWrapper):
    # By line, so that what cannot be written is an error of the script's, not one of the interpreter's at its end.
    sys.stdout.reconfigure(line_buffering=True, errors="replace")
