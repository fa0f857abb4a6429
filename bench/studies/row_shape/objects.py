"""The objects that a row consists of, by name, with a link to the line that made each.

A name goes with the text of a line, not with its number, which moves from version to version. Where a line makes
allocations of several sizes, their names stand in the order of the sizes, the largest first.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from bench.studies.row_shape.measure import TracedAllocation
from common import DISTRIBUTIONS

# The rows that are told apart have three columns, all of them integers.
VALUES = "the values, three integers"
NAMES = {
    "self.expired_attributes = set()": ("the set `expired_attributes`, empty",),
    "instance = self.class_.__new__(self.class_)": ("the instance, and the array of its attributes",),
    "state = self._state_constructor(instance, self)": (
        "its `InstanceState`",
        "the array of the state's attributes that are no slots",
    ),
    "self.obj = weakref.ref(obj, self._cleanup)": (
        "weak reference from the state to the instance",
        "its callback, a bound method",
    ),
    "self.committed_state = {}": ("the dict `committed_state`, empty",),
    "dict_ = instance_dict(instance)": ("the instance's dict, without a table of its own",),
    "identitykey = (": ("identity key: class, primary key, token",),
    "primary_key_getter(row),": ("the primary key in it, a tuple",),
    "self._dict[key] = state": ("place in the session's identity map",),
    "state.key = identitykey": ("the dict of the state, and the array of its attributes",),
    "validated_self = self.__pydantic_validator__.validate_python(data, self_instance=self)": (
        "the set of given fields",
        "its dict",
    ),
    "return func(**dict(zip(names, values)))": ("the dict's table", "the model"),
    "new = cls(*values)": ("the instance, and the array of its attributes",),
    "self._state = ModelState()": ("its `ModelState`", "the array of the state's attributes"),
    "self = cls.__new__(cls)": ("the array of its attributes, four of which are Tortoise's own", "the instance"),
    "self._await_when_save = {}": ("the dict `_await_when_save`, empty",),
    "return self._tx.load_rows(0, res.ntuples, self._make_row)": (VALUES,),
    "records = self._tx.load_rows(self._pos, res.ntuples, self._make_row)": (VALUES,),
}
OTHER = "other"
# What the libraries could leave out until it is needed: an entity that is only read never needs it.
NEVER_USED = ("self.expired_attributes = set()", "self.committed_state = {}")
# Where a file lies in its library's repository, by the package: address at a version's tag, and the folder.
REPOSITORIES = {
    "sqlalchemy": ("https://github.com/sqlalchemy/sqlalchemy/blob/rel_{}/lib/", "_"),
    "pydantic": ("https://github.com/pydantic/pydantic/blob/v{}/", "."),
    "django": ("https://github.com/django/django/blob/{}/", "."),
    "tortoise": ("https://github.com/tortoise/tortoise-orm/blob/{}/", "."),
    "psycopg": ("https://github.com/psycopg/psycopg/blob/{}/psycopg/", "."),
}


@dataclass(frozen=True)
class Object:
    """An object of a row, by name: its bytes per row, and the line that made it, as text and as Markdown's link."""

    name: str
    size: float
    text: str
    link: str


def of(allocations: Sequence[TracedAllocation], versions: Mapping[str, str]) -> list[Object]:
    """Return the objects of a row, largest first, and what has no name as OTHER; with the packages' versions."""
    lines: dict[str, list[TracedAllocation]] = {}
    for allocation in allocations:
        lines.setdefault(allocation["text"], []).append(allocation)
    objects = [each for text, made in lines.items() for each in named(NAMES.get(text, ()), made, versions)]
    with_name = sorted((each for each in objects if each.name != OTHER), key=lambda each: -each.size)
    rest = sum(each.size for each in objects if each.name == OTHER)
    return [*with_name, *([Object(OTHER, rest, "", "")] if rest else [])]


def named(names: Sequence[str], made: list[TracedAllocation], versions: Mapping[str, str]) -> list[Object]:
    """Return the objects that one line made: apart, where it has as many names as its allocations have sizes."""
    line = link(made[0]["file"], made[0]["line"], versions)
    sizes = [part["size"] * part["per_row"] for part in sorted(made, key=itemgetter("size"), reverse=True)]
    if len(sizes) != len(names):
        names, sizes = [", ".join(names) or OTHER], [sum(sizes)]
    return [Object(name, size, made[0]["text"], line) for name, size in zip(names, sizes, strict=True)]


def link(file: str, line: int, versions: Mapping[str, str]) -> str:
    """Return a link to a library's source line at the tag of its version, else its file and line."""
    path = re.sub(r".*/site-packages/", "", file)
    package, _, _ = path.partition("/")
    where = f"{path}:{line}"
    if package not in REPOSITORIES:
        return f"`{where}`"
    address, separator = REPOSITORIES[package]
    version = versions[DISTRIBUTIONS.get(package, package)].replace(".", separator)
    return f"[`{where}`]({address.format(version)}{path}#L{line})"


def never_used(allocations: Sequence[TracedAllocation]) -> float:
    """Return the bytes per row that an entity which is only read never needs."""
    return sum(part["size"] * part["per_row"] for part in allocations if part["text"] in NEVER_USED)
