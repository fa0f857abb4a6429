"""The collections that the reader's modules name or hold: how many items each has, of whatever class."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

from bench.yours.function.probe.memory import package_of
from bench.yours.function.probe.objects import class_name

_COLLECTIONS: tuple[Any, ...] = (dict, list, set, deque)
_CACHE = type(lru_cache(None)(int))
# Of fewer new items it is not said that a collection grew.
ENOUGH = 100


def sizes() -> dict[str, int]:
    """Return how many items each collection has that is a variable, or below one: in its object, class or closure."""
    found: dict[str, int] = {}
    for path, thing, module in _roots():
        number = _items(thing)
        if number is None:
            below = _named(path, _names(_plain(thing), module))
            found.update({inner: n for inner, one in below if (n := _items(one)) is not None})
        else:
            found[path] = number
    return found


def _roots() -> Iterator[tuple[str, Any, str]]:
    """Yield what the reader's modules name, and whatever handles log records, each with its module."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and package_of(str(vars(module).get("__file__") or "<")) == "":
            yield from ((path, thing, name) for path, thing in _named(name, vars(module)))
    logging = sys.modules.get("logging")
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()] if logging else []
    for handler in {id(one): one for logger in loggers for one in getattr(logger, "handlers", ())}.values():
        yield class_name(type(handler)), handler, ""


def _named(path: str, names: Any) -> Iterator[tuple[str, Any]]:
    return ((f"{path}.{name}", thing) for name, thing in list(names.items()) if not str(name).startswith("__"))


def _plain(thing: Any) -> Any:
    """Return a method's function or object, or what a context variable has, else the thing itself."""
    if type(thing) in (staticmethod, classmethod):
        return thing.__func__
    if type(thing) in (MethodType, BuiltinMethodType):
        return thing.__self__
    with suppress(LookupError):  # it has no value here
        return thing.get() if type(thing) is ContextVar else thing


def _items(thing: Any) -> int | None:
    """Return how many items a collection has, without a method of the reader's: one may execute a statement."""
    thing = _plain(thing)
    if type(thing) is _CACHE:
        return int(thing.cache_info().currsize)
    kind = next((kind for kind in _COLLECTIONS if issubclass(type(thing), kind)), None)
    return int(kind.__len__(thing)) if kind else None


def _names(thing: Any, module: str) -> Any:
    """Return the attributes of an object, or of a class that this module defines, or what a function holds."""
    if type(thing) is FunctionType:
        return _held_by(thing)
    names: Any = {}
    with suppress(Exception):
        names = (type if issubclass(type(thing), type) else object).__getattribute__(thing, "__dict__")
        if issubclass(type(thing), type) and names.get("__module__") != module:
            return {}
    return {} if issubclass(type(thing), ModuleType) or not hasattr(type(names), "items") else names


def _held_by(function: FunctionType) -> dict[str, Any]:
    """Return a function's attributes, its defaults, and the variables that it closes over."""
    code, names = function.__code__, dict(vars(function))
    for place, default in enumerate(reversed(function.__defaults__ or ()), 1):
        names[code.co_varnames[code.co_argcount - place]] = default
    for place, cell in enumerate(function.__closure__ or ()):
        with suppress(ValueError):  # it has no value yet
            names[code.co_freevars[place]] = cell.cell_contents
    return names


def most_grown(before: dict[str, int]) -> tuple[str, int]:
    """Return the collection that has most items more than before, and how many; no name where none grew."""
    after = sizes()
    more = {name: number - before.get(name, 0) for name, number in after.items()}
    name = max(more, key=lambda name: more[name], default="")
    return (name, more[name]) if name and more[name] >= ENOUGH else ("", 0)
