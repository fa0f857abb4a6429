"""What the pages say of Django, Tortoise, Peewee and Piccolo: of what one process tells that has used all four."""

import asyncio
import json
import re
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from urllib.parse import quote

import psycopg
import pydantic
import pytest
from sqlalchemy import create_engine, event, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, load_only, mapped_column

from common import MIB
from db_model import DbModel
from tests.claims.fresh import COUNT, held
from tests.forks import in_a_fresh_process
from tests.support import query, run

ROWS = 3_000
ORMS = ("django", "tortoise", "peewee", "piccolo")
Facts = dict[str, Any]
# Makes a model of these values, by name, as the library's queries do.
Make = Callable[[dict[str, int]], object]
pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ORMS)), reason="the other ORMs are not installed: `make venv groups=alternatives`"
)


@pytest.fixture(scope="module")
def own_url(url: str) -> Iterator[str]:
    """Make a table of ROWS rows that tests may change, in a schema of its own."""
    name = f"orms_{time.monotonic_ns()}"
    columns = "i AS id, i % 200 AS num, 'hello-' || i AS data"
    query(url, f"CREATE SCHEMA {name}")
    query(url, f"CREATE TABLE {name}.data AS SELECT {columns} FROM generate_series(1, {ROWS}) AS i")
    query(url, f"ALTER TABLE {name}.data ADD PRIMARY KEY (id)")
    yield f"{url}?options={quote(f'-csearch_path={name}')}"
    query(url, f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="module")
def facts(own_url: str) -> dict[str, Facts]:
    process = run("-m", "tests.claims.other_orms", url=own_url)
    assert process.returncode == 0, process.stderr
    return dict(json.loads(process.stdout))


@pytest.fixture
def django(facts: dict[str, Facts]) -> Facts:
    return facts["django"]


@pytest.fixture
def tortoise(facts: dict[str, Facts]) -> Facts:
    return facts["tortoise"]


@pytest.fixture
def peewee(facts: dict[str, Facts]) -> Facts:
    return facts["peewee"]


@pytest.fixture
def piccolo(facts: dict[str, Facts]) -> Facts:
    return facts["piccolo"]


def assigned(update: str) -> set[str]:
    """Return the columns that an UPDATE sets."""
    return set(re.findall(r'"(\w+)" ?=', update.partition("WHERE")[0]))


@pytest.mark.parametrize("orm", ORMS)
def test_save_writes_every_column_but_where_some_are_named(facts: dict[str, Facts], orm: str) -> None:
    """Of Peewee, where `only_save_dirty` is on."""
    assert assigned(facts[orm]["save"]) == {"num", "data"}
    assert assigned(facts[orm]["named"]) == {"num"}


def test_peewee_s_save_writes_only_what_is_named(peewee: Facts) -> None:
    assert assigned(peewee["only"]) == {"num"}


@pytest.mark.parametrize("orm", ["django", "peewee"])
def test_save_of_what_was_loaded_in_part_writes_that_part(facts: dict[str, Facts], orm: str) -> None:
    assert assigned(facts[orm]["part"]) == {"num"}


def test_tortoise_refuses_to_save_what_was_loaded_in_part(tortoise: Facts) -> None:
    assert "is a partial model" in tortoise["refused"]


@pytest.mark.parametrize("orm", ORMS)
def test_several_are_saved_by_one_update_but_piccolo_s(facts: dict[str, Facts], orm: str) -> None:
    assert facts[orm]["bulk"] == (orm != "piccolo")


@pytest.mark.parametrize("orm", ORMS)
def test_two_queries_make_two_objects_of_one_row(facts: dict[str, Facts], orm: str) -> None:
    assert facts[orm]["same"] is False


def test_sqlalchemy_has_one_object_for_a_row_and_writes_what_has_changed(own_url: str) -> None:
    engine = create_engine(own_url.replace("postgresql:", "postgresql+psycopg:"))
    statements: list[str] = []
    with Session(engine) as session:
        one = session.scalars(select(DbModel).where(DbModel.id == 1)).one()
        assert session.scalars(select(DbModel).where(DbModel.id == 1)).one() is one
        other = session.get_one(DbModel, 2)
        event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
        session.flush()
        assert statements == []
        before, one.num = one.num, one.num + 1
        other.data = "changed"
        assert list(inspect(one).attrs.num.history.deleted) == [before]
        session.flush()
        assert [re.findall(r"SET (\w+)=", statement) for statement in statements] == [["num"], ["data"]]
        session.rollback()
    engine.dispose()


@pytest.mark.parametrize("active", [False, True])
def test_the_old_value_is_unknown_where_it_was_expired_or_deferred_but_with_active_history(
    own_url: str, active: bool
) -> None:
    class Base(DeclarativeBase):
        pass

    class Row(Base):
        __tablename__ = "data"
        id: Mapped[int] = mapped_column(primary_key=True)
        num: Mapped[int] = mapped_column(active_history=active)

    engine = create_engine(own_url.replace("postgresql:", "postgresql+psycopg:"))
    with Session(engine) as session:
        expired = session.get_one(Row, 2)
        session.expire(expired, ["num"])
        [narrow] = session.scalars(select(Row).options(load_only(Row.id)).where(Row.id == 3))
        for entity in (expired, narrow):
            entity.num = -1
            assert list(inspect(entity).attrs.num.history.deleted) == ([entity.id] if active else [])
    engine.dispose()


def test_django_s_result_cache_is_read_again_without_a_query_and_iterator_has_none(django: Facts) -> None:
    assert django["queries of two loops"] == 1
    assert django["cached"] == ROWS
    assert django["queries of two iterators"] == 2
    assert len(set(django["sums"])) == 1


def test_django_makes_all_models_before_the_first_and_iterator_one(django: Facts) -> None:
    assert django["at first"] == [ROWS, []]
    assert django["at first of iterator"][0] == 1


def test_iterator_s_cursor_is_held_outside_atomic_and_none_where_it_is_disabled(django: Facts) -> None:
    assert django["at first of iterator"][1] == [True]
    assert django["at first of iterator inside"][1] == [False]
    assert django["at first without cursors"][1] == []
    assert "chunk_size must be provided" in django["refused"]
    assert django["chunks"] == 1 + 200 // 100


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Django 6.1 needs Python 3.12")
def test_django_s_peers_are_loaded_by_one_query_but_with_iterator_and_take_a_weak_reference_each(
    django: Facts,
) -> None:
    queries = {how: django[how][:2] for how in ("by one", "by peers", "iterated by peers")}
    assert queries == {"by one": [21, 21], "by peers": [2, 2], "iterated by peers": [21, 21]}
    assert django["by peers"][2] - django["by one"][2] >= 95


def test_django_s_model_has_its_values_in_one_dict_and_a_state(django: Facts) -> None:
    assert django["attributes"] == ["_state", "id", "num", "data"]
    assert django["state"][:2] == ["adding", "db"]
    assert len(django["state"]) in (2, 3)  # `fetch_mode` since 6.1


def test_tortoise_makes_all_models_before_the_first_in_async_for_too(tortoise: Facts) -> None:
    assert tortoise["at first"] == ROWS


def test_tortoise_s_model_has_four_attributes_of_its_own_one_of_them_a_dict(tortoise: Facts) -> None:
    own = [name for name in tortoise["attributes"] if name.startswith("_")]
    assert own == ["_partial", "_saved_in_db", "_custom_generated_pk", "_await_when_save"]
    assert sorted(tortoise["attributes"][4:]) == ["data", "id", "num"]
    assert tortoise["awaits"] == {}


def test_peewee_makes_a_model_when_it_is_read_of_rows_that_are_all_there_and_caches_it(peewee: Facts) -> None:
    assert (peewee["at first"], peewee["received at first"]) == (1, ROWS)
    assert (peewee["queries of two loops"], peewee["cached"]) == (1, ROWS)
    assert (peewee["cached by iterator"], peewee["count"]) == (0, ROWS)


def test_peewee_knows_which_fields_were_changed_and_has_a_cursor_on_the_server(peewee: Facts) -> None:
    assert peewee["attributes"] == ["__data__", "_dirty", "__rel__"]
    assert peewee["dirty"] == ["num"]
    assert peewee["cursors"] == [False]
    assert peewee["cursors outside"] == [True]
    assert peewee["cursors of another database"] == []
    assert peewee["cursors of each query"] == [True]


def test_piccolo_s_peak_is_far_above_what_it_keeps_and_batch_has_some(piccolo: Facts) -> None:
    assert piccolo["peak"] > 1.5
    assert piccolo["objects"] == ROWS
    assert piccolo["batch"] == 100
    assert piccolo["attributes"][:2] == ["_exists_in_db", "_was_created"]


def test_rows_without_models_are_plain_tuples_and_dicts(facts: dict[str, Facts]) -> None:
    assert [facts[orm]["row"] for orm in ORMS] == ["tuple", "tuple", "tuple", "dict"]


@pytest.mark.parametrize("connection", ["psycopg", "sqlalchemy", "sqlalchemy streaming", "adbc"])
def test_polars_reads_in_batches_what_its_connection_streams(own_url: str, connection: str) -> None:
    """The last row fails: whoever gets a batch before has not received all rows."""
    polars = pytest.importorskip("polars", reason="polars is not installed: `make venv groups=alternatives`")
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="there is no ADBC for this Python")
    sql = "SELECT 1 / (20000 - i) AS id, repeat('x', 2000) AS data FROM generate_series(1, 20000) AS i"
    engine = create_engine(own_url.replace("postgresql:", "postgresql+psycopg:"))
    connect: dict[str, Callable[[], Any]] = {
        "psycopg": lambda: psycopg.connect(own_url),
        "sqlalchemy": engine.connect,
        "sqlalchemy streaming": lambda: engine.connect().execution_options(stream_results=True),
        "adbc": lambda: adbc.connect(own_url),
    }
    streams = connection in ("sqlalchemy streaming", "adbc")
    raised = nullcontext() if streams else pytest.raises((psycopg.Error, DBAPIError), match="division by zero")
    with connect[connection]() as opened, raised:
        batches = polars.read_database(sql, opened, iter_batches=True, batch_size=100)
        size = next(batches).height
        assert size == pytest.approx(16 * MIB / 2000, rel=0.05) if connection == "adbc" else size == 100
        batches.close()
    engine.dispose()


def test_polars_wants_a_batch_size_and_ignores_it_over_adbc_whose_cursor_has_an_option(own_url: str) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed: `make venv groups=alternatives`")
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="there is no ADBC for this Python")

    def first(opened: Any, **options: Any) -> int:
        return int(next(polars.read_database("SELECT id FROM data", opened, iter_batches=True, **options)).height)

    with psycopg.connect(own_url) as opened, pytest.raises(ValueError, match="non-zero `batch_size`"):
        first(opened)
    with adbc.connect(own_url) as connection, connection.cursor() as cursor:
        assert first(cursor, batch_size=100) == ROWS
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": "4096"})
        assert first(cursor) < ROWS


@pytest.mark.parametrize("orm", ["django", "peewee"])
def test_named_tuples_have_attributes(facts: dict[str, Facts], orm: str) -> None:
    assert facts[orm]["named tuple"] >= 1


def django_class(names: list[str]) -> Make:
    import django
    from django.apps.registry import Apps
    from django.conf import settings
    from django.db import models

    if not settings.configured:
        settings.configure()
        django.setup()
    inner = type("Meta", (), {"app_label": "first", "apps": Apps()})
    fields = {name: models.IntegerField(primary_key=name == names[0]) for name in names}
    model: Any = type("Row", (models.Model,), {"__module__": __name__, "Meta": inner, **fields})
    return lambda values: model.from_db("default", list(values), list(values.values()))


def tortoise_class(names: list[str]) -> Make:
    from tortoise import Model, Tortoise, fields

    module: Any = ModuleType("of_tortoise")
    module.Row = type("Row", (Model,), {name: fields.IntField(primary_key=name == names[0]) for name in names})
    sys.modules[module.__name__] = module  # Tortoise imports its models by name
    default = {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "none"}}  # it never connects
    apps = {"first": {"models": [module.__name__]}}
    asyncio.run(Tortoise.init(config={"connections": {"default": default}, "apps": apps}))
    return lambda values: module.Row._init_from_db(**values)


def peewee_class(names: list[str]) -> Make:
    import peewee

    fields = {name: peewee.IntegerField(primary_key=name == names[0]) for name in names}
    model: Any = type("Row", (peewee.Model,), fields)
    return lambda values: model(__no_default__=1, **values)


def piccolo_class(names: list[str]) -> Make:
    from piccolo import columns, table

    fields = {name: columns.Integer(primary_key=name == names[0]) for name in names}
    model: Any = types.new_class("Row", (table.Table,), {}, lambda space: space.update(fields))
    return lambda values: model(**values, _exists_in_db=True)


def pydantic_class(names: list[str]) -> Make:
    fields: dict[str, Any] = dict.fromkeys(names, (int, 0))
    model: Any = pydantic.create_model("Row", **fields)
    return lambda values: model(**values)


CLASSES = {
    "django": django_class,
    "tortoise": tortoise_class,
    "peewee": peewee_class,
    "piccolo": piccolo_class,
    "pydantic": pydantic_class,
}
NAMES = [f"column_{number}" for number in range(10)]


TEN: dict[str, int] = dict.fromkeys(NAMES, 1000)
NARROW = [{NAMES[0]: 1000}] * 40


def size_of_later_models(orm: str, first: list[dict[str, int]], dropped: bool = False) -> float:
    """Return what a model of ten integers takes where models of these values were made before."""
    make = CLASSES[orm](NAMES)
    kept = [make(values) for values in first]
    if dropped:
        kept.clear()
    kept += [make(TEN) for _ in range(30)]  # the first have more room
    before = held()
    later = [make(TEN) for _ in range(COUNT)]
    return (held() - before - sys.getsizeof(later)) / COUNT


@pytest.mark.parametrize("orm", CLASSES)
def test_models_of_one_value_first_make_later_ones_large_with_django_and_tortoise_but_after_a_whole_one(
    orm: str,
) -> None:
    alone, narrow, whole = (
        in_a_fresh_process(size_of_later_models, orm, first) for first in ([], NARROW, [TEN, *NARROW])
    )
    assert whole == pytest.approx(alone, abs=1)
    assert narrow > 2 * alone if orm in ("django", "tortoise") else narrow == pytest.approx(alone, abs=1)


@pytest.mark.parametrize("orm", ["django", "tortoise"])
def test_a_first_model_that_is_dropped_costs_later_ones_of_django_a_place_from_3_12_on(orm: str) -> None:
    kept, dropped = (in_a_fresh_process(size_of_later_models, orm, [TEN], one) for one in (False, True))
    more = 8 if orm == "django" and sys.version_info >= (3, 12) else 0
    assert dropped - kept == pytest.approx(more, abs=1)
