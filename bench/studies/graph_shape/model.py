"""What a family of entities takes: a parent with its children, and with theirs. Arithmetic alone, in bytes.

Of one parent, in a process that keeps so many families in one session:

    bytes = entity(parent) + place
          + first, if it has a collection
          + for each collection: collection + list(n) + n * bytes of a child
          + for each reference: bytes of the parent that it refers to / how many refer to that one
          + load, for each lazy load that finds something

    entity(k) = constant + attribute * k + the values' own bytes, for k columns and loaded relationships
    list(n)   = 8 * the places that a list of n has that grew by appending
    place     = the identity map's dict / families: it doubles, so this is the only part that comes in waves

The `Parts` are measured for each way to load. They hold for at most MOST columns and relationships, which share their
keys. Where two relationships or more come late, the attributes lie in a table of their own: `own_table`.

CPython's rules: a list grows by an eighth and some (https://github.com/python/cpython/blob/v3.12.1/Objects/listobject.c,
`list_resize`), a dict to three times as many slots as it has keys
(https://github.com/python/cpython/blob/v3.12.1/Objects/dictobject.c, `GROWTH_RATE`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

POINTER = 8
# A dict's keys: what stands before the table, a general entry (with its hash), and one of a text alone.
HEADER, ENTRY, TEXT_ENTRY = 32, 24, 16
# A dict, with the header that the garbage collector wants.
DICT = 64
# How many columns and relationships share their keys: CPython's 30, less `_sa_instance_state` and one that is taken.
MOST = 28


@dataclass(frozen=True)
class Related:
    """What is loaded with an entity by one relationship: a collection of children, or one parent.

    `counts` are how many children the parents have in turn; where there are none, it is a reference to a parent, to
    which so many refer, `sharing`.
    """

    family: "Family"
    counts: Sequence[int] = ()
    sharing: int = 1

    @property
    def mean(self) -> float:
        """How many entities an owner has of it."""
        return sum(self.counts) / len(self.counts) if self.counts else 1 / self.sharing

    @property
    def loads(self) -> float:
        """How many loads of an owner find something, where each loads for one owner alone."""
        return sum(map(bool, self.counts)) / len(self.counts) if self.counts else 1 / self.sharing


@dataclass(frozen=True)
class Family:
    """Entities of one class: their columns, keys included, the bytes of their values, and what is loaded with each."""

    columns: int
    values: float = 0
    related: Sequence[Related] = ()

    @property
    def entities(self) -> float:
        return 1 + sum(related.mean * related.family.entities for related in self.related)


@dataclass(frozen=True)
class Parts:
    """What is measured of one way to load, in bytes.

    An entity without attributes, values and place; each attribute; what an entity's first collection adds to its state;
    each collection without its list's places; and what a load leaves for those that it found.
    """

    constant: float
    attribute: float
    first: float
    collection: float
    load: float
    # Whether relationships are loaded after the entities of their batch were made, with no key left for them.
    late: bool
    # Whether the array of attributes stays beside an own table: it is part of the instance since CPython 3.13.
    inline: bool = False


def predicted(family: Family, parts: Parts, families: int) -> float:
    """Return the bytes of one family where a session holds so many. Raises ValueError beyond MOST attributes."""
    return without_places(family, parts) + dict_bytes(round(families * family.entities)) / families


def without_places(family: Family, parts: Parts) -> float:
    """Return the bytes of one family without its entities' places in the identity map. Raises ValueError."""
    size = entity(family, parts)
    if any(related.counts for related in family.related):
        size += parts.first
    for related in family.related:
        size += related.mean * without_places(related.family, parts) + related.loads * parts.load
        if related.counts:
            size += parts.collection + sum(map(list_bytes, related.counts)) / len(related.counts)
    return size


def entity(family: Family, parts: Parts) -> float:
    """Return the bytes of one entity: its values, its attributes and the rest. Raises ValueError."""
    attributes, late = family.columns + len(family.related), len(family.related) if parts.late else 0
    if attributes > MOST:
        raise ValueError(f"{attributes} columns and relationships, more than the {MOST} that share their keys")
    size = parts.constant + family.values
    if late < 2 or parts.inline:  # the first one that is late finds the last shared key
        size += parts.attribute * attributes
    return size + (own_table(family.columns + 1, late - 1) if late > 1 else 0)


@cache
def list_bytes(count: int) -> int:
    """Return the bytes of the places of a list that so many were appended to."""
    places = 0
    for size in range(1, count + 1):
        if size > places:
            places = (size + (size >> 3) + 6) & ~3
    return POINTER * places


def dict_bytes(count: int) -> int:
    """Return the bytes of a dict that so many keys, which are no texts, were added to."""
    slots, used = 8, 0
    while (used := slots * 2 // 3) < count:
        slots = _power_of_two(3 * used)
    return DICT + _table(slots, ENTRY)


def own_table(shared: int, more: int) -> int:
    """Return the bytes of the table that an instance's dict gets when its keys cannot be shared any more.

    So many attributes are in it before, beside `_sa_instance_state`, and so many come.
    """
    used = shared + 1
    slots = _power_of_two(3 * used)
    while slots * 2 // 3 < used + more:
        slots = _power_of_two(3 * (slots * 2 // 3))
    return _table(slots, TEXT_ENTRY)


def _table(slots: int, entry: int) -> int:
    index = next(size for size, most in ((1, 2**8), (2, 2**16), (4, 2**32)) if slots < most)
    return HEADER + slots * index + slots * 2 // 3 * entry


def _power_of_two(least: int) -> int:
    return 1 << max(3, (least - 1).bit_length())
