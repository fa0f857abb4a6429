"""What an instance costs whose class has both slots and a dict, when one attribute goes into the dict.

usage: python studies/versions/slots_and_dict.py

This is 264 of the 272 bytes that a SQLAlchemy entity costs more with Python 3.13 than with 3.12; the other 8 are
the entity's own. Its `InstanceState` has `__dict__`
among its `__slots__` (`sqlalchemy/orm/state.py`), and loading sets `state.key`, its first attribute that is no slot
(`_instance` in `sqlalchemy/orm/loading.py`). Up to 3.12 every instance had a small array for the attributes of its
dict, made together with it, and no dict; each new instance made the array of the next one smaller, down to the keys
that are in use. 3.13 puts the array into the instance, right after its header, so a class with slots has no place for
it (`_PyObject_InlineValues`,
https://github.com/python/cpython/blob/v3.13.0/Include/internal/pycore_object.h#L735). The first attribute then makes a
dict of 64 bytes, and an array for all the 30 keys that instances may share, 280 bytes (`SHARED_KEYS_MAX_SIZE` and
`_PyInlineValuesSize`, https://github.com/python/cpython/blob/v3.13.0/Include/internal/pycore_dict.h#L187): 344 bytes,
and nothing makes the next one smaller.

Measured in an entity's state, object and dict together: 168 bytes with 3.12, 88 + 344 with 3.13, and 176 with 3.13 once
`__slots__` is struck from `InstanceState`.
"""

import platform
import sys
import tracemalloc

INSTANCES = 10_000


class Plain:
    """A class as most are."""

    key: object


class Slotted:
    """A class like SQLAlchemy's `InstanceState`."""

    __slots__ = ("__dict__", "manager")
    key: object


for kind in (Plain, Slotted):
    tracemalloc.start()
    instances = [kind() for _ in range(INSTANCES)]
    for instance in instances:
        instance.key = None
    size = tracemalloc.get_traced_memory()[0] - sys.getsizeof(instances)
    tracemalloc.stop()
    print(f"{kind.__name__} with CPython {platform.python_version()}: {size / INSTANCES:.0f} bytes per instance")
