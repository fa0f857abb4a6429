"""A text of the command line as the value that an annotation wants."""

from __future__ import annotations

import types
import typing
from contextlib import suppress
from typing import Any

from bench.yours.function.probe.failures import UncallableError

NONE = type(None)
UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
BOOLS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}
# What is made of one text, with the classes below it, by their names: no module is imported for them.
OF_A_TEXT = ("int", "float", "complex", "str", "Decimal", "Fraction", "UUID", "PurePath")


def kinds_of(hint: Any) -> list[Any]:
    """Return what an annotation allows, None as an alternative too, without what may stand around it."""
    for around in ("__supertype__", "__value__", "__metadata__"):  # NewType, type X = …, Annotated
        if hasattr(hint, around):
            return kinds_of(hint.__origin__ if around == "__metadata__" else getattr(hint, around))
    if typing.get_origin(hint) in UNIONS:
        return [kind for part in hint.__args__ for kind in kinds_of(part)]
    return [hint]


def value_of(text: str, kinds: list[Any], name: str) -> Any:
    """Return the text as the first of these that it can be, a text last. Raises UncallableError where it is none."""
    if NONE in kinds and text == "None":
        return None
    wanted = [kind for kind in kinds if kind is not NONE]
    for kind in sorted(wanted, key=lambda kind: kind is str):
        with suppress(Exception):
            return _converted(text, kind)
    raise UncallableError(f"--arg {name} is no {' or '.join(map(_called, wanted))}")


def _called(kind: Any) -> str:
    choices = kind.__args__ if typing.get_origin(kind) is typing.Literal else getattr(kind, "__members__", ())
    name = getattr(kind, "__name__", str(kind))
    return f"{name}: {', '.join(str(getattr(choice, 'name', choice)) for choice in choices)}" if choices else name


def _converted(text: str, kind: Any) -> Any:
    import ast

    if kind is bool:
        return BOOLS[text.lower()]
    origin = typing.get_origin(kind) or kind
    if origin is typing.Literal:
        return {str(getattr(choice, "name", choice)): choice for choice in kind.__args__}[text]
    if hasattr(kind, "__members__"):  # an Enum, by name or by value
        by_value = {str(member.value): member for member in kind}
        return kind.__members__[text] if text in kind.__members__ else by_value[text]
    if hasattr(kind, "fromisoformat"):
        return kind.fromisoformat(text)
    if isinstance(origin, type) and any(base.__name__ in OF_A_TEXT for base in origin.__mro__):
        return kind(text)
    value: Any = text
    with suppress(ValueError, SyntaxError):
        value = ast.literal_eval(text)
    if isinstance(origin, type) and not _may_be(value, origin):
        raise TypeError
    return value


def _may_be(value: Any, kind: type) -> bool:
    try:
        return isinstance(value, kind)
    except TypeError:  # such as a TypedDict, which has no instances
        return True
