"""A process that has imported the libraries, and forks itself for each script that it is told to run.

It reads an order a line (JSON) from standard input, and says the fork's number and, once it has ended, its exit code.
"""

import atexit
import gc
import json
import os
import runpy
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = (
    *("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.ext.asyncio", "sqlalchemy.orm", "pydantic"),
    *("sqlalchemy.dialects.postgresql.asyncpg", "asyncpg", "adbc_driver_postgresql.dbapi", "pyarrow.compute", "memray"),
    "pytest",
)


def next_order() -> dict[str, Any]:
    """Return, in a fork, what it is to run."""
    for line in sys.stdin:
        if not (child := os.fork()):
            return dict(json.loads(line))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.exit()


def become(environment: dict[str, str], files: list[str]) -> None:
    """Take the environment, and the files in place of standard input, output and error."""
    for number, name in enumerate(files):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o600), number)
    os.environ.clear()
    os.environ |= environment


def told(names: dict[str, Any]) -> dict[str, Any]:
    """Return what a script has kept, each row as its values, and what it has counted."""
    storage = names.get("storage", {})
    rows: list[Any] = [list(kept.values()) if isinstance(kept, dict) else kept for kept in storage.values()]
    rows = [[kept.id, kept.num, kept.data] if hasattr(kept, "id") else list(kept) for kept in rows]
    found = {"keys": list(storage), "kept": rows, **{name: names.get(name) for name in ("rows", "total", "found")}}
    if "table" in names:
        table = names["table"]
        made = getattr(table, "to_dicts", None) or getattr(table, "to_pylist", None)  # polars's, or Arrow's
        found["table"] = made() if made else table.to_dict("records")
    return found


def end(names: dict[str, Any]) -> NoReturn:
    """End as an interpreter does, but for the libraries: to take them down takes longer than most scripts."""
    names.clear()
    atexit._run_exitfuncs()
    gc.collect()  # what is frozen is not looked at
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    for library in LIBRARIES:
        with suppress(ImportError):
            import_module(library)
    gc.collect()
    gc.freeze()  # else each fork copies what it collects
    order = next_order()
    become(order["environment"], order["files"])
    os.chdir(order["folder"])
    sys.path[0] = order["folder"]
    warnings.simplefilter("error", DeprecationWarning)
    sys.argv[1:] = order["arguments"]
    # Tortoise looks its models up in the module.
    names = runpy.run_module(order["name"], run_name="__main__", alter_sys=True)
    if path := order["told"]:
        Path(path).write_text(json.dumps(told(names)), encoding="utf-8")
    end(names)
