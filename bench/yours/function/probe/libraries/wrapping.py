"""Methods with something done around them, whether they are awaited or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

Wrapped = Callable[..., Any]


class Copying:
    """What a COPY is entered by, which calls the one before it begins and the other after it ended."""

    def __init__(self, manager: Any, begin: Callable[[], None], ended: Callable[[], None]) -> None:
        """Let the manager do it."""
        self._manager, self._begin, self._ended = manager, begin, ended

    def __enter__(self) -> Any:
        self._begin()
        return self._manager.__enter__()

    def __exit__(self, *error: Any) -> Any:
        ignored = self._manager.__exit__(*error)
        self._ended()
        return ignored

    async def __aenter__(self) -> Any:
        self._begin()
        return await self._manager.__aenter__()

    async def __aexit__(self, *error: Any) -> Any:
        ignored = await self._manager.__aexit__(*error)
        self._ended()
        return ignored


def around(method: Wrapped, before: Callable[[], Any], after: Callable[..., None]) -> Wrapped:
    """Return a method after which `after` gets what `before` gave, the object, the arguments and the result.

    The arguments that come by name stand behind those that come by place.
    """
    import inspect

    if inspect.iscoroutinefunction(inspect.unwrap(method)):

        async def later(self: Any, *arguments: Any, **options: Any) -> Any:
            began = before()
            result = await method(self, *arguments, **options)
            after(began, self, (*arguments, *options.values()), result)
            return result

        return later

    def at_once(self: Any, *arguments: Any, **options: Any) -> Any:
        began = before()
        result = method(self, *arguments, **options)
        after(began, self, (*arguments, *options.values()), result)
        return result

    return at_once


def iterated(method: Wrapped, begin: Callable[..., None], seen: Callable[..., None]) -> Wrapped:
    """Return a method of whose items `seen` gets each one, with the object, after `begin` got its arguments."""
    import inspect

    if method.__name__ == "__aiter__" or inspect.isasyncgenfunction(method):

        async def later(self: Any, *arguments: Any, **options: Any) -> Any:
            begin(self, arguments)
            items = method(self, *arguments, **options)
            with suppress(StopAsyncIteration):
                while True:
                    item = await items.__anext__()
                    seen(self, item)
                    yield item

        return later

    def at_once(self: Any, *arguments: Any, **options: Any) -> Any:
        begin(self, arguments)
        items = method(self, *arguments, **options)
        with suppress(StopIteration):
            while True:  # not a loop over it: a cursor's own iterator is the cursor, whose iteration this is
                item = next(items)
                seen(self, item)
                yield item

    return at_once
