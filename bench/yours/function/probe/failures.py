"""What is told of an error in the reader's code: its class and place, and a name that is to be mended; no value."""

from __future__ import annotations

import re
from typing import Any

from bench.yours.function.probe.memory import package_of, shown

# A relation or a column that is not there, a database that is not there, a role or a password, and no connection:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES = ("42P01", "42703", "3D", "28", "08")
_UNCONNECTED = re.compile(r"connection (failed|to server|timeout|refused)|could not (connect|translate)", re.IGNORECASE)


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
    text = _name(error, file) or _state(getattr(error, "orig", None) or error)
    return {"kind": type(error).__name__, "text": text, "line": line}


def _name(error: BaseException, file: str) -> str:
    """Return the name that is missing; `file` is where the error was raised."""
    name = str(getattr(error, "name", None) or "")
    if isinstance(error, KeyError) and file.endswith("os.py") and error.args:
        return f"{error.args[0]} is not set"
    if not re.fullmatch(r"[\w.]+", name):
        return ""
    if isinstance(error, ModuleNotFoundError):
        return f"No module named {name!r}"
    return f"there is no {name}" if isinstance(error, (NameError, AttributeError)) else ""


def _state(error: Any) -> str:
    """Return what a server or a driver says of a name or a setting."""
    state = str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
    try:
        text = (str(error).strip().splitlines() or [""])[0][:200]
    except Exception:  # the reader's own class
        text = ""
    unconnected = type(error).__name__ == "OperationalError" and not state and _UNCONNECTED.search(text)
    return text if state.startswith(_STATES) or unconnected else ""
