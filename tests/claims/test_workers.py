"""What a worker keeps: SQLAlchemy's texts, FastAPI's schema, what Pydantic builds; in counts and in bytes."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model
from sqlalchemy import Engine, Table, create_engine, event, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, configure_mappers, mapped_column

from db_model import DbModel
from tests.claims.fresh import held
from tests.forks import in_a_fresh_process

TERMS = 30


@pytest.fixture
def found() -> Iterator[list[str]]:
    """Collect where the text of each statement came from that is executed."""
    texts: list[str] = []

    def tell(connection: object, cursor: object, statement: str, parameters: object, context: object, _: bool) -> None:
        texts.append(context.cache_hit.name)  # type: ignore[attr-defined]

    event.listen(Engine, "before_cursor_execute", tell)
    yield texts
    event.remove(Engine, "before_cursor_execute", tell)


def ask(engine: Engine, count: int, *, ored: bool = True, **options: object) -> None:
    keys = range(count)
    condition = or_(*(DbModel.id == key for key in keys)) if ored else DbModel.id.in_(keys)
    with engine.connect() as connection:
        connection.execute(select(DbModel).where(condition), execution_options=options).all()


def test_each_number_of_ored_terms_is_an_entry_and_in_is_one(engine: Engine, found: list[str]) -> None:
    for _ in range(2):
        for count in range(1, TERMS + 1):
            ask(engine, count)
    assert found == ["CACHE_MISS"] * TERMS + ["CACHE_HIT"] * TERMS
    found.clear()
    for count in range(1, TERMS + 1):
        ask(engine, count, ored=False)
    assert found == ["CACHE_MISS"] + ["CACHE_HIT"] * (TERMS - 1)


def test_a_smaller_cache_forgets_what_is_older_than_one_and_a_half_times_its_size(url: str, found: list[str]) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), query_cache_size=10)
    for count in [*range(1, TERMS + 1), TERMS, 1]:
        ask(engine, count)
    assert found[TERMS:] == ["CACHE_HIT", "CACHE_MISS"]
    engine.dispose()


def test_no_cache_keeps_nothing_and_each_time_it_is_compiled(engine: Engine, found: list[str]) -> None:
    for _ in range(2):
        ask(engine, 3, compiled_cache=None)
    assert found == ["CACHING_DISABLED"] * 2
    ask(engine, 3)
    assert found[2:] == ["CACHE_MISS"]


def test_the_schema_is_made_once_and_kept() -> None:
    app = FastAPI()
    assert app.openapi_schema is None
    assert app.openapi() is app.openapi() is app.openapi_schema
    assert not any(getattr(route, "path", "") == "/openapi.json" for route in FastAPI(openapi_url=None).routes)


class Base(DeclarativeBase):
    pass


def declare(number: int, columns: int) -> Any:
    names = {f"column_{place}": mapped_column() for place in range(2, columns + 1)}
    annotations = {"id": Mapped[int], **dict.fromkeys(names, Mapped[int])}
    content = {"__tablename__": f"table_{number}", "id": mapped_column(primary_key=True), **names}
    return type(f"Entity{number}", (Base,), {"__annotations__": annotations, **content})


def of_mapped_classes(columns: int) -> tuple[float, float]:
    """Return the bytes of a class that is declared, and what configuring adds."""
    kept = [declare(0, columns)]
    configure_mappers()
    before = held()
    kept += [declare(number, columns) for number in range(1, 21)]
    declared = held()
    configure_mappers()
    return (declared - before) / 20, (held() - declared) / 20


def test_a_class_takes_memory_by_its_columns_and_half_as_much_again_once_configured() -> None:
    few, many = (in_a_fresh_process(of_mapped_classes, columns) for columns in (5, 20))
    for of_few, of_many in zip(few, many, strict=True):
        assert of_many > 2 * of_few
    assert 0.3 < few[1] / few[0] < 0.8
    assert 0.4 < many[1] / many[0] < 1


def of_tables(reflected: bool) -> float:
    """Return the bytes of a mapped class, whose table is declared or found in the database."""
    engine = create_engine("sqlite://")
    tables = [f"CREATE TABLE table_{number} (id INTEGER NOT NULL PRIMARY KEY" for number in range(21)]
    with engine.connect() as connection:
        for table in tables:
            connection.exec_driver_sql(
                f"{table}{', '.join(['', *(f'column_{n} INTEGER NOT NULL' for n in range(11))])})"
            )

        def make(number: int) -> Any:
            if not reflected:
                return declare(number, 12)
            table = Table(f"table_{number}", Base.metadata, autoload_with=connection)
            return type(f"Entity{number}", (Base,), {"__table__": table})

        kept = [make(0)]
        configure_mappers()
        before = held()
        kept += [make(number) for number in range(1, 21)]
        configure_mappers()
        return (held() - before) / 20


def test_a_reflected_table_takes_no_less_than_a_declared_one() -> None:
    declared, reflected = (in_a_fresh_process(of_tables, reflected) for reflected in (False, True))
    assert reflected > 0.95 * declared


class RefusedError(Exception):
    pass


def of_statements(classes: int, executed: bool) -> float:
    """Return the bytes that a statement leaves behind, of so many classes in turn; it may be compiled only."""
    first, *entities = [declare(number, 20) for number in range(classes + 1)]
    engine = create_engine("sqlite://")

    def refuse(*_: object) -> None:
        raise RefusedError

    with Session(engine) as session:
        Base.metadata.create_all(session.connection())
        session.execute(select(first)).all()
        if not executed:
            event.listen(engine, "before_cursor_execute", refuse)
        before = held()
        for number in range(19):
            entity = entities[number % classes]
            with suppress(RefusedError):
                session.execute(select(entity).where(getattr(entity, f"column_{2 + number}") == number)).all()
        return (held() - before) / 19


def test_a_class_keeps_more_once_it_was_selected() -> None:
    one, each = (in_a_fresh_process(of_statements, classes, True) for classes in (1, 20))
    assert each > 1.2 * one


def test_a_statement_that_was_executed_keeps_what_its_result_looks_like() -> None:
    compiled, executed = (in_a_fresh_process(of_statements, 1, executed) for executed in (False, True))
    assert executed > 1.2 * compiled > 0


def of_models(deferred: bool) -> int:
    def make(number: int) -> type[BaseModel]:
        fields = {f"field_{place}": (int, ...) for place in range(12)}
        return create_model(f"Model{number}", __config__=ConfigDict(defer_build=deferred), **fields)  # type: ignore[call-overload,no-any-return]

    make(0)
    before = held()
    kept = [make(number) for number in range(1, 51)]
    return (held() - before) // len(kept)


def test_a_model_whose_build_is_deferred_takes_less_until_it_is_used() -> None:
    built, deferred = (in_a_fresh_process(of_models, deferred) for deferred in (False, True))
    assert deferred < 0.9 * built


def of_adapters() -> int:
    class Model(BaseModel):
        number: int

    first = TypeAdapter(list[Model])
    before = held()
    kept = [TypeAdapter(list[Model]) for _ in range(50)]
    assert first.core_schema == kept[0].core_schema
    return (held() - before) // len(kept)


def test_each_adapter_of_the_same_type_takes_memory_anew() -> None:
    assert in_a_fresh_process(of_adapters) > 500
