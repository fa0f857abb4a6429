"""Which objects are alive, by class, and what those of entities, models and rows take."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

Counted = dict[str, int]
MOST_CLASSES = 20
SAMPLE = 500
# Snapshots consist of tuples, and of those that hold no other object the collector knows few.
_UNTOLD = (
    "tuple",
    "function",
    "cell",
    "wrapper_descriptor",
    "method_descriptor",
    "builtin_function_or_method",
    "getset_descriptor",
)


def count(objects: list[Any]) -> Counted:
    """Return how many of these objects there are of each class."""
    counts = Counter(map(type, objects))
    named: Counted = {}
    for kind, number in counts.items():
        name = class_name(kind)
        named[name] = named.get(name, 0) + number
    return named


def changed(objects: list[Any]) -> Counted:
    """Return of how many entities the states are among these that were changed and are not yet written, by class."""
    state = getattr(sys.modules.get("sqlalchemy.orm.state"), "InstanceState", None)
    counts = Counter(thing.class_ for thing in objects if type(thing) is state and thing.modified)
    return {class_name(kind): number for kind, number in counts.items()}


def class_name(kind: type) -> str:
    """Return a class's name with its module, unless that is Python's own; a metaclass of the reader's may refuse it."""
    module: Any = ""
    name = str(type.__dict__["__qualname__"].__get__(kind))
    with suppress(AttributeError):
        module = type.__dict__["__module__"].__get__(kind)
    return name if module == "builtins" or type(module) is not str else f"{module}.{name}"


def grown(after: Counted, before: Counted) -> list[tuple[str, int]]:
    """Return the classes that have more objects than before, most first."""
    more = {name: number - before.get(name, 0) for name, number in after.items() if name not in _UNTOLD}
    return sorted(((name, n) for name, n in more.items() if n > 0), key=lambda c: -c[1])[:MOST_CLASSES]


def reached(result: Any) -> list[tuple[str, int]]:
    """Return the classes of what a result holds, through three levels of collections, most first."""
    counts: Counter[type] = Counter()
    level = [result]
    for _ in range(3):
        level = gc.get_referents(*[thing for thing in level if type(thing) in (list, tuple, dict, set)])
        counts.update(map(type, level))
    return [(class_name(kind), number) for kind, number in counts.most_common(MOST_CLASSES)]


def size_of(value: Any, seen: set[int] | None = None) -> int:
    """Return what a value takes with all that it holds, each object once; the smallest integers are there anyway.

    What was `seen` already does not count.
    """
    if isinstance(value, memoryview):
        return value.nbytes
    size, held = 0, [value]
    seen = set() if seen is None else seen
    while held:
        thing = held.pop()
        if thing is None or (type(thing) in (bool, int) and -5 <= thing <= 256) or id(thing) in seen:
            continue
        seen.add(id(thing))
        size += sys.getsizeof(thing)
        if type(thing) in (dict, list, tuple, set, frozenset):
            held += thing
            held += thing.values() if type(thing) is dict else ()
    return size


def attributes(kind_name: str) -> dict[str, float]:
    """Return what each attribute of some of a class's objects takes on average, in bytes; no value is kept."""
    sizes: dict[str, int] = {}
    some = sample(of_class(kind_name))
    for thing in some:
        for name, value in list(getattr(thing, "__dict__", {}).items()):
            if not name.startswith("_"):
                sizes[name] = sizes.get(name, 0) + size_of(value)
    number = len(some)
    return {name: size / number for name, size in sizes.items()} if number else {}


def sample(things: Sequence[Any]) -> Sequence[Any]:
    """Return some from all over, for the first ones may be smaller than the last."""
    return things[:: -(-len(things) // SAMPLE)] if things else []


def models(least: int) -> list[tuple[str, int, float, float]]:
    """Return Pydantic's models by class: how many, and the bytes of the set of given fields and of the dict of each."""
    base = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    if base is None:
        return []
    by_class: dict[type, list[Any]] = {}
    for thing in gc.get_objects():
        if issubclass(type(thing), base):
            by_class.setdefault(type(thing), []).append(thing)
    found = []
    for kind, things in by_class.items():
        number, some = len(things), sample(things) if len(things) >= least else []
        sets = [sys.getsizeof(thing.__pydantic_fields_set__) for thing in some if hasattr(kind, "model_fields")]
        dicts = [sys.getsizeof(thing.__dict__) for thing in some]
        if sets:
            found.append((class_name(kind), number, sum(sets) / len(sets), sum(dicts) / len(dicts)))
    return found


def model_names() -> list[str]:
    """Return the names of Pydantic's models, whether there are objects of them or not."""
    base = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    kinds = [thing for thing in gc.get_objects() if issubclass(type(thing), type)] if base else []
    return [class_name(kind) for kind in kinds if base in type.mro(kind)[1:]]


def row_size() -> list[int]:
    """Return what a row of SQLAlchemy's takes beside its values, and each column of it."""
    empty, full = sys.getsizeof(()), sys.getsizeof((None,))
    engine = sys.modules.get("sqlalchemy.engine")
    row = int(engine.Row.__basicsize__) + empty - ().__sizeof__() if engine else 0
    return [row + empty, full - empty]


def of_class(kind_name: str) -> list[Any]:
    """Return the objects of the classes of this name."""
    objects = gc.get_objects()
    kinds = {kind for kind in set(map(type, objects)) if class_name(kind) == kind_name}
    return [thing for thing in objects if type(thing) in kinds]
