"""A task for each request, which has the request's body while it waits for an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

BODY = 64 * 1024  # bytes of a request
TIMEOUT = 0.01
Handler = Callable[[int], object]


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
