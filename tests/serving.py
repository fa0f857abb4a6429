"""Applications as a service runs them: uvicorn, on a port of its own, in a thread of this process."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvicorn
from fastapi import Request, Response

from tests.support import wait_until


class Served(NamedTuple):
    """An application that is served: its address, and the server."""

    url: str
    port: int
    server: uvicorn.Server

    @property
    def waiting(self) -> int:
        """How many bytes wait in the process to be sent."""
        return sum(protocol.transport.get_write_buffer_size() for protocol in self.server.server_state.connections)


@contextmanager
def served(application: Callable[..., Any], **options: Any) -> Iterator[Served]:
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="critical", **options))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(f"http://127.0.0.1:{port}", port, server)
    finally:
        server.should_exit = True
        thread.join()


async def passing_on(request: Request, call_next: Callable[[Request], Awaitable[Any]]) -> Any:
    """Do what every middleware does that an application has by `app.middleware("http")`."""
    return await call_next(request)


async def reading_all(request: Request, call_next: Callable[[Request], Awaitable[Any]]) -> Response:
    """Collect the body, as a middleware does that logs or signs it."""
    response = await call_next(request)
    body = b"".join([part async for part in response.body_iterator])
    return Response(body, response.status_code, media_type=response.headers["content-type"])
