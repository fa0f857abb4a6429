"""Who holds what stays: a path from a root to an object."""

from __future__ import annotations

import gc
from contextlib import suppress
from types import FrameType, FunctionType, ModuleType
from typing import Any

from bench.yours.function.probe.memory import PROBE
from bench.yours.function.probe.objects import class_name, of_class

# A root is looked for above so many objects, for each of which all others are asked.
MOST_VISITED = 200


def holder(kind_name: str) -> list[str]:
    """Return a path from a root to one of this class's objects, if one is found: of names, never of keys."""
    things = of_class(kind_name)
    if not things:
        return []
    seen = [things[len(things) // 2]]
    things.clear()
    below: dict[int, int] = {id(seen[0]): -1}
    ours = {id(seen), id(things)}
    done = 0
    while done < min(len(seen), MOST_VISITED):
        thing = seen[done]
        for above in gc.get_referrers(thing):
            if id(above) in below or id(above) in ours or issubclass(type(above), FrameType):
                continue
            below[id(above)] = done
            seen.append(above)
            if _root(above):
                return [_root(above), *_steps(_path(seen, below))]
        done += 1
    return []


def _path(seen: list[Any], below: dict[int, int]) -> list[Any]:
    path = [seen[-1]]
    while below[id(path[-1])] >= 0:
        path.append(seen[below[id(path[-1])]])
    return path


def _root(thing: Any) -> str:
    kind = type(thing)  # isinstance would ask the reader's own object
    if issubclass(kind, ModuleType):
        return str(vars(thing).get("__name__", ""))
    if kind is dict and type(thing.get("__name__")) is str and "__spec__" in thing:
        name = thing["__name__"]
        return "" if name == PROBE else str(name)
    if issubclass(kind, type):
        return class_name(thing)
    return thing.__qualname__ if kind is FunctionType else ""


def _steps(path: list[Any]) -> list[str]:
    """Return what is held at each step: the name of a variable or an attribute, else a class."""
    steps = []
    for index in range(len(path) - 1):
        above, below = path[index], path[index + 1]
        name = ""
        if type(above) is dict and (index == 0 or _has_dict(path[index - 1], above)):
            name = next((key for key, value in above.items() if value is below and type(key) is str), "")
        if type(below) is dict and _has_dict(above, below):
            continue
        steps.append(f".{name}" if name else class_name(type(below)))
    return steps


def _has_dict(owner: Any, names: dict[Any, Any]) -> bool:
    with suppress(Exception):
        return object.__getattribute__(owner, "__dict__") is names
    return False
