"""The ways to read a graph: as entities by SQLAlchemy's loading strategies, and as columns by Core."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from bench.layers import alchemy
from bench.layers.graph_mapping import Mapped
from bench.layers.readers import BATCH
from bench.relations import graph_sql
from bench.relations.graphs import Graph, from_json
from bench.relations.relations import Relation

LAZY, SELECTIN, JOINED, DROPPED = "lazy", "selectin", "joined", "selectin, dropped"
COLUMNS, ARRAYS = "columns of a join", "arrays"
# So many parents are read lazily, for each of them takes a statement.
LAZY_PARENTS = 1000


@dataclass(frozen=True)
class GraphReading:
    """The process that reads so many parents with their children in one way."""

    layer: str
    graph: Graph
    count: int
    # How many objects that may be at most: a join has more rows than there are parents.
    places: int
    # How many parents one reads to meet a child of each kind.
    first: int = 1
    timeout: int = 60
    turns: str = ""
    # What a row consists of is not told apart.
    allocations: bool = False

    @property
    def relation(self) -> Relation:
        """The root."""
        return self.graph.root

    @property
    def relations(self) -> Sequence[Relation]:
        """All that is read."""
        return self.graph.relations

    @property
    def name(self) -> str:
        """What is read, and how."""
        return f"{self.relation.name} with its children by {self.layer}"

    @property
    def short(self) -> str:
        """The way."""
        return self.layer

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""
        return ["-m", "bench.layers", self.turns]

    @property
    def stdin(self) -> bytes:
        """The reading itself, as JSON."""
        return json.dumps(asdict(self)).encode()


def graph_reading(found: dict[str, Any]) -> GraphReading:
    """Return the reading that `GraphReading.stdin` is."""
    return GraphReading(**found | {"graph": from_json(found["graph"])})


class GraphRead:
    """Reads so many parents; counts the statements that the last reading took, and the rows that the server sent."""

    def __init__(self, connection: Any, read: Callable[[int], Iterable[object]]) -> None:
        """Listen to what the connection executes, and to what its server-side cursors fetch."""
        from psycopg import ServerCursor
        from sqlalchemy import event

        class Counting(ServerCursor[Any]):
            def fetchmany(cursor, size: int = 0) -> list[Any]:  # noqa: N805 (whose rows are counted by the outer self)
                found = super().fetchmany(size)
                self.rows += len(found)
                return found

            def fetchall(cursor) -> list[Any]:  # noqa: N805
                found = super().fetchall()
                self.rows += len(found)
                return found

        if not connection.in_transaction():
            connection.begin()  # what is set for the transaction is no statement of the reading's
        self._read = read
        self.statements = self.rows = 0
        event.listen(connection, "after_cursor_execute", self._executed)
        connection.connection.driver_connection.server_cursor_factory = Counting

    def __call__(self, count: int) -> Iterator[object]:
        """Yield what is read: parents, or rows of columns."""
        self.statements = self.rows = 0
        yield from self._read(count)

    def _executed(self, connection: Any, cursor: Any, *others: object) -> None:
        self.statements += 1
        self.rows += max(cursor.rowcount, 0)  # a server-side cursor does not know it


def every(count: int) -> int:
    """Return of how many parents one is read lazily."""
    return max(1, count // LAZY_PARENTS)


def touch(graph: Graph, parent: Any, place: int = 0) -> int:
    """Return how many children a parent has, and those have; each of them is read now, if it has not been."""
    count = 0
    for number, child in graph.children_of(place):
        found = getattr(parent, child.attribute)
        children = found if child.many else [] if found is None else [found]
        count += len(children) + sum(touch(graph, one, number) for one in children)
    return count


@contextmanager
def session(what: GraphReading) -> Iterator[tuple[Any, Any, Mapped]]:
    """Yield a session, its connection and the mapped classes."""
    from sqlalchemy.orm import Session

    with alchemy.connected(what.timeout) as connection, Session(connection) as opened:
        yield opened, connection, Mapped(what.graph, connection)


@contextmanager
def lazy(what: GraphReading) -> Iterator[GraphRead]:
    """Yield how to read some parents, each of whose children are read when the loop comes to them."""
    from sqlalchemy import select

    with session(what) as (opened, connection, mapped):

        def read(count: int) -> Iterator[object]:
            opened.expunge_all()
            result = opened.scalars(select(mapped.root(count, every(count))))
            for parent in result:
                touch(what.graph, parent)
                yield parent

        yield GraphRead(connection, read)


def loaded(what: GraphReading, strategy: str) -> Iterator[GraphRead]:
    """Yield how to read parents with their children, all at once; the session stays open while they are measured."""
    from sqlalchemy import orm, select

    with session(what) as (opened, connection, mapped):

        def read(count: int) -> Iterator[object]:
            opened.expunge_all()
            entity = mapped.root(count)
            result = opened.scalars(select(entity).options(*mapped.options(entity, getattr(orm, strategy))))
            yield from (result.unique() if strategy == "joinedload" else result).all()

        yield GraphRead(connection, read)


@contextmanager
def selectin(what: GraphReading) -> Iterator[GraphRead]:
    """Yield how to read the children of 500 parents by one statement."""
    yield from loaded(what, "selectinload")


@contextmanager
def joined(what: GraphReading) -> Iterator[GraphRead]:
    """Yield how to read all by one statement, a row for each pair of children of two collections."""
    yield from loaded(what, "joinedload")


@contextmanager
def dropped(what: GraphReading) -> Iterator[GraphRead]:
    """Yield parents with their children in batches; whoever drops them has at most two batches of them."""
    from sqlalchemy import select
    from sqlalchemy.orm import selectinload

    with session(what) as (opened, connection, mapped):

        def read(count: int) -> Iterator[object]:
            entity = mapped.root(count)
            statement = select(entity).options(*mapped.options(entity, selectinload))
            yield from opened.scalars(statement.execution_options(yield_per=BATCH))

        yield GraphRead(connection, read)


def rows(what: GraphReading, statement: Callable[[Graph, int], str]) -> Iterator[GraphRead]:
    """Yield how to read Core's rows of a statement."""
    from sqlalchemy import text

    with alchemy.connected(what.timeout) as connection:

        def read(count: int) -> Iterator[object]:
            sql = text(statement(what.graph, count).replace("\\", "\\\\").replace(":", r"\:"))
            yield from connection.execute(sql, execution_options={"yield_per": BATCH})

        yield GraphRead(connection, read)


@contextmanager
def columns(what: GraphReading) -> Iterator[GraphRead]:
    """Yield the rows of a join of all tables."""
    yield from rows(what, graph_sql.join)


@contextmanager
def arrays(what: GraphReading) -> Iterator[GraphRead]:
    """Yield one row for each parent, with an array for each column of its children."""
    yield from rows(what, graph_sql.arrays)


WAYS: dict[str, Callable[[GraphReading], AbstractContextManager[GraphRead]]] = {
    LAZY: lazy,
    SELECTIN: selectin,
    JOINED: joined,
    DROPPED: dropped,
    COLUMNS: columns,
    ARRAYS: arrays,
}
