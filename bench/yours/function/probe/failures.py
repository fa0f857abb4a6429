"""What is told of an error in the reader's code: its class and place, and a name that stands in the code; no value."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType
from typing import Any

from bench.yours.function.probe.memory import package_of, shown
from bench.yours.function.probe.objects import class_name

# A relation or a column that is not there, a role, a password or a database, and no connection:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES = {
    "42P01": "a relation does not exist",
    "42703": "a column does not exist",
    "3D": "the database does not exist",
    "28P01": "the password is wrong",
    "28": "the role may not connect",
    "53300": "there are too many connections",
    "08": "there is no connection",
}
_MISSING = re.compile(r'(relation "[\w.]+"|column ("\w+"|[\w.]+)( of relation "\w+")?) does not exist')
_REFUSED = (
    "Connection refused|Connection timed out|Connection reset by peer|No route to host|Network is unreachable|"
    "timeout expired|server closed the connection unexpectedly|"
    "server does not support SSL, but SSL was required|Name or service not known"
)
# What a driver says where it cannot connect: in these forms, of which only the address and such a reason is told.
_UNCONNECTED = (
    rf'.*connection to server at "(?P<host>[^"]*)"(?: \([\w.:]+\))?, port (?P<port>\d+) failed: (?P<why>{_REFUSED})',
    rf'.*connection to server on socket "(?P<host>/[^"]*)" failed: (?P<why>{_REFUSED}|No such file or directory)',
    r'.*connection to server at "(?P<host>[^"]*)".*, port (?P<port>\d+) failed: FATAL: +(?P<fatal>.*)',
    rf'could not translate host name "(?P<host>[^"]*)" to address: (?P<why>{_REFUSED})',
    rf"failed to resolve host '(?P<host>[^']*)': \[Errno -?\d+\] (?P<why>{_REFUSED})",
    rf"\[Errno -?\d+\] (?P<why>{_REFUSED})",
    r"connection (?P<why>timeout expired)",
    r"(?:Multiple exceptions: )?\[Errno (?P<errno>\d+)\] Connect call failed \('(?P<host>[^']*)', (?P<port>\d+)\b.*\)",
)
_FATAL = {
    "password authentication failed": "28P01",
    'role "': "28",
    "no pg_hba.conf entry": "28",
    'database "': "3D",
    "sorry, too many clients": "53300",
    "remaining connection slots": "53300",
}
_SETTINGS = "DJANGO_SETTINGS_MODULE"
_WORD = re.compile(r"\w+")
_DRIVERS = ("psycopg", "psycopg2", "asyncpg")
# What asyncio raises where asyncpg cannot connect.
_OF_PYTHON = ("OSError", "ConnectionRefusedError", "ConnectionResetError", "TimeoutError", "socket.gaierror")


class UncallableError(Exception):
    """What was asked for cannot be called; the text says why."""


def described(error: BaseException, target: str) -> dict[str, Any]:
    """Return an error's class, its place in the reader's code, and the name that it is about; the target names one."""
    line = None
    frames = list(frames_of(error))
    for frame, number in frames:
        if package_of(frame.f_code.co_filename) == "":
            line = [shown(frame.f_code.co_filename), number]
    if isinstance(error, SyntaxError) and error.filename:
        line = [shown(error.filename), error.lineno or 0]
    codes = [frame.f_code for frame, _ in frames]
    of_environment = isinstance(error, KeyError) and bool(frames) and frames[-1][0].f_globals is vars(os)
    text = (
        _variable(error, codes)
        if of_environment
        else _name(error, codes, target) or _of_django(error) or _of_a_database(error)
    )
    return {"kind": class_name(type(error)).rpartition(".")[2], "text": text, "line": line}


def _of_django(error: BaseException) -> str:
    """Return what Django needs before it is configured, if that is not there."""
    conf = sys.modules.get("django.conf")
    unset = class_name(type(error)) == "django.core.exceptions.ImproperlyConfigured"
    unset = unset and conf is not None and not conf.settings.configured and not os.environ.get(_SETTINGS)
    return f"set {_SETTINGS}" if unset else ""


def frames_of(error: BaseException) -> Iterator[tuple[Any, int]]:
    """Yield the frames that an error went through, the innermost last, with the line of each."""
    trace = error.__traceback__
    while trace:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _variable(error: BaseException, codes: list[CodeType]) -> str:
    """Return which variable of the environment is not set, if its name stands in the code."""
    name = _text(error.args[0]) if error.args else ""
    constants = [constant for code in codes for constant in _flat(code.co_consts)]
    return f"{name if name in constants else 'a variable of the environment'} is not set"


def _flat(constants: Any) -> Iterator[Any]:
    for constant in constants:
        if isinstance(constant, (tuple, frozenset)):
            yield from _flat(constant)
        elif isinstance(constant, str):
            yield constant


def _name(error: BaseException, codes: list[CodeType], target: str) -> str:
    """Return the name that is missing, if it stands in the code that ran, and so is no value."""
    if not isinstance(error, (NameError, AttributeError, ModuleNotFoundError)):
        return ""
    name = _text(_of(error, "name"))
    names = {name for code in codes for name in (*code.co_names, *code.co_varnames, *code.co_freevars)}
    if isinstance(error, ModuleNotFoundError):
        stands = any(_leads_to(stated, name) for stated in (*names, target.partition(":")[0]))
        return f"No module named {name!r}" if name and stands else ""
    return f"there is no {name}" if name in names else ""


def _leads_to(stated: str, module: str) -> bool:
    """Return whether an import of this name imports the module: a package of it, or it from a package."""
    return f"{stated}.".startswith(f"{module}.") or module.endswith(f".{stated}")


def _of_a_database(error: Any) -> str:
    """Return what a server or a driver says of a name or an address, also where an ORM has made its own error of it."""
    for _ in range(5):
        kind = class_name(type(error))
        if kind.partition(".")[0] in _DRIVERS:
            text = _first_line(error)
            state = _text(_of(error, "sqlstate")) or _text(_of(error, "pgcode"))
            return _of_state(state, text, error) if state else _unconnected(text)
        if kind in _OF_PYTHON and not _is_raised_by_the_reader(error):
            return _unconnected(_first_line(error))
        error = (_of(error, "orig") if kind.startswith("sqlalchemy.") else None) or error.__cause__
        if error is None:
            break
    return ""


def _first_line(error: BaseException) -> str:
    return (_text(error).strip().splitlines() or [""])[0]


def _is_raised_by_the_reader(error: BaseException) -> bool:
    return [package_of(frame.f_code.co_filename) for frame, _ in frames_of(error)][-1:] == [""]


def _of_state(state: str, text: str, error: Any) -> str:
    """Return what a state means, with the name that is missing, unless a function of the reader's raised it."""
    function = _of(_of(error, "diag"), "source_function") or _of(error, "server_source_function")
    if function == "exec_stmt_raise":
        return ""
    missing = _MISSING.fullmatch(text) if state in ("42P01", "42703") else None
    return missing[0] if missing else _meaning(state)


def _meaning(state: str) -> str:
    return next((text for start, text in _STATES.items() if state.startswith(start)), "")


def _unconnected(text: str) -> str:
    found = next(filter(None, (re.fullmatch(form, text) for form in _UNCONNECTED)), None)
    if not found:
        return ""
    parts = found.groupdict()
    fatal = next((state for start, state in _FATAL.items() if (parts.get("fatal") or "").startswith(start)), "")
    why = parts.get("why") or _meaning(fatal) or (os.strerror(int(parts["errno"])) if parts.get("errno") else "")
    address = ":".join(_address(parts.get("host") or "", parts.get("port") or ""))
    return f"no connection{' to ' * bool(address)}{address}{': ' * bool(why)}{why}"


def _address(host: str, port: str) -> Iterator[str]:
    """Yield host and port, but for what may be of a password that is not percent-encoded."""
    secret, rest = set(), set()
    for url in [text for text in os.environ.values() if "://" in text]:
        secret.update(_WORD.findall(url.rpartition("@")[0]))
        rest.update(_WORD.findall(url.rpartition("@")[2]))
    for part in (host.rpartition("@")[2], port):
        words = {*_WORD.findall(part)}
        if re.fullmatch(r"[\w.:%/-]+", part) and (words <= rest or not words & secret):
            yield part


def _of(error: Any, name: str) -> Any:
    """Return an attribute, if there is one: the reader's own class may raise anything where it is asked."""
    with suppress(Exception):
        return getattr(error, name, None)
    return None


def _text(thing: Any) -> str:
    with suppress(Exception):
        return "" if thing is None else str(thing)
    return ""
