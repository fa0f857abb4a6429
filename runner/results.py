"""What was measured: stored in `results/`, one file a study, one part a scenario.

A part holds the date, the machine, the versions, and the digests of the files that decide it. A file holds a digest of
its own content too, so that an edit by hand is noticed.
"""

import ast
import functools
import hashlib
import json
import os
import platform
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from errors import PACKAGES, UserError
from runner.scenarios import PROJECT

Part = dict[str, Any]
Parts = dict[str, Part]

SCHEMA = 2
RESULTS = PROJECT / "results"
AGAIN = "run `make readme`"


def part(rows: int, versions: Mapping[str, str], **measured: Any) -> Part:
    """Return what is stored of one scenario: how it was measured, and what was found.

    `versions` are the packages' by name. The digests of its `sources` come from before it was measured.
    """
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "rows": rows,
        "versions": {name: number for name, number in versions.items() if name != "python"},  # the machine has it
        **measured,
    }


def machine() -> dict[str, str]:
    """Return what of this machine matters to a figure."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def digests(sources: Iterable[Path]) -> dict[str, str]:
    """Return the digest of each file by its path below the project's folder."""
    return {source.as_posix(): digest(source) for source in sources}


def digest(source: Path) -> str:
    """Return a digest of what in a file decides a result.

    Of a Python file, that is its code without docstrings and comments, and of a study's only what measures; of the
    lock, the versions of the packages that the scenarios and their instruments use.
    """
    return _digest(source.name, (PROJECT / source).read_text(encoding="utf-8"))


@functools.cache  # by the text, for most files decide many parts
def _digest(name: str, text: str) -> str:
    if name.endswith(".py"):
        text = repr(_tree(_measuring(ast.parse(text))))
    elif name == "poetry.lock":
        packages = tomllib.loads(text)["package"]
        used = [one for one in packages if "main" in one["groups"] or one["name"] == "memray"]
        text = repr([(one["name"], one["version"]) for one in used])
    return _hash(text)


def _measuring(module: ast.Module) -> ast.Module:
    """Return what the function `measure` reaches, and what is run as a script; all, where there is no such function."""
    defined = {name: statement for statement in module.body for name in _names(statement)}
    if "measure" not in defined:
        return module
    reached = [defined["measure"], *(statement for statement in module.body if isinstance(statement, ast.If))]
    for statement in reached:  # which gets longer
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        reached += [other for name, other in defined.items() if name in names and other not in reached]
    return ast.Module([statement for statement in module.body if statement in reached], [])


def _names(statement: ast.stmt) -> list[str]:
    """Return the names that a module's statement defines."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])  # several, or one with its type
    return [node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)]


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
    return [type(node).__name__, *((name, _tree(value)) for name, value in fields.items() if value not in (None, []))]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def path(name: str) -> Path:
    """Return where the study of that name is stored."""
    return RESULTS / f"{name}.json"


def serialise(parts: Parts) -> str:
    """Return the file's text: the same parts give the same bytes."""
    return json.dumps({"schema": SCHEMA, "checksum": _hash(json.dumps(parts)), "parts": parts}, indent=1) + "\n"


def load(name: str) -> Parts:
    """Return the stored parts of that study. Raises UserError where the file is missing, foreign or edited."""
    file = f"results/{name}.json"
    try:
        stored = json.loads(path(name).read_text(encoding="utf-8"))
        parts: Parts = stored["parts"]
        if stored["schema"] != SCHEMA:
            raise UserError(f"{file} is of another schema version than {SCHEMA}: {AGAIN}")
        if stored["checksum"] != _hash(json.dumps(parts)):
            raise UserError(f"{file} was edited by hand: {AGAIN}")
    except FileNotFoundError:
        raise UserError(f"{file} is missing: {AGAIN}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{file} is not a result of this project: {AGAIN}") from None
    return parts


def stale(parts: Parts, sources: Mapping[str, list[Path]]) -> dict[str, str]:
    """Return which of the parts that there should be must be measured again, and why."""
    reasons = {}
    for name, files in sources.items():
        if name not in parts:
            reasons[name] = "was never measured"
        elif changed := _changed(parts[name]["sources"], files):
            reasons[name] = f"is older than {', '.join(changed)}"
    return reasons


def _changed(former: Mapping[str, str], files: Iterable[Path]) -> list[str]:
    current = digests(files)
    return [name for name in {**current, **former} if former.get(name) != current.get(name)]


def here() -> dict[str, str]:
    """Return how a part would be measured now, as `conditions` does."""
    found = machine()
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def conditions(measured: Part) -> dict[str, str]:
    """Return what two parts must have in common to stand in one table, where both have it."""
    return {**measured["machine"], "rows": f"{measured['rows']:,} rows", **measured["versions"]}


def foreign(parts: Parts, reference: Mapping[str, str]) -> dict[str, str]:
    """Return which parts were measured otherwise than the reference, and how."""
    reasons = {}
    for name, measured in parts.items():
        found = conditions(measured)
        if differing := [key for key in found.keys() & reference.keys() if found[key] != reference[key]]:
            key = min(differing)
            reasons[name] = f"was measured with {key} {found[key]}, not {reference[key]}"
    return reasons


def consistent(name: str, parts: Parts) -> Parts:
    """Return a study's parts if they may stand in one table. Raises UserError that says which to measure again."""
    values: dict[str, Counter[str]] = {}
    for measured in parts.values():
        for key, value in conditions(measured).items():
            values.setdefault(key, Counter())[value] += 1
    odd = foreign(parts, {key: counter.most_common(1)[0][0] for key, counter in values.items()})
    if odd:
        which, why = next(iter(odd.items()))
        others = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        raise UserError(f"results/{name}.json: {which}{others} {why}: {AGAIN} ALL=1")
    return parts
