"""The collections that the reader's modules name: how many items each has, of whatever class, texts and tuples too."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from types import ModuleType
from typing import Any

from bench.yours.function.probe.memory import package_of

_COLLECTIONS: tuple[Any, ...] = (dict, list, set, deque)
_CACHE = type(lru_cache(None)(int))
# Of fewer new items it is not said that a collection grew.
ENOUGH = 100


def sizes() -> dict[str, int]:
    """Return how many items each collection has that is a variable, or an attribute of a class or an object there."""
    found: dict[str, int] = {}
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and package_of(str(vars(module).get("__file__") or "<")) == "":
            for path, thing in _named(name, vars(module)):
                number = _items(thing)
                inner = _names(thing, name) if number is None else {}
                found.update({path: number} if number is not None else {})
                found.update({below: n for below, one in _named(path, inner) if (n := _items(one)) is not None})
    return found


def _named(path: str, names: Any) -> Iterator[tuple[str, Any]]:
    return ((f"{path}.{name}", thing) for name, thing in list(names.items()) if not str(name).startswith("__"))


def _items(thing: Any) -> int | None:
    """Return how many items a collection has, without a method of the reader's: one may execute a statement."""
    thing = thing.__func__ if type(thing) in (staticmethod, classmethod) else thing
    if type(thing) is _CACHE:
        return int(thing.cache_info().currsize)
    kind = next((kind for kind in _COLLECTIONS if issubclass(type(thing), kind)), None)
    return int(kind.__len__(thing)) if kind else None


def _names(thing: Any, module: str) -> Any:
    """Return the attributes of an object, or of a class that this module defines."""
    names: Any = {}
    with suppress(Exception):
        names = (type if issubclass(type(thing), type) else object).__getattribute__(thing, "__dict__")
        if issubclass(type(thing), type) and names.get("__module__") != module:
            return {}
    return {} if issubclass(type(thing), ModuleType) or not hasattr(type(names), "items") else names


def most_grown(before: dict[str, int]) -> tuple[str, int]:
    """Return the collection that has most items more than before, and how many; no name where none grew."""
    after = sizes()
    more = {name: number - before.get(name, 0) for name, number in after.items()}
    name = max(more, key=lambda name: more[name], default="")
    return (name, more[name]) if name and more[name] >= ENOUGH else ("", 0)
