"""What the claims' tests share: an engine, a session, and what collects what SQLAlchemy and psycopg do."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import sqlalchemy
from psycopg import AsyncServerCursor, ServerCursor
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from tests.claims.rows import SINCE_2_1
from writing.record_model import Base


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    yield made
    made.dispose()


@pytest.fixture
def written(schema_url: str) -> str:
    """Give a schema where the table that is written is empty."""
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    Base.metadata.create_all(engine)
    engine.dispose()
    return schema_url


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


@pytest.fixture
def greenlets(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect the greenlets that SQLAlchemy makes."""
    name = "sqlalchemy.util.concurrency" if SINCE_2_1 else "sqlalchemy.util._concurrency_py3k"
    shim: Any = import_module(name)
    shim = getattr(shim, "_concurrency_shim", shim)
    made: list[object] = []

    def make(*arguments: Any) -> Any:
        made.append(arguments)
        return greenlet(*arguments)

    greenlet = shim._AsyncIoGreenlet
    monkeypatch.setattr(shim, "_AsyncIoGreenlet", make)
    return made


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Collect the statements that any engine executes."""
    executed: list[str] = []

    def tell(connection: object, cursor: object, statement: str, *rest: object) -> None:
        executed.append(statement)

    sqlalchemy.event.listen(Engine, "before_cursor_execute", tell)
    yield executed
    sqlalchemy.event.remove(Engine, "before_cursor_execute", tell)


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Collect how many rows each FETCH from a server-side cursor asks for; None is all."""
    sizes: list[int | None] = []

    def tell(cursor: Any, size: int | None) -> Any:
        sizes.append(size)
        return fetch(cursor, size)

    mixin: Any = ({*ServerCursor.__bases__} & {*AsyncServerCursor.__bases__}).pop()
    fetch = mixin._fetch_gen
    monkeypatch.setattr(mixin, "_fetch_gen", tell)
    return sizes
