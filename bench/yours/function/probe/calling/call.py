"""One call of the reader's code, with what it needs opened before, and closed after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, suppress
from typing import Any

from bench.yours.function.probe.calling.applications import Answers, application_of
from bench.yours.function.probe.calling.arguments import Arguments
from bench.yours.function.probe.calling.finding import UncallableError, function_of


class Call:
    """One call of what was found; what it needs is opened before, and closed after."""

    def __init__(self, thing: Any, order: dict[str, Any]) -> None:
        """Let the order say with what, and whether the items of a generator are kept."""
        self.thing, self.keep, self._arguments = thing, order["keep"], Arguments(order)
        self.answers = Answers(application_of(thing), order["requests"])
        if order["requests"] and not self.answers.kind:
            raise UncallableError("it is no ASGI or WSGI application: leave out --request")
        self.items = 0

    @property
    def only_import(self) -> bool:
        """Whether there is nothing to call: an application of which nothing is requested."""
        return bool(self.answers.kind) and not self.answers.requests

    @property
    def callable(self) -> bool:
        """Whether it can be called at all."""
        return callable(function_of(self.thing))

    def run(
        self,
        startup: Callable[[], AbstractContextManager[None]],
        begin: Callable[[], None],
        end: Callable[[Any], None],
        released: Callable[[], None],
    ) -> None:
        """Open or start up, begin, call, end with the result in hand, release it, and close."""
        if self.answers.kind == "wsgi":
            begin()
            self.answers.of_wsgi(self.thing)
            end(None)
        elif self.answers.kind == "asgi":
            _in_a_loop(self.answers.of_asgi(self.thing, startup, begin, end))
        elif self._is_async():
            _in_a_loop(self._run_async(begin, end, released))
        else:
            self._run_sync(begin, end, released)

    def _is_async(self) -> bool:
        import inspect

        function = inspect.unwrap(function_of(self.thing))
        return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)

    def _run_sync(self, begin: Callable[[], None], end: Callable[[Any], None], released: Callable[[], None]) -> None:
        with ExitStack() as stack:
            ready = self._arguments.ready(self.thing, stack)
            begin()
            result = ready()
            if _has(result, "gi_frame"):
                result = self._read(result)
            if _has(result, "cr_frame"):
                result = _in_a_loop(result)
            end(result)
            del result
            released()

    def _read(self, items: Any) -> Any:
        kept = []
        for item in items:
            self.items += 1
            if self.keep:
                kept.append(item)
        return kept

    async def _counted(self, items: Any) -> Any:
        async for item in items:
            self.items += 1
            yield item

    async def _run_async(
        self, begin: Callable[[], None], end: Callable[[Any], None], released: Callable[[], None]
    ) -> None:
        async with AsyncExitStack() as stack:
            with ExitStack() as plain:
                ready = await self._arguments.ready_in_a_loop(self.thing, plain, stack)
                begin()
                result = ready()
                if _has(result, "ag_frame"):
                    result = [item async for item in self._counted(result) if self.keep]
                else:
                    result = await result
                end(result)
                del result
                released()


def _has(result: Any, name: str) -> bool:
    """Return whether a class of the interpreter's has this: the reader's own object, or its class, may refuse it."""
    with suppress(Exception):
        return hasattr(type(result), name)
    return False


def _in_a_loop(coroutine: Any) -> Any:
    import asyncio  # only now, for it would count as the interpreter's

    return asyncio.run(coroutine)
