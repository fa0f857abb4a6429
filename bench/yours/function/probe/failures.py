"""What is told of an error in the reader's code: its class and place, and a name that is to be mended; no value."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from bench.yours.function.probe.memory import package_of, shown
from bench.yours.function.probe.objects import class_name

# A relation or a column that is not there, a database that is not there, a role or a password, and no connection:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES = ("42P01", "42703", "3D", "28", "08")
_UNCONNECTED = re.compile(
    r"connection (failed|to server|timeout|refused)|could not (connect|translate)|Connect call failed", re.IGNORECASE
)


def described(error: BaseException) -> dict[str, Any]:
    """Return an error's class, its place in the reader's code, and the name that it is about."""
    line, file = None, ""
    trace = error.__traceback__
    while trace:
        file = trace.tb_frame.f_code.co_filename
        if package_of(file) == "":
            line = [shown(file), trace.tb_lineno]
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        line = [shown(error.filename), error.lineno or 0]
    text = _name(error, file) or _state(_of(error, "orig") or error)
    return {"kind": class_name(type(error)).rpartition(".")[2], "text": text, "line": line}


def _name(error: BaseException, file: str) -> str:
    """Return the name that is missing; `file` is where the error was raised."""
    name = _text(_of(error, "name"))
    if isinstance(error, KeyError) and file.endswith("os.py") and error.args:
        return f"{error.args[0]} is not set"
    if not re.fullmatch(r"[\w.]+", name):
        return ""
    if isinstance(error, ModuleNotFoundError):
        return f"No module named {name!r}"
    return f"there is no {name}" if isinstance(error, (NameError, AttributeError)) else ""


def _state(error: Any) -> str:
    """Return what a server or a driver says of a name or a setting."""
    state = _text(_of(error, "sqlstate")) or _text(_of(error, "pgcode"))
    text = (_text(error).strip().splitlines() or [""])[0][:200]
    of_connecting = isinstance(error, OSError) or class_name(type(error)).endswith(".OperationalError")
    unconnected = of_connecting and not state and _UNCONNECTED.search(text)
    return text if state.startswith(_STATES) or unconnected else ""


def _of(error: Any, name: str) -> Any:
    """Return an attribute, if there is one: the reader's own class may raise anything where it is asked."""
    with suppress(Exception):
        return getattr(error, name, None)
    return None


def _text(thing: Any) -> str:
    with suppress(Exception):
        return "" if thing is None else str(thing)
    return ""
