"""What is read: a relation, a table's or a query's rows, with any number of children along foreign keys, none included.

This is data alone: whoever reads it, in whatever library, imports no driver by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.errors import visible

# What a number of a parent is called where its rows are counted, unless a column is.
NUMBER = "number_of_parent"
# How many rows are read at a time, unless they are wide.
BATCH = 1000


@dataclass(frozen=True)
class ReadColumn:
    """A column: its name, the attribute that holds it in a class, and its values' class (`int`), or `Any`.

    `stored` is its type as the server writes it: `numeric(10,2)`, `real[]`; of a domain, the one that it is made of.
    `width` are the mean bytes of a row's value as the server sends it, in text, and `nested` those that become lists
    and dicts.
    """

    name: str
    attribute: str
    type: str
    stored: str = ""
    width: float = 0
    nested: float = 0


@dataclass(frozen=True)
class LeftOut:
    """A column that is not read, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Found:
    """A relation in the catalog: its number there, its schema and its name."""

    oid: int
    schema: str
    name: str


@dataclass(frozen=True)
class Step:
    """From one table to the next: the columns here that equal those there."""

    table: Found
    here: tuple[str, ...]
    there: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """How rows lead to those of another table: in one step along a key, or in two, through a table with two keys."""

    steps: tuple[Step, ...]
    # Whether the other rows refer to these, so that there may be many of them.
    to_many: bool

    @property
    def table(self) -> Found:
        return self.steps[-1].table

    @property
    def qualifiers(self) -> tuple[str, ...]:
        """What may stand behind a colon: the table between, and the columns that refer to this table."""
        if not self.to_many:
            return ()
        between = (self.steps[0].table.name,) if len(self.steps) > 1 else ()
        return (*between, *self.steps[0].there)


@dataclass(frozen=True)
class Child:
    """A table that is read with another one: `parent` is its place in `Relation.tables`."""

    parent: int
    link: Link
    relation: "Relation"
    # Whether a parent may have many: its rows refer to the parent's, or another table joins them.
    many: bool
    # What the relationship is called as an attribute of the parent's class; and all from the root on.
    attribute: str = ""
    path: str = ""
    # What the table of each step is called in SQL; and the child's columns in a result, no two of all columns alike.
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    # What each column needs in an array, by its name: a function of its own, a cast, or nothing.
    casts: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Relation:
    """What rows are read from: `source` is how it stands after FROM, `schema` and `name` are empty for a query."""

    source: str
    columns: tuple[ReadColumn, ...]
    schema: str = ""
    name: str = ""
    # The columns that tell a row from all others: the primary key's, or those of a unique index without NULLs.
    key: tuple[str, ...] = ()
    # Whether that is the primary key, or why there is none.
    key_is_primary: bool = False
    keyless: str = ""
    # Its number in the catalog, 0 for a query.
    oid: int = 0
    # What all columns of the source are called in the statement, those left out too; nothing: as the columns are.
    aliases: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    # The columns that cannot be NULL, as far as the server knows.
    required: frozenset[str] = frozenset()
    # The columns of a table that a row has to be written with, for the server makes the others; all that may be
    # written, where it makes all of them.
    written: frozenset[str] = frozenset()
    # How many rows are read at a time, so that these take some MiB.
    batch: int = BATCH
    # The columns that are not read, for somebody asked what the others take.
    deferred: frozenset[str] = frozenset()
    # What share of its blocks is read, in percent, chosen over the whole table; 0: the first rows are.
    sample: float = 0
    # Its children and theirs, a parent before its children; no class has two attributes of one name.
    children: tuple[Child, ...] = ()
    # Every name as one writes it in SQL; and what the table is called there beside its children.
    quotes: Mapping[str, str] = field(default_factory=dict, hash=False)
    alias: str = ""

    @property
    def statement(self) -> str:
        """The SQL that reads all rows, its columns called as the attributes are."""
        attributes = [column.attribute for column in self.columns]
        read = [column.attribute for column in self.read]
        return select(self.source, read, self.aliases or attributes, self.sample)

    @property
    def width(self) -> float:
        """Mean bytes of a row's values as the server sends them, in text."""
        return sum(column.width for column in self.read)

    @property
    def nested(self) -> float:
        """Those of them that become lists and dicts."""
        return sum(column.nested for column in self.read)

    @property
    def read(self) -> tuple[ReadColumn, ...]:
        return tuple(column for column in self.columns if column.name not in self.deferred)

    @property
    def sql_name(self) -> str:
        """The name with its schema, as one writes it in SQL; nothing for a query."""
        return f"{self.quotes[self.schema]}.{self.quotes[self.name]}" if self.name else ""

    @property
    def tables(self) -> "tuple[Relation, ...]":
        """All that is read, the relation itself first; the same table as often as it is read."""
        return (self, *(child.relation for child in self.children))

    @property
    def no_entities(self) -> str:
        """Why one of the tables can have no entities, if so: they need a key."""
        keyless = next((table for table in self.tables if not table.key), None)
        if not keyless:
            return ""
        return f"{visible(keyless.name)}: {keyless.keyless}" if self.children else keyless.keyless

    @property
    def has_collections(self) -> bool:
        return any(child.many for child in self.children)

    @property
    def number(self) -> str:
        """A name that no column has."""
        steps = [step for child in self.children for step in child.link.steps]
        taken = {column.name for table in self.tables for column in table.columns}
        taken.update(*(child.labels for child in self.children), *((*step.here, *step.there) for step in steps))
        return next(name for name in (NUMBER + "_" * count for count in range(len(taken) + 1)) if name not in taken)

    def children_of(self, place: int) -> list[tuple[int, Child]]:
        """Return the children of the table at a place among all, with their own places."""
        return [(number, child) for number, child in enumerate(self.children, 1) if child.parent == place]

    def alias_of(self, place: int) -> str:
        return self.children[place - 1].aliases[-1] if place else self.alias


def select(source: str, attributes: Sequence[str], aliases: Sequence[str], sample: float) -> str:
    """Return the SQL that reads these columns of a source, all of which are called so, or of a sample of its blocks.

    The same blocks every time: https://www.postgresql.org/docs/current/sql-select.html#SQL-TABLESAMPLE
    """
    names, all_names = (", ".join(f'"{name}"' for name in some) for some in (attributes, aliases))
    chosen = f" TABLESAMPLE SYSTEM ({sample}) REPEATABLE (0)" if sample else ""
    return f"SELECT {names} FROM {source} AS relation({all_names}){chosen}"
