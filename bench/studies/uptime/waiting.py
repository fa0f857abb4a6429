"""What waits: a cycle for the collector, a log's record for its handler, a task for an event that does not come."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from logging.handlers import MemoryHandler
from typing import NoReturn

from sqlalchemy import create_engine, insert

from common import database_url
from db_model import DbModel

BODY = 64 * 1024  # bytes of a request
TEXT = 16 * 1024  # characters of a column
TIMEOUT = 0.01
Handler = Callable[[int], object]


def refused() -> NoReturn:
    raise ValueError


def error_kept_in_its_frame() -> Handler:
    def handler(number: int) -> bytes:
        body, failed = b"x" * BODY, None
        try:
            refused()
        except ValueError as error:
            failed = error  # its traceback has the frame, which has the error, and the body
        return body if failed is None else b""

    return handler


def error_let_go() -> Handler:
    def handler(number: int) -> bytes:
        body, failed = b"x" * BODY, False
        try:
            refused()
        except ValueError:
            failed = True
        return b"" if failed else body

    return handler


def parameters_in_kept_records(hidden: bool = False) -> Handler:
    # It keeps the last records for what is to be told with an error.
    engine = create_engine(database_url("postgresql+psycopg"), hide_parameters=hidden)
    logger = logging.getLogger("sqlalchemy.engine")
    logger.addHandler(MemoryHandler(capacity=1000, target=logging.NullHandler()))
    logger.setLevel(logging.INFO)

    def handler(number: int) -> None:
        row = {"id": 1_000_000 + number, "num": 1, "data": f"{number}" + "x" * TEXT}
        with engine.connect() as connection:
            connection.execute(insert(DbModel), row)

    return handler


def hidden_parameters() -> Handler:
    return parameters_in_kept_records(hidden=True)


def tasks_without_end() -> Handler:
    tasks = set[asyncio.Task[None]]()

    async def notify(body: bytes, answered: Awaitable[object]) -> None:
        await answered

    async def handler(number: int) -> None:
        answered = asyncio.get_running_loop().create_future()  # which nobody sets
        tasks.add(task := asyncio.create_task(notify(b"x" * BODY, answered)))
        task.add_done_callback(tasks.discard)
        await asyncio.sleep(0)

    return handler


def tasks_with_a_timeout() -> Handler:
    tasks = set[asyncio.Task[None]]()

    async def notify(body: bytes, answered: Awaitable[object]) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(answered, TIMEOUT)

    async def handler(number: int) -> None:
        answered = asyncio.get_running_loop().create_future()
        tasks.add(task := asyncio.create_task(notify(b"x" * BODY, answered)))
        task.add_done_callback(tasks.discard)
        await asyncio.sleep(0)

    return handler
