"""Count what makes a worker large, in any environment: this file imports nothing but what it counts.

usage: python bench/studies/worker/count.py "from your.application import app"

The statements are what your worker executes when it starts. The answer is a line of JSON: the resident set size before
and after that, how often each part is there, and the bytes of the code and of the shared libraries that were loaded.
They are executed once more, traced, to say which packages make much when they are imported. MEMORY_JSON names a file
for the answer; MEMORY_TRACING is on or off for one of the two alone.
"""

from __future__ import annotations

import gc
import os
import sys

# The libraries that have a price, by a module that tells whether they are there.
LIBRARIES = {
    "SQLAlchemy's ORM": "sqlalchemy.orm",
    "Pydantic": "pydantic.main",
    "FastAPI": "fastapi.applications",
    "uvicorn": "uvicorn.server",
    "psycopg and an engine": "psycopg",
    "asyncpg and an engine": "asyncpg",
}
TYPE_CHECKING = False  # typing's own would be imported, and takes more than a MiB
if TYPE_CHECKING:
    from typing import Any


def resident() -> int:
    """Return the resident set size in bytes as the kernel says it, for psutil would be what is weighed."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def instances(module: str, name: str) -> list[Any]:
    """Return all that is of this class or of one below, and nothing where nobody has imported it."""
    kind = getattr(sys.modules.get(module), name, None)
    return [found for found in gc.get_objects() if kind and issubclass(type(found), kind)]


def parts() -> dict[str, int]:
    """Return how often each library and each part is there that has a price, and the bytes of the code."""
    libraries = {name: int(module in sys.modules) for name, module in LIBRARIES.items()}
    return {
        "the interpreter": 1,
        **libraries,
        **of_sqlalchemy(),
        **of_pydantic(),
        **of_fastapi(),
        **native(),
        "code": sum(code().values()),
    }


def of_sqlalchemy() -> dict[str, int]:
    mappers = instances("sqlalchemy.orm.mapper", "Mapper")
    engines = instances("sqlalchemy.engine.base", "Engine")
    caches = [getattr(engine, "_compiled_cache", None) for engine in engines]
    cached = [statement for cache in caches if cache is not None for statement in cache.values()]
    connections = [type(record.dbapi_connection) for record in instances("sqlalchemy.pool.base", "_ConnectionRecord")]
    tables = {mapper.local_table for mapper in mappers}
    return {
        "class": len(mappers),
        "column": sum(len(table.columns) for table in tables),
        **queried(mappers),
        "inherited column": sum(len(mapper.column_attrs) for mapper in mappers if mapper.inherits),
        "foreign key": sum(len(table.foreign_keys) for table in tables),
        "relationship": sum(len(mapper.relationships) for mapper in mappers),
        "engine": len(engines),
        "statement": len(cached),
        "statement's column": sum(len(getattr(statement, "_result_columns", ())) for statement in cached),
        "connection, psycopg": sum(kind.__module__.startswith("psycopg") for kind in connections),
        "connection, asyncpg": sum("asyncpg" in kind.__module__ for kind in connections),
    }


def queried(mappers: list[Any]) -> dict[str, int]:
    """Return how many classes were selected, by what SQLAlchemy keeps of that, and how many columns these have."""
    tables = [mapper.local_table for mapper in mappers if "_should_select_with_poly_adapter" in vars(mapper)]
    return {"queried class": len(tables), "queried column": sum(len(table.columns) for table in tables)}


def of_pydantic() -> dict[str, int]:
    base = getattr(sys.modules.get("pydantic.main"), "BaseModel", None)
    models = [found for found in gc.get_objects() if base and isinstance(found, type) and issubclass(found, base)]
    fields = [field for model in models for field in getattr(model, "model_fields", {}).values()]
    decorators = [getattr(model, "__pydantic_decorators__", None) for model in models]
    return {
        "model": len(models),
        "field": len(fields),
        "default": sum(not field.is_required() for field in fields),
        "description": sum(bool(field.description or field.metadata) for field in fields),
        "nested model": sum(nested(field.annotation, base) for field in fields),
        "validator": sum(len(own.field_validators) + len(own.model_validators) for own in decorators if own),
    }


def nested(annotation: Any, base: Any) -> bool:
    """Return whether a field's type has a model somewhere in it."""
    inner = getattr(annotation, "__args__", ())
    return any(nested(kind, base) for kind in inner) or (isinstance(annotation, type) and issubclass(annotation, base))


def of_fastapi() -> dict[str, int]:
    routes = instances("fastapi.routing", "APIRoute")
    asked = [route.dependant for route in routes]
    applications = instances("fastapi.applications", "FastAPI")
    return {
        "route": len(routes),
        "response model": sum(route.response_model is not None for route in routes),
        "query parameter": sum(len(one.query_params) for one in asked),
        "body": sum(len(one.body_params) for one in asked),
        "dependency": sum(len(one.dependencies) for one in asked),
        "documented route": sum(len(one.openapi_schema["paths"]) for one in applications if one.openapi_schema),
    }


def code() -> dict[str, int]:
    """Return the bytes of all modules' compiled code, by package."""
    paths = {getattr(getattr(module, "__spec__", None), "cached", None) for module in list(sys.modules.values())}
    sizes: dict[str, int] = {}
    for path in paths:
        if path and os.path.exists(path):
            sizes[package_of(path)] = sizes.get(package_of(path), 0) + os.path.getsize(path)
    return sizes


def native() -> dict[str, int]:
    """Return how many bytes of memory the `native` libraries ask for, and how many of these, `shared`, are resident."""
    resident: dict[str, int] = {}
    path = ""
    with open("/proc/self/smaps", encoding="utf-8") as file:
        for line in file:
            first, *words = line.split(maxsplit=5)
            if first == "Rss:" and ".so" in path:
                resident[path] = resident.get(path, 0) + 1024 * int(words[0])
            elif not first.endswith(":"):
                path = words[4].strip() if len(words) > 4 else ""
    return {"native": sum(map(segments, resident)), "shared": sum(resident.values())}


def segments(path: str) -> int:
    """Return the bytes of those segments of a shared library that are loaded, by its ELF header."""
    from struct import unpack_from

    with open(path, "rb") as file:
        header = file.read(64)
        [place], [size, count] = unpack_from("<Q", header, 32), unpack_from("<HH", header, 54)
        file.seek(place)
        found = [unpack_from("<IIQQQQQQ", file.read(size)) for _ in range(count)]
    return sum(segment[6] for segment in found if segment[0] == 1)


def made() -> dict[str, dict[str, int]]:
    """Return the traced bytes of packages that make far more than their code when they are imported, and their code's.

    That may be tables, parsers or schemas. What the libraries have that have a price is in their price.
    """
    import tracemalloc

    priced = {module.partition(".")[0] for module in LIBRARIES.values()}
    codes, sizes = code(), dict[str, int]()
    for statistic in tracemalloc.take_snapshot().statistics("filename"):
        package = package_of(statistic.traceback[0].filename)
        sizes[package] = sizes.get(package, 0) + statistic.size
    return {
        package: {"made": size, "code": codes.get(package, 0)}
        for package, size in sizes.items()
        if package and package not in priced and size > 2**20 + 10 * codes.get(package, 0)
    }


def with_made(counts: dict[str, int], made: dict[str, dict[str, int]]) -> dict[str, int]:
    """Return the counts with what these packages make in place of their code."""
    sizes = {what: sum(package[what] for package in made.values()) for what in ("made", "code")}
    return {**counts, "made": sizes["made"], "code": counts["code"] - sizes["code"]}


def package_of(path: str) -> str:
    """Return which installed package a file belongs to; nothing, if to none."""
    _, installed, inside = path.rpartition("-packages" + os.sep)
    return inside.partition(os.sep)[0] if installed else ""


def traced(statements: str) -> dict[str, dict[str, int]]:
    """Return what is made in a process that traces, for tracing would be in the resident set size of this one."""
    import json
    import subprocess

    command = [sys.executable, os.path.abspath(__file__), statements]
    tracing = {**os.environ, "MEMORY_TRACING": "on"}
    child = subprocess.run(command, env=tracing, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if child.returncode:
        sys.stderr.write("it fails when it is executed again: what packages make when they are imported is left out\n")
        return {}
    found: dict[str, dict[str, int]] = json.loads(child.stdout.splitlines()[-1])["made"]
    return found


def main(statements: str) -> None:
    names: dict[str, Any] = {}
    before, tracing = resident(), os.environ.get("MEMORY_TRACING")
    if tracing == "on":
        import tracemalloc

        tracemalloc.start()
    exec(statements, names)
    if orm := sys.modules.get("sqlalchemy.orm"):
        orm.configure_mappers()
    gc.collect()
    after, counts = resident(), parts()
    found = made() if tracing == "on" else {} if tracing else traced(statements)
    import json

    answer = {
        "before": before,
        "after": after,
        "made": found,
        "counts": counts if tracing else with_made(counts, found),
    }
    answer |= {"traced": 0, "versions": {}}
    print(json.dumps(answer))
    if path := os.environ.get("MEMORY_JSON"):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(answer, file)


if __name__ == "__main__":
    main(sys.argv.pop(1))  # for an application may read the command line
