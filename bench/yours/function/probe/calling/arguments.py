"""The arguments of a call: what was given by name, and what is opened for an annotation."""

from __future__ import annotations

import typing
from contextlib import AsyncExitStack, ExitStack, suppress
from functools import partial
from typing import Any

from bench.yours.function.probe.calling.connecting import is_opened_in_a_loop, opened, to_database
from bench.yours.function.probe.calling.finding import Method, function_of
from bench.yours.function.probe.calling.values import kinds_of, value_of
from bench.yours.function.probe.failures import UncallableError

if typing.TYPE_CHECKING:
    from inspect import Parameter


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

    def need_a_loop(self, thing: Any) -> bool:
        """Return whether an annotation wants what is opened in a loop."""
        functions = [thing.owner, thing.function] if isinstance(thing, Method) else [thing]
        parameters = [parameter for function in functions for parameter in _parameters(function)]
        kinds = [kind for parameter in parameters for kind in kinds_of(parameter.annotation)]
        return any(map(is_opened_in_a_loop, kinds))

    def _filled(
        self, thing: Any, stack: ExitStack, stack_async: AsyncExitStack | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the arguments of a method's class, and those of the function."""
        is_method = isinstance(thing, Method)
        of_class = _parameters(thing.owner) if is_method else []
        of_function = _parameters(function_of(thing), skip=int(is_method))
        names = [parameter.name for parameter in (*of_class, *of_function)]
        others = [name for name in self.given if name not in names]
        all_parameters = _all_parameters(function_of(thing))
        takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in all_parameters)
        for name in others:
            if not takes_any or name in [parameter.name for parameter in all_parameters]:
                there = f"it has {', '.join(names)}" if names else f"leave out --arg {name}=…"
                raise UncallableError(f"it has no parameter {name}: {there}")
        missing: list[str] = []
        filled = [self._arguments(part, stack, stack_async, missing) for part in (of_class, of_function)]
        if missing:
            missing = list(dict.fromkeys(missing))
            raise UncallableError(f"it needs {', '.join(missing)}: {' '.join(f'--arg {name}=…' for name in missing)}")
        filled[1].update((name, value_of(self.given[name], [Any], name)) for name in others)
        return filled[0], filled[1]

    def _arguments(
        self, parameters: list[Parameter], stack: ExitStack, stack_async: Any, missing: list[str]
    ) -> dict[str, Any]:
        """Return the arguments by name: those that were given, and what is opened for an annotation."""
        arguments: dict[str, Any] = {}
        for parameter in parameters:
            kinds = kinds_of(Any if parameter.annotation is parameter.empty else parameter.annotation)
            if parameter.name in self.given:
                arguments[parameter.name] = value_of(self.given[parameter.name], kinds, parameter.name)
                continue
            classes = [kind for kind in kinds if kind is not type(None)]
            kind = classes[0] if len(classes) == 1 else None
            with to_database(self.url):
                thing = opened(kind, self.url, stack, stack_async)
            if thing is not None:
                arguments[parameter.name] = thing
            elif parameter.default is parameter.empty:
                missing.append(parameter.name)
        return arguments


def ready(thing: Any, of_class: dict[str, Any], of_function: dict[str, Any]) -> Any:
    """Return what is called without arguments any more; a method's object is made."""
    parameters = _all_parameters(function_of(thing))
    names = [parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_ONLY]
    placed = [of_function.pop(name) for name in names if name in of_function]
    if isinstance(thing, Method):
        return partial(thing.function, thing.owner(**of_class), *placed, **of_function)
    return partial(thing, *placed, **of_function)


def _all_parameters(function: Any) -> list[Parameter]:
    import inspect  # not above, for the reader's imports are measured

    with suppress(TypeError, ValueError):
        return list(inspect.signature(function).parameters.values())
    return []


def _parameters(function: Any, skip: int = 0) -> list[Parameter]:
    """Return the parameters that have names, with what their annotations mean."""
    parameters = _all_parameters(function)[skip:]
    hints = {}
    with suppress(Exception):  # a name that only a type checker knows
        hints = typing.get_type_hints(vars(function)["__init__"] if isinstance(function, type) else function)
    return [
        parameter.replace(annotation=hints.get(parameter.name, parameter.annotation))
        for parameter in parameters
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
