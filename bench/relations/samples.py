"""What the first rows show of each column: the classes of its values, how wide they are, or why they cannot be read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import CharacterNotInRepertoire, UntranslatableCharacter
from psycopg.pq import Format

from bench.relations import catalog

# No more bytes are looked at, and then measured: so no value that is measured is one that nobody has looked at.
BYTES = 128 * 2**20
# A batch has no more rows than these, nor more bytes if its rows are as wide as those of the batch before.
BATCH_ROWS, BATCH_BYTES = 1000, 8 * 2**20
# So many blocks show what a row takes to 10 %, where it varies over the table as evenly as from nothing to the double:
# by 0.58 of the mean, and twice that is divided by the root of their number.
ENOUGH_BLOCKS = 140
# The class that psycopg gives the values of a type, where there are none to see it of.
CLASSES = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "int"),
    **dict.fromkeys(("float4", "float8"), "float"),
    **dict.fromkeys(("text", "varchar", "bpchar", "name"), "str"),
    **{"bool": "bool", "bytea": "bytes", "numeric": "decimal.Decimal", "uuid": "uuid.UUID", "date": "datetime.date"},
    **dict.fromkeys(("timestamp", "timestamptz"), "datetime.datetime"),
    **{"time": "datetime.time", "timetz": "datetime.time", "interval": "datetime.timedelta"},
}


@dataclass
class Sampled:
    """What was seen of a column: how many rows, the classes and bytes of its values, and what kept one unread.

    `nested` are the bytes of those values that are lists and dicts.
    """

    # What the server calls the values' type, as far as psycopg knows it.
    stored: str = ""
    rows: int = 0
    size: int = 0
    nested: int = 0
    classes: set[type] = field(default_factory=set)
    fault: str = ""

    def see(self, values: Iterable[bytes | None], load: Callable[[bytes], object]) -> None:
        """Take account of values as the server sends them."""
        for value in values:
            self.rows += 1
            if value is None:
                continue
            self.size += len(value)
            try:
                kind = type(load(value))
                self.classes.add(kind)
                self.nested += len(value) * (kind in (list, dict))
            except Exception as error:  # what it says holds the value
                stored = f"{self.stored}: " if self.stored else ""
                self.fault = f"psycopg cannot read one of its values ({stored}{type(error).__name__})"

    @property
    def type(self) -> str:
        """The name of the class that all values but NULL have, where the standard library has it; else `Any`."""
        if not self.classes:
            return CLASSES.get(self.stored, "Any")
        if len(self.classes) != 1:
            return "Any"
        [kind] = self.classes
        if kind.__module__ == "builtins":
            return kind.__name__
        return f"{kind.__module__}.{kind.__name__}" if kind.__module__ in ("datetime", "decimal", "uuid") else "Any"

    @property
    def hashable(self) -> bool:
        """Whether they can be an entity's key."""
        return all(kind.__hash__ for kind in self.classes)


def look_at(
    connection: "psycopg.Connection[Any]", types: Mapping[str, int], select: Callable[[Sequence[str]], str], rows: int
) -> dict[str, Sampled]:
    """Return what the first rows show of these columns, given with their types' numbers. Raises psycopg.Error.

    `select` makes a statement of columns. The server fails a whole one for a text that it cannot send in UTF-8, so the
    column of that text is found by halves.
    """
    names = list(types)
    try:
        with connection.transaction():
            return read(connection, f"{select(names)} LIMIT {rows}", types)
    except (CharacterNotInRepertoire, UntranslatableCharacter) as error:
        if len(names) == 1:
            return {names[0]: Sampled(fault=f"the server cannot send a value of it in UTF-8 ({type(error).__name__})")}
        halves = (names[: len(names) // 2], names[len(names) // 2 :])
        parts = [look_at(connection, {name: types[name] for name in half}, select, rows) for half in halves]
        return parts[0] | parts[1]


def read(connection: "psycopg.Connection[Any]", statement: str, types: Mapping[str, int]) -> dict[str, Sampled]:
    """Read through a server-side cursor, in batches that are small where rows are wide. Raises psycopg.Error."""
    seen = {name: Sampled(stored(connection, number)) for name, number in types.items()}
    transformer = Transformer(connection)
    loaders = [transformer.get_loader(number, Format.TEXT).load for number in types.values()]
    connection.execute(f"DECLARE sample NO SCROLL CURSOR FOR {statement}".encode())
    size, read_before = 1, 0
    while size > 0 and (result := connection.execute(f"FETCH {size} FROM sample").pgresult) and result.ntuples:
        for place, (values, load) in enumerate(zip(seen.values(), loaders, strict=True)):
            values.see((result.get_value(row, place) for row in range(result.ntuples)), load)
        read_bytes = sum(values.size for values in seen.values())
        width = (read_bytes - read_before) // result.ntuples + 1
        size = min(2 * size, BATCH_ROWS, BATCH_BYTES // width + 1, BYTES - read_bytes)
        read_before = read_bytes
    connection.execute("CLOSE sample")
    return seen


def stored(connection: "psycopg.Connection[Any]", number: int) -> str:
    """Return a type's name, `date[]` say; an empty text for one that psycopg does not know."""
    known = connection.adapters.types.get(number)
    return f"{known.name}{'[]' * (number == known.array_oid)}" if known else ""


def share(connection: "psycopg.Connection[Any]", oid: int, rows: int) -> float:
    """Return in what share of a table's blocks about so many rows lie, in percent; 0 where that cannot be chosen.

    That is where the table has no more rows, where it is not known how many, or where too few blocks would be chosen.
    """
    total = catalog.row_estimate(connection, oid)
    if not total or total <= rows or catalog.blocks(connection, oid) * rows < ENOUGH_BLOCKS * total:
        return 0.0
    return 100 * rows / total
