"""Methods with something done around them, whether they are awaited or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

Wrapped = Callable[..., Any]


def names_of(method: Wrapped) -> list[str]:
    """Return what a method's parameters are called, its object's among them; nothing where it does not say that."""
    import inspect

    with suppress(TypeError, ValueError):
        return list(inspect.signature(method).parameters)
    return []


def placed(names: Sequence[str], arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
    """Return the arguments of a method by their places, in whatever order they come by name; None where one is left."""
    if not options:
        return arguments
    left = {name: place for place, name in enumerate(names[1:])}
    places = {left[name]: value for name, value in options.items() if name in left}
    more = range(len(arguments), max(places, default=-1) + 1)
    return (*arguments, *(places.get(place) for place in more))


def entered(method: Wrapped, now: Callable[[], Any], begin: Callable[..., Any], end: Callable[..., None]) -> Wrapped:
    """Return what makes the same context manager, where `begin` is called once it is entered, and `end` at its end.

    `begin` gets when that was, what was entered, and the arguments; `end` gets what `begin` gave.
    """
    import inspect
    from contextlib import asynccontextmanager, contextmanager
    from functools import wraps

    names = names_of(method)

    @wraps(method)
    def at_once(self: Any, *arguments: Any, **options: Any) -> Any:
        manager, given, began = method(self, *arguments, **options), placed(names, arguments, options)[:1], now()
        del self, arguments, options  # which nobody else holds may go
        known = None
        try:
            with manager as thing:
                known = begin(began, thing, given)
                yield thing
        finally:
            if known is not None:
                end(known, thing)

    @wraps(method)
    async def later(self: Any, *arguments: Any, **options: Any) -> Any:
        manager, given, began = method(self, *arguments, **options), placed(names, arguments, options)[:1], now()
        del self, arguments, options
        known = None
        try:
            async with manager as thing:
                known = begin(began, thing, given)
                yield thing
        finally:
            if known is not None:
                end(known, thing)

    return asynccontextmanager(later) if inspect.isasyncgenfunction(inspect.unwrap(method)) else contextmanager(at_once)


def around(
    method: Wrapped, before: Callable[[], Any], after: Callable[..., None], names: Sequence[str] = ()
) -> Wrapped:
    """Return a method after which `after` gets what `before` gave, the object, the arguments and the result.

    The arguments that come by name stand where they would by place; C code's method says no names by itself.
    """
    import inspect

    names = names_of(method) or names
    if inspect.iscoroutinefunction(inspect.unwrap(method)):

        async def later(self: Any, *arguments: Any, **options: Any) -> Any:
            began = before()
            result = await method(self, *arguments, **options)
            after(began, self, placed(names, arguments, options), result)
            return result

        return later

    def at_once(self: Any, *arguments: Any, **options: Any) -> Any:
        began = before()
        result = method(self, *arguments, **options)
        after(began, self, placed(names, arguments, options), result)
        return result

    return at_once


def iterated(method: Wrapped, begin: Callable[..., None], seen: Callable[..., None]) -> Wrapped:
    """Return a method of whose items `seen` gets each one, with the object, after `begin` got its arguments."""
    import inspect

    names = names_of(method)
    if method.__name__ == "__aiter__" or inspect.isasyncgenfunction(method):

        async def later(self: Any, *arguments: Any, **options: Any) -> Any:
            begin(self, placed(names, arguments, options))
            items = method(self, *arguments, **options)
            with suppress(StopAsyncIteration):
                while True:
                    item = await items.__anext__()
                    seen(self, item)
                    yield item

        return later

    def at_once(self: Any, *arguments: Any, **options: Any) -> Any:
        begin(self, placed(names, arguments, options))
        items = method(self, *arguments, **options)
        with suppress(StopIteration):
            while True:  # not a loop over it: a cursor's own iterator is the cursor, whose iteration this is
                item = next(items)
                seen(self, item)
                yield item

    return at_once
