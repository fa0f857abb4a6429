"""The objects that a family consists of beside its entities, by name, with a link to the line that made each."""

from collections.abc import Mapping, Sequence

from bench.studies.row_shape.measure import TracedAllocation
from bench.studies.row_shape.objects import NAMES as OF_ROWS
from bench.studies.row_shape.objects import OTHER, Object, link

ENTITIES = "the two entities, with their values and places"
TABLE = "a table of the state's attributes, instead of an array of 80 bytes"
LEFT = "what a lazy load leaves with those it found: a path, options, a number"
# By the text of a line, the names of what it makes: each from so many bytes on, the largest first.
NAMES = {
    "data._sa_adapter = self": ((65, "the array of the list's attributes, 30 places for one"), (0, "the list's dict")),
    "user_data = factory()": ((0, "the list, empty"),),
    "fn(self, item)": ((0, "the list's places, four for one child"),),
    "adapter = collections.CollectionAdapter(impl, state, user_data)": ((0, "the list's `CollectionAdapter`"),),
    "self._data = weakref.ref(data)  # type: ignore[assignment]": (
        (0, "a weak reference from the `CollectionAdapter` to the list"),
    ),
    "obj.__dict__[self.__name__] = result = self.fget(obj)": ((65, TABLE), (0, "the dict of the state's attributes")),
    "self.expired = False": ((0, TABLE),),
    "return {}": ((0, "an empty dict of the state, `_pending_mutations` or `_empty_collections`"),),
    "self.owner_state._empty_collections[self._key] = user_data": (
        (0, "the table that `_empty_collections` had for a moment"),
    ),
    "return _SlotsEntityRegistry(self, entity)": ((0, LEFT),),
    "self.path = parent.path + (entity,)": ((0, LEFT),),
    "self.propagated_loader_options = tuple(": ((0, LEFT),),
    "return next(counter)": ((0, LEFT),),
}


def of(allocations: Sequence[TracedAllocation], versions: Mapping[str, str]) -> dict[str, Object]:
    """Return the objects of a family by name, the largest first: its entities as one, and as OTHER what has no name."""
    made: dict[str, list[TracedAllocation]] = {}
    for allocation in allocations:
        made.setdefault(name_of(allocation), []).append(allocation)
    objects = [
        Object(
            name,
            sum(allocation["size"] * allocation["per_row"] for allocation in own),
            own[0]["text"],
            "" if name in (ENTITIES, OTHER) else link(own[0]["file"], own[0]["line"], versions),
        )
        for name, own in made.items()
    ]
    return {each.name: each for each in sorted(objects, key=lambda each: -each.size)}


def name_of(allocation: TracedAllocation) -> str:
    text, size = allocation["text"], allocation["size"]
    if text in OF_ROWS:
        return ENTITIES
    return next((name for least, name in NAMES.get(text, ()) if size >= least), OTHER)
