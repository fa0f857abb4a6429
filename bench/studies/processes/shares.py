"""What the processes of a service have, all together, as Linux tells it; and how large the service is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:  # the service itself imports this file, and has no psutil
    import psutil

# A test has fewer classes.
WORKERS, CLASSES, COLUMNS = 4, int(os.environ.get("CLASSES", "200")), 12


class Shares(TypedDict):
    """All processes together, the parent's too, in bytes: proportional set sizes, and pages that one alone has changed.

    https://man7.org/linux/man-pages/man5/proc_pid_smaps_rollup.5.html
    """

    processes: int
    pss: int
    private_dirty: int


class Service(TypedDict):
    """A service before its first request, and after the last one."""

    requests: int
    before: Shares
    after: Shares
    versions: dict[str, str]


def shares(parent: psutil.Process) -> Shares:
    found = [smaps(process.pid) for process in (parent, *parent.children(recursive=True))]
    sums = {name: sum(one[name] for one in found) for name in ("Pss", "Private_Dirty")}
    return Shares(processes=len(found), pss=sums["Pss"], private_dirty=sums["Private_Dirty"])


def smaps(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    return {name: 1024 * int(size.split()[0]) for name, _, size in (line.partition(":") for line in lines)}
