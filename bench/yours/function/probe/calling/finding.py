"""What a target names: a function, a method, a script, a module or an application."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FunctionType
from typing import Any

from bench.yours.function.probe.calling.applications import application_of
from bench.yours.function.probe.failures import UncallableError, frames_of

# What is imported later, for it would count as the interpreter's.
LATER = ("ast", "asyncio", "inspect", "resource", "runpy")


def import_ahead() -> None:
    """Import now what is needed later, if a module of the reader's has a name of the standard library's."""
    names = {name.partition(".")[0] for name in os.listdir()}
    if not names.isdisjoint(getattr(sys, "stdlib_module_names", LATER)):
        for name in LATER:
            with suppress(ImportError):
                importlib.import_module(name)


def is_script(target: str) -> bool:
    """Return whether a target is run as a whole: a file or a module without a function."""
    return ":" not in target


def script(target: str) -> Callable[[], Any]:
    """Return what runs a file or a module as Python does."""
    import runpy

    sys.argv[:] = [target]
    if target.endswith(".py"):
        _check_file(target)
        return lambda: runpy.run_path(target, run_name="__main__")

    def run_module() -> Any:
        try:
            return runpy.run_module(target, run_name="__main__", alter_sys=True)
        except ImportError as error:
            *_, (frame, _) = frames_of(error)
            if frame.f_globals is not vars(runpy):  # a module of the reader's imports what is not there
                raise
        raise UncallableError(f"there is no module {target}: a function is named as MODULE:FUNCTION")

    return run_module


def _check_file(path: str) -> None:
    if not os.path.isfile(path):
        raise UncallableError(f"there is no file {path}")


def found(target: str, requests: list[str]) -> Any:
    """Import the module, and return what the target names in it; of requests, the application that it makes."""
    name, _, path = target.removesuffix("()").partition(":")
    if name.endswith(".py"):
        _check_file(name)
        sys.path.insert(0, os.path.dirname(os.path.abspath(name)))
        name = os.path.basename(name)[:-3]
    _set_up_django(os.environ.get("DJANGO_SETTINGS_MODULE", ""))
    sys.argv[:] = [name]
    thing = importlib.import_module(name)
    owner = None
    for part in path.split("."):
        if not hasattr(thing, part):
            raise UncallableError(f"{name} has no {path}")
        owner, thing = thing, getattr(thing, part)
    if isinstance(owner, type) and isinstance(thing, FunctionType) and not _is_static(owner, part):
        return Method(owner, thing)
    return thing() if requests and callable(thing) and not application_of(thing, True) else thing


def _set_up_django(settings: str) -> None:
    """Let Django load its applications, unless the settings that the environment names are another project's."""
    if not settings:
        return
    try:
        importlib.import_module("django").setup()
    except ModuleNotFoundError as error:
        if error.name != "django" and not f"{settings}.".startswith(f"{error.name}."):
            raise


def _is_static(owner: type, name: str) -> bool:
    return any(isinstance(vars(base).get(name), staticmethod) for base in owner.__mro__)


class Method:
    """A function of a class of which an object is made first."""

    def __init__(self, owner: type, function: Callable[..., Any]) -> None:
        """Remember both."""
        self.owner, self.function = owner, function


def function_of(thing: Any) -> Any:
    """Return the function of a method, else the thing itself."""
    return thing.function if isinstance(thing, Method) else thing
