"""Methods with something done around them, whether they are awaited or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

Wrapped = Callable[..., Any]


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
