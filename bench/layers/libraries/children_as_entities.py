"""Parents with their children as SQLAlchemy's entities, by its loading strategies."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import Connection, MetaData, Table, and_, func, inspect, select
from sqlalchemy.orm import Session, aliased, foreign, joinedload, registry, relationship, remote, selectinload
from sqlalchemy.types import NullType

from bench.errors import UserError, visible
from bench.layers.libraries.sqlalchemy import connected, mapped, reflected, sampled
from bench.layers.reading import Read, Reading
from bench.layers.values import Taken
from bench.layers.wired import wired
from bench.relations.data import Child, Found, Link, Relation, Step
from bench.relations.sizes import pairs

# So many parents are read lazily, for each of them takes a statement: all, where they share children.
LAZY_PARENTS = 1000


class Mapped:
    """The tables of a relation and its children as mapped classes, one a table, whose relationships lead both ways."""

    def __init__(self, relation: Relation, connection: Connection) -> None:
        self.relation = relation
        mapper, tables = registry(), relation.tables
        self.classes: dict[int, Any] = {}
        for table in tables:
            if table.oid not in self.classes:
                name = f"Row{len(self.classes)}"
                self.classes[table.oid] = mapped(table, reflected(table, connection), mapper, name)
        known = {(tables[child.parent].oid, child.link): child for child in relation.children}
        for (oid, _), child in known.items():
            self._relate(child, self.classes[oid], tables[child.parent], known)

    def _relate(self, child: Child, parent: Any, relation: Relation, known: dict[tuple[int, Link], Child]) -> None:
        """Add the relationship that leads to a child, and the one back, unless that is a child's, too."""
        other = self.classes[child.relation.oid]
        back = inverse(child.link, relation)
        there = known.get((child.relation.oid, back))
        name = there.attribute if there else f"_back_{child.attribute}"
        names = [other_child.attribute for other_child in known.values()]
        shared = ",".join([*names, *(f"_back_{name}" for name in names)])  # else SQLAlchemy warns of columns in common
        relate(parent, child.attribute, other, child.link, child.many, overlaps=shared, back_populates=name)
        if not there:
            relate(other, name, parent, back, back.to_many, overlaps=shared, back_populates=child.attribute)

    def root(self, count: int, one_of: int | None = None) -> Any:
        """Return what stands for the root's class in a statement that reads so many parents, or one of so many."""
        entity = self.classes[self.relation.oid]
        source = sampled(entity.__table__, self.relation)
        chosen = select(*source.c).limit(count).subquery()
        if one_of:
            number = self.relation.number
            numbered = select(*chosen.c, func.row_number().over().label(number)).subquery()
            own = [column for column in numbered.c if column.name != number]
            chosen = select(*own).where(numbered.c[number] % one_of == 0).subquery()
        return aliased(entity, chosen)

    def options(self, entity: Any, load: Any, place: int = 0) -> list[Any]:
        """Return the options that load all children of a place among the tables, and theirs, in one way."""
        return [
            load(getattr(entity, child.attribute)).options(
                *self.options(self.classes[child.relation.oid], load, number)
            )
            for number, child in self.relation.children_of(place)
        ]


def relate(kind: Any, name: str, other: Any, link: Link, many: bool, **arguments: Any) -> None:
    here, there, step = kind.__table__.c, other.__table__.c, link.steps[0]
    if len(link.steps) == 1:
        pairs = [(here[a], there[b]) for a, b in zip(step.here, step.there, strict=True)]
        arguments["primaryjoin"] = and_(
            *(a == remote(foreign(b)) if link.to_many else foreign(a) == remote(b) for a, b in pairs)
        )
    else:
        last = link.steps[1]
        columns = [SqlColumn(column, NullType()) for column in dict.fromkeys((*step.there, *last.here))]
        between = Table(step.table.name, MetaData(), *columns, schema=step.table.schema)
        arguments |= {
            "secondary": between,
            "primaryjoin": and_(*(here[a] == between.c[b] for a, b in zip(step.here, step.there, strict=True))),
            "secondaryjoin": and_(*(there[b] == between.c[a] for a, b in zip(last.here, last.there, strict=True))),
            "foreign_keys": list(between.c),
        }
    inspect(kind).add_property(name, relationship(other, uselist=many, **arguments))


def inverse(link: Link, parent: Relation) -> Link:
    """Return the link back along the same keys, to the parent."""
    table = Found(parent.oid, parent.schema, parent.name)
    if len(link.steps) == 1:
        [step] = link.steps
        return Link((Step(table, step.there, step.here),), not link.to_many)
    first, last = link.steps
    return Link((Step(first.table, last.there, last.here), Step(table, first.there, first.here)), to_many=True)


def every(relation: Relation, count: int) -> int:
    """Return of how many parents one is read lazily: all are where they share children, each of which is read once."""
    return 1 if shares(relation) else max(1, count // LAZY_PARENTS)


def shares(relation: Relation) -> bool:
    """Return whether a row may be the child of several parents, or a child and a parent, too."""
    tables = {table.oid for table in relation.tables}
    links = [child.link for child in relation.children]
    return len(tables) <= len(links) or any(not link.to_many or len(link.steps) > 1 for link in links)


def tally(relation: Relation, parent: Any, found: list[int], place: int = 0) -> None:
    """Add what children a parent has, and those have, by their places; each is read now, if it has not been."""
    found[place] += 1
    for number, child in relation.children_of(place):
        value = getattr(parent, child.attribute)
        for below in value if child.many else [] if value is None else [value]:
            tally(relation, below, found, number)


class Compared:
    """A reading whose children are as many as the server has, else it fails.

    They are fewer where keys are equal there and not as parameters or as values of Python's: 'a ' of a char(2), and 'a'
    of a varchar; or where Python has other keys as equal.
    """

    def __init__(self, read: Read, reading: Reading, connection: Connection, one_of: int = 1) -> None:
        self._wired, self._connection = wired(read, connection), connection
        self._relation, self._one_of = reading.relation, one_of
        self._found: list[int] | None = None
        self._count = 0

    def __call__(self, count: int) -> Iterable[object]:
        self._count = count
        return self._wired(count) if self._found is None else self._tallied(self._found, count)

    def _tallied(self, found: list[int], count: int) -> Iterator[object]:
        for parent in self._wired(count):
            tally(self._relation, parent, found)
            yield parent

    @contextmanager
    def counting(self) -> Iterator[Taken]:
        """Count what crosses the wire, and compare the children. Raises UserError."""
        found = self._found = [0] * len(self._relation.tables)
        with self._wired.counting() as taken:
            yield taken
        self._found = None
        if found[0]:
            self._compare(found[1:])

    def _compare(self, found: list[int]) -> None:
        statement = pairs(self._relation, self._count, self._one_of)
        [known] = self._connection.exec_driver_sql(statement.replace("%", "%%"))
        for child, number, most, least in zip(self._relation.children, found, known[::2], known[1::2], strict=True):
            if not least <= number <= most:
                raise UserError(
                    f"it finds {number:,} rows of {visible(child.path)} where the server has {most:,}, for they differ "
                    "in which keys are equal: a join finds all"
                )


@contextmanager
def session(reading: Reading) -> Iterator[tuple[Session, Mapped]]:
    with connected(reading.timeout) as connection, Session(connection) as opened:
        yield opened, Mapped(reading.relation, connection)


@contextmanager
def lazy(reading: Reading) -> Iterator[Read]:
    """Yield how to read some parents, each of whose children are read when the loop comes to them."""
    with session(reading) as (opened, classes):

        def read(count: int) -> Iterator[object]:
            opened.expunge_all()
            result = opened.scalars(select(classes.root(count, every(reading.relation, count))))
            for parent in result:
                tally(reading.relation, parent, [0] * len(reading.relation.tables))
                yield parent

        yield Compared(read, reading, opened.connection(), every(reading.relation, reading.count))


def loaded(reading: Reading, load: Callable[..., Any]) -> Iterator[Read]:
    """Yield how to read parents with their children, all at once; the session stays open while they are measured."""
    with session(reading) as (opened, classes):

        def read(count: int) -> Iterator[object]:
            opened.expunge_all()
            entity = classes.root(count)
            result = opened.scalars(select(entity).options(*classes.options(entity, load)))
            yield from (result.unique() if load is joinedload else result).all()

        yield Compared(read, reading, opened.connection())


@contextmanager
def selectin(reading: Reading) -> Iterator[Read]:
    """Yield how to read the children of 500 parents by one statement."""
    yield from loaded(reading, selectinload)


@contextmanager
def joined(reading: Reading) -> Iterator[Read]:
    """Yield how to read all by one statement, a row for each pair of children of two collections."""
    yield from loaded(reading, joinedload)


@contextmanager
def dropped(reading: Reading) -> Iterator[Read]:
    """Yield parents with their children in batches; whoever drops them has at most two batches of them."""
    with session(reading) as (opened, classes):

        def read(count: int) -> Iterator[object]:
            entity = classes.root(count)
            statement = select(entity).options(*classes.options(entity, selectinload))
            yield from opened.scalars(statement.execution_options(yield_per=reading.relation.batch))

        yield Compared(read, reading, opened.connection())


LAYERS = {"lazy": lazy, "selectin": selectin, "joined": joined, "selectin, dropped": dropped}
