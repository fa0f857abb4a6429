"""What does a function of your own cost in memory, and what follows from that?

Names of attributes, modules, classes and files are shown, and of relations and columns; values are not.

TARGET is module:function, module:Class.method, a script (report.py), a module, or an ASGI or WSGI application
(app.main:app). It is imported from the current folder by the interpreter of your project: that of --python, else of
.venv there. Nothing has to be installed for it, and no file of yours is changed.

It is run three times, each in a fresh process: untraced for the process's memory and the time, then for the
statements, then traced. What your code writes, sends or deletes, it does three times; --once runs it once with all
instruments, whose memory is then counted, too. DATABASE_URL and all other variables are passed on.

A parameter that is annotated as Session, AsyncSession, Connection or Engine is opened from DATABASE_URL; --arg gives
others. A generator is read to its end, and each item dropped.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # where a Python with -P or PYTHONSAFEPATH does not look

from bench.errors import UserError, note, number, parser, visible

# Any import below may be the first to fail, or to be interrupted.
# isort: split
import argparse
import json
import re
import signal
from pathlib import Path

from bench.yours.function.launching import Order, interpreter
from bench.yours.function.measuring import measure
from bench.yours.function.page import as_json, show
from bench.yours.function.picture import picture

LONGEST = 24 * 3600
# A file or a module, and what of it is called, if not all of it.
TARGET = re.compile(r"(?:.+\.py|[\w-]+(?:\.[\w-]+)*)(?::\w+(?:\.\w+)*(?:\(\))?)?")
REQUEST = re.compile(r"(?:[A-Za-z]+ +)?/\S*")
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def main() -> None:
    """Measure what the command line names."""
    arguments, others = options().parse_known_args()
    for signalled in (signal.SIGTERM, signal.SIGHUP):  # no process outlives this one, as after Ctrl-C
        signal.signal(signalled, signal.default_int_handler)
    check(arguments, others)
    folder = Path(arguments.folder).expanduser()
    given = [assignment(text) for text in arguments.arg]
    names = [name for name, _ in given]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UserError(f"--arg {twice} is given more than once")
    order = Order(
        arguments.target,
        folder,
        interpreter(folder, arguments.python),
        dict(given),
        tuple(arguments.request),
        arguments.keep,
        arguments.timeout,
        arguments.limit,
    )
    times = "once" if arguments.once else "three times: what it writes, it writes three times (--once runs it once)"
    note(f"runs {arguments.target} {times}")
    figures = measure(order, arguments.once, note)
    if arguments.json:
        print(json.dumps(as_json(figures), indent=2, allow_nan=False))
    else:
        show(figures)
    if arguments.svg is not None and figures.process:
        write(arguments.svg, picture(figures, figures.process))
    if figures.error:
        raise UserError(figures.error)


def options() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    options = parser(__doc__, prog="python your_code.py")
    options.add_argument("target", metavar="TARGET", help="module:function, a script, a module, or module:application")
    options.add_argument("--folder", metavar="FOLDER", default=".", help="your project's, where imports begin (.)")
    options.add_argument("--python", metavar="PATH", help="your project's interpreter (.venv/bin/python there)")
    options.add_argument("--arg", metavar="NAME=VALUE", action="append", default=[], help="an argument")
    options.add_argument(
        "--request", metavar="REQUEST", action="append", default=[], help='to an application: "GET /orders?limit=100"'
    )
    options.add_argument("--keep", action="store_true", help="keep each item of a generator")
    options.add_argument("--once", action="store_true", help="run it once, with all instruments in one process")
    options.add_argument(
        "--timeout", metavar="S", type=number(LONGEST), default=300, help="seconds after which a run is ended (300)"
    )
    options.add_argument("--limit", metavar="SIZE", type=size, help="memory at which a run is ended: 500M, 2G")
    options.add_argument("--svg", metavar="FILE", help="draw the memory over the time of the call, with its statements")
    options.add_argument("--json", action="store_true", help="print what was found as JSON, in bytes and seconds")
    return options


def check(arguments: argparse.Namespace, others: list[str]) -> None:
    """Raise UserError where the command line cannot be followed; what may be a value is not said again."""
    if others:
        unknown = [other.partition("=")[0] for other in others if other.startswith("--")]
        raise UserError(visible(f"there is no {unknown[0]}") if unknown else "--arg NAME=VALUE gives an argument")
    if not TARGET.fullmatch(arguments.target):
        raise UserError(f"{visible(arguments.target) or 'nothing'} is no MODULE:FUNCTION, such as shop.reports:monthly")
    if not Path(arguments.folder).expanduser().is_dir():
        raise UserError(f"there is no folder {visible(arguments.folder)}")
    if not all(REQUEST.fullmatch(request.strip()) for request in arguments.request):
        raise UserError('a request has a method and a path, and no body: --request "GET /orders?limit=100"')
    if arguments.svg is not None and not is_writable(Path(arguments.svg)):
        raise UserError(f"cannot write {visible(arguments.svg) or 'without a name'}: name another place by --svg")


def is_writable(path: Path) -> bool:
    """Return whether a file can be written there, without making one."""
    return os.access(path, os.W_OK) and path.is_file() if path.exists() else os.access(path.parent, os.W_OK | os.X_OK)


def write(path: str, text: str) -> None:
    """Write a file. Raises UserError where that is not possible."""
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}: name another place") from None


def assignment(text: str) -> tuple[str, str]:
    """Return the name and the value of `name=value`. Raises UserError without the text, which may be a value."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UserError("--arg needs NAME=VALUE")
    return name, value


def size(text: str) -> int:
    """Return an option's size in bytes."""
    digits, unit = text[:-1], text[-1:].upper()
    if not (digits.isascii() and digits.isdecimal() and unit in UNITS and len(digits) < 8 and int(digits)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 500M or 2G")
    return int(digits) * UNITS[unit]


if __name__ == "__main__":
    main()
