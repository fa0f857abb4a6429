"""asyncpg's records."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from bench.layers.reading import Read, Reading
from bench.relations.addresses import for_asyncpg
from bench.relations.redaction import connecting
from bench.relations.transaction import connect, settings
from common import database_url

# Seconds after which a server that should have ended a statement does not answer: asyncpg looks for no cut network.
PATIENCE = 10


@contextmanager
def asyncpg_record(reading: Reading) -> Iterator[Read]:
    """Yield asyncpg's records, all at once: its cursors are prepared statements, which a pooler may keep."""

    async def begin() -> None:
        await transaction.start()
        await connection.execute(settings(reading.timeout))

    async def fetch(count: int) -> list[object]:
        records: list[object] = await connection.fetch(f"{reading.relation.statement} LIMIT {count}")
        for _ in range(2):  # else the connection's buffers keep what they last received: up to 256 KiB of rows, twice
            await connection.execute("SELECT 1")
        return records

    with connect(database_url(), reading.timeout) as same:
        arguments = for_asyncpg(same)
    # Else it asks for 'utf-8', which PgBouncer then sets, though it is the same.
    arguments |= {
        "command_timeout": reading.timeout + PATIENCE,
        "statement_cache_size": 0,
        "server_settings": {"client_encoding": "UTF8"},
    }
    with asyncio.Runner() as runner:
        with connecting():
            connection = runner.run(asyncpg.connect(**arguments))
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        try:
            runner.run(begin())
            yield lambda count: runner.run(fetch(count))
            runner.run(transaction.rollback())
            runner.run(connection.close())
        finally:
            connection.terminate()  # at once, where it is still open


LAYERS = {"asyncpg record": asyncpg_record}
