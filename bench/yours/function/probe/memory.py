"""The memory of this process, in bytes, and whose a file of code is."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from contextlib import suppress
from functools import lru_cache
from glob import glob

LINUX = sys.platform == "linux"
# What the files of this package are called here, so that nobody's memory or line is taken for the reader's.
PROBE = "<probe>"
STANDARD_LIBRARY = "standard library"
# Where the code is begun: it may leave the folder, and remove it.
_FOLDER = os.getcwd() + os.sep
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]([^/\\]+)")
_FOLDERS = tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib")})


def rss() -> int:
    """Return the resident set size; where only its peak is known, that."""
    if LINUX:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return peak()


def peak() -> int:
    """Return the largest resident set size since `forget_peak`."""
    if LINUX:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    with suppress(ImportError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return 0


def forget_peak() -> None:
    """Let the peak begin anew: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html."""
    with suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def children() -> list[int]:
    """Return what is another once there was another child process: the pages of those that ended, and who lives."""
    found = []
    with suppress(ImportError):
        import resource

        found.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt)
    for path in glob("/proc/self/task/*/children"):
        with suppress(OSError), open(path, encoding="ascii") as file:
            found.extend(map(int, file.read().split()))
    return found


@lru_cache(None)
def package_of(file: str) -> str:
    """Return the top-level package that a file belongs to; an empty text where it is the reader's own."""
    installed = _INSTALLED.search(file)
    if installed:
        return installed[1].partition(".")[0]
    if file.endswith((".pyx", ".pxd")) and not os.path.exists(file):  # as a library's C code calls its source
        return re.split(r"[./\\]", file)[0]
    if file.startswith("<"):
        return file if file in (PROBE, "<unknown>") else STANDARD_LIBRARY
    return STANDARD_LIBRARY if os.path.realpath(file).startswith(_FOLDERS) else ""


def library_module(file: str) -> str:
    """Return what a file of the standard library is as a module, as in `json.encoder`."""
    if file.startswith("<frozen "):
        return file[len("<frozen ") : -1]
    path = os.path.realpath(file)
    inner = next((path[len(folder) :] for folder in _FOLDERS if path.startswith(folder)), file)
    return inner.partition(".")[0].replace(os.sep, ".")


def shown(file: str) -> str:
    """Return a path as it is written from the folder of the code, or from where libraries are installed."""
    if installed := _INSTALLED.search(file):
        return file[installed.start(1) :]
    return file[len(_FOLDER) :] if file.startswith(_FOLDER) else file
