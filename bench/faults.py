"""What an error of a driver's, a server's or a machine's means, in one line with what mends it.

It is loaded when there is an error, and by what explains one: no process that is measured has it.
"""

import errno
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from bench.errors import DEFAULT_URL, SEED, address, visible

# Which group of requirements installs a package; the first, every command needs.
GROUPS = {
    **dict.fromkeys(("psycopg", "sqlalchemy", "pydantic", "greenlet", "psutil", "rich"), ""),
    **dict.fromkeys(("matplotlib", "memray"), "full"),
    **dict.fromkeys(("asyncpg", "sqlmodel", "msgspec"), "alternatives"),
    **dict.fromkeys(("adbc_driver_postgresql", "adbc_driver_manager", "pyarrow"), "alternatives"),
    **dict.fromkeys(("django", "tortoise", "piccolo", "peewee", "polars"), "alternatives"),
    **dict.fromkeys(("fastapi", "uvicorn", "httpx"), "requests"),
    **dict.fromkeys(("gunicorn", "celery"), "servers"),
    "pandas": "dataframes",
}
PACKAGES = tuple(GROUPS)
NOT_SEEDED = "a table is not the seeded one"
SEED_ANEW = f"name another database in DATABASE_URL, or {SEED}, which replaces only what it has made"
URL = "DATABASE_URL"
_FIX = f"fix {URL}"
# By what their values begin with, these variables stand for an sslmode where none is given.
IMPLY_SSLMODE = {"PGREQUIRESSL": "1", "PGSSLROOTCERT": "system"}
_OTHER = "another server has that port: stop it, or name your own in DATABASE_URL"
_AGAIN = "then run this again"
_START = f"start that server, or {_FIX}"
_DRIVERS = ("psycopg", "asyncpg", "sqlalchemy.dialects.postgresql.asyncpg", "adbc_driver_manager")
_WRAPPERS = ("django.db.utils", "tortoise.exceptions", "peewee", "pandas.errors")


class Fault(NamedTuple):
    """A kind of fault: what tells it, what is wrong, and what fixes it.

    `codes` are SQLSTATEs (https://www.postgresql.org/docs/18/errcodes-appendix.html) and names of exceptions' classes.
    `text` tells faults of one code apart, of which the last is the general one; and those that have no code, for libpq
    has none while it connects, and PgBouncer always that of a protocol violation. `parameters` are those of libpq's
    that decide it, which an environment variable may have set. Where `problem` is empty, the server's own words say it.
    """

    codes: str
    text: str
    problem: str
    fix: str
    parameters: str = ""


_ENTRY = "add an entry to its pg_hba.conf"
_LETS_IN = "the server does not let this user in from here"
_HOST, _ROLE, _SSL = "host hostaddr port service", "user password passfile", "sslmode sslrootcert sslcert sslkey"
_WRONG = "DATABASE_URL has a wrong value"
OF_OPTIONS = Fault(
    "",
    "command-line argument|FATAL: .* requires a value|(to set|configuration) parameter|"
    'parameter "" cannot be|could not access file',
    *("", "", "options"),
)
FAULTS = (
    OF_OPTIONS,
    Fault("", "conversion between", "", "", "client_encoding"),
    Fault("28000", "SSL encryption|SSL on", _LETS_IN, f"{_ENTRY}, or {_FIX}"),
    Fault("28000", "no encryption|SSL off", f"{_LETS_IN} without encryption", f"set sslmode=require, or {_ENTRY}"),
    Fault("28000", r"pg_hba\.conf", _LETS_IN, f"{_ENTRY}, or {_FIX}"),
    Fault("28000", "not permitted to log in", "this user may not log in", f"grant LOGIN, or {_FIX}"),
    Fault(
        *("28P01 28000", "auth[a-z]* failed|no password|no such user|role .* exist"),
        *("user or password is wrong", _FIX, _ROLE),
    ),
    Fault(
        *("3D000", "database .* exist|is disabled|no such database"),
        *("there is no such database", f"create it, or {_FIX}", "dbname"),
    ),
    Fault("55000", "database .* not currently accepting", "that database lets nobody in", _FIX, "dbname"),
    Fault(
        *("53300", "too many connections for", "no connection is left that this role or database may have"),
        f"raise its CONNECTION LIMIT, or end another one, {_AGAIN}",
    ),
    Fault("53300", "too many c|connection slots|no more c", "no connection is left", f"end another one, {_AGAIN}"),
    Fault(
        *("", "query_wait_timeout|server login|cannot connect to server|client_login_timeout"),
        *("the pooler has no connection to its server", f"see the pooler's log, {_AGAIN}"),
    ),
    Fault(
        *("", "statement pooling", "the pooler pools by statement, and this takes a transaction"),
        f"name in {URL} the server itself, or a pool by transaction or session",
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
        *("TargetServerAttributeNotMatched", "session is (not )?read-only|server is (not )?in hot standby"),
        *("no server is what target_session_attrs asks for", _FIX, "target_session_attrs"),
    ),
    Fault(
        *("42846", "cannot cast type", "a type of search_path hides the server's own"),
        *(f"let pg_catalog be searched first, or {_FIX}", "options"),
    ),
    Fault(
        "25006",
        "read-only|during recovery",
        "the server is read-only",
        f"name the primary, or a database and a role without default_transaction_read_only: {_FIX}",
    ),
    Fault("40001", "conflict with recovery", "the replica ended the query", f"wait, {_AGAIN}, or name the primary"),
    Fault("55P03", "lock timeout", "a table is in use by another session", "end that session"),
    Fault("57014", "statement timeout", "a statement took longer than statement_timeout", f"raise it, {_AGAIN}"),
    Fault("53100", "No space left", "the server's disk is full", f"make room there, {_AGAIN}"),
    Fault("gaierror", "resolve|translate host|not known|nodename", "host or port is unknown", _FIX, _HOST),
    Fault("ConnectionRefusedError", "refused", "nothing listens", _START, _HOST),
    Fault(
        *("FileNotFoundError", "on socket .*No such file"),
        *("there is no such socket or certificate", _FIX, f"{_HOST} {_SSL}"),
    ),
    Fault(
        *("", "not support SSL|rejected SSL"),
        *("what listens has no encryption", f"set sslmode=disable, or {_FIX}", "sslmode"),
    ),
    Fault(
        *("", "GSSAPI", "there is no GSSAPI encryption, or no ticket for it"),
        *(f"set gssencmode=disable, or {_FIX}", "gssencmode"),
    ),
    Fault(
        *("", "channel binding required", "the server cannot bind the channel"),
        *(f"set channel_binding=prefer, or {_FIX}", "channel_binding"),
    ),
    Fault(
        *("", "not request an SSL certificate|without a valid SSL", "the server asks for no certificate of a client"),
        *(f"set sslcertmode=allow, or {_FIX}", "sslcertmode"),
    ),
    Fault(
        *("", "certificate", "the server's certificate is not trusted"),
        *(f"set sslrootcert or sslmode, or {_FIX}", _SSL),
    ),
    Fault(
        *("", "(?<!ssl)negotiation|authentication request|connection to server .*failed: server closed"),
        *("what listens is no PostgreSQL", _FIX, _HOST),
    ),
    Fault(
        "57P01 57P02 57P05 25P03 25P04",
        "terminating|closed the|(is|was) closed|is lost|connection_lost|SYSCALL|(receive|send) data",
        *("the server ended the connection", f"see that server's log, {_AGAIN}"),
    ),
    Fault("ConnectionTimeout TimeoutError", "timeout expired", "what listens does not answer", _FIX, _HOST),
    Fault("", "definition of service|service file", "DATABASE_URL names no known service", f"define it, or {_FIX}"),
    Fault("", "not match .* hostaddr", "there are not as many hosts as addresses", _FIX, "hostaddr host"),
    Fault("", "not match .* port num", "there are not as many hosts as ports", _FIX, "port host hostaddr"),
    Fault("", "port must be", _WRONG, _FIX, "port"),
    Fault("", "protocol version range", _WRONG, _FIX, "ssl_min_protocol_version ssl_max_protocol_version"),
    Fault(
        *("", "(invalid|bad) (port|.*value)|value .*invalid|(must|to) be one of|requires a|invalid literal"),
        *(_WRONG, _FIX),
    ),
    Fault(
        *("", "may not be used with|direct TLS requires|No such TLS", _WRONG, _FIX),
        "sslnegotiation sslmode ssl_min_protocol_version ssl_max_protocol_version",
    ),
    Fault(
        *("", "percent-encoded|in URI|URI query parameter|separator|bad query|Invalid IPv6"),
        *("DATABASE_URL cannot be read", "percent-encode what user, password and parameters have of @ : / ? # and %"),
    ),
)
_NO_MEMORY = f"no memory is left: end other processes, or raise the limit, as by `ulimit -v`, {_AGAIN}"
_NO_PROCESS = (
    f"no further process or thread can be started: end others, or raise the limit, as by `ulimit -u`, {_AGAIN}"
)
# What a machine lacks, or was asked for in vain: an error's class and words.
MACHINE = (
    (ImportError, "requested psycopg", "psycopg has not the implementation that PSYCOPG_IMPL names: unset it"),
    (ImportError, "no pq wrapper available", "psycopg finds no libpq: `make venv` installs it into .venv"),
    (OSError, "No usable temp", "no folder for temporary files can be used: let TMPDIR name one that is writable"),
    (OSError, "Resource temporarily unavailable", _NO_PROCESS),
    (RuntimeError, "can't start new thread", _NO_PROCESS),
    (OSError, "Cannot allocate memory", _NO_MEMORY),
    (MemoryError, "", _NO_MEMORY),
)
# What keeps a file from being read or written: its rights, or that there is no room.
RIGHTS, ROOM = (errno.EACCES, errno.EPERM, errno.EROFS), (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# A parameter of the URL that the driver, the server or PgBouncer does not know.
_PARAMETER = (
    '(?:invalid URI query parameter:|invalid connection option|unrecognized configuration parameter) "(.+)"'
    "|unsupported startup parameter(?: in options)?: (.+)"
)

_WAITING = """
SELECT 1 FROM pg_catalog.pg_locks JOIN pg_catalog.pg_database ON pg_database.oid = database
WHERE datname = current_catalog AND NOT granted AND mode = 'AccessShareLock'
AND pg_catalog.pg_table_is_visible(relation)
"""


def explain(error: BaseException) -> str | None:
    error = _unwrapped(error)
    if isinstance(error, KeyboardInterrupt) or "due to user request" in str(error):  # ADBC's Ctrl-C
        return error.args[0] if isinstance(error, KeyboardInterrupt) and error.args else "interrupted"
    for missing in (error, error.__cause__):
        if isinstance(missing, ModuleNotFoundError) and missing.name in PACKAGES:
            command = f"make venv groups={GROUPS[missing.name]}".removesuffix(" groups=")
            return f"{missing.name} is not installed for this Python: `{command}` installs it into .venv"
    return _explain_driver(error) if _is_a_driver_s(error) else _explain_machine(error)


def _explain_machine(error: BaseException) -> str | None:
    lines = (line for kind, words, line in MACHINE if isinstance(error, kind) and re.search(words, str(error)))
    return next(lines, None)


def _unwrapped(error: BaseException) -> BaseException:
    """Return the driver's error where an ORM has made one of its own of it."""
    while type(error).__module__ in _WRAPPERS and (inner := error.__cause__ or error.__context__):
        error = inner
    return getattr(error, "orig", None) or error  # SQLAlchemy's


def _explain_driver(error: BaseException) -> str:
    """Return in one line what is wrong with the database or its address. It has no part of the URL that is secret."""
    text, state = str(error), getattr(error, "sqlstate", None) or ""
    fault = _fault(error, "" if state.startswith("08") else state, text)
    if not state and _is_a_role_of_options(text):
        fault = OF_OPTIONS
    source = _source(text, fault.parameters.split() if fault else ())
    line = _line(error, text, fault, source == URL)
    return line if source == URL else line.replace(URL, source)


def _source(text: str, parameters: Sequence[str]) -> str:
    """Return which of libpq's variables are to blame, where DATABASE_URL has not what they say; else that.

    They are those of the parameters that decide the fault, and those whose name or value the text quotes.
    """
    own, keywords = _parameters()
    used = {name: keywords.get(name, name[2:].lower()) for name in os.environ if name.startswith("PG")}
    if "PGSSLMODE" not in used:
        used |= {name: "sslmode" for name, value in IMPLY_SSLMODE.items() if os.environ.get(name, "").startswith(value)}
    used = {name: keyword for name, keyword in used.items() if keyword not in own}
    deciding = [name for keyword in parameters for name in used if used[name] == keyword]
    names = re.findall("\"(.+?)\"|'(.+?)'|`(.+?)`|(--\\S+)", text)
    found = {name.casefold() for groups in names for name in groups if name}
    quoted = [name for name, keyword in used.items() if found & {keyword, *_values(name)}]
    return " or ".join(dict.fromkeys([*deciding, *quoted])) or URL


def _values(variable: str) -> list[str]:
    """Return a variable's value, and the names and values of the settings in it, in small letters: -c name=value."""
    value = os.environ[variable].casefold()
    return [value, *(re.split(r"(?:^|\s+)(?:--|-\w\s*)?|=", value) if variable == "PGOPTIONS" else ())]


def _is_a_role_of_options(text: str) -> bool:
    """Return whether the role that does not exist is not who connects, but one that he becomes by a setting."""
    options = _parameters()[0].get("options") or os.environ.get("PGOPTIONS", "")
    roles = [re.escape(name) for name in re.findall('role "(.+)" does not exist', text)]
    return any(re.search(rf"(role|session_authorization)\W*=\W*{role}\b", options) for role in roles)


def _parameters() -> tuple[dict[str, str], dict[str, str]]:
    """Return the parameters that DATABASE_URL has, or makes needless; and that of each of libpq's variables."""
    own: dict[str, str] = {}
    keywords: dict[str, str] = {}
    with suppress(Exception):
        from psycopg.conninfo import conninfo_to_dict
        from psycopg.pq import Conninfo

        keywords = {one.envvar.decode(): one.keyword.decode() for one in Conninfo.get_defaults() if one.envvar}
        scheme, _, rest = os.environ.get(URL, DEFAULT_URL).partition("://")
        own = {name: str(value) for name, value in conninfo_to_dict(f"{scheme.partition('+')[0]}://{rest}").items()}
    return own | ({"passfile": ""} if "password" in own else {}), keywords


def _line(error: BaseException, text: str, fault: Fault | None, of_the_url: bool) -> str:
    if (match := re.search(_PARAMETER, text)) and (name := match[1] or match[2]) in _query():
        who = type(error).__module__.partition(".")[0] + ("" if match[0].startswith("invalid") else ", or the server,")
        return f"{who} does not know parameter {visible(name)} of DATABASE_URL at {address()}: remove it"
    if fault and fault.problem:
        fix, quoted = fault.fix, re.search('"(.+?)"', text)
        if of_the_url and URL not in os.environ:
            fix = SEED if fix == _START else _OTHER if fix.endswith(_FIX) else fix
        return f"{fault.problem.format(name=visible(quoted[1]) if quoted else 'data')} at {address()}: {fix}"
    said = re.search(r"(?:ERROR|FATAL|PANIC|failed): +(?!.*FATAL: )(.+)", text)
    if not getattr(error, "sqlstate", None) and not said:  # what the driver itself says may quote the URL
        return f"{type(error).__name__} at {address()}: {_FIX}"
    line = said[1] if said else text.partition("\n")[0]
    return f"the database at {address()} says: {visible(line)}: fix it, or DATABASE_URL"


def _fault(error: BaseException, state: str, text: str) -> Fault | None:
    words = re.sub("\"[^\"\n]*\"|'[^'\n]*'", '""', text)  # without the names, which may be any words
    codes = {state, *(kind.__name__ for kind in type(error).__mro__)}
    coded = [fault for fault in FAULTS if codes & set(fault.codes.split())]
    told = [fault for fault in (coded if state else FAULTS) if re.search(fault.text, words)]
    return told[0] if told else coded[-1] if coded else None


def _query() -> str:
    """Return the parameters of DATABASE_URL, which an @ ends that may be a password's."""
    from urllib.parse import unquote

    return unquote(os.environ.get(URL, "").rpartition("@")[2].partition("?")[2])


def _is_a_driver_s(error: BaseException) -> bool:
    """Return whether a driver says it. asyncpg raises some of Python's own: where it connects, or reads the URL."""
    if type(error).__module__.startswith(_DRIVERS):
        return True
    trace = error.__traceback__ if isinstance(error, (OSError, ValueError, OverflowError)) else None
    modules = ("asyncpg.connect_utils", *(("asyncpg.connection",) if isinstance(error, TimeoutError) else ()))
    while trace and trace.tb_frame.f_globals["__name__"] not in modules:
        trace = trace.tb_next
    return trace is not None


def explain_waiting(url: str) -> str:
    """Return that a table is in use, where a session waits to read one, or that nobody answers; else an empty text."""
    with suppress(Exception):
        import psycopg

        try:
            with psycopg.connect(url) as connection:
                if connection.execute(_WAITING).fetchone():
                    return _explain_driver(psycopg.errors.LockNotAvailable())
        except psycopg.errors.ConnectionTimeout as error:
            return _explain_driver(error)
    return ""


def explain_table(error: BaseException) -> str | None:
    """Return what is no bug, though no driver says so: a file cannot be used, or the table is not the seeded one."""
    if isinstance(error, OSError):
        return explain_file(error)
    instrument = sys.modules.get("common")
    if instrument and instrument.checkpoints and isinstance(error, Exception):
        with suppress(Exception):
            if not _table_is_the_seeded_one(instrument.database_url()):
                return f"{NOT_SEEDED} at {address()}: {SEED_ANEW}"
    return None


def explain_file(error: OSError) -> str | None:
    """Return that a file cannot be read or written, where it is no bug: for its rights, or for want of room."""
    if error.errno not in (*RIGHTS, *ROOM):
        return None
    if error.errno in ROOM:
        return f"cannot write {error.filename or 'a file'}: {error.strerror}: make room there, {_AGAIN}"
    return error.filename and f"cannot use {error.filename}: {error.strerror}: let this user read and write it"


def _table_is_the_seeded_one(url: str) -> bool:
    """Return whether table `data` has the columns of the seeded one and no NULL. Raises psycopg.Error."""
    import psycopg

    with psycopg.connect(url, connect_timeout=10) as connection:
        columns = connection.execute("SELECT * FROM data LIMIT 0").description or ()
        if [(column.name, column.type_code) for column in columns] != [("id", 23), ("num", 23), ("data", 25)]:
            return False  # other names, or other types than integer (23) and text (25)
        nulls = connection.execute("SELECT 1 FROM data WHERE id IS NULL OR num IS NULL OR data IS NULL LIMIT 1")
        return nulls.fetchone() is None
