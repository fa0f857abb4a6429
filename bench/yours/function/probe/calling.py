"""How the reader's code is found and called: a function, a method, a script, a module or an application."""

from __future__ import annotations

import importlib
import os
import sys
import typing
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Any

from bench.yours.function.probe.applications import Answers, application_of
from bench.yours.function.probe.connecting import opened
from bench.yours.function.probe.drivers import Executed


class UncallableError(Exception):
    """What was asked for cannot be called; the text says why."""


def is_script(target: str) -> bool:
    """Return whether a target is run as a whole: a file or a module without a function."""
    return ":" not in target


def script(target: str) -> Callable[[], Any]:
    """Return what runs a file or a module as Python does."""
    import runpy

    sys.argv[:] = [target]
    if target.endswith(".py"):
        if not os.path.isfile(target):
            raise UncallableError(f"there is no file {target}")
        return lambda: runpy.run_path(target, run_name="__main__")
    return lambda: runpy.run_module(target, run_name="__main__", alter_sys=True)


def found(target: str, requests: list[str]) -> Any:
    """Import the module, and return what the target names in it; of requests, the application that it makes."""
    name, _, path = target.removesuffix("()").partition(":")
    if name.endswith(".py"):
        sys.path.insert(0, os.path.dirname(os.path.abspath(name)))
        name = os.path.basename(name)[:-3]
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        import django  # type: ignore[import-untyped, unused-ignore]

        django.setup()
    sys.argv[:] = [name]
    thing = importlib.import_module(name)
    owner = None
    for part in path.split("."):
        if not hasattr(thing, part):
            raise UncallableError(f"{name} has no {path}")
        owner, thing = thing, getattr(thing, part)
    if isinstance(owner, type) and hasattr(thing, "__code__"):
        return Method(owner, thing)
    return thing() if requests and callable(thing) and not application_of(thing) else thing


class Method:
    """A function of a class of which an object is made first."""

    def __init__(self, owner: type, function: Callable[..., Any]) -> None:
        """Remember both."""
        self.owner, self.function = owner, function


class Call:
    """One call of what was found; what it needs is opened before, and closed after."""

    def __init__(self, thing: Any, order: dict[str, Any], executed: Callable[[str], Executed]) -> None:
        """Let the order give each parameter by its name, or its annotation say what fills it."""
        self.thing, self.given, self.executed = thing, dict(order["arguments"]), executed
        self.url, self.keep = order["url"], order["keep"]
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
        return callable(self._function())

    def run(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Open, begin, call, end with the result in hand, and close."""
        if self.answers.kind == "wsgi":
            begin()
            self.answers.of_wsgi(self.thing)
            end()
        elif self.answers.kind == "asgi":
            _in_a_loop(self.answers.of_asgi(self.thing, begin, end))
        elif self._is_async():
            _in_a_loop(self._run_async(begin, end))
        else:
            self._run_sync(begin, end)

    def _function(self) -> Any:
        return self.thing.function if isinstance(self.thing, Method) else self.thing

    def _is_async(self) -> bool:
        import inspect

        function = inspect.unwrap(self._function())
        return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)

    def _run_sync(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        with ExitStack() as stack:
            ready = self._ready(stack, None)
            begin()
            result = ready()
            if hasattr(result, "gi_frame"):
                result = self._read(result)
            if hasattr(result, "cr_frame"):
                result = _in_a_loop(result)
            end()
            del result

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

    async def _run_async(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        async with AsyncExitStack() as stack:
            with ExitStack() as plain:
                ready = self._ready(plain, stack)
                for name in list(ready.keywords):
                    if hasattr(ready.keywords[name], "__await__"):
                        ready.keywords[name] = await ready.keywords[name]
                begin()
                result = ready()
                if hasattr(result, "ag_frame"):
                    kept = [item async for item in self._counted(result) if self.keep]
                    result = kept
                else:
                    result = await result
                end()

    def _ready(self, stack: ExitStack, stack_async: AsyncExitStack | None) -> Any:
        function = self._function()
        if isinstance(self.thing, Method):
            owner = self.thing.owner(**self._arguments(self.thing.owner, stack, stack_async, skip=0))
            arguments = self._arguments(function, stack, stack_async, skip=1)
            ready = partial(function, owner, **arguments)
        else:
            ready = partial(function, **self._arguments(function, stack, stack_async, skip=0))
        if self.given:
            raise UncallableError(f"it has no parameter {min(self.given)}: leave out --arg {min(self.given)}=…")
        return ready

    def _arguments(self, function: Any, stack: ExitStack, stack_async: Any, skip: int) -> dict[str, Any]:
        """Return the arguments by name: those that were given, and what is opened for an annotation."""
        import inspect

        try:
            parameters = list(inspect.signature(function).parameters.values())[skip:]
        except (TypeError, ValueError):
            parameters = []
        hints = _hints(function)
        arguments: dict[str, Any] = {}
        missing = []
        for parameter in parameters:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            hint = _plain(hints.get(parameter.name, parameter.annotation))
            if parameter.name in self.given:
                arguments[parameter.name] = _value(self.given.pop(parameter.name), hint, parameter.name)
                continue
            thing = opened(hint, self.url, stack, stack_async, self.executed)
            if thing is not None:
                arguments[parameter.name] = thing
            elif parameter.default is parameter.empty:
                missing.append(parameter.name)
        if missing:
            raise UncallableError(f"it needs {', '.join(missing)}: {' '.join(f'--arg {name}=…' for name in missing)}")
        return arguments


def _in_a_loop(coroutine: Any) -> Any:
    import asyncio  # only now, for it would count as the interpreter's

    return asyncio.run(coroutine)


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(vars(function)["__init__"] if isinstance(function, type) else function)
    except Exception:
        return {}


def _plain(hint: Any) -> Any:
    """Return a class without what may stand around it: None as an alternative, or metadata."""
    while getattr(hint, "__metadata__", None):
        hint = hint.__origin__
    kinds = [kind for kind in getattr(hint, "__args__", ()) if isinstance(kind, type) and kind is not type(None)]
    return kinds[0] if len(kinds) == 1 and type(None) in getattr(hint, "__args__", ()) else hint


def _value(text: str, hint: Any, name: str) -> Any:
    """Return an argument's text as its annotation wants it, else as the literal that it is."""
    import ast

    try:
        if hint is bool:
            return text.lower() in ("1", "true", "yes", "on")
        if hasattr(hint, "fromisoformat"):
            return hint.fromisoformat(text)
        if getattr(hint, "__name__", "") in ("int", "float", "str", "Decimal", "UUID"):
            return hint(text)
    except Exception:
        raise UncallableError(f"--arg {name} is no {getattr(hint, '__name__', hint)}") from None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
