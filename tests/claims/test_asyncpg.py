"""What asyncpg does otherwise than psycopg: its addresses, and its errors below SQLAlchemy."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import asyncpg
import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from db_model import DbModel
from tests.claims.rows import BATCH, ENTITIES, STREAMED

# Options of libpq with a value that changes nothing.
TAKEN = {
    "application_name": "a",
    "client_encoding": "utf8",
    "host": "localhost",
    "options": "-cwork_mem=1MB",
    "passfile": "/missing",
    "sslmode": "disable",
    "target_session_attrs": "any",
}
REFUSED = {
    "channel_binding": "disable",
    "connect_timeout": "5",
    "fallback_application_name": "a",
    "gssencmode": "disable",
    "hostaddr": "127.0.0.1",
    "keepalives": "1",
    "keepalives_idle": "1",
    "load_balance_hosts": "disable",
    "require_auth": "scram-sha-256",
}


async def connect(address: str) -> None:
    await (await asyncpg.connect(address)).close()


@pytest.mark.parametrize("option", TAKEN | REFUSED)
def test_asyncpg_sends_options_that_it_does_not_know_to_the_server_which_refuses_them(url: str, option: str) -> None:
    address = f"{url}?{option}={quote((TAKEN | REFUSED)[option])}"
    psycopg.connect(address).close()
    if option in TAKEN:
        asyncio.run(connect(address))
    else:
        with pytest.raises(asyncpg.UndefinedObjectError, match=f'unrecognized configuration parameter "{option}"'):
            asyncio.run(connect(address))


def run_over_asyncpg(url: str, use: Callable[[AsyncSession], Awaitable[None]], level: str = "READ COMMITTED") -> None:
    async def main() -> None:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"), isolation_level=level)
        try:
            async with AsyncSession(engine) as session:
                await use(session)
        finally:
            await engine.dispose()

    asyncio.run(main())


async def stream(session: AsyncSession) -> None:
    await session.stream(ENTITIES)


async def stream_by_core(session: AsyncSession) -> None:
    await (await session.connection()).stream(ENTITIES)


@pytest.mark.parametrize("use", [stream, stream_by_core])
def test_over_asyncpg_a_stream_with_autocommit_raises_what_sqlalchemy_wraps(
    url: str, use: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    with pytest.raises(DBAPIError, match="cursor cannot be created outside of a transaction"):
        run_over_asyncpg(url, use, "AUTOCOMMIT")


async def by_core(session: AsyncSession, end: str) -> None:
    connection: AsyncConnection = await session.connection()
    async for _ in await connection.stream(select(DbModel.id)):
        await getattr(connection, end)()


async def by_partitions(session: AsyncSession, end: str) -> None:
    async for _ in (await session.stream(ENTITIES)).partitions(BATCH):
        await getattr(session, end)()


async def with_yield_per(session: AsyncSession, end: str) -> None:
    async for _ in await session.stream(STREAMED):
        await getattr(session, end)()


@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize("read", [by_core, by_partitions, with_yield_per])
def test_over_asyncpg_the_end_of_the_transaction_raises_asyncpg_s_own_error_in_the_loop(
    url: str, read: Callable[[AsyncSession, str], Awaitable[None]], end: str
) -> None:
    """SQLAlchemy does not wrap this one, so that `except SQLAlchemyError` does not catch it."""
    with pytest.raises(asyncpg.NoActiveSQLTransactionError):
        run_over_asyncpg(url, lambda session: read(session, end))
