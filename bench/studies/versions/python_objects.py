"""What Python's own objects take, of the kinds that a row, a model and an entity consist of, on the Python that runs.

usage: python bench/studies/versions/python_objects.py

It needs no package, so each line shows a cause without SQLAlchemy or Pydantic:

- A text has no pointer to a `wchar_t` string since 3.12 (https://peps.python.org/pep-0623/). An instance has one word
  less: the pointers to its dict and to its values are one (https://github.com/python/cpython/pull/95278), which made
  room before the header for the one to its weak references (https://github.com/python/cpython/pull/95996).
- An instance's attributes lie in an array. 3.13 puts it into the instance, with a header of its own, up to 8 bytes
  (https://github.com/python/cpython/blob/v3.13.0/Include/internal/pycore_dict.h#L196). There it stays, unused, once the
  instance's dict has a table of its own. An instance with slots has no place for it in 3.13: its first attribute that
  is no slot makes a dict, 64 bytes, and an array for the 30 keys that instances may share, 280 bytes. 3.14 has
  (https://github.com/python/cpython/pull/123192), even where it is not used, as of a Pydantic model, whose dict is
  given to it.
- Since 3.13 the array has a place for each name that a method of the class assigns, `__static_attributes__`
  (https://github.com/python/cpython/pull/118468), even for that of a slot, which never lies there
  (https://github.com/python/cpython/issues/135385; https://github.com/python/cpython/pull/156656 is open).
- An instance with slots that may be weakly referred to, such as a UUID or an IP address, has had its pointer to the
  weak references before the header since 3.12, beside a word for a dict that it has not. An address with a mask has
  attributes that are no slots, as above. A Decimal has a header for the garbage collector since 3.13
  (https://github.com/python/cpython/pull/106079).
- A tuple has room for its hash since 3.14 (https://github.com/python/cpython/pull/131529).
- The block of a freed integer is kept for the next one since 3.14 (https://github.com/python/cpython/pull/126865), for
  one that is made of a text, too (https://github.com/python/cpython/pull/128181). Blocks are of 32 bytes where a
  calculation made them, else of 28.
- The integers from -5 to 256 exist once, since 3.15 those up to 1024 (https://github.com/python/cpython/pull/133160).
"""

import gc
import platform
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from uuid import UUID

INSTANCES = 2_000
# Each further instance of a class makes the arrays of later ones smaller, down to the keys that are in use.
BEFORE = 30


class Plain:
    """A class as most are."""


class Wide:
    """The same, for instances of more attributes than may share their keys."""


class Slotted:
    """A class like SQLAlchemy's `InstanceState`."""

    __slots__ = ("__dict__", "__weakref__", "manager")


class Assigning:
    """The same, with a method that assigns its slot and two attributes more, as those of `InstanceState` do."""

    __slots__ = ("__dict__", "__weakref__", "manager")

    def assign(self) -> None:
        """Nothing calls it."""
        self.manager = self.modified = self.expired = None


class GivenDict:
    """A class like Pydantic's `BaseModel`."""

    __slots__ = ("__dict__", "__weakref__", "fields_set")


def with_attributes(kind: type, count: int = 1) -> object:
    """Return an instance with so many attributes that are no slots."""
    instance = kind()
    for number in range(count):
        setattr(instance, f"a{number}", None)
    return instance


def with_a_given_dict(kind: type) -> object:
    """Return an instance with an empty dict that was made elsewhere."""
    instance = kind()
    instance.__dict__ = {}
    return instance


def after_a_freed_one() -> int:
    """Return an integer of nine digits, made of a text right after one that a calculation made was freed."""
    _ = int("100000") * 1_000
    del _
    return int("999999999")


def bytes_each(make: Callable[[], object]) -> float:
    """Return the traced bytes of each object."""
    for _ in range(BEFORE):
        make()
    kept: list[object] = [None] * INSTANCES
    gc.collect()
    tracemalloc.start()
    for index in range(INSTANCES):
        kept[index] = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / INSTANCES


CASES: dict[str, Callable[[], object]] = {
    "text of 20 characters": lambda: "".join(["x" * 10] * 2),
    "tuple of one": lambda: tuple(range(1)),
    "integer of a text, after one that was freed": after_a_freed_one,
    "uuid": lambda: UUID("f" * 32),
    "inet": lambda: IPv4Address("10.0.0.1"),
    "inet with a mask": lambda: IPv4Interface("10.0.0.1/24"),
    "cidr": lambda: IPv4Network("10.0.0.0/24"),
    "numeric": lambda: Decimal("1.25"),
    "instance, one attribute": lambda: with_attributes(Plain),
    "instance, 40 attributes": lambda: with_attributes(Wide, 40),
    "instance with slots, one attribute": lambda: with_attributes(Slotted),
    "the same, two names and a slot assigned in a method": lambda: with_attributes(Assigning),
    "instance with slots, a dict given to it": lambda: with_a_given_dict(GivenDict),
}

if __name__ == "__main__":
    print(f"CPython {platform.python_version()}, bytes each")
    for name, make in CASES.items():
        print(f"{name}: {bytes_each(make):.0f}")
    shared = next(number for number in range(10_000) if int(str(number)) is not int(str(number))) - 1
    print(f"the largest integer that exists once: {shared}")
