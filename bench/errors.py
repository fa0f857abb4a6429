"""The errors that a user can fix: each is one line on standard error and exit code 1, in every command.

Importing this module is enough, and an entry point imports it first, for any other import may be the first to fail. An
uncaught error of the user's then ends the process with its line, and any other error with its traceback. What an error
means is in `bench.faults`, which is loaded when there is one.
"""

import errno
import io
import os
import re
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from argparse import ArgumentParser

if sys.version_info < (3, 11):  # noqa: UP036 (what an older one reads of this file, it has to be able to parse)
    sys.exit(f"Python 3.11 or newer is needed, not {sys.version.split()[0]}: `make venv` makes .venv/bin/python of one")

tracemalloc.stop()  # PYTHONTRACEMALLOC's: imports take half a minute with it, and would be in a script's list
DEFAULT_URL = "postgresql://user:password@localhost:54320/db"
# Two names of 63 characters each, and what a message says of them.
LONGEST_SHOWN = 300
# What a shell shows of a tool whose reader went away, which ends by signal 13.
CLOSED_PIPE = 128 + 13
SEED = "run `python setup_db.py`"


class UserError(Exception):
    """An error that the user can fix: its text is the one line to show."""


def parser(description: str | None, **options: Any) -> "ArgumentParser":
    """Return a command line's parser, made with these options, whose errors are one line and exit code 1.

    The paragraphs of the description stay, in lines that fit the terminal.
    """
    import argparse  # not above, for the scenarios have no command line and would be measured with it
    import shutil
    import textwrap

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            sys.exit(f"{visible(message)}: see `{self.prog} --help`")

        def print_help(self, file: Any = None) -> None:
            print(self.format_help(), end="", file=file)  # argparse's own does not tell where it fails

    width = max(shutil.get_terminal_size().columns - 2, 11)  # as argparse has it
    paragraph = r".+(\n(?![A-Z][a-z ]*: ).+)*"  # a script's field is one, too
    text = re.sub(paragraph, lambda match: textwrap.fill(match[0], width), description or "")
    return Parser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter, **options)


def number(most: int) -> Callable[[str], int]:
    """Return what reads an option's value as a number from 1 to `most`."""

    def read(text: str) -> int:
        import argparse

        if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most:,}")
        return int(text)

    return read


def visible(text: str) -> str:
    """Return a name or a message that others chose as one line, at most 300 characters long.

    What cannot be printed is escaped: line ends, a terminal's control characters, marks that turn the direction.
    """
    return _printable(text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…")


def _printable(text: str) -> str:
    """Return a text whose characters a terminal shows, each, and does not obey."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def note(line: str) -> None:
    """Write a line to standard error; where that is closed or full, it is lost, and nothing else."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def address() -> str:
    """Return the database's address as messages show it: host, port and database, never what may be a password."""
    authority, slash, rest = os.environ.get("DATABASE_URL", DEFAULT_URL).partition("://")[2].partition("/")
    database, _, query = rest.partition("?")
    for part in ("" if "=" in query.partition("@")[0] else query, database):
        if "@" in part:  # a password with a bare slash, and a bare question mark
            return visible(part.rpartition("@")[2].partition("?")[0])
    return visible((authority.rpartition("@")[2] + slash + database).partition("?")[0])


def explain(error: BaseException) -> str | None:
    """Return in one line what is wrong and what fixes it, for an error that the user can fix; else None."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.EMFILE:  # so that no module can be loaded either
        return "too many files are open at once: raise the limit, as by `ulimit -n 1024`, then run this again"
    from bench import faults  # only now, for what an error means decides no figure

    return faults.explain(error)


def explain_waiting() -> str:
    """Return in one line that a table is in use, where a session waits to read one; else an empty text.

    A process of its own asks, for this one may be measured.
    """
    import subprocess
    from pathlib import Path

    code = "import common; from bench import faults; print(faults.explain_waiting(common.database_url()))"
    project = Path(__file__).resolve().parent.parent
    asked = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def _end_without_output(error: BaseException) -> None:
    """End the process where standard output is what failed: silently where its reader went away, as other tools do."""
    if not isinstance(error, OSError) or error.filename:
        return
    try:
        print(flush=True)
    except OSError as failure:
        # Else the interpreter's last flush fails, too: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(failure, BrokenPipeError):
            sys.exit(CLOSED_PIPE)
        sys.exit(f"cannot write to standard output: {failure.strerror}: make room there, or name another place")


def _end_with(line: str) -> NoReturn:
    sys.exit("\n".join(map(_printable, line.split("\n"))))  # several failures are a line each


def _report_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End the process with one line for a user's error, else with the traceback."""
    if line := explain(error):
        _end_with(line)
    _end_without_output(error)
    from bench import faults

    if line := faults.explain_table(error):
        _end_with(line)
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _report_error
try:
    os.getcwd()  # noqa: PTH109 (pathlib would be measured)
except OSError as error:
    sys.exit(f"the working folder cannot be used: {error.strerror}: change to another one")
if sys.stdout is None:
    sys.exit("standard output is closed: name a place for it")
if sys.stderr is None:  # closed: what goes there is lost, and no file or socket takes its number
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.stderr = os.fdopen(2, "w")
if isinstance(sys.stdout, io.TextIOWrapper):
    # By line, so that what cannot be written is an error of the script's, not one of the interpreter's at its end.
    sys.stdout.reconfigure(line_buffering=True, errors="replace")
