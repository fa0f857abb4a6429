"""Which objects are alive, by class; what the attributes of entities take; and who holds what stays."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from contextlib import suppress
from types import FrameType, FunctionType, ModuleType
from typing import Any

from bench.yours.function.probe.memory import PROBE

Counted = dict[str, int]
MOST_CLASSES = 20
SAMPLE = 500
# A root is looked for above so many objects, for each of which all others are asked.
MOST_VISITED = 200
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


def count() -> Counted:
    """Return how many objects of each class the garbage collector knows."""
    counts = Counter(map(type, gc.get_objects()))
    named: Counted = {}
    for kind, number in counts.items():
        name = class_name(kind)
        named[name] = named.get(name, 0) + number
    return named


def class_name(kind: type) -> str:
    """Return a class's name with its module, unless that is Python's own; a metaclass of the reader's may refuse it."""
    module, name = "", str(type.__dict__["__qualname__"].__get__(kind))
    with suppress(AttributeError):
        module = str(type.__dict__["__module__"].__get__(kind))
    return name if module == "builtins" else f"{module}.{name}"


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


def mappers() -> list[Any] | None:
    """Return SQLAlchemy's mappers; None where its ORM is not imported."""
    orm = sys.modules.get("sqlalchemy.orm")
    return [thing for thing in gc.get_objects() if type(thing) is orm.Mapper] if orm else None


def django_models() -> list[Any] | None:
    """Return Django's models, of applications that are not installed, too; None where they are not loaded."""
    registry = sys.modules.get("django.apps")
    if not registry or not registry.apps.models_ready:
        return None
    of_all = [model for models in registry.apps.all_models.values() for model in models.values()]
    return [model for model in of_all if not model._meta.auto_created]


def mapped() -> set[str]:
    """Return the names of the classes that SQLAlchemy or Django maps."""
    return {class_name(kind) for kind in [mapper.class_ for mapper in mappers() or ()] + (django_models() or [])}


def relationships() -> list[tuple[str, str, str, str, bool]]:
    """Return of each relationship its table, class, attribute, the other table, and whether it leads to many."""
    found = []
    for mapper in mappers() or ():
        for one in mapper.relationships if mapper.configured else ():
            tables = mapper.local_table, one.mapper.local_table
            here, there = (str(getattr(table, "fullname", "")) for table in tables)
            found.append((here, mapper.class_.__name__, one.key, there, bool(one.uselist)))
    for model in django_models() or ():
        for field in model._meta.get_fields():
            if field.is_relation and field.related_model:
                name = field.get_accessor_name() if field.auto_created else field.name
                to_many = bool(field.one_to_many or field.many_to_many)
                table = field.related_model._meta.db_table
                found.append((model._meta.db_table, model.__name__, str(name), table, to_many))
    return found


def tables() -> dict[str, tuple[str, str]]:
    """Return of each table that one class maps the class's name, and its primary key's, if that is one column."""
    found: dict[str, tuple[str, str]] = {}
    for mapper in mappers() or ():
        if not mapper.inherits:
            keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
            found[str(getattr(mapper.local_table, "fullname", ""))] = mapper.class_.__name__, keys[0] * (len(keys) == 1)
    for model in django_models() or ():
        found[model._meta.db_table] = model.__name__, "pk"
    return found


def attributes(kind_name: str) -> dict[str, float]:
    """Return what each attribute of some of a class's objects takes on average, in bytes; no value is kept."""
    sizes: dict[str, int] = {}
    some = _of_class(kind_name)[:SAMPLE]
    for thing in some:
        for name, value in list(getattr(thing, "__dict__", {}).items()):
            if not name.startswith("_"):
                sizes[name] = sizes.get(name, 0) + sys.getsizeof(value)
    number = len(some)
    return {name: size / number for name, size in sizes.items()} if number else {}


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
        number, some = len(things), things[:SAMPLE] if len(things) >= least else []
        sets = [sys.getsizeof(thing.__pydantic_fields_set__) for thing in some if hasattr(kind, "model_fields")]
        dicts = [sys.getsizeof(thing.__dict__) for thing in some]
        if sets:
            found.append((class_name(kind), number, sum(sets) / len(sets), sum(dicts) / len(dicts)))
    return found


def row_size() -> list[int]:
    """Return what a row of SQLAlchemy's takes beside its values, and each column of it, in bytes."""
    empty, full = sys.getsizeof(()), sys.getsizeof((None,))
    engine = sys.modules.get("sqlalchemy.engine")
    row = int(engine.Row.__basicsize__) + empty - ().__sizeof__() if engine else 0
    return [row + empty, full - empty]


def _of_class(kind_name: str) -> list[Any]:
    objects = gc.get_objects()
    kinds = {kind for kind in set(map(type, objects)) if class_name(kind) == kind_name}
    return [thing for thing in objects if type(thing) in kinds]


def holder(kind_name: str) -> list[str]:
    """Return a path from a root to one of this class's objects, if one is found: of names, never of keys."""
    things = _of_class(kind_name)
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
            if id(above) in below or id(above) in ours or isinstance(above, FrameType):
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
    if isinstance(thing, ModuleType):
        return thing.__name__
    if isinstance(thing, dict) and isinstance(thing.get("__name__"), str) and "__spec__" in thing:
        name = thing["__name__"]
        return "" if name == PROBE else str(name)
    if isinstance(thing, type):
        return class_name(thing)
    return thing.__qualname__ if isinstance(thing, FunctionType) else ""


def _steps(path: list[Any]) -> list[str]:
    """Return what is held at each step: the name of a variable or an attribute, else a class."""
    steps = []
    for index in range(len(path) - 1):
        above, below = path[index], path[index + 1]
        name = ""
        if isinstance(above, dict) and (index == 0 or _has_dict(path[index - 1], above)):
            name = next((key for key, value in above.items() if value is below and isinstance(key, str)), "")
        if isinstance(below, dict) and _has_dict(above, below):
            continue
        steps.append(f".{name}" if name else class_name(type(below)))
    return steps


def _has_dict(owner: Any, names: dict[Any, Any]) -> bool:
    return getattr(owner, "__dict__", None) is names
