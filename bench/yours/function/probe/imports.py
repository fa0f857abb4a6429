"""What each import takes, by top-level package; and what is to be done once a library is there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.machinery import ModuleSpec
from typing import Any

from bench.yours.function.probe.mapped import django_models, mappers
from bench.yours.function.probe.memory import package_of, rss


class ImportWatch:
    """A finder that lets the others find, and looks at the memory before and after a module is executed."""

    def __init__(self, after: dict[str, Callable[[], None]]) -> None:
        """Let each of these be called once the module of that name was imported."""
        self.own: dict[str, int] = {}
        self.all: dict[str, int] = {}
        self.total = 0
        # The reader's packages, and what each module there takes alone.
        self.readers: set[str] = set()
        self.modules: dict[str, int] = {}
        self._after = after
        self._nested: list[int] = []
        self._open: list[str] = []

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return what the other finders find, with a loader that is looked at."""
        for finder in [finder for finder in sys.meta_path if finder is not self]:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                self._watch(spec)
                return spec
        return None

    def _watch(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        if loader is None or isinstance(loader, type) or not hasattr(loader, "exec_module"):
            return
        with suppress(AttributeError):
            loader.exec_module = partial(self._execute, loader, loader.exec_module, spec)  # type: ignore[method-assign]

    def _execute(self, loader: Any, execute: Callable[[Any], None], spec: ModuleSpec, module: Any) -> None:
        with suppress(AttributeError):
            del loader.exec_module
        if threading.current_thread() is not threading.main_thread():
            execute(module)
            return
        package = package_of(spec.origin or "<")
        if not package:
            package = spec.name.partition(".")[0]
            self.readers.add(package)
        before = rss()
        self._nested.append(0)
        self._open.append(package)
        try:
            execute(module)
        finally:
            own = self._add(package, rss() - before)
            if package in self.readers:
                self.modules[spec.name] = own
        hook = self._after.pop(spec.name, None)
        if hook:
            hook()

    def _add(self, package: str, taken: int) -> int:
        self._open.pop()
        own = taken - self._nested.pop()
        self.own[package] = self.own.get(package, 0) + own
        if package not in self._open:
            self.all[package] = self.all.get(package, 0) + taken
        if self._nested:
            self._nested[-1] += taken
        else:
            self.total += taken
        return own


def made() -> list[tuple[str, str, int]]:
    """Return by kind and module how many mapped classes, their columns, Pydantic models and routes there are by now."""
    import gc

    things: list[tuple[str, str, int]] = []
    for mapper in mappers() or ():
        things.append(("mapped class", mapper.class_.__module__, 1))
        things.append(("column", mapper.class_.__module__, len(mapper.columns)))
    for model in django_models() or ():
        things.append(("mapped class", model.__module__, 1))
        things.append(("column", model.__module__, len(model._meta.fields)))
    pydantic = sys.modules.get("pydantic")
    if pydantic and hasattr(pydantic, "BaseModel"):
        things.extend(("Pydantic model", model.__module__, 1) for model in _below(pydantic.BaseModel))
    for module, name in (("starlette.routing", "Route"), ("werkzeug.routing", "Rule")):  # FastAPI's and Flask's, too
        kind = getattr(sys.modules.get(module), name, None)
        if kind:
            routes = [thing for thing in gc.get_objects() if issubclass(type(thing), kind)]
            things.extend(("route", getattr(getattr(route, "endpoint", None), "__module__", ""), 1) for route in routes)
    counts: dict[tuple[str, str], int] = {}
    for kind, module, number in things:
        counts[kind, module] = counts.get((kind, module), 0) + number
    return [(kind, module, number) for (kind, module), number in counts.items()]


def _below(kind: Any) -> set[Any]:
    below = set(kind.__subclasses__())
    return {each for each in below if package_of(_file(each)) == ""}.union(*map(_below, below))


def _file(kind: type) -> str:
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or "<"
