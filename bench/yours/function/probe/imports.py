"""What each import takes, by top-level package; and what is to be done once a library is there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.machinery import ModuleSpec
from typing import Any

from bench.yours.function.probe.memory import package_of, rss
from bench.yours.function.probe.objects import django_models, mappers


class ImportWatch:
    """A finder that lets the others find, and looks at the memory before and after a module is executed."""

    def __init__(self, after: dict[str, Callable[[], None]]) -> None:
        """Let each of these be called once the module of that name was imported."""
        self.own: dict[str, int] = {}
        self.all: dict[str, int] = {}
        self.total = 0
        # Where the module that was asked for belongs, for what is the reader's has no package of its own.
        self.readers: set[str] = set()
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
            self._add(package, rss() - before)
        hook = self._after.pop(spec.name, None)
        if hook:
            hook()

    def _add(self, package: str, taken: int) -> None:
        self._open.pop()
        self.own[package] = self.own.get(package, 0) + taken - self._nested.pop()
        if package not in self._open:
            self.all[package] = self.all.get(package, 0) + taken
        if self._nested:
            self._nested[-1] += taken
        else:
            self.total += taken


def made() -> dict[str, int]:
    """Return how many mapped classes, their columns, Pydantic models and routes there are by now."""
    import gc

    counts: dict[str, int] = {}
    of_sqlalchemy, of_django = mappers(), django_models()
    if of_sqlalchemy is not None:
        counts["mapped classes"] = len(of_sqlalchemy)
        counts["columns"] = sum(len(mapper.columns) for mapper in of_sqlalchemy)
    pydantic = sys.modules.get("pydantic")
    if pydantic and hasattr(pydantic, "BaseModel"):
        counts["Pydantic models"] = len(_below(pydantic.BaseModel))
    for module, name in (("starlette.routing", "Route"), ("werkzeug.routing", "Rule")):  # FastAPI's and Flask's, too
        kind = getattr(sys.modules.get(module), name, None)
        if kind:
            counts["routes"] = counts.get("routes", 0) + sum(
                issubclass(type(thing), kind) for thing in gc.get_objects()
            )
    if of_django is not None:
        counts["mapped classes"] = counts.get("mapped classes", 0) + len(of_django)
        counts["columns"] = counts.get("columns", 0) + sum(len(model._meta.fields) for model in of_django)
    return counts


def _below(kind: Any) -> set[Any]:
    below = set(kind.__subclasses__())
    return {each for each in below if package_of(_file(each)) == ""}.union(*map(_below, below))


def _file(kind: type) -> str:
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or "<"
