"""What other ORMs do with table `data`, told as JSON by one process, for each is configured once in a process.

usage: DATABASE_URL=URL python -m tests.claims.other_orms
"""

import asyncio
import json
import logging
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import django
import peewee
import piccolo.columns
import piccolo.table
import tortoise.fields
from django.conf import settings
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from piccolo.engine.postgres import PostgresEngine
from playhouse.postgres_ext import PostgresqlExtDatabase, ServerSide
from psycopg.conninfo import conninfo_to_dict
from tortoise.exceptions import IncompleteInstanceError

from common import database_url

ENGINE = "django.db.backends.postgresql"
settings.configure(DATABASES={"default": {"ENGINE": ENGINE, "NAME": None, "OPTIONS": conninfo_to_dict(database_url())}})
django.setup()

CURSORS = "SELECT is_holdable FROM pg_cursors"


@contextmanager
def counted(owner: Any, name: str) -> Iterator[list[None]]:
    """Count the calls of a method meanwhile."""
    original = getattr(owner, name)
    calls: list[None] = []

    def counting(*arguments: Any, **named: Any) -> Any:
        calls.append(None)
        return original(*arguments, **named)

    setattr(owner, name, counting)
    try:
        yield calls
    finally:
        setattr(owner, name, original)


class Logged(logging.Handler):
    """The statements that a library logs."""

    def __init__(self, name: str) -> None:
        """Begin to collect what the logger of that name gets."""
        super().__init__()
        self.statements: list[str] = []
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.statements.append(record.getMessage())

    def during(self, function: Callable[[], object]) -> list[str]:
        """Return what is logged while a function runs."""
        before = len(self.statements)
        function()
        return self.statements[before:]


class DjangoRow(models.Model):
    id = models.IntegerField(primary_key=True)
    num = models.IntegerField()
    data = models.TextField()

    class Meta:
        app_label = "claims"
        db_table = "data"


class DjangoChild(models.Model):
    id = models.IntegerField(primary_key=True)
    parent = models.ForeignKey(DjangoRow, models.DO_NOTHING, db_column="num", related_name="children")

    class Meta:
        app_label = "claims"
        db_table = "data"


def queries_of(read: Callable[[], object]) -> list[str]:
    """Return what Django executes meanwhile."""
    with CaptureQueriesContext(connection) as captured:
        read()
    return [query["sql"] for query in captured.captured_queries]


def related_of_django() -> dict[str, Any]:
    """Return what is executed for a model in part, for the children of a chunk, and for peers; and what these take."""

    def peers(mode: Any, read: Callable[[Any], Any]) -> tuple[int, int, float]:
        some = [rows.filter(id__gt=1).order_by("id").fetch_mode(mode)[:20] for rows in (narrow, DjangoChild.objects)]
        columns = queries_of(lambda: [row.data for row in read(some[0])])
        keys = queries_of(lambda: [row.parent.data for row in read(some[1])])
        tracemalloc.start()
        kept = list(DjangoRow.objects.fetch_mode(mode))
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return len(columns), len(keys), size / len(kept)

    narrow = DjangoRow.objects.only("id")
    parents = DjangoRow.objects.filter(id__lte=200).prefetch_related("children")
    chunks = queries_of(lambda: [len(row.children.all()) for row in parents.iterator(chunk_size=100)])
    part = DjangoRow.objects.only("id", "num").get(id=1)
    found = {"chunks": len(chunks), "part": queries_of(part.save)[-1]}
    if hasattr(models, "FETCH_PEERS"):  # since Django 6.1, which needs Python 3.12
        found["by one"] = peers(models.FETCH_ONE, iter)
        found["by peers"] = peers(models.FETCH_PEERS, iter)
        found["iterated by peers"] = peers(models.FETCH_PEERS, lambda rows: rows.iterator())
    return found


def of_django() -> dict[str, Any]:
    def saved(**named: Any) -> str:
        one = DjangoRow.objects.get(id=1)
        one.num += 1
        with CaptureQueriesContext(connection) as captured:
            one.save(**named)
        return str(captured.captured_queries[-1]["sql"])

    def saved_at_once() -> int:
        some = list(DjangoRow.objects.filter(id__lt=3))
        with CaptureQueriesContext(connection) as captured:
            DjangoRow.objects.bulk_update(some, ["num"])
        return sum(query["sql"].startswith("UPDATE") for query in captured.captured_queries)

    def at_first(rows: Any) -> tuple[int, list[Any]]:
        with counted(DjangoRow, "__init__") as made:
            iterator = iter(rows)
            next(iterator)
            with connection.cursor() as cursor:
                cursor.execute(CURSORS)
                return len(made), [held for [held] in cursor.fetchall()]

    with CaptureQueriesContext(connection) as captured:
        rows = DjangoRow.objects.all()
        sums = [sum(row.num for row in rows), sum(row.num for row in rows)]
    twice = len(captured)
    with CaptureQueriesContext(connection) as captured:
        sums += [sum(row.num for row in rows.iterator()), sum(row.num for row in rows.iterator())]
    try:
        DjangoRow.objects.prefetch_related("others").iterator()
        refused = ""
    except ValueError as error:
        refused = str(error)
    with transaction.atomic():
        inside = at_first(DjangoRow.objects.iterator())
    one = DjangoRow.objects.get(id=1)
    found = {
        "same": DjangoRow.objects.get(id=1) is DjangoRow.objects.get(id=1),
        "save": saved(),
        "named": saved(update_fields=["num"]),
        "bulk": saved_at_once(),
        "queries of two loops": twice,
        "queries of two iterators": len(captured),
        "sums": sums,
        "cached": len(rows._result_cache or ()),
        "at first": at_first(DjangoRow.objects.all()),
        "at first of iterator": at_first(DjangoRow.objects.iterator()),
        "at first of iterator inside": inside,
        "refused": refused,
        "named tuple": DjangoRow.objects.values_list("id", named=True)[0].id,
        "row": type(DjangoRow.objects.values_list("id", "num")[0]).__name__,
        "attributes": list(vars(one)),
        "state": list(vars(one._state)),
    }
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    return found | {"at first without cursors": at_first(DjangoRow.objects.iterator())}


class TortoiseRow(tortoise.Model):
    id = tortoise.fields.IntField(primary_key=True)
    num = tortoise.fields.IntField()
    data = tortoise.fields.TextField()

    class Meta:
        table = "data"


async def of_tortoise() -> dict[str, Any]:
    async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
        return await asyncpg.connect(database_url())

    default = {"engine": "tortoise.backends.asyncpg", "credentials": {"connect": connect}}
    await tortoise.Tortoise.init({"connections": {"default": default}, "apps": {"claims": {"models": ["__main__"]}}})
    log = Logged("tortoise.db_client")

    async def saved(**named: Any) -> str:
        one = await TortoiseRow.get(id=1)
        one.num += 1
        await one.save(**named)
        return log.statements[-1]

    async def saved_at_once() -> int:
        some = await TortoiseRow.filter(id__lt=3)
        before = len(log.statements)
        await TortoiseRow.bulk_update(some, ["num"])
        return sum(statement.startswith("UPDATE") for statement in log.statements[before:])

    with counted(TortoiseRow, "_init_from_db") as made:
        rows = aiter(TortoiseRow.all())
        one = await anext(rows)
        at_first = len(made)
    partial = await TortoiseRow.all().only("id", "num").get(id=1)
    try:
        await partial.save()
        refused = ""
    except IncompleteInstanceError as error:
        refused = str(error)
    found = {
        "refused": refused,
        "same": await TortoiseRow.get(id=1) is await TortoiseRow.get(id=1),
        "save": await saved(),
        "named": await saved(update_fields=["num"]),
        "bulk": await saved_at_once(),
        "at first": at_first,
        "row": type((await TortoiseRow.all().values_list("id", "num"))[0]).__name__,
        "attributes": list(vars(one)),
        "awaits": vars(one)["_await_when_save"],
    }
    await tortoise.Tortoise.close_connections()
    return found


def of_peewee() -> dict[str, Any]:
    database = PostgresqlExtDatabase(database_url(), prefer_psycopg3=True)

    class Row(peewee.Model):
        id = peewee.IntegerField(primary_key=True)
        num = peewee.IntegerField()
        data = peewee.TextField()

    Row._meta.set_database(database)
    Row._meta.set_table_name("data")
    log = Logged("peewee")

    def saved() -> tuple[list[str], list[str]]:
        one = Row.get_by_id(1)
        one.num += 1
        dirty = one.dirty_field_names
        return dirty, log.during(one.save)

    def cursors_at_first(read: Callable[[Any], Any] = ServerSide) -> list[bool]:
        iterator = iter(read(Row.select()))
        next(iterator)
        found = [held for [held] in Row._meta.database.execute_sql(CURSORS).fetchall()]
        Row._meta.database.close()
        return found

    rows: Any = Row.select()
    queries = len(log.during(lambda: [list(rows), list(rows)]))
    with counted(Row, "__init__") as calls:
        lazy: Any = Row.select()
        next(iter(lazy))
        at_first = len(calls)
    with database:
        iterator = iter(ServerSide(Row.select()))
        next(iterator)
        cursors = [held for [held] in database.execute_sql(CURSORS).fetchall()]
    cursors_outside = cursors_at_first()
    Row._meta.set_database(peewee.PostgresqlDatabase(database_url(), prefer_psycopg3=True))
    cursors_of_another = cursors_at_first()
    always = PostgresqlExtDatabase(database_url(), prefer_psycopg3=True, server_side_cursors=True)
    Row._meta.set_database(always)
    cursors_of_each = cursors_at_first(peewee.SelectQuery.iterator)
    Row._meta.set_database(database)
    dirty, saving = saved()
    [saving_one] = log.during(lambda: Row.get_by_id(1).save(only=[Row.num]))[1:]
    model: Any = Row
    part = model.select(Row.id, Row.num).where(Row.id == 1).get()
    [saving_part] = log.during(part.save)
    some = list(model.select().where(Row.id < 3))
    saving_some = log.during(lambda: model.bulk_update(some, [Row.num]))
    Row._meta.only_save_dirty = True
    uncached: Any = Row.select()
    count = sum(1 for _ in uncached.iterator())
    return {
        "same": Row.get_by_id(1) is Row.get_by_id(1),
        "save": saving[0],
        "named": saved()[1][0],
        "only": saving_one,
        "part": saving_part[0] if isinstance(saving_part, tuple) else saving_part,
        "cursors of each query": cursors_of_each,
        "bulk": sum("UPDATE" in statement for statement in saving_some),
        "dirty": dirty,
        "queries of two loops": queries,
        "cached": len(rows._cursor_wrapper.row_cache),
        "cached by iterator": len(uncached._cursor_wrapper.row_cache),
        "count": count,
        "at first": at_first,
        "received at first": lazy._cursor_wrapper.cursor.rowcount,
        "cursors": cursors,
        "cursors outside": cursors_outside,
        "cursors of another database": cursors_of_another,
        "row": type(Row.select().tuples().first()).__name__,
        "attributes": list(vars(Row.get_by_id(1))),
        "named tuple": Row.select(Row.id).namedtuples().first().id,
    }


async def of_piccolo() -> dict[str, Any]:
    engine = PostgresEngine(config={"dsn": database_url()})

    class Row(piccolo.table.Table, tablename="data", db=engine):
        id = piccolo.columns.Integer(primary_key=True)
        num = piccolo.columns.Integer()
        data = piccolo.columns.Text()

    tracemalloc.start()
    objects = await Row.objects()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    one = objects[0]
    async with await Row.objects().batch(batch_size=100) as batch:
        async for some in batch:
            size = len(some)
            break
    return {
        "same": await Row.objects().get(Row.id == 1) is await Row.objects().get(Row.id == 1),
        "save": str(one.save()),
        "named": str(one.save([Row.num])),
        "bulk": int(hasattr(Row, "bulk_update")),
        "objects": len(objects),
        "peak": peak / kept,
        "batch": size,
        "attributes": list(vars(one)),
        "row": type(await Row.select().first()).__name__,
    }


if __name__ == "__main__":
    found = {"django": related_of_django() | of_django(), "tortoise": asyncio.run(of_tortoise()), "peewee": of_peewee()}
    print(json.dumps(found | {"piccolo": asyncio.run(of_piccolo())}))
