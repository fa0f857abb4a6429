"""The arguments of a call: what was given by name, and what is opened for an annotation."""

from __future__ import annotations

import typing
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Any

from bench.yours.function.probe.calling.connecting import opened, to_database
from bench.yours.function.probe.calling.finding import Method, UncallableError, function_of


class Arguments:
    """What fills the parameters of a function; what is opened for it is closed with the stacks."""

    def __init__(self, order: dict[str, Any]) -> None:
        """Let the order give each parameter by its name."""
        self.given, self.url = dict(order["arguments"]), order["url"]

    def ready(self, thing: Any, stack: ExitStack) -> Any:
        """Return what is called without arguments any more."""
        return ready(thing, *self._filled(thing, stack, None))

    async def ready_in_a_loop(self, thing: Any, stack: ExitStack, stack_async: AsyncExitStack) -> Any:
        """Return the same, once what is opened for it was awaited."""
        filled = self._filled(thing, stack, stack_async)
        for arguments in filled:
            for name, value in arguments.items():
                with to_database(self.url):
                    arguments[name] = await value if hasattr(value, "__await__") else value
        return ready(thing, *filled)

    def _filled(
        self, thing: Any, stack: ExitStack, stack_async: AsyncExitStack | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the arguments of a method's class, and those of the function."""
        is_method = isinstance(thing, Method)
        of_class = self._arguments(thing.owner, stack, stack_async, skip=0) if is_method else {}
        of_function = self._arguments(function_of(thing), stack, stack_async, skip=int(is_method))
        if self.given:
            raise UncallableError(f"it has no parameter {min(self.given)}: leave out --arg {min(self.given)}=…")
        return of_class, of_function

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
            with to_database(self.url):
                thing = opened(hint, self.url, stack, stack_async)
            if thing is not None:
                arguments[parameter.name] = thing
            elif parameter.default is parameter.empty:
                missing.append(parameter.name)
        if missing:
            raise UncallableError(f"it needs {', '.join(missing)}: {' '.join(f'--arg {name}=…' for name in missing)}")
        return arguments


def ready(thing: Any, of_class: dict[str, Any], of_function: dict[str, Any]) -> Any:
    """Return what is called without arguments any more; a method's object is made."""
    if isinstance(thing, Method):
        return partial(thing.function, thing.owner(**of_class), **of_function)
    return partial(thing, **of_function)


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
