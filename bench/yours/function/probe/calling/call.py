"""One call of the reader's code, with what it needs opened before, and closed after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, suppress
from typing import Any

from bench.yours.function.probe.calling.applications import Answers, application_of
from bench.yours.function.probe.calling.arguments import Arguments
from bench.yours.function.probe.calling.finding import function_of
from bench.yours.function.probe.failures import UncallableError


class Call:
    """One call of what was found; what it needs is opened before, and closed after."""

    def __init__(self, thing: Any, order: dict[str, Any]) -> None:
        """Let the order say with what, and whether the items of a generator are kept."""
        self.thing, self.keep, self._arguments = thing, order["keep"], Arguments(order)
        self.answers = Answers(application_of(thing, bool(order["requests"])), order["requests"])
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
        elif self._needs_a_loop():
            _in_a_loop(self._run_in_a_loop(begin, end, released))
        else:
            self._run(begin, end, released)

    def _needs_a_loop(self) -> bool:
        """Return whether a loop runs during the call: around a wrapper that runs a coroutine in its own, none may."""
        import inspect

        function = function_of(self.thing)
        is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        return is_async or self._arguments.need_a_loop(self.thing)

    def _run(self, begin: Callable[[], None], end: Callable[[Any], None], released: Callable[[], None]) -> None:
        with ExitStack() as stack:
            ready = self._arguments.ready(self.thing, stack)
            begin()
            result = ready()
            if _is_later(result):
                _in_a_loop(self._finish_later(result, end, released))
                return
            result = self._finished(result, stack)
            end(result)
            del result
            released()

    async def _run_in_a_loop(
        self, begin: Callable[[], None], end: Callable[[Any], None], released: Callable[[], None]
    ) -> None:
        async with AsyncExitStack() as stack:
            with ExitStack() as plain:
                ready = await self._arguments.ready_in_a_loop(self.thing, plain, stack)
                begin()
                await self._finish_later(ready(), end, released)

    async def _finish_later(self, result: Any, end: Callable[[Any], None], released: Callable[[], None]) -> None:
        async with AsyncExitStack() as stack:
            if _has(result, "__await__"):
                result = await result
            if _is_of(result, "contextlib", "__aenter__"):
                result = await stack.enter_async_context(result)
            if _has(result, "ag_frame") or _is_of(result, "builtins", "__anext__"):
                result = [item async for item in self._counted(result) if self.keep]
            with ExitStack() as plain:
                result = self._finished(result, plain)
                end(result)
                del result
                released()

    def _finished(self, result: Any, stack: ExitStack) -> Any:
        """Return what a context manager of contextlib gives, what is kept of an iterator's items, or the result."""
        if _is_of(result, "contextlib", "__enter__"):
            result = stack.enter_context(result)
        iterates = _has(result, "gi_frame") or any(
            _is_of(result, name, "__next__") for name in ("builtins", "itertools")
        )
        if not iterates:
            return result
        kept = []
        for item in result:
            self.items += 1
            if self.keep:
                kept.append(item)
        return kept

    async def _counted(self, items: Any) -> Any:
        async for item in items:
            self.items += 1
            yield item


def _is_later(result: Any) -> bool:
    """Return whether a plain function's result is a coroutine, or gives what it has in a loop only."""
    in_a_loop = _is_of(result, "contextlib", "__aenter__") and not _has(result, "__enter__")
    return in_a_loop or _has(result, "cr_frame") or _has(result, "ag_frame") or _is_of(result, "builtins", "__anext__")


def _is_of(result: Any, module: str, name: str) -> bool:
    """Return whether a class of this module of the standard library's has this."""
    with suppress(Exception):
        return type.__dict__["__module__"].__get__(type(result)) == module and hasattr(type(result), name)
    return False


def _has(result: Any, name: str) -> bool:
    """Return whether a class has this: the reader's own may refuse it."""
    with suppress(Exception):
        return hasattr(type(result), name)
    return False


def _in_a_loop(coroutine: Any) -> Any:
    import asyncio  # only now, for it would count as the interpreter's

    return asyncio.run(coroutine)
