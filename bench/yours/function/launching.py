"""A run of the reader's code in a process of its own: started, watched, ended, and what it told."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.errors import DEFAULT_URL, UserError, visible
from bench.yours.function.watching import PRCTL, ProcessWatch, adopting

PROBE = Path(__file__).parent / "probe"
# Each after those that it imports.
PARTS = (
    *("memory", "objects", "mapped", "holders", "paths", "imports", "stacks", "looks", "lines", "tracing", "failures"),
    *(
        f"libraries/{name}"
        for name in ("texts", "rows", "wrapping", "marks", "statements", "records", "orms", "drivers", "cursors")
    ),
    *(f"calling/{name}" for name in ("applications", "finding", "connecting", "values", "arguments", "call")),
    *("telling", "measuring"),
)
# What the interpreter is given to begin with: it makes modules of the texts, none of which lies in a file for it.
# Where the folder is looked into first, as by a Python without -P, a module there may have a name that is needed here.
BEGIN = """
import sys
if sys.path[:1] == [""]:
    del sys.path[0]
import json, types
with open(sys.argv[1], encoding="utf-8") as file:
    order = json.load(file)
for name, text in order.pop("parts"):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, "<probe>", "exec"), module.__dict__)
module.ProbeRun(order).go()
"""
UNTRACED, STATEMENTS, TRACED, EVERYTHING = "untraced", "statements", "traced", "everything"


@dataclass(frozen=True)
class Order:
    """What to run, where, and how long and how large it may become."""

    target: str
    folder: Path
    python: Path
    arguments: dict[str, str] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    keep: bool = False
    timeout: int = 300
    limit: int | None = None


@dataclass(frozen=True)
class Told:
    """What a run told, the process's memory over time, and why it was ended, if it was."""

    found: dict[str, Any]
    samples: Sequence[tuple[float, int]]
    why: str = ""
    # When each child process was seen first, and the most that it was seen with.
    children: Sequence[tuple[float, int]] = ()


def interpreter(folder: Path, named: str | None) -> Path:
    """Return the interpreter of the reader's project: the one that is named, that of its environment, else this one."""
    places = [folder / name / "bin" / "python" for name in (".venv", "venv", "env")]
    if named is None:  # a link that leads nowhere is one that was meant
        path = next((place for place in places if os.path.lexists(place)), Path(sys.executable))
    else:
        path = Path(named).expanduser()
    if not os.access(path, os.X_OK) or path.is_dir():
        raise UserError(f"{visible(str(path)) if named != '' else 'nothing'} is no interpreter: name one by --python")
    return path.absolute()


def run(order: Order, instrument: str, peak: int | None = None) -> Told:
    """Run the code once with this instrument. Raises UserError where it told nothing."""
    with tempfile.TemporaryDirectory() as directory:
        report, text = Path(directory) / "report.json", Path(directory) / "order.json"
        parts = [
            (f"bench.yours.function.probe.{name.replace('/', '.')}", (PROBE / f"{name}.py").read_text("utf-8"))
            for name in PARTS
        ]
        asked = {
            **{"parts": parts, "target": order.target, "instrument": instrument, "peak": peak, "keep": order.keep},
            **{"arguments": order.arguments, "requests": order.requests, "url": url(), "report": str(report)},
        }
        text.write_text(json.dumps(asked), "utf-8")
        with adopting() as others:
            process = started(order, text)
            watch = ProcessWatch(process, order.timeout, order.limit, others)
            try:
                watch.until_its_end()
            finally:
                watch.end()
        if not report.exists():
            raise UserError(watch.why or ended_by_itself(process.returncode))
        return Told(json.loads(report.read_text("utf-8")), watch.samples, watch.why, watch.children)


def started(order: Order, text: Path) -> subprocess.Popen[bytes]:
    """Return the reader's interpreter with what it is to do. Raises UserError where it cannot be executed."""
    try:
        return subprocess.Popen(
            [order.python, "-c", BEGIN, text],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=order.folder,
            env=environment(),
            start_new_session=True,
            preexec_fn=partial(end_with_parent, os.getpid()),
        )
    except OSError as error:
        where = visible(str(order.python))
        raise UserError(f"{where} does not run: {error.strerror}: name another one by --python") from None


def end_with_parent(parent: int) -> None:
    """Let this process be killed when its parent is, which only Linux does.

    https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
    """
    if PRCTL:
        PRCTL(1, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed meanwhile
            os._exit(1)


def environment() -> dict[str, str]:
    """Return the caller's, where nothing but the instruments traces: not Python itself, nor this project's scripts."""
    others = {name: value for name, value in os.environ.items() if name != "PYTHONTRACEMALLOC"}
    if not others.get("DATABASE_URL", "").strip():  # nothing but spaces is as if it were not set
        others.pop("DATABASE_URL", None)
    return {**others, "PYTHONDONTWRITEBYTECODE": "1", "MEMORY_TRACING": "off"}


def url() -> str:
    """Return the address for sessions and connections that the code is given."""
    return environment().get("DATABASE_URL", DEFAULT_URL)


def ended_by_itself(code: int) -> str:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended itself with exit code {code}"
    return f"the process {how} before anything was told of it"
