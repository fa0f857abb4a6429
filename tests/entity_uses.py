"""What one does with entities, each use on the same new rows; it returns all that SQLAlchemy tells of them."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import ForeignKey, MetaData, delete, inspect, select, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    attributes,
    load_only,
    make_transient,
    make_transient_to_detached,
    mapped_column,
    relationship,
    selectinload,
)


class Base(DeclarativeBase):
    """Registry apart from the project's; its tables are temporary ones of a connection."""

    metadata = MetaData(schema="pg_temp")

    def __repr__(self) -> str:
        return f"{type(self).__name__} {vars(self).get('id')}"


class Author(Base):
    """One who has books, which go with it."""

    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    age: Mapped[int | None]
    books: Mapped[list["Book"]] = relationship(
        back_populates="author", cascade="all, delete-orphan", order_by="Book.id"
    )


class Book(Base):
    """One of an author's books."""

    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey(Author.id))
    author: Mapped[Author] = relationship(back_populates="books")


def told(entity: Any) -> list[Any]:
    """Return what is known of an entity, without loading anything."""
    state = inspect(entity)
    values = {name: one if isinstance(one, int | str) else type(one).__name__ for name, one in state.dict.items()}
    values.pop("_sa_instance_state", None)
    return [
        (state.transient, state.pending, state.persistent, state.deleted, state.detached),
        (state.modified, state.expired, state.identity),
        (sorted(state.expired_attributes), sorted(state.committed_state), sorted(state.unloaded)),
        sorted(values.items()),
        [
            str(attribute.history)
            for attribute in state.attrs
            if attribute.key in state.dict and attribute.key != "books"
        ],
    ]


def first(session: Session) -> Author:
    return session.scalars(select(Author).where(Author.id == 1)).one()


def change(session: Session) -> Iterator[Any]:
    author = first(session)
    author.name = "other"
    yield told(author), author in session.dirty, session.is_modified(author)
    author.name = "name 1"
    yield told(author), session.is_modified(author)
    author.age = 8
    session.flush()
    yield told(author)
    session.commit()
    yield told(author)
    yield author.age, told(author)


def roll_back(session: Session) -> Iterator[Any]:
    author = first(session)
    author.name, author.books[0].title = "other", "another"
    session.flush()
    session.rollback()
    yield told(author)
    yield author.name, author.books[0].title, told(author)


def roll_back_to_a_savepoint(session: Session) -> Iterator[Any]:
    author = first(session)
    author.age = 3
    with suppress(ZeroDivisionError), session.begin_nested():
        author.name = "other"
        session.add(Author(id=7, name="new"))
        session.flush()
        raise ZeroDivisionError
    yield told(author)
    yield author.name, author.age, told(author), session.get(Author, 7)


def expire(session: Session) -> Iterator[Any]:
    author = first(session)
    author.age = 5
    session.expire(author, ["name"])
    yield told(author)
    yield author.name, told(author)
    session.expire(author)
    yield told(author)
    yield author.age, told(author)
    session.expire_all()
    yield told(author)


def refresh(session: Session) -> Iterator[Any]:
    author = first(session)
    author.name, author.age = "other", 5
    session.refresh(author, ["name"])
    yield told(author)
    session.refresh(author)
    yield told(author)


def pickle_it(session: Session) -> Iterator[Any]:
    for prepare in (told, lambda one: setattr(one, "age", 4), session.expire, session.expunge):
        author = first(session)
        prepare(author)
        copied = pickle.loads(pickle.dumps(author))
        yield told(author), told(copied)
        session.expunge_all()
        session.add(copied)
        yield told(copied)
        copied.name = "pickled"
        session.flush()
        yield told(copied), copied.age
        session.rollback()
        session.expunge_all()


def merge(session: Session) -> Iterator[Any]:
    author = first(session)
    session.expunge(author)
    author.name = "merged"
    merged = session.merge(author)
    yield told(author), told(merged), merged is author
    merged_new = session.merge(Author(id=9, name="new", books=[Book(id=90, title="a")]))
    yield told(merged_new), told(merged_new.books[0])
    session.flush()
    yield told(merged), told(merged_new)
    session.expunge_all()
    yield told(session.merge(pickle.loads(pickle.dumps(first(session))), load=False))


def remove(session: Session) -> Iterator[Any]:
    author = first(session)
    book = author.books[0]
    session.delete(author)
    yield told(author), author in session.deleted
    session.flush()
    yield told(author), inspect(book).deleted, inspect(author).was_deleted
    session.rollback()
    yield told(author), author.name
    session.delete(author)
    session.commit()
    yield told(author), session.get(Author, 1)


def add(session: Session) -> Iterator[Any]:
    author = Author(id=5, name="new")
    yield told(author)
    session.add(author)
    yield told(author), author in session.new
    session.flush()
    yield told(author)
    session.expunge(author)
    yield told(author)
    session.add(author)
    session.rollback()
    yield told(author)


def change_collections(session: Session) -> Iterator[Any]:
    author = first(session)
    author.books.append(Book(id=77, title="appended"))
    orphan = author.books.pop(0)
    yield str(inspect(author).attrs.books.history.deleted == [orphan]), told(author), told(orphan)
    session.flush()
    yield told(author), told(orphan), [book.id for book in author.books]
    book = author.books[0]
    book.author = session.get_one(Author, 2)
    yield told(book), [one.id for one in author.books], [one.id for one in book.author.books]
    session.commit()
    yield [one.id for one in author.books], told(author)


def change_by_statements(session: Session) -> Iterator[Any]:
    authors = session.scalars(select(Author).order_by(Author.id)).all()
    for synchronize in ("evaluate", "fetch", False):
        session.execute(
            update(Author).where(Author.id < 3).values(age=Author.id + 10),
            execution_options={"synchronize_session": synchronize},
        )
        yield [told(author) for author in authors]
    session.execute(delete(Book))
    session.execute(delete(Author).where(Author.id == 2))
    yield [told(author) for author in authors]


def load_otherwise(session: Session) -> Iterator[Any]:
    author = session.scalars(select(Author).options(load_only(Author.name)).where(Author.id == 1)).one()
    yield told(author)
    yield author.age, told(author)
    session.scalars(select(Author).options(selectinload(Author.books))).all()
    yield told(author), [told(book) for book in author.books]
    author.name = "other"
    first(session)
    yield told(author)
    session.scalars(select(Author), execution_options={"populate_existing": True}).all()
    yield told(author)


def set_states(session: Session) -> Iterator[Any]:
    author = first(session)
    attributes.flag_modified(author, "name")
    yield told(author)
    attributes.set_committed_value(author, "age", 99)
    yield told(author)
    session.flush()
    yield told(author)
    make_transient(author)
    yield told(author)
    make_transient_to_detached(author)
    yield told(author)
    session.add(author)
    yield author.name, told(author)


def delete_an_attribute(session: Session) -> Iterator[Any]:
    author = first(session)
    del author.name
    yield told(author)
    session.rollback()
    yield told(author), author.name


def drop(session: Session) -> Iterator[Any]:
    author = first(session)
    yield len(session.identity_map)
    author.name = "kept, for it is modified"
    del author
    yield len(session.identity_map), len(session.dirty)
    session.flush()
    yield len(session.identity_map)


def ask_for_what_is_not_there(session: Session) -> Iterator[Any]:
    state: Any = inspect(first(session))
    for name in ("nothing", "__nothing__", "_sa_nothing"):
        try:
            getattr(state, name)
        except AttributeError as error:
            yield str(error)
    yield hasattr(state, "committed"), hasattr(state, "info"), state.info


USES: dict[str, Callable[[Session], Iterator[Any]]] = {
    use.__name__: use
    for use in (
        change,
        roll_back,
        roll_back_to_a_savepoint,
        expire,
        refresh,
        pickle_it,
        merge,
        remove,
        add,
        change_collections,
        change_by_statements,
        load_otherwise,
        set_states,
        delete_an_attribute,
        drop,
        ask_for_what_is_not_there,
    )
}
