"""The instrument: memory checkpoints, the list of the largest allocations, and the database's address.

Environment variables: `MEMORY_TRACING=off` leaves tracemalloc out (same checkpoints, no list), `MEMORY_JSON=<path>`
also writes the measurement there, in bytes.
"""

from bench.errors import DEFAULT_URL, SEED, UserError, address, explain_waiting, parser

# Any import below may be the first to fail.
# isort: split
import atexit
import linecache
import os
import re
import signal
import sys
import sysconfig
import time
import tracemalloc
from contextlib import suppress
from typing import TypedDict

import psutil

MIB = 1024 * 1024
# The checkpoints that every scenario has.
STARTED, IMPORTED = "Start", "After imports"
FIRST_ROW, LAST_CHECKPOINT = "Result iteration start", "Result iteration end"
# Seconds after which a script without a row asks whether it waits for a table that is locked.
PATIENCE = 60
# The distributions that have another name than what is imported of them.
DISTRIBUTIONS = {"tortoise": "tortoise-orm", "opentelemetry": "opentelemetry-api"}

# Asked for here, and not when it is needed, because it loads the interpreter's build configuration (1.1 MiB). Psycopg
# wants that for its time zones, so that it would be traced in the scenarios that do not happen to have loaded it yet.
_STANDARD_LIBRARY = sysconfig.get_path("stdlib")


class Checkpoint(TypedDict):
    """Memory at one point of a script, in bytes; `seconds` on a clock whose start means nothing."""

    label: str
    seconds: float
    rss: int
    traced: int
    traced_peak: int
    tracer: int


class Line(TypedDict):
    """The traced memory that one source line holds: its `size` in bytes, in so many `allocations`."""

    file: str
    line: int
    size: int
    allocations: int


checkpoints: list[Checkpoint] = []
_INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\][^/\\]+([/\\]__init__\.\w+)?$")


def database_url(scheme: str = "postgresql") -> str:
    """Return `DATABASE_URL`, else the address that docker compose and the embedded server share.

    `scheme` replaces the URL's own, for SQLAlchemy wants `postgresql+psycopg` and psycopg `postgresql`.
    """
    own_scheme, _, rest = os.environ.get("DATABASE_URL", DEFAULT_URL).partition("://")
    if "\n" in rest or "\r" in rest:
        raise UserError("DATABASE_URL has a line break, at its end perhaps: write it without one")
    hosts = address().partition("/")[0]
    well_formed = all(re.fullmatch(r"(\[[^\[\]]+\]|[^\[\]:]*)(:\d*)?", host) for host in hosts.split(","))
    if own_scheme.partition("+")[0] not in ("postgresql", "postgres") or not well_formed:
        raise UserError("DATABASE_URL is no PostgreSQL URL: write postgresql://user:password@host:port/database")
    if "+" in scheme and re.search(r":\d*,", hosts):
        raise UserError(
            "DATABASE_URL names several hosts, which SQLAlchemy does not read in this form: name one of them"
        )
    return f"{scheme}://{rest}"


def print_memory_usage(label: str) -> None:
    """Print the process's resident set size and the traced memory, current and peak, in MiB.

    A script takes no arguments: with `--help` it prints its docstring, with any other an error, and measures nothing.
    """
    if sys.argv[1:] and not checkpoints:
        parser(sys.modules["__main__"].__doc__).parse_args()
    rss = psutil.Process().memory_info().rss
    traced, traced_peak = tracemalloc.get_traced_memory()
    tracer = tracemalloc.get_tracemalloc_memory()
    checkpoints.append(
        Checkpoint(
            label=label, seconds=time.perf_counter(), rss=rss, traced=traced, traced_peak=traced_peak, tracer=tracer
        )
    )
    if label == FIRST_ROW and hasattr(signal, "SIGALRM"):
        signal.alarm(0)
    print(
        f"{label}  - process memory: {rss / MIB:.1f} Mib  - trace_malloc: "
        f"current={traced / MIB:.1f} MiB, peak={traced_peak / MIB:.1f} MiB",
        flush=True,
    )


def start_tracing() -> None:
    """Start tracemalloc with one frame per allocation, unless `MEMORY_TRACING=off`.

    From here on, the libraries do not log a failure beside the one line that tells it, and a table that is locked is
    one.
    """
    if logging := sys.modules.get("logging"):  # imported by the stack alone, for it would be measured
        for library in ("psycopg", "sqlalchemy"):
            logging.getLogger(library).setLevel(logging.CRITICAL)
    if hasattr(signal, "SIGALRM"):  # not by lock_timeout, for a pooler refuses it at the start of a session
        signal.signal(signal.SIGALRM, _end_if_locked)
        signal.alarm(PATIENCE)
        atexit.register(signal.alarm, 0)  # at its end the interpreter no longer hears it, and would be killed
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")  # seconds; libpq's own is for ever
    if os.environ.get("MEMORY_TRACING") != "off":
        tracemalloc.start()


def _end_if_locked(*_: object) -> None:
    if line := explain_waiting():
        raise KeyboardInterrupt(line)  # which drivers know: they cancel what waits
    signal.alarm(PATIENCE)


def print_top_allocations(limit: int = 10, *, rows: int | None = None) -> None:
    """Print the source lines that hold the most traced memory, in MiB, and stop tracing.

    `rows` is how many rows the script read: none at all is an error, for then nothing was measured.
    """
    if rows == 0:
        raise UserError(f"the table is empty: {SEED}")
    peak = peak_rss()
    lines: list[Line] = []
    if tracemalloc.is_tracing():
        snapshot = tracemalloc.take_snapshot()
        tracemalloc.stop()
        lines = group_by_line(snapshot)
        print_list(lines, limit)
    if path := os.environ.get("MEMORY_JSON"):
        _write_json(path, peak, lines, rows)


def group_by_line(snapshot: tracemalloc.Snapshot) -> list[Line]:
    """Return the source lines that hold the snapshot's memory, largest first.

    The result is that of the recipe in https://docs.python.org/3/library/tracemalloc.html#pretty-top, sooner: it
    filters the lines, not every trace. Two differences: `<unknown>`, what C code allocated without a
    Python frame, is kept, and only the import system's own lines are left out.
    """
    return [
        Line(file=frame.filename, line=frame.lineno, size=statistic.size, allocations=statistic.count)
        for statistic in snapshot.statistics("lineno")
        if (frame := statistic.traceback[0]).filename != "<frozen importlib._bootstrap>"
    ]


def print_list(lines: list[Line], limit: int) -> None:
    """Print the first `limit` lines with their source, the number and size of the others, and the total, in MiB."""
    print(f"\nTop {limit} lines for memory allocation")
    for index, line in enumerate(lines[:limit], 1):
        print(f"#{index}: {short_path(line['file'])}:{line['line']}: {line['size'] / MIB:.1f} MiB")
        if source := linecache.getline(line["file"], line["line"]).strip():
            print(f"    {source}")
    if other := lines[limit:]:
        print(f"{len(other)} other: {sum(line['size'] for line in other) / MIB:.1f} MiB")
    print(f"Total allocated size: {sum(line['size'] for line in lines) / MIB:.1f} MiB")


def short_path(file: str) -> str:
    """Return the path from the working directory, else from the interpreter's or the environment's prefix."""
    for prefix, start in ((os.getcwd(), "./"), (sys.prefix, ""), (sys.base_prefix, "")):
        if file.startswith(prefix + os.sep):
            return start + file[len(prefix + os.sep) :].replace(os.sep, "/")
    return file


def package_of(file: str) -> str:
    """Return what the allocating file belongs to.

    That is the dotted folder of a package (`sqlalchemy.orm`), else `standard library`, `script`, or the file's own
    name where it is none (`<unknown>`).
    """
    if match := re.search(r"/(?:site|dist)-packages/(.+)", file.replace(os.sep, "/")):
        return os.path.splitext(os.path.dirname(match[1]) or match[1])[0].replace("/", ".")
    if file.startswith((_STANDARD_LIBRARY, "<frozen ")):
        return "standard library"
    return file if file.startswith("<") else "script"


def _write_json(path: str, peak: int, lines: list[Line], rows: int | None) -> None:
    import json

    packages: dict[str, int] = {}
    for line in lines:
        package = package_of(line["file"])
        packages[package] = packages.get(package, 0) + line["size"]
    measurement = {
        "rows": rows,
        "peak_rss": peak,
        "checkpoints": checkpoints,
        "lines": [{**line, "file": short_path(line["file"])} for line in lines],
        "packages": packages,
        "versions": loaded_versions(),
    }
    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(measurement, file)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}: set MEMORY_JSON to another path") from None


def loaded_versions() -> dict[str, str]:
    """Return the versions of Python and of the distributions that are loaded, by the names that installers know."""
    import platform
    from importlib.metadata import PackageNotFoundError, distribution

    versions = {"python": platform.python_version()}
    files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    for name in [name for name, file in files.items() if _INSTALLED.search(file)]:
        with suppress(PackageNotFoundError):
            package = distribution(DISTRIBUTIONS.get(name, name.strip("_")))
            versions[re.sub(r"[-_.]+", "-", package.name).lower()] = package.version
    return versions


def peak_rss() -> int:
    """Return the process's largest resident set size so far, in bytes.

    On Linux from VmHWM, for `ru_maxrss` inherits the parent's (https://man7.org/linux/man-pages/man2/getrusage.2.html).
    """
    if sys.platform == "linux":
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
