"""The files that decide a result, found by their imports; and a digest of each, without docstrings and comments."""

import ast
import functools
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bench.scripts import PROJECT
from common import DISTRIBUTIONS

LOCK = "poetry.lock"


@dataclass(frozen=True)
class Snapshot:
    """The project's files at one moment, by path below its folder: a file may change while it is measured."""

    texts: Mapping[str, str]

    @classmethod
    def now(cls) -> "Snapshot":
        """Return the files as they are."""
        code = (path for pattern in ("*.py", "[a-z]*/**/*.py") for path in PROJECT.glob(pattern))
        data = (PROJECT / LOCK, *PROJECT.glob("bench/original/*.txt"))
        return cls({path.relative_to(PROJECT).as_posix(): path.read_text("utf-8") for path in (*code, *data)})

    def digests(self, named: Iterable[str]) -> dict[str, str]:
        """Return the digest of each file that decides what a command line does which has these words in it.

        That is every file or module of the project's that is named, and what they import, wherever they do; and of the
        lock, the versions of the packages in use: the scenarios', the others that are imported, and what those need.
        """
        words = [word for name in named for word in (name, f"{name}.__main__")]
        files = self._imported([path for word in words for path in self._files_of(word)])
        digests = {path: _digest(path, self.texts[path]) for path in sorted(files)}
        if LOCK in self.texts:
            modules = {name.partition(".")[0] for path in files for name in _imports(path, self.texts[path])}
            digests[LOCK] = _hash(repr(_locked(self.texts[LOCK], frozenset(modules))))
        return digests

    def _files_of(self, word: str) -> list[str]:
        """Return the files of a path, or of a module with those of its packages, which are imported before it."""
        if word in self.texts:
            return [word]
        parts = word.split(".")
        folders = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        candidates = [f"{folders[-1]}.py", *(f"{folder}/__init__.py" for folder in folders)]
        return [path for path in candidates if path in self.texts]

    def _imported(self, paths: list[str]) -> set[str]:
        """Return these files and all that they import, directly or not."""
        found: set[str] = set()
        while paths:
            path = paths.pop()
            if path not in found:
                found.add(path)
                paths += [file for name in _imports(path, self.texts[path]) for file in self._files_of(name)]
        return found


@functools.cache  # by the text, for most files decide many results
def _imports(path: str, text: str) -> list[str]:
    """Return the modules that a file imports, wherever in it; what is imported from a package may be one, too."""
    return list(_imports_of(path, ast.parse(text))) if path.endswith(".py") else []


def _imports_of(path: str, module: ast.Module) -> Iterator[str]:
    package = PurePosixPath(path).parts[:-1]
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            name = ".".join((*above, *filter(None, [node.module])))
            yield from (name, *(f"{name}.{alias.name}" for alias in node.names))


@functools.cache
def _digest(path: str, text: str) -> str:
    return _hash(repr(_tree(ast.parse(text))) + _compared_with(text) if path.endswith(".py") else text)


def _compared_with(text: str) -> str:
    """Return the line of a scenario's docstring that decides what else runs in turns with it."""
    return "".join(re.findall(r"^Instead of: .+$", ast.get_docstring(ast.parse(text)) or "", re.MULTILINE))


@functools.cache
def _locked(text: str, modules: frozenset[str]) -> list[tuple[str, str]]:
    """Return name and version of every package in use."""
    packages = tomllib.loads(text)["package"]
    waiting = [one["name"] for one in packages if "main" in one["groups"]]
    waiting += [DISTRIBUTIONS.get(name, name).replace("_", "-") for name in sorted(modules)]
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += [needed for one in packages if one["name"] == name for needed in one.get("dependencies", ())]
    return sorted((one["name"], one["version"]) for one in packages if one["name"] in used)


def _tree(node: Any) -> Any:
    """Return a syntax tree as plain data, the same on every Python: without positions, empty fields and docstrings."""
    if isinstance(node, list):
        return [_tree(item) for item in node]
    if not isinstance(node, ast.AST):
        return node
    fields = dict(ast.iter_fields(node))
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node):
        fields["body"] = fields["body"][1:]
    if isinstance(node, ast.JoinedStr):  # 3.12 ends a nested format with an empty text
        fields["values"] = [value for value in node.values if getattr(value, "value", None) != ""]
    if not fields.get("is_lazy"):  # of an import, since 3.15
        fields.pop("is_lazy", None)
    fields = {name: value for name, value in fields.items() if value not in (None, [])}
    return [type(node).__name__, *((name, _tree(value)) for name, value in fields.items())]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
