"""What drivers need behind a pooler that shares sessions between transactions, and knows of nothing prepared there."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from uuid import uuid4

import asyncpg
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.servers import pgbouncer
from tests.support import ROWS, run

SELECT = "SELECT * FROM data"
# Two batches of a queryset, while another session is the one that was used last.
DJANGO = """
import sys
from contextlib import nullcontext
import django, psycopg
from django.conf import settings
from django.db import connection, models, transaction
from psycopg.conninfo import conninfo_to_dict
from common import database_url

default = {"ENGINE": "django.db.backends.postgresql", "NAME": None, "OPTIONS": conninfo_to_dict(database_url())}
settings.configure(DATABASES={"default": default | {"DISABLE_SERVER_SIDE_CURSORS": sys.argv[-1] == "without cursors"}})
django.setup()

class Record(models.Model):
    id = models.IntegerField(primary_key=True)

    class Meta:
        app_label, db_table = "claims", "data"

with transaction.atomic() if sys.argv[-1] == "atomic" else nullcontext():
    rows = Record.objects.iterator(chunk_size=10)
    next(rows)
    with psycopg.connect(database_url(), prepare_threshold=None) as other:
        other.execute("SELECT 1")
        print(1 + sum(1 for _ in rows), connection.connection.prepare_threshold)
"""


@pytest.fixture(scope="module")
def pooled(url: str) -> Iterator[str]:
    """Run a pooler of two sessions."""
    with pgbouncer(url) as address:
        yield address


@contextmanager
def other_session(pooled: str) -> Iterator[None]:
    """Take the session that was used last, so that others get the other one."""
    with psycopg.connect(pooled, prepare_threshold=None) as connection:
        connection.execute("SELECT 1")
        yield


@asynccontextmanager
async def closing(engine: AsyncEngine) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await engine.dispose()


@pytest.mark.parametrize("threshold", [5, None])
def test_behind_a_pooler_psycopg_needs_prepare_threshold_none(pooled: str, threshold: int | None) -> None:
    with psycopg.connect(pooled, autocommit=True, prepare_threshold=threshold) as connection:
        for _ in range(7):
            connection.execute(SELECT)
        raised = pytest.raises(psycopg.errors.InvalidSqlStatementName) if threshold else nullcontext()
        with other_session(pooled), raised:
            connection.execute(SELECT)
        if threshold:
            connection.execute("DEALLOCATE ALL")


@pytest.mark.parametrize("how", ["outside", "atomic", "without cursors"])
def test_behind_a_pooler_django_s_iterator_needs_atomic_or_no_cursors(pooled: str, how: str) -> None:
    pytest.importorskip("django", reason="Django is not installed: `make venv groups=alternatives`")
    process = run("-c", DJANGO, how, url=pooled)
    assert process.stdout == ("" if how == "outside" else f"{ROWS} None\n"), process.stderr
    assert ("cursor" in process.stderr and "does not exist" in process.stderr) == (how == "outside")


@pytest.mark.parametrize("cache", [100, 0])
def test_behind_a_pooler_asyncpg_needs_statement_cache_size_0(pooled: str, cache: int) -> None:
    async def main() -> None:
        connection = await asyncpg.connect(pooled, statement_cache_size=cache)
        await connection.fetch(SELECT)
        with other_session(pooled):
            await connection.fetch(SELECT)
        await connection.close()

    with pytest.raises(asyncpg.InvalidSQLStatementNameError) if cache else nullcontext():
        asyncio.run(main())


@pytest.mark.parametrize("cache", ["", "?prepared_statement_cache_size=0"])
def test_behind_a_pooler_sqlalchemy_over_asyncpg_needs_prepared_statement_cache_size_0(pooled: str, cache: str) -> None:
    async def main() -> None:
        engine = create_async_engine(pooled.replace("postgresql:", "postgresql+asyncpg:") + cache)
        async with closing(engine), engine.connect() as connection:
            for taken in (nullcontext(), other_session(pooled)):
                with taken:
                    await connection.execute(text(SELECT))
                    await connection.commit()

    with nullcontext() if cache else pytest.raises(DBAPIError, match=r"prepared statement .* does not exist"):
        asyncio.run(main())


@pytest.mark.parametrize("make_name", [None, lambda: f"__{uuid4()}__"], ids=["numbered", "unique"])
def test_and_a_function_that_names_statements_for_processes_number_theirs_alike(
    pooled: str, monkeypatch: pytest.MonkeyPatch, make_name: Callable[[], str] | None
) -> None:
    """The second engine numbers its statements as one in another process does that has prepared as many."""
    address = f"{pooled.replace('postgresql:', 'postgresql+asyncpg:')}?prepared_statement_cache_size=0"
    arguments = {"prepared_statement_name_func": make_name} if make_name else {}

    async def main() -> None:
        one, other = (create_async_engine(address, connect_args=arguments) for _ in range(2))
        async with closing(one), closing(other), one.connect() as connection, other.connect() as connection_of_other:
            await connection.commit()
            for used in (connection_of_other, connection):
                monkeypatch.setattr(asyncpg.connection, "_uid", 1_000)
                await used.execute(text(SELECT))
                await used.commit()

    with nullcontext() if make_name else pytest.raises(DBAPIError, match=r"prepared statement .* already exists"):
        asyncio.run(main())


@pytest.mark.parametrize("arguments", [{}, {"statement_cache_size": 0}], ids=["cached", "not cached"])
def test_and_statement_cache_size_0_for_asyncpg_prepares_what_asks_for_a_type_that_it_does_not_know(
    pooled: str, arguments: dict[str, int]
) -> None:
    address = f"{pooled.replace('postgresql:', 'postgresql+asyncpg:')}?prepared_statement_cache_size=0"
    names = {"prepared_statement_name_func": lambda: f"__{uuid4()}__"}

    async def main() -> None:
        engine = create_async_engine(address, connect_args=names | arguments)
        async with closing(engine), engine.connect() as connection:
            for taken in (nullcontext(), other_session(pooled)):
                with taken:
                    await connection.execute(text("CREATE TYPE mood AS ENUM ('calm')"))
                    assert await connection.scalar(text("SELECT 'calm'::mood")) == "calm"
                    await connection.rollback()

    with nullcontext() if arguments else pytest.raises(DBAPIError, match=r"prepared statement .* does not exist"):
        asyncio.run(main())
