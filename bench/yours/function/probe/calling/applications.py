"""Requests to an ASGI or WSGI application in this process, through its whole stack, without a server."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

from bench.yours.function.probe.failures import UncallableError


def application_of(thing: Any, requested: bool = False) -> str:
    """Return which kind of application something is, else an empty text; the parameters that a request needs count."""
    import inspect

    function = thing if inspect.isfunction(thing) else _call_of(type(thing))
    if isinstance(thing, type) or not inspect.isfunction(function):
        return ""
    parameters = list(inspect.signature(function).parameters.values())[0 if function is thing else 1 :]
    names = [one.name for one in parameters]
    needed = [one for one in parameters if one.default is one.empty and one.kind < one.VAR_POSITIONAL]
    if names[:3] == ["scope", "receive", "send"] or (requested and len(needed) == 3):
        return "asgi"
    wsgi = names[:2] in (["environ", "start_response"], ["env", "start_response"])
    return "wsgi" if wsgi or (requested and len(needed) == 2) else ""


def _call_of(kind: type) -> Any:
    return next((vars(base)["__call__"] for base in kind.__mro__ if "__call__" in vars(base)), None)


class Answers:
    """The requests of a call, and what came back: status and size."""

    def __init__(self, kind: str, requests: list[str]) -> None:
        """Send these, as "GET /path"."""
        self.kind, self.requests = kind, requests
        self.found: list[tuple[int, int]] = []

    def _parts(self) -> list[tuple[str, str, str]]:
        found = []
        for request in self.requests:
            method, _, target = request.strip().rpartition(" ")
            parts = urlsplit(target)
            found.append((method.strip().upper() or "GET", parts.path or "/", parts.query))
        return found

    def of_wsgi(self, application: Any) -> None:
        """Send the requests, one after the other."""
        for method, path, query in self._parts():
            said: list[str] = []
            environ = {
                **{"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": ""},
                **{"SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1"},
                **{"HTTP_HOST": "localhost", "wsgi.version": (1, 0), "wsgi.url_scheme": "http"},
                **{"wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.multithread": False},
                **{"wsgi.multiprocess": False, "wsgi.run_once": False, "REMOTE_ADDR": "127.0.0.1"},
            }
            body = application(environ, lambda status, headers, error=None: said.append(status))  # noqa: B023
            size = sum(len(part) for part in body or ())
            if hasattr(body, "close"):
                body.close()
            status = (said or [""])[0].split(" ")[0]
            self.found.append((int(status) if status.isdecimal() else 0, size))  # 0 is none

    async def of_asgi(
        self,
        application: Any,
        startup: Callable[[], AbstractContextManager[None]],
        begin: Callable[[], None],
        end: Callable[[Any], None],
    ) -> None:
        """Start the application as a server does, send the requests, and let it shut down."""
        import asyncio

        to_application: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        state: dict[str, Any] = {}
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.3"}, "state": state}
        with startup():
            lifespan = asyncio.ensure_future(application(scope, to_application.get, told.put))
            await to_application.put({"type": "lifespan.startup"})
            started = asyncio.ensure_future(told.get())
            await asyncio.wait([lifespan, started], return_when=asyncio.FIRST_COMPLETED)
            if started.done() and started.result()["type"] == "lifespan.startup.failed":
                await lifespan  # which raises why
                raise UncallableError("its startup failed")
            if not started.done():  # it knows no lifespan
                lifespan.exception()
                started.cancel()
        begin()
        for method, path, query in self._parts():
            await self._answer(application, method, path, query, state)
        end(None)
        if not lifespan.done():
            await to_application.put({"type": "lifespan.shutdown"})
            await asyncio.wait([lifespan], timeout=10)
            if lifespan.done():
                lifespan.result()  # which raises what its shutdown did
            if not told.empty() and told.get_nowait()["type"] == "lifespan.shutdown.failed":
                raise UncallableError("its shutdown failed")

    async def _answer(self, application: Any, method: str, path: str, query: str, state: dict[str, Any]) -> None:
        import asyncio

        status, size, asked = 0, 0, False
        ended = asyncio.Event()

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                await ended.wait()
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended.set()

        scope = {
            **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1"},
            **{"method": method, "scheme": "http", "path": path, "raw_path": path.encode()},
            **{"query_string": query.encode(), "root_path": "", "headers": [(b"host", b"localhost")]},
            **{"client": ("127.0.0.1", 1), "server": ("localhost", 80), "state": dict(state)},
        }
        await application(scope, receive, send)
        self.found.append((status, size))
